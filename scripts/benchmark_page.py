"""The page of `benchmark.py`, from its results.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import drawing
import numpy as np
import samplers as worker

LIMIT = 5.0
"""Posterior means may differ by this many combined Monte Carlo standard errors."""


def number(value: float | None, digits: int = 3) -> str:
    """A number for a table, to some significant digits."""
    if value is None or not np.isfinite(value):
        return "-"
    if isinstance(value, int) or value == 0 or abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits - 1 - int(np.floor(np.log10(abs(value))))}f}"


def rows(header: str, lines: list[list[str]]) -> list[str]:
    """A Markdown table."""
    columns = header.split(" | ")
    rule = ["---", *["---:"] * (len(columns) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (columns, rule, *lines)]


def machine_line(of: dict[str, Any]) -> str:
    """The machine in a sentence."""
    return (
        f"Machine: {of['cores']} cores, of which {of['cores_used']} were used, "
        f"{of['memory_gib']:.0f} GiB of memory; load {of['load_before']} before the start."
    )


def samplers_page(found: dict[str, Any]) -> list[str]:
    """The part of the page on samplers."""
    chosen, evidence, summary = found["settings"], found["evidence"], found["summary"]
    text = [
        "## Samplers",
        "",
        f"One posterior: {evidence['series']} series, {evidence['points']} points, baseline "
        f"priors, curve form {chosen['form']}. {chosen['chains']} chains of {chosen['tune']} "
        f"tuning steps and {chosen['draws']} draws, target acceptance "
        f"{chosen['target_accept']:g} for all; medians of {chosen['repeats']} repeats. "
        f"{machine_line(found['machine'])}",
        "",
    ]
    if chosen["quick"]:
        text += ["**Chains are too short to mean anything: this is a trial of the script.**", ""]
    lines, times = [], []
    for name, own in summary.items():
        ratio = own.get("tenfold_is_faster_by", {})
        lines.append(
            [name, *(number(own[k]) for k in ("worst_ess_per_s", "median_ess_per_s"))]
            + [number(ratio.get(k)) for k in ("worst_ess_per_s", "median_ess_per_s")]
            + [number(own[k]) for k in ("worst_ess", "steps_per_draw", "gradients")]
            + [str(own["divergences"]), f"{own['worst_rhat']:.3f}"]
        )
        keys = ("warm_s", "again_s", "first_s", "prepared_s", "memory_gib", "memory_first_gib")
        times.append([name, *(number(own[key]) for key in keys)])
    header = "sampler | worst ESS/s | median ESS/s | Tenfold's worst is x times | median x times"
    header += " | worst ESS | steps a draw | gradients | divergences | worst R-hat"
    text += rows(header, lines)
    text += [
        "",
        f"ESS: bulk effective sample size of the warm draws, worst and median over "
        f"{found['compared_parameters']} parameters (all of the top level, and intercept and log "
        "slope of every series), per second of warm sampling, tuning included. Steps and gradients "
        "are leapfrog steps of the draws, without tuning. Divergences are of all repeats together.",
        "",
    ]
    header = "sampler | warm, s | again, s | first, s | until first sampling, s"
    text += rows(header + " | memory, GiB | memory of the first sampling, GiB", times)
    text += [
        "",
        "Warm: a second sampling in a process that has sampled. First: a new process with empty "
        "caches, import to last draw. Again: the same with the caches that earlier processes left, "
        "Python's bytecode among them. "
        "Memory: largest total of the process and its children, compilers included.",
        "",
        "![Effective samples per second](samplers.svg)",
        "",
        "| sampler | what it is | versions | largest gap of a mean from Tenfold's |",
        "|---|---|---|---:|",
    ]
    for name, own in summary.items():
        versions = ", ".join(f"{key} {value}" for key, value in own["versions"].items())
        z = found["largest_z"].get(name)
        gap = "-" if z is None else f"{z:.2f} MCSE"
        text.append(f"| {name} | {worker.SAMPLERS[name]} | {versions} | {gap} |")
    text += [
        "",
        f"Differences are of top-level parameters, in combined Monte Carlo standard errors over "
        f"all repeats; more than {LIMIT:g} is a failure of the run.",
        "",
    ]
    for name, reason in found["skipped"].items():
        text.append(f"- Skipped: {name}, because: {reason}")
    return [*text, ""] if found["skipped"] else text


def scale_page(found: dict[str, Any]) -> list[str]:
    """The part of the page on size."""
    text = ["## Scale", "", "Copies of the real design, each with benchmarks and families of its "]
    text[-1] += (
        f"own, compute and errors jittered, scores simulated. {machine_line(found['machine'])}"
    )
    if "reason" not in (pair := found["pair"]):
        text += [
            "",
            f"One gradient on the shipped evidence ({pair['points']:,} points, "
            f"{pair['parameters']:,} parameters, form {pair['form']}): "
            f"{number(pair['tenfold_us'])} us; that of the PyMC model, compiled by nutpie with "
            f"numba, {number(pair['pymc_us'])} us in the same process, "
            f"{pair['pymc_us'] / pair['tenfold_us']:.1f} times as long. Tenfold's includes the "
            "change of coordinates that shortens the trajectories.",
        ]
    lines = []
    for row in found["table"]:
        keys = ("points", "parameters", "gradient_us", "setup_s", "memory_gib")
        lines.append([f"{row['wanted']:,}", *(number(row.get(key), 4) for key in keys)])
    header = "series | points | parameters | one gradient, us | coordinates, s | memory, GiB"
    text += ["", *rows(header, lines), ""]
    if found["power"] is not None:
        text += [f"Time per gradient grows as points to the power {found['power']:.2f}.", ""]
        text += ["![Time per gradient](scale.svg)", ""]
    for row in found["fits"]:
        if "reason" in row:
            text += [f"The fit of {row['wanted']:,} series failed: {row['reason']}", ""]
            continue
        text += [
            f"A fit of {row['series']:,} series ({row['points']:,} points, {row['parameters']:,} "
            f"parameters): worst top-level ESS {row['worst_ess']:.0f} after {row['fit_s']:,.0f} s, "
            f"{row['chains']} chains of {row['tune']} + {row['draws']} in the last try, "
            f"{row['steps_per_draw']:.0f} steps a draw, {row['divergences']} divergences, "
            f"{row['memory_gib']:.1f} GiB.",
            "",
        ]
    return text


def figures(results: dict[str, Any], out: Path) -> None:
    """Figures of the page as SVG."""
    plt = drawing.start()
    if summary := results.get("samplers", {}).get("summary"):
        names = sorted(summary, key=lambda name: summary[name]["worst_ess_per_s"])
        figure, axis = plt.subplots(figsize=(7, 0.6 * len(names) + 1))
        for key, marker in (("worst", "o"), ("median", "|")):
            values = [summary[name][f"{key}_ess_per_s"] for name in names]
            axis.plot(values, names, marker, color="black", label=f"{key} parameter")
        axis.set(xscale="log", xlabel="effective samples per second of warm sampling")
        axis.grid(axis="x", color="0.9")
        axis.legend()
        drawing.save(figure, out / "samplers.svg")
    if results.get("scale", {}).get("power") is not None:
        timed = [row for row in results["scale"]["table"] if "gradient_us" in row]
        figure, axis = plt.subplots(figsize=(5, 3.5))
        axis.loglog(*([row[key] for row in timed] for key in ("points", "gradient_us")), "o-k")
        axis.set(xlabel="points", ylabel="one gradient, microseconds")
        axis.grid(color="0.9")
        drawing.save(figure, out / "scale.svg")


def write(results: dict[str, Any], out: Path) -> None:
    """results.json, and from it the README and its figures."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    results = json.loads((out / "results.json").read_text())
    text = ["# Performance", "", "Written by `scripts/benchmark.py` from `results.json`:", ""]
    text += ["```sh", *dict.fromkeys(results["commands"].values()), "```", ""]
    text += samplers_page(results["samplers"]) if "samplers" in results else []
    text += scale_page(results["scale"]) if "scale" in results else []
    (out / "README.md").write_text("\n".join(text).rstrip() + "\n")
    figures(results, out)
