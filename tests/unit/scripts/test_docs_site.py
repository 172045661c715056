"""Pages of the documentation: their texts come from where they live, every page is in the list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
if not (ROOT / "scripts" / "docs_hooks.py").exists():
    pytest.skip("an installed wheel carries no scripts", allow_module_level=True)

PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.fixture(scope="module")
def hooks():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        import docs_hooks
    return docs_hooks


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_text_is_found_and_every_page_is_listed(hooks, page):
    text = page.read_text()
    for name, heading in hooks.INCLUDE.findall(text):
        found = hooks.included(name, heading or None)
        assert len(found) > 100
        assert "{{" not in found
    assert f": {page.name}\n" in (ROOT / "mkdocs.yml").read_text()
    for name in re.findall(r"\]\(([\w-]+\.md)\)", text):
        assert (ROOT / "docs" / name).is_file(), name


def test_names_of_the_reference_are_there():
    from importlib import import_module

    names = re.findall(r"^::: (\S+)$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    assert len(names) > 10
    for name in names:
        module, attribute = name.rsplit(".", 1)
        assert getattr(import_module(module), attribute).__doc__


def test_a_section_ends_where_the_next_begins(hooks):
    text = "# A\n\none\n\n## B\n\ntwo\n\n### C\n\nthree\n\n## D\n\nfour\n"
    assert hooks.section(text, "B", "x") == "two\n\n### C\n\nthree"
    assert hooks.section(text, "D", "x") == "four"
    with pytest.raises(ValueError, match="no heading 'E'"):
        hooks.section(text, "E", "x")


def test_an_example_is_shown_with_what_it_prints(hooks, tmp_path):
    page = "before\n\n```python run\nprint(6 * 7)\n```\n\nafter\n"
    text = hooks.expanded(page, tmp_path)
    assert text == "before\n\n```python\nprint(6 * 7)\n```\n\n```text\n42\n```\n\nafter\n"
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        hooks.expanded(page.replace("6 * 7", "1 / 0"), tmp_path)
