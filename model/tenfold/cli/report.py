"""The command that writes the report, and fits the scenario first where it has not been."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tenfold.cli import terminal
from tenfold.cli.fit import EXIT_GATE, RunFolder, Runs, Scenario, end, warn_stale


def report(
    scenario: Scenario = "baseline",
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

    Fits the scenario first where that has not been done (minutes); else it only reads the run that
    answers, whatever evidence and settings that was fitted with. Exits with 3 where a gate fails;
    the report is written all the same and says so.

    \b
    Examples:
      tenfold report
      tenfold report --scenario no-thinking-shift --out no-thinking
      tenfold report --figures --open
    """
    from tenfold import report as pages
    from tenfold.fit import stages
    from tenfold.runs import store

    if run is None and not store.pointer_of(runs, scenario).is_file():
        found = stages.run(scenario, runs, say=terminal.warn)
    else:
        found = store.verify(store.speaking(runs, scenario, run))
    terminal.warn("writing the report")
    page = pages.build(found, out, figures=figures)
    warn_stale(found)
    terminal.say(f"{found.info['status']}: {page}")
    end(found, "claims", "export")
    if open_page:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
    if found.info["status"] == "FAIL":
        terminal.warn("a gate failed: the banner and the first table of the report say which")
        raise typer.Exit(EXIT_GATE)
