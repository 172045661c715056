"""The exchange rate without any one publication.

    uv run python scripts/stability.py --runs runs
    uv run python scripts/stability.py --runs runs --only ScaleRL DAPO

Every publication is left out in turn, each curve form is fitted without it (chains start at what is
typical of the full fit) and forms are mixed with the weights of the full fit. Asked: the median of
the exchange rate stays inside the 50% interval of the full fit. Adds rows to results.json in
reports/stability, as long as they belong to the run, and writes README.md there.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from tenfold.evidence import dataset as evidence
from tenfold.files import read_json, write_atomic
from tenfold.fit import stages
from tenfold.fit.convergence import measured
from tenfold.mixture import quantile
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import load_scenario
from tenfold.runs import store
from tenfold.sampler import sample

FOLDER = Path(__file__).parents[1] / "reports" / "stability"
SETTINGS = {"tune": 150, "draws": 400}


def without(run: store.Run, publication: str) -> dict[str, float]:
    """Median and 50% interval of the exchange rate without a publication, and the worst R-hat."""
    base = prepare("baseline", load_scenario("baseline"))
    kept = evidence.usable(evidence.load(exclude={"publication": (publication,)}))
    settings = base.settings.model_copy(update=SETTINGS)
    scenario = base.scenario.model_copy(update={"settings": settings})
    compiled = sample.compile_plan(replace(base, points=kept, scenario=scenario))
    found: dict[str, xr.DataArray] = {}
    worst = 0.0
    for form in run.forms:
        typical = stages.typical(run, form, compiled.plan)
        tree = sample.sample(compiled, form, typical=typical)
        rate = tree["posterior"].to_dataset()[["exchange_rate"]]
        alone = xr.DataTree.from_dict({"posterior": rate, "sample_stats": tree["sample_stats"]})
        worst = max(worst, measured(alone, ess=False)["r_hat"]["exchange_rate"])
        found[form] = rate["exchange_rate"]
    return summary(run, found) | {"r_hat": round(worst, 4)}


def full(run: store.Run) -> dict[str, float]:
    """Median and 50% interval of the exchange rate of the run itself."""
    rates = {form: run.tree(form)["posterior"].to_dataset() for form in run.forms}
    return summary(run, {form: draws["exchange_rate"] for form, draws in rates.items()})


def summary(run: store.Run, rates: dict[str, xr.DataArray]) -> dict[str, float]:
    """Quartiles of draws by form, mixed with the weights of a run."""
    forms = {"form": list(rates)}
    draws = xr.concat(list(rates.values()), "form").assign_coords(forms)
    weight = xr.DataArray([run.info["weights"][form] for form in rates], forms, ["form"])
    found = quantile(draws, weight, [0.25, 0.5, 0.75]).values
    return {key: round(float(q), 4) for key, q in zip(("p25", "p50", "p75"), found, strict=True)}


def page(table: dict[str, Any]) -> str:
    """README.md from the table."""
    whole, rows = table["full"], table["without"]
    lines = [
        "# The exchange rate without any one publication",
        "",
        "Made by `uv run python scripts/stability.py`; numbers are in `results.json`. Run",
        f"`{table['run']}`: median {whole['p50']:.2f}, 50% interval {whole['p25']:.2f} to "
        f"{whole['p75']:.2f}. Every row is a fit of all forms without the publication, mixed with",
        "the weights of the full fit.",
        "",
        "| without | series (RL) | median | 50% interval | inside | R-hat |",
        "|---|---:|---:|---:|---|---:|",
    ]
    for row in sorted(rows, key=lambda row: row["p50"]):
        inside = whole["p25"] <= row["p50"] <= whole["p75"]
        lines.append(
            f"| {row['publication']} | {row['series']} ({row['rl_series']}) | {row['p50']:.2f} | "
            f"{row['p25']:.2f} to {row['p75']:.2f} | {'yes' if inside else '**no**'} | "
            f"{row['r_hat']:.3f} |"
        )
    out = [r for r in rows if not whole["p25"] <= r["p50"] <= whole["p75"]]
    lines += ["", f"{len(rows) - len(out)} of {len(rows)} medians stay inside."]
    if len(rows) < table["publications"]:
        lines += ["", f"Of {table['publications']} publications the others were not fitted yet."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit without each publication that is not in the table yet."""
    parser = argparse.ArgumentParser(description="The exchange rate without any one publication")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--only", nargs="+", help="publications; all unless given")
    chosen = parser.parse_args()
    run = store.latest(chosen.runs)
    table: dict[str, Any] = {"run": run.path.name, "full": full(run), "without": []}
    path = FOLDER / "results.json"
    if path.is_file() and (stored := read_json(path))["run"] == run.path.name:
        table = stored
    published = run.points["series_publication"].values
    table["publications"] = len(set(published.tolist()))
    rl = run.points["series_regime"].values == "rl"
    ready = {row["publication"] for row in table["without"]}

    # publications with RL runs first, the largest first: there are few of them and they decide
    def order(name: str) -> tuple[bool, int]:
        return not rl[published == name].any(), -int((published == name).sum())

    for name in sorted(set(published.tolist()) - ready, key=order):
        if chosen.only and name not in chosen.only:
            continue
        own = published == name
        row = {"publication": name, "series": int(own.sum()), "rl_series": int((own & rl).sum())}
        table["without"].append(row | without(run, name))
        FOLDER.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(table, indent=1) + "\n")
        print(table["without"][-1], flush=True)
    write_atomic(FOLDER / "README.md", page(table))


if __name__ == "__main__":
    main()
