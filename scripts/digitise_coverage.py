"""Do digitised points lie within their stated errors at the stated rate?

Draws charts of known points in many styles, reads them as a user would (two clicked ticks per axis,
a marker colour), and compares stated intervals with observed shares. Run by hand:

    uv run python scripts/digitise_coverage.py reports/digitising --charts 200
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import drawing
import matplotlib as mpl
import numpy as np
import pandas as pd
from digitise_charts import draw_style, read_chart

SEED = 20260101
"""Seed of the published run; the error constants were settled on charts of other seeds."""
LEVELS = {"68%": 1.0, "95%": 1.959964}
"""Stated share -> half-width of the interval in standard errors."""


def experiment(charts: int, seed: int = SEED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`charts` random charts: all matched markers, and one record per chart."""
    rows, records = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(charts):
            rng = np.random.default_rng([seed, number])
            part, record = read_chart(draw_style(rng), rng, Path(folder))
            rows.append(part.assign(chart=number))
            records.append(record | {"chart": number})
    table = pd.DataFrame(records)
    return pd.concat([r for r in rows if len(r)], ignore_index=True).merge(table), table


def coverage(values: Any) -> dict[str, float]:
    """Number of values and the observed share within each stated level."""
    z = np.asarray(values, dtype=float)
    z = z[np.isfinite(z)]
    shares = {name: round(float((np.abs(z) <= k).mean()), 4) for name, k in LEVELS.items()}
    return {"n": len(z)} | shares


GROUPS = {
    "drawing": lambda r: r["placing"],
    "format": lambda r: r["quality"].map(lambda q: "PNG" if q != q else f"JPEG {q:.0f}"),
    "marker": lambda r: r["marker"].replace(
        {
            "o": "circle",
            "s": "square",
            "D": "diamond",
            "^": "triangle",
            "v": "triangle",
            "*": "star",
        }
    ),
    "outline": lambda r: np.select([r["hollow"], r["edge"]], ["hollow", "outlined"], "filled"),
    "lines": lambda r: np.select([r["line"], r["bars"]], ["joined by lines", "error bars"], "none"),
    "other series": lambda r: np.where(r["others"] > 0, "drawn over it", "none"),
    "flagged": lambda r: np.where(r["flagged"], "flagged", "not flagged"),
    "axis": lambda r: r["axis"],
}
"""Groups of the result table: name -> label of every marker."""


def summarise(rows: pd.DataFrame, table: pd.DataFrame, seed: int) -> dict[str, Any]:
    """What is published: counts, and stated against observed shares."""
    groups = []
    for name, label in GROUPS.items():
        for value, part in rows.groupby(np.asarray(label(rows))):
            own, total = coverage(part["own_z"]), coverage(part["total_z"])
            groups.append({"group": name, "value": str(value), "point": own, "total": total})
    axis = {
        f"{which} {what}": coverage(table[f"{which}_{what}_z"])
        for which in ("compute", "score")
        for what in ("offset", "scale")
    }
    drawn, missed, spurious = (
        table[["drawn", "missed", "spurious"]].fillna(0).to_numpy().sum(axis=0)
    )
    low, middle, high = np.quantile(rows["pixel_se"], [0.05, 0.5, 0.95])
    return {
        "seed": seed,
        "matplotlib": mpl.__version__,
        "charts": len(table),
        "refused": int(table["refused"].notna().to_numpy().sum()) if "refused" in table else 0,
        "drawn": int(drawn),
        "missed": int(missed),
        "spurious": int(spurious),
        "markers": len(rows) // 2,
        "flagged": int(rows["flagged"].to_numpy().sum()) // 2,
        "pixel_se": {"5%": round(low, 3), "50%": round(middle, 3), "95%": round(high, 3)},
        "stated": list(LEVELS),
        "point": coverage(rows["own_z"]),
        "total": coverage(rows["total_z"]),
        "axis": axis,
        "groups": groups,
    }


