"""Worker of benchmark.py: one sampler on the shipped evidence, in a process of its own.

    python scripts/samplers.py job.json

benchmark.py writes the job and says what is in it. Nothing but NumPy is imported before it is
needed: imports are part of what is timed.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

START = time.perf_counter()
ROOT = Path(__file__).resolve().parents[1]
SAMPLERS = {
    "tenfold": "nutpie on Tenfold's own density and coordinates",
    "nutpie-pymc": "nutpie on the PyMC model",
    "pymc": "PyMC's own NUTS",
    "numpyro": "NumPyro's NUTS, chains in parallel, double precision",
    "blackjax": "BlackJAX's NUTS with window adaptation on NumPyro's density",
}
LIBRARIES = {
    "tenfold": ("nutpie", "numba"), "nutpie-pymc": ("nutpie", "pymc", "numba"), "pymc": ("pymc",),
    "numpyro": ("numpyro", "jax"), "blackjax": ("blackjax", "jax"),
}  # fmt: skip
Draws = tuple[dict[str, Any], Any, Any]
"""Named draws (chain, draw, ...), leapfrog steps and divergence of each draw."""
Sampler = Callable[[int], Draws]


# --- samplers: each is prepared once and then draws as often as it is asked, given a seed --------


def baseline() -> Any:
    """The plan of the shipped baseline scenario."""
    from tenfold.posterior.plan import prepare
    from tenfold.posterior.scenario import load_scenario

    return prepare("baseline", load_scenario("baseline"))


def settings(job: dict[str, Any], seed: int) -> Any:
    """Sampler settings as `tenfold.sampler.sample` takes them."""
    from tenfold.posterior.scenario import Settings

    return Settings(
        chains=job["chains"],
        tune=job["tune"],
        draws=job["draws"],
        target_accept=job["target_accept"],
        seed=seed,
    )


def from_tree(tree: Any, job: dict[str, Any]) -> Draws:
    """Draws from a DataTree of tenfold, nutpie or PyMC."""
    posterior, stats = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
    found = {}
    for name, dim in job["dims"].items():
        own = posterior[name]
        if dim:  # Tenfold names curves among all series
            own = own.sel({dim if dim in own.dims else "series": job["labels"][dim]})
        found[name] = own.transpose("chain", "draw", ...).values
    return found, stats["n_steps"].values, stats["diverging"].values


def tenfold(job: dict[str, Any]) -> Sampler:
    """Tenfold as its users run it."""
    from tenfold.sampler import sample

    compiled = sample.compile_plan(baseline())
    form = job["form"]
    return lambda seed: from_tree(sample.sample(compiled, form, settings=settings(job, seed)), job)


def pymc_model(form: Any) -> Any:
    """The PyMC model of the baseline scenario."""
    from tenfold.posterior import hierarchy

    plan = baseline()
    return hierarchy.build_model(plan.points, plan.priors, form, plan.choice)


def nutpie_pymc(job: dict[str, Any]) -> Sampler:
    """The sampler that Tenfold uses, on the PyMC model."""
    import nutpie

    compiled = nutpie.compile_pymc_model(pymc_model(job["form"]))
    common = {key: job[key] for key in ("draws", "tune", "chains", "cores", "target_accept")}
    return lambda seed: from_tree(
        nutpie.sample(compiled, seed=seed, progress_bar=False, **common), job
    )


def pymc(job: dict[str, Any]) -> Sampler:
    """PyMC's sampler with its default initialisation; the step is compiled once."""
    import pymc as pm

    model = pymc_model(job["form"])
    common = {key: job[key] for key in ("draws", "tune", "chains", "cores")}
    with model:
        start: Any
        start, step = pm.init_nuts(
            init="jitter+adapt_diag",
            chains=job["chains"],
            random_seed=job["seed"],
            progressbar=False,
            target_accept=job["target_accept"],
        )

    def draw(seed: int) -> Draws:
        with model:
            tree = pm.sample(
                step=step,
                initvals=start,
                random_seed=seed,
                progressbar=False,
                compute_convergence_checks=False,
                **common,
            )
        return from_tree(tree, job)

    return draw


def equations() -> Any:
    """tests/reference/equations.py: the equations of model/README.md in NumPyro, as they stand."""
    import numpyro

    numpyro.enable_x64()
    sys.path.insert(0, str(ROOT / "tests" / "reference"))
    return importlib.import_module("equations")


def numpyro_model(form: str) -> tuple[Any, Any, Any]:
    """Evidence, the model with its effects as standard normals, and where chains start."""
    from functools import partial

    import numpyro
    from numpyro.infer.reparam import LocScaleReparam

    module = equations()
    e = module.evidence(baseline().points)
    scaled = ["benchmark_effect", "cell_effect", "family_effect", "series_effect", "intercept_cell"]
    scaled += ["thinking_shift", "logit_m"]
    model = numpyro.handlers.block(partial(module.model, e, form), hide=["expected", "point_sd"])
    config: Any = {name: LocScaleReparam(0.0) for name in scaled}
    model = numpyro.handlers.reparam(model, config=config)
    return e, model, numpyro.infer.init_to_median(num_samples=5)


