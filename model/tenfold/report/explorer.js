"use strict";
/* The explorer: the arithmetic of `tenfold.answers` on the draws that travel with the page, and the
   words of `tenfold.words.numbers`. Tests hold both against the terminal, to the printed digit. */

const LN10 = Math.LN10, NEVER = Infinity;

/* ---- draws ---- */

async function unpacked(text) {
  const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function array(bytes, { at, n, low, step }) {
  const found = new Float64Array(n).fill(low);
  if (step === 0) return found;
  for (let i = 0; i < n; i++)
    found[i] += step * (bytes[at + i] + 256 * bytes[at + n + i] + 65536 * bytes[at + 2 * n + i]);
  return found;
}

/* A block of draws of some curve forms: arrays by description, read when first wanted. */
class Draws {
  constructor(about, bytes) {
    this.about = about;
    this.bytes = bytes;
    this.read = new Map();
    const { chain, draw, repeat } = about.shape;
    this.each = chain * draw;
    this.repeat = repeat;
    this.choose("all");
  }

  choose(form) {
    const { forms, weights } = this.about;
    const all = forms.map((_, i) => i);
    this.chosen = form === "all" ? all : [forms.indexOf(form)];
    const total = this.chosen.reduce((sum, i) => sum + weights[i], 0);
    this.weights = this.chosen.map((i) => weights[i] / total);
    this.once = this.chosen.length * this.each;
    this.all = this.once * this.repeat;
    this.forms = this.chosen.map((i) => forms[i]);
  }

  /* The draws of the chosen forms; a number stands for draws that all equal it. */
  of(described) {
    if (typeof described === "number") return new Float64Array(this.once).fill(described);
    if (!this.read.has(described)) this.read.set(described, array(this.bytes, described));
    const whole = this.read.get(described);
    const one = whole.length / this.about.forms.length;
    if (this.chosen.length === this.about.forms.length) return whole;
    return whole.subarray(this.chosen[0] * one, (this.chosen[0] + 1) * one);
  }

  /* f(i, form, values of each array) over draws, as many as the longest array has. */
  map(arrays, f) {
    const repeated = arrays.some((a) => a.length === this.all) && this.repeat > 1;
    const n = repeated ? this.all : this.once, found = new Float64Array(n);
    const r = this.repeat, per = n / this.forms.length;
    const reach = arrays.map((a) => a.length !== n), v = new Array(arrays.length);
    for (let i = 0; i < n; i++) {
      const j = repeated ? Math.floor(i / r) : i;
      for (let k = 0; k < v.length; k++) v[k] = arrays[k][reach[k] ? j : i];
      found[i] = f(v, Math.floor(i / per));
    }
    return found;
  }
}

/* ---- answers: curves, jump, cost, time ---- */

const sum10 = (a, b) => {
  const high = Math.max(a, b), low = Math.min(a, b);
  return high === Infinity ? Infinity : high + Math.log1p(Math.exp((low - high) * LN10)) / LN10;
};
const onePlus = (x) => sum10(0, x);
const shortfall = (eta, form) => (form === "power" ? 0.5 * Math.exp(-0.5 * eta) : 1 / (1 + Math.exp(eta)));
const etaOf = (short, form) =>
  form === "power" ? -2 * Math.log(2 * short) : Math.log1p(-short) - Math.log(short);

function etaAt(score, floor, ceiling, form) {
  const share = (score - floor) / (ceiling - floor);
  if (share >= 1) return Infinity;
  if (form === "power") return -2 * Math.log(2 * (1 - share));
  return share <= 0 ? -Infinity : Math.log(share) - Math.log1p(-share);
}

function between(start, target, slope, floor, ceiling, form) {
  const from = etaAt(start, floor, ceiling, form), to = etaAt(target, floor, ceiling, form);
  if (target <= start || to === -Infinity) return 0;
  return slope <= 0 || to === Infinity ? NEVER : (to - from) / slope;
}

/* RL OOMs that reach the score which `inference` OOMs reach from `start`. */
function matched(start, floor, v, form) {
  const [slopeR, slopeI, topR, topI, inference] = v;
  if (slopeI <= 0 || start >= topI) return 0;
  const short = shortfall(etaAt(start, floor, topI, form) + slopeI * inference, form);
  const left = (topR - topI + (topI - floor) * short) / (topR - floor);
  if (slopeR <= 0 || left <= 0 || start >= topR) return NEVER;
  return (etaOf(left, form) - etaAt(start, floor, topR, form)) / slopeR;
}

function jumped(draws, s) {
  const about = draws.about, place = about.places[s.place], D = draws;
  const technique = about.techniques[s.technique];
  const log = D.of(technique === undefined ? Math.log10(Number(s.technique)) : technique);
  const level = D.of(about.gpt_level), steep = D.of(about.steepness);
  const typical = about.places.population;
  const scale = s.rate === "posterior" ? D.of(0) : D.map(
    [D.of(typical.inference.slope), D.of(typical.rl.slope), steep],
    ([i, r, st]) => i - r + st - Math.log10(Number(s.rate)));
  const slopeI = D.map([D.of(place.inference.slope)], ([x]) => 10 ** x);
  const slopeR = D.map([D.of(place.rl.slope), scale], ([x, c]) => 10 ** (x + c));
  const local = D.map([slopeI, slopeR, steep], ([i, r, st]) => (i / r) * 10 ** st);
  const needed = D.map([level, log], ([g, t]) => g * 10 ** t);
  const tops = [D.of(place.rl.ceiling), D.of(place.inference.ceiling)];
  const found = { exchange_rate: local, inference_jump_ooms: needed };
  if (s.target === "level")
    found.rl_jump_ooms = D.map([needed, local], ([n, rate]) => n * rate);
  else if (s.target === "curve")
    found.rl_jump_ooms = D.map([slopeR, slopeI, ...tops, needed],
      (v, f) => matched(s.from, place.floor, v, D.forms[f]));
  else
    for (const [way, slope, top] of [["rl", slopeR, tops[0]], ["inference", slopeI, tops[1]]])
      found[`${way}_jump_ooms`] = D.map([slope, top],
        ([b, c], f) => between(s.from, s.to, b, place.floor, c, D.forms[f]));
  return found;
}

const growth = (D, s, name) =>
  D.of(s[name] === "posterior" ? D.about.trends.growth[name] : Math.log10(1 + Number(s[name])));

/* What depends on the share of RL where that is stated instead of drawn. */
function baseRun(D, s) {
  const run = D.about.baselines[s.baseline], util = D.of(run.rl_utilisation);
  const drawn = D.of(run.rl_share), fixed = s.rl_share !== "posterior";
  const share = fixed ? D.of(Math.log10(Number(s.rl_share))) : drawn;
  const follows = (name) => run.follows.includes(name);
  const moved = fixed && follows("flop")
    ? D.map([share, drawn], ([a, b]) => onePlus(a) - onePlus(b)) : D.of(0);
  const hours = follows("hours") ? moved : D.of(0), none = D.of(0);
  const plus = (base, change) => D.map([D.of(base), change], ([a, b]) => a + b);
  const lasts = follows("gpus") ? none : hours, energy = follows("power") ? hours : none;
  const inFlop = run.basis === "flop";
  return {
    run,
    flop: plus(run.training_flop, moved),
    gpus: plus(run.gpus, follows("gpus") ? hours : none),
    energy: plus(run.energy, energy),
    power: D.map([D.of(run.power), energy, lasts], ([p, e, d]) => p + e - d),
    cost: plus(run.cost, follows("price") ? hours : none),
    flopShare: D.map([share, util], ([x, u]) => (inFlop ? x : x + u)),
    timeShare: D.map([share, util], ([x, u]) => (inFlop ? x - u : x)),
  };
}

function costs(D, s, ooms, base) {
  const T = D.about.trends, { run } = base;
  const at = s.year === "baseline" ? run.year : Number(s.year), waited = at - run.year;
  const grown = ([x, share]) => onePlus(share + x) - onePlus(share);
  const time = D.map([ooms, base.timeShare], grown);
  const efficiency = growth(D, s, "efficiency"), price = growth(D, s, "price");
  const gained = D.map([efficiency, D.of(T.growth.efficiency_limit)],
    ([e, limit]) => (waited * e < limit ? waited * e : limit));
  const energy = D.map([D.of(0), time, base.energy, gained], ([, m, e, g]) => e + m - g);
  const world = D.map([D.of(T.stated.world.draws), D.of(T.growth.electricity)],
    ([w, g]) => w + (at - T.stated.world.year) * g);
  return {
    time,
    training_multiplier: D.map([ooms, base.flopShare], grown),
    training_energy: energy,
    years_of_world_electricity: D.map([energy, world], ([e, w]) => e - w),
    training_cost: D.map([base.cost, time, price], ([c, m, p]) => c + m - waited * p),
  };
}

const close = (gap, pace) => (gap <= 0 ? 0 : pace > 0 ? gap / pace : NEVER);
function withEfficiency(gap, pace, efficiency, limit) {
  const improving = close(gap, efficiency + pace);
  return improving * efficiency <= limit ? improving : close(gap - limit, pace);
}

/* The first year in which trend affords the run: the last of five limits. */
function affordable(D, s, paid, base) {
  const T = D.about.trends, { run } = base, g = (name) => D.of(T.growth[name]);
  const since = (name) => run.year - T.stated[name].year, drawn = (name) => D.of(T.stated[name].draws);
  const part = [s.budget_share, s.energy_share, D.about.question.chip_share].map(Math.log10);
  const perGw = T.log10_twh_per_gw_year;
  const arrays = [
    paid.time, paid.training_multiplier, base.cost, base.energy, base.power, base.gpus,
    growth(D, s, "efficiency"), g("efficiency_limit"), growth(D, s, "price"), g("electricity"), g("gdp"),
    g("compute"), g("budget"), g("power"), g("chips"),
    drawn("world"), drawn("money"), drawn("projected"), drawn("made"),
  ];
  return D.map(arrays, (v) => {
    const [m, flop, cost, energy, power, gpus, eff, limit, price, electricity, gdp, compute, budget,
      powerGrowth, chips, world, money, projected, made] = v;
    const cap = money + since("money") * gdp + part[0];
    const supply = world + since("world") * electricity;
    const onBudget = Math.max(close(m, budget + price), close(cost + m - cap, price + gdp));
    const onEnergy = withEfficiency(energy + m - part[1] - supply, electricity, eff, limit);
    const onPower = Math.max(
      withEfficiency(power + m - (projected + since("projected") * powerGrowth), powerGrowth, eff, limit),
      withEfficiency(power + perGw + m - part[1] - supply, electricity, eff, limit));
    const onChips = close(gpus + m - part[2] - (made + since("made") * chips), chips);
    return run.year + Math.max(onBudget, onEnergy, onPower, onChips, close(flop, compute));
  });
}

function computed(D, s) {
  D.choose(s.form);
  const found = jumped(D, s), base = baseRun(D, s);
  const paid = costs(D, s, found.rl_jump_ooms, base);
  return { ...found, ...paid, first_year: affordable(D, s, paid, base) };
}

/* ---- weighted quantiles and their Monte Carlo errors, as in `tenfold.mixture` ---- */

class Ordered {
  constructor(values, D) {
    const f = D.forms.length, n = values.length / f;
    this.D = D;
    this.raw = values;
    this.quantiles = {};
    const parts = D.forms.map((_, i) => values.slice(i * n, (i + 1) * n).sort());
    this.values = new Float64Array(values.length);
    this.below = new Float64Array(values.length);
    const at = new Array(f).fill(0);
    for (let k = 0; k < values.length; k++) {
      let least = -1;
      for (let i = 0; i < f; i++)
        if (at[i] < n && (least < 0 || parts[i][at[i]] < parts[least][at[least]])) least = i;
      this.values[k] = parts[least][at[least]++];
      let total = 0;
      for (let i = 0; i < f; i++) total += (D.weights[i] * at[i]) / n;
      this.below[k] = total;
    }
  }

  /* The smallest draw whose cumulative weight reaches p. */
  at(p) {
    let low = 0, high = this.values.length - 1;
    const wanted = p * (1 - 1e-12);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.below[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return this.values[low];
  }

  chance(event) {
    const { raw } = this, holds = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) holds[i] = event(raw[i]) ? 1 : 0;
    return this.share(holds);
  }

  /* P(event), and its standard error by batch means, from the draws in which it holds. */
  share(holds) {
    const { D } = this, { chain, draw } = D.about.shape;
    const f = D.forms.length, r = holds.length / (f * chain * draw), n = chain * draw;
    const batches = Math.min(Math.max(Math.floor(Math.sqrt(draw)), 2), D.about.batches);
    const size = Math.floor(draw / batches), least = Math.sqrt((n + 1) / ((n + 2) ** 2 * (n + 3)));
    let p = 0, variance = 0, i = 0;
    for (let form = 0; form < f; form++) {
      const means = new Float64Array(chain * batches);
      let hits = 0;
      for (let c = 0; c < chain; c++)
        for (let d = 0; d < draw; d++) {
          let own = 0;
          for (let k = 0; k < r; k++) own += holds[i++];
          hits += own;
          if (d < batches * size) means[c * batches + Math.floor(d / size)] += own / (size * r);
        }
      const mean = means.reduce((a, b) => a + b, 0) / means.length;
      const spread = means.reduce((a, b) => a + (b - mean) ** 2, 0) / (means.length - 1);
      const error = Math.max(Math.sqrt(spread / means.length), least);
      p += (D.weights[form] * hits) / (n * r);
      variance += (D.weights[form] * error) ** 2;
    }
    return [Math.min(p, 1), Math.sqrt(variance)];
  }

  /* The same for every view that leaves the draws alone, so it is kept. */
  quantile(p) {
    return (this.quantiles[p] ??= this.computed(p));
  }

  computed(p) {
    const { raw } = this, found = this.at(p), holds = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) holds[i] = raw[i] <= found ? 1 : 0; // inline: it is asked most
    const [, error] = this.share(holds);
    const low = this.at(Math.max(p - error, 1e-9)), high = this.at(Math.min(p + error, 1 - 1e-9));
    return [found, low === high ? 0 : (high - low) / 2];
  }
}

