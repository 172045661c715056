"""What scenarios read of a stored run, kept in memory once it is read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from tenfold.answers import headline
from tenfold.curves import Form
from tenfold.runs import netcdf, store
from tenfold.scenarios import changes

if TYPE_CHECKING:
    from tenfold.posterior.scenario import Prior
    from tenfold.scenarios import apart


class Material:
    """A run's sample, and what weighing reads of it. What it returns is not to be altered."""

    def __init__(self, run: store.Run) -> None:
        self.run = run
        self._kept: dict[Any, Any] = {}

    @cached_property
    def sample(self) -> xr.Dataset:
        """The stored sample."""
        return self.run.group(netcdf.HEADLINE)

    @cached_property
    def draws(self) -> xr.Dataset:
        """`headline.complete` of it."""
        return headline.complete(self.sample)

    def completed(self, sample: xr.Dataset) -> xr.Dataset:
        """`headline.complete` of a sample that may be this one."""
        return self.draws if sample is self.sample else headline.complete(sample)

    @cached_property
    def fitted(self) -> changes.Fitted:
        """What the run rests on."""
        return changes.Fitted.of_run(self.run)

    @cached_property
    def future(self) -> bool:
        """Whether forms can be weighed anew."""
        from tenfold.fit.judge import FUTURE

        return FUTURE in self.run.info["files"] and all(
            "draw_log_density" in self.held_out(form) for form in self.run.forms
        )

    def parameters(self, form: Form) -> xr.Dataset:
        """Draws of everything with a prior of its own, and of shifts' exchange rates."""

        def read() -> xr.Dataset:
            path = self.run.file(store.posterior_file(form))
            wanted = {*self.run.info["priors"], "shift_exchange_rate"}
            return netcdf.read(path, "posterior", wanted & netcdf.names(path, "posterior"))

        return self._once(("parameters", form), read)

    def scores(self, form: Form) -> np.ndarray:
        """Log density of each series' scores, shape (chain, draw, series); 0 of a second axis."""

        def read() -> np.ndarray:
            found = self.run.group(store.posterior_file(form), "log_likelihood")["series_scores"]
            series = self.run.points["series"].values
            return found.reindex(series=series).fillna(0.0).values.astype(float)

        return self._once(("scores", form), read)

    def own(self, form: Form) -> apart.Own:
        """Curves of single series, and what they stand under."""

        def read() -> apart.Own:
            from tenfold.scenarios import apart

            path = self.run.file(store.posterior_file(form))
            known = netcdf.names(path, "posterior")
            found = netcdf.read(path, "posterior", known.intersection(apart.NAMES))
            return apart.Own.of(found, self.run.points, form)

        return self._once(("own", form), read)

    def local_slopes(self, form: Form) -> np.ndarray:
        """`simulate.local_slopes` of every draw."""
        needed = ("cell_sd", "intercept", "slope", "series_ceiling")

        def read() -> np.ndarray:
            from tenfold.posterior import simulate

            path = self.run.file(store.posterior_file(form))
            begun = {"early", "start"} & netcdf.names(path, "posterior")
            found = netcdf.read(path, "posterior", [*needed, *begun])
            return simulate.local_slopes(found, self.run.points, form)

        return self._once(("local", form), read)

    def held_out(self, form: Form) -> xr.Dataset:
        """What the refit without the future says of it."""
        from tenfold.fit.judge import FUTURE

        return self._once(("future", form), lambda: self.run.group(FUTURE, form))

    def densities(self, form: Form) -> tuple[np.ndarray, np.ndarray]:
        """Densities of the scores held out by draw, over the largest of each, and its logarithm.

        Shapes (chain * draw, score) and (score,).
        """

        def read() -> tuple[np.ndarray, np.ndarray]:
            found = self.held_out(form)["draw_log_density"].values.astype(float)
            flat = found.reshape(-1, found.shape[-1])
            top = flat.max(axis=0)
            return np.exp(flat - top), top

        return self._once(("densities", form), read)

    def log_prior(self, form: Form, future: bool, name: str, prior: Prior) -> np.ndarray:
        """Log density of a parameter's draws under a prior, shape (chain, draw).

        Args:
            future: of the refit without the future instead.
        """

        def read() -> np.ndarray:
            from tenfold.fit import diagnose

            drawn = self.held_out(form) if future else self.parameters(form)
            found = diagnose.log_prior(drawn[[name]], {name: prior})[name]
            return found.transpose(*drawn["cell_sd"].dims).values

        if prior != self.fitted.priors.get(name):
            return read()
        return self._once(("prior", form, future, name), read)

    def _once(self, key: Any, read: Any) -> Any:
        if key not in self._kept:
            self._kept[key] = read()
        return self._kept[key]


_last: list[Material] = []
MOST = 2
"""Runs whose material stays in memory: that of the base, and a refit beside it."""


def material(run: store.Run) -> Material:
    """The material of a run; that of the last ones stays in memory."""
    known = [one for one in _last if one.run.info is run.info and one.run.path == run.path]
    found = known[0] if known else Material(run)
    _last[:] = [found, *(one for one in _last if one is not found)][:MOST]
    return found
