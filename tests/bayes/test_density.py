"""The compiled density and its gradient against the PyMC model that states it."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from tenfold.curves import FORMS
from tenfold.evidence import dataset
from tenfold.posterior import hierarchy, priors
from tenfold.posterior.scenario import ModelChoice, Prior
from tenfold.sampler import coordinates, kernel, layout, packing

CLOSE = 1e-5
"""Log densities are thousands; the Jacobian, taken by differences, is good to about 1e-6."""

SWITCHES = [
    {"noise": "normal"},
    {"thinking_shift": False},
    {"estimate_lambda": False},
    {"pool_benchmark": False},
    {"pool_family": False},
    {"pool_model": False},
    {"pool_publication": False},
    {"drift": False},
    {"slope_sign": "any"},
    {"series_evidence": False},
    {"shift_evidence": False},
]
OTHER_FAMILIES = {
    "cell_sd": {"family": "log_normal", "mu": -1.0, "sigma": 0.4},
    "sigma": {"family": "gamma", "alpha": 2.0, "beta": 60.0},
    "gpt_level_sd": {"family": "half_normal", "sigma": 0.2},
    "thinking_shift_mean": {"family": "half_normal", "sigma": 0.7},
}


@pytest.fixture(scope="module")
def evidence():
    return dataset.usable(dataset.load())


class Density:
    """The kernel as the sampler calls it, through its pointer."""

    def __init__(self, evidence, table, choice, form, data=None):
        self.where = layout.layout(evidence, choice, form)
        self.tables = packing.tables(evidence, table, choice, self.where, form, data)
        self.packed = kernel.pack(kernel.Inputs(**self.tables))
        kinds: list[Any] = [ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4]
        place = int(kernel.log_density_pointer.address or 0)
        self.call = ctypes.CFUNCTYPE(kinds[0], *kinds[1:])(place)

    def __call__(self, u):
        gradient, value = np.empty(u.size), np.empty(1)
        places = [array.ctypes.data for array in (u, gradient, value, self.packed)]
        assert self.call(u.size, *places) == 0
        return value[0], gradient

    def start(self, seed):
        return coordinates.start(self.tables, self.where, {}, seed)


def value_point(model, parameters, table):
    """Named parameters as the values of the PyMC model's free variables, and those parameters."""
    point, free = {}, {}
    for variable in model.free_RVs:
        name = variable.name.removesuffix("_0")
        if (
            name.startswith(("ceiling_", "early_", "start_")) and name not in parameters
        ):  # not used by this form
            point[model.rvs_to_values[variable].name] = np.zeros(variable.shape.eval())
            continue
        value = parameters[name].values[0, 0]
        if variable.name != name:
            value = value - table[name].shift
        free[name] = value
        transform = getattr(model.rvs_to_transforms[variable], "name", None)
        unconstrained = {"log": np.log, "logodds": lambda x: np.log(x / (1 - x)), None: np.copy}
        point[model.rvs_to_values[variable].name] = unconstrained[transform](value)
    return point, list(free)


def log_jacobian(density, u, names):
    """log |d named parameters / d u|, by differences."""
    step = 1e-5
    moved = np.concatenate([u + step * np.eye(u.size), u - step * np.eye(u.size)])
    found = coordinates.named(moved[None], density.tables, density.where)
    flat = np.concatenate([found[n].values.reshape(1, 2 * u.size, -1) for n in names], axis=2)[0]
    return np.linalg.slogdet((flat[: u.size] - flat[u.size :]) / (2 * step))[1]


def pymc_density(model, free):
    """The model's log density of the named parameters."""
    from pytensor.compile.mode import Mode

    wanted = [v for v in model.free_RVs if v.name.removesuffix("_0") in free]
    wanted += model.observed_RVs + model.potentials
    terms = sum(term.sum() for term in model.logp(vars=wanted, sum=False, jacobian=False))
    mode: Any = Mode(linker="py", optimizer=None)  # pyright: ignore[reportArgumentType]
    return model.compile_fn(terms, mode=mode, inputs=model.value_vars, on_unused_input="ignore")


def both(evidence, table, choice, form, data=None):
    """Log density of named parameters at a start: by the kernel, by PyMC."""
    density = Density(evidence, table, choice, form, data)
    model = hierarchy.build_model(evidence, table, form, choice)
    for name, value in {**hierarchy.form_data(form), **(data or {})}.items():
        model[name].set_value(np.asarray(value, dtype=model[name].dtype))
    u = density.start(3)
    parameters = coordinates.named(u[None, None], density.tables, density.where)
    point, names = value_point(model, parameters, table)
    theirs = float(pymc_density(model, names)(point))
    return density(u)[0] - log_jacobian(density, u, names), theirs


