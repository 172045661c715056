"""Every Eval Ever records as points (evalevalai.com; aggregate and instance-level schema 0.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenfold.evidence.columns import Source
from tenfold.evidence.interchange.common import Imported, as_points, questions_of, split_effort
from tenfold.files import SpecError, read_text
from tenfold.spec import validate


class Loose(BaseModel):
    """A part of somebody else's record: only the fields that are needed, the rest ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Se(Loose):
    value: float


class _Interval(Loose):
    lower: float
    upper: float
    confidence_level: float = Field(default=0.95, gt=0, lt=1)


class _Uncertainty(Loose):
    standard_error: _Se | None = None
    confidence_interval: _Interval | None = None
    num_samples: int | None = None


class _Score(Loose):
    score: float
    details: dict[str, Any] = {}
    uncertainty: _Uncertainty = _Uncertainty()


class _Metric(Loose):
    lower_is_better: bool
    metric_kind: str = ""
    metric_unit: str = ""
    min_score: float = 0.0
    max_score: float = 1.0


class _Args(Loose):
    reasoning: bool | None = None


class _Generation(Loose):
    generation_args: _Args = _Args()
    additional_details: dict[str, Any] = {}


class _Data(Loose):
    samples_number: int | None = None


class _Result(Loose):
    evaluation_name: str
    source_data: _Data = _Data()
    metric_config: _Metric
    score_details: _Score
    generation_config: _Generation = _Generation()


class _Model(Loose):
    name: str


class _Origin(Loose):
    source_name: str = ""
    source_organization_name: str
    source_organization_url: str = ""


class _Detail(Loose):
    file_path: str | None = None


class _Record(Loose):
    evaluation_id: str
    source_metadata: _Origin
    model_info: _Model
    evaluation_results: list[_Result]
    detailed_evaluation_results: _Detail = _Detail()


DETAIL_KEYS: dict[str, Literal["tokens", "usd"]] = {
    "meanoutputtokens": "tokens",
    "avgoutputtokens": "tokens",
    "averageoutputtokens": "tokens",
    "outputtokenspertask": "tokens",
    "outputtokensperquestion": "tokens",
    "costpertask": "usd",
    "costpertaskusd": "usd",
    "meancostusd": "usd",
}
"""Keys of free-form details that hold compute per question, in lower case, letters only."""


def read_every_eval(
    path: Path, benchmark: str | None = None, n_questions: int | None = None
) -> Imported:
    """Every Eval Ever records (one JSON file, or a folder of them) as points.

    Compute of a score is, in this order: the mean output tokens of its instance-level file; a
    result of the same evaluation in tokens or US dollars; a detail that names tokens or cost per
    task. `benchmark` replaces the name of the evaluation; `n_questions` as in `read_epoch`.

    Raises:
        SpecError: not such a record, or no record carries compute.
    """
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    origin = None
    left = 0
    for file in files:
        try:
            value = json.loads(read_text(file), parse_constant=float)
        except (json.JSONDecodeError, RecursionError) as error:
            raise SpecError(f"{file}: not valid JSON: {error}") from None
        record = validate(value, _Record, str(file))
        origin = origin or record.source_metadata
        tokens = dict(_instance_tokens(file, record))
        for number, result in enumerate(record.evaluation_results):
            metric = result.metric_config
            if metric.lower_is_better or _unit_of(metric):
                continue
            where = f"{file}: evaluation_results.{number}"
            found = _compute(result, record, tokens)
            if found is None:
                left += 1
                continue
            unit, compute = found
            rows.append(
                _every_eval_row(result, record.model_info.name, where)
                | {"where": where, "compute": compute, "compute_unit": unit}
            )
    if left:
        notes.append(f"{left} scores without tokens or cost left out")
    if origin is None or not rows:
        raise SpecError(f"{path}: no score with tokens or cost beside it; {left} scores without")
    for row in rows:
        row["benchmark"] = benchmark or row["benchmark"]
        row["n_questions"] = n_questions or row["n_questions"] or questions_of(row["benchmark"])
    source = Source(
        title=origin.source_name or origin.source_organization_name,
        publisher=origin.source_organization_name,
        date="",
        url=origin.source_organization_url,
        figure="Every Eval Ever records",
        terms="as the source; the records are collected at evalevalai.com",
        method="raw",
    )
    return as_points(path, rows, source, notes)


