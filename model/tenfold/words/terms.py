"""Terms explained once, and what the answers do not know: texts of files, for the page."""

from __future__ import annotations

import re
from typing import Literal

from markupsafe import Markup, escape
from pydantic import Field

from tenfold.files import data_path
from tenfold.spec import Strict, Words, load_toml


class Term(Strict):
    """A word as people write it, and what it means here."""

    name: str = Field(min_length=1)
    meaning: str = Field(min_length=1)


class Glossary(Strict):
    """`glossary.toml`."""

    version: Literal[1]
    term: dict[str, Term]


class Limits(Strict):
    """`limits.toml`: sentences with `**` around what stands out and backticks around code."""

    version: Literal[1]
    limits: Words


def glossary() -> dict[str, Term]:
    """Terms by key, in the order of their names."""
    found = load_toml(data_path("glossary.toml"), Glossary).term
    return dict(sorted(found.items(), key=lambda item: item[1].name.casefold()))


def limits() -> list[Markup]:
    """What the answers do not know, as HTML."""
    return [_marked(text) for text in load_toml(data_path("limits.toml"), Limits).limits]


def _marked(text: str) -> Markup:
    found = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", str(escape(text)))
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", found))
