"""The page itself: figures, tables and the explorer put into the template, under a policy that
allows no network and no script but the page's own."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from tenfold import mixture
from tenfold.claims import verdicts
from tenfold.editions import shelf
from tenfold.evidence import inventory
from tenfold.fit import checks, judge
from tenfold.inert import printable
from tenfold.report import (
    answer_figures,
    densities,
    evidence_figures,
    evidence_panels,
    explorer,
    model_figures,
)
from tenfold.report.fitted import both_regimes, rl_slopes
from tenfold.report.material import Material, sources
from tenfold.report.svg import Drawn, Styles, style
from tenfold.runs.store import Run
from tenfold.words import answers, explored, findings, numbers, summary, terms
from tenfold.words import page as tables

HERE = Path(__file__).parent

FIGURES = (
    evidence_panels.evidence,
    evidence_figures.slopes,
    evidence_figures.calibration,
    evidence_figures.prior_predictive,
    answer_figures.jump_density,
    answer_figures.places,
    answer_figures.exchange_rate,
    model_figures.priors,
    model_figures.forms,
    answer_figures.cost,
    model_figures.drivers,
    model_figures.scenarios,
)


def render(material: Material, out: Path) -> str:
    """Draw every figure into `out`, and return the page."""
    import jinja2

    styles = Styles()
    drawn: dict[str, Drawn] = {}
    with style():
        for draw in FIGURES:
            figure = draw(material, out, styles)
            if figure is not None:
                drawn[figure.name] = figure
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"share": numbers.share}
    css = (HERE / "style.css").read_text(encoding="utf-8") + styles.css()
    own = "".join(read("evidence.js", "print.js", "explorer.js", "explorer_page.js"))
    scripts = [explorer.library(), own]
    allowed = " ".join(f"'{_digest(script)}'" for script in scripts)
    context = _context(material) | {
        "figures": drawn,
        "data": sorted(drawn),
        "css": Markup(css),
        "explorer": _explorer(material),
        "scripts": [Markup(script) for script in scripts],
        "policy": f"default-src 'none'; style-src '{_digest(css)}'; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'",
    }
    return environment.get_template("report.html.j2").render(context)


def read(*names: str) -> list[str]:
    """Texts of files beside this one."""
    return [(HERE / name).read_text(encoding="utf-8") for name in names]


def _digest(text: str) -> str:
    """What a content security policy calls an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _explorer(material: Material) -> dict[str, Any]:
    """What the explorer's part of the page needs."""
    points = material.stored.points
    about, block = explorer.data(material.asked)
    trades = ("tradeoff_publication", "tradeoff", "inference_per_training")
    rows = zip(*(points[name].values.tolist() for name in trades), strict=True)
    return {
        "about": about,
        "json": Markup(explorer.block(about)),
        "draws": Markup(block),
        "specs": {name: Markup(spec) for name, spec in explorer.specs().items()},
        "techniques": explored.techniques(material.essay["inference_per_training"], rows),
    }


CONTENTS = (
    ("change", "What would change it"),
    ("evidence", "Evidence"),
    ("slopes", "Slopes"),
    ("rate", "Exchange rate"),
    ("forms", "Curve forms"),
    ("jump", "The jump"),
    ("cost", "Cost and dates"),
    ("scenarios", "Scenarios"),
    ("claims", "Claims"),
    ("limits", "Limits"),
    ("glossary", "Glossary"),
    ("methods", "Methods"),
    ("health", "Health of the fit"),
    ("provenance", "Provenance"),
    ("cite", "How to cite"),
)
"""Sections in order: identifier and title."""


def _first(material: Material, gates: list[checks.Gate]) -> dict[str, Any]:
    """What the first screen says."""
    basis = material.basis()
    return {
        "answers": summary.answers(basis),
        "gpt": summary.level(material.links),
        "links": summary.links(material.links),
        "driven": summary.driven(material.drivers),
        "sound": summary.sound(gates),
        "disagreeing": summary.disagreeing(material.explored),
        "untold": summary.untold(basis, material.longest, _far(material).get("rl"), judge.NEAR),
        "cards": findings.headlines(basis),
        "contents": CONTENTS,
        "edition": signed(material.stored.run),
        "glossary": terms.glossary(),
        "limits": terms.limits(),
        "whose": summary.whose(material.answer["exchange_rates"]["population"], material.scenarios),
        "citation": summary.citation(material.info),
    }


