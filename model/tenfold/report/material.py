"""Every number of the report, taken from the stored run before anything is drawn or written."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from tenfold import mixture
from tenfold.answers import answer, drivers, jump, scale
from tenfold.answers.answer import cost_answer, jump_answer
from tenfold.answers.constants import Constants
from tenfold.answers.quantities import QUANTITIES
from tenfold.answers.question import Asked, Question, curve_start
from tenfold.answers.registry import draws_of, table
from tenfold.answers.rows import Rows
from tenfold.claims import as_of, verdicts
from tenfold.claims.chain import chain
from tenfold.claims.spec import ClaimsFile
from tenfold.curves import Form
from tenfold.evidence import inventory
from tenfold.posterior import priors as prior_table
from tenfold.report import fitted
from tenfold.report.stored import Frame, Stored
from tenfold.scenarios import explored, rates
from tenfold.words.findings import Basis
from tenfold.words.numbers import figures

PRIOR_DRAWS = 20_000


@dataclass(frozen=True)
class Material:
    """What the report prints and draws.

    asked: the question, put to the run. own: `jump_answer` of another that was asked. answer, paid:
    `jump_answer` and `cost_answer` of the population; whole: cost rows when the whole run is
    scaled. curve: the jump on the curve by place. essay: its values by quantity; links: those that
    its argument goes through, as rows. longest: as `longest`.
    drivers: of RL OOMs for a level. scenarios: exchange rate of other stored runs. explored:
    influence, tornado and studies that are kept beside the run. None from cells to pit: what an
    edition does not keep.
    """

    stored: Stored
    constants_as_of: str
    asked: Asked
    own: dict[str, Any] | None
    answer: dict[str, Any]
    paid: dict[str, Any]
    whole: Rows
    years: xr.Dataset
    curve: list[dict[str, Any]]
    places: list[dict[str, Any]]
    claims: ClaimsFile
    results: list[verdicts.Result]
    then: dict[datetime.date, as_of.Then]
    chain: dict[str, Any]
    essay: dict[str, float]
    links: Rows
    longest: dict[str, Any]
    drivers: list[dict[str, Any]]
    parameters: Frame
    cells: Frame | None
    coverage: Frame | None
    prior_ranges: Frame | None
    curves: Frame | None
    pit: np.ndarray | None
    scenarios: list[dict[str, Any]]
    conflict: dict[str, Any] | None
    explored: dict[str, dict[str, Any]]

    @property
    def info(self) -> dict[str, Any]:
        """The run's `run.json`."""
        return self.stored.run.info

    def basis(self) -> Basis:
        """What the findings are made from."""
        draws = self.stored.draws
        regime = self.stored.points["series_regime"].values
        own = self.parameters.set_index("parameter").loc["exchange_rate"]
        return Basis(
            answer=self.answer,
            paid=self.paid,
            whole=self.whole,
            curve=self.curve,
            places=self.places,
            drivers=self.drivers,
            more=mixture.probability(draws["exchange_rate"] > 1, draws["weight"]),
            both=[str(name) for name in draws["shared_benchmark"].values],
            series={name: int((regime == name).sum()) for name in ("rl", "inference")},
            narrowed=float(own["ratio"]),
            weights={**self.stored.weights},
            weights_90=(self.info.get("leave_future_out") or {}).get("weights_90", {}),
        )


