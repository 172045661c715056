"""The PyMC model and the NumPyro model are one density: the same log density at random points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from tenfold.curves import FORMS
from tenfold.evidence import dataset
from tenfold.posterior import hierarchy, priors, structure
from tenfold.posterior.scenario import ModelChoice

POINTS = [20, pytest.param(200, marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def usable():
    return dataset.usable(dataset.load())


@pytest.fixture(scope="module")
def model(usable):
    """The PyMC model on the natural scale: no variable is transformed."""
    from pymc.model.transform.conditioning import remove_value_transforms

    built = hierarchy.build_model(usable, priors.load(), "logistic", ModelChoice())
    return remove_value_transforms(built)


@pytest.fixture(scope="module")
def log_density(model):
    from pytensor.compile.mode import Mode

    mode: Any = Mode(linker="py", optimizer=None)  # pyright: ignore[reportArgumentType]
    parts = model.compile_fn(model.logp(jacobian=False, sum=False), mode=mode)
    return lambda point: sum(float(np.sum(part)) for part in parts(point))


@pytest.fixture(scope="module")
def e(equations, usable):
    return equations.evidence(usable)


def pymc_point(
    model: Any, shapes: dict[str, Any], values: dict[str, np.ndarray], e: Any, usable: Any
) -> tuple[dict[str, np.ndarray], float]:
    """Values of PyMC's variables, and log |d named parameters / d those variables|."""
    table, order = priors.load(), structure.cells(usable)
    place = [
        e.cells.index((str(usable["benchmark"].values[b]), str(usable["regime"].values[r])))
        for b, r in zip(
            order["cell_benchmark_index"].values, order["cell_regime_index"].values, strict=True
        )
    ]
    families = [e.families.index(str(name)) for name in usable["family"].values]
    partner = order["partner"].values
    paired = np.flatnonzero(partner >= 0)
    total = (values["benchmark_effect"][e.cell_benchmark] + values["cell_effect"])[place]
    between, within = values["benchmark_sd"] ** 2, values["cell_sd"] ** 2
    center = between / (between + within) * total[partner[paired]]
    spread = np.sqrt((between + within) - between**2 / (between + within))
    point, log_jacobian = {}, 0.0
    for variable in model.free_RVs:
        name = variable.name
        if name == "cell_total_first":
            point[name] = total[partner < 0]
        elif name == "cell_total_second_z":
            point[name] = (total[paired] - center) / spread
            log_jacobian += paired.size * np.log(spread)
        elif name == "family_z":
            point[name] = (values["family_effect"] / values["family_sd"])[families]
            log_jacobian += len(families) * np.log(values["family_sd"])
        elif name == "intercept_cell":
            point[name] = values["intercept_cell"][place]
        elif name == "intercept_cell_z":
            point[name] = (values["intercept_cell"] / values["intercept_cell_sd"])[place]
            log_jacobian += len(place) * np.log(values["intercept_cell_sd"])
        elif name == "ceiling_logit":
            point[name] = _ceilings(values, e, usable)
        elif name.startswith(("ceiling_", "early_", "start_")) and name not in values:
            point[name] = np.ones(shapes[name])  # not used by the form: constants
        elif name == "log_slope":
            point[name] = np.log(values["slope"])
        elif name == "kappa_chart":
            point[name] = np.exp(values["log_kappa"])
            log_jacobian -= values["log_kappa"].sum()
        elif name == "log_kappa":
            point[name] = values["log_kappa"]
        elif name.endswith("_0"):  # a prior with a shift
            point[name] = values[name[:-2]] - table[name[:-2]].shift
        else:
            point[name] = values[name]
    return point, float(log_jacobian)


def _ceilings(values: dict[str, np.ndarray], e: Any, usable: Any) -> np.ndarray:
    """Ceilings in the order of `structure.ceilings`: cells of inference series, then runs."""
    top = structure.ceilings(usable)
    if "logit_m" not in values:
        return np.zeros(top.sizes["ceiling_of"])
    theirs = [f"{b} / {r}" for b, r in e.cells if r == "inference"]
    cells = [str(label) for label in top["ceiling_of"].values[: len(theirs)]]
    ours = [theirs.index(label) for label in cells]
    return np.concatenate([values["logit_m"][ours], values["logit_run"]])


def split_log_density(values: dict[str, np.ndarray], e: Any) -> float:
    """log p(benchmark effects | their sums with the cell effects): what PyMC integrates out."""
    total = values["benchmark_effect"][e.cell_benchmark] + values["cell_effect"]
    n = len(e.benchmarks)
    count = np.bincount(e.cell_benchmark, minlength=n)
    sums = np.bincount(e.cell_benchmark, total, minlength=n)
    precision = values["benchmark_sd"] ** -2.0 + count * values["cell_sd"] ** -2.0
    mean = sums * values["cell_sd"] ** -2.0 / precision
    return float(stats.norm(mean, precision**-0.5).logpdf(values["benchmark_effect"]).sum())


@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize("form", FORMS)
def test_log_densities_agree(form, points, equations, usable, model, log_density, e):
    import jax
    import pymc as pm

    for name, value in hierarchy.form_data(form).items():
        pm.set_data({name: value}, model=model)
    joint = jax.jit(lambda values: equations.joint(e, form, values))
    names = (*equations.parameters(e, form), "slope")
    differences, size = [], 0.0
    shapes = model.eval_rv_shapes()
    drawn = equations.prior(e, form, names, points)
    for draw in range(points):
        values = {name: value[draw] for name, value in drawn.items()}
        point, log_jacobian = pymc_point(model, shapes, values, e, usable)
        ours = float(log_density(point)) - log_jacobian
        theirs = float(joint({k: v for k, v in values.items() if k != "slope"}))
        differences.append(ours - theirs + split_log_density(values, e))
        size = max(size, abs(ours))
    assert np.ptp(differences) < 1e-8, f"spread {np.ptp(differences):.2e}, densities to {size:.0f}"


def test_points_where_the_noise_is_integrated_by_quadrature(equations, usable):
    """The Student-t of a series is the normal mixture over tau that the page states."""
    one = usable.isel(obs=usable["series_index"].values == 3)
    score, sd, nu = one["score"].values, one["score_se"].values, 5.0
    gap = (score - score.mean() + 0.01) / sd

    def mixture(precision):
        density = stats.norm(0, precision**-0.5).logpdf(gap).sum() - np.log(sd).sum()
        return np.exp(density) * stats.gamma(nu / 2, scale=2 / nu).pdf(precision)

    direct = np.log(integrate.quad(mixture, 0, 60, limit=200)[0])
    n, q = gap.size, (gap**2).sum()
    closed = stats.multivariate_t(np.zeros(n), np.diag(sd**2), df=nu).logpdf(gap * sd)
    assert direct == pytest.approx(closed, abs=1e-7)
    from scipy.special import gammaln

    page = gammaln((nu + n) / 2) - gammaln(nu / 2) - n / 2 * np.log(nu * np.pi)
    page -= (nu + n) / 2 * np.log1p(q / nu) + np.log(sd).sum()
    assert page == pytest.approx(closed, abs=1e-10)


def test_a_missing_parameter_is_named(equations, e):
    with pytest.raises(KeyError, match="log_slope_mean"):
        equations.joint(e, "linear", {})
