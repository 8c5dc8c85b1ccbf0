// Theme. The choice lives in a cookie that the server reads, so no page flashes;
// this module only spares the reload.

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-theme-form]")) return;
  event.preventDefault();
  const now = root.dataset.theme ?? (dark.matches ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  root.dataset.theme = next;
  const data = new URLSearchParams(new FormData(form));
  data.set("theme", next);
  fetch(form.action, { method: "POST", body: data, credentials: "same-origin" }).catch(() => {});
});
