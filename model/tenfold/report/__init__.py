"""The report: one self-contained page from a stored run, with its figures and their data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenfold.constants import Constants
    from tenfold.fit import Run
    from tenfold.spec import ClaimsFile

PAGE = "index.html"


def build(
    run: Run,
    out: Path,
    constants: Constants | None = None,
    claims: ClaimsFile | None = None,
) -> Path:
    """Write the report of a run: `index.html`, and `figures/` and `data/` beside it.

    Nothing is sampled. The page needs neither the network nor the other files.

    Args:
        out: folder, made if missing; files of an earlier report there are replaced.
        constants, claims: the shipped ones, with the scenario's own constants, unless given.

    Returns:
        The path of the page.

    Raises:
        SpecError: a damaged run, or one that the constants or claims do not fit.
    """
    from tenfold.claims import load_claims
    from tenfold.constants import load_constants
    from tenfold.report import material, page, stored
    from tenfold.spec import SpecError, write_atomic

    if constants is None:
        patch = run.info["spec"].get("constants", {})
        name = run.info["scenario"]
        constants = load_constants().patched(patch, f"scenario.{name}.constants")
    found = material.gather(stored.read(run), constants, claims or load_claims())
    try:
        for name in ("figures", "data"):
            (out / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpecError(f"{out}: cannot be written ({error.strerror})") from None
    target = out / PAGE
    write_atomic(target, page.render(found, out))
    return target
