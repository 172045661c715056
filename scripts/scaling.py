"""Worker of benchmark.py: synthetic evidence of some size, timed or fitted, in its own process.

python scripts/scaling.py job.json
"""

from __future__ import annotations

import ctypes
import json
import math
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import measured
import numpy as np
import samplers

ENOUGH = 400.0
"""Worst effective sample size of the top-level parameters at which a fit is done."""


def synthetic(n_series: int, form: Any, seed: int) -> Any:
    """The baseline plan with copies of the real design, jittered, until there are enough series.

    Every copy has benchmarks, families and sources of its own. Scores are simulated.
    """
    import dataclasses

    import calibrate

    from tenfold.evidence import dataset as evidence

    plan, rng = samplers.baseline(), np.random.default_rng(seed)
    rows, floors, scale = evidence._rows(plan.points)
    by_series: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_series.setdefault(row["series"], []).append(row)
    made: list[dict[str, Any]] = []
    renamed = ("series", "benchmark", "family", "source")
    copies = range(math.ceil(n_series / len(by_series)))
    for k in copies:
        for name in rng.permutation(list(by_series))[: n_series - k * len(by_series)]:
            move, louder = rng.normal(0, 0.3), math.exp(rng.normal(0, 0.2))
            for row in by_series[name]:
                labels = {key: f"{row[key]} #{k}" for key in renamed}
                moved = {"log10_compute": row["log10_compute"] + move}
                made.append({**row, **labels, **moved, "score_se": row["score_se"] * louder})
    floors = {f"{name} #{k}": value for name, value in floors.items() for k in copies}
    scale = {f"{name} #{k}": value for name, value in scale.items() for k in copies}
    points = evidence.assemble(made, floors, scale, plan.points.attrs)
    plan = dataclasses.replace(plan, points=evidence._with_tables(points, plan.points))
    drawn = calibrate.given(plan, form, calibrate.MODERATE, 2.0, rng)
    score = calibrate.forward.scores(drawn, plan.points, form, rng).values[0]
    return dataclasses.replace(plan, points=plan.points.assign(score=("obs", score)))


def gradient_us(pointers: list[tuple[int, np.ndarray, np.ndarray]]) -> list[float]:
    """Microseconds per call of compiled densities, timed in turn; medians of several rounds.

    Args:
        pointers: address, place and data of each, as nutpie passes them.
    """
    kinds: list[Any] = [ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4]
    times: list[list[float]] = [[] for _ in pointers]
    for _ in range(9):
        for own, (address, u, data) in zip(times, pointers, strict=True):
            call, gradient, value = ctypes.CFUNCTYPE(*kinds)(address), np.empty(u.size), np.empty(1)
            places = [array.ctypes.data for array in (u, gradient, value, data)]
            assert call(u.size, *places) == 0
            assert np.all(np.isfinite(gradient))
            start, calls = time.perf_counter(), 0
            while time.perf_counter() - start < 0.3:
                calls += call(u.size, *places) == 0
            own.append(1e6 * (time.perf_counter() - start) / calls)
    return [statistics.median(own) for own in times]


def compare(job: dict[str, Any]) -> dict[str, Any]:
    """One gradient on the shipped evidence: Tenfold's density and the PyMC model's, compiled."""
    import nutpie

    from tenfold.sampler import coordinates, kernel, layout, packing

    plan = samplers.baseline()
    where = layout.layout(plan.points, plan.choice, job["form"])
    tables = packing.tables(plan.points, plan.priors, plan.choice, where, job["form"])
    graph: Any = nutpie.compile_pymc_model(samplers.pymc_model(job["form"]))
    ours = int(kernel.log_density_pointer.address or 0)
    pointers = [
        (ours, coordinates.start(tables, where, {}, 1), kernel.pack(kernel.Inputs(**tables))),
        (int(graph.compiled_logp_func.address), np.full(graph.n_dim, 0.1), graph.user_data),
    ]
    tenfold, pymc = gradient_us(pointers)
    sizes = {"points": plan.points.sizes["obs"], "parameters": where.size}
    return {"form": job["form"], "tenfold_us": tenfold, "pymc_us": pymc, **sizes}


def scale(job: dict[str, Any]) -> dict[str, Any]:
    """Time per gradient of the compiled density on synthetic evidence, or a fit to it."""
    if job["compare"]:
        return compare(job)
    plan = synthetic(job["series"], job["form"], job["seed"])
    from tenfold.sampler import coordinates, kernel, layout, packing

    start = time.perf_counter()
    where = layout.layout(plan.points, plan.choice, job["form"])
    tables = packing.tables(plan.points, plan.priors, plan.choice, where, job["form"])
    packed = kernel.pack(kernel.Inputs(**tables))
    found: dict[str, Any] = {"setup_s": time.perf_counter() - start, "parameters": where.size}
    found |= {"series": plan.points.sizes["series"], "points": plan.points.sizes["obs"]}
    if job["fit"]:
        found |= scale_fit(plan, job)
    else:
        address = int(kernel.log_density_pointer.address or 0)
        start = coordinates.start(tables, where, {}, job["seed"])
        (found["gradient_us"],) = gradient_us([(address, start, packed)])
    return found


def scale_fit(plan: Any, job: dict[str, Any]) -> dict[str, Any]:
    """Fit until the worst ESS of the top level is enough; tries that fell short count in full."""
    from tenfold.sampler import sample

    compiled, start = sample.Compiled(plan, 0.0), time.perf_counter()
    job = {
        **job,
        "labels": measured.labels(plan.points),
        "dims": measured.top_level(measured.dims(job["form"])),
    }
    while True:
        chosen = samplers.settings(job, job["seed"])
        values, steps, diverging = samplers.from_tree(
            sample.sample(compiled, job["form"], None, chosen, top_level=True), job
        )
        columns = [v.reshape(*v.shape[:2], -1) for v in values.values()]
        worst = float(measured.diagnose(np.concatenate(columns, axis=2))["ess"].min())
        seconds = time.perf_counter() - start
        print(f"{job['draws']} draws: worst ESS {worst:.0f}, {seconds:.0f} s", flush=True)
        if worst >= ENOUGH or seconds > job["timeout"] / 2:
            break
        grown = job["draws"] * min(max(1.3 * ENOUGH / max(worst, 1.0), 1.3), 4.0)
        job = {**job, "draws": math.ceil(grown), "seed": job["seed"] + 1}
    return {
        "fit_s": seconds,
        "chains": job["chains"],
        "tune": job["tune"],
        "draws": job["draws"],
        "worst_ess": worst,
        "steps_per_draw": float(np.mean(steps)),
        "divergences": int(np.sum(diverging)),
    }


def main() -> None:
    """Do the job in the file that is named on the command line."""
    job = json.loads(Path(sys.argv[1]).read_text())
    samplers.use_cache(job["cache"])
    Path(job["result"]).write_text(json.dumps(scale(job)))


if __name__ == "__main__":
    main()
