"""Headline sentences and printed numbers: nothing is written here that was not computed."""

from __future__ import annotations

import math
import re
from typing import Any

from tenfold import mixture, units
from tenfold.report.material import Material
from tenfold.report.svg import SUPERSCRIPT

Row = dict[str, Any]

_BIG = ((12, "trillion"), (9, "billion"), (6, "million"))
YEAR = {"days": math.log10(365.25), "hours": math.log10(365.25 * 24)}
LABEL = {"gpt_level_ooms": "GPT level"}


def raised(text: str) -> str:
    """`10^26` as 10²⁶, which survives copying."""
    return re.sub(
        r"10\^(-?[\d,]+)", lambda m: "10" + m[1].replace(",", "").translate(SUPERSCRIPT), text
    )


def number(log10: float, unit: str = "") -> str:
    """A positive number from its log10 with two digits: "2,700", "170,000,000", "10³⁰⁰ TWh"."""
    return raised(units.format_log10(log10, unit))


def named(log10: float, unit: str = "") -> str:
    """The same with words for large numbers: "170 million TWh". The unit is repeated with each
    number, since "14 to 170 million" can be read in two ways."""
    if math.isfinite(log10) and 5.99 < log10 < 14.99:
        for power, word in _BIG:
            if log10 >= power - 0.01:
                return f"{units.format_log10(log10 - power)} {word}{unit}"
    if math.isinf(log10):
        return number(log10)
    return number(log10) + unit


def times(log10: float) -> str:
    """A multiple: "2,700×", "170 million×"."""
    return named(log10, "×")


def money(log10: float) -> str:
    """US dollars: "$1.3 trillion", "$8.3×10¹⁶", "never"."""
    return "never" if log10 == math.inf else f"${named(log10)}"


def duration(log10_years: float) -> str:
    """Years, or days or hours where that is less than one: "5.2 years", "10 days"."""
    if not math.isfinite(log10_years) or log10_years >= 0:
        unit, value = "years", log10_years
    elif log10_years + YEAR["days"] >= 0:
        unit, value = "days", log10_years + YEAR["days"]
    else:
        unit, value = "hours", log10_years + YEAR["hours"]
    return number(value) if math.isinf(value) else f"{number(value)} {unit}"


def spread(row: Row, write: Any) -> tuple[str, str]:
    """Median, and "low to high" of the 90% interval, written by a function of the quantile."""
    low, middle, high = (write(float(row[key])) for key in ("p05", "p50", "p95"))
    return middle, f"{low} to {high}"


def percent(p: float) -> str:
    """A probability in percent, to whole ones in the middle, never rounded to certainty."""
    return f"{p:.0%}" if 0.1 <= p <= 0.9 else mixture.percent(p)


def quantile_text(row: Row, key: str) -> str:
    """One quantile of a `mixture.table` row with its own scale, as printed."""
    value, unit = float(row[key]), row.get("unit", "")
    if row["scale"] == "log10":
        if unit == "USD":
            return money(value)
        return duration(value) if unit == "years" else number(value)
    return raised(mixture.text(row, key))


def unit_text(row: Row) -> str:
    """Unit of a `mixture.table` row where `quantile_text` has not printed it already."""
    unit = mixture.printed_unit(row)
    return "" if unit in ("USD", "years") else "OOMs" if unit == "OOM" else unit


def headlines(m: Material) -> list[dict[str, str]]:
    """The report's findings, in order: `label`, `value`, `interval`, `sentence`, `why`."""
    q, paid, whole = m.answer["quantities"], m.paid["quantities"], m.whole
    return [
        _rate(m),
        _jump(m, q),
        _multiplier(m, paid, whole),
        _electricity(paid, whole),
        _dollars(m, paid),
        _never(m),
    ]


def _card(label: str, pair: tuple[str, str], sentence: str, why: str) -> dict[str, str]:
    return {
        "label": label,
        "value": pair[0],
        "interval": pair[1],
        "sentence": sentence,
        "why": why,
    }


def _rate(m: Material) -> dict[str, str]:
    from tenfold.mixture import probability

    draws = m.stored.draws
    row, new = (m.answer["exchange_rates"][k] for k in ("population", "new benchmark"))
    more = probability(draws["exchange_rate"] > 1, draws["weight"])
    both = ", ".join(str(name) for name in draws["shared_benchmark"].values)
    own = m.parameters.set_index("parameter").loc["exchange_rate"]
    series = m.stored.points["series_regime"].values
    middle, ends = spread(row, mixture.format_plain)
    return _card(
        "RL OOMs per inference OOM",
        (middle, ends),
        f"To match tenfold the inference compute, RL training compute has to grow by {middle} "
        f"orders of magnitude ({ends}). RL needs more orders of magnitude than inference with "
        f"probability {mixture.chance(*more)}. On a benchmark not seen yet the rate is "
        f"{' ('.join(spread(new, mixture.format_plain))}).",
        f"Rests on {int((series == 'rl').sum())} RL and {int((series == 'inference').sum())} "
        f"inference series; benchmarks with both: {both or 'none'}. The evidence narrowed the "
        f"prior to {own['ratio']:.0%} of its standard deviation.",
    )


