"""Prior table: from `data/priors.toml` to pm.Data hyperparameters and random variables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.files import SpecError, data_path, did_you_mean
from tenfold.posterior.scenario import HYPERPARAMETERS, Prior, PriorFile
from tenfold.spec import load_toml

Priors = Mapping[str, Prior]


def load(path: Path | None = None) -> dict[str, Prior]:
    """The shipped prior table, or the one at `path`.

    Raises:
        SpecError: with file and key path.
    """
    return dict(load_toml(path or data_path("priors.toml"), PriorFile).prior)


def patched(base: Priors, patch: Priors, where: str) -> dict[str, Prior]:
    """`base` with the tables of a scenario in place of its own.

    Raises:
        SpecError: the patch names a parameter that the model does not have.
    """
    for name in patch:
        if name not in base:
            raise SpecError(
                f"{where}.priors.{name}: unknown parameter{did_you_mean(name, list(base))}"
            )
    return {**base, **patch}


def hyperparameters(prior: Prior) -> dict[str, float]:
    """Hyperparameters by name; three quantiles are matched by least squares in the family.

    Raises:
        SpecError: no member of the family comes within 2% of the range to all three quantiles.
    """
    names = HYPERPARAMETERS[prior.family]
    if prior.p50 is None:
        return {name: float(getattr(prior, name)) for name in names}
    from scipy import optimize

    wanted = np.array([prior.p05, prior.p50, prior.p95], dtype=float) - prior.shift
    width = wanted[2] - wanted[0]
    # every hyperparameter but a normal's mu is positive: search its logarithm
    start, positive = _start(prior.family, wanted), np.array([name != "mu" for name in names])

    def unpack(free: np.ndarray) -> dict[str, float]:
        return dict(zip(names, np.where(positive, np.exp(free), free).tolist(), strict=True))

    def miss(free: np.ndarray) -> np.ndarray:
        frozen = distribution(prior.family, unpack(free))
        return (frozen.ppf([0.05, 0.5, 0.95]) - wanted) / width

    found = optimize.least_squares(miss, start)
    if np.abs(miss(found.x)).max() > 0.02:
        raise SpecError(
            f"no {prior.family} has p05 = {prior.p05:g}, p50 = {prior.p50:g}, p95 = {prior.p95:g}; "
            "choose another family or give hyperparameters"
        )
    return unpack(found.x)


def _start(family: str, wanted: np.ndarray) -> np.ndarray:
    middle, spread = wanted[1], (wanted[2] - wanted[0]) / 3.29
    if family == "normal":
        return np.array([middle, np.log(spread)])
    if family == "half_normal":
        return np.array([np.log(wanted[2] / 1.96)])
    if family == "log_normal":
        return np.array([np.log(middle), np.log(np.log(wanted[2] / wanted[0]) / 3.29)])
    if family == "gamma":
        return np.log([(middle / spread) ** 2, middle / spread**2])
    size = middle * (1 - middle) / spread**2
    return np.log([middle * size, (1 - middle) * size])


def distribution(family: str, hyper: Mapping[str, float]) -> Any:
    """The SciPy distribution of a family, before the prior's shift."""
    from scipy import stats

    if family == "normal":
        return stats.norm(hyper["mu"], hyper["sigma"])
    if family == "half_normal":
        return stats.halfnorm(scale=hyper["sigma"])
    if family == "log_normal":
        return stats.lognorm(hyper["sigma"], scale=np.exp(hyper["mu"]))
    if family == "gamma":
        return stats.gamma(hyper["alpha"], scale=1 / hyper["beta"])
    return stats.beta(hyper["alpha"], hyper["beta"])


def data_name(parameter: str, hyperparameter: str) -> str:
    """Name of the pm.Data node that holds a hyperparameter, for `with_data` patches."""
    return f"prior_{parameter}_{hyperparameter}"


def data_values(priors: Priors) -> dict[str, np.ndarray]:
    """Every pm.Data hyperparameter of a prior table and its value, for `with_data`."""
    return {
        data_name(parameter, name): np.asarray(value)
        for parameter, prior in priors.items()
        for name, value in hyperparameters(prior).items()
    }


def random_variable(name: str, priors: Priors, **kwargs: Any) -> Any:
    """The parameter `name` in the PyMC model on the context stack, its hyperparameters as pm.Data.

    Args:
        kwargs: `dims` or `shape`, passed on to the distribution.
    """
    import pymc as pm

    prior = priors[name]
    hyper = {
        key: pm.Data(data_name(name, key), value) for key, value in hyperparameters(prior).items()
    }
    families = {
        "normal": pm.Normal,
        "half_normal": pm.HalfNormal,
        "log_normal": pm.LogNormal,
        "gamma": pm.Gamma,
        "beta": pm.Beta,
    }
    if prior.shift == 0:
        return families[prior.family](name, **hyper, **kwargs)
    return pm.Deterministic(
        name, prior.shift + families[prior.family](f"{name}_0", **hyper, **kwargs)
    )


def draw(name: str, priors: Priors, size: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draws of a parameter from its prior, of shape `size`, without PyMC."""
    prior = priors[name]
    frozen = distribution(prior.family, hyperparameters(prior))
    return prior.shift + np.asarray(frozen.rvs(size=size, random_state=rng))
