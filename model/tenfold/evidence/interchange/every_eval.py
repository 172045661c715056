"""Every Eval Ever records as points (evalevalai.com; schema 0.1 to 0.3, HAL and ARC among them).

Records differ in what is null, text or absent from version to version and from one converter to
the next, so each result is read by itself: one that is odd is left out and counted.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from tenfold.evidence import numbers
from tenfold.evidence.columns import Unit
from tenfold.evidence.interchange.common import (
    HUMAN,
    Harvest,
    benchmark_of,
    effort_of,
    printable,
    split_effort,
    without_effort,
)
from tenfold.files import SpecError, inside, parse_json, read_text

MAX_RESULTS = 10_000
MAX_INSTANCES = 64 * 1024 * 1024
"""Largest instance-level file: it may hold every answer."""


class Loose(BaseModel):
    """A part of somebody else's record: what is needed; null is the same as absent."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: item for key, item in value.items() if item is not None}
        return value


def _mapping(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


Details = Annotated[dict[str, Any], BeforeValidator(_mapping)]
"""Free-form details; schema 0.1 has text in their place."""


class _Se(Loose):
    value: float = Field(ge=0)


class _Interval(Loose):
    lower: float
    upper: float
    confidence_level: float = Field(default=0.95, gt=0, lt=1)


class _Uncertainty(Loose):
    standard_error: _Se | None = None
    confidence_interval: _Interval | None = None
    num_samples: int | None = Field(default=None, ge=1)


class _Score(Loose):
    score: float
    details: Details = {}
    uncertainty: _Uncertainty = _Uncertainty()


class _Metric(Loose):
    lower_is_better: bool
    metric_kind: str = ""
    metric_unit: str = ""


class _Args(Loose):
    reasoning: bool | None = None


class _Generation(Loose):
    generation_args: Annotated[_Args, BeforeValidator(_mapping)] = _Args()
    additional_details: Details = {}


class _Data(Loose):
    samples_number: int | None = Field(default=None, ge=1)
    additional_details: Details = {}


class _Result(Loose):
    evaluation_name: str
    source_data: Annotated[_Data, BeforeValidator(_mapping)] = _Data()
    metric_config: _Metric
    score_details: _Score
    generation_config: _Generation = _Generation()


class _Model(Loose):
    name: str
    additional_details: Details = {}


DETAIL_KEYS: dict[str, Unit] = {
    "meanoutputtokens": "tokens",
    "avgoutputtokens": "tokens",
    "averageoutputtokens": "tokens",
    "outputtokenspertask": "tokens",
    "outputtokensperquestion": "tokens",
    "meanoutputtokenspertask": "tokens",
    "costpertask": "usd",
    "costpertaskusd": "usd",
    "meancostusd": "usd",
    "avgcostusd": "usd",
    "averagecostusd": "usd",
    "costperquestion": "usd",
}
"""Keys of free-form details that hold compute per question, in lower case, letters only."""
TOTAL_KEYS: dict[str, Unit] = {"totaloutputtokens": "tokens", "totalcostusd": "usd"}
"""Keys that hold the compute of a whole run of the benchmark."""
NO_SHARE = re.compile(r"elo|cost|price|latency|time|token|rank|duration", re.IGNORECASE)


def harvest_record(
    value: Mapping[str, Any], file: Path, questions: int | None, found: Harvest
) -> None:
    """Add the results of one record to `found`; what is odd or has no compute is counted there.

    Compute of a score is, in this order: the mean output tokens of its instance-level file; a
    result of the same evaluation in tokens or US dollars; a detail that names tokens or cost per
    task; a total of the run, divided by the `questions`.
    """
    try:
        model = _Model.model_validate(value.get("model_info"))
    except ValidationError:
        found.left["records without the name of a model"] += 1
        return
    if HUMAN.search(model.name):
        found.left["records of people, not models"] += 1
        return
    origin = _mapping(value.get("source_metadata"))
    for name, key in (("title", "source_name"), ("publisher", "source_organization_name")):
        setattr(found, name, getattr(found, name) or str(origin.get(key) or ""))
    found.url = found.url or str(origin.get("source_organization_url") or "")
    listed = value.get("evaluation_results")
    raw = listed[:MAX_RESULTS] if isinstance(listed, list) else []
    results: list[tuple[int, _Result, float, float]] = []
    costs: dict[tuple[str, Unit], float] = {}
    for number, item in enumerate(raw):
        try:
            result = _Result.model_validate(item)
        except ValidationError:
            found.left["results that are not of the schema"] += 1
            continue
        metric = result.metric_config
        if unit := _unit_of(metric):
            costs.setdefault((result.evaluation_name, unit), result.score_details.score)
        elif metric.lower_is_better or NO_SHARE.search(metric.metric_kind):
            found.left["results that are no share of questions"] += 1
        elif (bounds := _bounds(_mapping(item.get("metric_config")))) is None:
            found.left["results without finite bounds of the score"] += 1
        elif not bounds[0] <= result.score_details.score <= bounds[1]:
            found.left["results with a score outside its bounds"] += 1
        else:
            results.append((number, result, *bounds))
    tokens = _instance_tokens(file, value)
    names = {result.evaluation_name for _, result, _, _ in results}
    for number, result, low, high in results:
        part = any(result.evaluation_name.startswith(f"{name} - ") for name in names)
        compute, reason = _compute(result, model, tokens, costs, None if part else questions)
        if compute is None:
            found.left[reason] += 1
            continue
        row = _row(result, model, low, high, questions)
        where = f"{file}: evaluation_results.{number}"
        found.rows.append(row | {"where": where, "compute": compute[1], "compute_unit": compute[0]})


def _bounds(metric: Mapping[str, Any]) -> tuple[float, float] | None:
    """Lowest and highest score; absent, 0 and 1 (100 per cent); null or infinite, none."""
    percent = "percent" in str(metric.get("metric_unit") or "").lower()
    found = []
    for key, default in (("min_score", 0.0), ("max_score", 100.0 if percent else 1.0)):
        value = metric.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        found.append(float(value))
    low, high = found
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None


def _row(
    result: _Result, model: _Model, low: float, high: float, questions: int | None
) -> dict[str, Any]:
    """The columns of a point that one result fills by itself, scores scaled to [0, 1]."""
    details, given = result.score_details, result.score_details.uncertainty
    width, se = high - low, None
    if given.standard_error is not None:
        se = given.standard_error.value / width
    elif given.confidence_interval is not None:
        interval = given.confidence_interval
        z = NormalDist().inv_cdf((1 + interval.confidence_level) / 2)
        se = (interval.upper - interval.lower) / (2 * z * width)
    extra = result.generation_config.additional_details
    stated = (
        extra.get("reasoning_effort")
        or extra.get("effort")
        or model.additional_details.get("inference_effort")
        or model.additional_details.get("reasoning_effort")
        or ""
    )
    name, suffix = split_effort(printable(model.name))
    effort = effort_of(printable(str(stated), 50)) or suffix
    reasoning = result.generation_config.generation_args.reasoning
    if not effort and reasoning is not None:
        effort = "reasoning" if reasoning else "non-reasoning"
    data = result.source_data.additional_details
    label = printable(str(data.get("dataset_id") or result.evaluation_name))
    known = benchmark_of(label)
    benchmark = known if known != label else benchmark_of(printable(result.evaluation_name))
    size = questions or given.num_samples or result.source_data.samples_number
    return {
        "model": without_effort(name, effort),
        "setting": effort,
        "benchmark": benchmark,
        "group": printable(str(extra.get("agent_scaffold") or ""), 60),
        "score": (details.score - low) / width,
        "score_se": se or None,
        "n_questions": size,
    }


def _unit_of(metric: _Metric) -> Unit | None:
    unit = metric.metric_unit.lower()
    if unit in ("usd", "dollars", "$") or metric.metric_kind.lower() == "cost":
        return "usd"
    return "tokens" if unit == "tokens" else None


def _compute(
    result: _Result,
    model: _Model,
    tokens: Mapping[str, float],
    costs: Mapping[tuple[str, Unit], float],
    questions: int | None,
) -> tuple[tuple[Unit, float] | None, str]:
    """Unit and compute per question that belong to a score, or why there are none."""
    name = result.evaluation_name
    found: dict[Unit, float] = {}
    totals: dict[Unit, float] = {}
    if name in tokens:
        return ("tokens", tokens[name]), ""
    for unit in ("tokens", "usd"):
        if (name, unit) in costs:
            found[unit] = costs[name, unit]
    details = (
        model.additional_details
        | result.generation_config.additional_details
        | result.score_details.details
    )
    for key, value in details.items():
        word = re.sub("[^a-z]", "", str(key)[:100].lower())
        kept = found if word in DETAIL_KEYS else totals
        unit = (DETAIL_KEYS | TOTAL_KEYS).get(word)
        if unit and not isinstance(value, bool) and isinstance(value, str | int | float):
            try:
                kept.setdefault(unit, numbers.read(str(value)).value)
            except ValueError:
                return None, "results whose compute is no number"
    for unit in ("tokens", "usd"):
        if found.get(unit, 0) > 0:
            return (unit, found[unit]), ""
    for unit in ("tokens", "usd"):
        if totals.get(unit, 0) > 0:
            if questions:
                return (unit, totals[unit] / questions), ""
            return None, "results with a total of the run alone (--questions divides it)"
    return None, "results without tokens or cost"


def _instance_tokens(file: Path, value: Mapping[str, Any]) -> dict[str, float]:
    """Mean output tokens per evaluation from the record's instance-level file, if it lies there."""
    name = _mapping(value.get("detailed_evaluation_results")).get("file_path")
    if not isinstance(name, str) or not Path(name).name:
        return {}
    beside = inside(file.parent, Path(name).name, f"{file}: detailed_evaluation_results.file_path")
    if not os.path.isfile(beside):  # unlike Path.is_file, false for a name too long
        return {}
    sums: dict[str, list[float]] = {}
    for number, line in enumerate(read_text(beside, MAX_INSTANCES).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{beside}: line {number}"
        sample = parse_json(line, where)
        usage = sample.get("token_usage") if isinstance(sample, dict) else None
        label = sample.get("evaluation_name") if isinstance(sample, dict) else None
        if not isinstance(label, str):
            raise SpecError(f"{where}: not an instance-level record")
        count = _mapping(usage).get("output_tokens")
        own = sample.get("evaluation_id") == value.get("evaluation_id")
        if own and isinstance(count, int) and not isinstance(count, bool) and count >= 0:
            sums.setdefault(label, []).append(count)
    return {label: sum(own) / len(own) for label, own in sums.items() if sum(own) > 0}
