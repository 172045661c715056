"""The report in Chromium: no network, no errors, light and dark, and on a phone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def show(browser):
    """Open a file: `show(path, width, scheme)` gives the page and what it complained about.

    A page is loaded once, and then looked at otherwise.
    """
    opened = {}

    def call(path: Path, width: int = 1180, scheme: str = "light", media: str = "screen"):
        if path not in opened:
            page, told = browser.new_page(), []
            page.on("console", lambda message: told.append(message.text))
            page.on("pageerror", lambda error: told.append(str(error)))
            page.on("request", lambda request: told.append(request.url))
            page.goto(path.as_uri())
            opened[path] = page, told
        page, told = opened[path]
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media=media, color_scheme=scheme)
        page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        return page, [line for line in told if line != path.as_uri()]

    yield call
    for page, _ in opened.values():
        page.close()


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)` (WCAG 2)."""
    numbers = [int(float(part)) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in numbers]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colour(page: Any, selector: str, what: str) -> str:
    found = page.locator(selector).first
    return found.evaluate(f"node => getComputedStyle(node).getPropertyValue('{what}')")


@pytest.mark.parametrize("width", [1180, 768, 390, 320])
def test_nothing_is_asked_for_and_nothing_sticks_out(show, report_page, width):
    page, told = show(report_page, width)
    assert told == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(show, failed_page, scheme):
    page, told = show(failed_page, scheme=scheme)
    assert told == []
    back, card = (colour(page, s, "background-color") for s in ("body", ".card"))
    assert (luminance(back) < 0.1) == (scheme == "dark")
    for selector, behind in (
        ("h1", back), (".lede", back), (".meta", back), ("figcaption", back), ("main a", back),
        (".card .big", card), (".card .why", card), (".badge.fail", card), (".note", card),
    ):  # fmt: skip
        assert contrast(colour(page, selector, "color"), behind) >= 4.5, selector
    banner = (colour(page, ".banner", key) for key in ("color", "background-color"))
    assert contrast(*banner) >= 4.5
    for figure in ("jump", "evidence", "slopes", "exchange_rate", "cost"):
        text = colour(page, f"#fig-{figure} svg text", "fill")
        assert contrast(text, card) >= 4.5, figure


def test_figures_are_drawn_with_the_styles_that_the_policy_lets_through(show, report_page):
    page, _ = show(report_page)
    strokes = page.eval_on_selector_all(
        "#fig-jump svg path", "nodes => nodes.map(node => getComputedStyle(node).stroke)"
    )
    assert {"rgb(181, 69, 31)", "rgb(29, 106, 150)"} <= set(strokes)  # --rl and --inference
    assert colour(page, "#fig-slopes svg text", "font-family") == colour(page, "p", "font-family")


def test_panels_of_a_phone_are_one_below_the_other(show, report_page):
    page, _ = show(report_page, 390)
    boxes = [panel.bounding_box() for panel in page.locator("#fig-evidence .panel").all()[:3]]
    assert len({box["x"] for box in boxes}) == 1
    text = page.locator("#fig-evidence svg text").first
    assert text.evaluate("node => node.getBoundingClientRect().height") >= 9


def test_wide_tables_scroll_in_their_own_box(show, report_page):
    page, _ = show(report_page, 390)
    box = page.locator("#cost .scroll").first
    assert box.evaluate("node => node.scrollWidth > node.clientWidth")
    assert box.evaluate("node => getComputedStyle(node).overflowX") == "auto"
    assert box.get_attribute("tabindex") == "0"


def test_the_first_screen_answers_a_first_reader(show, report_page):
    """What RL takes and how surely, what a GPT level is, what the essay says, is the fit sound."""
    page, _ = show(report_page, 1280)
    for selector, says in (
        ("#answer .rl", r"RL training alone\s+[\d.,]+ OOMs\s+90% interval: [\d.]+ to \S+"),
        (".lede", r"GPT level is the step .* from GPT-3 to GPT-4: about 100 times"),
        ("#essay tbody tr:nth-child(5)", r"by RL alone\s+6\.0 OOMs.*percentile"),
        ("#sound", "checks passed: the numbers can be used"),
        (".go", "Published claims.*Other assumptions.*Download"),
    ):
        found = page.locator(selector)
        assert re.search(says, found.inner_text(), re.DOTALL), selector
        box = found.bounding_box()
        assert box["y"] + box["height"] <= 900, selector
    phone, _ = show(report_page, 390)
    box = phone.locator("#sound").bounding_box()
    assert box["y"] + box["height"] <= 2 * 900