/* ---- words, as in `tenfold.words.numbers` ---- */

const SUPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const MOVES = 4, VAGUE = 0.25;
const power = (e) => "10" + String(Math.round(e)).replace(/./g, (c) => SUPER[c]);
const grouped = (text) => text.replace(/^(\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
const placeOf = (error) => (error > 0 ? Math.ceil(Math.log10(MOVES * error)) : -99);

/* A positive number with so many decimals; exact ties go to the even digit, as in Python. */
function fixed(x, decimals) {
  const text = x.toFixed(decimals), tail = x.toFixed(decimals + 50).split(".")[1].slice(decimals);
  const odd = Number(text.at(-1)) % 2 === 1;
  return /^50*$/.test(tail) && odd ? (Number(text) - 10 ** -decimals).toFixed(decimals) : text;
}

const coarse = (mantissa) => {
  const off = (digit) => Math.abs(Math.log(digit / mantissa));
  return [1, 2, 5, 10].reduce((a, b) => (off(b) < off(a) ? b : a));
};

function number(log10, mcse = 0, digits = 2) {
  if (!Number.isFinite(log10)) return log10 > 0 ? "never" : "0";
  if (Math.abs(log10) >= 50) return power(log10);
  let exponent = Math.floor(log10), mantissa = 10 ** (log10 - exponent), decimals = 0;
  const relative = Number.isFinite(mcse) ? LN10 * mcse : 0;
  if (relative > VAGUE) [exponent, mantissa] = [Math.round(log10), 1];
  else {
    const place = Number.isFinite(mcse) ? placeOf(mantissa * relative) : 0;
    decimals = Math.min(digits - 1, Math.max(0, -place));
    mantissa = place <= 0 ? Number(fixed(mantissa, decimals)) : coarse(mantissa);
    if (mantissa >= 10) [mantissa, exponent] = [mantissa / 10, exponent + 1];
  }
  if (exponent >= -4 && exponent < 9)
    return grouped(fixed(mantissa * 10 ** exponent, Math.max(0, decimals - exponent)));
  return relative > VAGUE ? power(exponent) : `${fixed(mantissa, decimals)}×${power(exponent)}`;
}

function plain(value, mcse = 0, digits = 2) {
  if (value === 0 || !Number.isFinite(value)) return value === 0 ? "0" : value > 0 ? "never" : "−∞";
  const sign = value < 0 ? "−" : "", size = Math.abs(value);
  if (Number.isFinite(mcse) && mcse > VAGUE * size) {
    const place = placeOf(mcse), unit = 10 ** place, ten = 10 ** Math.floor(Math.log10(size));
    if (mcse < size && size < unit) return sign + number(Math.log10(coarse(size / ten) * ten), Infinity);
    const rounded = place > 0 ? Math.round(value / unit) * unit : Number(fixed(value, -place));
    const text = fixed(Math.abs(rounded), Math.max(0, -place));
    return (rounded < 0 ? "−" : "") + grouped(text);
  }
  return sign + number(Math.log10(size), mcse / size / LN10, digits);
}

function percent(p, mcse = 0) {
  const coarse = (p >= 0.1 && p <= 0.9) || MOVES * mcse > 0.01;
  const decimals = coarse ? 0 : 1, least = coarse ? 0.01 : 0.001;
  const text = (x) => `${fixed(100 * x, decimals)}%`;
  if (p > 0 && p < least / 2) return `<${text(least)}`;
  return p >= 1 - least / 2 && p < 1 ? `>${text(1 - least)}` : text(p);
}
const chance = ([p, mcse]) => `${percent(p, mcse)} ± ${percent(mcse)}`;

function money(log10, mcse) {
  if (log10 > 5.99 && log10 < 14.99)
    for (const [exponent, word] of [[12, "trillion"], [9, "billion"], [6, "million"]])
      if (log10 >= exponent - 0.01) return `$${number(log10 - exponent, mcse)} ${word}`;
  return log10 === Infinity ? number(log10) : `$${number(log10, mcse)}`;
}

function duration(log10, mcse) {
  if (!Number.isFinite(log10)) return number(log10);
  for (const [unit, shift] of [["years", 0], ["days", Math.log10(365.25)], ["hours", Math.log10(365.25 * 24)]])
    if (log10 + shift >= 0 || unit === "hours") {
      const text = number(log10 + shift, mcse);
      return `${text} ${text === "1" ? unit.slice(0, -1) : unit}`;
    }
  return "";
}

/* The least of 1, 2, 5, 10 ... that stands for so many errors. */
function stepOf(error) {
  const least = MOVES * error, ten = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * ten).find((step) => step >= least * (1 - 1e-12));
}

const LAST = 2100, DECADES = 50;
function year(value, mcse = 0) {
  if (!Number.isFinite(value)) return number(value);
  if (value >= LAST + 1) return `after ${LAST}`;
  if (MOVES * mcse <= 1) return String(Math.floor(value));
  const step = Number.isFinite(mcse) ? Math.min(Math.max(stepOf(mcse), 5), DECADES) : DECADES;
  return `about ${fixed(Math.min(Number(fixed(value / step, 0)) * step, LAST), 0)}`;
}

function value(about, x, mcse = 0, digits = 2) {
  const { scale, unit, shown } = about;
  const text = scale === "calendar" ? year(x, mcse)
    : scale !== "log10" ? plain(x, mcse, digits)
      : unit === "USD" ? money(x, mcse)
        : unit === "year" ? duration(x, mcse) : number(x, mcse, digits);
  return `${text} ${shown}`.trim();
}

/* Quantiles as text: two digits, or as many as tell the first from the last. */
function told(about, quantiles) {
  const first = quantiles[0], last = quantiles.at(-1);
  const same = (digits) => value(about, first[0], 0, digits) === value(about, last[0], 0, digits);
  const enough = first[0] === last[0] ? 2 : ([2, 3, 4, 5].find((digits) => !same(digits)) ?? 2);
  return quantiles.map(([x, mcse]) => value(about, x, mcse, enough));
}

/* ---- what a view is, in the fragment of the address and as a command ---- */

const DEFAULTS = {
  target: "level", place: "population", from: 0.2, to: 0.8, baseline: "", rl_share: "posterior",
  technique: "next", rate: "posterior", form: "all", efficiency: "posterior", price: "posterior",
  year: "baseline", energy_share: 0, budget_share: 0, quantity: "rl_jump_ooms", over: "",
};
const NUMBERS = ["from", "to", "energy_share", "budget_share"];

function defaults(about) {
  return { ...DEFAULTS, ...Object.fromEntries(
    ["baseline", "energy_share", "budget_share"].map((key) => [key, about.question[key]])) };
}

function toFragment(s, about) {
  const base = defaults(about), given = Object.entries(s).filter(([k, v]) => String(v) !== String(base[k]));
  const text = new URLSearchParams(given).toString();
  return text ? `explore:${text}` : "explore";
}

function fromFragment(text, about) {
  const found = defaults(about);
  if (!text.startsWith("explore:")) return found;
  for (const [key, given] of new URLSearchParams(text.slice(8)))
    if (key in found) found[key] = NUMBERS.includes(key) ? Number(given) : given;
  const known = { place: about.places, baseline: about.baselines, quantity: about.quantities };
  for (const [key, table] of Object.entries(known))
    if (!(found[key] in table)) found[key] = defaults(about)[key];
  if (found.form !== "all" && !about.forms.includes(found.form)) found.form = "all";
  return found;
}

const quoted = (text) => (/^[\w.,=+-]+$/.test(text) ? text : `"${text}"`);

function command(s, about) {
  const base = defaults(about), entry = about.quantities[s.quantity], parts = ["tenfold ask", s.quantity];
  const takes = (name) => entry.arguments.includes(name);
  const option = (name, text) => parts.push(`--${name} ${quoted(String(text))}`);
  if (takes("benchmark") && s.place !== base.place) option("benchmark", s.place);
  if (takes("start") && s.target !== "level") option("from", s.from);
  if (takes("target") && s.target === "scores") option("to", s.to);
  if (takes("baseline") && s.baseline !== base.baseline) option("baseline", s.baseline);
  if (takes("date") && s.year !== base.year) option("date", s.year);
  for (const key of ["energy_share", "budget_share"])
    if (takes(key) && s[key] !== base[key]) option(key.replace("_", "-"), s[key]);
  if (!(s.technique in about.techniques)) option("set", `inference_per_training=${s.technique}`);
  if (s.rate !== "posterior") option("set", `exchange_rate=${s.rate}`);
  if (s.rl_share !== "posterior") option("set", `baseline.${s.baseline}.rl_share=${s.rl_share}`);
  for (const [key, name] of Object.entries(about.growth_constants))
    if (s[key] !== "posterior") option("set", `${name}=${s[key]}`);
  if (s.form !== "all") option("form", s.form);
  if (s.over !== "") option("over", s.over);
  return parts.join(" ");
}
