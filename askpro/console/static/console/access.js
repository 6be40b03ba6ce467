// What the theme leaves to the mouse, for keyboards and screen readers.

// Its icons are words of a font: "chevron_right" must not be read aloud.
const hideIcons = (root) => root.querySelectorAll(".material-symbols-outlined").forEach((icon) => {
  if (!icon.hasAttribute("aria-hidden")) icon.setAttribute("aria-hidden", "true");
});

// Words that this file needs come with the page, in its language.
const said = (word) => document.querySelector(`meta[name="console-${word}"]`)?.content || "";
const isOnlyIcon = (element) => [...element.querySelectorAll("*"), element].every((each) =>
  each.matches(".material-symbols-outlined") || ![...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));

// It puts clicks on elements that no key reaches.
const CLICKABLE = ["x-on:click", "x-on:click.stop", "x-on:click.prevent"];
const isNative = (element) => element.matches("button, input, select, textarea, summary, a[href]");
const insideOf = (heading) => {
  const inside = document.createElement("span");
  inside.className = "ap-heading-button";
  inside.append(...heading.childNodes);
  heading.append(inside);
  return inside;
};
const nameKeys = (root) => root.querySelectorAll("a, div, span, h2, td").forEach((element) => {
  if (isNative(element) || !element.textContent.trim() || !CLICKABLE.some((name) => element.hasAttribute(name))) return;
  if (element.querySelector("button, input, select, textarea, a[href], form, [role=button]")) return;
  const button = element.matches("h2") ? insideOf(element) : element;
  button.setAttribute("role", "button");
  button.tabIndex = 0;
  if (isOnlyIcon(button)) button.setAttribute("aria-label", said("more"));
});
document.addEventListener("keydown", (event) => {
  if (!["Enter", " "].includes(event.key) || !event.target.matches("[role=button]:not(button)")) return;
  event.preventDefault();
  event.target.click();
});

// Its scrolling areas are landmarks that are all called alike.
const nameAreas = () => document.querySelectorAll(".simplebar-content-wrapper").forEach((area) => {
  area.setAttribute("role", "group");
  area.setAttribute("aria-label", document.querySelector("h1")?.textContent.trim() || document.title);
});

// Its choices with a search have no names, since these are the names of the selects that they hide.
const nameChoices = () => document.querySelectorAll(".select2-container").forEach((box) => {
  const name = box.previousElementSibling?.labels?.[0]?.textContent.trim();
  if (name) box.querySelectorAll("[role], .select2-search__field").forEach((part) => part.setAttribute("aria-label", name));
});
const nameSigns = () => document.querySelectorAll("span.search-label-icon[aria-label]").forEach((sign) => sign.setAttribute("role", "img"));

// A table that is wider than its place is scrolled by arrows, once it has the focus.
const widths = new ResizeObserver((entries) => entries.forEach(({ target }) => {
  if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
  else target.removeAttribute("tabindex");
}));
const watchWidths = () => document.querySelectorAll(".ap-scroll").forEach((area) => widths.observe(area));
const mendWhatScriptsMade = () => { nameAreas(); nameChoices(); nameSigns(); watchWidths(); };
// After what others do at the same event: some of these make the elements only then.
window.addEventListener("load", () => setTimeout(mendWhatScriptsMade));
document.addEventListener("htmx:afterSettle", mendWhatScriptsMade);

const mend = (root) => { hideIcons(root); nameKeys(root); };
document.addEventListener("DOMContentLoaded", () => mend(document));
document.addEventListener("htmx:afterSettle", () => mend(document));

// One key leads to the search, wherever nothing is being written.
const WRITES = "input, select, textarea, [contenteditable]";
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(WRITES)) return;
  event.preventDefault();
  window.dispatchEvent(new CustomEvent("opencommand"));
});
