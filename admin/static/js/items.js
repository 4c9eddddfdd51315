/* Line items of a new work order: one more, one less. */
document.addEventListener("click", async (event) => {
  const add = event.target.closest("[data-add-item]");
  if (add) {
    const items = document.getElementById("items");
    const taken = [...items.querySelectorAll("[data-item]")].map((item) => Number(item.dataset.item));
    const place = Math.max(-1, ...taken) + 1;
    if (taken.length >= Number(add.dataset.most)) return;
    const answer = await fetch(`${add.dataset.addItem}?place=${place}`);
    if (!answer.ok) return;
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    const fresh = holder.content.querySelector("[data-item]");
    items.append(fresh);
    htmx.process(fresh);
    fresh.querySelector("input:not([type=hidden])")?.focus();
  }
  event.target.closest("[data-remove-item]")?.closest("[data-item]").remove();
});
/* The distance that is billed, as the form is filled in (CP-52); the service computes it again. */
document.addEventListener("input", (event) => {
  if (event.target.name !== "travel__round_trip_miles") return;
  const shown = (name) => event.target.form.querySelector(`[data-shown="${name}"]`);
  const free = Number.parseFloat(shown("travel__free_miles")?.textContent ?? "");
  const miles = Number.parseFloat(event.target.value);
  const billed = shown("travel__billable_miles");
  if (billed) billed.textContent = Number.isFinite(miles) && Number.isFinite(free) ? `${Math.max(0, miles - free)} for each technician` : "–";
});
