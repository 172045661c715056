"""What the report reads of a stored run, and nothing else of it: posteriors are large."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold.answers.headline import headline
from tenfold.curves import Form
from tenfold.files import SpecError
from tenfold.posterior.scenario import Prior
from tenfold.runs.store import Run

BAND_DRAWS = 240
"""Draws of the mixture from which fitted curves and their bands are taken."""

Frame = Any
"""A pandas table. Type stubs cannot tell its columns apart; docstrings name them."""

NEGLIGIBLE = 0.002
"""Weight below which a form is left out of bands and predictive checks."""


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
        trees: dict[str, Any] = {
            form: xr.DataTree.from_dict({"posterior": posterior, "constant_data": self.points})
            for form, posterior in self.posterior.items()
        }
        return headline(trees, {**self.weights}, self.run.info["seed"])

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
            path = self.run.path / f"posterior-{form}.nc"
            found[form] = np.asarray(read_group(path, group, [variable])[variable].values)
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
        form: read_group(run.path / f"posterior-{form}.nc", "posterior") for form in run.forms
    }
    sizes = {form: (kept.sizes["chain"], kept.sizes["draw"]) for form, kept in posterior.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{form} {chains}x{draws}" for form, (chains, draws) in sizes.items())
        raise SpecError(f"{run.path}: forms differ in chains and draws ({told}); run `tenfold fit`")
    first = run.path / f"posterior-{run.forms[0]}.nc"
    points = read_group(first, "constant_data")
    weights: dict[Form, float] = {
        form: float(run.info["weights"].get(form, 0.0)) for form in run.forms
    }
    return Stored(run, points, posterior, weights)


def read_group(path: Path, group: str, names: Iterable[str] | None = None) -> xr.Dataset:
    """One group of a stored run, read directly: opening it through xarray takes ten times longer.

    Args:
        names: variables to read; all unless given.

    Raises:
        SpecError: missing file, group or variable, or damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            node: Any = file[group]
            wanted = set(node) if names is None else set(names)
            data, coords = {}, {}
            for name in sorted(node):
                stored = node[name]
                label = stored.attrs.get("NAME", b"")
                if bytes(label).startswith(b"This is a netCDF dimension but not"):
                    continue
                if "DIMENSION_LIST" in stored.attrs:
                    refs = stored.attrs["DIMENSION_LIST"]
                    dims = tuple(str(file[ref[0]].name).rsplit("/", 1)[1] for ref in refs)
                    if name in wanted:
                        data[name] = (dims, _values(stored))
                elif stored.shape:
                    coords[name] = (name, _values(stored))
                elif name in wanted:
                    data[name] = ((), _values(stored))
            if missing := (set() if names is None else wanted - set(data)):
                raise SpecError(f"{path}: {group}/{min(missing)} is missing; run `tenfold fit`")
            dims = {dim for kept, _ in data.values() for dim in kept}
            attrs = {key: _text(value) for key, value in node.attrs.items() if key[0] != "_"}
            kept = {k: v for k, v in coords.items() if names is None or k in dims}
            return xr.Dataset(data, coords=kept, attrs=attrs)
    except (OSError, KeyError) as error:
        raise SpecError(
            f"{path}: missing or damaged ({type(error).__name__}); delete it and run `tenfold fit`"
        ) from None


def _values(stored: Any) -> np.ndarray:
    if stored.dtype.kind == "O":
        return np.array(stored.asstr()[()], dtype=str)
    if _text(stored.attrs.get("dtype", "")) == "bool":
        return stored[()].astype(bool)
    return stored[()]


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
