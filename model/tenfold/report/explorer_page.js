/* The explorer's page: controls, table, charts, address and command. */

const BINS = 48, SLIDERS = { rl_share: 1, efficiency: 1, price: 1, year: 1, rate: 1 };

const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

class Explorer {
  constructor(root, about, bytes) {
    this.about = about;
    this.draws = new Draws(about, bytes);
    this.root = root;
    this.form = root.querySelector("form");
    this.charts = {};
    this.last = {};
    this.waiting = false;
  }

  async start() {
    for (const name of ["density", "cdf"]) {
      const spec = JSON.parse(document.getElementById(`spec-${name}`).textContent);
      const options = { mode: "vega", ast: true, actions: false, defaultStyle: false, tooltip: false, renderer: "svg", logLevel: 1 };
      this.charts[name] = (await vegaEmbed(this.root.querySelector(`.${name}`), spec, options)).view;
    }
    this.show(fromFragment(decodeURI(location.hash.slice(1)), this.about));
    this.form.addEventListener("input", () => this.soon());
    this.form.addEventListener("reset", () => setTimeout(() => this.show(defaults(this.about))));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", () => {
      if (location.hash.startsWith("#explore:")) this.show(fromFragment(decodeURI(location.hash.slice(1)), this.about));
    });
    this.root.querySelector(".copy").addEventListener("click", () => this.copy());
    this.root.dataset.ready = "yes";
  }

  soon() {
    this.enable(this.read()); // at once: the next Tab is to find the slider that was just freed
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.update();
      const text = toFragment(this.state, this.about);
      history.replaceState(null, "", `#${encodeURI(text)}`);
    });
  }

  /* Controls as a view, and a view as controls. */
  read() {
    const s = defaults(this.about), field = (name) => this.form.elements[name];
    for (const key of Object.keys(s)) {
      if (key in SLIDERS) s[key] = field(`fix_${key}`).checked ? String(this.slid(key)) : DEFAULTS[key];
      else if (NUMBERS.includes(key)) s[key] = this.slid(key);
      else s[key] = field(key).value.trim();
    }
    return s;
  }

  slid(key) {
    const field = this.form.elements[key], x = Number(field.value);
    return field.dataset.scale === "log10" ? Number((10 ** x).toPrecision(2)) : x;
  }

  show(s) {
    for (const [key, given] of Object.entries(s)) {
      const field = this.form.elements[key];
      if (key in SLIDERS) {
        const fixed = String(given) !== DEFAULTS[key];
        this.form.elements[`fix_${key}`].checked = fixed;
        if (!fixed) {
          field.value = field.defaultValue;
          continue;
        }
      }
      field.value = field.dataset.scale === "log10" ? Math.log10(Number(given)) : given;
    }
    this.update();
  }

  enable(s) {
    for (const key of Object.keys(SLIDERS)) this.form.elements[key].disabled = s[key] === DEFAULTS[key];
    this.form.elements.from.disabled = s.target === "level";
    this.form.elements.to.disabled = s.target !== "scores";
  }

  update() {
    const began = performance.now(), s = (this.state = this.read());
    this.enable(s);
    for (const out of this.form.querySelectorAll("output")) this.label(out, s);
    const said = this.root.querySelector(".trouble"), wrong = this.trouble(s);
    said.textContent = wrong;
    this.root.classList.toggle("wrong", wrong !== "");
    if (wrong) return;
    this.found = computed(this.draws, s);
    this.ordered = {};
    this.table();
    this.dates();
    this.chosen(s);
    this.root.querySelector(".command code").textContent = command(s, this.about);
    this.root.querySelector(".only").hidden = s.technique !== "typical";
    this.root.dataset.ms = String(performance.now() - began);
  }

  trouble(s) {
    const floor = this.about.places[s.place].floor, run = this.about.baselines[s.baseline];
    if (s.target !== "level" && !(s.from > floor && s.from < 1))
      return `Start score ${s.from}: expected between the chance level ${floor} and 1.`;
    if (s.target === "scores" && !(s.to > s.from)) return `Target score ${s.to}: expected above the start.`;
    if (s.year !== "baseline" && Number(s.year) < run.year) return `Year ${s.year}: expected ${run.year} (the baseline's) or later.`;
    if (s.over !== "" && !Number.isFinite(Number(s.over))) return `“${s.over}”: expected a number.`;
    return "";
  }

  label(out, s) {
    const key = out.dataset.of, given = s[key];
    out.textContent = given === DEFAULTS[key] && key in SLIDERS ? (key === "year" ? "as the baseline" : "as estimated")
      : { from: (x) => percent(x), to: (x) => percent(x), energy_share: (x) => `${Number((100 * x).toPrecision(2))}%`,
        budget_share: (x) => `${Number((100 * x).toPrecision(2))}%`,
        efficiency: (x) => `${Math.round(100 * x)}% a year`, price: (x) => `${Math.round(100 * x)}% a year` }[key]?.(given)
        ?? String(given);
  }

  /* Draws in order; those of the last view where a change did not touch them. */
  order(name) {
    const last = this.last[name], now = this.found[name];
    const kept = () => (last && same(last.raw, now) ? last : new Ordered(now, this.draws));
    return (this.ordered[name] ??= this.last[name] = kept());
  }

  /* Median, interval and P(never) of every quantity. */
  table() {
    for (const row of this.root.querySelectorAll("tr[data-quantity]")) {
      const name = row.dataset.quantity, of = this.about.quantities[name], found = this.order(name);
      const [low, middle, high] = told(of, [0.05, 0.5, 0.95].map((p) => found.quantile(p)));
      const never = found.values[found.values.length - 1] === NEVER ? chance(found.chance((x) => x === NEVER)) : "";
      [middle, low, high, never].forEach((text, i) => { row.cells[i + 1].textContent = text; });
    }
  }

  dates() {
    const found = this.order("first_year");
    for (const cell of this.root.querySelectorAll("[data-before]")) {
      const end = Number(cell.dataset.before);
      cell.textContent = chance(found.chance(end > 0 ? (x) => x < end : (x) => x >= -end));
    }
  }

  /* The chosen quantity: P(over x), density and distribution function. */
  chosen(s) {
    const of = this.about.quantities[s.quantity], found = this.order(s.quantity);
    const x = s.over === "" ? NaN : of.scale === "log10" ? Math.log10(Number(s.over)) : Number(s.over);
    this.root.querySelector(".over").textContent = Number.isNaN(x) ? "" : chance(found.chance((v) => v > x));
    const bound = of.bound ?? Infinity, last = found.values.length - 1;
    let high = Math.min(found.at(0.99), bound), low = found.at(0.01);
    if (!Number.isFinite(high)) high = Math.min(bound, found.values.findLast(Number.isFinite) ?? low);
    if (!(high > low)) [low, high] = [low - 0.5, low + 0.5];
    const step = (high - low) / BINS, below = (at) => {
      let a = 0, b = last + 1;
      while (a < b) { const m = (a + b) >> 1; if (found.values[m] <= at) a = m + 1; else b = m; }
      return a ? found.below[a - 1] : 0;
    };
    const edges = Array.from({ length: BINS + 1 }, (_, i) => low + i * step), cdf = edges.map(below);
    const bins = edges.slice(1).map((end, i) => ({ from: edges[i], to: end, share: cdf[i + 1] - cdf[i] }));
    this.root.querySelector(".beyond").textContent =
      `${percent(cdf[0])} lies below the axis and ${percent(1 - cdf[BINS])} beyond it.`;
    for (const caption of this.root.querySelectorAll(".what"))
      caption.textContent = of.label + (of.scale === "log10" ? `, powers of ten${of.unit === "dimensionless" ? "" : ` of ${of.words}`}` : of.shown ? `, ${of.shown}` : "");
    const essay = of.essay === null || s.target !== "level" ? [] : [{ at: of.essay }];
    this.charts.density.data("bins", bins).data("essay", essay).resize().runAsync();
    this.charts.cdf.data("cdf", edges.map((at, i) => ({ at, p: cdf[i] }))).resize().runAsync();
  }

  async copy() {
    const text = this.root.querySelector(".command code").textContent, said = this.root.querySelector(".copied");
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(this.root.querySelector(".command code"));
      said.textContent = "selected: copy it";
    }
  }
}

(async () => {
  const root = document.getElementById("explore");
  const about = JSON.parse(document.getElementById("explorer-about").textContent);
  root.hidden = false;
  if (location.hash.startsWith("#explore")) root.scrollIntoView();
  const explorer = new Explorer(root, about, await unpacked(document.getElementById("explorer-draws").textContent));
  window.explorer = explorer;
  await explorer.start();
})();
