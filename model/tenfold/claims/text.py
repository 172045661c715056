"""Quotes held against the text that they are from, which a user supplies: it is not published here.

A text is folded before places are counted: normal form C, straight quotes and plain hyphens, so
that two copies that differ in typography are one text.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

from tenfold.claims.spec import Claim, ClaimsFile, ClaimSource
from tenfold.files import Mistakes, SpecError, read_text

FOLDED = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " ", "…": "..."}
)
SENTENCE = re.compile(r"[.?!:](?= |\n|$)|\n")


def fold(text: str) -> str:
    """The text as places in it are counted."""
    return unicodedata.normalize("NFC", text).translate(FOLDED)


def place_of(quote: str, text: str) -> tuple[int, int]:
    """Start and end of a quote in a folded text.

    Raises:
        SpecError: it does not stand there, or more than once.
    """
    folded = fold(quote)
    if (count := text.count(folded)) != 1:
        raise SpecError(f"the quote stands {count} times in the text; expected once")
    start = text.index(folded)
    return start, start + len(folded)


def held(file: ClaimsFile, path: Path) -> str:
    """The folded text of a file, once every quote stands where its claim says.

    Raises:
        SpecError: a line for each quote that does not; a text that is not the source's.
    """
    text = fold(read_text(path))
    known = {name: source for name, source in file.source.items() if source.sha256}
    named = [name for name, source in known.items() if _same(source, text)]
    if not named:
        raise SpecError(f"{path}: not the text of {' or '.join(sorted(known)) or 'any source'}")
    mistakes = Mistakes()
    for claim in file.claim:
        if claim.source == named[0] and claim.start is not None:
            found = text[claim.start : claim.end]
            if found != fold(claim.quote):
                where = f"{path}: characters {claim.start} to {claim.end}"
                mistakes.lines.append(f"{where}: not the quote of claim {claim.id!r}")
    mistakes.tell()
    return text


def context(claim: Claim, text: str) -> tuple[str, str]:
    """What stands before and behind a quote in its folded text, up to the ends of sentences."""
    if claim.start is None or claim.end is None:
        return "", ""
    before = text[: claim.start].rstrip()
    ends = [match.end() for match in SENTENCE.finditer(before[:-1])]
    behind = text[claim.end :].lstrip()
    end = SENTENCE.search(behind)
    return before[ends[-1] if ends else 0 :].strip(), behind[: end.end() if end else None].strip()


def _same(source: ClaimSource, text: str) -> bool:
    return source.sha256 == hashlib.sha256(text.encode()).hexdigest()
