"""The same posterior under several samplers, on the same cores, in one run; and how it scales.

    python scripts/benchmark.py                                  # everything, hours
    python scripts/benchmark.py --quick --out /tmp/quick         # does it run at all? minutes
    python scripts/benchmark.py --samplers tenfold,numpyro --repeats 1
    python scripts/benchmark.py --samplers none --scale 300,1000,3000,10000 --scale-fit 10000

Every sampler runs in processes of its own. `first`: a new process with empty caches, from the first
import to the last draw. `again`: the same with what earlier processes left on disk. `warm`: a
second sampling with another seed in a process that has already sampled. Effective sample sizes are
those of the warm draws. Results go to results.json, and the README beside it is written from that
file alone; a run of some parts leaves the other parts of the file as they are.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import measured
import numpy as np
import samplers as worker
from benchmark_page import LIMIT, write

from tenfold.curves import FORMS

START = time.perf_counter()
ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "reports" / "performance"


def command(sampler: str) -> list[str]:
    """How a worker is started; what this environment lacks comes in one of its own."""
    if sampler == "blackjax" and importlib.util.find_spec("blackjax") is None:
        own = ["--no-sync", "--with", "blackjax"]
    else:
        return [sys.executable]
    return [shutil.which("uv") or "uv", "run", "--quiet", *own, "python"]


def launch(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run one worker to its end: its result, or the `reason` why there is none."""
    name = job["sampler"]
    marker, result, log = (folder / f"{name}.{end}" for end in ("warm", "json", "log"))
    marker.unlink(missing_ok=True)
    job = {**job, "marker": str(marker), "result": str(result)}
    description = folder / f"{name}-job.json"
    description.write_text(json.dumps(job))
    # a second start as users have it: with the bytecode that Python keeps unless told otherwise
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    peak, limit = {False: 0.0, True: 0.0}, time.monotonic() + job["timeout"]
    with log.open("w") as file:
        process = subprocess.Popen(
            [*command(name), str(ROOT / "scripts" / f"{job['script']}.py"), str(description)],
            cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            while process.poll() is None and time.monotonic() < limit:
                warm = marker.exists()
                peak[warm] = max(peak[warm], measured.memory(process.pid))
                time.sleep(0.25)
        finally:
            late = process.poll() is None
            if late:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if late:
        return {"reason": f"not done after {job['timeout']:.0f} s"}
    if process.returncode:
        lines = [line for line in log.read_text().splitlines() if line.strip()]
        last = re.sub(r"(/[\w.+-]+)+/", "", lines[-1] if lines else "no message")
        return {"reason": f"exit status {process.returncode}: {last[:300]}"}
    found = json.loads(result.read_text())
    return {**found, "memory_first_gib": peak[False], "memory_gib": peak[True] or peak[False]}


def machine(cores: int) -> dict[str, Any]:
    """The machine in two numbers, and how busy it was."""
    total = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return {
        "cores": os.cpu_count(),
        "cores_used": cores,
        "memory_gib": round(int(total[1]) / 2**20, 1) if total else None,
        "load_before": round(os.getloadavg()[0], 2),
    }


def compare(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All samplers in turn, every repeat: times, effective sample sizes, agreement."""
    points = worker.baseline().points
    names = measured.dims(args.form)
    job = {key: getattr(args, key) for key in ("form", "chains", "tune", "draws", "timeout")}
    job |= {"cores": args.cores, "target_accept": args.target_accept, "script": "samplers"}
    job |= {"dims": names, "labels": measured.labels(points)}
    lower = [dim for name, dim in names.items() if name in measured.LOWER]
    n_top = -sum(len(job["labels"][dim]) for dim in lower)
    runs: dict[str, list[dict[str, Any]]] = {}
    skipped: dict[str, str] = {}
    draws: dict[str, list[np.ndarray]] = {}
    for repeat in range(args.repeats):
        for name in [name for name in args.samplers if name not in skipped]:
            file = folder / f"{name}-{repeat}.npy"
            own = {"sampler": name, "seed": args.seed + 1000 * repeat, "draws_file": str(file)}
            cache = {"cache": str(folder / f"cache-{name}")}
            say(f"{name}, {repeat + 1} of {args.repeats}")
            found = launch({**job, **own, **cache}, folder)
            if "reason" in found:
                skipped[name] = found["reason"]
                say(f"  skipped: {found['reason']}")
                continue
            draws.setdefault(name, []).append(np.load(file))
            stats = measured.diagnose(draws[name][-1])
            found |= {
                "worst_ess": float(stats["ess"].min()),
                "median_ess": float(np.median(stats["ess"])),
                "worst_rhat": float(stats["rhat"].max()),
                "steps_per_draw": found["gradients"] / (args.chains * args.draws),
            }
            for key in ("worst", "median"):
                found[f"{key}_ess_per_s"] = found[f"{key}_ess"] / found["warm_s"]
            runs.setdefault(name, []).append(found)
            say(f"  warm {found['warm_s']:.1f} s, worst ESS {found['worst_ess']:.0f}")
    summary = {name: summarised(own) for name, own in runs.items() if name not in skipped}
    reference: dict[str, Any] = summary.get("tenfold", {})
    for own in summary.values() if reference else ():
        own["tenfold_is_faster_by"] = {
            key: reference[key] / own[key] if own[key] else None
            for key in ("worst_ess_per_s", "median_ess_per_s")
        }
    pooled = {name: measured.diagnose(np.concatenate(draws[name])) for name in summary}
    agreement = {}
    for name, own in pooled.items():
        if name != "tenfold" and "tenfold" in pooled:
            base = pooled["tenfold"]
            error = np.hypot(own["mcse"], base["mcse"])[:n_top]
            agreement[name] = float(np.max(np.abs(own["mean"] - base["mean"])[:n_top] / error))
    return {
        "machine": args.machine,
        "settings": {k: job[k] for k in ("form", "chains", "tune", "draws", "target_accept")}
        | {"repeats": args.repeats, "seed": args.seed, "quick": args.quick},
        "evidence": {"series": points.sizes["series"], "points": points.sizes["obs"]},
        "compared_parameters": sum(len(job["labels"].get(dim, [0])) for dim in names.values()),
        "summary": summary,
        "largest_z": agreement,
        "skipped": skipped,
        "runs": runs,
    }


def summarised(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over repeats; the first process had empty caches, the others had full ones."""
    numbers = [key for key, value in runs[0].items() if isinstance(value, int | float)]
    found: dict[str, Any] = {key: statistics.median(run[key] for run in runs) for key in numbers}
    found["first_s"] = runs[0]["cold_s"]
    again = [run["cold_s"] for run in runs[1:]]
    found["again_s"] = statistics.median(again) if again else None
    found["divergences"] = sum(run["divergences"] for run in runs)
    found["worst_rhat"] = max(run["worst_rhat"] for run in runs)
    del found["cold_s"]
    return found | {"versions": runs[0]["versions"]}


def scaling(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The table of sizes, and the fit of one size."""
    table, fits = [], []
    job = {"form": args.form, "seed": args.seed, "timeout": args.timeout, "script": "scaling"}
    job |= {"sampler": "tenfold", "cache": str(folder / "cache-scale"), "fit": False}
    say("scale: one gradient on the shipped evidence")
    pair = launch({**job, "compare": True}, folder)
    say(f"  {pair}")
    job |= {"compare": False}
    for n in args.scale:
        say(f"scale: {n} series")
        table.append({"wanted": n} | launch({**job, "series": n}, folder))
        say(f"  {table[-1]}")
    small = (30, 50) if args.quick else (600, 1000)
    fitted = {"fit": True, "chains": args.cores, "tune": small[0], "draws": small[1]}
    fitted |= {"target_accept": args.target_accept}
    for n in args.scale_fit:
        say(f"scale: fit of {n} series")
        fits.append({"wanted": n} | launch({**job, **fitted, "series": n}, folder))
        say(f"  {fits[-1]}")
    timed = [row for row in table if "gradient_us" in row]
    power = None
    if len(timed) > 1:
        x, y = (np.log([row[key] for row in timed]) for key in ("points", "gradient_us"))
        power = float(np.polyfit(x, y, 1)[0])
    return {"machine": args.machine, "pair": pair, "table": table, "power": power, "fits": fits}


def say(text: str) -> None:
    """A progress line."""
    print(f"[{time.perf_counter() - START:7.1f} s] {text}", flush=True)


def options(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""

    def sizes(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = ",".join(worker.SAMPLERS)
    parser.add_argument("--samplers", default=known, help=f"of {known}; or none")
    parser.add_argument("--form", choices=FORMS, default="logistic")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--tune", type=int, default=1000, help="tuning steps of a chain")
    parser.add_argument("--draws", type=int, default=1000, help="of a chain")
    parser.add_argument("--target-accept", type=float, default=0.8, help="of every sampler")
    parser.add_argument("--repeats", type=int, default=3, help="processes of every sampler")
    parser.add_argument("--cores", type=int, default=2, help="that all of it is held to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=5400, help="of one process, seconds")
    parser.add_argument("--scale", type=sizes, default=[], help="numbers of series, e.g. 300,1000")
    parser.add_argument("--scale-fit", type=sizes, default=[], help="numbers of series to fit")
    parser.add_argument("--quick", action="store_true", help="2 chains of 50 + 20, one repeat")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(arguments)
    args.samplers = [] if args.samplers == "none" else args.samplers.split(",")
    if unknown := set(args.samplers) - set(worker.SAMPLERS):
        parser.error(f"--samplers: unknown {', '.join(sorted(unknown))}; expected some of {known}")
    if args.quick:
        args.chains, args.tune, args.draws, args.repeats = 2, 50, 20, 1
    return args


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for and write the page.

    Returns:
        1 if posteriors disagree (but for --quick), else 0.
    """
    args = options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # workers are ended too
    if hasattr(os, "sched_setaffinity"):  # workers inherit it
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.cores])
    args.machine = machine(args.cores)
    stored = args.out / "results.json"
    results = json.loads(stored.read_text()) if stored.exists() else {"commands": {}}
    given = sys.argv[1:] if arguments is None else arguments
    shown = [part for part in given if not re.match(r"/|--out", part)]
    line = " ".join(["uv run python scripts/benchmark.py", *shown])
    with tempfile.TemporaryDirectory() as folder:
        if args.samplers:
            results["samplers"] = compare(args, Path(folder))
            results["commands"]["samplers"] = line
            write(results, args.out)
        if args.scale or args.scale_fit:
            results["scale"] = scaling(args, Path(folder))
            results["commands"]["scale"] = line
        write(results, args.out)
    far = {}
    if args.samplers:
        far = {k: z for k, z in results["samplers"]["largest_z"].items() if not z <= LIMIT}
    for name, z in far.items():
        say(f"FAIL: {name} differs from tenfold by {z:.1f} combined standard errors of a mean")
    say(f"written: {args.out.name}/README.md")
    return int(bool(far) and not args.quick)


if __name__ == "__main__":
    sys.exit(main())
