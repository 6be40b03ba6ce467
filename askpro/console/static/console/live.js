// A page whose part `data-live="seconds"` renews itself, so that the person who reads it notices nothing but the news:
// only what has changed is touched, so focus, scroll, selection and open details stay where they are.
(() => {
  const PATIENCE = 10_000;
  const LONGEST_PAUSE = 60_000;
  // More news at once are told as a number.
  const MOST_TOLD = 3;
  const FIELD = "input:not([type=button], [type=submit]), select, textarea, [contenteditable]";

  const live = () => document.querySelector("[data-live]");
  const teller = () => document.getElementById("live-news");
  const notice = () => document.getElementById("live-lost");

  let renewedAt = performance.now();
  let failures = 0;
  let isAsking = false;
  let isPressed = false;

  const pause = () => Math.min(Number(live().dataset.live) * 1000 * 2 ** failures, LONGEST_PAUSE);

  // Whether the page would be changed under somebody's hands: they type, choose, select text, press, or have a menu open.
  const isBusy = (part) => {
    const selection = document.getSelection();
    return (
      isPressed ||
      (part.contains(document.activeElement) && document.activeElement.matches(FIELD)) ||
      (selection && !selection.isCollapsed && selection.containsNode(part, true)) ||
      part.querySelector("[aria-expanded=true], dialog[open], [popover]:popover-open") !== null
    );
  };

  const tell = (words) => {
    // A new node: what is told twice in the same words is heard twice.
    const said = document.createElement("p");
    said.textContent = words;
    teller().replaceChildren(said);
  };

  const news = (part) => new Map([...part.querySelectorAll("[data-news]")].map((each) => [each.id, each]));

  const tellNews = (known, part) => {
    const fresh = [...news(part)].filter(([id]) => !known.has(id)).map(([, each]) => each);
    if (fresh.length > MOST_TOLD) tell(teller().dataset.many.replace("{count}", fresh.length));
    else if (fresh.length) tell(fresh.map((each) => each.dataset.news || each.textContent.trim()).join(" "));
  };

  const morph = (part, fresh) => {
    window.nameCells?.(fresh);
    Idiomorph.morph(part, fresh, {
      ignoreActiveValue: true,
      callbacks: {
        beforeNodeMorphed: (old, now) => !old.isEqualNode(now),
        // What a person has opened stays open.
        beforeAttributeUpdated: (name, node) => !(name === "open" && node.matches("details, dialog")),
      },
    });
  };

  const lose = () => {
    failures += 1;
    if (!notice().hidden) return;
    notice().hidden = false;
    tell(notice().textContent);
  };

  const find = () => {
    if (!notice().hidden) tell(teller().dataset.back);
    notice().hidden = true;
    failures = 0;
  };

  const ask = async () => {
    // The header says that nobody pressed anything: a session whose person has gone must come to its end.
    const headers = { "X-Renewal": "live" };
    const answer = await fetch(location.href, { cache: "no-store", headers, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status >= 500) throw new Error(answer.statusText);
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  };

  const renew = async () => {
    isAsking = true;
    try {
      const fresh = await ask();
      // Another page, such as the log-in after the session has ended.
      if (!fresh) return location.reload();
      find();
      // Somebody may have begun to type or to select meanwhile: the next second asks again.
      if (isBusy(live())) return;
      const known = news(live());
      morph(live(), fresh);
      renewedAt = performance.now();
      tellNews(known, live());
    } catch {
      renewedAt = performance.now();
      lose();
    } finally {
      isAsking = false;
    }
  };

  const look = (isUrgent) => {
    if (!live() || isAsking || document.hidden || isBusy(live())) return;
    if (isUrgent || performance.now() - renewedAt >= pause()) renew();
  };

  document.addEventListener("pointerdown", () => { isPressed = true; });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { isPressed = false; });
  document.addEventListener("visibilitychange", () => look(false));
  window.addEventListener("online", () => look(true));
  setInterval(() => look(false), 1000);
})();
