"""What a scenario changes in a stored run, and the cheapest gear that answers each change exactly.

- none: nothing that is asked depends on it;
- propagate: read by answers, draw by draw (constants, stated numbers, arguments, stored forms);
- block: a part that no curve enters, sampled anew alone;
- reweight: stored draws weighed for other priors or less evidence;
- refit: the same structure on other evidence or where no stored draw can be, from the typical
  values of the stored run;
- rebuild: another structure, from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from tenfold.evidence import dataset
from tenfold.files import Mistakes, SpecError, did_you_mean
from tenfold.posterior import priors as prior_table
from tenfold.posterior import structure
from tenfold.posterior.plan import prepare
from tenfold.posterior.priors import Priors
from tenfold.posterior.scenario import READ_BY_ANSWERS, PointsChoice, Prior, Scenario
from tenfold.runs.store import Run
from tenfold.scenarios import block
from tenfold.spec import validate

Gear = Literal["none", "propagate", "block", "reweight", "refit", "rebuild"]
GEARS: tuple[Gear, ...] = get_args(Gear)
FITTED = GEARS[3:]
"""Gears that change what curves say."""


@dataclass(frozen=True)
class Less:
    """Masks over a run's points, generation shifts and trade-offs, of what stays."""

    obs: np.ndarray
    shifts: np.ndarray
    tradeoff: np.ndarray

    @classmethod
    def nothing(cls, points: xr.Dataset) -> Less:
        """Everything stays."""
        sizes = (points.sizes[dim] for dim in ("obs", "shift", "tradeoff"))
        return cls(*(np.ones(size, dtype=bool) for size in sizes))


@dataclass(frozen=True)
class Changes:
    """What differs between a run and a scenario.

    Attributes:
        gears: what is changed, in words, and the least gear for it.
        before, after: prior tables.
        less: of evidence what stays, where some goes.
    """

    gears: Mapping[str, Gear]
    before: Priors
    after: Priors
    less: Less | None

    @property
    def gear(self) -> Gear:
        """The least gear that does all of it."""
        return heaviest(self.gears.values())

    @property
    def blocks(self) -> list[block.Block]:
        """Blocks that change."""
        names = {n for n in self.after if self.after[n] != self.before.get(n)}
        found = [one for one in block.BLOCKS if names & {one.mean, one.sd}]
        fewer = self.less is not None and not self.less.tradeoff.all()
        if fewer and block.TRADEOFF not in found:
            found.append(block.TRADEOFF)
        return found


@dataclass(frozen=True)
class Fitted:
    """What a fit rests on, as far as scenarios change it; `points` are read when needed."""

    spec: Scenario
    priors: Priors
    forms: tuple[str, ...]
    points: Callable[[], xr.Dataset]

    @classmethod
    def of_run(cls, run: Run) -> Fitted:
        """That of a stored run."""
        then = validate(run.info["spec"], Scenario, "spec")
        return cls(then, priors_of(run), run.forms, lambda: run.points)

    @classmethod
    def of_today(cls, spec: Scenario) -> Fitted:
        """That of the shipped evidence and priors under a scenario."""
        points = cache(lambda: prepare("today", spec).points)
        return cls(spec, prior_table.load(), spec.model.forms, points)


def heaviest(gears: Iterable[Gear]) -> Gear:
    """The one of some gears that does what each of them does."""
    none: Gear = "none"
    return max((none, *gears), key=GEARS.index)


def priors_of(run: Run) -> dict[str, Prior]:
    """The prior table that a run was fitted with."""
    return {name: validate(table, Prior, name) for name, table in run.info["priors"].items()}


def _within(after: Prior, before: Prior) -> bool:
    """Whether draws from `before` can reach all that `after` allows: no weight makes up for it."""
    low, high = _support(after)
    least, most = _support(before)
    return least <= low and high <= most


def _support(prior: Prior) -> tuple[float, float]:
    frozen = prior_table.distribution(prior.family, prior_table.hyperparameters(prior))
    low, high = frozen.support()
    return float(low) + prior.shift, float(high) + prior.shift


def changes(fitted: Fitted, scenario: Scenario) -> Changes:
    """What a scenario changes in a fit.

    Raises:
        SpecError: an unknown prior, a filter that matches nothing, all evidence of a regime gone.
    """
    then, before = fitted.spec, fitted.priors
    gears: dict[str, Gear] = {}
    mistakes = Mistakes()
    after = before
    with mistakes.gather():
        after = prior_table.patched(before, scenario.priors, "scenario")
    for name in after:
        if after[name] != before.get(name):
            wider = True
            with mistakes.gather():
                wider = name not in before or not _within(after[name], before[name])
            by_draws: Gear = "refit" if wider else "reweight"
            gears[f"prior of {name}"] = "block" if name in block.PRIORS else by_draws
    less = None
    if then.points != scenario.points:
        with mistakes.gather():
            less = _evidence(fitted.points(), then.points, scenario.points, gears)
    if not set(scenario.model.forms) <= set(fitted.forms):
        gears["curve forms"] = "rebuild"
    elif set(scenario.model.forms) != set(fitted.forms):
        gears["curve forms"] = "propagate"
    if then.model.shift_evidence and not scenario.model.shift_evidence:
        gears["generation shifts left out"] = "reweight"
        less = less or Less.nothing(fitted.points())
        less.shifts[:] = False
    for key, value in scenario.model:
        if key not in ("forms", "shift_evidence") and value != getattr(then.model, key):
            gears[f"model.{key}"] = "rebuild"
    if scenario.model.shift_evidence and not then.model.shift_evidence:
        gears["generation shifts"] = "rebuild"
    for key in sorted(READ_BY_ANSWERS):
        if getattr(scenario, key):
            gears |= dict.fromkeys(_named(key, getattr(scenario, key)), "propagate")
    mistakes.tell()
    return Changes(gears, before, after, less)


