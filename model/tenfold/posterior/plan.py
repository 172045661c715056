"""Everything a fit needs: a scenario resolved into points, priors and choices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from tenfold.evidence import dataset as evidence
from tenfold.files import SpecError
from tenfold.posterior import priors as prior_table
from tenfold.posterior.scenario import ModelChoice, Prior, Scenario, Settings


@dataclass(frozen=True)
class Plan:
    """A scenario with its evidence and priors loaded."""

    name: str
    scenario: Scenario
    points: xr.Dataset
    priors: dict[str, Prior]

    @property
    def choice(self) -> ModelChoice:
        """Structure of the model."""
        return self.scenario.model

    @property
    def settings(self) -> Settings:
        """Sampler settings."""
        return self.scenario.settings


def prepare(name: str, scenario: Scenario, folders: tuple[Path, ...] = ()) -> Plan:
    """Load evidence and priors for a scenario.

    Args:
        folders: the user's own evidence folders, beside the shipped one.

    Raises:
        SpecError: bad evidence, a filter that matches nothing, an unknown prior.
    """
    chosen = scenario.points
    loaded = evidence.load(
        extra=folders,
        include={key: tuple(value) for key, value in chosen.include.items()},
        exclude={key: tuple(value) for key, value in chosen.exclude.items()},
        outliers=chosen.outliers,
    )
    usable = evidence.usable(loaded)
    if not usable.sizes["obs"]:
        raise SpecError(f"scenario.{name}.points: no usable series is left")
    if chosen.reading_error_scale != 1:
        usable = evidence.rescale_errors(usable, chosen.reading_error_scale)
    if chosen.shuffle_families:
        rng = np.random.default_rng(scenario.settings.seed)
        order = rng.permutation(usable.sizes["series"])
        for variable in ("family_index", "series_family"):
            usable[variable] = ("series", usable[variable].values[order])
    priors = prior_table.patched(prior_table.load(), scenario.priors, f"scenario.{name}")
    return Plan(name, scenario, usable, priors)