def gather(
    stored: Stored, constants: Constants, file: ClaimsFile, wanted: Question | None = None
) -> Material:
    """Compute everything; a second or two, from memory.

    Args:
        wanted: a question of the reader's own; its baseline is that of the whole page.
    """
    draws, wanted = stored.draws, stored.put(wanted or Question())
    question = replace(wanted, benchmark=None, start=None, target=None)
    asked = Asked(draws, constants, question)
    whole = asked.but(reading="whole")
    pit = fitted.pit(stored) if stored.whole else None
    ceilings: list[Form] = [
        form for form in stored.posterior if "ceiling_mean" in stored.posterior[form]
    ]
    return Material(
        stored=stored,
        constants_as_of=str(constants.as_of),
        asked=asked,
        own=jump_answer(draws, constants, wanted) if wanted != question else None,
        answer=jump_answer(draws, constants, question),
        paid=cost_answer(draws, constants, question),
        whole=table(whole, answer.costs(question)),
        years=asked.timing,
        curve=[_on_curve(asked, place, ceilings) for place in _places(draws)],
        places=[_exchange(asked, place) for place in _places(draws)],
        claims=file,
        results=verdicts.check_claims(draws, file.claim, constants),
        then=known_then(stored, constants, file),
        chain=chain(asked),
        essay=_essay(question),
        links=table(asked, answer.LINKS),
        longest=longest(stored.points, asked),
        drivers=answer.what_drives(asked, "rl_jump_ooms", drivers.JUMP),
        parameters=parameters(stored),
        cells=fitted.slopes_by_cell(stored) if stored.whole else None,
        coverage=None if pit is None else fitted.coverage(stored, pit),
        prior_ranges=fitted.prior_ranges(stored) if stored.whole else None,
        curves=fitted.curves_of_series(stored) if stored.whole else None,
        pit=pit,
        scenarios=rates.others(stored.run),
        conflict=rates.conflict(stored.run),
        explored=explored.current(stored.run, stored.run.path.parent),
    )


def known_then(
    stored: Stored, constants: Constants, file: ClaimsFile
) -> dict[datetime.date, as_of.Then]:
    """What was known on the days of claims, where that has been fitted beside the run."""
    days = {claim.as_of for claim in file.claim}
    found = (as_of.then(stored.run, stored.run.path.parent, constants, day) for day in days)
    return {each.day: each for each in found if each.draws is not None}


def _places(draws: xr.Dataset) -> list[str]:
    shared = [str(name) for name in draws["shared_benchmark"].values]
    return [jump.POPULATION, *shared, jump.NEW_BENCHMARK]


def _exchange(asked: Asked, place: str) -> dict[str, Any]:
    there = asked.but(benchmark=place)
    return {"place": place, "beyond": _beyond(there)} | _ended(table(there, answer.JUMP))


def _beyond(asked: Asked) -> float:
    """Probability that the jump by RL takes more OOMs than are drawn."""
    more = draws_of("rl_jump_ooms", asked) > scale.MOST_OOMS
    return mixture.probability(more, asked.draws["weight"])[0]


def _ended(rows: Rows) -> Rows:
    """Rows whose OOMs beyond what is drawn are told as such."""
    most, title = scale.MOST_OOMS, figures(scale.MOST_OOMS)
    return {
        key: {**row, "bound": most, "bound_title": title} if row["unit"] == "OOM" else row
        for key, row in rows.items()
    }


def _on_curve(asked: Asked, place: str, ceilings: list[Form]) -> dict[str, Any]:
    """The jump on the curve; P(never) also under each form with ceilings alone."""
    draws, start = asked.draws, curve_start(asked.draws, place)
    there = asked.but(benchmark=place, start=start)
    found = there.on_curve
    never = found["rl_jump_ooms"] == np.inf
    p, mcse = mixture.probability(never, draws["weight"])
    idle, idle_mcse = mixture.probability(found["no_gain"], draws["weight"])
    by_form = {}
    for form in ceilings:
        alone = never.sel(form=[form])
        by_form[form] = mixture.probability(alone, xr.ones_like(draws["weight"].sel(form=[form])))
    row = {
        "place": place,
        "start": start,
        "p_never": p,
        "mcse": mcse,
        "p_never_by_form": by_form,
        "p_no_gain": idle,
        "p_no_gain_mcse": idle_mcse,
    }
    return row | {"beyond": _beyond(there)} | _ended(table(there, answer.ON_CURVE))


def _essay(question: Question) -> dict[str, float]:
    """The essay's value of each quantity that it names, in the quantity's unit."""
    found = {name: entry.essay(question) for name, entry in QUANTITIES.items()}
    return {name: value for name, value in found.items() if value is not None}


