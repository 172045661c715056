"""The explorer in Chromium: equal to the terminal to the printed digit, and usable by anyone."""

from __future__ import annotations

import random
import re
import shlex
from typing import Any

import numpy as np
import pytest
import xarray as xr

from tenfold.answers import ask as asking
from tenfold.answers.conditions import threshold
from tenfold.answers.constants import load_constants
from tenfold.answers.headline import complete
from tenfold.answers.question import Asked, Question
from tenfold.answers.registry import named
from tenfold.report import explorer
from tenfold.runs import netcdf
from tenfold.words import ask as words
from tenfold.words import numbers

pytestmark = pytest.mark.browser

SETTINGS = 20


@pytest.fixture(scope="module")
def opened(browser, report_page):
    """The page with its explorer ready, and all that it complained of or asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, told = context.new_page(), []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: told.append(request.url))
    page.goto(report_page.as_uri())
    page.wait_for_selector("#explore[data-ready=yes]")
    yield page, [line for line in told if line != report_page.as_uri()]
    context.close()


@pytest.fixture(scope="module")
def sample(prior_run) -> xr.Dataset:
    return prior_run.group(netcdf.HEADLINE)


def drawn(rng: random.Random, about: dict[str, Any], techniques: list[str]) -> dict[str, Any]:
    """A view at random."""

    def some(fixed: float, free: str = "posterior") -> str:
        return free if rng.random() < 0.5 else f"{fixed:.6g}"

    target = rng.choice(["level", "curve", "scores"])
    places = [n for n, p in about["places"].items() if target == "level" or p["floor"] < 0.3]
    baselines = [name for name in about["baselines"] if load_constants().baseline[name].rl_share]
    quantity = rng.choice(list(about["quantities"]))
    return {
        "target": target, "place": rng.choice(places), "from": round(rng.uniform(0.3, 0.5), 2),
        "to": round(rng.uniform(0.55, 0.8), 2), "baseline": rng.choice(baselines),
        "rl_share": some(float(f"{10 ** rng.choice([-1.5, -1.0, -0.5, 0.0, 0.5]):.2g}")),
        "technique": rng.choice(techniques), "rate": some(round(rng.uniform(1, 4), 1)),
        "form": rng.choice(["all", "all", *about["forms"]]),
        "efficiency": some(round(rng.uniform(0.1, 0.6), 2)),
        "price": some(round(rng.uniform(0.1, 0.6), 2)),
        "year": some(rng.randint(2027, 2045), "baseline"),
        "energy_share": rng.choice([0.001, 0.01, 0.1]), "budget_share": rng.choice([0.001, 0.1]),
        "quantity": quantity, "over": "2040" if quantity == "first_year" else rng.choice(["", "3"]),
    }  # fmt: skip


def asked(sample: xr.Dataset, view: dict[str, Any]) -> Asked:
    """What the terminal would put to a run for a view of the page."""
    if view["form"] != "all":
        sample["weight"] = (sample["form"] == view["form"]).astype(float)
    if view["technique"] == "typical":
        typical = sample["inference_per_training_typical"]
        sample["inference_per_training"] = typical.broadcast_like(sample["gpt_level_ooms"])
    elif view["technique"] != "next":
        fixed = xr.full_like(sample["gpt_level_ooms"], float(view["technique"]), dtype=float)
        sample["inference_per_training"] = fixed
    if view["rate"] != "posterior":
        mean = sample["log_slope_mean"].astype(float)
        rl = (sample["regime"] == "rl").astype(float)
        typical = (-mean * (2 * rl - 1)).sum("regime") + sample["steepness"].astype(float)
        moved = rl * (typical - np.log(float(view["rate"])))
        sample["log_slope_mean"] = mean + moved
        for name in ("slope_at_benchmark", "slope_new_benchmark"):
            sample[name] = sample[name].astype(float) * np.exp(moved)
    constants = load_constants()
    patch: dict[str, dict[str, Any]] = {}
    run = constants.run(view["baseline"])
    fixed = {run.rl_share: "rl_share", "GR_EFF": "efficiency", "GR_PP": "price"}
    for name, key in fixed.items():
        if view[key] != "posterior":
            patch[str(name)] = dict.fromkeys(("low", "central", "high"), float(view[key]))
    question = Question(
        benchmark=view["place"],
        baseline=view["baseline"],
        start=view["from"] if view["target"] != "level" else None,
        target=view["to"] if view["target"] == "scores" else None,
        date=None if view["year"] == "baseline" else float(view["year"]),
        energy_share=view["energy_share"],
        budget_share=view["budget_share"],
    )
    return Asked(complete(sample), constants.patched(patch), question)


def test_the_page_equals_the_terminal_to_the_printed_digit(opened, sample):
    page, _ = opened
    about = page.evaluate("explorer.about")
    options = "[...explorer.form.elements.technique.options].map(option => option.value)"
    rng, techniques = random.Random(16), page.evaluate(options)
    views = [page.evaluate("defaults(explorer.about)")]
    views += [drawn(rng, about, techniques) for _ in range(SETTINGS)]
    for view in views:
        shown = page.evaluate("view => { explorer.show(view); return explorer.state; }", view)
        assert {k: str(v) for k, v in shown.items()} == {k: str(v) for k, v in view.items()}
        put = asked(sample.copy(), shown)
        cells = page.evaluate(
            "[...document.querySelectorAll('tr[data-quantity]')].map("
            "row => [...row.cells].slice(1).map(cell => cell.textContent))"
        )
        for name, (middle, low, high, never) in zip(about["quantities"], cells, strict=True):
            chosen = view["over"] and name == view["quantity"]
            over = [threshold(named(name), "over", view["over"])] if chosen else []
            found = asking.ask(put, name, over)
            ends = found["intervals"]["90"]
            assert middle == words.value(found, found["median"], found["median_mcse"]), (name, view)
            assert low == words.value(found, ends["low"], ends["low_mcse"]), (name, view)
            assert high == words.value(found, ends["high"], ends["high_mcse"]), (name, view)
            p = found["p_never"]
            expected = numbers.chance(p["probability"], p["mcse"]) if p["probability"] else ""
            assert never == expected, (name, view)
            if over:
                (row,) = found["probabilities"]
                told = page.locator("#explore .over").inner_text()
                assert told == numbers.chance(row["probability"], row["mcse"]), (name, view)
        for key, cell in (("2031", "before"), ("2051", "before")):
            sample_of = asking.sample_of(put, "first_year")
            told = page.locator(f"[data-{cell}='{key}']").inner_text()
            assert told == numbers.chance(*sample_of.probability(sample_of.values < float(key)))


def test_the_address_keeps_a_view_and_the_command_asks_for_it(opened):
    page, _ = opened
    view = page.evaluate("defaults(explorer.about)") | {
        "place": "AIME 2024", "target": "scores", "to": 0.7, "rate": "1.5", "baseline": "gpt-5",
        "rl_share": "1", "efficiency": "0.2", "over": "4", "form": "saturating",
    }  # fmt: skip
    text = page.evaluate("view => toFragment(view, explorer.about)", view)
    back = page.evaluate("text => fromFragment(text, explorer.about)", text)
    assert {k: str(v) for k, v in back.items()} == {k: str(v) for k, v in view.items()}
    default = page.evaluate("toFragment(defaults(explorer.about), explorer.about)")
    assert default == "explore"
    words = shlex.split(page.evaluate("view => command(view, explorer.about)", view))
    assert words[:3] == ["tenfold", "ask", "rl_jump_ooms"]
    options = list(zip(words[3::2], words[4::2], strict=True))
    assert options == [
        ("--benchmark", "AIME 2024"), ("--from", "0.2"), ("--to", "0.7"),
        ("--set", "exchange_rate=1.5"), ("--set", "baseline.gpt-5.rl_share=1"),
        ("--set", "GR_EFF=0.2"), ("--form", "saturating"), ("--over", "4"),
    ]  # fmt: skip
    broken = "explore:place=nowhere&baseline=none&form=none&quantity=none&rate=posterior"
    assert page.evaluate("text => toFragment(fromFragment(text, explorer.about), explorer.about)",
                         broken) == "explore"  # fmt: skip


def test_bad_numbers_are_told_and_the_answer_fades(opened):
    page, _ = opened
    page.evaluate(
        "explorer.show({...defaults(explorer.about), target: 'scores', from: 0.8, to: 0.3})"
    )
    assert "expected above the start" in page.locator(".trouble").inner_text()
    page.evaluate("explorer.show(defaults(explorer.about))")
    assert page.locator(".trouble").inner_text() == ""


def test_it_is_worked_by_keyboard_alone_and_asks_for_nothing(opened):
    page, told = opened
    sync = pytest.importorskip("playwright.sync_api")
    page.evaluate("explorer.show(defaults(explorer.about))")
    before = page.locator("tr[data-quantity=rl_jump_ooms] td").first.inner_text()
    page.locator("[name=fix_rate]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    sync.expect(page).to_have_url(re.compile("rate=3$"))
    assert page.locator("tr[data-quantity=exchange_rate] td").first.inner_text() == "3.0"
    assert page.locator("tr[data-quantity=rl_jump_ooms] td").first.inner_text() != before
    page.locator("#explore [type=reset]").focus()
    page.keyboard.press("Enter")
    cell = page.locator("tr[data-quantity=rl_jump_ooms] td").first
    sync.expect(cell).to_have_text(before)
    assert page.locator(".density svg path").count() > 0
    assert told == []


def test_arrays_come_back_as_fine_as_single_precision():
    packed, rng = explorer.Packed(), np.random.default_rng(1)
    values = {"wide": rng.normal(20, 3, 500), "flat": np.full(7, 2.5)}
    found = {name: packed.add(value) for name, value in values.items()}
    assert packed.add(values["wide"]) is found["wide"]
    assert packed.size == 3 * 500
    raw = np.frombuffer(b"".join(packed.parts), dtype=np.uint8).astype(float).reshape(3, -1)
    wide = found["wide"]
    back = wide["low"] + wide["step"] * (raw[0] + 256 * raw[1] + 65536 * raw[2])
    np.testing.assert_allclose(back, values["wide"], rtol=1e-7)
    assert (found["flat"]["step"], found["flat"]["low"]) == (0.0, 2.5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_rules_of_accessibility_pass(browser, report_page, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(report_page.as_uri())
    page.wait_for_selector("#explore[data-ready=yes]")
    found = axe.Axe().run(page)
    told = [
        f"{v['id']}: {[n['target'] for n in v['nodes'][:3]]}" for v in found.response["violations"]
    ]
    context.close()
    assert told == []


def test_it_reads_with_scripts_off(browser, report_page):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report_page.as_uri())
    assert not page.locator("#explore").is_visible()
    assert page.locator("#answer").is_visible()
    context.close()
