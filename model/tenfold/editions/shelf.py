"""Where editions lie, which one is the newest, and whether it or a run of the user's speaks.

An edition is a folder of `data/editions`. The newest holds a run that was made small, which answers
read as any other: `run.json`, the headline sample, and the parameters that predictions draw from.
Every edition keeps its `edition.json`: what it rests on and what it said. Imports little.
"""

from __future__ import annotations

import re
from pathlib import Path

from tenfold.files import SpecError, data_path
from tenfold.runs import store
from tenfold.runs.store import Run

NAME = re.compile(r"\d{4}-\d{2}(-\d{2})?")
"""Editions are named by their month, or day; the newest comes last in the order of names."""

TABLES = "edition.json"


def home() -> Path:
    """The folder of the editions that ship."""
    return data_path() / "editions"


def names(folder: Path | None = None) -> list[str]:
    """Editions of a folder, by date; those that ship unless one is given."""
    found = (folder or home()).glob(f"*/{TABLES}")
    return sorted(path.parent.name for path in found if NAME.fullmatch(path.parent.name))


def newest(folder: Path | None = None) -> Run | None:
    """The newest edition as a run that answers; None where there is none.

    Raises:
        SpecError: it is damaged.
    """
    folder = folder or home()
    known = names(folder)
    if not known:
        return None
    try:
        return store.load(folder / known[-1])
    except SpecError as error:
        raise SpecError(f"edition {known[-1]}: {error.lines[0]}; reinstall tenfold") from None


def speaking(runs: Path, scenario: str = store.BASE, run: Path | None = None) -> Run:
    """What answers: the run asked for; else the newest of the scenario; else the newest edition.

    An edition speaks for the baseline, where there is no run, or one fitted on older evidence.

    Raises:
        SpecError: as `store.speaking`; a damaged edition.
    """
    if run is not None or scenario != store.BASE:
        return store.speaking(runs, scenario, run)
    edition = newest()
    if edition is None:
        return store.latest(runs, scenario)
    if not store.pointer_of(runs, scenario).is_file():
        return edition
    found = store.latest(runs, scenario)
    return edition if older(found, edition) else found


def older(run: Run, edition: Run) -> bool:
    """Whether a run was fitted before an edition was made, and on other shipped evidence."""
    same = edition.info["evidence"].items() <= run.info["evidence"].items()
    return not same and run.info["created"] < edition.info["edition"]["made"]


def signature(run: Run) -> str | None:
    """Which edition a run is: "edition 2026-11, made by 0.2.0"; None where it is none."""
    about = run.info.get("edition")
    return about and f"edition {about['name']}, made by {about['made_by']}"
