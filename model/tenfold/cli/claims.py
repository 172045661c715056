"""Commands on published claims."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tenfold.cli import terminal, what_if
from tenfold.cli.evidence import Json
from tenfold.cli.fit import RunFolder, Runs
from tenfold.cli.what_if import answering, changeable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenfold.claims.spec import ClaimsFile
    from tenfold.claims.verdicts import Result
    from tenfold.runs.store import Run
    from tenfold.scenarios.said import Said

EXIT_CLAIM = 4

CHEAP = ("none", "propagate", "block")
"""Gears that answer a scenario from stored draws at once."""

Format = Literal["text", "md", "json", "html", "csv"]


@changeable
def claims(
    said: Said,
    file: Annotated[
        Path | None, typer.Argument(help="Claims file (TOML); by default the essay's claims.")
    ] = None,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    explain: Annotated[
        str | None, typer.Option(metavar="ID", help="One claim at length, and what flips it.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How it is printed: text, md, json, html or csv.")
    ] = "text",
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 where a claim is contradicted.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(
            help="A stored --json of any command, or an edition.json: exit with 4 where it no "
            "longer holds."
        ),
    ] = None,
    then: Annotated[
        bool,
        typer.Option(
            "--then", help="Also by what was known on each claim's day; fits that (minutes, once)."
        ),
    ] = False,
    text: Annotated[
        Path | None, typer.Option(help="The source's text, to hold quotes against it.")
    ] = None,
    arithmetic: Annotated[
        bool, typer.Option("--arithmetic", help="Recompute the arithmetic only; needs no run.")
    ] = False,
    functions: Annotated[
        bool, typer.Option("--functions", help="List what a claim may recompute, and from what.")
    ] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Print a claims file that runs, fields explained.")
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="Write a claims file of one claim, from --with or asked.")
    ] = False,
    given: Annotated[
        list[str] | None, typer.Option("--with", help="KEY=VALUE of a new claim; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Hold published sentences against the posterior, arithmetic apart from evidence.

    \b
    Examples:
      tenfold claims
      tenfold claims my-claims.toml --strict
      tenfold claims --explain twice-the-ooms
      tenfold claims --format md
      tenfold claims --template
      tenfold claims --functions
    """
    if functions:
        _print_functions(as_json)
    elif template:
        from tenfold.claims.new import template as shipped

        terminal.say(shipped().rstrip())
    elif new:
        terminal.say(_new(tuple(given or ())).rstrip())
    else:
        form = "json" if as_json else form
        _claims(said, file, (runs, run), form, explain, against, text, arithmetic, strict, then)


def _claims(
    said: Said,
    file: Path | None,
    where: tuple[Path, Path | None],
    form: Format,
    explain: str | None,
    against: Path | None,
    text: Path | None,
    arithmetic: bool,
    strict: bool,
    then: bool,
) -> None:
    """Answer a claims file."""
    from tenfold.claims.spec import read
    from tenfold.files import SpecError, did_you_mean

    known = [claim.id for claim in read(file).claim]  # mistakes first, before heavy imports
    if explain is not None and explain not in known:
        raise SpecError(f"--explain {explain!r}: no such claim{did_you_mean(explain, known)}")
    stored = None if against is None else _stored(against)
    from tenfold.claims.verdicts import load_claims

    loaded = load_claims(file)
    folded = _held(loaded, text)
    if explain is not None:
        answers = answering(said, *where)
        _explain(loaded, explain, folded, *answers, where, form == "json", then)
        return
    results, about, asked = _results(loaded, said, where, arithmetic)
    if stored is not None:
        _against(stored, results, asked)
        return
    known = _known(results, asked, where, fit=True) if then and asked else {}
    _print(results, loaded, about, form, known)
    contradicted = [result.claim.id for result in results if result.contradicted]
    if strict and contradicted:
        terminal.warn(f"contradicted: {', '.join(contradicted)}")
        raise typer.Exit(EXIT_CLAIM)


