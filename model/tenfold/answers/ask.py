"""Any quantity, any threshold, any condition: one answer as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from tenfold import mixture
from tenfold.answers import drivers, registry
from tenfold.answers.conditional import Sample
from tenfold.answers.conditions import Threshold, conditions, holds
from tenfold.answers.quantity import Quantity
from tenfold.answers.question import Asked

LEVELS = (50, 80, 90, 98)
BINS = 12
LAST = 2101.0
"""Dates are told apart up to then: trends say nothing of particular years beyond."""
DRIVEN = 0.02
"""What an input's PAWN has to exceed that of noise by, to be named."""


def ask(
    asked: Asked, name: str, thresholds: Sequence[Threshold] = (), given: str | None = None
) -> dict[str, Any]:
    """What is known of a quantity: quantiles, probabilities, histogram, drivers, what to ask next.

    Args:
        thresholds: ranges of the quantity, each of which gets a probability.
        given: a condition (`conditions.conditions`); only draws that meet it count.

    Returns:
        Keys `quantity, title, arguments, unit, kind, scale, level, given, p_given, median,
        intervals` by level, `p_never, probabilities, effective_draws, forms, histogram, drivers,
        essay, essay_percentile, rests_on, next`. Under scale "log10" values are log10 of the
        quantity in its unit.

    Raises:
        SpecError: unknown quantity, bad arguments or condition, too few draws.
    """
    entry, sample = registry.named(name), _sample(asked, name, given)
    essay = entry.essay(asked.question)
    driven = what_drives(asked, entry, sample)
    found: dict[str, Any] = {
        "quantity": name,
        "title": entry.titled(asked),
        "arguments": entry.stated(asked.question),
        "takes": list(entry.arguments),
        "unit": entry.unit,
        "kind": entry.kind,
        "scale": entry.scale,
        "level": entry.at_level(asked.question),
        "given": given,
        "p_given": _chance(*mixture.probability(sample.event, sample.weight)) if given else None,
        **_spread(sample),
        "probabilities": [_probability(sample, each) for each in thresholds],
        "effective_draws": sample.effective(),
        "forms": {
            str(form): {"weight": _form_weight(sample, form), **_spread(sample.form(form))}
            for form in sample.weight["form"].values
            if _form_weight(sample, form) > 0
        },
        "histogram": histogram(sample, LAST if entry.kind == "date" else math.inf),
        "drivers": driven,
        "rests_on": _rests_on(asked, entry),
    }
    if essay is not None:
        at = math.log10(essay) if entry.scale == "log10" else essay
        below, mcse = sample.probability(sample.values <= at)
        found |= {"essay": essay, "essay_percentile": below, "essay_percentile_mcse": mcse}
    return found | {"next": _next(asked, name, driven, given)}


def ask_event(asked: Asked, event: str, given: str | None = None) -> dict[str, Any]:
    """P(event), itself a condition: `probability`, `mcse`, by form, `effective_draws`.

    Raises:
        SpecError: as `ask`.
    """
    happens = holds(conditions(event), asked)
    sample = _conditioned(asked, happens.astype(float), given)
    return {
        "event": event,
        "given": given,
        **_chance(*sample.probability(happens)),
        "effective_draws": sample.effective(),
        "forms": {
            str(form): {"weight": _form_weight(sample, form)}
            | _chance(*sample.form(form).probability(happens.sel(form=[form])))
            for form in sample.weight["form"].values
            if _form_weight(sample, form) > 0
        },
    }


def cdf(sample: Sample, points: int = 201) -> list[tuple[float, float]]:
    """(value, P(at most that)) from the least to the largest finite draw.

    The last probability is 1 - P(never).
    """
    kept = sample.values.values[(sample.event & np.isfinite(sample.values)).values]
    grid = np.linspace(kept.min(), kept.max(), points) if kept.size else np.array([])
    return [(float(x), sample.probability(sample.values <= x)[0]) for x in grid]


def sample_of(asked: Asked, name: str, given: str | None = None) -> Sample:
    """A quantity's draws with a condition; errors as `ask`."""
    return _sample(asked, name, given)


