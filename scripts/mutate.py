"""How many small mistakes in the numerical rooms the tests notice.

    uv run python scripts/mutate.py --out tests/mutants.json
    uv run python scripts/mutate.py --only curves --count 20

One mistake at a time is put into a module, in memory: a comparison, a sign, an operation, a number
changed. The tests of its room are then run, in a process of their own that begins with
the libraries loaded. A mistake that no test notices is listed with its
line. What was tried so far is kept, and told in tests/README.md. All 300 take an hour on two cores.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "model" / "tenfold"

ROOMS = {
    "curves": ("test_curves.py",),
    "mixture": ("test_mixture.py",),
    "units": ("test_units.py",),
    "answers/jump": ("answers/test_jump.py",),
    "answers/cost": ("answers/test_cost.py",),
    "answers/timing": ("answers/test_timing.py",),
    "answers/rl_share": ("answers/test_rl_share.py",),
    "answers/conditional": ("answers/test_ask.py", "-k", "hand or filtering or errors_cover"),
    "answers/conditions": (
        "answers/test_ask.py",
        "-k",
        "units or clear_line or conditions_take or between or threshold",
    ),
    "answers/quantities": ("answers/test_registry.py",),
    "claims/verdicts": ("claims/test_verdicts.py",),
    "unseen/condition": ("unseen/test_predict.py",),
    "scenarios/reweigh": ("scenarios/test_reweigh.py",),
    "scenarios/stated": ("scenarios/test_stated.py",),
}
"""Module -> the tests of its room, under tests/unit, and what pytest takes besides."""

QUIET = ("-x", "-q", "-p", "no:cacheprovider", "--assert=plain")
COUNT, SEED, LIMIT_S = 300, 20261127, 300
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.And: ast.Or, ast.Or: ast.And, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
NAMES = {"maximum": "minimum", "minimum": "maximum", "max": "min", "min": "max"}
NAMES |= {"any": "all", "all": "any", "log10": "log", "expm1": "exp", "log1p": "log"}
LIBRARIES = (
    "numpy",
    "xarray",
    "scipy.special",
    "scipy.stats",
    "pandas",
    "pydantic",
    "pint",
    "h5py",
)
LIBRARIES += ("pytest", "hypothesis", "arviz_stats")


class Mutant(TypedDict):
    """One mistake: where it is, what it is, and what became of it."""

    module: str
    line: int
    change: str
    outcome: str


def sites(tree: ast.Module) -> Iterator[tuple[ast.AST, str, Any]]:
    """Places that can be changed: a node, its field, and what is put there."""
    for node in _reachable(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            yield node, "ops", [SWAPS[type(node.ops[0])](), *node.ops[1:]]
        elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
            yield node, "op", SWAPS[type(node.op)]()
        elif isinstance(node, ast.AugAssign) and type(node.op) in SWAPS:
            yield node, "op", SWAPS[type(node.op)]()
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield node, "op", ast.UAdd()
        elif isinstance(node, ast.Attribute) and node.attr in NAMES:
            yield node, "attr", NAMES[node.attr]
        elif isinstance(node, ast.Name) and node.id in NAMES:
            yield node, "id", NAMES[node.id]
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield node, "value", not node.value
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            other = node.value + 1 if isinstance(node.value, int) else node.value * 1.25 + 0.01
            yield node, "value", other


def _reachable(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that are run and can be noticed: no annotations, nothing of an error's text."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Raise | ast.JoinedStr):
                yield child
                yield from _reachable(child)


def mutated(source: str, number: int) -> tuple[ast.Module, int, str]:
    """A module with its site `number` changed: tree, line, and the change as text."""
    tree = ast.parse(source)
    node, field, value = list(sites(tree))[number]
    before, line = ast.unparse(node), getattr(node, "lineno", 0)
    setattr(node, field, value)
    return ast.fix_missing_locations(tree), line, f"{before} -> {ast.unparse(node)}"


class Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a tree instead of from its file."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """The module itself; nothing of any other."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def create_module(self, spec: Any) -> None:
        """As usual."""

    def exec_module(self, module: Any) -> None:
        """Run the tree."""
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)  # noqa: S102


def outcome(module: str, tree: ast.Module | None) -> str:
    """ "killed", "timeout" or "survived": what the tests of a room say of a tree, in a fork."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(quiet, stream)
        if tree is not None:
            path = (PACKAGE / module).with_suffix(".py")
            name = f"tenfold.{module.replace('/', '.')}"
            sys.meta_path.insert(0, Instead(name, path, tree))
        import pytest

        unit = ROOT / "tests" / "unit"
        tests = [str(unit / word) if word.endswith(".py") else word for word in ROOMS[module]]
        os._exit(int(pytest.main([*QUIET, *tests])) != 0)
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return "killed" if status else "survived"
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


def chosen(modules: list[str], count: int) -> list[tuple[str, int]]:
    """`count` sites, as many of each module as it has a share of all; the same every time."""
    total = {name: len(list(sites(ast.parse(_source(name))))) for name in modules}
    every = [(name, number) for name in modules for number in range(total[name])]
    return random.Random(SEED).sample(every, min(count, len(every)))


def _source(module: str) -> str:
    return (PACKAGE / module).with_suffix(".py").read_text()


def main() -> int:
    """Try the mistakes, and write what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=ROOMS, default=list(ROOMS))
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--out", type=Path, help="a JSON file")
    options = parser.parse_args()
    from tenfold.files import write_atomic

    os.chdir(ROOT)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # threads do not survive a fork
    for library in LIBRARIES:
        importlib.import_module(library)
    for module in options.only:
        start = time.monotonic()
        if (found := outcome(module, None)) != "survived":
            print(f"{module}: its tests fail as it is ({found})")
            return 1
        print(f"{module}: {time.monotonic() - start:.1f} s", flush=True)
    tried, today = list[Mutant](), str(datetime.date.today())
    for module, number in chosen(options.only, options.count):
        tree, line, change = mutated(_source(module), number)
        found = outcome(module, tree)
        tried.append({"module": module, "line": line, "change": change, "outcome": found})
        if found == "survived":
            print(f"{module}:{line}: {change}", flush=True)
        if options.out:  # all so far: it may take long, and be stopped
            write_atomic(
                options.out, json.dumps({"date": today, "mutants": tried}, indent=1) + "\n"
            )
    print(dict(Counter(mutant["outcome"] for mutant in tried)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
