// 轮播图组件：自动播放，鼠标移入时暂停
class Carousel {
  constructor(root, options = {}) {
    this.root = root;
    this.slides = Array.from(root.querySelectorAll(".slide"));
    this.interval = options.interval || 3000; // 毫秒
    this.index = 0;
    this.timer = null;
    this.bind();
    this.show(0);
    this.play();
  }

  bind() {
    this.root.addEventListener("mouseenter", () => this.pause());
    this.root.addEventListener("mouseleave", () => this.play());
    this.root.querySelector(".next").addEventListener("click", () => this.next());
  }

  // 显示第 n 张，其余隐藏
  show(n) {
    const count = this.slides.length;
    this.index = ((n % count) + count) % count;
    this.slides.forEach((slide, i) => {
      slide.classList.toggle("active", i === this.index);
    });
  }

  next() {
    this.show(this.index + 1);
  }

  play() {
    this.pause();
    this.timer = setInterval(() => this.next(), this.interval);
  }

  pause() {
    clearInterval(this.timer);
  }
}

export default Carousel;