def histogram(sample: Sample, most: float = math.inf) -> list[dict[str, float]]:
    """`BINS` equal bins over the middle 98% of finite draws up to `most`: `low`, `high`, `share`.

    The first and last bin take what lies beyond; never is left out.
    """
    low, high = sample.quantile(np.array([0.01, 0.99]))[0]
    finite = sample.values.values[(sample.event & np.isfinite(sample.values)).values]
    if not finite.size:
        return []
    low = max(low, finite.min()) if math.isfinite(low) else finite.min()
    high = min(high if math.isfinite(high) else finite.max(), max(most, low + 1))
    edges = np.linspace(low, high, BINS + 1)
    below = [0.0, *(sample.probability(sample.values <= x)[0] for x in edges[1:-1])]
    below.append(sample.probability(abs(sample.values) < np.inf)[0])
    shares = np.diff(below)
    return [
        {"low": float(a), "high": float(b), "share": float(share)}
        for a, b, share in zip(edges[:-1], edges[1:], shares, strict=True)
    ]


def what_drives(asked: Asked, entry: Quantity, sample: Sample) -> list[dict[str, Any]]:
    """Inputs that the spread comes from, largest first; none for what does not vary."""
    inputs = drivers.inputs_of(entry.arguments)
    found = {
        label: registry.draws_of(key, asked.but(**given))
        for label, (key, given) in inputs.items()
        if key != entry.name
    }
    kept = sample.values.values[sample.event.values]
    if not found or not (kept != kept[0]).any():
        return []
    rows = drivers.drivers(sample.values, found, sample.weight, given=sample.event)
    return [
        row | {"quantity": inputs[row["input"]][0], "arguments": inputs[row["input"]][1]}
        for row in rows
        if row["pawn"] > row["pawn_noise"] + DRIVEN
    ]


def _sample(asked: Asked, name: str, given: str | None) -> Sample:
    values = registry.draws_of(name, asked)
    return _conditioned(asked, values, given)


def _conditioned(asked: Asked, values: xr.DataArray, given: str | None) -> Sample:
    full = values.broadcast_like(asked.like).transpose(*asked.like.dims)
    event = holds(conditions(given) if given else (), asked)
    found = Sample(full, asked.draws["weight"], event)
    return found.checked(given) if given else found


def _spread(sample: Sample) -> dict[str, Any]:
    tails = [(50 - level / 2) / 100 for level in LEVELS]
    probs = np.array([0.5, *tails, *(1 - tail for tail in tails)])
    found, mcse = sample.quantile(probs)
    values = [mixture.plain(x) for x in found]
    errors = [mixture.plain(x) for x in mcse]
    n = len(LEVELS)
    return {
        "median": values[0],
        "median_mcse": errors[0],
        "intervals": {
            str(level): {
                "low": values[1 + i],
                "high": values[1 + n + i],
                "low_mcse": errors[1 + i],
                "high_mcse": errors[1 + n + i],
            }
            for i, level in enumerate(LEVELS)
        },
        "p_never": _chance(*sample.probability(sample.values == np.inf)),
    }


def _chance(p: float, mcse: float) -> dict[str, float]:
    return {"probability": p, "mcse": mcse}


def _form_weight(sample: Sample, form: str) -> float:
    """Weight of a form given the condition."""
    weight = float(sample.weight.sel(form=form))
    return weight * sample.form(form).share() / sample.share() if weight else 0.0


def _probability(sample: Sample, wanted: Threshold) -> dict[str, Any]:
    ends = {"low": mixture.plain(wanted.low), "high": mixture.plain(wanted.high)}
    found = _chance(*sample.probability(wanted.event(sample.values)))
    return {"relation": wanted.relation} | ends | found


def _rests_on(asked: Asked, entry: Quantity) -> list[str]:
    found = ["the posterior of the run"] if entry.level else []
    if "baseline" in entry.arguments:
        found.append(asked.constants.run(asked.question.baseline).title)
    if not entry.level or found[1:]:
        found.append(f"constants as of {asked.constants.as_of}")
    return found + ([entry.rests_on(asked)] if entry.rests_on else [])


def _next(
    asked: Asked, name: str, driven: list[dict[str, Any]], given: str | None
) -> dict[str, Any] | None:
    """The condition that would tell most: the strongest input above its median."""
    if not driven or given:
        return None
    key, arguments = driven[0]["quantity"], driven[0]["arguments"]
    entry, at = registry.named(key), asked.but(**arguments)
    middle = float(mixture.quantile(entry.draws(at), asked.draws["weight"], 0.5).item())
    return {
        "quantity": name,
        "input": key,
        "arguments": arguments,
        "above": middle,
        "scale": entry.scale,
        "unit": entry.unit,
    }
