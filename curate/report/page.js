// Sliders: each moves one number of one rule, and says what would come back or go. All counts were made when the page
// was written; here they are only looked up. Without this script the page shows everything but the sliders.
"use strict";
(() => {
  const words = document.getElementById("what-if");
  if (!words) return;
  words.hidden = false;
  const say = (name, values) => words.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const number = (n) => n.toLocaleString("en-US");
  const about = (n) => number(Number(Math.round(n).toPrecision(3)));
  const size = (bytes) => {
    const unit = [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]].find(([, factor]) => bytes >= factor);
    return unit ? `${Number((bytes / unit[1]).toPrecision(3))} ${unit[0]}` : `${bytes} B`;
  };
  const writers = [...words.querySelectorAll("[data-rate]")];

  // "3:120 0:0 …": documents and bytes for each stop; left out where they are all 0.
  const pairs = (text, n) => (text ? text.split(" ").map((pair) => pair.split(":").map(Number)) : Array(n).fill([0, 0]));

  const told = (kind, [documents, bytes]) => {
    if (!documents) return "";
    const tokens = writers.map((one) => say("tokens", { writer: one.textContent, tokens: about(bytes * one.dataset.rate) }));
    const sentence = say(documents === 1 ? `${kind}One` : kind, { documents: number(documents) });
    return [sentence, size(bytes), ...tokens].join(" · ");
  };

  const pointAt = (figure, value) => {
    const line = figure.querySelector(".moved");
    if (!line) return;
    const { low, high, constant, left, width } = line.dataset;
    const scaled = (x) => (constant ? Math.sign(x) * Math.log1p(Math.abs(x) / constant) : Number(x));
    const share = (scaled(value) - scaled(low)) / (scaled(high) - scaled(low));
    line.style.visibility = value === null || share < 0 || share > 1 ? "hidden" : "visible";
    const x = Number(left) + Number(width) * share;
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  };

  for (const slider of document.querySelectorAll(".slider")) {
    const [range, output] = [slider.querySelector("input"), slider.querySelector("output")];
    const numbers = slider.dataset.numbers.split(" ");
    const back = pairs(slider.dataset.allBack, numbers.length);
    const go = pairs(slider.dataset.allGo, numbers.length);
    const now = Number(slider.dataset.now);
    const kept = Number(slider.dataset.kept);
    const moved = slider.querySelector(".edited");

    const show = () => {
      const at = Number(range.value);
      const text = numbers[at];
      slider.querySelectorAll(".number").forEach((one) => (one.textContent = text));
      range.setAttribute("aria-valuetext", text);
      // What a reader of this page that is a program looks at.
      Object.assign(slider.dataset, { number: text, back: back[at].join(":"), go: go[at].join(":") });
      const then = kept + back[at][0] - go[at][0];
      const total = say("total", { now: number(kept), then: number(then) });
      const lines = [told("back", back[at]), told("go", go[at])].filter(Boolean);
      output.textContent = at === now ? "" : (lines.length ? [...lines, total] : [say("nothing", {})]).join("\n");
      moved.hidden = at === now;
      pointAt(slider.closest("figure"), at === now ? null : Number(text));
    };
    const reset = () => {
      range.value = now;
      show();
    };
    const copy = () => {
      const line = slider.querySelector("code");
      getSelection().selectAllChildren(line);
      navigator.clipboard?.writeText(line.textContent);
    };

    range.addEventListener("input", show);
    slider.querySelector(".reset").addEventListener("click", () => {
      reset();
      range.focus();
    });
    slider.querySelector(".copy").addEventListener("click", copy);
    slider.hidden = false;
    reset();
  }
})();
