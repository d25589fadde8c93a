// Small comforts. Every page works without this file.

// After a refused form the summary speaks first.
document.querySelector("[data-autofocus]")?.focus();
document.addEventListener("htmx:afterSwap", (event) => event.target.querySelector?.("[data-autofocus]")?.focus());

// The masthead menu closes on Escape and on a click elsewhere.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// A table that fits needs no stop of the Tab key.
const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const watchTables = (root) => root.querySelectorAll(".table-wrap").forEach((wrap) => watch.observe(wrap));
watchTables(document);
document.addEventListener("htmx:afterSwap", (event) => watchTables(event.target));

// One press, one submission.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) print();
});
