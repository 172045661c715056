"""What each input does to an answer: the answer with the input at its 5% and at its 95%.

A constant is set to its own 5% and 95%, an estimate (exchange rate, ...) to those of its posterior,
a prior is made half and twice as wide, each curve form answers alone, and each publication is left
out. All go through `answering`, as what-ifs; those that would need a fit are left out. Plain data,
for tables and figures alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import PrivateAttr

from tenfold import mixture
from tenfold.answers import drivers, registry
from tenfold.answers.ask import DRIVEN
from tenfold.answers.constants import Constant, Constants
from tenfold.answers.question import Asked, Question, under
from tenfold.files import SpecError, did_you_mean
from tenfold.runs.store import Run
from tenfold.scenarios import influence, shapley, stated
from tenfold.scenarios.answering import answering, fitted
from tenfold.scenarios.changes import priors_of
from tenfold.scenarios.gears import NeedsFit
from tenfold.scenarios.said import Said

ENDS = (0.05, 0.95)
WIDTHS = (0.5, 2.0)
DRAWS = 4000
"""Draws of equal weight for measures of the whole distribution."""
KINDS = ("constant", "estimate", "form", "prior", "data")

Row = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Input:
    """An input and what is said of it at each of its ends; None is the base."""

    name: str
    kind: str
    low: Said | None
    high: Said | None
    at: tuple[str, str]


def tornado(
    run: Run,
    runs: Path,
    quantity: str,
    question: Question | None = None,
    kinds: tuple[str, ...] = KINDS,
    say: Say = lambda text: None,
) -> dict[str, Any]:
    """The answer with each input at its ends, by how far they move it, largest first.

    Args:
        run: that of the base; refits that are kept in `runs` speak for what needs one.
        question: arguments of the quantity.
        kinds: of `KINDS`, those to try.

    Returns:
        `quantity`, `title`, `unit`, `scale`, `median`; `inputs`: rows of `input`, `kind`, `at_low`,
        `at_high` (what it was set to), `low`, `high` (medians then; log10 under scale "log10"),
        `swing` (the distance between them), `direction` ("up", "down" or "") and the `gear`s;
        `measures`: rows of `drivers.drivers` with `shapley`; `not_tried`: inputs that need a fit.

    Raises:
        SpecError: unknown quantity, or one that the run does not tell.
    """
    asked_of = question or Question()
    base = answering(Said(), run, runs)
    asked = Asked(base.draws, base.constants, under(asked_of, base.question))
    entry = registry.named(quantity)
    middle = _median(asked, quantity)
    listed, untried = [], []
    for one in inputs(asked, run, quantity):
        if one.kind not in kinds:
            continue
        say(f"{one.kind}: {one.name}")
        try:
            found = [_at(said, run, runs, quantity, asked.question) for said in (one.low, one.high)]
        except NeedsFit:
            untried.append(one.name)
            continue
        values = [middle if value is None else value for value, _ in found]
        if values[0] != values[1]:
            listed.append(_row(one, values, [gear for _, gear in found]))
    return {
        "quantity": quantity,
        "title": entry.titled(asked),
        "unit": entry.unit,
        "scale": entry.scale,
        "median": mixture.plain(middle),
        "inputs": sorted(listed, key=lambda row: (-float(row["swing"]), row["input"])),
        "measures": measures(asked, quantity),
        "not_tried": untried,
    }


def checked(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds of inputs.

    Raises:
        SpecError: one that there is not.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise SpecError(f"--kind {kind}: unknown{did_you_mean(kind, list(KINDS))}")
    return kinds


def inputs(asked: Asked, run: Run, quantity: str) -> Iterator[Input]:
    """Every input that the quantity may depend on."""
    constants, baseline = asked.constants, asked.question.baseline
    own = constants.run(baseline).rl_share
    for name in constants_read(asked, quantity):
        row = constants.constant[name]
        if name != own:
            yield _number(name, "constant", f"constants.{name}", (row.low, row.high))
    share = asked.base["rl_share"].log10
    ends = 10 ** mixture.quantile(share, asked.draws["weight"], ENDS).values
    yield _number(f"RL share of {baseline}", "constant", f"baseline.{baseline}.rl_share", ends)
    for name in stated.VALUES:
        ends = mixture.quantile(asked.draws[name], asked.draws["weight"], ENDS).values
        yield _number(name, "estimate", name, ends)
    forms = [form for form in run.forms if len(run.forms) > 1]
    for form in forms:
        yield Input(form, "form", None, Said(forms=(form,)), ("mixture", "alone"))
    for name, prior in priors_of(run).items():
        if prior.sigma is not None:
            saids = [Said(sets=(f"priors.{name}.sigma={k * prior.sigma}",)) for k in WIDTHS]
            yield Input(name, "prior", saids[0], saids[1], ("half as wide", "twice as wide"))
    for label in influence.labels(run, "publication"):
        drop = influence.without(run, "publication", label)
        yield Input(label, "data", None, drop, ("with it", "without it"))


def constants_read(asked: Asked, quantity: str) -> list[str]:
    """Names of the constants that a quantity's draws are made of, none that follow from others."""
    heard = Heard.model_construct(**dict(asked.constants))
    registry.draws_of(quantity, Asked(asked.draws, heard, asked.question))
    rows = {name: heard.constant[name] for name in sorted(heard.read)}
    return [n for n, row in rows.items() if not row.numerator and row.low < row.high]


