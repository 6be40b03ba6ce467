// Keys within the calendar: arrows go from appointment to appointment, letters to other days. Reading takes no script.
const calendar = document.getElementById("calendar");

const cardsOf = (column) => [...column.querySelectorAll(".ac-card")];

// The card of another column that stands at the same height, or next to it.
const beside = (card, step) => {
  const columns = [...calendar.querySelectorAll(".ac-column")];
  const top = card.getBoundingClientRect().top;
  const far = (other) => Math.abs(other.getBoundingClientRect().top - top);
  for (let place = columns.indexOf(card.closest(".ac-column")) + step; columns[place]; place += step) {
    const cards = cardsOf(columns[place]);
    if (cards.length) return cards.reduce((best, other) => (far(other) < far(best) ? other : best));
  }
  return null;
};

const next = (card, key) => {
  if (!card) return calendar.querySelector(".ac-card");
  if (key === "ArrowLeft") return beside(card, -1);
  if (key === "ArrowRight") return beside(card, 1);
  const cards = cardsOf(card.closest(".ac-column"));
  return cards[cards.indexOf(card) + (key === "ArrowUp" ? -1 : 1)];
};

if (calendar) calendar.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.key.startsWith("Arrow")) {
    const card = next(document.activeElement.closest(".ac-card"), event.key);
    if (!card) return;
    event.preventDefault();
    card.focus();
    return;
  }
  const link = document.querySelector(`.ac-bar [data-key="${CSS.escape(event.key)}"]`);
  if (link) window.location.assign(link.href);
});
