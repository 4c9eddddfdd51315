/* Where parts go: known addresses while the street is typed, and city and state from a postal code (CP-51). */
const PARTS = ["street", "city", "state", "postal_code", "country"];
const PAUSE = 200;
const list = (input) => {
  if (input.list) return input.list;
  const made = document.createElement("datalist");
  made.id = `${input.id}-known`;
  input.after(made);
  input.setAttribute("list", made.id);
  input.autocomplete = "off";
  return made;
};
const told = new WeakMap();
let waiting = 0;
const ask = async (input) => {
  const url = new URL(input.form.action);
  url.pathname = url.pathname.replace(/\/do\/[^/]+$/, "/addresses");
  url.search = new URLSearchParams({ street: input.value }).toString();
  const answer = await fetch(url);
  if (!answer.ok) return;
  const { addresses } = await answer.json();
  told.set(input, addresses);
  list(input).replaceChildren(...addresses.map((each) => {
    const option = document.createElement("option");
    option.value = each.street;
    option.label = `${each.label ? `${each.label}: ` : ""}${each.street}, ${each.city}, ${each.state} ${each.postal_code}`;
    return option;
  }));
};
document.addEventListener("input", (event) => {
  const input = event.target;
  if (input.name !== "ship_to__street" || !input.form) return;
  const chosen = (told.get(input) ?? []).find((each) => each.street === input.value);
  clearTimeout(waiting);
  if (chosen) {
    for (const part of PARTS) {
      const other = input.form.elements[`ship_to__${part}`];
      if (other && chosen[part]) other.value = chosen[part];
    }
    return;
  }
  if (input.value.trim().length > 1) waiting = setTimeout(() => ask(input), PAUSE);
});
document.addEventListener("change", async (event) => {
  const code = event.target;
  if (!/ship_to__postal_code$/.test(code.name ?? "") || !/^\d{5}/.test(code.value)) return;
  const answer = await fetch(`/work-orders/places?postal_code=${encodeURIComponent(code.value.slice(0, 5))}`);
  if (!answer.ok) return;
  const [place] = (await answer.json()).places;
  if (!place) return;
  for (const [name, value] of [["ship_to__city", place.city], ["ship_to__state", place.state]]) {
    const input = code.form.elements[name];
    if (input && !input.value) input.value = value;
  }
});
/* Countries are told by two capital letters. */
document.addEventListener("change", (event) => {
  if (/country$/.test(event.target.name ?? "") && event.target.maxLength === 2) event.target.value = event.target.value.toUpperCase();
});
