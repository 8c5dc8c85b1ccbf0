// Live regions. The server names topics that changed; the page asks for itself
// again and exchanges the parts that watch one of them. No data travels in the
// event, so whoever may not see a thing is not told it here either.

import { swap } from "./parts.js";

const url = document.body.dataset.events;
const changed = new Set();
let source;
let timer;

function isBusy(part) {
  const focus = document.activeElement;
  const typing = part.contains(focus) && focus.matches("input,textarea,select");
  return typing || part.querySelector("details[open]") !== null;
}

// The server is told that nobody asked: this keeps no session awake.
const ask = () => fetch(location.href, { credentials: "same-origin", headers: { "Tendon-Live": "1" } });

async function refresh() {
  const topics = new Set(changed);
  changed.clear();
  const watching = (part) => part.dataset.topics?.split(" ").some((topic) => topics.has(topic));
  if (![...document.querySelectorAll("[data-topics]")].some(watching)) return;
  const answer = await ask();
  if (answer.redirected) gone();
  else if (answer.ok) swap(await answer.text(), (part) => watching(part) && !isBusy(part));
}

function listen() {
  source?.close();
  if (document.hidden) return;
  source = new EventSource(url);
  source.addEventListener("gone", gone);
  // A stream that breaks comes back by itself. One that is refused does not.
  source.addEventListener("error", () => source.readyState === EventSource.CLOSED && refused());
  source.addEventListener("changed", (event) => {
    for (const topic of event.data.split(" ")) changed.add(topic);
    clearTimeout(timer);
    timer = setTimeout(() => refresh().catch(() => {}), 200);
  });
}

// The session may have ended while nobody listened; or the stream alone is not to be
// had, and a page that loaded itself again and again would help nobody.
async function refused() {
  const answer = await ask().catch(() => undefined);
  if (answer?.redirected) gone();
  else setTimeout(listen, 30_000);
}

// Signed out elsewhere, or nobody was here for a while: what is shown must go.
function gone() {
  source.close();
  location.reload();
}

if (url) {
  document.addEventListener("visibilitychange", listen);
  listen();
}
