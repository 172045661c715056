"""Every answer says which run speaks, and the date of its evidence and of its constants."""

from __future__ import annotations

import json
import sys

import pytest

from tenfold.cli.app import main

COMMANDS = [
    ("jump",),
    ("cost",),
    ("claims",),
    ("quantities",),
    ("ask", "rl_jump_ooms"),
    ("ask", "P(rl_jump_ooms > 6)"),
]


@pytest.fixture
def told(prior_run, monkeypatch, capsys):
    def call(*arguments):
        runs = ["--runs", str(prior_run.path.parent)]
        monkeypatch.setattr(sys, "argv", ["tenfold", *arguments, *runs])
        assert main() == 0
        return capsys.readouterr().out

    return call


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_answer_is_dated(prior_run, told, command):
    info = prior_run.info
    found = json.loads(told(*command, "--json"))
    assert found["evidence_until"] == info["evidence_until"] == "2025-12-18"  # JustRL
    assert found["fitted"] == info["created"][:10]
    said = " ".join(told(*command).split())
    name, until, of = prior_run.path.name, found["evidence_until"], found["constants_as_of"]
    fitted = f"Run {name}, fitted {found['fitted']} to evidence up to {until}"
    assert f"{fitted}; constants as of {of}." in said


def test_the_page_is_dated(prior_run, report_page):
    page = report_page.read_text()
    assert f"to evidence up to {prior_run.info['evidence_until']}; constants as of 2026-" in page
