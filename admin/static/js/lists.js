/* Selecting rows, and forms that keep the address bar short. */
const count = (form) => {
  const boxes = [...form.querySelectorAll("input[name=rowid]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const bar = form.querySelector("[data-bulk-bar]");
  if (!bar) return;
  bar.hidden = chosen === 0;
  bar.querySelector("[data-bulk-count]").textContent = `${chosen} selected`;
  const all = form.querySelector("[data-pick-all]");
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
  every(form, false);
};

/* All rows of the view, beyond those of this page. */
const every = (form, wanted) => {
  const offer = form.querySelector("[data-bulk-every]");
  if (!offer) return;
  form.querySelector("[data-bulk-all]").value = wanted ? "1" : "";
  offer.hidden = wanted || !form.querySelector("[data-pick-all]").checked;
  if (wanted) form.querySelector("[data-bulk-count]").textContent = offer.dataset.bulkEvery;
};
document.addEventListener("click", (event) => {
  const offer = event.target.closest("[data-bulk-every]");
  if (offer) { every(offer.form, true); offer.form.querySelector("[data-bulk-bar] :is([popovertarget], [type=submit])").focus(); }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-bulk]");
  if (form) {
    if (event.target.matches("[data-pick-all]")) {
      for (const box of form.querySelectorAll("input[name=rowid]")) box.checked = event.target.checked;
    }
    count(form);
  }
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

/* Rows may be ticked before this runs: by a quick hand, or by the browser on the way back to the list. */
for (const form of document.querySelectorAll("form[data-bulk]")) count(form);

/* Empty inputs of search and filter forms stay out of the address. */
const tidy = (form) => { for (const input of form.elements) if (input.name && !input.value) input.disabled = true; };
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-tidy]") && !event.defaultPrevented) tidy(event.target);
});
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.elt.matches("form[data-tidy]")) return;
  for (const [name, value] of [...event.detail.formData.entries()]) if (value === "") event.detail.formData.delete(name);
});
window.addEventListener("pageshow", () => {
  for (const input of document.querySelectorAll("form[data-tidy] :disabled")) input.disabled = false;
});

/* Lists whose order matters: each row moves up or down, and keeps the focus. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ordered] [data-move]");
  const row = button?.closest("li");
  if (!row) return;
  if (button.dataset.move === "up") row.previousElementSibling?.before(row);
  else row.nextElementSibling?.after(row);
  button.focus();
});
