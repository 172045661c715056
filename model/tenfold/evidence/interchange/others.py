"""Results in the formats of other programs: ARC Prize, HAL, Inspect and METR.

Only what holds a score and compute of the same questions is read. Each function takes a parsed
file and adds what it finds to a `Harvest`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tenfold.evidence import numbers
from tenfold.evidence.interchange.common import (
    HUMAN,
    Harvest,
    benchmark_of,
    effort_of,
    output_tokens,
    printable,
    split_effort,
    without_effort,
)


def harvest_arc(value: Iterable[Any], file: Path, questions: int | None, found: Harvest) -> None:
    """The evaluations of arcprize.org: a score and a cost per task for every model and set."""
    found.title, found.publisher = "ARC Prize leaderboard", "ARC Prize Foundation"
    found.url = "https://arcprize.org/leaderboard"
    for number, item in enumerate(value):
        item = _table(item)
        name, cost, score = item.get("modelId"), item.get("costPerTask"), item.get("score")
        if not isinstance(name, str) or not isinstance(item.get("datasetId"), str):
            found.left["evaluations without model or set"] += 1
        elif HUMAN.search(name):
            found.left["evaluations of people, not models"] += 1
        elif (cost := _amount(cost)) is None:
            found.left["evaluations without a cost per task"] += 1
        elif (score := _share(score)) is None:
            found.left["evaluations whose score is no share"] += 1
        else:
            model, effort = split_effort(printable(name))
            benchmark = benchmark_of(printable(item["datasetId"]))
            found.rows.append(
                _row(f"{file}: {number}", model, effort, benchmark, score)
                | {"compute": cost, "compute_unit": "usd", "n_questions": questions}
            )


def harvest_hal(
    value: Mapping[str, Any], file: Path, questions: int | None, found: Harvest
) -> None:
    """A run of the HAL harness: its accuracy, and its total cost over its tasks."""
    found.title, found.publisher = "HAL harness", "Princeton"
    found.url = "https://hal.cs.princeton.edu"
    config, results = _table(value.get("config")), _table(value.get("results"))
    given = _table(config.get("agent_args"))
    tasks = [results.get(key) for key in ("successful_tasks", "failed_tasks")]
    size = questions or sum(len(own) for own in tasks if isinstance(own, list | dict)) or None
    agent = printable(str(config.get("agent_name") or ""))
    name = _ending(given, "model_name") or config.get("model_name") or _ending(given, "model")
    used = list(_table(value.get("total_usage")))
    inside = re.search(r"\(([^()]+)\)$", agent)
    name = name or (used[0] if len(used) == 1 else inside.group(1) if inside else agent)
    score = _share(results.get("accuracy", results.get("success_rate")))
    if not isinstance(name, str) or not name:
        found.left["runs without the name of a model"] += 1
    elif (cost := _amount(results.get("total_cost"))) is None:
        found.left["runs without a total cost"] += 1
    elif score is None:
        found.left["runs whose accuracy is no share"] += 1
    elif not size:
        found.left["runs without a list of tasks (--questions states their number)"] += 1
    else:
        model, effort = split_effort(printable(name))
        effort = _effort(_ending(given, "reasoning_effort")) or effort
        benchmark = benchmark_of(printable(str(config.get("benchmark_name") or file.stem)))
        found.rows.append(
            _row(f"{file}: results", without_effort(model, effort), effort, benchmark, score)
            | {
                "compute": cost / size,
                "compute_unit": "usd",
                "n_questions": size,
                "group": re.sub(r"\s*\([^()]*\)$", "", agent)[:60],
            }
        )


def _ending(given: Mapping[str, Any], key: str) -> Any:
    """The first argument that is called `key`, by itself or as `agent.model.name`."""
    return next((v for k, v in given.items() if k.replace(".", "_").endswith(key) and v), None)


def harvest_inspect(
    value: Mapping[str, Any], file: Path, questions: int | None, found: Harvest
) -> None:
    """A log of Inspect: accuracy of its first scorer that has one, and output tokens per sample."""
    found.title, found.publisher = "Inspect evaluation logs", "Inspect"
    found.url = "https://inspect.aisi.org.uk"
    about, results = _table(value.get("eval")), _table(value.get("results"))
    name = about.get("model")
    usages = _table(_table(value.get("stats")).get("model_usage"))
    usage = usages.get(str(name)) or (next(iter(usages.values())) if len(usages) == 1 else None)
    epochs = max(_amount(_table(about.get("config")).get("epochs")) or 1, 1)
    counts = (results.get("completed_samples"), results.get("total_samples"))
    samples = next(filter(None, map(_amount, counts)), None)
    if samples is None and (posed := _amount(_table(about.get("dataset")).get("samples"))):
        samples = posed * epochs
    tokens = output_tokens(_table(usage))
    score, se = _accuracy(results.get("scores") or [results])
    if not isinstance(name, str):
        found.left["logs without the name of a model"] += 1
    elif value.get("status", "success") != "success":
        found.left["logs of runs that did not end well"] += 1
    elif score is None:
        found.left["logs without an accuracy"] += 1
    elif not tokens or not samples:
        found.left["logs without output tokens of the model and its samples"] += 1
    else:
        args = _table(_table(value.get("plan")).get("config"))
        args = {**args, **_table(about.get("model_generate_config"))}
        budget = _amount(args.get("reasoning_tokens"))
        effort = _effort(args.get("reasoning_effort")) or (
            f"{budget / 1000:.4g}k" if budget else ""
        )
        model, suffix = split_effort(printable(name))
        task = re.split("[/@]", printable(str(about.get("task") or file.stem)))[-1]
        size = questions or max(round(samples / epochs), 1)
        found.rows.append(
            _row(f"{file}: results", model, effort or suffix, benchmark_of(task), score)
            | {
                "compute": tokens / samples,
                "compute_unit": "tokens",
                "score_se": se,
                "n_questions": size,
                "n_samples": epochs,
            }
        )


def harvest_metr(value: Iterable[Any], file: Path, questions: int | None, found: Harvest) -> None:
    """Runs of METR's time-horizon suites: share of runs that succeed, and mean cost of a run."""
    found.title, found.publisher = "METR time-horizon runs", "METR"
    found.url = "https://github.com/METR/eval-analysis-public"
    runs: dict[tuple[str, str, str], list[tuple[float, float, str]]] = {}
    for item in value:
        item = _table(item)
        name = item.get("alias") or item.get("model")
        if not isinstance(name, str) or HUMAN.search(name):
            found.left["runs of people, not models"] += 1
        elif (score := _share(item.get("score_binarized"))) is None:
            found.left["runs without a score"] += 1
        elif (cost := _amount(item.get("generation_cost"))) is None:
            found.left["runs without a cost"] += 1
        else:
            suite = printable(str(item.get("task_source") or "time horizon"))
            scaffold = printable(str(item.get("scaffold") or ""), 60)
            own = runs.setdefault((printable(name), suite, scaffold), [])
            own.append((score, cost, str(item.get("task_id"))))
    for (name, suite, scaffold), own in runs.items():
        tasks = len({task for _, _, task in own})
        model, effort = split_effort(name)
        share = sum(score for score, _, _ in own) / len(own)
        found.rows.append(
            _row(f"{file}: {name}", model, effort, benchmark_of(f"METR {suite}"), share)
            | {
                "compute": sum(cost for _, cost, _ in own) / len(own),
                "compute_unit": "usd",
                "n_questions": questions or tasks,
                "n_samples": len(own) / tasks,
                "group": scaffold,
            }
        )


