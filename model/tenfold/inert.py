"""Text that came from elsewhere, made harmless: what controls a terminal is shown, not obeyed.

Escape codes, NUL, BEL and their like, and the characters that turn the direction of text, could
make a terminal, a page or a file say what it does not hold. A spreadsheet takes a cell that begins
with = + - @ for a formula.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""Control characters but tab and line feed, bidi controls, line separators, lone surrogates."""

FORMULA = re.compile(r"[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf")


def printable(text: str) -> str:
    r"""The text with control characters shown as escapes: a bell as `\x07`."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def cell[T](value: T) -> T | str:
    """A cell of a CSV file that no spreadsheet takes for a formula; numbers are left alone."""
    if not isinstance(value, str):
        return value
    shown = printable(value)
    return f"'{shown}" if FORMULA.match(shown) and not NUMBER.fullmatch(shown) else shown


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with every cell and column name as `cell` has it."""
    safe = frame.rename(columns=cell)
    for name in safe.columns[[kind.kind not in "biufcmM" for kind in safe.dtypes]]:
        safe[name] = safe[name].map(cell)
    return safe
