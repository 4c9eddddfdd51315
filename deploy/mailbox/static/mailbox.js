// Asks before everything is deleted, and shows new mails without a reload by hand.
"use strict";

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.body.dataset.newest === document.body.dataset.newest) return;
    document.body.dataset.newest = fresh.body.dataset.newest;
    document.querySelector("nav").replaceWith(fresh.querySelector("nav"));
    document.querySelector("header button").disabled = false;
  } catch {
    // The mailbox is stopped; the next try will tell.
  }
}

window.setInterval(refresh, 3000);
