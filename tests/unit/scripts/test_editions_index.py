"""The index of editions is that of what ships, and says what the editions say."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tenfold.editions import shelf, tables

ROOT = Path(__file__).resolve().parents[3]
if not (ROOT / "scripts" / "editions_index.py").exists():
    pytest.skip("an installed wheel carries no scripts", allow_module_level=True)


@pytest.fixture(scope="module")
def index():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        import editions_index
    return editions_index


def test_the_index_is_up_to_date(index):
    assert index.main(["--check"]) == 0


def test_the_index_says_what_the_editions_say(index, editions, monkeypatch, tmp_path):
    monkeypatch.setattr(shelf, "home", lambda: editions)
    assert index.main(["--check"], tmp_path) == 1
    assert index.main([], tmp_path) == 0
    assert index.main(["--check"], tmp_path) == 0
    page = (tmp_path / "README.md").read_text()
    assert page.index("| 2026-12 |") < page.index("| 2026-11 |")
    rows = list(csv.DictReader((tmp_path / "editions.csv").read_text().splitlines()))
    rate = {row["edition"]: float(row["p50"]) for row in rows if row["quantity"] == "exchange_rate"}
    assert rate["2026-12"] == pytest.approx(2 * rate["2026-11"], rel=1e-5)
    assert set(rate) == {each["edition"]["name"] for each in map(tables.of, shelf.names())}
    assert "▁█" in page


def test_a_sparkline_goes_from_the_least_to_the_largest(index):
    assert index.sparkline([1, 2, 3]) == "▁▅█"
    assert index.sparkline([2, 2]) == "▄▄"
