"""The command that writes the report, and fits the scenario first where it has not been."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenfold.cli import terminal
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

    Fits the scenario first where nothing has been fitted (minutes); else it only reads the run that
    answers, whatever evidence and settings that was fitted with. Changes (`--set`, `--drop`, ...)
    are answered from there, by the cheapest gear that is exact enough, and the page says which.
    Exits with 3 where a gate fails; the report is written all the same and says so.

    \b
    Examples:
      tenfold report
      tenfold report --scenario no-thinking-shift --out no-thinking
      tenfold report --set inference_per_training=1,1.2,1.5 --out what-if
      tenfold report --figures --open
    """
    from tenfold import report as pages
    from tenfold.scenarios.answering import answering

    found, what_if = _start(said, runs, run), None
    if said.changes or said.one != found.info["scenario"]:
        what_if = answering(said, found, runs, say=terminal.warn)
        found = what_if.run
    terminal.warn("writing the report")
    page = pages.build(found, out, figures=figures, what_if=what_if and (str(said), what_if))
    warn_stale(found)
    terminal.say(f"{found.info['status']}: {page}")
    end(found, "claims", "export", what_if=what_if)
    if open_page:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
    if found.info["status"] == "FAIL":
        terminal.warn("a gate failed: the banner and the first table of the report say which")
        raise typer.Exit(EXIT_GATE)


def _start(said: Said, runs: Path, run: Path | None) -> Run:
    """The run from which the page sets out: fitted first where there is none."""
    from tenfold.fit import stages
    from tenfold.posterior.scenario import load_scenario
    from tenfold.runs import store

    name = said.one or store.BASE
    load_scenario(name)
    if run is None and not store.pointer_of(runs, name).is_file():
        if not store.pointer_of(runs, store.BASE).is_file():
            return stages.run(store.BASE if said.changes else name, runs, say=terminal.warn)
        name = store.BASE
    return store.verify(store.speaking(runs, name, run))