def _far(material: Material) -> dict[str, Any]:
    """Coverage of what was held out farther ahead than `judge.NEAR`, by regime."""
    return (material.info.get("far_coverage") or {}).get("regime", {})


def _context(material: Material) -> dict[str, Any]:
    info, stored = material.info, material.stored
    counts = inventory.counts(stored.points)
    slopes = rl_slopes(stored.draws)
    parameters = material.parameters.to_dict("records")
    best = (info.get("diagnostics") or {}).get(stored.best, {})
    left_out = info.get("future_coverage") or {}
    gates = [checks.Gate(**_gate(row)) for row in info["gates"]]
    return _first(material, gates) | {
        "info": info,
        "what_if": stored.changed(),
        "constants_as_of": material.constants_as_of,
        "question": material.paid["question"],
        "baseline": material.paid["baseline"],
        "counts": counts,
        "gates": tables.gates(gates),
        "status": info["status"],
        "status_counts": {
            name: sum(gate.status == name for gate in gates) for name in ("FAIL", "REVIEW", "PASS")
        },
        "family_index": evidence_panels.families(material),
        "filters": evidence_panels.filters(stored.points),
        "jump": tables.quantities(material.answer["quantities"], tables.JUMP),
        "joint": tables.quantities(material.answer["joint"]),
        "curve": tables.on_curve(material.curve),
        "both": both_regimes(stored.points, stored.draws["shared_benchmark"].values),
        "rates": tables.rates(material.answer["exchange_rates"]),
        "rl_slopes": slopes and slopes | {"rows": tables.quantities(slopes["rows"])},
        "parameters": tables.parameters(
            parameters, {name: prior.reason for name, prior in stored.priors.items()}
        ),
        "headline_shift": tables.narrowing(parameters),
        "forms": tables.forms(material.answer["forms"], info),
        "future": info.get("leave_future_out") or {},
        "near": judge.NEAR,
        "far": _far(material),
        "between": material.answer["between_form_share"],
        "best": stored.best,
        "whole": stored.whole,
        "coverage": []
        if material.coverage is None
        else tables.coverage(
            material.coverage.to_dict("records"), best.get("loo_coverage", {}), left_out
        ),
        "own": material.own and answers.jump_lines(material.own),
        "own_rows": material.own and tables.quantities(material.own["quantities"]),
        "cost": tables.cost(material.paid["quantities"], material.whole),
        "timing": tables.quantities(material.paid["timing"]),
        "dates": tables.dates(material.paid["dates"]),
        "waiting": tables.waiting(material.paid["waiting"]),
        "break_even": tables.quantities(material.paid["break_even"]),
        "volumes": tables.volumes(material.paid["break_even_curve"]),
        "room": tables.quantities(material.paid["room_left"]),
        "form_index": {name: i for i, name in enumerate(stored.weights)},
        "drivers": tables.drivers(material.drivers),
        "scenarios": tables.scenarios(material.scenarios),
        "explored": tables.explored(material.explored),
        "conflict": tables.conflict(material.conflict),
        "claims": [
            tables.claim(result, material.claims, material.then.get(result.claim.as_of))
            | {"drawn": densities.of_claim(result)}
            for result in material.results
        ],
        "chain": tables.chain(material.chain),
        "links_drawn": [densities.of_link(row) for row in material.chain["links"]],
        "contradicted": [result.claim.id for result in material.results if result.contradicted],
        "sources": sources(stored.points),
        "doubts": json.loads(stored.points.attrs.get("doubts", "[]")),
        "left_out": json.loads(stored.points.attrs.get("excluded", "{}")),
        "level": numbers.share(mixture.LEVEL),
        "kind": mixture.KIND,
        "words": [word for _, word in verdicts.LIKELIHOOD],
    }


def signed(run: Run) -> str:
    """Which edition the page is of: drawn from it, or from the run that the newest was made of."""
    newest = shelf.newest()
    if (told := shelf.signature(run)) or newest is None:
        return told or ""
    same = all(newest.info[key] == run.info[key] for key in ("key", "created"))
    return f"the run of {shelf.signature(newest)}" if same else ""


def _gate(row: dict[str, Any]) -> dict[str, Any]:
    """A stored gate with its value as a number again: null was NaN."""
    return row | {"value": np.nan if row["value"] is None else row["value"]}
