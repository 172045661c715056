"""Write the table of tests/README.md from tests/figures.json, which slow tests keep.

uv run pytest -m slow --figures        # counts, an hour or two
uv run python scripts/write_figures.py  # the table
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

from tenfold.files import write_atomic

TESTS = Path(__file__).resolve().parents[1] / "tests"
MUTANTS = TESTS / "mutants.json"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def known() -> dict[str, dict[str, int | float | str]]:
    """What slow tests counted, and what became of the mutants."""
    figures = json.loads((TESTS / "figures.json").read_text())
    kills = [found for name, found in figures.items() if name.startswith("kills, ")]
    if kills:
        date = max(found["date"] for found in kills)
        figures["kills"] = {"killed": sum(found["killed"] for found in kills), "date": date}
    if MUTANTS.exists():
        tried = json.loads(MUTANTS.read_text())
        counts = Counter(killed=sum(map(len, tried["killed"].values())))
        counts.update(mutant["outcome"] for mutant in tried["others"])
        explained = sum("why" in mutant for mutant in tried["others"])
        figures["mutants"] = {"date": tried["date"], "tried": counts.total(), **counts}
        figures["mutants"]["explained"] = explained
    return figures


def table(figures: dict[str, dict[str, int | float | str]]) -> str:
    """The figures as a table in Markdown."""
    rows = ["| what | counted | date |", "|---|---|---|"]
    for name, found in sorted(figures.items()):
        counted = ", ".join(
            f"{key.replace('_', ' ')} {value:,}" if isinstance(value, int) else f"{key} {value}"
            for key, value in found.items()
            if key != "date"
        )
        rows.append(f"| {name} | {counted.replace('_', ' ')} | {found['date']} |")
    return "\n".join(rows)


def page(text: str, figures: dict[str, dict[str, int | float | str]]) -> str:
    """The page with its table as the figures are."""
    inside = f"{BEGIN}\n{table(figures)}\n{END}"
    return re.sub(f"{BEGIN}.*?{END}", lambda _: inside, text, flags=re.DOTALL)


def main() -> int:
    """Rewrite the table."""
    readme = TESTS / "README.md"
    figures = known()
    write_atomic(readme, page(readme.read_text(), figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
