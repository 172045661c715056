"""What the report reads of a stored run, and nothing else of it: posteriors are large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from tenfold.answers import headline
from tenfold.answers.question import Question, under
from tenfold.curves import Form
from tenfold.mixture import NEGLIGIBLE
from tenfold.posterior.scenario import Prior
from tenfold.runs.store import Run, posterior_file
from tenfold.scenarios.gears import Answering
from tenfold.words.scenarios import gear_lines

BAND_DRAWS = 240
"""Draws of the mixture from which fitted curves and their bands are taken."""

Frame = Any
"""A pandas table. Type stubs cannot tell its columns apart; docstrings name them."""


@dataclass(frozen=True)
class Stored:
    """A run's posteriors and predictive draws in memory, by form; and what answers instead of it.

    what_if: what was changed, in words, and what answers.
    """

    run: Run
    points: xr.Dataset
    posterior: Mapping[Form, xr.Dataset]
    weights: dict[Form, float]
    what_if: tuple[str, Answering] | None = None

    @property
    def whole(self) -> bool:
        """Whether it has curves of single series and predictive draws; an edition has not."""
        return "edition" not in self.run.info

    @cached_property
    def draws(self) -> xr.Dataset:
        """Headline draws, mixed by the forms' weights."""
        return self.what_if[1].draws if self.what_if else headline.of_run(self.run)

    def put(self, question: Question) -> Question:
        """A question, with what the scenario says of it."""
        return under(question, self.what_if[1].question) if self.what_if else question

    def changed(self) -> list[str]:
        """What was changed and how that was answered, in sentences; none where nothing was."""
        if not self.what_if:
            return []
        name, answer = self.what_if
        return gear_lines(name, answer.about())

    @property
    def best(self) -> Form:
        """The form with the largest weight."""
        return max(self.weights, key=lambda form: self.weights[form])

    @cached_property
    def priors(self) -> dict[str, Prior]:
        """The run's prior table."""
        return {
            name: Prior.model_validate(value) for name, value in self.run.info["priors"].items()
        }

    def used(self) -> list[Form]:
        """Forms whose weight is not negligible."""
        return [form for form, weight in self.weights.items() if weight >= NEGLIGIBLE]

    def predictive(self, group: str, variable: str) -> dict[Form, np.ndarray]:
        """Predictive draws, shape (draw, obs), of every form in use.

        Args:
            group: "prior_predictive" or "posterior_predictive".
        """
        found = {}
        for form in self.used():
            stored = self.run.group(posterior_file(form), group, [variable])
            values = np.asarray(stored[variable].values)
            found[form] = values.reshape(-1, values.shape[-1])
        return found

    def mixture(self, form: Form) -> slice:
        """Which flattened draws stand for `form` among `BAND_DRAWS` of the mixture."""
        total = self.posterior[form].sizes["chain"] * self.posterior[form].sizes["draw"]
        wanted = max(1, round(BAND_DRAWS * self.weights[form]))
        return slice(0, None, max(1, total // wanted))


def read(run: Run, what_if: tuple[str, Answering] | None = None) -> Stored:
    """The parts of a run that the report needs; of the forms that answer.

    Raises:
        SpecError: a missing or damaged file.
    """
    weights: dict[Form, float] = {
        form: float(run.info["weights"].get(form, 0.0)) for form in run.forms
    }
    if what_if:
        weight = what_if[1].draws["weight"]
        weights = {form: weight.sel(form=form).item() for form in weight["form"].values.tolist()}
    posterior: dict[Form, xr.Dataset] = {
        form: run.group(posterior_file(form), "posterior") for form in weights
    }
    return Stored(run, run.points, posterior, weights, what_if)