def readme(summary: dict[str, Any]) -> str:
    """The page of the experiment, every figure of which is taken from `coverage.json`."""
    s = summary

    def line(name: str, point: dict[str, float], total: dict[str, float]) -> str:
        shares = [f"{part[level]:.1%}" for part in (point, total) for level in s["stated"]]
        return f"| {name} | {point['n']:,} | {' | '.join(shares)} |"

    names = ["", "readings", *(f"{k}, {v}" for k in ("point", "total") for v in s["stated"])]
    head = f"| {' | '.join(names)} |\n|{'---|' * len(names)}"
    overall = line("all", s["point"], s["total"])
    groups = "\n".join(
        line(f"{g['group']}: {g['value']}", g["point"], g["total"]) for g in s["groups"]
    )
    axis = "\n".join(
        f"| {name} | {part['n']} | {part['68%']:.1%} | {part['95%']:.1%} |"
        for name, part in s["axis"].items()
    )
    return f"""# Are digitised points within their stated errors?

Made by `uv run python scripts/digitise_coverage.py reports/digitising --charts {s["charts"]}`;
every figure on this page comes from `coverage.json`, the groups also from `coverage.csv`.

{s["charts"]} charts of known points (seed {s["seed"]}) were drawn in random styles: markers on
whole pixels, at sub-pixel places or resampled after drawing; circles, squares, diamonds, triangles
and stars, filled, hollow or outlined; with lines, error bars, grids, other series in front,
overlaps; 80 to 200 dots per inch; PNG, and JPEG of quality 95 to 50. Each was read by
`tenfold digitise` as a user would: two ticks per axis clicked with an error, and a marker colour.
The error constants of the reader were settled on charts of other seeds.

- Of {s["drawn"]:,} markers drawn, {s["markers"]:,} were found and {s["missed"]} missed;
  {s["spurious"]} spots were taken for markers though they are none. Charts refused: {s["refused"]}.
- {s["flagged"]} of the markers found were flagged as overlapping, hidden or odd.
- The stated error of a centre is {s["pixel_se"]["50%"]} pixels at the median, and
  {s["pixel_se"]["5%"]} to {s["pixel_se"]["95%"]} between the 5% and 95% quantiles.

## Stated intervals against observed shares

*Point*: the error of each point by itself, after the offset and scale that all points of the chart
share are taken away. *Total*: the error against the truth, within point and shared axis error
together. Every marker counts twice, once per axis.

{head}
{overall}

![Observed against stated coverage by group](coverage.svg)

The stated errors are meant to be wide rather than narrow where a chart does not tell: a few markers
do not show whether they were drawn on whole pixels (a uniform error, all of which lies within the
95% interval), or resampled; then rounding is assumed. Charts with sub-pixel markers are read
better than stated for that reason.

## The error that all points of a chart share

Offset and scale of every chart's errors, in units of their stated standard errors. They are
reported apart from the point errors; the scale of the compute axis is the source's
`log10_axis_scale_se`. Charts with a linear compute axis enter in the score only.

| | charts | within 68% | within 95% |
|---|---|---|---|
{axis}

## By group

{head}
{groups}

Limits: the charts are drawn by one program (matplotlib {s["matplotlib"]}); triangles depend on
where the program puts the value in the marker (`anchor`); markers nearer to each other than a
quarter of their size are not drawn, since nobody can tell them apart.
"""


def figure(summary: dict[str, Any], path: Path) -> None:
    """Observed share per group beside the stated levels, point and total errors."""
    groups = summary["groups"][::-1]
    fig, axes = drawing.start().subplots(1, 2, figsize=(9, 7.5), sharey=True, layout="constrained")
    for ax, which in zip(axes, ("point", "total"), strict=True):
        for level, colour in zip(summary["stated"], ("#1f5fa8", "#c2571a"), strict=True):
            ax.axvline(float(level[:-1]) / 100, color=colour, lw=1)
            share = np.array([g[which][level] for g in groups])
            # readings of one chart are not independent; the bar is a rough 95% range of the share
            half = 1.96 * np.sqrt(share * (1 - share) / [g[which]["n"] / 2 for g in groups])
            ax.errorbar(share, range(len(groups)), xerr=half, fmt="o", ms=4, color=colour,
                        label=f"stated {level}")  # fmt: skip
        ax.set_title(f"{which} error")
        ax.set_xlabel("observed share within the interval")
        ax.set_xlim(0.4, 1.01)
    axes[0].set_yticks(range(len(groups)), [f"{g['group']}: {g['value']}" for g in groups])
    axes[0].legend(loc="lower left")
    drawing.save(fig, path)


def main() -> None:
    """Run the experiment and write its folder."""
    parser = argparse.ArgumentParser(description="Coverage of digitised points")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--charts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    rows, table = experiment(args.charts, args.seed)
    summary = summarise(rows, table, args.seed)
    (args.folder / "coverage.json").write_text(json.dumps(summary, indent=1) + "\n")
    flat = pd.json_normalize(summary["groups"], sep="_")
    flat.to_csv(args.folder / "coverage.csv", index=False, lineterminator="\n")
    figure(summary, args.folder / "coverage.svg")
    (args.folder / "README.md").write_text(readme(summary))


if __name__ == "__main__":
    main()
