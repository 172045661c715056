"""Numbers as people write them: one reading for tables, calibrations and options.

A comma, apostrophe, underscore or space separates thousands only in whole groups of three digits
of which the first does not start with 0. Everything that could as well be something else (decimal
commas, dates, powers, `12k`) is refused with what to write instead.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

SEPARATORS = ",'\u2019_ \u00a0\u2009\u202f"
PLAIN = re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
GROUPED = re.compile(rf"[1-9][0-9]{{0,2}}([{SEPARATORS}])[0-9]{{3}}(\1[0-9]{{3}})*(\.[0-9]*)?")
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
DATE = re.compile(
    r"[0-9]{1,4}[/-][0-9]{1,2}([/-][0-9]{1,4})?([ T].*)?"  # 2024/09, 9/12/2024, 2024-09-12 10:00
    r"|[0-9]{1,2}\.[0-9]{1,2}\.([0-9]{2}|[0-9]{4})"  # 12.9.2024
    r"|[0-9]{1,2}:[0-9]{2}(:[0-9.]+)?( ?[ap]\.?m\.?)?"  # 12:30
    r"|q[1-4][ -/]?[0-9]{2,4}|[0-9]{4}[ -/]?q[1-4]"  # Q3 2024
    rf"|([0-9]{{1,2}}[.\s-]*)?({MONTHS})[a-z]*[.,\s-]*([0-9]{{1,2}},?\s+)?'?[0-9]{{0,4}}",
    re.IGNORECASE,
)
BLANK = frozenset(("", "-", "\u2013", "\u2014", "?", "na", "n/a", "nan", "none", "null", "#n/a"))
"""Cells of other people's tables, in lower case, that say that there is no number."""


@dataclass(frozen=True)
class Number:
    """A number as written. `value` leaves the per cent sign out: that of `42%` is 42."""

    value: float
    percent: bool = False
    dollars: bool = False
    grouped: bool = False


def read(text: str) -> Number:
    """A number with the signs that belong to it.

    Raises:
        ValueError: not a finite number, or one that can be read in two ways; says what to write.
    """
    if len(text) > 400:
        raise ValueError("expected a number, shorter than 400 characters")
    body = text.strip()
    bare = re.sub(r"^([-+\u2212]?)\s*(US)?\$\s*|\s*(USD|\$)$", r"\1", body, flags=re.IGNORECASE)
    dollars, body = bare != body, bare
    percent = body.endswith("%")
    body = body.removesuffix("%").strip()
    negative = body.startswith(("-", "\u2212"))
    digits = body[1:] if body.startswith(("-", "\u2212", "+")) else body
    grouped = GROUPED.fullmatch(digits) is not None
    if not grouped and not PLAIN.fullmatch(digits):
        raise ValueError(_instead(digits))
    value = float(re.sub(f"[{SEPARATORS}]", "", digits))
    if not math.isfinite(value):
        raise ValueError("expected a finite number")
    return Number(-value if negative else value, percent, dollars, grouped)


def plain(text: str) -> float:
    """A number without any sign or separator, as our own tables have it.

    Raises:
        ValueError: as `read`, or a per cent sign, a currency or thousands separators.
    """
    if len(text) < 40 and PLAIN.fullmatch(text) and math.isfinite(value := float(text)):
        return value  # as most cells are
    found = read(text)
    if found.percent:
        raise ValueError(f"a number with a per cent sign; expected {found.value / 100:.12g}")
    if found.dollars or found.grouped:
        what = "a currency sign" if found.dollars else "thousands separators"
        raise ValueError(f"a number with {what}; expected {found.value:.12g}")
    if "\u2212" in text:
        raise ValueError(f"a minus sign that is no hyphen; expected {found.value:.12g}")
    return found.value


def is_date(text: str) -> bool:
    """Whether a text is a date or a time of day."""
    return DATE.fullmatch(text.strip()) is not None


def _instead(digits: str) -> str:
    """Why `digits` is no number, and what to write."""
    example = "expected a number such as 1000, 0.25 or 1e3"
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{3})+,[0-9]*|[0-9]*,[0-9]+", digits):
        point = digits.replace(".", "").replace(",", ".")
        return f"a decimal comma? expected a point: {point}"
    if "," in digits and re.fullmatch(r"[0-9,]+(\.[0-9]*)?", digits):
        return "commas that do not separate groups of three digits; expected none: " + (
            digits.replace(",", "")
        )
    if digits.lower() in ("nan", "inf", "infinity"):
        return "expected a finite number"
    if is_date(digits):
        return f"a date or time; {example}"
    if re.fullmatch(r"[0-9.]+\s*([kKmMbBgGtT]|[mb]n|million|billion)", digits):
        return f"an abbreviated number; {example}"
    if re.fullmatch(
        r"([0-9.]+\s*[\u00d7x*]\s*)?[0-9.]+(\^|\*\*|[\u00b9\u00b2\u00b3\u2070-\u207f]).*", digits
    ):
        return f"a power; {example}"
    return example