def _every_eval_row(result: _Result, name: str, where: str) -> dict[str, Any]:
    """The columns of a point that one result fills by itself, scores scaled to [0, 1]."""
    metric, details = result.metric_config, result.score_details
    width = metric.max_score - metric.min_score
    if width <= 0:
        raise SpecError(f"{where}.metric_config: max_score must be above min_score")
    given = details.uncertainty
    se = None
    if given.standard_error is not None:
        se = given.standard_error.value / width
    elif given.confidence_interval is not None:
        interval = given.confidence_interval
        z = NormalDist().inv_cdf((1 + interval.confidence_level) / 2)
        se = (interval.upper - interval.lower) / (2 * z * width)
    model, suffix = split_effort(name)
    extra = result.generation_config.additional_details
    effort = str(extra.get("reasoning_effort", extra.get("effort", suffix))).lower()
    if not effort and result.generation_config.generation_args.reasoning is not None:
        reasoning = result.generation_config.generation_args.reasoning
        effort = "reasoning" if reasoning else "non-reasoning"
    return {
        "model": model,
        "setting": effort,
        "benchmark": result.evaluation_name,
        "score": (details.score - metric.min_score) / width,
        "score_se": se or None,
        "n_questions": given.num_samples or result.source_data.samples_number,
    }


def _unit_of(metric: _Metric) -> Literal["tokens", "usd"] | None:
    unit = metric.metric_unit.lower()
    if unit in ("usd", "dollars", "$") or metric.metric_kind.lower() == "cost":
        return "usd"
    return "tokens" if unit == "tokens" else None


def _compute(
    result: _Result, record: _Record, tokens: dict[str, float]
) -> tuple[Literal["tokens", "usd"], float] | None:
    """Compute per question that belongs to a score, or None."""
    if result.evaluation_name in tokens:
        return "tokens", tokens[result.evaluation_name]
    found: dict[str, float] = {}
    for other in record.evaluation_results:
        unit = _unit_of(other.metric_config)
        if unit and other.evaluation_name == result.evaluation_name:
            found.setdefault(unit, other.score_details.score)
    details = result.score_details.details | result.generation_config.additional_details
    for key, value in details.items():
        unit = DETAIL_KEYS.get(re.sub("[^a-z]", "", key.lower()))
        if unit and re.fullmatch(r"[0-9.]+(e[+-]?\d+)?", str(value)):
            found.setdefault(unit, float(value))
    for unit in ("tokens", "usd"):
        if found.get(unit, 0) > 0:
            return unit, found[unit]
    return None


def _instance_tokens(file: Path, record: _Record) -> Iterator[tuple[str, float]]:
    """Mean output tokens per evaluation from the record's instance-level file, if it lies there."""
    name = record.detailed_evaluation_results.file_path
    beside = file.parent / Path(name).name if name else None
    if beside is None or not beside.is_file():
        return
    sums: dict[str, list[float]] = {}
    with beside.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                sample = json.loads(line)
                usage = sample.get("token_usage") or {}
                label, count = sample["evaluation_name"], usage.get("output_tokens")
            except (ValueError, KeyError, AttributeError, RecursionError):
                raise SpecError(f"{beside}: line {number}: not an instance-level record") from None
            if sample.get("evaluation_id") == record.evaluation_id and isinstance(count, int):
                sums.setdefault(label, []).append(count)
    yield from ((label, sum(all_) / len(all_)) for label, all_ in sums.items() if sum(all_) > 0)
