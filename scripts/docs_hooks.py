"""What `mkdocs build` does to the pages in docs/: texts from their homes, examples that are run.

A line `{{FILE#HEADING}}` becomes that section of a file of the repository, `{{FILE}}` the file
without its title, `{{glossary}}` the terms of `data/glossary.toml`. A block of code marked `sh run`
or `python run` is run when the site is built, in a folder with the files of examples/, and what it
prints is shown below it; a command that fails ends the build.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tenfold.files import read_toml

ROOT = Path(__file__).parents[1]
INCLUDE = re.compile(r"^\{\{([^}#]+)(?:#([^}]+))?\}\}$", re.MULTILINE)
RUN = re.compile(r"^```(sh|python) run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MERMAID = re.compile(r"^```mermaid\n.*?^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\((?!https?://|#)[^)]+\)")
WIDTH = "88"
"""Columns of what is shown."""
COMMAND = "import sys; from tenfold.cli.app import main; sys.exit(main())"
"""What runs `tenfold`."""
ENDS = {0, 4}
"""Exit statuses of an example: fine, or a claim that is contradicted."""


def section(text: str, heading: str, where: str) -> str:
    """What stands under a heading, without it, headings below it kept.

    Raises:
        ValueError: no such heading.
    """
    lines = text.splitlines()
    found = [i for i, line in enumerate(lines) if re.fullmatch(rf"(#+) {re.escape(heading)}", line)]
    if not found:
        raise ValueError(f"{where}: no heading {heading!r}")
    level = lines[found[0]].index(" ")
    rest = lines[found[0] + 1 :]
    ends = [i for i, line in enumerate(rest) if re.match(rf"#{{1,{level}}} ", line)]
    return "\n".join(rest[: ends[0]] if ends else rest).strip()


def included(name: str, heading: str | None = None) -> str:
    """A text from its home, ready for a page of the site.

    Raises:
        ValueError: no such heading.
    """
    if name == "glossary":
        terms = read_toml(ROOT / "data" / "glossary.toml")["term"]
        return "\n\n".join(f"**{term['name']}**\n: {term['meaning']}" for term in terms.values())
    text = COMMENT.sub("", (ROOT / name).read_text(encoding="utf-8"))
    text = section(text, heading, name) if heading else re.sub(r"\A# .*\n", "", text).strip()
    text = MERMAID.sub(f"(The diagram is in `{name}`, drawn where the repository is shown.)", text)
    return LINK.sub(r"\1", text)  # links lead from where the text lives


def printed(language: str, code: str, folder: Path) -> str:
    """What a block of code prints.

    Raises:
        RuntimeError: it failed.
    """
    programs = [[code]]
    if language == "sh":
        lines = map(shlex.split, filter(str.strip, code.splitlines()))
        programs = [[COMMAND, *line[1:]] for line in lines]
    shown = []
    for program in programs:
        done = subprocess.run(
            [sys.executable, "-c", *program],
            cwd=folder,
            env=os.environ | {"COLUMNS": WIDTH},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in ENDS:
            raise RuntimeError(f"{program}\nended with {done.returncode}:\n{done.stderr}")
        shown.append(done.stdout.strip("\n"))
    return "\n\n".join(filter(None, shown))


def expanded(markdown: str, folder: Path) -> str:
    """A page with its texts and what its examples print."""
    text = INCLUDE.sub(lambda found: included(found[1], found[2]), markdown)

    def ran(found: re.Match[str]) -> str:
        out = printed(found[1], found[2], folder)
        return f"```{found[1]}\n{found[2]}```\n\n```text\n{out}\n```"

    return RUN.sub(ran, text)


_place: list[Path] = []


def on_pre_build(config: Any) -> None:
    """Make the folder in which examples are run; runs of the checkout answer, or the edition."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-docs-"))
    shutil.copytree(ROOT / "examples", folder, dirs_exist_ok=True)
    if (ROOT / "runs").is_dir():
        (folder / "runs").symlink_to(ROOT / "runs")
    _place[:] = [folder]


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Called for every page."""
    return expanded(markdown, _place[0])


def on_post_build(config: Any) -> None:
    """Clear the folder away."""
    shutil.rmtree(_place.pop(), ignore_errors=True)
