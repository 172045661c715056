"""Claims as files: Markdown, HTML and CSV of the same verdicts, and one claim explained."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from tenfold.claims.as_of import Then
from tenfold.claims.robust import Flip, Robust
from tenfold.claims.spec import ClaimsFile
from tenfold.claims.verdicts import Result
from tenfold.inert import cell
from tenfold.words import claims
from tenfold.words.numbers import chance, fixed, percent, quantile, share, stated, unit

COLUMNS = (
    "id", "kind", "claimed", "arithmetic", "evidence", "probability", "mcse", "percentile",
    "posterior", "contradicted", "quote", "source", "as_of",
)  # fmt: skip
Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "blockquote{margin:.3rem 0;padding-left:.8rem;border-left:3px solid #999}"
    "article{margin:1.6rem 0}h2{font-size:1rem;margin:0}pre{margin:.3rem 0;font-size:.9rem}"
)


def rows(results: Sequence[Result], file: ClaimsFile) -> list[tuple[Any, ...]]:
    """A table with a header, a row for each claim, safe for spreadsheets."""
    found: list[tuple[Any, ...]] = [COLUMNS]
    for result in results:
        claim, evidence = result.claim, result.evidence
        source = file.source[claim.source]
        row = (
            claim.id,
            claim.kind,
            claims.claimed(claim),
            claims.follows(result),
            result.word or f"none, as {result.why}",
            evidence and evidence.probability,
            evidence and evidence.mcse,
            evidence and evidence.percentile,
            evidence and claims.spread(result.repeats or claim, evidence),
            "yes" if result.contradicted else "no",
            claim.quote,
            f"{source.author}, {source.title}",
            claim.as_of.isoformat(),
        )
        found.append(tuple("" if value is None else cell(value) for value in row))
    return found


def markdown(results: Sequence[Result], file: ClaimsFile) -> str:
    """Every claim under a heading, its quote as one."""
    parts = []
    for result in results:
        source = file.source[result.claim.source]
        quote = result.claim.quote.replace("\n", " ")
        head = f"## {result.claim.id}\n\n> {_plain(quote)}\n\n"
        named = f"{_plain(source.author)}, {_plain(source.title)}"
        head += f"[{named}]({source.url})\n\n" if source.url else f"{named}\n\n"
        parts.append(head + "\n".join(f"- {_plain(line)}" for line in _answers(result)))
    return "\n\n".join(["# Claims", *parts]) + "\n"


def html(results: Sequence[Result], file: ClaimsFile) -> str:
    """One page that needs nothing else."""
    articles = []
    for result in results:
        claim, source = result.claim, file.source[result.claim.source]
        answers = "".join(f"<li>{escape(line)}</li>" for line in _answers(result))
        named = f"{escape(source.author)}, {escape(source.title)}"
        if source.url:
            named = f'<a href="{escape(source.url)}" rel="noreferrer">{named}</a>'
        articles.append(
            f'<article id="{escape(claim.id)}"><h2>{escape(claim.id)} ({claim.kind})</h2>'
            f"<blockquote>{escape(claim.quote)}</blockquote>"
            f"<p>{named}</p><ul>{answers}</ul></article>"
        )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Claims</title>'
        f"<style>{STYLE}</style></head><body><h1>Claims</h1>{''.join(articles)}</body></html>\n"
    )


def explained(
    result: Result, file: ClaimsFile, around: tuple[str, str], known: Then | None = None
) -> list[str]:
    """One claim at length: the quote in its context, what is asked, and the answers.

    Args:
        around: what stands before and behind the quote.
        known: what was known on the claim's day.
    """
    claim, source = result.claim, file.source[result.claim.source]
    told = [f"{claim.id} ({claim.kind}), as of {claim.as_of.isoformat()}"]
    day = ("about " if source.approximate else "") + source.published.isoformat()
    told.append(f"  {source.author}, {source.title}, {day}: {source.url}")
    if claim.start is not None:
        told.append(f"  characters {claim.start} to {claim.end} of the text")
    before, behind = around
    told += [f"  ... {before}"] if before else []
    told.append(f'  "{claim.quote}"')
    told += [f"  {behind} ..."] if behind else []
    told.append(f"  read as: {claim.reason}")
    if named := claim.estimand or claim.function:
        given = claims.given(claim)
        told.append(f"  quantity: {named}" + (f" ({given})" if given else ""))
    if claim.than is not None:
        other = ", ".join(f"{key} {value}" for key, value in claim.than.given.items())
        told.append(f"  over: {claim.than.estimand}" + (f" ({other})" if other else ""))
    return told + claims.lines(result, known)[2:]


def tables(result: Result, found: Robust) -> list[Table]:
    """The probability by tolerance and by form, what drives it, and what it is elsewhere."""
    evidence = result.evidence
    if evidence is None:
        return []
    tolerances = ("tolerance", "probability", "", "the most that any value has")
    made: list[Table] = [("By tolerance", tolerances, claims.by_tolerance(evidence))]
    forms = [(form, share(weight), percent(p)) for form, weight, p in evidence.forms]
    if len(forms) > 1:
        made.append(("By curve form", ("form", "weight", "probability"), forms))
    rows = [
        (row["input"], fixed(row["pawn"], 2), fixed(row["pawn_noise"], 2)) for row in found.drivers
    ]
    if rows:
        made.append(("What bears on the quantity", ("input", "PAWN", "PAWN of noise"), rows))
    for title, what, cases in (
        ("Without a publication", "left out", found.publications),
        ("Under other scenarios", "scenario", found.scenarios),
    ):
        there = [(name, word, chance(p, mcse)) for name, p, mcse, word in cases]
        if there:
            made.append((title, (what, "verdict", "probability"), there))
    return made


def flips(found: Robust) -> list[str]:
    """Assumptions that change the verdict: "likely (70%) if the exchange rate is below 1.8"."""
    told = [_flip(flip) for flip in found.flips]
    return told or ["No one input that bears on it would make it likely or unlikely by itself."]


def _flip(flip: Flip) -> str:
    row = {"scale": flip.scale, "unit": flip.unit, "value": flip.value}
    value = f"{quantile(row, 'value')} {unit(row)}".rstrip()
    return (
        f"{flip.word} ({percent(flip.probability)}) if the {flip.name} is {flip.side} {value}, "
        f"which has {percent(flip.share)}"
    )


def changes(compared: int, lines: Sequence[str]) -> list[str]:
    """What of a stored answer no longer holds."""
    if not lines:
        return [f"{stated(compared)} verdicts and rows compared: all hold"]
    return [*lines, f"{stated(compared)} compared, {stated(len(lines))} differences"]


def _answers(result: Result) -> list[str]:
    return [line.strip() for line in claims.lines(result)[2:]]


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|" else char for char in text)
