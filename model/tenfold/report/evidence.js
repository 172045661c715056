"use strict";
/* The figures of the evidence: what a point is, one curve told from the others, and filters. Without
   it every point is a link to its row all the same. */
(() => {
  const root = document.getElementById("evidence"), tip = root.querySelector(".tip"), form = root.querySelector(".filter");
  const lists = [...root.querySelectorAll("tbody[data-s]")];
  const groups = new Map(lists.map((list) => [list.dataset.s, []]));
  for (const group of root.querySelectorAll("g.series")) groups.get(group.dataset.s).push(group);
  const rowOf = (link) => document.getElementById(link.getAttribute("href").slice(1));
  let lit = [];

  /* One series before the others, and of a point the row that it leads to. */
  function show(target) {
    for (const group of lit) group.classList.remove("lit");
    for (const svg of root.querySelectorAll("svg.dim")) svg.classList.remove("dim");
    const own = target?.closest?.("g.series"), link = target?.closest?.("g.series a");
    lit = own ? groups.get(own.dataset.s) : [];
    for (const group of lit) group.classList.add("lit");
    own?.ownerSVGElement.classList.add("dim");
    tip.hidden = !own;
    if (!own) return;
    const list = lists.find((each) => each.dataset.s === own.dataset.s);
    const cells = link ? [...rowOf(link).cells].map((cell) => cell.textContent).filter(Boolean) : [];
    tip.replaceChildren(line("strong", list.rows[0].textContent), line("span", cells.join(" · ")));
    const at = (link ?? target).getBoundingClientRect(), edge = document.documentElement.clientWidth;
    tip.style.left = `${Math.max(4, Math.min(at.left, edge - tip.offsetWidth - 4)) + scrollX}px`;
    tip.style.top = `${at.bottom + 6 + scrollY}px`;
  }

  function line(kind, text) {
    const made = document.createElement(kind);
    made.textContent = text;
    return made;
  }

  /* One stop for Tab in each panel; arrows go from point to point. */
  for (const svg of root.querySelectorAll("svg[role=group]"))
    svg.querySelectorAll("g.series a").forEach((link, i) => link.setAttribute("tabindex", i ? "-1" : "0"));
  root.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const link = event.target.closest("g.series a");
    if (!step || !link) return;
    event.preventDefault();
    const all = [...link.ownerSVGElement.querySelectorAll("g.series:not(.off) a")];
    all[(all.indexOf(link) + step + all.length) % all.length].focus();
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && show(null));
  root.addEventListener("pointerover", (event) => show(event.target));
  root.addEventListener("focusin", (event) => show(event.target));
  root.addEventListener("click", (event) => {
    const link = event.target.closest("g.series a");
    if (!link) return;
    show(null);
    for (let at = rowOf(link); at; at = at.parentElement) if (at.localName === "details") at.open = true;
  });

  /* Filters: curves, points and rows of what is chosen; panels that hold none of it go. */
  function choose() {
    const wanted = [...new FormData(form)].filter(([, value]) => value);
    const has = (list, key, value) => list.dataset[key].split("|").includes(value);
    const kept = lists.filter((list) => wanted.every(([key, value]) => has(list, key, value)));
    const left = new Set(kept.map((list) => list.dataset.s));
    for (const list of lists) list.hidden = !left.has(list.dataset.s);
    for (const [s, own] of groups) for (const group of own) group.classList.toggle("off", !left.has(s));
    for (const panel of root.querySelectorAll(".panel")) panel.hidden = !panel.querySelector("tbody:not([hidden])");
    if (wanted.length) root.querySelector(".more").open = true;
    form.querySelector("output").textContent = wanted.length ? `${kept.length} of ${lists.length} series` : "";
  }
  form.hidden = false;
  form.addEventListener("input", choose);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(choose));
})();
