"""The report: one self-contained page from a stored run, with its figures and their data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tenfold import caches

if TYPE_CHECKING:
    from tenfold.answers.constants import Constants
    from tenfold.answers.question import Question
    from tenfold.claims.spec import ClaimsFile
    from tenfold.runs.store import Run
    from tenfold.scenarios.gears import Answering

PAGE = "index.html"
STAMP = "inputs.sha256"
"""Hash of all that the page was made from, and of what was made: an unchanged page is kept."""


def build(
    run: Run,
    out: Path,
    constants: Constants | None = None,
    claims: ClaimsFile | None = None,
    figures: bool = False,
    what_if: tuple[str, Answering] | None = None,
    question: Question | None = None,
) -> Path:
    """Write the report of a run: `index.html`, and `data/` beside it.

    Nothing is sampled. The page needs neither the network nor the other files. A report in `out`
    that was made from the same run, constants, claims and code is left as it is.

    Args:
        out: folder, made if missing; files of another report there are replaced.
        constants, claims: the shipped ones, with the scenario's own constants, unless given.
        what_if: what was changed, in words, and what answers then: instead of the run, of which the
            page shows the fit. Its constants are taken.
        question: one of the reader's own, answered beside the page's; its baseline is the page's.
        figures: write each figure as SVG and PNG too, into `figures/`; they stay up to date there.

    Returns:
        The path of the page.

    Raises:
        SpecError: a damaged run, one that the constants or claims do not fit, or no room: what was
            there stands.
    """
    target, stamp = out / PAGE, out / STAMP
    shipped = constants is None and claims is None and what_if is None
    known = (out / "figures").is_dir() or not figures
    if shipped and known and stamp.is_file() and stamp.read_bytes() == _digest(run, out, question):
        return target
    caches.prepare()
    # drawing is imported once it is needed
    from tenfold.answers.constants import load_constants
    from tenfold.claims.verdicts import load_claims
    from tenfold.files import together, write_atomic
    from tenfold.report import material, page, stored

    if what_if:
        constants = what_if[1].constants
    if constants is None:
        patch = run.info["spec"].get("constants", {})
        name = run.info["scenario"]
        constants = load_constants().patched(patch, f"scenario.{name}.constants")
    answers = stored.read(run, what_if)
    found = material.gather(answers, constants, claims or load_claims(), question)
    with together(out) as part:
        if figures or (out / "figures").is_dir():
            (part / "figures").mkdir()
        write_atomic(part / PAGE, page.render(found, part))
        stamp.unlink(missing_ok=True)
    if shipped:
        write_atomic(stamp, _digest(run, out, question).decode())
    return target


def _digest(run: Run, out: Path, question: Question | None) -> bytes:
    """SHA-256 over stored runs, code, shipped data, what is asked, and the files in `out`."""
    import hashlib

    from tenfold.files import data_path

    code = Path(__file__).parents[1]
    runs = run.path.parent
    inputs = [run.path / "run.json", *sorted(runs.glob("*/run.json"))]
    inputs += [runs / "scenarios.json", runs / "explored.json"]
    inputs += sorted(
        path for path in code.rglob("*") if path.suffix in (".py", ".j2", ".css", ".js")
    )
    inputs += sorted(path for path in data_path().rglob("*") if path.is_file())
    made = [out / PAGE, *sorted((out / "figures").glob("*")), *sorted((out / "data").glob("*"))]
    total = hashlib.sha256(repr(question).encode())
    for path in [*inputs, *made]:
        content = path.read_bytes() if path.is_file() else b""
        total.update(path.name.encode() + hashlib.sha256(content).digest())
    return total.hexdigest().encode() + b"\n"
