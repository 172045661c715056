"""What an edition keeps for good: the inputs it rests on, what it said, and what moved since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from tenfold import mixture
from tenfold.answers import headline
from tenfold.answers.compare import HEADLINE, compare, differences, shift
from tenfold.answers.constants import Constants
from tenfold.answers.quantiles import records
from tenfold.answers.question import Asked, Question
from tenfold.answers.rows import Row, Rows
from tenfold.editions import shelf
from tenfold.files import SpecError, read_json, write_atomic
from tenfold.runs.store import Run
from tenfold.spec import describe

VERSION = 1
"""Of the layout of `edition.json`."""

Quantiles = dict[str, dict[str, Any]]
"""`quantiles.records` by quantity."""


def frozen(
    info: Mapping[str, Any], constants: Constants, quantities: Quantiles, moved: dict[str, Any]
) -> dict[str, Any]:
    """The tables of an edition, from the record of its run.

    Returns:
        `edition` (name, made_by, made); what it rests on: `evidence` (hashes), `priors`,
        `constants`, `spec`, `code` (its key and hashes), `weights` of forms, `gates` and `status`;
        `quantities`; and `moved`, as `steps` has it.
    """
    keys = ("edition", "key", "created", "seed", "spec", "evidence", "priors", "weights", "status")
    return {
        **{key: info[key] for key in keys},
        "code": info["code"]["fit"],
        "constants": constants.model_dump(mode="json"),
        "quantities": quantities,
        "moved": moved,
    }


def write(path: Path, tables: dict[str, Any]) -> None:
    """Write tables with the hash of their content."""
    told = {"version": VERSION, "sha256": _hash(tables)} | tables
    write_atomic(path, json.dumps(told, indent=1, allow_nan=False) + "\n")


def read(path: Path) -> dict[str, Any]:
    """Tables as they were written.

    Raises:
        SpecError: missing, too large, damaged, edited, or of another version.
    """
    found = read_json(path)
    told = found.pop("sha256", None) if isinstance(found, dict) else None
    version = found.pop("version", None) if told else None
    if told is None or version != VERSION:
        raise SpecError(
            f"{path}: version {version!r}; expected the tables of an edition ({VERSION})"
        )
    if told != _hash(found):
        raise SpecError(f"{path}: changed since it was written; reinstall tenfold")
    return found


def of(name: str, folder: Path | None = None) -> dict[str, Any]:
    """Tables of an edition by its name, or by its folder.

    Raises:
        SpecError: there is none; as `read`.
    """
    folder = folder or shelf.home()
    known = shelf.names(folder)
    if name in known:
        return read(folder / name / shelf.TABLES)
    if (Path(name) / shelf.TABLES).is_file():
        return read(Path(name) / shelf.TABLES)
    raise SpecError(f"no edition {name!r}; known: {', '.join(known) or 'none'}")


def steps(
    folder: Path, before: str, run: Run, constants: Constants, refits: Mapping[str, Run]
) -> dict[str, Any]:
    """What the headline quantities were at each step from the edition before to a new run.

    The steps: the answers' own code (the sample of the edition before, asked anew), each refit,
    what is left of evidence, model and priors (the new run under the old constants). From the last
    one to the new edition constants alone move.

    Returns:
        `since`, and `steps` of `what` and `quantities`.
    """
    old = constants_of(read(folder / before / shelf.TABLES))
    edition = shelf.newest(folder)
    assert edition is not None, before
    chain = [("code of answers", edition), *refits.items()]
    left = [step for step in ("evidence", "model", "priors") if step not in refits]
    chain.append((" and ".join(left) or "the rest", run))
    return {
        "since": before,
        "steps": [{"what": what, "quantities": _told(of, old)} for what, of in chain],
    }


def constants_of(tables: Mapping[str, Any]) -> Constants:
    """The constants of an edition.

    Raises:
        SpecError: they are none of today's.
    """
    try:
        # through JSON, in which dates are text
        return Constants.model_validate_json(json.dumps(tables["constants"]))
    except ValidationError as error:
        told = describe(error, Constants)
        name = tables["edition"]["name"]
        raise SpecError(*(f"edition {name}: constants: {line}" for line in told)) from None


def _told(run: Run, constants: Constants) -> Quantiles:
    return records(Asked(headline.of_run(run), constants, Question()), HEADLINE)


def rows(tables: Mapping[str, Any]) -> Rows:
    """What an edition said, as rows of `registry.table`."""
    return {name: medians(told) for name, told in tables["quantities"].items()}


def diff(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """What moved from one edition to another, and through what.

    Returns:
        `first` and `second` (name, made_by, made); `inputs`: files of evidence and modules of code
        that changed, and what did in priors, constants and weights, in lines; `quantities`: of each
        that both tell `title`, `first` and `second` (rows of `registry.table`) and the keys of
        `compare.shift`; `through`: of each headline quantity the shift at each step, empty where
        the second edition keeps no steps since the first.
    """
    inputs = {key: _changed(first[key], second[key]) for key in ("evidence", "code")}
    for key in ("priors", "constants", "weights"):
        inputs[key] = differences(first[key], second[key])
    moved = second["moved"]
    followed = moved.get("since") == first["edition"]["name"]
    return {
        "first": first["edition"],
        "second": second["edition"],
        "inputs": inputs,
        "quantities": compare(rows(first), rows(second)),
        "through": _through(first, second, moved["steps"]) if followed else [],
    }


def _changed(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    return sorted(k for k in {*first, *second} if first.get(k) != second.get(k))


def _through(
    first: dict[str, Any], second: dict[str, Any], kept: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The shift of each headline quantity's median at each step, in order."""
    chain = [(row["what"], row["quantities"]) for row in kept]
    chain.append(("constants", second["quantities"]))
    found = []
    for name in HEADLINE:
        last, moves = first["quantities"].get(name), []
        for what, said in chain:
            if last is None or name not in said:
                break
            moves.append({"what": what} | shift(name, medians(last), medians(said[name])))
            last = said[name]
        else:
            found.append({"quantity": name, "title": said[name]["title"], "steps": moves})
    return found


def medians(record: Mapping[str, Any]) -> Row:
    """A `quantiles.record` as a row of `registry.table`, with the quantiles that both have."""
    keys = ("p05", "p25", "p50", "p75", "p95")
    row = {key: record[key] for key in ("title", "unit", "scale")}
    row |= {"level": mixture.LEVEL, "kind": mixture.KIND}
    row |= {key: record["quantiles"][key] for key in keys}
    row |= {f"{key}_mcse": record["mcse"][key] for key in keys}
    never = record["p_never"]
    if never["probability"]:
        row |= {"p_never": never["probability"], "p_never_mcse": never["mcse"]}
    return cast("Row", row)


def _hash(tables: dict[str, Any]) -> str:
    text = json.dumps(tables, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