def _named(key: str, value: Any) -> list[str]:
    """Entries of a table that answers read, in words."""
    if isinstance(value, bool):
        return ["RL at a fixed token budget"]
    if key == "baselines":
        return [f"{run}.{field}" for run, fields in value.items() for field in fields]
    return list(value)


def _evidence(
    points: xr.Dataset, then: PointsChoice, now: PointsChoice, gears: dict[str, Gear]
) -> Less:
    """What stays of a run's evidence; `gears` gets what changes."""
    less = Less.nothing(points)
    obs, tradeoff = less.obs, less.tradeoff
    mistakes = Mistakes()
    for word in ("exclude", "include"):
        old, new = getattr(then, word), getattr(now, word)
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) == new.get(key):
                continue
            label = f"{'without' if word == 'exclude' else 'only'} {key} "
            label += ", ".join(new.get(key, old.get(key)))
            if not _narrower(word, old.get(key), new.get(key)):
                gears[label] = "refit"
                continue
            with mistakes.gather():
                target = {"shift": less.shifts, "tradeoff": tradeoff}.get(key, obs)
                hits = _hits(points, key, new[key], word)
                target &= ~hits if word == "exclude" else hits
                gears[label] = "block" if key == "tradeoff" else "reweight"
    mistakes.tell()
    for key in ("outliers", "reading_error_scale", "shuffle_families"):
        if getattr(then, key) != getattr(now, key):
            gears[f"points.{key}"] = "refit"
    if not obs.all():
        _checked(points, obs)
        if not whole(points, obs):
            gears["parts of series"] = "refit"
    if not tradeoff.any() and points.sizes["tradeoff"]:
        raise SpecError("points: no trade-off is left; the jump needs one")
    return less


def _narrower(word: str, old: Sequence[str] | None, new: Sequence[str] | None) -> bool:
    """Whether new patterns keep nothing that the old ones did not."""
    if new is None:
        return False
    if word == "exclude":
        return set(old or ()) <= set(new)
    return old is None


def _hits(points: xr.Dataset, key: str, patterns: Sequence[str], word: str) -> np.ndarray:
    """Which points (or rows of a table) match any pattern.

    Raises:
        SpecError: a pattern that matches nothing.
    """
    labels = labels_of(points, key)
    known = sorted(set(labels.tolist()))
    found = np.zeros(labels.size, dtype=bool)
    for pattern in patterns:
        matching = [label for label in known if fnmatchcase(label, pattern)]
        if not matching:
            hint = did_you_mean(pattern, known)
            hint = hint if hint.startswith("; did") or len(known) < 12 else ""
            raise SpecError(f"points.{word}.{key}: {pattern!r} matches nothing{hint}")
        found |= np.isin(labels, matching)
    return found


def labels_of(points: xr.Dataset, key: str) -> np.ndarray:
    """Labels of the points by a key of filters; of the rows for "shift" and "tradeoff".

    Raises:
        SpecError: no such key.
    """
    if key in dataset.TABLE_KEYS:
        return points[key].values.astype(str)
    if key not in dataset.POINT_KEYS:
        known = did_you_mean(key, [*dataset.POINT_KEYS, *dataset.TABLE_KEYS])
        raise SpecError(f"points: unknown key {key!r}{known}")
    if key == "mode":
        return np.where(points["non_thinking"].values, "non-thinking", "thinking")
    if key == "model":
        return points["model"].values.astype(str)
    index = points["series_index"].values
    series = points["series" if key == "series" else f"series_{key}"].values
    return series.astype(str)[index]


def _checked(points: xr.Dataset, obs: np.ndarray) -> None:
    """Refuses a choice that leaves a regime without evidence."""
    regime = points["series_regime"].values[points["series_index"].values]
    for name in np.unique(regime):
        if not (regime[obs] == name).any():
            raise SpecError(
                f"points: no {name} evidence is left; the exchange rate needs both regimes"
            )


def whole(points: xr.Dataset, obs: np.ndarray) -> bool:
    """Whether series go as a whole, and those that stay keep their part in the model.

    A second axis of a run becomes a curve of its own once the first is gone.
    """
    index = points["series_index"].values
    kept = np.bincount(index, obs, points.sizes["series"])
    count = np.bincount(index, minlength=points.sizes["series"])
    stays = kept > 0
    first = points["twin_index"].values[structure.twins(points) & stays]
    return bool((kept[stays] == count[stays]).all() and stays[first].all())


def series_of(points: xr.Dataset, obs: np.ndarray) -> np.ndarray:
    """Mask over `series` of those with a point among `obs`."""
    return np.bincount(points["series_index"].values, obs, points.sizes["series"]) > 0
