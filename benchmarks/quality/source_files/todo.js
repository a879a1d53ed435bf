const fs = require("fs");
const path = require("path");

const FILE = path.join(__dirname, "todo.json");

function load() {
  if (!fs.existsSync(FILE)) {
    return [];
  }
  return JSON.parse(fs.readFileSync(FILE, "utf8"));
}

function save(items) {
  fs.writeFileSync(FILE, JSON.stringify(items, null, 2));
}

function add(text) {
  const items = load();
  items.push({ id: items.length + 1, text, done: false });
  save(items);
}

function finish(id) {
  const items = load().map((item) =>
    item.id === id ? { ...item, done: true } : item
  );
  save(items);
}

const [, , command, ...rest] = process.argv;
if (command === "add") {
  add(rest.join(" "));
} else if (command === "done") {
  finish(Number(rest[0]));
} else {
  load().forEach((item) => console.log(`${item.done ? "x" : " "} ${item.id} ${item.text}`));
}
