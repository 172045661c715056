"""Evaluation results of others as points: what every foreign format shares.

A result becomes a point where it carries output tokens or a cost per question beside its score;
everything else is left out and counted in the notes. The formats themselves are in `epoch` and
`every_eval`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tenfold.evidence.columns import Point, Source
from tenfold.evidence.rows import read_benchmarks
from tenfold.files import SpecError, data_path, read_text, read_toml, write_atomic
from tenfold.spec import validate

EFFORT = re.compile(
    r"(?<!istral)(?<!qwen3)(?<!qwen2\.5)[-_ ]\(?(?:thinking[-_ ])?"
    r"(none|no thinking|non-reasoning|minimal|low|medium|high|xhigh|max|\d+k)\)?$",
    re.IGNORECASE,
)
"""A trailing effort; some models are themselves called medium or max."""
NON_THINKING = ("none", "no thinking", "non-reasoning", "minimal")
FAMILIES = (
    ("claude", "Claude"), ("gpt-5", "GPT-5"), ("gpt-oss", "gpt-oss"), ("gpt-4", "GPT-4"),
    ("gemini", "Gemini"), ("qwen3", "Qwen3"), ("qwen2.5", "Qwen2.5"), ("deepseek", "DeepSeek"),
    ("grok", "Grok"), ("llama", "Llama"), ("nova", "Nova"), ("kimi", "Kimi"), ("glm", "GLM"),
    ("minimax", "MiniMax"), ("mistral", "Mistral"), ("magistral", "Mistral"),
)  # fmt: skip


@dataclass(frozen=True)
class Imported:
    """Points in the columns of a points file, a draft of their source, and what was left out."""

    points: pd.DataFrame
    source: Source
    notes: tuple[str, ...]


def family_of(model: str) -> str:
    """Family label of a model name: its line, as in the shipped evidence, else its first word."""
    name = model.lower().rpartition("/")[2]
    if re.match(r"o[134](\b|-)", name):
        return "o-series"
    return next((label for key, label in FAMILIES if key in name), re.split(r"[-_ ]", name)[0])


def split_effort(model: str) -> tuple[str, str]:
    """A model name without its effort suffix, and the effort ("" if it names none)."""
    found = EFFORT.search(model)
    return (model[: found.start()], found.group(1).lower()) if found else (model, "")


def questions_of(benchmark: str) -> int | None:
    """Number of questions of a known benchmark, or None."""
    known = read_benchmarks(data_path("benchmarks.toml")).get(benchmark)
    return known.questions or None if known else None


def as_points(path: Path, rows: list[dict[str, Any]], source: Source, notes: list[str]) -> Imported:
    """Rows as checked points: series by model and benchmark, modes by effort."""
    with_effort = {(row["model"], row["benchmark"]) for row in rows if row["setting"]}
    units: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        units.setdefault((row["model"], row["benchmark"]), set()).add(row["compute_unit"])
    points = []
    for row in rows:
        where = row.pop("where")
        row["mode"] = "non-thinking" if row["setting"] in NON_THINKING else "thinking"
        if not row["setting"] and (row["model"], row["benchmark"]) in with_effort:
            row["outlier"] = True
            row["reason"] = "setting not stated beside rows that state it"
        label = f"{path.stem}/{row['model']}/{row['benchmark']}"
        if len(units[row["model"], row["benchmark"]]) > 1:
            label += f"/{row['compute_unit']}"
        row |= {"series": label, "family": family_of(row["model"]), "regime": "inference"}
        point = validate({k: v for k, v in row.items() if v is not None}, Point, where)
        if point.score_se is None and point.n_questions is None:
            raise SpecError(f"{where}: no standard error; give the number of questions")
        points.append(dict(point))
    if not points:
        raise SpecError(f"{path}: no row with model, score and compute")
    singles = pd.Series([point["series"] for point in points]).value_counts()
    if number := int((singles == 1).sum()):
        notes.append(f"{number} of {len(singles)} series have a single point and carry no slope")
    table = pd.DataFrame(points, columns=list(Point.model_fields))
    return Imported(table.astype({"n_questions": "Int64"}), source, tuple(notes))


def save(points: pd.DataFrame, source: Source, folder: Path, name: str) -> Path:
    """Write `name`.csv and its table in sources.toml to an evidence folder; nothing is replaced.

    Raises:
        SpecError: a bad name, or the file or the table exists already.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise SpecError(f"{name!r}: expected a name of letters, digits, - and _")
    path, table = folder / f"{name}.csv", folder / "sources.toml"
    known = read_text(table) if table.is_file() else ""
    if path.exists() or (known and name in read_toml(table)):
        raise SpecError(f"{path}: exists already; expected a new name")
    fields = source.model_dump(exclude_defaults=True)
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    write_atomic(path, points.to_csv(index=False, lineterminator="\n"))
    write_atomic(table, known + "\n".join(["", f"[{name}]", *lines, ""]))
    return path
