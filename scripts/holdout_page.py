"""The page and the figure of `holdout.py`, from its results alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import drawing

from tenfold.unseen import rivals

COLOURS = {"pooled": "#4269d0", "alone": "#ff725c", "essay": "#3ca951", "same": "#9c6b4e"}
NAMES = {"pooled": "Tenfold", "alone": "no pooling", "essay": "essay's slopes", "same": "no change"}
ASKED = {
    ("new-model", 1, "pairs of modes"): 0.036,
    ("new-model", 1, "effort sweeps"): 0.040,
    ("new-model", 1, "ARC"): 0.032,
    ("new-benchmark", 1, "rl"): 0.026,
    ("new-benchmark", 5, "rl"): 0.023,
}
"""CRPS that was asked for before the fit, by design, points given and kind."""


def figure(results: dict[str, Any], path: Path) -> None:
    """CRPS of every method and coverage of 90% intervals, one panel per design and condition."""
    plt = drawing.start()

    panels = [(d, c) for d, item in results.items() for c in item]
    canvas, axes = plt.subplots(
        2, len(panels), figsize=(2.6 * len(panels), 6), layout="constrained", sharey="row",
        squeeze=False,
    )  # fmt: skip
    for (design, count), top, bottom in zip(panels, axes[0], axes[1], strict=True):
        for k, regime in enumerate(("rl", "inference")):
            group = results[design][count][regime]
            for j, method in enumerate(rivals.METHODS):
                item, place = group[method], k + 0.2 * (j - 1.5)
                label = NAMES[method] if k == 0 and top is axes[0][0] else None
                style = {"color": COLOURS[method], "fmt": "o", "ms": 4, "lw": 1.2}
                top.errorbar(place, item["crps"], item["crps_se"], label=label, **style)
                bottom.errorbar(place, item["inside_90"], item["inside_90_se"], **style)
        top.set_title(f"{design},\ngiven {count} point{'s' if count != '1' else ''}", fontsize=9)
        bottom.axhspan(0.85, 0.95, color="0.9", zorder=0)
        bottom.set_xticks([0, 1], ["RL", "inference"])
        top.set_xticks([0, 1], ["RL", "inference"])
        bottom.set_ylim(0, 1.05)
    axes[0][0].set_ylabel("CRPS, score units\n(lower is better)")
    axes[0][0].set_ylim(bottom=0)
    axes[1][0].set_ylabel("share of points inside\n90% intervals (grey: 85 to 95%)")
    canvas.legend(frameon=False, ncols=4, loc="outside lower center")
    drawing.save(canvas, path)


def asked(results: dict[str, Any]) -> list[str]:
    """What was asked for, and what was found."""
    lines = [
        "", "## What was asked for", "",
        "| design | given | kind | CRPS at most | CRPS | inside 90% (85 to 95%) |",
        "|---|---:|---|---:|---:|---:|",
    ]  # fmt: skip
    for (design, given, kind), most in ASKED.items():
        part = results.get(design, {}).get(str(given), {}).get(kind)
        if part:
            one = part["pooled"]
            ok = "" if one["crps"] <= most else " **above**"
            lines.append(
                f"| {design} | {given} | {kind} | {most:.3f} | {one['crps']:.4f} ± "
                f"{one['crps_se']:.4f}{ok} | {one['inside_90']:.0%} ± "
                f"{100 * one['inside_90_se']:.0f} |"
            )
    for design, item in results.items():
        for given, parts in item.items():
            if "dollars" in parts:
                one = parts["dollars"]["alone"]
                lines += [
                    "", f"Dollars, {design}, given {given}: CRPS less that of no pooling "
                    f"{-one['above']:+.4f} ± {one['above_se']:.4f}.",
                ]  # fmt: skip
    return lines


def apart(rows: list[dict[str, Any]], enough: int) -> list[str]:
    """Benchmarks one by one: coverage of pairs, and where pooling loses."""
    lines = [
        "", "## Benchmarks by themselves", "",
        f"With {enough} points or more. *Worse*: CRPS of Tenfold less that of no pooling, ± one",
        "standard error clustered by series; **bold** where it is above two of them.", "",
        "| design | given | kind | benchmark | points (series) | CRPS | inside 90% | worse |",
        "|---|---:|---|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    for row in rows:
        worse = f"{row['worse']:+.4f}"
        worse += "" if row["worse_se"] is None else f" ± {row['worse_se']:.4f}"
        lines.append(
            f"| {row['design']} | {row['given']} | {row['kind']} | {row['benchmark']} | "
            f"{row['points']} ({row['series']}) | {row['crps']:.4f} | {row['inside_90']:.0%} | "
            f"{f'**{worse}**' if row['loses'] else worse} |"
        )
    count = sum(row["loses"] for row in rows)
    low = [row for row in rows if row["kind"] == "pairs of modes" and row["inside_90"] <= 0.75]
    lines += [
        "", f"Pooling loses by more than two standard errors in {count} of {len(rows)} rows; pairs",
        f"hold 75% or less of the points in {len(low)} rows.",
    ]  # fmt: skip
    return lines


def page(everything: dict[str, Any]) -> str:
    """README.md from results.json."""
    results, settings = everything["designs"], everything["settings"]
    first = next(iter(results.values()))
    most, forms = max(map(int, first)), list(next(iter(first.values()))["all"]["forms"])
    lines = [
        "# Series that the model had not seen",
        "",
        "Made by `uv run python scripts/holdout.py`; numbers are in `results.json`, every",
        "prediction in `scores.csv.xz`. Whole groups of series were held out in folds, all forms",
        "refitted without them, and each held-out series was predicted from its lowest point, or",
        f"its {most} lowest, against three rivals with the same points (README, `tenfold score`).",
        "",
        "- **new-model**: all series of a model (RL: of one run) held out, its benchmarks known;",
        "- **new-benchmark**: all series of a benchmark (RL: of one publication) held out.",
        "",
        "*Pairs of modes*: a model with and without thinking; *effort sweeps*: others in tokens;",
        f"*RL, later*: points more than {everything['later']} OOM beyond the last given one.",
        "Folds that are there: "
        + ", ".join(f"{k} {len(v)} of {everything['of']}" for k, v in everything["folds"].items())
        + f". Refits have {settings['chains']} chains of {settings['draws']} draws.",
        "",
        "CRPS: continuous ranked probability score, in score units, lower is better. ± is one",
        "standard error that takes series, not points, as independent. *Above*: CRPS less that of",
        "Tenfold on the same points.",
        "",
        "![Scores and coverage](holdout.svg)",
        *asked(results),
        *apart(everything["benchmarks"], everything["enough"]),
    ]
    for design, item in results.items():
        for count, parts in item.items():
            given = "one point" if count == "1" else f"{count} points"
            lines += [
                "", f"## {design}, given {given}", "",
                "| regime | method | points (series) | CRPS | above Tenfold | log score | "
                "inside 50% | inside 90% |",
                "|---|---|---:|---:|---:|---:|---:|---:|",
            ]  # fmt: skip
            for regime, group in parts.items():
                for method in rivals.METHODS:
                    one = group[method]
                    above = f"{one['above']:+.4f} ± {one['above_se']:.4f}"
                    lines.append(
                        f"| {regime} | {NAMES[method]} | {group['points']} ({group['series']}) | "
                        f"{one['crps']:.4f} | {'' if method == 'pooled' else above} | "
                        f"{one['log_score']:.2f} | {one['inside_50']:.0%} | "
                        f"{one['inside_90']:.0%} ± {100 * one['inside_90_se']:.0f} |"
                    )
    lines += [
        "", "## Curve forms on whole series", "",
        "Sum of log scores of the held-out points under each form alone, less that of the best:",
        "",
        "| design | given | " + " | ".join(forms) + " |",
        "|---|---|" + "---:|" * len(forms),
    ]  # fmt: skip
    for design, item in results.items():
        for count, parts in item.items():
            cells = [
                "best" if one["difference"] == 0
                else f"{one['difference']:.0f} ± {one['difference_se']:.0f}"
                for one in parts["all"]["forms"].values()
            ]  # fmt: skip
            lines.append(f"| {design} | {count} | " + " | ".join(cells) + " |")
    return "\n".join(lines).replace(" -", " \N{MINUS SIGN}") + "\n"