def _jump(m: Material, q: dict[str, Row]) -> dict[str, str]:
    rl, inference = q["rl_jump_ooms"], q["inference_jump_ooms"]
    new = next(row for row in m.places if row["place"] == "new benchmark")["rl_jump_ooms"]
    middle, ends = spread(rl, mixture.format_plain)
    by = ", ".join(
        f"{row['input']} {row['variance_explained']:.0%}"
        for row in m.drivers[:3]
        if row["variance_explained"] is not None
    )
    between = m.answer["between_form_share"]
    forms = "" if between is None else f" {between:.1%} of it lies between the curve forms."
    return _card(
        "RL OOMs for one GPT level",
        (middle, ends),
        f"One GPT level through RL alone takes {middle} OOMs of RL compute ({ends}), "
        f"that is {' ('.join(spread(rl, times))}). Through inference alone it takes "
        f"{' ('.join(spread(inference, mixture.format_plain))}). On a benchmark not seen yet RL "
        f"takes {' ('.join(spread(new, mixture.format_plain))}); costs are for the "
        "population of benchmarks.",
        f"Share of the variance that each input explains alone: {by}.{forms}" if by else forms,
    )


def _multiplier(m: Material, paid: dict[str, Row], whole: dict[str, Row]) -> dict[str, str]:
    row, room = paid["log10_training_multiplier"], m.paid["room_left"]
    middle, ends = spread(row, times)
    share = spread(paid["log10_rl_share"], lambda v: f"{10**v:.0%}")
    cheap = " (".join(spread(room["cheap_rl_ooms"], mixture.format_plain))
    return _card(
        "Training compute, multiplied by",
        (middle, ends),
        f"If only the RL part of {m.paid['baseline']} is scaled up, its total training compute "
        f"grows {middle} ({ends}); if the whole run is, "
        f"{' ('.join(spread(whole['log10_training_multiplier'], times))}).",
        f"RL is taken as {share[0]} of pre-training in that run ({share[1]}), an outside estimate. "
        f"Total training compute doubles after {cheap}) OOMs of RL.",
    )


def _electricity(paid: dict[str, Row], whole: dict[str, Row]) -> dict[str, str]:
    name = "log10_years_of_world_electricity"
    row, energy = paid[name], paid["log10_energy_twh"]
    middle, ends = spread(row, duration)
    return _card(
        "World electricity",
        (middle, ends),
        f"On the baseline's hardware that run uses {' ('.join(spread(energy, _twh))}), "
        f"as much as the world generates in {middle} ({ends}). Scaling the whole run: "
        f"{' ('.join(spread(whole[name], duration))}).",
        "The interval spans "
        + _factor(row)
        + " because the uncertainty is in the exponent; a median alone says little.",
    )


def _twh(log10: float) -> str:
    return named(log10, " TWh")


def _factor(row: Row) -> str:
    """How far apart the ends of an interval are."""
    low, high = float(row["p05"]), float(row["p95"])
    return "every scale" if math.isinf(high) else f"a factor of {named(high - low)}"


def _dollars(m: Material, paid: dict[str, Row]) -> dict[str, str]:
    middle, ends = spread(paid["log10_cost_usd"], money)
    first, dates, ask = m.paid["timing"]["first_year"], m.paid["dates"], m.paid["question"]
    by, late = dates["by_2030"], dates["later_or_never"]
    return _card(
        "Training cost",
        (middle, ends),
        f"At the baseline's prices the run costs {middle} ({ends}). On trend, with a budget up to "
        f"{ask['budget_share']:.0%} of world GDP and up to {ask['energy_share']:.0%} of world "
        f"electricity, it becomes affordable in {mixture.text(first, 'p50')} "
        f"({mixture.text(first, 'p05')} to {mixture.text(first, 'p95')}): by the end of 2030 with "
        f"probability {mixture.chance(by['probability'], by['mcse'])}, after 2050 or never with "
        f"{mixture.chance(late['probability'], late['mcse'])}.",
        f"Spread of the electricity and the cost: {_leading(m.paid['drivers'])}",
    )


def _never(m: Material) -> dict[str, str]:
    rows = {row["place"]: row for row in m.curve}
    here, new = rows["population"], rows["new benchmark"]
    alone = here["p_never_by_form"]
    held = sum(m.stored.weights[form] for form in alone)
    ends = (m.info.get("leave_future_out") or {}).get("weights_90", {})
    weight = f"{held:.0%} of the weight"
    if len(alone) == 1 and set(alone) <= set(ends):
        low, high = ends[next(iter(alone))]
        weight += f" ({low:.0%} to {high:.0%}, by resampled series)"
    each = ", ".join(f"{form} {mixture.chance(*found)}" for form, found in alone.items())
    return _card(
        "Probability that no amount of RL is enough",
        (percent(here["p_never"]), f"Monte Carlo error {mixture.percent(here['mcse'])}"),
        f"From a score of {here['start']:.0%}, RL never reaches what the inference jump reaches, "
        f"with probability {mixture.chance(here['p_never'], here['mcse'])} at the population's "
        f"slopes and median ceiling, and {mixture.chance(new['p_never'], new['mcse'])} on a new "
        "benchmark.",
        f"Only forms with ceilings can say never; they hold {weight}, which bounds this "
        "probability from above." + (f" Under such a form alone: {each}." if each else ""),
    )


def _leading(rows: list[Row]) -> str:
    named = [
        f"{row['input']} {row['variance_explained']:.0%}"
        for row in rows[:3]
        if row["variance_explained"] is not None
    ]
    return ", ".join(named) + " of its variance, each alone." if named else "see the drivers."
