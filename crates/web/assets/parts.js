// Fragment swap. Every page is a whole page and every act a plain form; this
// module only saves the reload. It fetches the page that the form leads to and
// exchanges the elements that both pages mark with `data-part` and the same id.

const parser = new DOMParser();

/** Exchanges the parts of this page that `test` accepts for those of `html`. */
export function swap(html, test = () => true) {
  const next = parser.parseFromString(html, "text/html");
  const row = document.activeElement?.closest("[data-row]");
  const rows = row ? [...document.querySelectorAll("[data-row]")] : [];
  const place = rows.indexOf(row);
  document.getElementById("unanswered")?.remove();
  for (const old of document.querySelectorAll("[data-part]")) {
    const fresh = next.getElementById(old.id);
    if (!fresh || !test(old) || old.isEqualNode(fresh)) continue;
    old.replaceWith(document.adoptNode(fresh));
    fresh.classList.add("part-new");
  }
  if (next.title) document.title = next.title;
  if (row && !row.isConnected) {
    const left = document.querySelectorAll("[data-row]");
    (document.getElementById(row.id) ?? left[Math.min(place, left.length - 1)])?.focus();
  }
  document.dispatchEvent(new CustomEvent("parts"));
}

let latest = 0;

async function load(url, options, test) {
  const mine = ++latest;
  const answer = await fetch(url, { credentials: "same-origin", ...options });
  const html = await answer.text();
  if (mine !== latest) return;
  const there = new URL(answer.url);
  if (answer.redirected && there.pathname !== location.pathname) location.assign(there);
  else if (!answer.ok) {
    // An error page says what went wrong better than anything made here.
    document.querySelector("main").replaceWith(
      parser.parseFromString(html, "text/html").querySelector("main"),
    );
  } else swap(html, test);
}

function send(form, submitter, test) {
  const url = submitter?.formAction && submitter.hasAttribute("formaction") ? submitter.formAction : form.action;
  const data = new URLSearchParams(new FormData(form, submitter ?? undefined));
  if (form.method === "get") {
    const to = new URL(url);
    to.search = data;
    history.replaceState(null, "", to);
    return load(to, {}, test);
  }
  return load(url, { method: "POST", body: data }, test);
}

const sending = new WeakSet();

// What was sent may have been done although no answer came: it is never sent again
// by itself.
function unanswered() {
  const note = document.getElementById("unanswered") ?? document.createElement("p");
  Object.assign(note, { id: "unanswered", className: "flash b", role: "alert" });
  note.textContent = "No answer came. It may have been done all the same: load the page again and look.";
  document.querySelector("main").prepend(note);
  note.scrollIntoView({ block: "nearest" });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-swap]") || event.defaultPrevented) return;
  const { submitter } = event;
  event.preventDefault();
  // A double click is one.
  if (sending.has(form)) return;
  sending.add(form);
  submitter?.setAttribute("aria-busy", "true");
  send(form, submitter)
    .catch(() => (form.method === "get" ? form.submit() : unanswered()))
    .finally(() => {
      sending.delete(form);
      submitter?.removeAttribute("aria-busy");
    });
});

// Search as you type: the form is sent a breath after the last key.
let timer;
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form?.matches("[data-typing]")) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    const preview = form.querySelector("[data-preview]");
    send(form, preview, (part) => !part.contains(event.target)).catch(() => {});
  }, 140);
});

document.addEventListener("change", (event) => {
  if (event.target.form?.matches("[data-choose]")) event.target.form.requestSubmit();
});

// A thread is read from its end.
const toEnd = () => {
  for (const talk of document.querySelectorAll(".talk")) talk.scrollTop = talk.scrollHeight;
};
document.addEventListener("parts", toEnd);
toEnd();
