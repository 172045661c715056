"""What is under version control: no images of dots, a small tree, hooks that are those of CI."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if not (ROOT / ".git").exists() or not shutil.which("git"):
    pytest.skip("not a checkout", allow_module_level=True)

MOST = 5_000_000
EDITIONS = ("reports/baseline/", "data/editions/")
"""The page of the newest edition, and what ships of them."""
SAMPLE, SHIPPED = 6_000_000, 20_000_000
"""Largest headline sample of an edition, and all that ships of editions."""


def tracked():
    """Files of the repository as they stand, paths from its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert "pyproject.toml" in names
    return names


def test_no_image_of_dots():
    dots = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf"}
    assert [name for name in tracked() if Path(name).suffix.lower() in dots] == []


def test_the_tree_is_small():
    sizes = {n: (ROOT / n).stat().st_size for n in tracked() if not n.startswith(EDITIONS)}
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    assert sum(sizes.values()) < MOST, largest


def test_editions_are_small_and_only_the_newest_has_draws():
    kept = [name for name in tracked() if name.startswith("data/editions/")]
    sizes = {name: (ROOT / name).stat().st_size for name in kept}
    assert sum(sizes.values()) < SHIPPED
    assert all(size < SAMPLE for name, size in sizes.items() if name.endswith("headline.nc"))
    drawn = {Path(name).parent.name for name in kept if name.endswith(".nc")}
    assert drawn <= {max((Path(name).parent.name for name in kept), default="")}


def test_hooks_are_what_ci_checks_first():
    hooks = re.findall(r"entry: (.*)", (ROOT / ".pre-commit-config.yaml").read_text())
    script = (ROOT / ".ci" / "run").read_text()
    checks = re.findall(r"^try (uv run --locked .*)$", script, re.MULTILINE)
    assert len(checks) >= 4
    assert set(checks) <= set(hooks)


def test_ci_calls_the_test_command_of_the_readme():
    page, script = ((ROOT / name).read_text() for name in ("README.md", ".ci/run"))
    section = page.split("\n## Tests\n")[1]
    command = section.split("```sh\n")[1].split("\n```")[0]
    assert re.search(rf"^tests\(\) \{{ {re.escape(command)} 2>&1 \| tee ", script, re.MULTILINE)
    assert re.search(r"^try tests$", script, re.MULTILINE)
