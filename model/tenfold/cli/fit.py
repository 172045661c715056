"""Commands on fits: sample a scenario, show its gates, list the scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenfold.cli import terminal
from tenfold.cli.evidence import Json, PointsFolder

if TYPE_CHECKING:
    from tenfold.runs.store import Run
    from tenfold.scenarios.gears import Answering

EXIT_GATE = 3

REMEDIED = ("R-hat", "ESS bulk", "ESS tail", "divergences")
REMEDY = (
    "not converged: fit again with more draws (--draws) or smaller steps (--target-accept 0.95)"
)

Scenario = Annotated[str, typer.Option(help="Named scenario, as listed by `scenarios`.")]
Runs = Annotated[Path, typer.Option(metavar="DIR", help="Folder of stored runs.")]
RunFolder = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="DIR", help="Run that answers; by default the newest of the scenario."
    ),
]


def fit(
    scenario: Scenario = "baseline",
    points: PointsFolder = None,
    runs: Runs = Path("runs"),
    seed: Annotated[int | None, typer.Option(help="Seed of the sampler.")] = None,
    draws: Annotated[int | None, typer.Option(help="Draws per chain after tuning.")] = None,
    tune: Annotated[int | None, typer.Option(help="Draws discarded per chain.")] = None,
    chains: Annotated[int | None, typer.Option(help="Number of chains.")] = None,
    target_accept: Annotated[
        float | None, typer.Option(help="Share of steps to accept; nearer to 1 is more careful.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fit a scenario to the evidence and store the run; an unchanged one is found, not repeated.

    Exits with 3 where a gate fails; the run is stored all the same.

    \b
    Examples:
      tenfold fit
      tenfold fit --scenario no-thinking-shift
      tenfold fit --points my-evidence --seed 7
      tenfold fit --scenario o1-chart --draws 3000 --target-accept 0.98
    """
    from tenfold.fit import stages

    settings = {
        "seed": seed, "draws": draws, "tune": tune, "chains": chains,
        "target_accept": target_accept,
    }  # fmt: skip
    run = stages.run(
        scenario,
        runs,
        tuple(points or ()),
        {name: value for name, value in settings.items() if value is not None},
        say=terminal.warn,
    )
    _report_gates(run, as_json, False, "jump", "report")


def check(
    scenario: Scenario = "baseline",
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
) -> None:
    """Show the gates of a run, with every file of it verified; exits with 3 where a gate fails.

    \b
    Examples:
      tenfold check
      tenfold check --scenario no-thinking-shift --json
    """
    from tenfold.editions import shelf
    from tenfold.runs import store

    found = store.verify(shelf.speaking(runs, scenario, run))
    _report_gates(found, as_json, warn_stale(found))


def stored(
    runs: Path, scenario: str, run: Path | None, benchmark: str | None = None
) -> tuple[Run, dict[str, Any]]:
    """The run that answers, and which it is; what makes it doubtful is warned of.

    A benchmark that it does not know is refused here, before anything heavy is imported.
    """
    from tenfold.answers import places
    from tenfold.editions import shelf
    from tenfold.posterior.scenario import load_scenario

    if run is None:
        load_scenario(scenario)  # a name that there is not, rather than a run that there is not
    found = shelf.speaking(runs, scenario, run)
    places.check(benchmark, found.info["benchmarks"])
    return found, about_run(found)


def about_run(run: Run) -> dict[str, Any]:
    """Which run it is that answers; what makes it doubtful is warned of."""
    from tenfold.editions import shelf

    status = run.info["status"]
    if status != "PASS":
        terminal.warn(f"gates: {status}; `tenfold check` shows which")
    edition = shelf.signature(run)
    if edition:
        terminal.warn(f"{edition}; `tenfold fit` fits a run of your own")
    about = {"scenario": run.info["scenario"], "run": run.path.name, "gates": status}
    about |= {"edition": edition, "stale": warn_stale(run), "fitted": run.info["created"][:10]}
    return about | {"evidence_until": run.info.get("evidence_until")}


def warn_stale(run: Run) -> bool:
    """Whether something that a run rests on changed since it was fitted; says what.

    The code that made an edition is told by its version.
    """
    from tenfold.posterior.scenario import load_scenarios
    from tenfold.runs.stale import outdated

    changed = outdated(run, code="edition" not in run.info)
    if changed:
        name = str(run.info.get("scenario"))
        again = "`tenfold fit`" if name == "baseline" else f"`tenfold fit --scenario {name}`"
        again = again if name in load_scenarios() else "what asked for it"
        what = " and ".join([", ".join(changed[:-1]), changed[-1]] if changed[1:] else changed)
        kind = "edition" if "edition" in run.info else "run"
        terminal.warn(f"{kind} {run.path.name} was fitted before {what} changed: {again} refits")
    return bool(changed)


def end(run: Run, *then: str, what_if: Answering | None = None) -> None:
    """The answer of a run, or of a what-if, in one line, and what to do next."""
    from tenfold.answers.constants import constants_of
    from tenfold.answers.headline import of_run
    from tenfold.answers.question import Asked, Question, under
    from tenfold.answers.registry import table
    from tenfold.words.answers import takes

    if what_if:
        asked = Asked(what_if.draws, what_if.constants, under(Question(), what_if.question))
    else:
        asked = Asked(of_run(run), constants_of(run.info), Question())
    names = ("inference_jump_ooms", "rl_jump_ooms")
    terminal.print_lines([takes("One GPT level", table(asked, names))])
    scenario = run.info["scenario"]
    which = "" if scenario == "baseline" else f" --scenario {scenario}"
    terminal.print_lines([f"Next: {', '.join(f'`tenfold {name}{which}`' for name in then)}."])


def _report_gates(run: Run, as_json: bool, stale: bool, *then: str) -> None:
    """Prints the gates of a run, and what to do next where that is told."""
    info: dict[str, Any] = run.info
    if as_json:
        keys = ("scenario", "status", "gates", "forms", "weights", "seed", "timings_s")
        terminal.print_json({"run": str(run.path), "stale": stale} | {k: info[k] for k in keys})
    else:
        from tenfold.words import fits

        terminal.print_table(*fits.gates(str(run.path), info["gates"]))
        terminal.print_lines([fits.weights(info["forms"], info["weights"])])
        terminal.say(f"{info['status']}: {run.path}")
        if then:
            end(run, *then)
    if info["status"] == "FAIL":
        failed = [gate["name"] for gate in info["gates"] if gate["status"] == "FAIL"]
        if any(name.endswith(REMEDIED) for name in failed):
            terminal.warn(REMEDY)
        raise typer.Exit(EXIT_GATE)
