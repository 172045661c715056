"""The report of a stored run: self-contained, safe, complete, and true to the draws."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from tenfold import mixture, report
from tenfold.answers import answer, jump
from tenfold.answers.answer import jump_answer
from tenfold.answers.constants import load_constants
from tenfold.answers.headline import of_run
from tenfold.answers.question import Question
from tenfold.claims.verdicts import load_claims
from tenfold.editions import shelf
from tenfold.files import SpecError, data_path
from tenfold.fit import checks
from tenfold.report import densities, material
from tenfold.report import page as pages
from tenfold.runs import store
from tenfold.spec import load_toml
from tenfold.words import answers, numbers, summary, terms

ROOT = Path(__file__).resolve().parents[3]
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags, attributes, identifiers, headings and balance of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def values(self, name: str) -> list[str]:
        return [attrs[name] for _, attrs in self.tags if name in attrs]


@pytest.fixture(scope="module")
def text(report_page: Path) -> str:
    return report_page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_loads_nothing_and_runs_its_own_scripts_alone(page, text):
    loading = {"link", "img", "iframe", "object", "embed", "base"}
    assert not loading & {tag for tag, _ in page.tags}
    scripts = [attrs for tag, attrs in page.tags if tag == "script"]
    data = [attrs for attrs in scripts if attrs.get("type") in ("application/json", "text/plain")]
    assert len(data) == len(scripts) - 2 == 4
    assert not [attrs for tag, attrs in page.tags if tag == "form" if "action" in attrs]
    own = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (policy,) = [attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs]
    allowed = re.findall(r"'sha256-([^']+)'", re.findall(r"script-src ([^;]+);", policy)[0])
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in own]
    assert digests == allowed
    assert "unsafe" not in policy
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not page.values("src")
    assert not page.values("style")


def test_doubts_about_the_evidence_are_named_and_what_is_independent_is_counted(text, kept):
    assert "3 of 3 points of &#39;&lt;b&gt;a&#39; equal &#39;b&#39;" in text
    for regime in ("rl", "inference"):
        own = kept.points["series_regime"].values == regime
        models = len(set(kept.points["llm_index"].values[own]))
        publications = len(set(kept.points["series_publication"].values[own]))
        wanted = f"{own.sum()} series of {regime} are of {models} models and {publications} publ"
        assert wanted in text


def test_the_policy_allows_this_style_sheet_and_no_other(text, page):
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [
        attrs["content"]
        for tag, attrs in page.tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "url(" not in style
    assert "@import" not in style


def test_tags_are_balanced_and_identifiers_unique(page):
    assert (page.open, page.unbalanced) == ([], [])
    ids = page.values("id")
    assert len(ids) == len(set(ids))


def test_every_link_leads_somewhere(page, report_page):
    ids = set(page.values("id"))
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert len(links) > 50
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids, link
        elif not link.startswith("https://"):
            assert (report_page.parent / link).is_file(), link
    uses = [attrs["href"] for tag, attrs in page.tags if tag == "use"]
    assert uses
    assert not [use for use in uses if use[1:] not in ids]


def test_it_can_be_read_without_seeing_it(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    drawings = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert len(drawings) > 20
    assert all(len(d["aria-label"]) > 20 for d in drawings)
    assert {d["role"] for d in drawings} == {"img", "group"}  # in a group, points are links
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    assert ("html", {"lang": "en"}) in page.tags


def test_every_point_leads_to_a_row_of_its_own(page, text, prior_run):
    points = prior_run.points
    links = sorted(link for link in page.values("href") if re.fullmatch(r"#p\d+", link))
    assert links == sorted(f"#p{i}" for i in range(points.sizes["obs"]))
    rows = dict(re.findall(r'<tr id="p(\d+)">(.*?)</tr>', text))
    score = 100 * points["score"].values
    assert all(f"<td>{score[int(i)]:.1f}%" in row for i, row in rows.items())
    lists = re.findall(r'<tbody data-s="(\d+)".*?<span class="g\d">(.{3})</span>', text)
    assert len(lists) == len(dict(lists)) == points.sizes["series"]


def test_every_series_links_to_its_source(page, prior_run):
    links = page.values("href")
    for name in np.unique(prior_run.points["series_source"].values):
        assert f"#source-{name}" in links
    assert "https://arxiv.org/abs/2501.19393" in links


def test_every_figure_has_its_files_and_its_data(report_page):
    figures, data = report_page.parent / "figures", report_page.parent / "data"
    names = {path.stem for path in figures.glob("*.svg")}
    assert names >= {"evidence", "slopes", "jump", "exchange_rate", "priors", "forms", "cost"}
    for name in names:
        ElementTree.parse(figures / f"{name}.svg")
        assert (figures / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
        assert len(pd.read_csv(data / f"{name}.csv", low_memory=False)) > 0


def test_panels_follow_the_page_and_files_do_not(text, report_page):
    assert "var(--rl)" in text
    svg = (report_page.parent / "figures" / "slopes.svg").read_text()
    assert "var(" not in svg


def test_numbers_are_those_of_the_draws(text, kept):
    found = jump_answer(kept.draws, load_constants(), Question())
    rate = found["exchange_rates"]["population"]
    low, middle, high = (numbers.quantile(rate, k) for k in ("p05", "p50", "p95"))
    assert (
        f'<p class="big">{middle}</p><p class="range">{low} to {high}; the essay says 2.0,' in text
    )
    p, mcse = mixture.probability(kept.draws["exchange_rate"] > 1, kept.draws["weight"])
    assert numbers.chance(p, mcse) in text


def test_data_files_are_those_of_the_draws(report_page, kept):
    table = pd.read_csv(report_page.parent / "data" / "places.csv")
    row = table[(table["place"] == "population") & (table["kind"] == "log-linear")].iloc[0]
    draws = jump.exchange(kept.draws)
    expected = mixture.quantile(draws["rl_jump_ooms"], draws["weight"], [0.05, 0.5, 0.95])
    np.testing.assert_allclose(row[["p05", "p50", "p95"]].astype(float), expected, rtol=1e-4)


def test_a_failed_gate_is_loud_and_hides_nothing(failed_page, text):
    failed = failed_page.read_text(encoding="utf-8")
    assert 'class="banner"' in failed
    assert 'class="banner"' not in text
    assert "Checks failed: 1 of 1 gates" in failed
    assert failed.index('class="banner"') < failed.index("<header>") < failed.index("<h1>")
    count = [page.count('class="big"') for page in (failed, text)]
    assert count[0] == count[1] > 5


def test_the_answer_comes_first_with_what_the_checks_found(text, failed_page):
    order = [text.index(f'id="{name}"') for name in ("answer", "essay", "sound", "change")]
    assert order == sorted(order)
    assert [text.index(f'<section id="{key}"') for key, _ in pages.CONTENTS] == sorted(
        text.index(f'<section id="{key}"') for key, _ in pages.CONTENTS
    )
    assert "do not rely on the numbers" in failed_page.read_text(encoding="utf-8")


def test_a_check_that_asks_for_a_look_says_what_that_means():
    def gates(*names):
        return [checks.Gate(name, "REVIEW", 1.0, 0.0, "made up") for name in names]

    passed = [checks.Gate("made up", "PASS", 1.0, 1.0, "")]
    assert summary.sound(passed) == "All 1 checks passed: the numbers can be used as they stand."
    said = summary.sound(passed + gates("a: prior-data conflict", "b: prior-data conflict", "new"))
    assert "3 of 4 checks ask for a look" in said
    assert "(priors and evidence pull some parameters apart, new)" in said
    for part in summary.REVIEWED:
        source = " ".join(path.read_text() for path in Path(checks.__file__).parent.glob("*.py"))
        assert part in source


def test_what_forecasts_far_ahead_held_is_said_first(kept):
    found = material.gather(kept, load_constants(), load_claims())
    basis, far = found.basis(), {"points": 520, "inside_90": 0.742}
    basis.answer["tested"] = {"rl": {"weighed_from": 1.08, "tested_to": 1.26}}
    said = summary.untold(basis, found.longest, far, 0.4)
    told = "More than 0.4 OOMs beyond what was seen, 90% intervals held 74% of RL points, and "
    assert f"{told}nothing was tested beyond 1.3." in said
    assert "was seen" not in summary.untold(basis, found.longest, None, 0.4)
    basis.answer["tested"] = {}
    assert "was seen" not in summary.untold(basis, found.longest, far, 0.4)


def test_limits_are_those_of_the_readme_and_terms_are_explained(text, page):
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    for line in load_toml(data_path("limits.toml"), terms.Limits).limits:
        assert f"- {line}" in readme
    assert len(terms.limits()) > 5
    assert "".join(f"<li>{line}</li>" for line in terms.limits()) in text
    ids = set(page.values("id"))
    used = {href for href in page.values("href") if href.startswith("#term-")}
    assert len(used) > 8
    assert {f"term-{key}" for key in terms.glossary()} <= ids


def test_the_links_of_the_essay_stand_beside_ours(text, kept):
    found = material.gather(kept, load_constants(), load_claims()).links
    assert list(found) == list(answer.LINKS)
    for row in summary.links(found):
        cells = rf"{re.escape(row['title'])}</th><td class=\"n\">{re.escape(row['essay'])}</td>"
        assert re.search(cells + rf".*?{row['percentile']}", text)


def test_words_from_files_are_text_not_markup(prior_run, tmp_path):
    info = prior_run.info | {
        "spec": prior_run.info["spec"] | {"reason": "<script>alert(1)</script>"},
        "timings_s": {'"><img src=x>': 1.0},
    }
    page = report.build(store.Run(prior_run.path, info), tmp_path).read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "img" not in {tag for tag, _ in Page(page).tags}
    assert "&lt;script&gt;alert(1)" in page


def test_the_same_run_gives_the_same_files(prior_run, report_page):
    folder = report_page.parent
    made = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / report.STAMP).unlink()  # else nothing is made again
    report.build(prior_run, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == made


def test_an_unchanged_report_is_kept_and_a_damaged_one_made_again(prior_run, tmp_path):
    page = report.build(prior_run, tmp_path)
    made = page.stat().st_mtime_ns
    assert report.build(prior_run, tmp_path) == page
    assert page.stat().st_mtime_ns == made
    (tmp_path / "data" / "cost.csv").unlink()
    report.build(prior_run, tmp_path)
    assert (tmp_path / "data" / "cost.csv").is_file()
    assert page.stat().st_mtime_ns > made
    assert not (tmp_path / "figures").exists()
    assert 'href="figures/' not in page.read_text(encoding="utf-8")
    report.build(prior_run, tmp_path, figures=True)
    assert (tmp_path / "figures" / "cost.png").is_file()


def test_claims_keep_arithmetic_and_evidence_apart(text):
    (claim,) = re.findall(r'id="claim-rl-10x-inference-3x">(.*?)</article>', text, re.DOTALL)
    assert "follows: 3.2 from" in claim
    assert re.search(r"\d% ± \d+\.\d% that it is about 2, within a factor 1\.33", claim)
    assert 'href="#claim-twice-the-ooms"' in claim
    assert 'href="https://www.tobyord.com/' in claim


def test_the_essays_argument_stands_link_by_link(text):
    (listed,) = re.findall(r'id="chain".*?<ol class="links">(.*?)</ol>', text, re.DOTALL)
    links = re.findall(r"<li>(.*?)</li>", listed)
    assert len(links) == 6
    assert all("percentile" in link or "not known here" in link for link in links)
    assert all(link.count('class="claimed at"') == 1 for link in links)
    assert "affordable by 2040" in text


def test_a_page_of_an_edition_answers_a_question_and_leaves_out_what_is_not_kept(
    editions, tmp_path
):
    run = shelf.newest(editions)
    question = Question(benchmark="AIME 2024", start=0.2, target=0.8, baseline="gpt-5")
    text = report.build(run, tmp_path, question=question).read_text(encoding="utf-8")
    assert shelf.signature(run) in text
    assert text.count("Left out: this page is drawn from an edition") == 2
    assert 'id="fig-jump"' in text
    assert 'id="fig-calibration"' not in text
    asked = jump_answer(of_run(run), load_constants(), question)
    assert answers.jump_lines(asked)[0] in text
    assert "From 20% to 80% on AIME 2024 takes" in text
    baseline = load_constants().run("gpt-5").title
    assert f"The baseline is {baseline}" in text
    made = (tmp_path / "index.html").stat().st_mtime_ns
    report.build(run, tmp_path, question=question)
    assert (tmp_path / "index.html").stat().st_mtime_ns == made


def test_small_densities_mark_values_and_ranges_inside_and_beyond():
    bins = [(0.0, 1.0, 0.25), (1.0, 2.0, 0.5), (2.0, 3.0, 0.25), (3.0, 4.0, 0.0)]
    found = densities.small(bins, 1.0, 3.0)
    assert found.bars[1] == (25.0, 0.0, 25.0, densities.HEIGHT)
    assert (found.mark, found.single, found.outside) == ((25.0, 50.0), False, False)
    value = densities.small(bins, 2.0, 2.0)
    assert value.single
    assert value.mark[0] + value.mark[1] / 2 == pytest.approx(50)
    beyond = densities.small(bins, 9.0, math.inf)
    assert beyond.outside
    assert sum(beyond.mark) == pytest.approx(densities.WIDTH)
    assert densities.small(bins, -math.inf, 1.0).mark == (0.0, 25.0)
    assert densities.small(bins[:1], 0.0, 1.0) is None


@pytest.mark.parametrize("damage", ["cut", "missing", "other"])
def test_a_damaged_run_is_one_line(prior_run, tmp_path, damage):
    copied = Path(shutil.copytree(prior_run.path, tmp_path / "run"))
    target = copied / "posterior-logistic.nc"
    if damage == "cut":
        target.write_bytes(target.read_bytes()[:5000])
    elif damage == "other":
        shutil.copy(copied / "posterior-saturating.nc", target)
    else:
        target.unlink()
    with pytest.raises(SpecError, match=r"posterior-logistic\.nc"):
        report.build(store.Run(copied, prior_run.info), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_labels_are_no_markup_no_mathematics_and_no_formulas(hostile_page):
    """A dollar in a label crashed a report; a script in one is text, a formula in a cell too."""
    text = hostile_page.read_text(encoding="utf-8")
    page = Page(text)
    assert "img" not in {tag for tag, _ in page.tags}
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 6
    assert (page.open, page.unbalanced) == ([], [])
    assert "$5 to $\\frac{ &lt;script&gt;" in text
    figures = hostile_page.parent / "figures"
    drawn = "".join(ElementTree.parse(figures / "slopes.svg").getroot().itertext())
    assert "$5 to $\\frac{ <script>alert(1)</script>" in drawn
    for path in (hostile_page.parent / "data").glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        assert not [c for c in table.to_numpy().ravel() if c.startswith(("=", "@", "+"))], path
    held = (hostile_page.parent / "data" / "evidence.csv").read_text()
    assert "'=HYPERLINK" in held
