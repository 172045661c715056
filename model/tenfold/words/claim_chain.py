"""The essay's chain in sentences."""

from __future__ import annotations

from typing import Any

from tenfold.claims.chain import DATES, EDGE, HOLDS, OPEN_LINK, OUT
from tenfold.words.numbers import chance, ordinal, quantile, share, told, unit

PLURAL = {
    HOLDS: "hold",
    OPEN_LINK: "are open: in the middle of what is too wide to tell them from others",
    EDGE: "are at the edge",
    OUT: "do not hold",
}


def link(row: dict[str, Any]) -> str:
    """One link: "RL OOMs per inference OOM holds: the essay's 2.0 is the 41st percentile of 2.1
    (1.3 to 3.4).\""""
    if row["why"]:
        return f"{row['title']}: not known here, as {row['why']}."
    rank = 100 * row["percentile"]
    place = f"the {ordinal(min(max(rank, 1.0), 99.0))} percentile"
    if not 1 <= rank <= 99:
        place = f"{'below the 1st' if rank < 1 else 'above the 99th'} percentile"
    essay = f"{quantile(row, 'essay')} {unit(row)}".rstrip()
    return f"{row['title']} {row['standing']}: the essay's {essay} is {place} of {told(row)}."


def whole(chain: dict[str, Any]) -> list[str]:
    """Which links hold, which are at the edge, and what the chain says."""
    known = [row for row in chain["links"] if not row["why"]]
    said = []
    for standing, verb in PLURAL.items():
        names = [row["title"] for row in known if row["standing"] == standing]
        if names:
            said.append(f"{len(names)} of {len(known)} links {verb}: {'; '.join(names)}.")
    last = chain["conclusion"]
    told_of = chance(last["probability"], last["mcse"])
    said.append(f"Its conclusion is {last['word']}: {told_of} that no GPT level by RL alone is "
                "affordable before 2040, under the conditions stated.")  # fmt: skip
    return said


def conditions(chain: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows: the conclusion by budget, electricity and date."""
    columns = ("budget, of world GDP", "electricity, of the world's")
    rows = [
        (
            share(row["budget_share"]),
            share(row["energy_share"]),
            *(chance(*row[f"by_{date}"].values()) for date in DATES),
        )
        for row in chain["conclusion"]["conditions"]
    ]
    return (*columns, *(f"affordable by {date}" for date in DATES)), rows
