/* Dialogs, notices, remembered groups, and buttons that need nothing from the server. */
const dialog = document.getElementById("dialog");

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  const opens = hit("[data-opens]");
  if (opens) document.getElementById(opens.dataset.opens)?.showModal();
  if (hit("[data-close]")) hit("dialog")?.close();
  if (hit("[data-dismiss]")) hit(".notice")?.remove();
  if (hit("[data-back]")) history.back();
  if (hit("[data-reload]")) location.reload();
  if (hit("[data-print]")) window.print();
  if (event.target instanceof HTMLDialogElement) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && !event.target.querySelector("form[data-guard]")) event.target.close();
  }
});

/* What was entered in a dialog that was closed is given up: it must not be asked about later. */
dialog?.addEventListener("close", () => document.getElementById("dialog-body").replaceChildren());

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "dialog-body" && dialog && !dialog.open) dialog.showModal();
});

/* A second click on a button that is already sending would send twice. */
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "get") return;
  if (event.target.dataset.sending) { event.preventDefault(); return; }
  event.target.dataset.sending = "yes";
  setTimeout(() => { delete event.target.dataset.sending; }, 8000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt?.closest?.("form");
  if (form) delete form.dataset.sending;
});

for (const group of document.querySelectorAll("details[data-remember]")) {
  const key = `fieldmesh-${group.dataset.remember}`;
  try {
    const kept = localStorage.getItem(key);
    if (kept !== null && !("current" in group.dataset)) group.open = kept === "open";
    group.addEventListener("toggle", () => localStorage.setItem(key, group.open ? "open" : "closed"));
  } catch { /* without storage the groups start as the server says */ }
}
