// The team screen, live: a choice moves the person in the quadrant at once; the server then confirms and saves.
// Without this file the page works with its one Save button.
document.querySelector("[data-without-script]")?.setAttribute("hidden", "");

const steps = { below: 1, meets: 2, above: 3 };
const chosen = (row, name) => row.querySelector(`input[name$="-${name}"]:checked`)?.value;

const place = (row) => {
  const work = chosen(row, "work");
  const behaviour = chosen(row, "behaviour");
  if (!work || !behaviour) return;
  const cell = document.querySelector(`[data-quadrant] [data-cell="${steps[work]}-${steps[behaviour]}"]`);
  if (!cell) return;
  let chip = document.querySelector(`[data-quadrant] li[data-key="${row.dataset.key}"]`);
  if (!chip) {
    chip = document.createElement("li");
    chip.dataset.key = row.dataset.key;
    chip.textContent = row.dataset.name.split(" ")[0];
  }
  if (chip.closest("[data-cell]") !== cell) cell.querySelector("ul").append(chip);
  const words = row.querySelector("[data-predicate]");
  if (words) words.textContent = cell.querySelector("b").textContent;
};

// A choice other than the citizens' suggestion needs a reason: its field opens, and closes again while it is empty.
const askReason = (row) => {
  const details = row.querySelector("[data-reason]");
  const behaviour = chosen(row, "behaviour");
  if (!details || !behaviour) return;
  const departs = behaviour !== row.dataset.suggestion;
  if (departs) details.open = true;
  else if (!details.querySelector("textarea").value) details.open = false;
};

document.addEventListener("change", (event) => {
  const row = event.target.closest?.("tr[data-key]");
  if (!row || event.target.type !== "radio") return;
  place(row);
  askReason(row);
});

// An answer may be older than the latest choice: what is chosen on the screen wins until its own answer comes.
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id === "papan") document.querySelectorAll("tr[data-key]").forEach(place);
});

// Nothing is lost silently: when saving fails, the row says so.
const failed = (event) => {
  const row = event.target.closest?.("tr[data-key]");
  const saved = row?.querySelector("[data-saved]");
  if (!saved) return;
  saved.className = "problem";
  saved.textContent = document.querySelector("#tim").dataset.failed;
};
for (const kind of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(kind, failed);
