"""Keys follow every module that makes a result, as it runs, on any Python that we support."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tenfold.runs import keys

ROOTS = {"fit": keys.FIT, **keys.DERIVED}


@pytest.fixture
def copy(tmp_path):
    """A copy of the package that a test may edit."""
    ignored = shutil.ignore_patterns("__pycache__", "*.j2", "*.css")
    return Path(shutil.copytree(keys.BASE, tmp_path / "tenfold", ignore=ignored))


def meanings(code):
    return {name: meaning for name, (_, meaning) in code.items()}


@pytest.mark.parametrize("roots", ROOTS.values(), ids=ROOTS)
def test_an_edit_of_any_module_of_the_closure_gives_another_key(copy, roots):
    before = keys.code(roots, copy)
    assert meanings(before) == meanings(keys.code(roots))
    for name in before:
        path = keys._file(name, copy)
        assert path is not None
        text = path.read_text()
        path.write_text(text + "\nEDITED = 1\n")
        keys.code.cache_clear()
        keys._same.cache_clear()
        after = keys.code(roots, copy)
        assert [n for n in before if after[n][1] != before[n][1]] == [name]
        assert keys.changed(before, copy) == [name]
        path.write_text(text)


def test_what_makes_the_evidence_is_part_of_a_fit_and_what_tells_of_it_is_not():
    made = set(keys.code(keys.FIT))
    evidence = {"rows", "audit", "dataset", "inventory"}
    assert {f"tenfold.evidence.{name}" for name in evidence} | {"tenfold.spec"} <= made
    assert not made & {"tenfold.fit.checks", "tenfold.fit.diagnose", "tenfold.runs.headline"}
    telling = {"claims", "words", "report", "cli", "answers", "unseen", "scenarios"}
    for roots in ROOTS.values():
        assert not {name.split(".")[1] for name in keys.code(roots)} & telling


def test_a_check_makes_no_fit_stale_and_is_made_again():
    assert "tenfold.fit.checks" in keys.code(keys.DERIVED["gates"])
    assert "tenfold.runs.headline" in keys.code(keys.DERIVED["sample"])


def test_comments_docstrings_layout_and_types_do_not_count(copy):
    before = keys.code(keys.FIT, copy)
    path = copy / "curves.py"
    edited = '"""Other words."""\n' + path.read_text().split('"""', 2)[2].replace(
        "\n\n", "\n# !\n\n"
    )
    edited += "\nif TYPE_CHECKING:\n    import tenfold.cli\n"
    path.write_text(edited.replace("from typing import", "from typing import TYPE_CHECKING,", 1))
    keys.code.cache_clear()
    after = keys.code(keys.FIT, copy)
    assert set(after) == set(before)
    path.write_text(edited.rpartition("\nif TYPE_CHECKING")[0])
    keys.code.cache_clear()
    keys._same.cache_clear()
    after = keys.code(keys.FIT, copy)
    assert after["tenfold.curves"][0] != before["tenfold.curves"][0]
    assert meanings(after) == meanings(before)
    assert keys.changed(before, copy) == []


def test_a_module_that_is_gone_has_changed(copy):
    before = keys.code(keys.FIT, copy)
    (copy / "curves.py").unlink()
    keys._same.cache_clear()
    assert keys.changed(before, copy) == ["tenfold.curves"]


def test_imports_inside_functions_and_packages_around_modules_count(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        (folder / "__init__.py").write_text("")
    (tmp_path / "top.py").write_text("def f():\n    from tenfold.a.b.c import thing\n")
    (tmp_path / "a" / "b" / "c.py").write_text("import tenfold.other\n")
    (tmp_path / "other.py").write_text("import numpy\n")
    found = keys.code(("tenfold.top",), tmp_path)
    assert list(found) == [
        "tenfold.a", "tenfold.a.b", "tenfold.a.b.c", "tenfold.other", "tenfold.top",
    ]  # fmt: skip


SAMPLE = '''
"""Every kind of syntax in use."""
from __future__ import annotations
CONSTANT: int = 1_000  # a comment
"""What it is."""
def f[T: int](x: T, /, *, y=f"{1!r:>{3}} {'a' 'b'}") -> T:
    """Text."""
    if (n := x) > 0 and not y:
        return lambda a, *b, **c: [*b, {**c}, (a,)][1:-1, ...]
    match x:
        case {"a": [1, *_], **rest} | None if rest:
            pass
    with open("x") as g, open(f"{x=}") as h:
        raise ValueError(f'{g}\\n{{}}"') from None
async def g():
    """Only this."""
class A[T](B, metaclass=C):
    x: int
    def y(self): ...
    try:
        z = -1e-9j ** 2 if x else b"\\x00" + r"\\d".encode()
    except* (KeyError, ValueError):
        del x
type Alias = int | None
'''
MEANING = "544056ef1d60c73252c60b36adef088b925b7e9273ba4b4612eca51b95b32116"


def test_a_python_reads_the_same_meaning_as_any_other():
    import ast

    text = keys._meaning(ast.parse(SAMPLE))
    assert hashlib.sha256(text.encode()).hexdigest() == MEANING, text


def other_python():
    """A Python of the other version that we support, or None."""
    wanted = "3.12" if sys.version_info[:2] != (3, 12) else "3.13"
    homes = [
        Path.home() / ".pyenv" / "versions",
        Path.home() / ".local" / "share" / "uv" / "python",
    ]
    found = [str(path) for home in homes for path in home.glob(f"*{wanted}*/bin/python{wanted}")]
    for program in [*found, shutil.which(f"python{wanted}")]:
        if (
            program
            and not subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode
        ):
            return program
    return None


def test_another_python_gives_the_same_keys():
    program = other_python()
    if program is None:
        pytest.skip("no other Python here; the pinned meaning above stands in for it")
    asked = (
        "import json; from tenfold.runs import keys; "
        f"print(json.dumps([keys.code(roots) for roots in {list(ROOTS.values())!r}]))"
    )
    done = subprocess.run(
        [program, "-c", asked],
        env={"PYTHONPATH": str(keys.BASE.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    here = json.loads(json.dumps([keys.code(roots) for roots in ROOTS.values()]))
    assert json.loads(done.stdout) == here
