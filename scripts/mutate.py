"""How many small mistakes in the numerical rooms the tests notice.

    uv run python scripts/mutate.py --out tests/mutants.json
    uv run python scripts/mutate.py --only curves --count 20

One mistake at a time is put into a module, in memory: a comparison, a sign, an operation, a number
changed. The tests of its room are then run, in a process of their own that begins with
the libraries loaded, those first that reach its line. A mistake that no test notices is listed with
its line. What was tried is kept, and told in tests/README.md; another run goes on from there, and
tries again what survived, but for rows that say `why` no test can notice. All 300 take half an hour
of one processor.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import hashlib
import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NotRequired, TypedDict

import pytest

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
    "unseen/condition": ("unseen/test_condition.py",),
    "scenarios/reweigh": ("scenarios/test_reweigh.py",),
    "scenarios/stated": ("scenarios/test_stated.py",),
}
"""Module -> the tests of its room, under tests/unit, and what pytest takes besides."""

QUIET = ("-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "--hypothesis-seed=0")
COUNT, LIMIT_S = 300, 300
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
LIBRARIES += ("arviz_stats",)

type Tests = dict[str, tuple[float, list[int]]]
"""Test -> the seconds of processor time it takes, and the lines of a module that it reaches."""


class Mutant(TypedDict):
    """One mistake: where it is, what it is, what became of it, and why if no test can notice it."""

    key: str
    module: str
    line: int
    change: str
    outcome: str
    why: NotRequired[str]


class Site(NamedTuple):
    """A place that can be changed: the statement of a module, and the place in it."""

    key: str
    module: str
    statement: int
    place: int


def sites(tree: ast.AST) -> Iterator[tuple[ast.AST, str, Any]]:
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


def chosen(modules: list[str], count: int) -> list[Site]:
    """`count` sites of all; each stays chosen while the statement around it is the same."""
    every = []
    for module in modules:
        for i, statement in enumerate(ast.parse(_source(module)).body):
            text = f"{module}\n{ast.unparse(statement)}"
            for place, _ in enumerate(sites(statement)):
                key = hashlib.sha256(f"{text}\n{place}".encode()).hexdigest()[:12]
                every.append(Site(key, module, i, place))
    return sorted(every)[:count]


def mutated(site: Site) -> tuple[ast.Module, int, str]:
    """A module that is changed at a site: tree, line, and the change as text."""
    tree = ast.parse(_source(site.module))
    node, field, value = list(sites(tree.body[site.statement]))[site.place]
    before, line = ast.unparse(node), getattr(node, "lineno", 0)
    setattr(node, field, value)
    return ast.fix_missing_locations(tree), line, f"{before} -> {ast.unparse(node)}"


def _source(module: str) -> str:
    return (PACKAGE / module).with_suffix(".py").read_text()


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


class Reached:
    """A plugin of pytest that notes the lines of a file each test reaches, and its seconds."""

    def __init__(self, path: Path) -> None:
        self.path, self.seen, self.tests = str(path), set[int](), {}
        monitor = sys.monitoring
        monitor.use_tool_id(monitor.COVERAGE_ID, "mutants")
        monitor.register_callback(monitor.COVERAGE_ID, monitor.events.LINE, self.line)
        monitor.set_events(monitor.COVERAGE_ID, monitor.events.LINE)

    def line(self, code: Any, line: int) -> Any:
        """Note a line; each is told once a test."""
        if code.co_filename == self.path:
            self.seen.add(line)
        return sys.monitoring.DISABLE

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Run a test, and keep its lines and seconds."""
        self.seen.clear()
        sys.monitoring.restart_events()
        start = time.process_time()
        result = yield
        self.tests[item.nodeid] = (time.process_time() - start, sorted(self.seen))
        return result


