"""What reaches a terminal: its width, its characters, outputs that are closed or full, controls."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from tenfold.cli import terminal
from tenfold.inert import cell, printable, table

PROGRAM = Path(sys.executable).with_name("tenfold")
WIDTHS = (60, 80, 100, 120, 160)
NUMBER = re.compile(r"\d[\d,.]*(?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?|never")
HOSTILE = "o1\x1b[31m\x07\x00\u202egpj\u2066\x9b"


def tenfold(*words, shell="", **environment):
    """The program as another process would run it; `shell` is what follows its command line."""
    command = " ".join([f"'{word}'" for word in (str(PROGRAM), *map(str, words))])
    clean = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    return subprocess.run(
        ["bash", "-c", f"{command} {shell}"],
        capture_output=True,
        env=clean | environment,
        check=False,
    )


@pytest.fixture(scope="module")
def runs(prior_run):
    return ("--runs", prior_run.path.parent)


@pytest.mark.parametrize("command", ["jump", "cost", "check", "claims"])
def test_no_width_cuts_a_number_or_drops_a_column(command, runs, monkeypatch, capsys):
    from tenfold.cli.app import main

    seen = {}
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys, "argv", ["tenfold", command, *map(str, runs)])
        main()
        lines = capsys.readouterr().out.splitlines()
        whole = [line for line in lines if "/" not in line]  # a path is as long as it is
        assert max(map(cell_len, whole)) <= width
        assert all(line == line.rstrip() for line in lines)
        assert not [line for line in lines if "…" in line]
        seen[width] = set(NUMBER.findall("\n".join(lines)))
    assert all(found == seen[160] for found in seen.values())
    assert command == "check" or "never" in seen[60]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932"])
def test_every_encoding_shows_every_number(encoding, runs):
    done = tenfold("jump", *runs, PYTHONIOENCODING=encoding)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    text = done.stdout.decode(encoding)
    if encoding == "ascii":
        assert "?" not in text
        assert re.search(r"x10\^\d+", text)
        assert " +/- " in text


def test_json_is_escaped_where_it_cannot_be_encoded(runs):
    plain, escaped = (
        tenfold("jump", *runs, "--json", PYTHONIOENCODING=encoding).stdout
        for encoding in ("utf-8", "ascii")
    )
    assert "±".encode() in plain
    assert escaped.isascii()
    assert json.loads(plain) == json.loads(escaped)


@pytest.mark.parametrize("words", [("points",), ("points", "--json"), ("--version",)])
def test_outputs_that_cannot_be_written_are_one_line(words):
    for shell, why in ((">&-", "closed"), (">/dev/full", "No space left on device")):
        done = tenfold(*words, shell=shell)
        assert done.returncode == 2
        expected = f"error: standard output cannot be written ({why})\n"
        assert done.stderr.decode() == expected
    assert tenfold(*words, shell="2>&-").returncode == 0
    assert tenfold(*words, shell="2>/dev/full").returncode == 0
    done = tenfold(*words, shell="| head -c 1")
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_on_a_full_disk_is_no_bug():
    done = tenfold("jump", "--help", shell=">/dev/full")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}])
def test_nothing_is_coloured(environment, runs):
    done = subprocess.run(
        ["script", "-qec", f"'{PROGRAM}' jump --runs '{runs[1]}'", "/dev/null"],
        capture_output=True, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ} | environment,
    )  # fmt: skip
    assert done.returncode == 0
    assert not re.search(rb"\x1b\[[0-9;]*m", done.stdout)
    if environment["TERM"] == "dumb":
        assert b"\x1b" not in done.stdout


def test_controls_are_shown_not_obeyed(capsys):
    terminal.say(HOSTILE)
    terminal.warn(HOSTILE)
    terminal.print_table(HOSTILE, ("a", HOSTILE), [(HOSTILE, "[red]b[/]")])
    terminal.print_lines([HOSTILE])
    terminal.print_facts({HOSTILE: HOSTILE})
    out, err = capsys.readouterr()
    for text in (out, err):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", text)
    assert out.startswith(r"o1\x1b[31m\x07\x00\u202egpj\u2066\x9b")
    assert "[red]b[/]" in out
    terminal.print_json({"label": HOSTILE})
    written = capsys.readouterr().out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", written)
    assert json.loads(written)["label"] == HOSTILE


def test_cells_are_no_formulas():
    pd = pytest.importorskip("pandas")
    assert [cell(text) for text in ("=1+1", "+cmd", "-x", "@SUM(A1)", "\tx")] == [
        "'=1+1", "'+cmd", "'-x", "'@SUM(A1)", "'\tx",
    ]  # fmt: skip
    assert [cell(text) for text in ("a=b", "-0.5", "+1e-3", "-inf", "", 3, None)] == [
        "a=b", "-0.5", "+1e-3", "-inf", "", 3, None,
    ]  # fmt: skip
    assert cell("\x1b[31m") == printable("\x1b[31m")
    frame = pd.DataFrame({"=HYPERLINK()": ["=1", "b"], "n": [-1.5, 2.0]})
    written = table(frame).to_csv(index=False)
    assert written == "'=HYPERLINK(),n\n'=1,-1.5\nb,2.0\n"
