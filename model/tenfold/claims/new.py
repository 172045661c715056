"""A claims file of one claim, written from fields: valid before anything is printed."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from tenfold.claims import verdicts
from tenfold.claims.spec import Claim, ClaimsFile, ClaimSource
from tenfold.files import Mistakes, SpecError, data_path, did_you_mean
from tenfold.spec import validate

SOURCE = tuple(ClaimSource.model_fields)
CLAIM = tuple(name for name in Claim.model_fields if name not in ("source", "than", "borrowed"))
ASKED = ("quote", "author", "title", "url", "published", "estimand", "relation", "value", "reason")
"""Fields that are asked for where they are not given."""
WHERE = "--with"


def template() -> str:
    """A claims file that runs as it is, every field explained."""
    return data_path("claims", "template.toml").read_text(encoding="utf-8")


def fields(texts: tuple[str, ...]) -> dict[str, str]:
    """ "KEY=VALUE" as a dictionary; `given.NAME=VALUE` for arguments.

    Raises:
        SpecError: a line for each that is none, or names no field.
    """
    found, mistakes = {}, Mistakes()
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign:
            mistakes.lines.append(f"{WHERE} {text!r}: expected KEY=VALUE")
        elif key not in (*SOURCE, *CLAIM) and not key.startswith("given."):
            known = did_you_mean(key, sorted({*SOURCE, *CLAIM, "given.NAME"}))
            mistakes.lines.append(f"{WHERE} {key}: no field of a claim{known}")
        else:
            found[key.strip()] = value.strip()
    mistakes.tell()
    return found


def missing(found: Mapping[str, str]) -> list[str]:
    """Fields that a claim cannot do without and that are not given."""
    needed = set(ASKED) - set(found)
    if "function" in found or found.get("kind") == "untestable":
        needed -= {"estimand"}
    if found.get("kind") == "untestable":
        needed = needed - {"relation", "value"} | ({"needs"} - set(found))
    if "relation" not in found:
        needed -= {"relation"}
    if found.get("relation") in ("before", "after"):
        needed = needed - {"value"} | ({"date"} - set(found))
    return [name for name in (*ASKED, "needs", "date") if name in needed]


def written(found: Mapping[str, str]) -> str:
    """A claims file of these fields, in TOML.

    Raises:
        SpecError: as reading it would; fields that are missing.
    """
    if lacking := missing(found):
        raise SpecError(*(f"{WHERE} {name}=...: missing; it is required" for name in lacking))
    own = {key: _value(key, text) for key, text in found.items()}
    source = {key: own.pop(key) for key in SOURCE if key in own}
    given = {key.removeprefix("given."): own.pop(key) for key in [*own] if key.startswith("given.")}
    own = {"id": "my-claim", "kind": "evidence"} | own | {"source": "mine"}
    claim = own | ({"given": given} if given else {})
    lines = ["version = 1", "", "[source.mine]", *_lines(source), "", "[[claim]]", *_lines(own)]
    if given:
        lines += ["", "[claim.given]", *_lines(given)]
    whole = {"version": 1, "source": {"mine": _dated(source)}, "claim": [_dated(claim)]}
    file = validate(whole, ClaimsFile, WHERE)
    try:
        verdicts.check(file.claim[0])
    except ValueError as error:
        raise SpecError(f"{WHERE}: {error}") from None
    return "\n".join(lines) + "\n"


DATES = ("published", "as_of", "date")


def _dated(table: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(table)
    for key in set(DATES) & set(found):
        try:
            found[key] = datetime.date.fromisoformat(found[key])
        except ValueError:
            continue  # what it is instead is told with the other mistakes
    return found


def _value(key: str, text: str) -> Any:
    numbers = ("value", "upper", "tolerance", "evidence_tolerance")
    if key in numbers or key.startswith("given."):
        try:
            return float(text.replace(",", ""))
        except ValueError:
            return text
    if key in ("start", "end", "characters"):
        return int(text) if text.isdecimal() else text
    return text == "true" if key in ("paraphrased", "own_number", "approximate") else text


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [
        f"{key} = {value if key in DATES else json.dumps(value, ensure_ascii=False)}"
        for key, value in table.items()
    ]
