"""Commands on fits: sample a scenario, show its gates, list the scenarios."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenfold import terminal
from tenfold.cli_evidence import Json, PointsFolder

if TYPE_CHECKING:
    from tenfold.fit import Run

EXIT_GATE = 3

Scenario = Annotated[str, typer.Option(help="Named scenario, as listed by `scenarios`.")]
Runs = Annotated[Path, typer.Option(metavar="DIR", help="Folder of stored runs.")]


def fit(
    scenario: Scenario = "baseline",
    points: PointsFolder = None,
    runs: Runs = Path("runs"),
    seed: Annotated[int | None, typer.Option(help="Seed of the sampler.")] = None,
    draws: Annotated[int | None, typer.Option(help="Draws kept per chain.")] = None,
    tune: Annotated[int | None, typer.Option(help="Draws discarded per chain.")] = None,
    chains: Annotated[int | None, typer.Option(help="Number of chains.")] = None,
    as_json: Json = False,
) -> None:
    """Fit a scenario to the evidence and store the run; an unchanged one is found, not repeated.

    Exits with 3 where a gate fails; the run is stored all the same.

    \b
    Examples:
      tenfold fit
      tenfold fit --scenario no-thinking-shift
      tenfold fit --points my-evidence --seed 7
    """
    from tenfold import scenarios

    settings = {"seed": seed, "draws": draws, "tune": tune, "chains": chains}
    run = scenarios.run(
        scenario,
        runs,
        tuple(points or ()),
        {name: value for name, value in settings.items() if value is not None},
        say=terminal.warn,
        progress=sys.stderr.isatty(),
    )
    _report_gates(run, as_json)


def check(
    scenario: Scenario = "baseline", runs: Runs = Path("runs"), as_json: Json = False
) -> None:
    """Show the gates of the newest run; exits with 3 where one fails.

    \b
    Examples:
      tenfold check
      tenfold check --scenario no-thinking-shift --json
    """
    from tenfold import fit

    _report_gates(fit.latest(runs, scenario), as_json)


def scenarios(as_json: Json = False) -> None:
    """List the named scenarios: what each changes, and why.

    \b
    Examples:
      tenfold scenarios
      tenfold scenarios --json
    """
    from tenfold.spec import load_scenarios

    known = load_scenarios()
    if as_json:
        listed = {name: item.model_dump(mode="json") for name, item in known.items()}
        terminal.print_json({"scenarios": listed})
        return
    rows = [(name, item.extends or "", item.reason) for name, item in known.items()]
    terminal.print_table(f"{len(rows)} scenarios", ("scenario", "extends", "reason"), rows)


def _report_gates(run: Run, as_json: bool) -> None:
    info: dict[str, Any] = run.info
    if as_json:
        keys = ("scenario", "status", "gates", "forms", "weights", "seed", "timings_s")
        terminal.print_json({"run": str(run.path)} | {key: info[key] for key in keys})
    else:
        columns = ("gate", "status", "value", "threshold", "detail")
        rows = [
            (
                gate["name"],
                gate["status"],
                "NaN" if gate["value"] is None else f"{gate['value']:.4g}",
                f"{gate['threshold']:g}",
                gate["detail"],
            )
            for gate in info["gates"]
        ]
        terminal.print_table(f"Gates of {run.path}", columns, rows)
        mixed = ", ".join(f"{form} {info['weights'].get(form, 0):.2f}" for form in info["forms"])
        terminal.say(f"curve forms and their weights: {mixed}")
        terminal.say(f"{info['status']}: {run.path}")
    if info["status"] == "FAIL":
        raise typer.Exit(EXIT_GATE)
