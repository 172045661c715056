"""Editions in words: which there are, and what moved from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenfold.words.ask import compare_table
from tenfold.words.numbers import count, plain, told
from tenfold.words.tables import Table

INPUTS = {
    "evidence": "files of evidence",
    "code": "modules of the model",
    "priors": "priors",
    "constants": "constants",
    "weights": "weights of curve forms",
}
SHOWN = 8
"""Most changes of one kind that are told; `--json` has them all."""


def listed(editions: Sequence[dict[str, Any]], medians: Sequence[dict[str, Any]]) -> Table:
    """Editions with their headline: when made, by what, and the jump."""
    rows = [
        (
            each["edition"]["name"],
            each["edition"]["made"][:10],
            each["edition"]["made_by"],
            each["status"],
            *(told(row[name]) for name in ("exchange_rate", "rl_jump_ooms")),
        )
        for each, row in zip(editions, medians, strict=True)
    ]
    columns = ("edition", "made", "by tenfold", "gates", "exchange rate", "RL OOMs, a GPT level")
    return "Editions", columns, rows


def made(path: str, size: int) -> list[str]:
    """What making an edition did, and what to do next."""
    return [
        f"{path}: {count(-(-size // 1000))} kB",
        "Answers come from it where there is no run of the baseline: `tenfold jump`.",
    ]


def diff_lines(found: dict[str, Any]) -> list[str]:
    """What changed in what two editions rest on, and whether their difference is told apart."""
    lines = []
    for kind, what in INPUTS.items():
        changed = found["inputs"][kind]
        more = f" and {count(len(changed) - SHOWN)} more" if changed[SHOWN:] else ""
        lines.append(f"{what}: {', '.join(changed[:SHOWN]) or 'as before'}{more}")
    if not found["through"]:
        lines.append(
            f"{found['second']['name']} keeps no refits since {found['first']['name']}: what moved "
            "is not told apart into evidence, model, priors and constants"
        )
    return lines


def diff_tables(found: dict[str, Any]) -> list[Table]:
    """Quantities side by side, and the shift of each headline quantity step by step."""
    names = (found["first"]["name"], found["second"]["name"])
    _, columns, rows = compare_table(found["quantities"], names)
    tables: list[Table] = [(f"From {names[0]} to {names[1]}", columns, rows)]
    if found["through"]:
        steps = [step["what"] for step in found["through"][0]["steps"]]
        cells = [
            (row["title"], *(_shift(step) for step in row["steps"])) for row in found["through"]
        ]
        title = "Shift of the median through each step (in OOMs or its unit; * beyond error)"
        tables.append((title, ("quantity", *steps), cells))
    return tables


def _shift(step: dict[str, Any]) -> str:
    moved = step["shift"]
    told = "never" if isinstance(moved, str) else plain(moved or 0.0)
    return told if step["alike"] else f"{told}*"
