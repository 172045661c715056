"""Generated parts of model/README.md are those of the code and data beside it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
if not (ROOT / "scripts" / "write_docs.py").exists():
    pytest.skip("an installed wheel carries no scripts", allow_module_level=True)


@pytest.fixture(scope="module")
def write_docs():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        import write_docs
    return write_docs


@pytest.mark.parametrize("block", ["priors", "diagram"])
def test_the_page_is_current(write_docs, block):
    text = write_docs.PAGE.read_text(encoding="utf-8")
    assert text == write_docs.filled(text, block, write_docs.BLOCKS[block]())


def test_another_prior_makes_the_page_stale(write_docs):
    from tenfold.posterior import priors

    table = priors.load()
    table["series_sd"] = table["series_sd"].model_copy(update={"sigma": 0.25})
    text = write_docs.PAGE.read_text(encoding="utf-8")
    assert text != write_docs.filled(text, "priors", write_docs.prior_table(table))


def test_markers_are_needed(write_docs):
    with pytest.raises(SystemExit, match="markers of priors"):
        write_docs.filled("no markers", "priors", "text")
