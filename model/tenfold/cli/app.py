"""The command line, in workflow order: evidence, fit, jump, claims, report.

Thin: a command parses, calls one function of the library and prints. Whatever is heavy is imported
inside the command. Exit codes: 0 fine, 1 unexpected error, 2 bad input, 3 a gate failed, 4
`claims --strict` found a contradicted claim, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from tenfold import __version__
from tenfold.cli import (
    answers,
    ask,
    claims,
    edition,
    evidence,
    export,
    fit,
    ledger,
    predict,
    report,
    runs,
    scenarios,
    sweep,
    terminal,
)

EXIT_UNEXPECTED, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 1, 2, 130

WORKFLOW = (
    "points",
    "digitise",
    "fit",
    "check",
    "runs",
    "jump",
    "cost",
    "quantities",
    "ask",
    "compare",
    "predict",
    "score",
    "scenarios",
    "influence",
    "tornado",
    "sweep",
    "next",
    "claims",
    "ledger",
    "report",
    "export",
    "edition",
    "diff",
)


class InWorkflowOrder(TyperGroup):
    """Lists commands in the order in which they are used; typer would put groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands, as `--help` shows them."""
        return sorted(self.commands, key=WORKFLOW.index)


app = typer.Typer(
    cls=InWorkflowOrder,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        terminal.say(f"tenfold {__version__}")
        raise typer.Exit


@app.callback()
def tenfold(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")
    ] = False,
) -> None:
    """How many tenfolds of compute a capability jump takes, as a posterior distribution.

    Commands are in workflow order. Every number that a command prints comes with its
    uncertainty; `--json` prints the same for programs.
    """


app.add_typer(evidence.points_app, name="points")
app.add_typer(runs.runs_app, name="runs")
app.add_typer(edition.edition_app, name="edition")
app.add_typer(scenarios.scenarios_app, name="scenarios")
for command in (
    evidence.digitise,
    fit.fit,
    fit.check,
    answers.jump,
    answers.cost,
    answers.quantities,
    ask.ask,
    ask.compare,
    predict.predict,
    predict.score,
    scenarios.influence,
    scenarios.tornado,
    sweep.sweep,
    claims.claims,
    ledger.ledger,
    report.report,
    export.export,
    edition.diff,
):
    app.command()(command)
app.command("next")(scenarios.next_studies)


def main() -> int:
    """Entry point of the `tenfold` script: runs a command and returns its exit status."""
    terminal.prepare()
    try:
        with warnings.catch_warnings(), terminal.working(" ".join(["tenfold", *sys.argv[1:2]])):
            warnings.showwarning = _show_warning
            with _without_dask():
                app(prog_name="tenfold")
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else EXIT_UNEXPECTED
        return _interrupted() if status == EXIT_INTERRUPTED else status
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:  # noqa: BLE001 - the last resort: one line, or all of it
        return _failed(error)
    return 0


@contextmanager
def _without_dask() -> Iterator[None]:
    """Hides dask from xarray and pint, which import it wherever it is installed.

    That takes as long as an answer, and only a sweep on a cluster uses it. Once they are imported
    they have found it, and must keep it.
    """
    seen = not {"dask", "xarray", "pint"}.isdisjoint(sys.modules)
    hidden = not seen and sys.argv[1:2] != ["sweep"]
    if hidden:
        sys.modules["dask"] = cast("Any", None)  # Python's word for: there is none
    try:
        yield
    finally:
        if hidden:
            del sys.modules["dask"]


def _interrupted() -> int:
    """Ends at once where a thread would have to be waited for: compiling cannot be stopped."""
    terminal.warn("interrupted")
    if any(not thread.daemon for thread in threading.enumerate()[1:]):
        os._exit(EXIT_INTERRUPTED)
    return EXIT_INTERRUPTED


def _failed(error: Exception) -> int:
    """Tells an error, and returns its exit status."""
    from tenfold.files import SpecError

    if isinstance(error, SpecError):
        for line in error.lines:
            terminal.warn(f"error: {line}")
        return EXIT_BAD_INPUT
    if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
        terminal.drop(sys.stdout)  # help is printed by a library
        error = terminal.Closed(error.strerror)
    if isinstance(error, terminal.Closed):
        terminal.warn(f"error: standard output cannot be written ({error})")
        return EXIT_BAD_INPUT
    if "--debug" in sys.argv:
        traceback.print_exception(error)
    terminal.warn(f"unexpected error: {type(error).__name__}: {error} (--debug shows more)")
    return EXIT_UNEXPECTED


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    terminal.warn(f"warning: {message}")
