"""One voice: numbers are written in `words` alone, and one run's numbers read alike everywhere."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path

import pytest

from tenfold.answers.answer import cost_answer, jump_answer
from tenfold.answers.constants import load_constants
from tenfold.answers.question import Question
from tenfold.claims.verdicts import check_claims, load_claims
from tenfold.report import stored
from tenfold.words import answers, claims, numbers

PACKAGE = Path(__file__).resolve().parents[2] / "model" / "tenfold"

ELSEWHERE = {
    "answers/quantities.py": "scores, shares and years in a title, as they were asked for",
    "evidence": "pixels, calibrations and colours of a chart, told to whoever digitises it",
    "fit/checks.py": "details of gates, which a run stores in words",
    "report/svg.py": "coordinates of a drawing",
    "unseen/rivals.py": "part of a key",
}
"""Files outside `words` that format numbers, and why."""


COUNT = re.compile(r"f'(,|0\d[xX])'")
"""Specs that only whole numbers have: counts and code points."""


def formats(path: Path) -> list[int]:
    """Lines that turn a float into text: format specs, `format`, `%` and `.format` with a spec.

    Errors are let through: what they quote is the user's own number, or the limit it broke.
    """
    found = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Raise):
            return
        spec = node.format_spec if isinstance(node, ast.FormattedValue) else None
        if spec is not None and COUNT.fullmatch(ast.unparse(spec)):
            spec = None
        name = node.func if isinstance(node, ast.Call) else None
        if (
            spec is not None
            or (isinstance(name, ast.Name) and name.id == "format")
            or (isinstance(node, ast.Attribute) and node.attr == "format" and formatted(node.value))
            or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and text(node.left))
        ):
            found.append(node.lineno)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text()))
    return found


def text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def formatted(node: ast.AST) -> bool:
    """Whether a constant has a format spec, as "{:.2f}" has."""
    return not text(node) or ":" in re.sub(r"[^{}:]", "", str(getattr(node, "value", "")))


def outside() -> list[Path]:
    files = PACKAGE.rglob("*.py")
    return [path for path in files if path.relative_to(PACKAGE).parts[0] != "words"]


def test_numbers_are_written_in_words_alone():
    for path in outside():
        name = str(path.relative_to(PACKAGE))
        if not {name, name.split("/")[0]} & set(ELSEWHERE):
            assert formats(path) == [], name


def test_every_exception_is_needed():
    names = [str(path.relative_to(PACKAGE)) for path in outside() if formats(path)]
    for exception in ELSEWHERE:
        assert any(name.startswith(exception) for name in names), exception


@pytest.mark.parametrize(
    "line", ["f'{x:.2f}'", "format(x, 'g')", "'{:.1%}'.format(x)", "'%.3f' % x", "s = '{}'.format"]
)
def test_formats_are_found(line, tmp_path):
    path = tmp_path / "made_up.py"
    path.write_text(line)
    assert bool(formats(path)) is ("{}" not in line)
    path.write_text(f"raise ValueError({line})")
    assert formats(path) == []


@pytest.fixture(scope="module")
def draws(prior_run):
    return stored.read(prior_run).draws


@pytest.fixture(scope="module")
def asked(draws):
    """Answers to the default question, as terminal and page ask it."""
    made = (jump_answer, cost_answer)
    return [answer(draws, load_constants(), Question()) for answer in made]


@pytest.fixture(scope="module")
def page(report_page):
    """The page's table rows and paragraphs as plain text."""
    marked = re.sub(r"</(tr|p|dd|li)>", "\n", report_page.read_text(encoding="utf-8"))
    plain = html.unescape(re.sub(r"<[^>]+>", " ", marked))
    return [" ".join(line.split()) for line in plain.splitlines()]


def test_terminal_and_page_print_each_quantity_alike(asked, page):
    jump, cost = asked
    tables = {**jump["quantities"], **jump["joint"], **cost["quantities"], **cost["room_left"]}
    tables |= cost["timing"] | cost["break_even"]
    printed = [row for table in answers.jump_tables(jump) for row in table[2]]
    printed += [row for table in answers.cost_tables(cost) for row in table[2]]
    for name, row in tables.items():
        ends = [numbers.quantile(row, key) for key in ("p05", "p50", "p95")]
        assert any(list(cells[1:4]) == ends for cells in printed if cells[0] == row["title"]), name
        own = [line for line in page if line.startswith(row["title"])]
        shapes = (" ".join(ends), f"{ends[1]} ({ends[0]} to {ends[2]})")
        assert any(shape in line for line in own for shape in shapes), (name, ends, own)


def test_claims_print_each_quantity_as_terminal_and_page_do(asked, draws, page):
    file = load_claims()
    results = {r.claim.id: r for r in check_claims(draws, file.claim, load_constants())}
    whole = "\n".join(page)
    told = [result for result in results.values() if result.evidence is not None]
    assert len(told) >= 10
    for result in told:
        assert result.evidence is not None
        found = claims.spread(result.repeats or result.claim, result.evidence)
        assert found in "\n".join(claims.lines(result))
        assert found in whole
    rate = numbers.interval(asked[0]["exchange_rates"]["population"])
    assert rate in "\n".join(claims.lines(results["twice-the-ooms"]))
    assert any(line.startswith("population") and rate.split(" ")[0] in line for line in page)


def test_a_duration_is_one_duration(asked):
    """It was "0.025 (0.00014 to 1,800) years" here and "9.0 days" there."""
    row = asked[1]["quantities"]["years_of_world_electricity"]
    assert numbers.told(row) in "\n".join(answers.cost_lines(asked[1]))
