"""Every Eval Ever records as points (evalevalai.com; schema 0.1 to 0.3, HAL and ARC among them).

Records differ in what is null, text or absent from version to version and from one converter to
the next, so each result is read by itself: one that is odd is left out and counted.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Any

from pydantic import ValidationError

from tenfold.evidence import numbers
from tenfold.evidence.columns import Unit
from tenfold.evidence.interchange.common import (
    HUMAN,
    Harvest,
    benchmark_of,
    check_size,
    effort_of,
    output_tokens,
    printable,
    split_effort,
    without_effort,
)
from tenfold.evidence.interchange.schema import Metric, Model, Result, mapping
from tenfold.files import SpecError, inside, parse_json, read_text

MAX_RESULTS = 10_000
MAX_INSTANCES = 64 * 1024 * 1024
"""Largest instance-level file: it may hold every answer."""


EACH = "per(task|question|sample|test|testcase|problem|instance|item|session|episode)"
PER_QUESTION: tuple[tuple[re.Pattern[str], Unit], ...] = (
    (re.compile(f"(mean|avg|average)(output|completion)tokens({EACH})?"), "tokens"),
    (re.compile(f"(output|completion)tokens{EACH}"), "tokens"),
    (re.compile(f"(mean|avg|average)(agent)?cost({EACH})?"), "usd"),
    (re.compile(f"cost{EACH}"), "usd"),
)
"""Keys of free-form details that hold compute per question: letters only, in lower case, without
the currency."""
TOTALS: tuple[tuple[re.Pattern[str], Unit], ...] = (
    (re.compile("total(output|completion)tokens"), "tokens"),
    (re.compile("total(run|agent|api)?cost"), "usd"),
)
"""Keys that hold the compute of a whole run of the benchmark."""
DOLLARS = re.compile(f"(us)?(usd|dollars?)({EACH})?")
EFFORT_KEYS = ("reasoning_effort", "effort", "inference_effort", "compute_effort")
AGENT_KEYS = ("agent_scaffold", "agent_name", "agent_framework", "scaffold", "harness")
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
        model = Model.model_validate(value.get("model_info"))
    except ValidationError:
        found.left["records without the name of a model"] += 1
        return
    if HUMAN.search(model.name):
        found.left["records of people, not models"] += 1
        return
    origin = mapping(value.get("source_metadata"))
    for name, key in (("title", "source_name"), ("publisher", "source_organization_name")):
        setattr(found, name, getattr(found, name) or str(origin.get(key) or ""))
    found.url = found.url or str(origin.get("source_organization_url") or "")
    listed = value.get("evaluation_results")
    raw = listed[:MAX_RESULTS] if isinstance(listed, list) else []
    if isinstance(listed, list) and len(listed) > MAX_RESULTS:
        found.left[f"results beyond the first {MAX_RESULTS} of a record"] += len(listed) - len(raw)
    results: list[tuple[int, Result, float, float]] = []
    costs, totals = _Stated(), _Stated()
    for number, item in enumerate(raw):
        try:
            result = Result.model_validate(item)
        except ValidationError:
            found.left["results that are not of the schema"] += 1
            continue
        metric = result.metric_config
        if unit := _unit_of(metric):
            kept = totals if _is_total(metric) else costs
            kept.add(result.evaluation_name, unit, result.score_details.score)
        elif metric.lower_is_better or NO_SHARE.search(metric.metric_kind):
            found.left["results that are no share of questions"] += 1
        elif (bounds := _bounds(mapping(item.get("metric_config")))) is None:
            found.left["results without finite bounds of the score"] += 1
        elif not bounds[0] <= result.score_details.score <= bounds[1]:
            found.left["results with a score outside its bounds"] += 1
        else:
            results.append((number, result, *bounds))
    tokens = _instance_tokens(file, value)
    names = {result.evaluation_name for _, result, _, _ in results}
    stems = Counter(map(_stem, names))
    metrics: dict[tuple[Any, ...], str] = {}
    for number, result, low, high in results:
        name = result.evaluation_name
        words = name.split(" - ")
        part = any(" - ".join(words[:n]) in names for n in range(1, len(words)))
        given = _details(result, model)
        compute, reason = tokens.get(name), ""
        if compute is None:
            alone = stems[_stem(name)] == 1
            known = costs.of(name, alone), totals.of(name, alone)
            compute, reason = _compute(given, *known, questions, part)
        row = _row(result, model, given, low, high, questions)
        metric = result.metric_config.metric_id or result.metric_config.metric_name
        if compute and metrics.setdefault((name, compute, row["setting"]), metric) != metric:
            compute, reason = None, "further metrics of one evaluation"
        if compute is None:
            found.left[reason] += 1
            continue
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


def _details(result: Result, model: Model) -> dict[str, Any]:
    """The free-form details that hold for one result; the nearer ones win."""
    generation = result.generation_config
    return (
        model.additional_details
        | generation.generation_args.agentic_eval_config.additional_details
        | generation.additional_details
        | result.score_details.details
    )


def _row(
    result: Result,
    model: Model,
    given: Mapping[str, Any],
    low: float,
    high: float,
    questions: int | None,
) -> dict[str, Any]:
    """The columns of a point that one result fills by itself, scores scaled to [0, 1]."""
    details, known = result.score_details, result.score_details.uncertainty
    width, se = high - low, None
    if known.standard_error is not None:
        se = known.standard_error.value / width
    elif known.confidence_interval is not None:
        interval = known.confidence_interval
        z = NormalDist().inv_cdf((1 + interval.level) / 2)
        se = (interval.upper - interval.lower) / (2 * z * width)
    stated = next((given[key] for key in EFFORT_KEYS if given.get(key)), "")
    name, suffix = split_effort(printable(model.name))
    effort = effort_of(printable(str(stated), 50)) or suffix
    reasoning = result.generation_config.generation_args.reasoning
    if not effort and isinstance(reasoning, bool):
        effort = "reasoning" if reasoning else "non-reasoning"
    data = result.source_data.additional_details
    label = printable(str(data.get("dataset_id") or result.evaluation_name))
    benchmark = benchmark_of(label)
    if benchmark == label:
        benchmark = benchmark_of(printable(result.evaluation_name))
    size = questions or known.num_samples or result.source_data.samples_number
    agent = next((str(given[key]) for key in AGENT_KEYS if given.get(key)), "")
    return {
        "model": without_effort(name, effort),
        "setting": effort,
        "benchmark": benchmark,
        "group": printable(agent, 60),
        "score": (details.score - low) / width,
        "score_se": se or None,
        "n_questions": size,
    }


@dataclass(frozen=True)
class _Stated:
    """Compute that results of a record state, by evaluation; some state it beside the score under a
    name of its own, as `board.task.cost` beside `board.task.accuracy`."""

    own: dict[str, dict[Unit, float]] = field(default_factory=dict)

    def add(self, name: str, unit: Unit, value: float) -> None:
        """The first that is stated counts."""
        for key in (name, _stem(name)):
            self.own.setdefault(key, {}).setdefault(unit, value)

    def of(self, name: str, alone: bool) -> dict[Unit, float]:
        """What belongs to an evaluation, which may be `alone` under the stem of its name."""
        stem = _stem(name) if alone and "." in name else name
        return dict(self.own.get(name) or self.own.get(stem) or {})


def _stem(name: str) -> str:
    """A name up to its last point, and a point."""
    return name.rpartition(".")[0] + "."


def _unit_of(metric: Metric) -> Unit | None:
    """The unit of a metric that is compute."""
    unit = re.sub("[^a-z$]", "", metric.metric_unit.lower())
    if (
        unit == "$"
        or DOLLARS.fullmatch(unit)
        or (metric.metric_kind.lower() == "cost" and not unit)
    ):
        return "usd"
    return "tokens" if unit == "tokens" else None


def _is_total(metric: Metric) -> bool:
    """Whether a metric of compute is that of a whole run; ARC Prize says `cost` then."""
    words = f"{metric.metric_id} {metric.metric_name}".lower()
    return "total" in words or metric.metric_id == "cost"


def _compute(
    details: Mapping[str, Any],
    found: dict[Unit, float],
    totals: dict[Unit, float],
    questions: int | None,
    part: bool,
) -> tuple[tuple[Unit, float] | None, str]:
    """Unit and compute per question that belong to a score, or why there are none.

    `found` and `totals`: what is known of it from other results, per question and as a whole.
    """
    for key, value in details.items():
        word = re.sub("[^a-z]", "", str(key)[:100].lower())
        word = re.sub("(in)?(usd|dollars?)$|^(usd)", "", word)
        number = isinstance(value, str | int | float) and not isinstance(value, bool)
        if not number or str(value).strip().lower() in numbers.BLANK:
            continue
        for kept, patterns in ((found, PER_QUESTION), (totals, TOTALS)):
            for pattern, unit in patterns:
                if not pattern.fullmatch(word):
                    continue
                if (amount := _amount(value, unit)) is None:
                    return None, "results whose compute is no number"
                kept.setdefault(unit, amount)
    units: tuple[Unit, Unit] = ("tokens", "usd")
    for unit in units:
        if found.get(unit, 0) > 0:
            return (unit, found[unit]), ""
    for unit in units:
        if totals.get(unit, 0) > 0:
            if part:
                return None, "parts of a result, with a total of the whole alone"
            if questions:
                return (unit, totals[unit] / questions), ""
            return None, "results with a total of the run alone (--questions divides it)"
    return None, "results without tokens or cost"


def _amount(value: str | float, unit: Unit) -> float | None:
    """Compute as somebody wrote it, or None."""
    try:
        found = numbers.read(str(value))
    except ValueError:
        return None
    return None if found.percent or (found.dollars and unit != "usd") else found.value


def _instance_tokens(file: Path, value: Mapping[str, Any]) -> dict[str, tuple[Unit, float]]:
    """Mean output tokens per evaluation from the record's instance-level file, if it lies there."""
    name = mapping(value.get("detailed_evaluation_results")).get("file_path")
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
        check_size(line, where)
        sample = parse_json(line, where)
        usage = sample.get("token_usage") if isinstance(sample, dict) else None
        label = sample.get("evaluation_name") if isinstance(sample, dict) else None
        if not isinstance(label, str):
            raise SpecError(f"{where}: not an instance-level record")
        count = output_tokens(mapping(usage))
        own = sample.get("evaluation_id") == value.get("evaluation_id")
        if own and count is not None:
            sums.setdefault(label, []).append(count)
    return {label: ("tokens", sum(own) / len(own)) for label, own in sums.items() if sum(own) > 0}