class Heard(Constants):
    """Constants that note which of them are read."""

    _read: set[str] = PrivateAttr(default_factory=set)

    @property
    def read(self) -> set[str]:
        """Names so far."""
        return self._read

    def named(self, name: str) -> Constant:
        """As `Constants.named`."""
        self._read.add(name)
        return super().named(name)


def measures(asked: Asked, quantity: str) -> list[Row]:
    """PAWN, correlation ratio, rank correlation and Shapley effect of a quantity's inputs.

    Slopes are left out: the exchange rate is their ratio. Of inputs that noise would do as well as
    the Shapley effect is None.
    """
    output = registry.draws_of(quantity, asked).broadcast_like(asked.like)
    if np.unique(output.values).size < 2:
        return []
    wanted = {
        label: at
        for label, at in drivers.inputs_of(registry.named(quantity).arguments).items()
        if at[0] not in (quantity, "slope")
    }
    draws = {
        label: registry.draws_of(name, asked.but(**given)).broadcast_like(asked.like)
        for label, (name, given) in wanted.items()
    }
    weight, seed = asked.draws["weight"], asked.question.seed
    rows = drivers.drivers(output, draws, weight, seed=seed) if draws else []
    best = [row["input"] for row in rows if row["pawn"] > row["pawn_noise"] + DRIVEN]
    best = best[: shapley.MOST]
    if not best:
        return [row | {"shapley": None} for row in rows]
    drawn = mixture.sample({"output": output} | {n: draws[n] for n in best}, weight, DRAWS, seed)
    effects = shapley.effects({name: drawn[name] for name in best}, drawn["output"], seed)
    return [row | {"shapley": effects.get(row["input"])} for row in rows]


def _number(name: str, kind: str, key: str, ends: Any) -> Input:
    low, high = (str(float(value)) for value in ends)
    said = [Said(sets=(f"{key}={value}",)) for value in (low, high)]
    return Input(name, kind, said[0], said[1], (low, high))


def _at(
    said: Said | None, run: Run, runs: Path, quantity: str, question: Question
) -> tuple[float | None, str]:
    """Median of a quantity under a what-if, and the gear; None for the base."""

    def depends(draws: Any, constants: Constants) -> dict[str, Any]:
        return {quantity: registry.draws_of(quantity, Asked(draws, constants, question))}

    if said is None:
        return None, "none"
    start = fitted(said, runs) or run
    found = answering(said, start, runs, depends, fit=False)
    return _median(Asked(found.draws, found.constants, question), quantity), found.gear


def _median(asked: Asked, quantity: str) -> float:
    values = registry.draws_of(quantity, asked)
    return mixture.quantile(values, asked.draws["weight"], [0.5]).item()


def _row(one: Input, values: list[float], gears: list[str]) -> Row:
    low, high = values
    return {
        "input": one.name,
        "kind": one.kind,
        "at_low": one.at[0],
        "at_high": one.at[1],
        "low": mixture.plain(low),
        "high": mixture.plain(high),
        "swing": mixture.plain(abs(high - low)),
        "direction": "up" if high > low else "down",
        "gears": gears,
    }
