"""What the report reads of a stored run, and nothing else of it: posteriors are large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from tenfold.answers import headline
from tenfold.curves import Form
from tenfold.mixture import NEGLIGIBLE
from tenfold.posterior.scenario import Prior
from tenfold.runs.store import Run, posterior_file

BAND_DRAWS = 240
"""Draws of the mixture from which fitted curves and their bands are taken."""

Frame = Any
"""A pandas table. Type stubs cannot tell its columns apart; docstrings name them."""


@dataclass(frozen=True)
class Stored:
    """A run's posteriors and predictive draws in memory, by form."""

    run: Run
    points: xr.Dataset
    posterior: Mapping[Form, xr.Dataset]
    weights: dict[Form, float]

    @cached_property
    def draws(self) -> xr.Dataset:
        """Headline draws, mixed by the forms' weights."""
        return headline.of_run(self.run)

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


def read(run: Run) -> Stored:
    """The parts of a run that the report needs.

    Raises:
        SpecError: a missing or damaged file.
    """
    posterior: dict[Form, xr.Dataset] = {
        form: run.group(posterior_file(form), "posterior") for form in run.forms
    }
    weights: dict[Form, float] = {
        form: float(run.info["weights"].get(form, 0.0)) for form in run.forms
    }
    return Stored(run, run.points, posterior, weights)
