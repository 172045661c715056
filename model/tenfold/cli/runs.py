"""Commands on stored runs: list them, say why one is stale, make room."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tenfold.cli import terminal
from tenfold.cli.evidence import Json
from tenfold.cli.fit import RunFolder, Runs, Scenario

runs_app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)


@runs_app.callback(invoke_without_command=True)
def runs(context: typer.Context, runs: Runs = Path("runs"), as_json: Json = False) -> None:
    """List the stored runs: when fitted, how they were judged, and whether they are stale.

    \b
    Examples:
      tenfold runs
      tenfold runs --json
      tenfold runs why --scenario no-thinking-shift
      tenfold runs prune
    """
    if context.invoked_subcommand is not None:
        return
    from tenfold.runs import shelf
    from tenfold.words import fits

    listed = shelf.entries(runs)
    if as_json:
        terminal.print_json({"runs": [fits.run_record(entry) for entry in listed]})
        return
    terminal.print_table(*fits.runs(str(runs), listed))
    for entry in listed:
        if entry.run is None:
            terminal.say(f"cannot be read: {entry.trouble}")


@runs_app.command()
def why(
    scenario: Scenario = "baseline",
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
) -> None:
    """Say why a run is stale: each file, prior, key and module that changed since.

    \b
    Examples:
      tenfold runs why
      tenfold runs why --scenario no-thinking-shift --json
    """
    from tenfold.runs import stale, store
    from tenfold.words import fits

    found = store.speaking(runs, scenario, run)
    changes = stale.changes(found)
    if as_json:
        terminal.print_json({"run": str(found.path), "changed": changes})
        return
    for line in fits.why_stale(found.path.name, changes):
        terminal.say(line)


@runs_app.command()
def prune(
    runs: Runs = Path("runs"),
    stale: Annotated[
        bool, typer.Option("--stale", help="Stale runs too, newest of their scenario or not.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; else it is only shown.")] = False,
    as_json: Json = False,
) -> None:
    """Delete runs that are not the newest of their scenario, and what cannot be read.

    Shows what would go; deletes with --yes.

    \b
    Examples:
      tenfold runs prune
      tenfold runs prune --yes
      tenfold runs prune --stale --yes
    """
    from tenfold.runs import shelf
    from tenfold.words import fits

    listed = shelf.prunable(shelf.entries(runs), stale)
    if yes:
        shelf.prune(runs, listed)
    if as_json:
        gone = [str(entry.path) for entry in listed]
        size = sum(entry.size for entry in listed)
        terminal.print_json({"runs": gone, "bytes": size, "deleted": yes})
        return
    for line in fits.pruned(listed, yes):
        terminal.say(line)
