"""What must hold across evidence files, and the check of a user's file before it is used."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.evidence.columns import COLUMN, SHARED
from tenfold.evidence.plausible import implausible
from tenfold.evidence.rows import (
    Folder,
    file_hash,
    point_files,
    points_root,
    read_benchmarks,
    read_folder,
    read_points,
    read_sources,
)
from tenfold.files import Mistakes, SpecError, data_path

if TYPE_CHECKING:  # which reads arrays: what has changed is told without
    from tenfold.evidence import copies


def check_across(folders: Sequence[Folder]) -> None:
    """What no single row can show: a series is in one file and is one curve; no row comes twice.

    Raises:
        SpecError: for every mistake a line that names both rows.
    """
    mistakes = Mistakes()
    first: dict[str, dict[str, Any]] = {}
    seen: dict[tuple[Any, ...], int] = {}
    twice: set[tuple[str, str]] = set()
    names: dict[str, Path] = {}
    for folder in folders:
        for name in folder.sources:
            if name in names:
                mistakes.lines.append(
                    f"{folder.path / 'sources.toml'}: {name}: also a source in {names[name]}; "
                    "expected another file name"
                )
            names[name] = folder.path
        for point in folder.points:
            label = point["series"]
            start, place = first.setdefault(label, point), (label, point["file"])
            with mistakes.gather():
                if start["file"] == point["file"]:
                    _check_point(point, start, seen)
                elif place not in twice:
                    twice.add(place)
                    raise SpecError(
                        f"{point['file']}: row {point['row']}, series: {label!r} is also in "
                        f"{start['file']}, row {start['row']}; expected a series in one file only"
                    )
    points = [point for folder in folders for point in folder.points]
    mistakes.lines += _split_twins(points) + _split_errors(points)
    mistakes.tell()


def _check_point(
    point: dict[str, Any], start: dict[str, Any], seen: dict[tuple[Any, ...], int]
) -> None:
    """Hold one point against the first of its series, and against all before it (`seen`)."""
    here = f"{point['file']}: row {point['row']}"
    for key in SHARED:
        if not _same(start[key], point[key]):
            raise SpecError(
                f"{here}, {COLUMN.get(key, key)}: got {point[key]!r}; "
                f"expected {start[key]!r} as in row {start['row']} of the same series"
            )
    same = tuple(point[k] for k in ("series", "model", "setting", "log10_compute", "score"))
    if same in seen:
        raise SpecError(f"{here}: repeats row {seen[same]} of the same series")
    seen[same] = point["row"]


def _split_twins(points: Sequence[Mapping[str, Any]]) -> list[str]:
    """Series of one run on one benchmark in several units that do not hold the same scores."""
    own: dict[tuple[str, str, str], dict[str, list[Mapping[str, Any]]]] = {}
    for point in points:
        if point["run"]:
            key = point["run"], point["benchmark"], point["regime"]
            own.setdefault(key, {}).setdefault(point["series"], []).append(point)
    lines = []
    for series in own.values():
        (label, first), *others = series.items()
        for name, rows in others:
            same = sorted(r["score"] for r in rows) == sorted(r["score"] for r in first)
            if rows[0]["unit"] != first[0]["unit"] and not same:
                lines.append(
                    f"{rows[0]['file']}: row {rows[0]['row']}, run: {rows[0]['run']!r} is also "
                    f"that of {label!r} in another unit; expected the same scores on both axes, "
                    f"or another run for {name!r}"
                )
    return lines


def _split_errors(points: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows that share an error of compute and state another size of it."""
    first: dict[tuple[str, str], Mapping[str, Any]] = {}
    return [
        f"{point['file']}: row {point['row']}, log10_compute_se: got {point['log10_compute_se']}; "
        f"expected {start['log10_compute_se']} as in row {start['row']} of the same compute_group"
        for point in points
        if point["compute_group"]
        and (start := first.setdefault((point["file"], point["compute_group"]), point))
        and start["log10_compute_se"] != point["log10_compute_se"]
    ]


def _same(a: Any, b: Any) -> bool:
    """Equal, or both not stated (NaN)."""
    return a == b or (a != a and b != b)