def from_sites(sites: dict[str, Any]) -> dict[str, Any]:
    """Named parameters from the sites of the NumPyro model."""
    found = {name: np.asarray(values) for name, values in sites.items()}
    found["log_slope"] = np.log(found["slope"])
    mean = found["log_slope_mean"]
    found["exchange_rate"] = np.exp(mean[..., 1] - mean[..., 0])
    return found


def numpyro(job: dict[str, Any]) -> Sampler:
    """NumPyro's sampler on the reference model."""
    import numpyro

    numpyro.set_host_device_count(job["chains"])
    _, model, init = numpyro_model(job["form"])
    import jax

    mcmc = numpyro.infer.MCMC(
        numpyro.infer.NUTS(model, target_accept_prob=job["target_accept"], init_strategy=init),
        num_warmup=job["tune"],
        num_samples=job["draws"],
        num_chains=job["chains"],
        chain_method="parallel",
        progress_bar=False,
    )

    def draw(seed: int) -> Draws:
        mcmc.run(jax.random.PRNGKey(seed), extra_fields=("num_steps", "diverging"))
        extra = mcmc.get_extra_fields(group_by_chain=True)
        found = from_sites(mcmc.get_samples(group_by_chain=True))
        return found, np.asarray(extra["num_steps"]), np.asarray(extra["diverging"])

    return draw


def blackjax(job: dict[str, Any]) -> Sampler:
    """BlackJAX's sampler on the density of the reference model, with the same starts."""
    import numpyro

    numpyro.set_host_device_count(job["chains"])
    blackjax: Any = importlib.import_module("blackjax")
    _, model, init = numpyro_model(job["form"])
    import jax
    from numpyro.infer.util import initialize_model

    keys = jax.random.split(jax.random.PRNGKey(job["seed"]), job["chains"])
    info = initialize_model(keys, model, init_strategy=init)
    potential: Any = info.potential_fn

    def density(z: Any) -> Any:
        return -potential(z)

    def chain(key: Any, start: Any) -> Any:
        tune_key, draw_key = jax.random.split(key)
        adaptation = blackjax.window_adaptation(
            blackjax.nuts, density, target_acceptance_rate=job["target_accept"]
        )
        (state, tuned), _ = adaptation.run(tune_key, start, num_steps=job["tune"])
        step = blackjax.nuts(density, **tuned).step

        def one(state: Any, key: Any) -> Any:
            state, info = step(key, state)
            return state, (state.position, info.num_integration_steps, info.is_divergent)

        return jax.lax.scan(one, state, jax.random.split(draw_key, job["draws"]))[1]

    run, name = jax.pmap(chain), jax.jit(jax.vmap(jax.vmap(info.postprocess_fn)))

    def draw(seed: int) -> Draws:
        keys = jax.random.split(jax.random.PRNGKey(seed), job["chains"])
        position, steps, diverging = run(keys, info.param_info.z)
        return from_sites(name(position)), np.asarray(steps), np.asarray(diverging)

    return draw


# --- worker processes ----------------------------------------------------------------------------


def use_cache(folder: str) -> None:
    """Keep what libraries store between processes in a folder of this run."""
    os.environ["NUMBA_CACHE_DIR"] = f"{folder}/numba"
    os.environ["PYTENSOR_FLAGS"] = f"base_compiledir={folder}/pytensor"


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Sample twice and save the second draws; times start at the first line of this file."""
    preparers = (tenfold, nutpie_pymc, pymc, numpyro, blackjax)
    draw = dict(zip(SAMPLERS, preparers, strict=True))[job["sampler"]](job)
    prepared = time.perf_counter() - START
    draw(job["seed"])
    cold = time.perf_counter() - START
    Path(job["marker"]).touch()
    start = time.perf_counter()
    values, steps, diverging = draw(job["seed"] + 1)
    warm = time.perf_counter() - start
    columns = [values[name].reshape(job["chains"], job["draws"], -1) for name in job["dims"]]
    np.save(job["draws_file"], np.concatenate(columns, axis=2))
    return {
        "prepared_s": prepared,
        "cold_s": cold,
        "warm_s": warm,
        "gradients": int(np.sum(steps)),
        "divergences": int(np.sum(diverging)),
        "versions": {name: metadata.version(name) for name in LIBRARIES[job["sampler"]]},
    }


def main() -> None:
    """Do the job in the file that is named on the command line."""
    job = json.loads(Path(sys.argv[1]).read_text())
    use_cache(job["cache"])
    Path(job["result"]).write_text(json.dumps(work(job)))


if __name__ == "__main__":
    main()