def longest(points: xr.Dataset, asked: Asked) -> dict[str, Any]:
    """The RL series that spans the most OOMs, and the probability (`beyond`, with its `mcse`) that
    the jump by RL alone takes more."""
    rows = [row for row in inventory.table(points) if row["regime"] == "rl"]
    found = max(rows, key=lambda row: row["ooms"])
    beyond = draws_of("rl_jump_ooms", asked) > found["ooms"]
    p, mcse = mixture.probability(beyond, asked.draws["weight"])
    return {"series": found["series"], "ooms": found["ooms"], "beyond": p, "mcse": mcse}


def sources(points: xr.Dataset) -> list[dict[str, Any]]:
    """Sources with their links and terms; those that rows of the fit come from first."""
    rows = inventory.sources(points)
    for row in rows:
        row["link"] = row["url"] if row["url"].startswith("https://") else ""
    return sorted(rows, key=lambda row: -row["points"])


def prior_draws(stored: Stored, name: str, n: int = PRIOR_DRAWS) -> np.ndarray:
    """Draws of a top-level parameter, or of the exchange rate, from its prior."""
    rng = np.random.default_rng([stored.run.info["seed"], 3])
    if name == "exchange_rate":
        pair = prior_table.draw("log_slope_mean", stored.priors, (2, n), rng)
        return np.exp(pair[1] - pair[0])
    return prior_table.draw(name, stored.priors, (n,), rng)


def parameters(stored: Stored) -> Frame:
    """Prior against posterior of every top-level parameter; a vector has one row per label.

    Columns: parameter, label, unit, prior_sd, sd, ratio, prior_p05, prior_p50, prior_p95, p05, p50,
    p95, sensitivity ("" unless power scaling was stored: "ok", "prior-data conflict", ...).
    """
    rows = []
    names = ["exchange_rate", *stored.priors]
    unit = {"exchange_rate": "RL OOMs per inference OOM"}
    for name in names:
        prior = prior_draws(stored, name)
        before = np.quantile(prior, fitted.LEVELS)
        for label, values, weight in posterior_draws(stored, name):
            flat = xr.DataArray(values, dims=("form", "chain", "draw"), coords=weight.coords)
            after = mixture.quantile(flat, weight, fitted.LEVELS).values
            mean = float((weight * flat.mean(("chain", "draw"))).sum())
            square = float((weight * ((flat - mean) ** 2).mean(("chain", "draw"))).sum())
            row = {
                "parameter": name,
                "label": label,
                "unit": unit.get(name) or stored.priors[name].unit,
                "prior_sd": float(prior.std()),
                "sd": square**0.5,
                "ratio": square**0.5 / float(prior.std()),
            }
            row |= {f"prior_{k}": float(v) for k, v in zip(("p05", "p50", "p95"), before)}  # noqa: B905
            row |= {k: float(v) for k, v in zip(("p05", "p50", "p95"), after)}  # noqa: B905
            rows.append(row | {"sensitivity": _sensitivity(stored, name, label)})
    return pd.DataFrame(rows)


def posterior_draws(stored: Stored, name: str) -> list[tuple[str, np.ndarray, xr.DataArray]]:
    """(label, draws (form, chain, draw), weights) of a parameter, over the forms that have it."""
    forms: list[Form] = [
        form
        for form, values in stored.posterior.items()
        if name in values and stored.weights[form] > 0
    ]
    if not forms:
        return []
    total = sum(stored.weights[form] for form in forms)
    shares = [stored.weights[form] / total for form in forms]
    weight = xr.DataArray(shares, dims="form", coords={"form": forms})
    each = [stored.posterior[form][name] for form in forms]
    extra = [dim for dim in each[0].dims if dim not in ("chain", "draw")]
    if not extra:
        return [("", np.stack([values.values for values in each]), weight)]
    (dim,) = extra
    return [
        (str(label), np.stack([values.sel({dim: label}).values for values in each]), weight)
        for label in each[0][dim].values
    ]


def _sensitivity(stored: Stored, name: str, label: str) -> str:
    stored_by_form: Mapping[str, Any] = stored.run.info.get("diagnostics") or {}
    own = stored_by_form.get(stored.best, {}).get("power_scaling", {})
    return str(own.get(f"{name} {label}".strip(), {}).get("diagnosis", ""))
