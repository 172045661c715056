"""Index of the editions in reports/editions: what each said, and how the headline moved.

    python scripts/editions_index.py            # rewrite README.md and editions.csv
    python scripts/editions_index.py --check    # exit 1 if they are stale

Every number comes from the `edition.json` of an edition, in `data/editions`.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import Any

from tenfold.editions import shelf, tables
from tenfold.files import write_atomic
from tenfold.words.numbers import told

FOLDER = Path(__file__).parents[1] / "reports" / "editions"
HEADLINE = {
    "exchange_rate": "exchange rate",
    "rl_jump_ooms": "RL OOMs for a GPT level",
    "inference_jump_ooms": "inference OOMs for a GPT level",
    "years_of_world_electricity": "years of world electricity",
    "first_year": "first year affordable",
}
"""Quantities of the index and their columns: medians with 90% intervals."""
BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float]) -> str:
    """A bar for each value, from the least to the largest."""
    low, high = min(values), max(values)
    if low == high:
        return BARS[3] * len(values)
    return "".join(BARS[round((len(BARS) - 1) * (x - low) / (high - low))] for x in values)


def page(editions: list[dict[str, Any]]) -> str:
    """The index in Markdown, the newest edition first."""
    lines = [
        "# Editions",
        "",
        "Dated, frozen runs. The newest ships with the package and answers where nothing has been",
        "fitted; `tenfold diff 2026-11 2026-12` says what moved between two. Medians with",
        "equal-tailed 90% intervals. Made by `uv run python scripts/editions_index.py`.",
        "",
    ]
    if not editions:
        return "\n".join([*lines, "There is none yet.", ""])
    lines.append(f"| edition | made | by | gates | {' | '.join(HEADLINE.values())} |")
    lines.append("|" + "---|" * (4 + len(HEADLINE)))
    said = [tables.rows(each) for each in editions]
    for each, rows in reversed(list(zip(editions, said, strict=True))):
        about = each["edition"]
        cells = [about["name"], about["made"][:10], about["made_by"], each["status"]]
        cells += [told(rows[name]) for name in HEADLINE]
        lines.append(f"| {' | '.join(cells)} |")
    bars = [sparkline([float(rows[name]["p50"]) for rows in said]) for name in HEADLINE]
    lines.append(f"| medians, first to last | | | | {' | '.join(bars)} |")
    return "\n".join([*lines, ""])


def table(editions: list[dict[str, Any]]) -> str:
    """The same as CSV, a row for each quantity of each edition, on the scale of its draws."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    ends = ("p05", "p50", "p95")
    writer.writerow(("edition", "quantity", "unit", "scale", *ends))
    for each in editions:
        for name, row in tables.rows(each).items():
            values = (row[end] for end in ends)
            writer.writerow((each["edition"]["name"], name, row["unit"], row["scale"], *values))
    return buffer.getvalue()


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Rewrite or check the index."""
    parser = argparse.ArgumentParser(description="Index of the editions")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if stale")
    check = parser.parse_args(arguments).check
    editions = [tables.of(name) for name in shelf.names()]
    for path, text in ((folder / "README.md", page(editions)),
                       (folder / "editions.csv", table(editions))):  # fmt: skip
        if not check:
            write_atomic(path, text)
        elif not path.is_file() or path.read_text() != text:
            print(f"{path.name} is stale: run python scripts/editions_index.py", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
