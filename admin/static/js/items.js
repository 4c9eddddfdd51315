/* Parts of a new work order, such as line items: one more, one less. */
import { tell } from "./faults.js";

document.addEventListener("click", async (event) => {
  const add = event.target.closest("[data-add-item]");
  if (add) {
    const items = document.getElementById(add.dataset.into ?? "items");
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
const TRIP = "travel__round_trip_miles";
const CREW = "travel__technicians";
const number = (text) => {
  const plain = text.replaceAll(",", "").trim();
  return /^-?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : Number.NaN;
};
const miles = (distance) => `${distance.toLocaleString("en-US", { maximumFractionDigits: 2 })} mi`;
/* What is wrong with a number that was typed, in the service's words; nothing where it is right. */
const faultOf = (input) => {
  const value = number(input.value);
  const whole = input.inputMode === "numeric";
  if (Number.isNaN(value) || (whole && !Number.isInteger(value))) return whole ? "Enter a whole number." : "Enter a number.";
  const { minimum, maximum } = input.dataset;
  const [low, high] = [Number(minimum), Number(maximum)];
  return value < low || value > high ? `Enter a number between ${low.toLocaleString("en-US")} and ${high.toLocaleString("en-US")}.` : "";
};
document.addEventListener("input", (event) => {
  const { name, form } = event.target;
  if ((name !== TRIP && name !== CREW) || !form) return;
  tell(event.target, event.target.value.trim() ? faultOf(event.target) : "");
  const shown = (field) => form.querySelector(`[data-shown="${field}"]`);
  const billed = shown("travel__billable_miles");
  if (!billed) return;
  const [trip, crew] = [TRIP, CREW].map((field) => form.elements[field]);
  const free = number(shown("travel__free_miles")?.textContent ?? "");
  if (faultOf(trip) || faultOf(crew) || Number.isNaN(free)) { billed.textContent = "–"; return; }
  const each = Math.round(Math.max(0, number(trip.value) - free) * 100) / 100;
  billed.textContent = number(crew.value) === 1 ? miles(each) : `${miles(each)} each, ${miles(each * number(crew.value))} in all`;
});
