// Keys. Rows are walked with J and K, opened with Enter, and carry their own
// keys on their buttons (`data-key`); G and a letter goes to a page; ? tells.

const help = document.getElementById("keys");
let leader = 0;

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent);
const here = () => document.activeElement?.closest("[data-row]");

function walk(step) {
  const all = rows();
  const at = all.indexOf(here());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

// A key acts on the row that is held or on the page, never on a row that is not:
// nobody must be confirmed by a key pressed a moment too early.
function press(key) {
  const bound = `[data-key="${CSS.escape(key)}"]`;
  const ofPage = () => [...document.querySelectorAll(`main ${bound}`)].find((act) => !act.closest("[data-row]"));
  const target = here()?.querySelector(bound) ?? ofPage();
  target?.click();
  return Boolean(target);
}

function go(letter) {
  const target = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
  target?.click();
  return Boolean(target);
}

const acts = {
  j: () => walk(1),
  k: () => walk(-1),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => help?.showModal(),
  Enter: () => document.activeElement.matches("[data-row]") && here().querySelector("[data-open]")?.click(),
};

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key === "Escape" && target.matches("input,textarea,select")) return target.blur();
  if (key === "Enter" && (event.metaKey || event.ctrlKey)) return target.form?.requestSubmit();
  if (event.metaKey || event.ctrlKey || event.altKey || help?.open) return;
  if (target.matches("input,textarea,select")) return;
  const led = leader && event.timeStamp - leader < 1200;
  leader = 0;
  if (led && go(key.toLowerCase())) return event.preventDefault();
  if (key === "g") return (leader = event.timeStamp);
  if (acts[key]) {
    if (key === "Enter" && (!target.matches("[data-row]") || target.matches("a"))) return;
    event.preventDefault();
    acts[key]();
  } else if (key.length === 1 && !event.repeat && press(key.toLowerCase())) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) help?.showModal();
  if (event.target.closest("[data-close]")) help?.close();
});
