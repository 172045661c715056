"""Keys of stored results: the code that made them, found by walking imports, and its inputs.

Code counts as it runs: comments, docstrings and layout do not, and Python 3.12 and 3.13 agree.
"""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import tenfold
from tenfold.posterior.plan import Plan

FITTED_BY = (
    "tenfold.posterior.plan",
    "tenfold.sampler.sample",
    "tenfold.fit.compare",
    "tenfold.runs.headline",
)
"""Modules that make posteriors, weights and the sample; what they import counts as well."""


def fit_key(plan: Plan) -> str:
    """12 hex digits of SHA-256 over scenario, priors, evidence and code."""
    parts = {
        "scenario": plan.scenario.model_dump(
            mode="json", exclude={"reason", "extends", "constants"}
        ),
        "priors": {name: prior.model_dump(mode="json") for name, prior in plan.priors.items()},
        "evidence": plan.points.attrs["files"],
        "filters": plan.points.attrs["filters"],
        "code": code(FITTED_BY),
    }
    return _sha256(json.dumps(parts, sort_keys=True))[:12]


@cache
def code(roots: tuple[str, ...], base: Path = Path(tenfold.__file__).parent) -> dict[str, str]:
    """SHA-256 of every module of `tenfold` below `base` that `roots` import, directly or not."""
    found: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        path = _file(name, base)
        if name in found or path is None:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        waiting += _imports(tree)
        found[name] = _sha256(_normal(tree))
    return dict(sorted(found.items()))


def _file(module: str, base: Path) -> Path | None:
    path = base.joinpath(*module.split(".")[1:])
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


def _imports(tree: ast.Module) -> list[str]:
    """Modules of ours that a module imports anywhere; a name may be a module or what it holds."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.startswith("tenfold.")]


def _normal(tree: ast.Module) -> str:
    """The text of a module without comments, docstrings and layout."""
    node: Any
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        text = [n for n in body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)]
        node.body = [n for n in body if n not in text] or [ast.Pass()]
    return ast.unparse(tree)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
