"""The table of tests/README.md is what was counted."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
if not (ROOT / "scripts" / "write_figures.py").exists():
    pytest.skip("an installed wheel carries no scripts", allow_module_level=True)


def test_the_table_is_the_files(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import write_figures

    figures = write_figures.known()
    readme = (ROOT / "tests" / "README.md").read_text()
    assert write_figures.page(readme, figures) == readme
    assert figures
    assert all(f"| {name} |" in readme for name in figures)