def _row(where: str, model: str, effort: str, benchmark: str, score: float) -> dict[str, Any]:
    return {
        "where": where,
        "model": model,
        "setting": effort,
        "benchmark": benchmark,
        "score": score,
    }


def _accuracy(scores: Any) -> tuple[float | None, float | None]:
    """Accuracy, or a mean within [0, 1], of the first scorer that has it, and its error.

    The best of several tries, as `pass_at_4` reduces them, is another score than that of one.
    """
    for scorer in scores if isinstance(scores, list) else []:
        metrics = _table(_table(scorer).get("metrics"))
        known = {key: _table(m).get("value", m) for key, m in metrics.items()}
        if _table(scorer).get("reducer") not in (None, "", "mean"):
            continue
        for key in ("accuracy", "mean"):
            if (value := _share(known.get(key))) is not None:
                errors = ("stderr", "bootstrap_stderr", "bootstrap_std")
                return value, next(filter(None, (_amount(known.get(k)) for k in errors)), None)
    return None, None


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _effort(value: Any) -> str:
    return effort_of(printable(str(value or ""), 50))


def _read(value: Any) -> numbers.Number | None:
    """A finite number, also where it is written as text."""
    if isinstance(value, str):
        try:
            return numbers.read(value)
        except ValueError:
            return None
    whole = isinstance(value, int | float) and math.isfinite(value)
    return numbers.Number(float(value)) if whole else None


def _share(value: Any) -> float | None:
    """A score from 0 to 1, or None."""
    found = _read(value)
    if found is None or found.dollars:
        return None
    share = found.value / 100 if found.percent else found.value
    return share if 0 <= share <= 1 else None


def _amount(value: Any) -> float | None:
    """An amount above 0, or None."""
    found = None if isinstance(value, bool) else _read(value)
    return found.value if found and not found.percent and found.value > 0 else None
