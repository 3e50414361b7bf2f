// Before anything is drawn: the theme that was chosen here, else the system's. A classic script, so that no other theme flashes up.

(() => {
  const THEMES = ["auto", "light", "dark"];
  const root = document.documentElement;
  const chosen = () => {
    try {
      return localStorage.getItem("ssi-theme");
    } catch {
      return null;
    }
  };
  const apply = (theme) => {
    root.dataset.theme = THEMES.includes(theme) ? theme : "auto";
    for (const button of document.querySelectorAll("[data-choose-theme]")) {
      button.querySelector(".sr").textContent = `Theme: ${root.dataset.theme}. Change it`;
      button.title = `Theme: ${root.dataset.theme}`;
    }
  };
  root.classList.add("js");
  apply(chosen());
  document.addEventListener("DOMContentLoaded", () => {
    apply(root.dataset.theme);
    document.querySelector("[data-choose-theme]")?.addEventListener("click", () => {
      const next = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
      apply(next);
      try {
        localStorage.setItem("ssi-theme", next);
      } catch {
        // It holds for this page then.
      }
    });
  });
})();