def _results(
    loaded: ClaimsFile, said: Said, where: tuple[Path, Path | None], arithmetic: bool
) -> tuple[list[Result], dict[str, Any], Any]:
    """Answers, which run they are of, and what was asked (none of arithmetic alone)."""
    from tenfold.answers.constants import load_constants
    from tenfold.answers.question import Asked, Question
    from tenfold.claims.verdicts import check_claims

    if arithmetic:
        chosen = [claim for claim in loaded.claim if claim.kind == "arithmetic"]
        return check_claims(None, chosen, load_constants()), {}, None
    found, about = answering(said, *where)
    asked = Asked(found.draws, found.constants, Question())
    return check_claims(found.draws, loaded.claim, found.constants), about, asked


def _known(
    results: Sequence[Result], asked: Any, where: tuple[Path, Path | None], fit: bool
) -> dict[Any, Any]:
    """What was known on the days of the claims, by day."""
    from tenfold.claims import as_of
    from tenfold.scenarios.said import Said

    run = what_if.start(Said(), *where)
    days = {result.claim.as_of for result in results if result.evidence is not None}
    say = terminal.warn
    return {d: as_of.then(run, where[0], asked.constants, d, fit, say) for d in sorted(days)}


def _print(
    results: Sequence[Result],
    loaded: ClaimsFile,
    about: dict[str, Any],
    form: Format,
    known: dict[Any, Any],
) -> None:
    from tenfold.words import claim_files, claims
    from tenfold.words.fits import basis

    if form == "json":
        sources = {name: item.model_dump(mode="json") for name, item in loaded.source.items()}
        records = [claims.record(r, known.get(r.claim.as_of)) for r in results]
        terminal.print_json(about | {"sources": sources, "claims": records})
    elif form == "csv":
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(claim_files.rows(results, loaded))
        terminal.say(buffer.getvalue().rstrip("\n"))
    elif form in ("md", "html"):
        written = claim_files.markdown if form == "md" else claim_files.html
        terminal.say(written(results, loaded).rstrip("\n"))
    else:
        what_if.tell(about)
        for result in results:
            told = claims.lines(result, known.get(result.claim.as_of))
            terminal.print_lines([*told, ""], hang="  ")
        contradicted = [result.claim.id for result in results if result.contradicted]
        which = f": {', '.join(contradicted)}" if contradicted else ""
        total = f"{len(results)} claims, {len(contradicted)} contradicted{which}"
        terminal.print_lines([total, *([basis(about)] if about else [])], hang="  ")


def _explain(
    loaded: ClaimsFile,
    name: str,
    folded: str,
    found: Any,
    about: dict[str, Any],
    where: tuple[Path, Path | None],
    as_json: bool,
    then: bool,
) -> None:
    """One claim at length."""
    from tenfold.answers.question import Asked, Question
    from tenfold.claims.robust import as_record, robust
    from tenfold.claims.text import context
    from tenfold.claims.verdicts import check_claims
    from tenfold.words import claim_files
    from tenfold.words.claims import record
    from tenfold.words.fits import basis

    asked = Asked(found.draws, found.constants, Question())
    (claim,) = [claim for claim in loaded.claim if claim.id == name]
    chosen = [each for each in loaded.claim if each.id in (name, claim.says)]
    results = check_claims(found.draws, chosen, found.constants)
    (result,) = [result for result in results if result.claim.id == name]
    firm = robust(result, asked, _others(found.run, where[0]), _without())
    known = _known([result], asked, where, then).get(claim.as_of)
    around = context(result.claim, folded) if folded else ("", "")
    if as_json:
        robustness = {"context": list(around), "robust": as_record(firm)}
        terminal.print_json(about | {"claim": record(result, known) | robustness})
        return
    what_if.tell(about)
    terminal.print_lines(claim_files.explained(result, loaded, around, known), hang="  ")
    for title, columns, rows in claim_files.tables(result, firm):
        terminal.print_table(title, columns, rows)
    if moves := _kept_influence(result, found.run, where[0]):
        terminal.print_table(*moves)
    if result.evidence is not None:
        terminal.print_lines(["", "What would flip it:", *claim_files.flips(firm)], hang="  ")
    terminal.print_lines([basis(about)])


