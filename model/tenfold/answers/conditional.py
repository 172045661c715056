"""Statistics of a quantity among the draws that meet a condition: the same as if only they were
there, with the forms weighed by how often their draws meet it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from tenfold import mixture
from tenfold.files import SpecError

LEAST_EFFECTIVE = 100
"""Effective draws below which nothing is said of what meets a condition."""


@dataclass(frozen=True)
class Sample:
    """Draws (with all dims) of a quantity, weights of forms, and where a condition holds."""

    values: xr.DataArray
    weight: xr.DataArray
    event: xr.DataArray

    def form(self, name: str) -> Sample:
        """One curve form alone."""
        at = {"form": [name]}
        alone = xr.ones_like(self.weight.sel(at))
        return Sample(self.values.sel(at), alone, self.event.sel(at))

    def share(self) -> float:
        """Probability of the condition."""
        return mixture.probability(self.event, self.weight)[0]

    def effective(self) -> float:
        """Kish's effective number of posterior draws that meet the condition.

        Repeated predictions of a draw count as one; a draw counts by the share that meets it.
        """
        repeats = [dim for dim in self.event.dims if dim not in mixture.SAMPLE_DIMS]
        met = self.event.mean(repeats) * self.weight
        total = float((met**2).sum())
        return float(met.sum()) ** 2 / total if total else 0.0

    def checked(self, condition: str) -> Sample:
        """Itself.

        Raises:
            SpecError: too few effective draws meet the condition.
        """
        found, of = self.effective(), self.event.isel(repeat=0, missing_dims="ignore").size
        if found < LEAST_EFFECTIVE:
            raise SpecError(
                f"condition {condition!r}: {found:.0f} effective draws of {of} meet it; expected "
                f"at least {LEAST_EFFECTIVE}: ask for less"
            )
        return self

    def probability(self, event: xr.DataArray) -> tuple[float, float]:
        """P(event) given the condition, and its Monte Carlo standard error.

        The error is that of a ratio of means, by its linear term: the error of the mean of
        (event - p) where the condition holds, over the probability of the condition.
        """
        share = self.share()
        both, _ = mixture.probability(event & self.event, self.weight)
        p = min(both / share, 1.0)
        around = xr.where(self.event, event - p, 0.0) + p
        return p, mixture.probability(around, self.weight)[1] / share

    def quantile(self, probs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Quantiles given the condition, and their Monte Carlo errors as in `mixture.summarise`."""
        found = self._at(probs)
        errors = np.array([self.probability(self.values <= q)[1] for q in found])
        low = self._at(np.clip(probs - errors, 1e-9, None))
        high = self._at(np.clip(probs + errors, None, 1 - 1e-9))
        with np.errstate(invalid="ignore"):
            return found, np.where(low == high, 0.0, (high - low) / 2)

    def _at(self, probs: np.ndarray) -> np.ndarray:
        # What does not meet the condition goes to the end, where nobody looks.
        kept = self.values.where(self.event, np.inf)
        return mixture.quantile(kept, self.weight, probs * self.share()).values