class First:
    """A plugin of pytest that runs the tests first that reach a line, the fastest of them first."""

    def __init__(self, tests: Tests, line: int) -> None:
        self.order = {name: (line not in lines, s) for name, (s, lines) in tests.items()}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sort the tests."""
        items.sort(key=lambda item: self.order.get(item.nodeid, (True, 0.0)))


def run(module: str, plugin: Reached | First) -> bool:
    """Whether a test of a room fails."""
    unit = ROOT / "tests" / "unit"
    tests = [str(unit / word) if word.endswith(".py") else word for word in ROOMS[module]]
    return pytest.main([*QUIET, *tests], plugins=[plugin]) != 0


def forked(work: Callable[[], str]) -> tuple[int, str]:
    """What a function returns in a silent fork, and how that ended, as `os.waitpid` has it."""
    told, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(quiet, stream)
        try:
            with os.fdopen(said, "w") as pipe:
                pipe.write(work())
        finally:
            os._exit(0)
    os.close(said)
    with os.fdopen(told) as pipe:
        text = pipe.read()
    return os.waitpid(child, 0)[1], text


def reached(module: str) -> Tests:
    """Tests of a room as it is, the lines of the module they reach, and the seconds they take.

    What they import of libraries is imported here, so that forks have it.

    Raises:
        RuntimeError: they fail.
    """

    def work() -> str:
        plugin = Reached((PACKAGE / module).with_suffix(".py"))
        failed, homes = run(module, plugin), (sys.prefix, sys.base_prefix)
        files = {name: str(getattr(one, "__file__", "")) for name, one in list(sys.modules.items())}
        libraries = [name for name, file in files.items() if file.startswith(homes)]
        return "" if failed else json.dumps([plugin.tests, libraries])

    _, text = forked(work)
    if not text:
        raise RuntimeError(f"{module}: its tests fail as it is")
    tests, libraries = json.loads(text)
    for name in libraries:
        if name != "__main__":
            importlib.import_module(name)
    return tests


def outcome(module: str, tree: ast.Module, line: int, tests: Tests) -> str:
    """ "killed", "timeout" or "survived": what the tests of a room say of a tree."""

    def work() -> str:
        path = (PACKAGE / module).with_suffix(".py")
        sys.meta_path.insert(0, Instead(f"tenfold.{module.replace('/', '.')}", path, tree))
        return "killed" if run(module, First(tests, line)) else "survived"

    status, text = forked(work)
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) == signal.SIGXCPU else "killed"
    if not text:
        raise RuntimeError(f"{module}: line {line} could not be tried")
    return text


def kept(path: Path | None) -> dict[str, Mutant]:
    """Mistakes that need not be tried again, by key."""
    if path is None or not path.exists():
        return {}
    content = json.loads(path.read_text())
    rows = [
        Mutant(key=key, module=module, line=0, change="", outcome="killed")
        for module, keys in content["killed"].items()
        for key in keys
    ]
    rows += [row for row in content["others"] if row["outcome"] != "survived" or "why" in row]
    return {row["key"]: row for row in rows}


def written(rows: list[Mutant]) -> str:
    """The file of what was tried: keys of what was noticed by module, and all of the others."""
    killed: dict[str, list[str]] = {}
    for row in rows:
        if row["outcome"] == "killed":
            killed.setdefault(row["module"], []).append(row["key"])
    others = [row for row in rows if row["outcome"] != "killed"]
    content = {"date": str(datetime.date.today()), "killed": killed, "others": others}
    return json.dumps(content, indent=0) + "\n"


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
    known, tried, rooms = kept(options.out), list[Mutant](), dict[str, Tests]()
    left = chosen(options.only, options.count)
    for site in left:
        if site.key in known:
            tried.append(known[site.key])
            continue
        if site.module not in rooms:
            rooms[site.module] = reached(site.module)
        tree, line, change = mutated(site)
        found = outcome(site.module, tree, line, rooms[site.module])
        row = Mutant(key=site.key, module=site.module, line=line, change=change, outcome=found)
        tried.append(row)
        if found == "survived":
            print(f"{site.module}:{line}: {change}", flush=True)
        if options.out:  # all so far: it may take long, and be stopped
            later = [known[other.key] for other in left[len(tried) :] if other.key in known]
            write_atomic(options.out, written(tried + later))
    print(dict(Counter(mutant["outcome"] for mutant in tried)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
