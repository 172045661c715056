"""The table of tests/README.md is what tests/figures.json holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
if not (ROOT / "scripts" / "write_figures.py").exists():
    pytest.skip("an installed wheel carries no scripts", allow_module_level=True)


def test_the_table_is_the_files(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import write_figures

    figures = json.loads((ROOT / "tests" / "figures.json").read_text())
    readme = (ROOT / "tests" / "README.md").read_text()
    assert write_figures.page(readme, figures) == readme
    assert figures
    assert all(f"| {name} |" in readme for name in figures)