def doubts(
    user: Folder, known: Sequence[Folder], seen: Sequence[copies.Curve] | None = None
) -> list[str]:
    """Warnings about a user's folder, each naming the first row concerned.

    Args:
        seen: series that the user's may copy, instead of those of the `known` folders.
    """
    benchmarks = {name: item for part in known for name, item in part.benchmarks.items()}
    questions = {name: item.questions for name, item in (benchmarks | user.benchmarks).items()}
    messages = implausible(user.points, questions)
    for name, item in user.benchmarks.items():
        if name in benchmarks and benchmarks[name].floor != item.floor:
            messages.append(
                f"{user.path / 'benchmarks.toml'}: {name}.floor: {item.floor} replaces the known "
                f"chance level {benchmarks[name].floor}"
            )
    benchmarks |= user.benchmarks
    units: dict[tuple[str, str], set[str]] = {}
    for part in known:
        for point in part.points:
            units.setdefault((point["benchmark"], point["regime"]), set()).add(point["unit"])
    told = set()
    for point in user.points:
        where, name = f"{point['file']}: row {point['row']}", point["benchmark"]
        if name not in benchmarks and name not in told:
            folded = {label.casefold(): label for label in sorted(benchmarks)}
            near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.75)
            hint = f"did you mean {folded[near[0]]!r}? Otherwise" if near else "so"
            messages.append(
                f"{where}, benchmark: {name!r} is not known; {hint} it is taken as a new one with "
                "chance level 0 (a benchmarks.toml in the folder can say more)"
            )
            told.add(name)
        used = units.get((name, point["regime"]), set())
        if used and point["unit"] not in used and point["series"] not in told:
            messages.append(
                f"{where}, compute_unit: {point['unit']!r} differs from the other "
                f"{point['regime']} series on {name!r}, in {', '.join(sorted(used))}"
            )
            told.add(point["series"])
    return messages + _other_families(user, known) + _copies(user, known, seen)


def _other_families(user: Folder, known: Sequence[Folder]) -> list[str]:
    """Models that are known under another family, or come under two."""
    family = {point["model"]: point["family"] for part in known for point in part.points}
    lines = {}
    for point in user.points:
        other = family.setdefault(point["model"], point["family"])
        if other != point["family"]:
            lines.setdefault(
                point["model"],
                f"{point['file']}: row {point['row']}, family: {point['family']!r}; the model "
                f"{point['model']!r} also stands under {other!r}, and one of them is used",
            )
    return list(lines.values())


def _copies(
    user: Folder, known: Sequence[Folder], seen: Sequence[copies.Curve] | None
) -> list[str]:
    """One line where series of the user's are those of others, or of each other, once more."""
    from tenfold.evidence import copies

    beside = copies.curves([point for part in known for point in part.points])
    overlaps = [row.model_dump() for part in (*known, user) for row in part.overlaps]
    found = copies.copies(copies.curves(user.points), beside if seen is None else seen, overlaps)
    where = ", ".join(sorted({point["file"] for point in user.points}))
    return [copies.told(found, where)] if found else []


@dataclass(frozen=True)
class Report:
    """What `check` found in a user's file or folder; an error keeps it from being used."""

    files: tuple[str, ...]
    series: tuple[str, ...]
    points: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def check(path: Path) -> Report:
    """A user's points file, or a folder of them, held against the rules and the shipped evidence.

    All mistakes of every file are told. A file need not have a source yet: that is a warning
    here and an error in `load`.
    """
    home = path if os.path.isdir(path) else path.parent
    if home.name == "points" and (home.parent / "sources.toml").is_file():
        home = home.parent
    root = points_root(home)
    errors: list[str] = []

    def attempt(step: Callable[..., Any], *given: Any) -> Any:
        try:
            return step(*given)
        except SpecError as error:
            errors.extend(error.lines)
            return None

    files: list[Path] = attempt(point_files, root) or [] if os.path.isdir(path) else [path]
    own = {file.resolve() for file in files}
    shipped = read_folder(data_path())
    shipped.points = [row for row in shipped.points if Path(row["file"]).resolve() not in own]
    user = Folder(home)
    for file in files:
        user.points += attempt(read_points, file) or []
    user.benchmarks = attempt(read_benchmarks, home / "benchmarks.toml") or {}
    table = home / "sources.toml"
    known = attempt(read_sources, table, root) or {} if table.is_file() else {}
    missing = [file for file in files if file.stem not in known]
    notes = [f"{file}: no table [{file.stem}] in {table}; one is needed to fit" for file in missing]
    attempt(check_across, [shipped, user])
    return Report(
        files=tuple(map(str, files)),
        series=tuple(sorted({row["series"] for row in user.points})),
        points=len(user.points),
        errors=tuple(errors),
        warnings=tuple(notes + doubts(user, [shipped])),
    )


def shipped_changes(recorded: Mapping[str, str]) -> list[str]:
    """Files of the shipped evidence that are other than in recorded hashes (`files` of a dataset).

    The entries of a user's folders, which begin with a number and a colon, are passed over.
    """
    root = data_path()
    names = {name for name in recorded if not name.split(":")[0].isdigit()}
    names |= {path.relative_to(root).as_posix() for path in root.glob("points/*.csv")}
    return [
        name
        for name in sorted(names)
        if not (root / name).is_file() or file_hash(root / name) != recorded.get(name)
    ]