def _others(base: Run, runs: Path) -> dict[str, Any]:
    """Draws and constants of other scenarios by name: those that take no fit, or were fitted."""
    from tenfold.posterior.scenario import load_scenarios
    from tenfold.runs import store
    from tenfold.scenarios import answering as whole
    from tenfold.scenarios import changes
    from tenfold.scenarios.said import Said

    found, fit = {}, changes.Fitted.of_run(base)
    for name in load_scenarios():
        if name == base.info["scenario"]:
            continue
        said = Said((name,))
        fitted = store.pointer_of(runs, name).is_file()
        if fitted or changes.changes(fit, whole.scenario_of(said, base)).gear in CHEAP:
            there = store.latest(runs, name) if fitted else base
            answers = whole.answering(said, there, runs)
            if not answers.question:  # a claim states its own question
                found[name] = (answers.draws, answers.constants)
    return found


def _kept_influence(result: Result, run: Run, runs: Path) -> Any:
    """The table of `tenfold influence` on the claim's quantity, where it is kept and holds."""
    from tenfold.scenarios.explored import current
    from tenfold.words.scenarios import influence

    name = (result.repeats or result.claim).estimand
    kept = current(run, runs).get(f"influence:{name}:publication")
    return kept and influence(kept)


def _without() -> dict[str, str]:
    """Scenarios that leave out one publication, and which one."""
    from tenfold.posterior.scenario import load_scenarios

    left_out = {name: one.points.exclude for name, one in load_scenarios().items()}
    return {
        name: keys["publication"][0]
        for name, keys in left_out.items()
        if [*keys] == ["publication"]
    }


def _held(loaded: ClaimsFile, text: Path | None) -> str:
    """The folded text of the source, where one is given, once every quote stands in it."""
    if text is None:
        return ""
    from tenfold.claims.text import held

    return held(loaded, text)


def _stored(path: Path) -> Any:
    """A stored answer; of an edition's tables, their quantities as rows."""
    from tenfold.files import SpecError, read_json

    found = read_json(path)
    if not isinstance(found, dict) or "sha256" not in found:
        return found
    from tenfold.editions.tables import medians

    try:
        return {
            name: medians(row) | {"quantity": name, "arguments": row["arguments"]}
            for name, row in found["quantities"].items()
        }
    except (AttributeError, KeyError, TypeError):
        raise SpecError(f"{path}: expected the tables of an edition") from None


def _against(stored: Any, results: Sequence[Result], asked: Any) -> None:
    """Hold a stored answer against what is found now."""
    from tenfold.claims.against import changed
    from tenfold.files import SpecError
    from tenfold.words import claim_files, claims

    if asked is None:
        raise SpecError("--against: needs a run; leave --arithmetic out")
    if not isinstance(stored, dict):
        raise SpecError("--against: expected the --json of a command")
    compared, lines = changed(stored, [claims.record(result) for result in results], asked)
    terminal.print_lines(claim_files.changes(compared, lines), hang="  ")
    if lines:
        raise typer.Exit(EXIT_CLAIM)


def _new(texts: tuple[str, ...]) -> str:
    """A claims file of fields that are given, or asked for where there is somebody to ask."""
    from tenfold.claims import new

    found = new.fields(texts)
    if sys.stdin is not None and sys.stdin.isatty():
        for name in new.missing(found):
            found[name] = typer.prompt(name.replace("_", " "), err=True)
    return new.written(found)


def _print_functions(as_json: bool) -> None:
    from tenfold.claims.arithmetic import FUNCTIONS, INPUTS

    rows = [
        (name, entry.unit, ", ".join(entry.inputs), entry.about)
        for name, entry in FUNCTIONS.items()
    ]
    inputs = [
        (name, entry.unit, entry.quantity or "", entry.about) for name, entry in INPUTS.items()
    ]
    keys, input_keys = ("name", "unit", "given", "about"), ("name", "unit", "quantity", "about")
    if as_json:
        terminal.print_json(
            {
                "functions": [dict(zip(keys, row, strict=True)) for row in rows],
                "inputs": [dict(zip(input_keys, row, strict=True)) for row in inputs],
            }
        )
        return
    terminal.print_table("Functions that a claim may recompute", keys, rows)
    terminal.print_table("Their inputs, and the quantity that is the evidence", input_keys, inputs)
