/* "updated a few seconds ago" that stays true while the page is open (CP-9). */
const words = (seconds) => {
  if (seconds < 10) return "just now";
  if (seconds < 60) return "a few seconds ago";
  if (seconds < 3600) { const m = Math.floor(seconds / 60); return m === 1 ? "a minute ago" : `${m} minutes ago`; }
  const h = Math.floor(seconds / 3600);
  return h === 1 ? "an hour ago" : h < 48 ? `${h} hours ago` : `${Math.floor(h / 24)} days ago`;
};
const tell = () => {
  for (const element of document.querySelectorAll("time[data-age]")) {
    const text = words(Math.max(0, (Date.now() - Date.parse(element.dateTime)) / 1000));
    if (element.textContent !== text) element.textContent = text;
  }
};
setInterval(tell, 10000);
document.addEventListener("htmx:afterSettle", tell);
tell();