@pytest.mark.parametrize(
    ("form", "switch"), [*((form, {}) for form in FORMS), *(("saturating", s) for s in SWITCHES)]
)
def test_density_is_that_of_the_pymc_model(evidence, form, switch):
    ours, theirs = both(evidence, priors.load(), ModelChoice(**switch), form)
    assert ours == pytest.approx(theirs, abs=CLOSE)


def with_priors(values):
    """The shipped prior table with other families for some parameters."""
    patch = {k: Prior(unit="any", reason="another family", **v) for k, v in values.items()}
    return priors.patched(priors.load(), patch, "test")


def test_other_prior_families(evidence):
    ours, theirs = both(evidence, with_priors(OTHER_FAMILIES), ModelChoice(), "saturating")
    assert ours == pytest.approx(theirs, abs=CLOSE)


@pytest.mark.parametrize(
    ("benchmark_sd", "polar"),
    [
        ({"family": "gamma", "alpha": 2.0, "beta": 8.0}, 1),
        ({"family": "log_normal", "mu": -1.5, "sigma": 0.5}, 1),
        ({"family": "half_normal", "sigma": 0.3, "shift": 0.05}, 0),
        ({"family": "normal", "mu": 0.5, "sigma": 0.01}, 0),
    ],
    ids=lambda value: value["family"] if isinstance(value, dict) else "",
)
def test_spreads_of_cells_in_either_coordinates(evidence, benchmark_sd, polar):
    table = with_priors({"benchmark_sd": benchmark_sd})
    density = Density(evidence, table, ModelChoice(), "logistic")
    assert density.tables["layout"][0]["polar"] == polar
    ours, theirs = both(evidence, table, ModelChoice(), "logistic")
    assert ours == pytest.approx(theirs, abs=CLOSE)
    u, places = density.start(8), [density.where.own[k][0] for k in ("benchmark_sd", "cell_sd")]
    for i in places:
        step = 1e-5 * np.eye(u.size)[i]
        numeric = (density(u + step)[0] - density(u - step)[0]) / 2e-5
        assert density(u)[1][i] == pytest.approx(numeric, rel=1e-6, abs=1e-4)


def test_patched_data(evidence):
    rng = np.random.default_rng(5)
    n = evidence.sizes["obs"]
    data = {
        "score": rng.uniform(0.1, 0.9, n),
        "score_se": rng.uniform(0.01, 0.1, n),
        "log10_compute_se": rng.uniform(0, 0.1, n),
        "non_thinking": rng.integers(0, 2, n).astype(float),
        "seen": rng.integers(0, 2, n).astype(float),
        "family_index": rng.permutation(evidence["family_index"].values),
        "shift_seen": np.array([1.0, 0.0, 0.3])[: evidence.sizes["shift"]],
        "prior_intercept_mean_mu": np.asarray(0.7),
        "prior_nu_beta": np.asarray(0.2),
    }
    ours, theirs = both(evidence, priors.load(), ModelChoice(), "saturating", data)
    assert ours == pytest.approx(theirs, abs=CLOSE)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("switch", [{}, {"slope_sign": "any"}, {"noise": "normal"}], ids=str)
def test_gradient_against_differences(evidence, form, switch):
    density = Density(evidence, priors.load(), ModelChoice(**switch), form)
    rng = np.random.default_rng(1)
    u = density.start(8)
    _, gradient = density(u)
    own = sum(prior[0] >= 0 for prior in density.tables["own"])
    for i in [*range(own), *rng.choice(np.arange(own, u.size), 80, replace=False)]:
        step = np.zeros(u.size)
        step[i] = 1e-5
        up, down = density(u + step)[0], density(u - step)[0]
        rounding = 1e-14 * abs(up) / 1e-5
        assert gradient[i] == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-5 + rounding)


def test_unknown_data_is_an_error(evidence):
    with pytest.raises(KeyError, match="unknown data 'scores'"):
        Density(evidence, priors.load(), ModelChoice(), "power", {"scores": np.zeros(3)})
    with pytest.raises(ValueError, match="'score' has shape"):
        Density(evidence, priors.load(), ModelChoice(), "power", {"score": np.zeros(3)})


def test_entry_point_holds_all_of_its_code():
    """Draws would differ between a process that compiles and one that loads the compiled code.

    A function that is not inlined is defined twice, in its own library and in the entry point's,
    with other roundings; where it was just compiled, the linker takes the first.
    """
    for pointer in (kernel.log_density_pointer, kernel.copy_pointer):
        module = pointer._library._get_module_for_linking()
        defined = {f.name for f in module.functions if not f.is_declaration}
        assert any(pointer.__name__ in name for name in defined)
        others = {name for name in defined if pointer.__name__ not in name}
        assert others <= {"NRT_incref", "NRT_decref"}
