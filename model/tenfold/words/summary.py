"""The first screen of the report: the answer, the essay's links beside ours, what it rests on, and
what the status of the fit means for whoever reads the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tenfold.fit.checks import Gate
from tenfold.words.findings import Basis
from tenfold.words.numbers import (
    Row,
    chance,
    count,
    essay_value,
    fixed,
    interval,
    number,
    ordinal,
    plain,
    quantile,
    share,
    spread,
    told,
    unit,
)
from tenfold.words.scenarios import moving

Text = dict[str, Any]

WAYS = {"RL training alone": "rl_jump_ooms", "Inference alone": "inference_jump_ooms"}
WHOSE = {
    "frontier-rl": "those of the largest models alone",
    "open-rl": "those of open models alone",
    "one-model-rl": "DeepSeek-R1-Zero alone",
}
"""Scenarios that keep some RL runs, and which."""
REVIEWED = {
    "prior-data conflict": "priors and evidence pull some parameters apart",
    "Pareto k": "single points weigh heavily in the comparison of curve forms",
    "prior piles up": "the priors alone expect too many scores near 0 or 1",
    "divergences": "the sampler stumbled in a few places",
    "coverage of the future": "intervals for points left out were too narrow or too wide",
    "future left out": "the refit for the comparison of curve forms is rough",
    "neighbours err alike": "neighbouring points of a curve err alike",
}
"""What a check that asks for a look means, by a part of its name."""


def answers(basis: Basis) -> list[Text]:
    """RL alone and inference alone: `way`, `value`, `interval`, `times`."""
    found = []
    for way, name in WAYS.items():
        row = basis.answer["quantities"][name]
        middle, ends = spread(row)
        times = {**row, "scale": "log10", "unit": "dimensionless"}
        found.append(
            {"way": way, "value": f"{middle} OOMs", "interval": ends, "times": interval(times)}
        )
    return found


def level(rows: Mapping[str, Row]) -> Text:
    """What a GPT level is in pre-training compute: the essay's factor and ours."""
    row = rows["gpt_level_ooms"]
    times = {**row, "scale": "log10", "unit": "dimensionless"}
    return {"essay": number(row["essay"]), "ours": interval(times), "ooms": told(row)}


def links(rows: Mapping[str, Row]) -> list[Text]:
    """The essay's links: title, its value, our median and interval, its percentile among ours."""
    found = []
    for row in rows.values():
        if row.get("essay") is None:
            continue
        middle, ends = spread(row)
        found.append(
            {
                "title": row["title"],
                "essay": essay_value(row),
                "middle": middle,
                "ends": ends,
                "unit": unit(row),
                "percentile": ordinal(100 * row["essay_percentile"]),
                "at": round(100 * row["essay_percentile"]),
            }
        )
    return found


def driven(rows: Sequence[Row]) -> str:
    """What the spread of the answer comes from."""
    shown = [row for row in rows if row["pawn"] > row["pawn_noise"]][:3]
    if not shown:
        return "No input stands out."
    listed = ", ".join(
        row["input"]
        + ("" if row["variance_explained"] is None else f" ({share(row['variance_explained'])})")
        for row in shown
    )
    alone = " (in brackets the share of the variance that each explains alone)"
    told_shares = any(row["variance_explained"] is not None for row in shown)
    return f"The spread of the RL answer comes most from {listed}{alone if told_shares else ''}."


def untold(
    basis: Basis, longest: Mapping[str, Any], far: Mapping[str, Any] | None, near: float
) -> str:
    """What the evidence cannot tell: how far the answer lies beyond every curve, form by form.

    Args:
        longest: the longest RL curve: `series`, `ooms`, and `beyond` with its `mcse`, the
            probability that the answer lies beyond it.
        far: coverage of RL points held out more than `near` OOMs ahead; None where none were.
    """
    forms = basis.answer["forms"]
    each = "; ".join(f"{form} {interval(row)}" for form, row in forms.items())
    said = (
        f"The longest RL curve spans {plain(longest['ooms'])} OOMs; with probability "
        f"{chance(longest['beyond'], longest['mcse'])} one GPT level by RL alone takes more, so "
        "that it is read off curves drawn on beyond their points."
    )
    if len(forms) > 1:
        said += f" Where they lead is up to the curve form: {each}."
    tested = basis.answer["tested"].get("rl")
    if tested and far and far["points"]:
        said += (
            f" More than {fixed(near, 1)} OOMs beyond what was seen, 90% intervals held "
            f"{share(far['inside_90'])} of RL points, and nothing was tested beyond "
            f"{fixed(tested['tested_to'], 1)}."
        )
    return said


def disagreeing(explored: Mapping[str, Any]) -> str:
    """What the evidence disagrees about: publications that the exchange rate hangs on, if any."""
    found = explored.get("influence:exchange_rate:publication")
    if not found or not (leaves := moving(found)):
        return ""
    each = ", ".join(f"{middle} without {label}" for label, middle in leaves.items())
    return (
        "The evidence disagrees about how many RL OOMs one inference OOM is worth: the median is "
        f"{quantile(found['base'], 'p50')} with all of it and {each}."
    )


def whose(rate: Row, scenarios: Iterable[Row]) -> list[str]:
    """The limit that the rate depends on whose RL runs are read; empty where none was left out.

    Args:
        rate: exchange rate of the run.
        scenarios: exchange rates of other scenarios, with `scenario` and `status`.
    """
    rows = {row["scenario"]: row for row in scenarios}
    parts = [
        f"{interval(rows[name])} from {words}"
        + (" (its fit failed a check)" if rows[name]["status"] == "FAIL" else "")
        for name, words in WHOSE.items()
        if name in rows
    ]
    if not parts:
        return []
    return [
        f"RL OOMs per inference OOM are {interval(rate)} from all RL runs, {', '.join(parts)}: who "
        "published, and on which models, is not told apart from how RL scales."
    ]


def sound(gates: Sequence[Gate]) -> str:
    """What the checks found, and what that means for the reader."""
    failed = [gate for gate in gates if gate.status == "FAIL"]
    looked = [gate for gate in gates if gate.status == "REVIEW"]
    total = count(len(gates))
    if failed:
        return (
            f"{count(len(failed))} of {total} checks failed: do not rely on the numbers; they are "
            "shown for whoever mends the fit."
        )
    if not looked:
        return f"All {total} checks passed: the numbers can be used as they stand."
    return (
        f"Nothing failed, but {count(len(looked))} of {total} checks ask for a look "
        f"({', '.join(_meanings(looked))}): the numbers can be used; read those checks before "
        "leaning on a detail."
    )


def citation(info: Mapping[str, Any]) -> str:
    """How to cite the page: version, run and date, by which its numbers can be made again."""
    return (
        f"The Tenfold developers ({info['created'][:4]}). Tenfold {info['tenfold']}: how many "
        "tenfolds of compute a capability jump takes, and what it would cost. Run "
        f"{info['scenario']}-{info['key']}, {info['created'][:10]}."
    )


def _meanings(gates: Iterable[Gate]) -> list[str]:
    """What the checks say in words, each once."""
    found: dict[str, None] = {}
    for gate in gates:
        means = [text for part, text in REVIEWED.items() if part in gate.name]
        found[means[0] if means else gate.name] = None
    return list(found)
