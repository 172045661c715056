"""Commands on editions: list them, make one, say what moved between two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tenfold.cli import terminal
from tenfold.cli.evidence import Json
from tenfold.cli.fit import RunFolder, Runs

edition_app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

Editions = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of editions; by default those that ship."),
]


@edition_app.callback(invoke_without_command=True)
def edition(context: typer.Context, editions: Editions = None, as_json: Json = False) -> None:
    """List the editions: dated, frozen runs that answer where nothing has been fitted.

    \b
    Examples:
      tenfold edition
      tenfold edition new 2026-12
    """
    if context.invoked_subcommand is not None:
        return
    from tenfold.editions import shelf, tables
    from tenfold.words import editions as words

    found = [tables.of(name, editions) for name in shelf.names(editions)]
    if as_json:
        terminal.print_json({"editions": [each["edition"] for each in found]})
        return
    rows = [tables.rows(each) for each in found]
    terminal.print_table(*words.listed(found, rows))


@edition_app.command()
def new(
    name: Annotated[str, typer.Argument(help="Its month or day: 2026-12.")],
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    refit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STEP=DIR",
            help="Run that took over evidence, model or priors alone; repeatable.",
        ),
    ] = None,
    editions: Editions = None,
    as_json: Json = False,
) -> None:
    """Freeze the newest baseline run as an edition; earlier editions keep their tables alone.

    With --refit, the edition keeps how much of what moved since the one before came from evidence,
    from the model's code and from priors. What constants moved is found without a refit.

    \b
    Examples:
      tenfold edition new 2026-12
      tenfold edition new 2026-12 --refit evidence=runs-old-code/baseline-0123456789ab
    """
    from tenfold.editions import make
    from tenfold.files import SpecError
    from tenfold.runs import store
    from tenfold.words import editions as words

    refits = {}
    for text in refit or ():
        step, equals, folder = text.partition("=")
        if not equals:
            raise SpecError(f"--refit {text!r}: expected such as evidence=runs/baseline-0123")
        refits[step] = store.load(Path(folder))
    path = make.new(store.speaking(runs, store.BASE, run), name, editions, refits)
    size = sum(file.stat().st_size for file in path.iterdir())
    if as_json:
        terminal.print_json({"edition": str(path), "bytes": size})
        return
    terminal.print_lines(words.made(str(path), size))


def diff(
    first: Annotated[str, typer.Argument(help="An edition's name, or its folder.")],
    second: Annotated[str, typer.Argument(help="A later one.")],
    editions: Editions = None,
    as_json: Json = False,
) -> None:
    """Say what moved from one edition to another, and through what.

    `tenfold compare` does the same for runs, scenarios and baselines.

    \b
    Examples:
      tenfold diff 2026-11 2026-12
      tenfold diff 2026-11 2026-12 --json
    """
    from tenfold.editions import tables
    from tenfold.words import editions as words

    found = tables.diff(tables.of(first, editions), tables.of(second, editions))
    if as_json:
        terminal.print_json(found)
        return
    for title, columns, rows in words.diff_tables(found):
        terminal.print_table(title, columns, rows)
    terminal.print_lines(words.diff_lines(found), hang="  ")
