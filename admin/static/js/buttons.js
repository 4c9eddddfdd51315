/* Dialogs, notices, remembered groups, and buttons that need nothing from the server. */
import { mayClose } from "./guard.js";

const dialog = document.getElementById("dialog");
const leave = (box) => { if (mayClose(box)) box.close(); };

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  const opens = hit("[data-opens]");
  if (opens) document.getElementById(opens.dataset.opens)?.showModal();
  if (hit("[data-close]")) leave(hit("dialog"));
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
/* Escape, and a phone's way back, close no more than Cancel would. Lists and menus within the dialog come first. */
window.addEventListener("keydown", (event) => {
  const open = [...document.querySelectorAll("dialog:modal")].at(-1);
  if (event.key !== "Escape" || event.defaultPrevented || !open || document.querySelector(":popover-open")) return;
  event.preventDefault();
  leave(open);
});
for (const each of document.querySelectorAll("dialog")) {
  each.addEventListener("cancel", (event) => {
    if (event.target === each && !mayClose(each)) event.preventDefault();
  });
}

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
  for (const form of document.querySelectorAll("form[data-sending], form[data-posting]")) {
    delete form.dataset.sending;
    delete form.dataset.posting;
  }
});
/* The same for forms that htmx sends; after a success they stay sent until the page that follows is there. */
const posted = (event) => (event.detail.elt?.matches?.("form[hx-post]") ? event.detail.elt : null);
document.addEventListener("htmx:confirm", (event) => {
  if (posted(event)?.dataset.posting) event.preventDefault();
});
document.addEventListener("htmx:beforeSend", (event) => {
  const form = posted(event);
  if (form) form.dataset.posting = "yes";
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = posted(event);
  if (form && !event.detail.xhr?.getResponseHeader("HX-Redirect")) delete form.dataset.posting;
});

for (const group of document.querySelectorAll("details[data-remember]")) {
  const key = `fieldmesh-${group.dataset.remember}`;
  try {
    const kept = localStorage.getItem(key);
    if (kept !== null && !("current" in group.dataset)) group.open = kept === "open";
    group.addEventListener("toggle", () => localStorage.setItem(key, group.open ? "open" : "closed"));
  } catch { /* without storage the groups start as the server says */ }
}