def test_a_term_is_explained_where_it_stands_by_keyboard(show, report_page):
    page, _ = show(report_page)
    term = page.locator(".lede .term").first
    tip = "node => getComputedStyle(node, '::after').content"
    assert term.evaluate(tip) == "none"
    term.focus()
    assert term.get_attribute("data-tip") in term.evaluate(tip)
    described = term.get_attribute("aria-describedby")
    assert page.locator(f"#{described}").inner_text() == term.get_attribute("data-tip")


def test_a_point_says_what_it_is_and_leads_to_its_row(show, report_page):
    page, _ = show(report_page)
    several = "all => all.findIndex(x => new Set(Array.from(x.querySelectorAll('g.series'), "
    several += "g => g.dataset.s)).size > 1)"
    drawn = page.locator("#fig-evidence svg")
    svg = drawn.nth(drawn.evaluate_all(several))
    links, tip = svg.locator("g.series a"), page.locator("#evidence .tip")
    links.first.focus()
    row = page.locator(links.first.get_attribute("href"))
    cells = row.locator("td").all_text_contents()
    said = tip.inner_text()
    assert all(cell in said for cell in cells)
    assert row.locator("xpath=../tr[1]/th").inner_text() in said
    assert "dim" in svg.get_attribute("class")
    assert svg.locator("g.series.lit").count() < svg.locator("g.series").count()
    page.keyboard.press("ArrowRight")
    second = page.locator(links.nth(1).get_attribute("href")).locator("td").all_text_contents()
    assert all(cell in tip.inner_text() for cell in second)
    assert not row.is_visible()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.keyboard.press("ArrowLeft")
    assert tip.is_visible()
    page.keyboard.press("Enter")
    assert row.is_visible()
    assert not tip.is_visible()


def test_evidence_is_filtered_by_model_source_and_regime(show, report_page):
    sync = pytest.importorskip("playwright.sync_api")
    page, _ = show(report_page)
    panels = page.locator("#fig-evidence .panel")
    lists = page.locator("#fig-evidence tbody[data-s]")
    source = page.locator("#evidence .filter select[name=source]")
    source.select_option("s1")
    kept = lists.evaluate_all("all => all.filter(x => !x.hidden).map(x => x.dataset.source)")
    assert set(kept) == {"s1"}
    hidden = panels.evaluate_all("all => all.filter(x => x.hidden).length")
    assert 0 < hidden < panels.count()
    assert page.locator("#evidence .filter output").inner_text().startswith(f"{len(kept)} of ")
    page.locator("#evidence .filter select[name=regime]").select_option("rl")
    assert lists.evaluate_all("all => all.every(x => x.hidden)")  # s1 has no RL
    page.locator("#evidence .filter button").click()
    sync.expect(page.locator("#fig-evidence [hidden]")).to_have_count(0)
    model = page.locator("#evidence .filter select[name=model] option").nth(1).inner_text()
    page.locator("#evidence .filter select[name=model]").select_option(model)
    models = lists.evaluate_all("all => all.filter(x => !x.hidden).map(x => x.dataset.model)")
    assert models
    assert all(model in each.split("|") for each in models)
    page.locator("#evidence .filter button").click()


def test_in_print_what_is_folded_is_open_and_single_figures_take_the_width(show, report_page):
    page, _ = show(report_page, 800, media="print")
    assert page.locator("#health details table").first.is_visible()
    assert not page.locator("#evidence .filter").is_visible()
    wide = page.locator("#fig-jump").bounding_box()["width"]
    assert page.locator("#fig-jump svg").bounding_box()["width"] > 0.9 * wide


def test_the_banner_is_the_first_thing_seen(show, failed_page, report_page):
    page, _ = show(failed_page, 390)
    box = page.locator(".banner").bounding_box()
    assert box["y"] == 0
    assert show(report_page)[0].locator(".banner").count() == 0


def test_it_prints_dark_on_white(show, report_page):
    page, _ = show(report_page, scheme="dark", media="print")
    assert luminance(colour(page, "body", "background-color")) > 0.9
    assert luminance(colour(page, "#fig-jump svg text", "fill")) < 0.2
    assert not page.locator("nav").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_that_are_markup_do_nothing(show, hostile_page, scheme):
    page, told = show(hostile_page, scheme=scheme)
    assert told == []
    assert page.locator("script").count() == 6  # the page's own
    assert page.locator("img").count() == 0
    shown = page.locator("#fig-slopes svg text").all_text_contents()
    assert any("$5 to $\\frac{ <script>alert(1)</script>" in text for text in shown)
