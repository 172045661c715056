"""The command that writes the report, and fits the scenario first where it has not been."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenfold.cli import terminal
from tenfold.cli.answers import BaselineRun, Benchmark, Start, Target
from tenfold.cli.fit import EXIT_GATE, RunFolder, Runs, end, warn_stale
from tenfold.cli.what_if import changeable

if TYPE_CHECKING:
    from tenfold.runs.store import Run
    from tenfold.scenarios.said import Said


@changeable
def report(
    said: Said,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    edition: Annotated[
        bool, typer.Option("--edition", help="Draw the page from the newest edition.")
    ] = False,
    benchmark: Benchmark = None,
    start: Start = None,
    target: Target = None,
    baseline: BaselineRun = "grok-4",
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the page and the data of its figures.")
    ] = Path("tenfold-report"),
    figures: Annotated[
        bool, typer.Option("--figures", help="Write each figure as SVG and PNG too.")
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Write the report: one self-contained HTML page, with the data of its figures beside it.

    Fits the scenario first where nothing has been fitted (minutes); else it reads what answers:
    the run, whatever evidence and settings that was fitted with, or the edition where the run is
    older, and then without fitted curves and predictive checks. Changes (`--set`, `--drop`, ...)
    are answered from there, by the cheapest gear that is exact enough, and the page says which. A
    question of one's own is answered on the first screen. Exits with 3 where a gate fails; the
    report is written all the same and says so.

    \b
    Examples:
      tenfold report
      tenfold report --scenario no-thinking-shift --out no-thinking
      tenfold report --set inference_per_training=1,1.2,1.5 --out what-if
      tenfold report --figures --open
      tenfold report --edition --baseline gpt-5
      tenfold report --benchmark "AIME 2024" --from 0.2 --to 0.8
    """
    from tenfold import report as pages
    from tenfold.answers import places
    from tenfold.answers.constants import load_constants
    from tenfold.answers.question import Question
    from tenfold.scenarios.answering import answering

    question = Question(benchmark=benchmark, start=start, target=target, baseline=baseline)
    load_constants().run(baseline)
    found, what_if = _start(said, runs, run, edition), None
    places.check(benchmark, found.info["benchmarks"])
    if said.changes or said.one != found.info["scenario"]:
        what_if = answering(said, found, runs, say=terminal.warn)
        found = what_if.run
    terminal.warn("writing the report")
    changed = what_if and (str(said), what_if)
    page = pages.build(found, out, figures=figures, what_if=changed, question=question)
    warn_stale(found)
    terminal.say(f"{found.info['status']}: {page}")
    end(found, "claims", "export", what_if=what_if)
    if open_page:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
    if found.info["status"] == "FAIL":
        terminal.warn("a gate failed: the banner and the first table of the report say which")
        raise typer.Exit(EXIT_GATE)


def _start(said: Said, runs: Path, run: Path | None, edition: bool) -> Run:
    """What the page sets out from: a run, fitted first where there is none; or an edition."""
    from tenfold.editions import shelf
    from tenfold.files import SpecError
    from tenfold.fit import stages
    from tenfold.posterior.scenario import load_scenario
    from tenfold.runs import store

    if edition:
        newest = shelf.newest()
        if newest is None or run is not None:
            why = "no edition ships with this copy" if newest is None else "expected no --run"
            raise SpecError(f"--edition: {why}")
        return newest
    name = said.one or store.BASE
    load_scenario(name)
    if run is None and not store.pointer_of(runs, name).is_file():
        if not store.pointer_of(runs, store.BASE).is_file():
            return stages.run(store.BASE if said.changes else name, runs, say=terminal.warn)
        name = store.BASE
    return store.verify(shelf.speaking(runs, name, run))
