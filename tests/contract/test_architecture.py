"""ARCHITECTURE.md against the tree: its module table, the import rule, and who may import what."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "model" / "tenfold"
GROUPS = ("words", "evidence", "model", "fit", "answers", "outputs", "command line")
ROW = re.compile(r"^\| ([a-z ]+) \| `([a-z_0-9]+)` \| (.+) \|$")
SAMPLER = {"pymc", "nutpie", "pytensor", "numpyro", "jax"}
SAMPLER_MODULES = {"priors", "hierarchy", "fit", "compare", "scenarios"}
FIGURES = {"matplotlib", "altair", "vl_convert", "arviz"}
"""What draws, or imports what draws; statistics are in `arviz_stats`, which does not."""
COMMANDS = {"cli_evidence", "cli_fit", "cli_answers", "cli_predict", "cli_report"}
LIGHT = {"__init__", "cli", "terminal"} | COMMANDS


def modules() -> dict[str, list[Path]]:
    """Module or subpackage name -> its files."""
    found: dict[str, list[Path]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        found.setdefault(name, []).append(path)
    return found


def table() -> dict[str, tuple[str, str]]:
    rows = {}
    for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines():
        if match := ROW.match(line):
            rows[match[2]] = (match[1], match[3])
    return rows


def first_sentence(path: Path) -> str:
    text = " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split())
    return re.split(r"(?<=[.?])\s", text, maxsplit=1)[0].rstrip(".")


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    """Imported modules: "tenfold.x" for our own, the first component for others.

    Imports under `if TYPE_CHECKING` do not happen and are left out.
    """
    found = set()

    def visit(node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [module]
            if module in ("tenfold", "model"):
                names = [f"{module}.{alias.name}" for alias in node.names]
            assert node.level == 0, f"{path}: relative import"
        else:
            names = []
        if not (inside and top_level_only):
            for name in names:
                parts = name.split(".")
                found.add(".".join(parts[:2]) if parts[0] == "tenfold" else parts[0])
        for child in ast.iter_child_nodes(node):
            within = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            visit(child, within)

    visit(ast.parse(path.read_text()), False)
    return found


def test_every_module_has_its_row_with_its_first_sentence():
    files = modules()
    del files["__init__"]
    missing, told = [], table()
    for name, paths in files.items():
        own = next((path for path in paths if path.name == "__init__.py"), paths[0])
        if told.get(name, ("", ""))[1] != first_sentence(own):
            missing.append(f"| ? | `{name}` | {first_sentence(own)} |")
    assert missing == [], "rows of ARCHITECTURE.md to write:\n" + "\n".join(missing)
    assert set(told) == set(files), "rows without a module"


def test_groups_come_in_order():
    order = [GROUPS.index(group) for group, _ in table().values()]
    assert order == sorted(order)


@pytest.mark.parametrize("name", sorted(set(modules()) - {"__init__"}))
def test_imports_go_down_the_table(name):
    told = table()
    rank = {module: GROUPS.index(group) for module, (group, _) in told.items()}
    for path in modules()[name]:
        for used in imports(path):
            target = used.removeprefix("tenfold.")
            if used.startswith("tenfold.") and target in rank:
                assert rank[target] <= rank[name], f"{path.name} ({told[name][0]}) imports {target}"


def test_the_import_rule_has_no_cycles():
    uses = {
        name: {u.removeprefix("tenfold.") for path in paths for u in imports(path)} - {name}
        for name, paths in modules().items()
        if name != "__init__"
    }
    left = dict(uses)
    while left:
        free = [name for name, used in left.items() if not used & set(left)]
        assert free, f"a cycle among {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize("name", sorted(modules()))
def test_only_the_named_modules_use_the_sampler_or_draw_figures(name):
    for path in modules()[name]:
        used = imports(path)
        if name not in SAMPLER_MODULES:
            assert not used & SAMPLER, path
        if name != "report":
            assert not used & FIGURES, path
        if name in LIGHT:
            own = {"tenfold.terminal", "tenfold.__version__"} | {f"tenfold.{c}" for c in COMMANDS}
            heavy = imports(path, top_level_only=True) & {
                "numpy", "pandas", "xarray", "scipy", "arviz", "pydantic", "rich"
            }  # fmt: skip
            assert not heavy, path
            ours = {u for u in imports(path, top_level_only=True) if u.startswith("tenfold.")}
            assert ours <= own, path


@pytest.mark.parametrize("folder", ["model", "tests", "scripts"])
def test_nothing_imports_the_source_root(folder):
    for path in (ROOT / folder).rglob("*.py"):
        assert "model" not in imports(path), path


def test_the_linter_bans_the_source_root_too(tmp_path):
    import subprocess
    import sys

    bad = tmp_path / "bad.py"
    bad.write_text("import model.tenfold\n")
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise"]
    config = ["--config", str(ROOT / "pyproject.toml"), str(bad)]
    found = subprocess.run([*command, *config], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "TID251" in found.stdout


def public_definitions():
    for paths in modules().values():
        for path in paths:
            tree = ast.parse(path.read_text())
            yield f"{path.name}: module", tree
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                    yield f"{path.name}: {node.name}", node
                    for inner in node.body if isinstance(node, ast.ClassDef) else ():
                        if isinstance(inner, ast.FunctionDef) and inner.name[0] != "_":
                            yield f"{path.name}: {node.name}.{inner.name}", inner


def test_every_public_name_says_what_it_is():
    silent = [where for where, node in public_definitions() if not ast.get_docstring(node)]
    assert silent == []
