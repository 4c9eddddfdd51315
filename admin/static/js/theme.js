/* Light or dark before the first paint: what the person chose, else what the system prefers. */
(() => {
  const KEY = "fieldmesh-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const paint = () => {
    const theme = chosen() || (system.matches ? "dark" : "light");
    document.documentElement.dataset.bsTheme = theme;
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-pressed", String(theme === "dark"));
      button.firstElementChild.className = theme === "dark" ? "bi bi-sun" : "bi bi-moon-stars";
    }
  };
  paint();
  system.addEventListener("change", paint);
  document.addEventListener("DOMContentLoaded", paint);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem(KEY, next); } catch { /* private mode: the choice lasts for this page */ }
    document.documentElement.dataset.bsTheme = next;
    paint();
  });
})();
