"""Several forecasters' scenarios side by side, and pooled with stated weights.

The pool is linear: a draw of one of them with the probability of its weight, so that its quantiles
lie between theirs and its spread holds their disagreement.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.question import Asked, Question, under
from tenfold.files import Mistakes, SpecError
from tenfold.runs.store import Run
from tenfold.scenarios.answering import answering, fitted
from tenfold.scenarios.gears import Say
from tenfold.scenarios.said import Said
from tenfold.scenarios.table import QUANTITIES


def weights(text: str) -> dict[str, float]:
    """Scenarios (names or files) and their shares of "a.toml:0.7,b.toml:0.3".

    Raises:
        SpecError: not that; weights that are not positive or do not sum to one.
    """
    found: dict[str, float] = {}
    mistakes = Mistakes()
    for part in text.split(","):
        with mistakes.gather():
            name, colon, share = (piece.strip() for piece in part.rpartition(":"))
            try:
                weight = float(share)
            except ValueError:
                weight = math.nan
            if not (colon and name and 0 < weight <= 1):
                raise SpecError(f"--pool {part}: expected SCENARIO:WEIGHT, such as mine.toml:0.7")
            if name in found:
                raise SpecError(f"--pool {name}: given twice")
            found[name] = weight
    mistakes.tell()
    total = sum(found.values())
    if abs(total - 1) > 1e-6:
        raise SpecError(f"--pool: weights sum to {total:g}; expected 1")
    return found


def pooled(
    run: Run,
    runs: Path,
    shares: dict[str, float],
    names: Sequence[str] = QUANTITIES,
    say: Say = lambda text: None,
) -> dict[str, dict[str, Any]]:
    """Quantities of each scenario and of their pool.

    Returns:
        Quantity -> `title`, `unit`, `scale`, and `rows` of `mixture.summarise` by scenario, the
        last of them "pool". `gears` by scenario stand under the key "".

    Raises:
        SpecError: as `answering`; an unknown quantity.
    """
    asked: dict[str, Asked] = {}
    gears: dict[str, Any] = {}
    for name in shares:
        said = Said((name,))
        answer = answering(said, fitted(said, runs) or run, runs, say=say)
        gears[name] = answer.gear
        question = under(Question(), answer.question)
        asked[name] = Asked(answer.draws, answer.constants, question)
    found: dict[str, dict[str, Any]] = {"": gears}
    for quantity in names:
        parts = {name: registry.draws_of(quantity, one) for name, one in asked.items()}
        weight = {name: one.draws["weight"] for name, one in asked.items()}
        values, whole = together(parts, weight, shares)
        first = next(iter(parts.values())).attrs
        rows = {n: mixture.summarise(parts[n], weight[n], first["unit"]) for n in parts}
        rows["pool"] = mixture.summarise(values, whole, first["unit"])
        entry = registry.named(quantity)
        about = {"title": first["title"], "unit": entry.unit, "scale": entry.scale}
        found[quantity] = about | {"rows": rows}
    return found


def together(
    parts: dict[str, xr.DataArray], weight: dict[str, xr.DataArray], shares: dict[str, float]
) -> tuple[xr.DataArray, xr.DataArray]:
    """Draws of several mixtures as one, whose components are their forms with weights to match.

    All are cut to the same number of draws.
    """
    size = min(values.sizes["draw"] for values in parts.values())
    chains = min(values.sizes["chain"] for values in parts.values())
    each, alike = [], []
    for name, values in parts.items():
        labels = [f"{name}: {form}" for form in weight[name]["form"].values]
        step = values.sizes["draw"] // size
        some = values.isel(draw=slice(None, size * step, step), chain=slice(chains))
        if "repeat" not in some.dims:
            some = some.expand_dims("repeat")
        bare = some.drop_vars(("chain", "draw", "repeat"), errors="ignore")
        each.append(bare.assign_coords(form=labels))
        alike.append((weight[name] * shares[name]).assign_coords(form=labels))
    repeats = max(one.sizes["repeat"] for one in each)
    each = [xr.concat([one] * (repeats // one.sizes["repeat"]), "repeat") for one in each]
    whole: Any = xr.concat(each, "form")
    share: Any = xr.concat(alike, "form")
    return whole, share
