"""What was found to move an answer, kept beside the runs for pages: influence, tornado, studies.

`explored.json` of the folder of runs holds, under "explored", an entry for each of
`influence:QUANTITY:BY`, `tornado:QUANTITY` and `next:QUANTITY`: what `influence.influence`,
`tornado.tornado` or `information.ranked` returned last, as it is, and the `key` of all it rests on.
`current` gives those that still hold, by the same names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenfold.runs.store import Run
from tenfold.scenarios import notes

FILE = "explored.json"
MAKERS = ("influence", "tornado", "information")
CODE = (*notes.CODE, *(f"tenfold.scenarios.{maker}" for maker in MAKERS))


def keep(run: Run, runs: Path, kind: str, found: dict[str, Any]) -> None:
    """Keep what was found from a run.

    Args:
        kind: "influence", "tornado" or "next".

    Raises:
        SpecError: the folder of runs cannot be written.
    """
    name = ":".join([kind, found["quantity"], *([found["by"]] if "by" in found else [])])
    notes.keep(runs / FILE, "explored", name, found | {"key": notes.key(run, name)}, CODE)


def current(run: Run, runs: Path) -> dict[str, dict[str, Any]]:
    """What is kept and was found from this run by today's constants and code; by name."""
    return {
        name: entry
        for name, entry in notes.entries(runs / FILE, "explored").items()
        if entry["key"] == notes.key(run, name)
    }
