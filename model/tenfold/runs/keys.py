"""Keys of stored results: the code that made them, found by walking imports, and its inputs.

Code counts as it runs: comments, docstrings and layout do not, and Python 3.12 and 3.13 agree. A
record of the code keeps two hashes of each module, of its text and of what it means: where the text
is the same, nothing need be parsed to know that the meaning is.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tenfold

if TYPE_CHECKING:
    from tenfold.posterior.plan import Plan

FIT = ("tenfold.fit.draws", "tenfold.fit.convergence")
"""Modules that make posteriors and weights; what they import counts as well."""

DERIVED = {
    "sample": ("tenfold.runs.headline",),
    "series": ("tenfold.runs.series",),
    "gates": ("tenfold.fit.judge",),
}
"""What follows from posteriors and weights, and is made anew without sampling."""

BASE = Path(tenfold.__file__).parent

Code = Mapping[str, Sequence[str]]
"""Module -> SHA-256 of its text, and of its meaning."""


def fit_key(plan: Plan) -> str:
    """12 hex digits of SHA-256 over scenario, priors, evidence and code."""
    from tenfold.posterior.scenario import READ_BY_ANSWERS  # hashing code needs no library

    parts = {
        "scenario": plan.scenario.model_dump(
            mode="json", exclude={"reason", "extends", *READ_BY_ANSWERS}
        ),
        "priors": {name: prior.model_dump(mode="json") for name, prior in plan.priors.items()},
        "evidence": plan.points.attrs["files"],
        "filters": plan.points.attrs["filters"],
        "code": {name: meaning for name, (_, meaning) in code(FIT).items()},
    }
    return _sha256(json.dumps(parts, sort_keys=True).encode())[:12]


def derived() -> dict[str, dict[str, tuple[str, str]]]:
    """The code of what is derived from posteriors, by what that is, as `code` has it."""
    return {name: code(roots) for name, roots in DERIVED.items()}


@cache
def code(roots: tuple[str, ...], base: Path = BASE) -> dict[str, tuple[str, str]]:
    """The modules of `tenfold` that `roots` import, directly or not, with the roots.

    Args:
        roots: dotted names.
        base: the package's folder.

    Returns:
        Module to the hashes of its text and of its meaning.
    """
    found: dict[str, tuple[str, str]] = {}
    waiting, seen = list(roots), set(roots)
    while waiting:
        name = waiting.pop()
        path = _file(name, base)
        if path is None:
            continue
        text = path.read_bytes()
        imports, meaning = _read(text)
        waiting += imports - seen
        seen |= imports
        found[name] = (_sha256(text), meaning)
    return dict(sorted(found.items()))


def changed(recorded: Code, base: Path = BASE) -> list[str]:
    """Modules of a record of code that mean something else now, or are gone.

    What a module imports is part of what it means, so no module can join or leave the code while
    all that are recorded stay as they are.
    """
    return [name for name, hashes in recorded.items() if not _same(name, tuple(hashes), base)]


@cache
def _same(name: str, hashes: tuple[str, ...], base: Path) -> bool:
    path = _file(name, base)
    if path is None:
        return False
    text = path.read_bytes()
    return _sha256(text) == hashes[0] or _read(text)[1] == hashes[1]


@cache
def _read(text: bytes) -> tuple[frozenset[str], str]:
    """What a module imports, and the hash of what it means."""
    tree = ast.parse(text)
    return _imports(tree), _sha256(_meaning(tree).encode())


def _file(module: str, base: Path) -> Path | None:
    path = base.joinpath(*module.split(".")[1:])
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


def _imports(tree: ast.Module) -> frozenset[str]:
    """Modules of ours that a module imports anywhere, with the packages around them.

    A name may be a module or what one holds. What is imported for type checkers alone is left out,
    and so is `tenfold` itself, which only says where public names are.
    """
    typing = {id(n) for node in ast.walk(tree) if _typing(node) for n in ast.walk(node)}
    names: list[str] = []
    for node in ast.walk(tree):
        if id(node) in typing:
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    ours = [name.split(".") for name in names if name.startswith("tenfold.")]
    return frozenset(".".join(parts[:n]) for parts in ours for n in range(2, len(parts) + 1))


def _typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in (
        getattr(node.test, "id", None),
        getattr(node.test, "attr", None),
    )


def _meaning(tree: ast.Module) -> str:
    """The text of a module without comments, docstrings and layout."""
    node: Any
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        text = [n for n in body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)]
        node.body = [n for n in body if n not in text] or [ast.Pass()]
    return ast.unparse(tree)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
