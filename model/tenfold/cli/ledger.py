"""The command on the record of predictions."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenfold.cli import terminal
from tenfold.cli.evidence import Json
from tenfold.cli.fit import RunFolder, Runs
from tenfold.cli.what_if import answering, changeable

if TYPE_CHECKING:
    from tenfold.scenarios.said import Said


@changeable
def ledger(
    said: Said,
    file: Annotated[
        Path | None, typer.Argument(help="Ledger (JSON lines); by default the product's own.")
    ] = None,
    register: Annotated[
        Path | None,
        typer.Option(help="Claims file whose claims have `resolves`: predict them, and append."),
    ] = None,
    resolve: Annotated[
        str | None, typer.Option(metavar="ID", help="Append what became of a prediction.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="yes, no, or void: not measured.")] = None,
    source: Annotated[str | None, typer.Option(help="Where the outcome can be read.")] = None,
    on: Annotated[str | None, typer.Option(help="Day of the outcome; by default today.")] = None,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
) -> None:
    """The record of predictions: open ones, and how good the resolved ones were.

    A ledger only grows: every line holds the hash of the one before.

    \b
    Examples:
      tenfold ledger
      tenfold ledger my-ledger.jsonl --register my-predictions.toml
      tenfold ledger my-ledger.jsonl --resolve next-rl-run --outcome yes --source https://example.org
    """
    from tenfold.claims import ledger as record
    from tenfold.files import SpecError

    if (register or resolve) and file is None:
        raise SpecError("name the ledger that is to grow: tenfold ledger FILE --register ...")
    if file is not None and register is None and resolve is None and not file.is_file():
        raise SpecError(f"{file}: no such file; --register begins a ledger")
    if register is not None and file is not None:
        record.append(file, _predicted(register, said, runs, run))
    if resolve is not None and file is not None:
        record.append(file, [_outcome(resolve, outcome, source, on)])
    found = record.read(file)
    scores = record.scores(found)
    if as_json:
        entries = [entry.model_dump(mode="json") for entry in found.entries]
        terminal.print_json({"scores": scores, "entries": entries})
        return
    from tenfold.words import ledger as words

    terminal.print_lines(words.lines(scores))
    for title, columns, rows in words.tables(found, scores):
        terminal.print_table(title, columns, rows)


def _predicted(file: Path, said: Said, runs: Path, run: Path | None) -> list[dict[str, Any]]:
    """What a claims file predicts, by the run that answers."""
    from tenfold.claims.ledger import predictions
    from tenfold.claims.verdicts import check_claims, load_claims
    from tenfold.words.fits import basis

    loaded = load_claims(file)
    found, about = answering(said, runs, run)
    results = check_claims(found.draws, loaded.claim, found.constants)
    rests = {"run": str(about["run"]), "rests_on": basis(about)}
    return predictions(loaded, results, rests, datetime.date.today())


def _outcome(name: str, outcome: str | None, source: str | None, on: str | None) -> dict[str, Any]:
    from tenfold.files import SpecError

    if outcome is None or source is None:
        raise SpecError("--resolve: needs --outcome and --source as well")
    day = on or datetime.date.today().isoformat()
    return {"kind": "outcome", "id": name, "outcome": outcome, "on": day, "source": source}
