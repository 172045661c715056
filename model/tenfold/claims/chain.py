"""The essay's argument as a chain of quantities, each with its value there and the posterior."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.question import Asked
from tenfold.claims.spec import Claim
from tenfold.claims.verdicts import MIDDLE, OPEN, check_claims, load_claims

TRADEOFF = {
    "id": "inference-1000x-training-100x",
    "quote": "you need to scale-up inference by roughly 1,000x to reach the same capability",
    "source": "ord-2025",
    "kind": "evidence",
    "estimand": "inference_per_training",
    "value": 1.5,
    "reason": "1,000x for 100x is 1.5 OOMs for one",
}
"""The link that the essay states through its sources alone."""

LINKS = {
    "o1-rl-slope-half": "Chart slopes: RL over inference",
    "twice-the-ooms": "RL OOMs per inference OOM",
    TRADEOFF["id"]: "Inference OOMs per pre-training OOM",
    "gpt-levels-100x": "Pre-training OOMs in a GPT level",
    "rl-1000000x-per-gpt-level": "RL compute for a GPT level, multiplied by",
    "five-years-of-electricity-rl-part": "World electricity of that run",
}
"""Claims of the essay in the order of its argument."""

CONCLUSION = "infeasible-for-one-level"

HOLDS, OPEN_LINK, EDGE, OUT = "holds", "is open", "is at the edge", "does not hold"
TAIL = 0.05
"""Probability beyond a value on either side, below which its link does not hold."""

DATES = (2030, 2035, 2040)
BUDGETS, SHARES = (0.001, 0.01), (0.01, 0.05)
"""Shares of world GDP, and of world electricity, under which the conclusion is asked."""


def chain(asked: Asked) -> dict[str, Any]:
    """The essay's chain, as plain JSON.

    Returns:
        `links`: of each `id`, `title`, `quantity`, `unit`, `scale`; `essay`, its value on that
        scale, with `percentile` and its error; `p05`, `p50`, `p95` and their errors; `density`
        (bins of low, high, share); `standing`, as `standing`; `why` in place of
        all that where the run does not tell the link. `conclusion`: the verdict `word`, its
        `probability` and `mcse`, and `conditions`, rows of `budget_share`, `energy_share` and, by
        the end of each of `DATES`, the probability that a GPT level by RL alone is affordable.
    """
    file = load_claims()
    known = {claim.id: claim for claim in file.claim}
    published = file.source["ord-2025"].published
    known[TRADEOFF["id"]] = Claim.model_validate(TRADEOFF | {"as_of": published})
    results = check_claims(asked.draws, [known[name] for name in LINKS], asked.constants)
    links = []
    for result in results:
        claim, found = result.claim, result.evidence
        named = {"id": claim.id, "title": LINKS[claim.id], "value": claim.value}
        named |= {"quantity": claim.estimand or claim.function, "why": result.why}
        if found is None:
            links.append(named)
            continue
        ends = {key: mixture.plain(getattr(found, key)) for key in ("p05", "p50", "p95")}
        errors = zip(ends, found.quantile_mcse, strict=True)
        links.append(
            named
            | {"unit": found.measure.unit, "scale": found.measure.scale}
            | {"essay": found.measure.value, "percentile": found.percentile}
            | {"percentile_mcse": found.percentile_mcse, **ends}
            | {f"{key}_mcse": mixture.plain(error) for key, error in errors}
            | {"density": [list(each) for each in found.density]}
            | {"word": result.word, "standing": standing(found.percentile, result.word)}
        )
    (last,) = check_claims(asked.draws, [known[CONCLUSION]], asked.constants)
    assert last.evidence is not None
    return {
        "links": links,
        "conclusion": {
            "id": CONCLUSION,
            "quote": last.claim.quote,
            "word": last.word,
            "probability": last.evidence.probability,
            "mcse": last.evidence.mcse,
            "conditions": list(_conditions(asked)),
        },
    }


def standing(percentile: float, word: str = "") -> str:
    """Whether a value lies in the middle two thirds, further out, or in the outer tenth.

    `OPEN_LINK` where it lies in the middle of what is too wide to tell it from other values.
    """
    out = min(percentile, 1 - percentile)
    if out >= MIDDLE:
        return OPEN_LINK if word == OPEN else HOLDS
    return EDGE if out >= TAIL else OUT


def _conditions(asked: Asked) -> Iterator[dict[str, Any]]:
    for budget, share in itertools.product(BUDGETS, SHARES):
        under = asked.but(budget_share=budget, energy_share=share)
        year = registry.draws_of("first_year", under)
        row: dict[str, Any] = {"budget_share": budget, "energy_share": share}
        for date in DATES:
            p, mcse = mixture.probability(year < date + 1, asked.draws["weight"])
            row[f"by_{date}"] = {"probability": p, "mcse": mcse}
        yield row
