"""ARCHITECTURE.md against the tree: its module table, the import rule, and who may import what."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "model" / "tenfold"
ROW = re.compile(r"^\| `([a-z_]+)/?` \| (.+) \| ?([a-z_/, ]*)\|$")
SAMPLER = {"pymc": {"posterior"}, "pytensor": {"posterior"}, "nutpie": {"sampler"}}
SAMPLER |= {"numba": {"sampler"}, "numpyro": set(), "jax": set()}
"""Libraries that sample -> the rooms that may import them."""
FIGURES = {"matplotlib", "altair", "vl_convert", "arviz"}
"""What draws, or imports what draws; statistics are in `arviz_stats`, which does not."""
HEAVY = {"numpy", "pandas", "xarray", "scipy", "arviz", "pydantic", "rich"}


def rooms() -> dict[str, list[Path]]:
    """Room -> its files: a folder with all below it, or a module beside the folders."""
    found: dict[str, list[Path]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        found.setdefault(name, []).append(path)
    del found["__init__"]
    return found


def table() -> dict[str, tuple[str, str]]:
    """Room -> its sentence and its modules, in the order of ARCHITECTURE.md."""
    lines = (ROOT / "ARCHITECTURE.md").read_text().splitlines()
    return {m[1]: (m[2], m[3].strip()) for line in lines if (m := ROW.match(line))}


def name_of(path: Path) -> str:
    """Dotted name of a module of ours."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


OURS = {name_of(path) for path in PACKAGE.rglob("*.py")}


def first_sentence(path: Path) -> str:
    text = " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split())
    return re.split(r"(?<=[.?])\s", text, maxsplit=1)[0].rstrip(".")


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    """Imported modules: dotted names of our own, the first component of others.

    Imports under `if TYPE_CHECKING` do not happen and are left out.
    """
    found = set()

    def visit(node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            within = [f"{module}.{alias.name}" for alias in node.names]
            names = [name if name in OURS else module for name in within]
        if not (inside and top_level_only):
            for name in names:
                found.add(name if name.split(".")[0] == "tenfold" else name.split(".")[0])
        for child in ast.iter_child_nodes(node):
            within_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            visit(child, inside or within_function)

    visit(ast.parse(path.read_text()), False)
    return found


def test_every_room_has_its_row_with_its_sentence_and_its_modules():
    wanted = {}
    for name, paths in rooms().items():
        folder = PACKAGE / name
        own = folder / "__init__.py" if folder.is_dir() else paths[0]
        inside = sorted(folder.iterdir()) if folder.is_dir() else []
        modules = [p.stem for p in inside if p.suffix == ".py" and p.stem != "__init__"]
        modules += [f"{p.name}/" for p in inside if (p / "__init__.py").exists()]
        wanted[name] = (first_sentence(own), ", ".join(sorted(modules)))
    assert table() == wanted


@pytest.mark.parametrize("name", sorted(rooms()))
def test_a_room_imports_only_what_stands_before_it(name):
    rank = {room: place for place, room in enumerate(table())}
    for path in rooms()[name]:
        for used in imports(path):
            room = used.split(".")[1] if used.startswith("tenfold.") else name
            assert rank.get(room, 0) <= rank[name], f"{path} imports {used}"


def test_no_module_imports_itself_in_a_circle():
    files = {name_of(path): path for path in PACKAGE.rglob("*.py")}
    left = {name: (imports(path) & OURS) - {name} for name, path in files.items()}
    del left["tenfold"]
    while left:
        free = [name for name, used in left.items() if not used & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize("name", sorted(rooms()))
def test_only_the_named_rooms_use_the_sampler_or_draw_figures(name):
    for path in rooms()[name]:
        used = imports(path)
        for library, allowed in SAMPLER.items():
            assert library not in used or name in allowed, path
        if name != "report":
            assert not used & FIGURES, path


@pytest.mark.parametrize("path", [PACKAGE / "__init__.py", *rooms()["cli"]], ids=name_of)
def test_the_command_line_imports_nothing_heavy_before_a_command_needs_it(path):
    used = imports(path, top_level_only=True)
    assert not used & HEAVY
    ours = {name for name in used if name.startswith("tenfold.")}
    light = ("tenfold.cli", "tenfold.__version__", "tenfold.inert")
    assert all(name.startswith(light) for name in ours), ours


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
    for path in sorted(PACKAGE.rglob("*.py")):
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


TOO_LONG = {
    # the density: one pass forwards and backwards, and the same as a graph
    "kernel.py": {"", "log_density"},
    "hierarchy.py": {"build_model"},
}
"""Module -> functions of more than 80 lines; "" where the module has more than 400."""


def test_modules_have_at_most_400_lines_and_functions_80():
    for path in sorted([*PACKAGE.rglob("*.py"), *(ROOT / "scripts").glob("*.py")]):
        text = path.read_text()
        lengths = {"": len(text.splitlines()) / 5}
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                lengths[node.name] = (node.end_lineno or 0) - node.lineno + 1
        over = {name for name, lines in lengths.items() if lines > 80}
        assert over == TOO_LONG.get(path.name, set()), f"{path}: {sorted(over)} too long"
