// Finds documents among those on the page, and opens what a link points at.
(() => {
  const box = document.querySelector(".find");
  const input = document.getElementById("find");
  const output = box.querySelector("output");
  const groups = [...document.querySelectorAll("#samples > details")];
  const plain = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();
  const items = [...document.querySelectorAll("#samples article, #samples .border li, #samples .dropped-list > li")].map((node) => {
    const id = node.querySelector("code").textContent;
    return { node, id, text: plain(`${id} ${node.querySelector(".text, .excerpt").textContent}`) };
  });
  const shown = new Set(items.map((item) => item.id)).size;
  const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  let before = null; // which groups were open when the search began

  const find = () => {
    const words = plain(input.value);
    before ??= groups.map((group) => group.open);
    const hits = items.filter((item) => {
      item.node.hidden = !item.text.includes(words);
      return !item.node.hidden;
    });
    for (const [place, group] of groups.entries()) {
      const hit = hits.some((item) => group.contains(item.node));
      group.hidden = words !== "" && !hit;
      group.open = words === "" ? before[place] : hit;
    }
    if (words === "") before = null;
    const found = new Set(hits.map((item) => item.id)).size;
    const command = `curate show RUN --id ${quoted(input.value.trim())}`;
    const sentence = found ? box.dataset.found : box.dataset.none;
    output.textContent = words === "" ? "" : fill(sentence, { found, shown, command });
  };

  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1)); // ids of this page are plain ASCII
    if (target instanceof HTMLDetailsElement) target.open = true;
  };

  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = "";
      find();
    }
  });
  addEventListener("hashchange", openTarget);
  openTarget();
  box.hidden = false;
})();
