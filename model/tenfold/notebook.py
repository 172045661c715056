"""What a script or a notebook holds: a run that can be asked, and its answers.

run = tenfold.load()
run.ask("rl_jump_ooms", over=6)
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.answers import ask as asking
from tenfold.answers import headline, registry
from tenfold.answers.answer import JUMP
from tenfold.answers.conditions import threshold
from tenfold.answers.constants import Constants, constants_of
from tenfold.answers.own import with_own
from tenfold.answers.question import Asked, Question, decimal_year
from tenfold.answers.rows import Rows
from tenfold.claims.records import ClaimRecord
from tenfold.claims.verdicts import Result, check_claims, load_claims
from tenfold.editions import shelf
from tenfold.runs.store import BASE, Run
from tenfold.words import ask as words
from tenfold.words import claims as claim_words
from tenfold.words.tables import QUANTITY_COLUMNS, Table, cells

if TYPE_CHECKING:
    import xarray as xr

LONGEST = 480
"""Characters of a `repr`."""

Value = float | str
"""A number in the quantity's own unit, or text with a unit, a date, or "never"."""


def load(
    run: Path | str | None = None, scenario: str = BASE, runs: Path | str = "runs"
) -> LoadedRun:
    """What answers: a run by its folder, else the newest of the scenario, else the edition.

    Args:
        run: a run's folder.
        runs: folder of stored runs.

    Raises:
        SpecError: no such run; a damaged one.
    """
    found = shelf.speaking(Path(runs), scenario, None if run is None else Path(run))
    return LoadedRun(found)


@dataclass(frozen=True, repr=False)
class LoadedRun:
    """A stored run, or an edition, that can be asked.

    Attributes:
        stored: its folder and record.
    """

    stored: Run

    @cached_property
    def draws(self) -> xr.Dataset:
        """Its headline sample: posterior draws with `long_name`, `units` and `level`, and the
        `weight` of each curve form. Dims `form, chain, draw` and, where something is predicted,
        `repeat`."""
        return headline.of_run(self.stored)

    @cached_property
    def constants(self) -> Constants:
        """Constants as the run's scenario has them."""
        return constants_of(self.stored.info)

    @property
    def evidence(self) -> xr.Dataset:
        """The points that it was fitted to."""
        return self.stored.points

    def ask(
        self,
        quantity: str,
        *,
        over: Value | None = None,
        under: Value | None = None,
        by: str | None = None,
        between: tuple[Value, Value] | None = None,
        given: str | None = None,
        **arguments: Any,
    ) -> Answer:
        """Any quantity of the registry, with probabilities where thresholds are given.

        Args:
            over: value above which the probability is wanted.
            under: value below which it is wanted.
            by: day or year by whose end it is wanted, of a date.
            between: both ends of a range.
            given: a condition: "exchange_rate > 2 and training_cost < 1e12 USD".
            arguments: those of the quantity, such as `benchmark`, `start`, `baseline`, `date`.

        Raises:
            SpecError: unknown quantity or argument, a threshold of another unit, a condition that
                too few draws meet.
        """
        entry = registry.named(quantity)
        ranges = {"over": over, "under": under, "by": by}
        wanted = [
            threshold(entry, relation, str(value))
            for relation, value in ranges.items()
            if value is not None
        ]
        if between is not None:
            wanted.append(threshold(entry, "between", *map(str, between)))
        return Answer(asking.ask(self._asked(quantity, arguments), quantity, wanted, given))

    def quantity(self, name: str, **arguments: Any) -> xr.DataArray:
        """Labelled draws of a quantity; with attribute `scale` "log10" they are its log10.

        Raises:
            SpecError: as `ask`.
        """
        return registry.draws_of(name, self._asked(name, arguments))

    def claims(self, file: Path | str | None = None) -> list[Verdict]:
        """Claims of a file held against the run; the essay's unless a file is given.

        Raises:
            SpecError: every mistake in the file.
        """
        found = load_claims(None if file is None else Path(file)).claim
        return [Verdict(result) for result in check_claims(self.draws, found, self.constants)]

    def table(self, names: Iterable[str] = JUMP) -> Rows:
        """Quantiles of quantities by name; plain values."""
        return registry.table(Asked(self.draws, self.constants, Question()), names)

    def _asked(self, quantity: str, arguments: Mapping[str, Any]) -> Asked:
        given, constants = dict(arguments), self.constants
        if str(given.get("baseline", "")).endswith(".toml"):
            constants, given["baseline"] = with_own(constants, Path(given["baseline"]))
        if isinstance(given.get("date"), str):
            given["date"] = decimal_year(given["date"])
        return Asked(self.draws, constants, registry.question(quantity, given))

    def __repr__(self) -> str:
        what = shelf.signature(self.stored) or f"run {self.stored.path.name}"
        info = self.stored.info
        told = f"{what}: {info['scenario']}, fitted {info['created'][:10]}, gates {info['status']}"
        return short(f"{told}; .ask(quantity), .draws, .claims(), .evidence")

    def _repr_html_(self) -> str:
        return page(repr(self), [("", QUANTITY_COLUMNS, cells(self.table()))])


@dataclass(frozen=True, repr=False)
class Answer:
    """What is known of a quantity.

    Attributes:
        record: all of it as plain values, as `tenfold ask --json` prints it.
    """

    record: dict[str, Any]

    @property
    def median(self) -> Any:
        """Median in the unit; text where it is never, or no float is as large."""
        return words.in_unit(self.record["scale"], self.record["median"])

    @property
    def unit(self) -> str:
        """Unit of the quantity."""
        return self.record["unit"]

    @property
    def probability(self) -> float:
        """Probability of the first range that was asked for.

        Raises:
            IndexError: none was.
        """
        return self.record["probabilities"][0]["probability"]

    def interval(self, level: int = 90) -> tuple[Any, Any]:
        """Equal-tailed interval of 50, 80, 90 or 98%, in the unit.

        Raises:
            KeyError: another level.
        """
        ends = self.record["intervals"][str(level)]
        low, high = (words.in_unit(self.record["scale"], ends[end]) for end in ("low", "high"))
        return low, high

    def __repr__(self) -> str:
        asked = [table for table in words.tables(self.record) if table[0] == "Probabilities"]
        chances = [f"P({event}) = {told}." for _, _, rows in asked for event, told in rows]
        first, *rest = words.lines(self.record)
        return short(" ".join([first, *chances, *rest]))

    def _repr_html_(self) -> str:
        return page(" ".join(words.lines(self.record)), words.tables(self.record))


@dataclass(frozen=True, repr=False)
class Verdict:
    """A claim with what the run says of it.

    Attributes:
        result: claim, arithmetic and evidence.
    """

    result: Result

    @property
    def record(self) -> ClaimRecord:
        """All of it as plain values, as `tenfold claims --json` prints it."""
        return claim_words.record(self.result)

    def __repr__(self) -> str:
        return short(" ".join(map(str.strip, claim_words.lines(self.result))))


def short(text: str) -> str:
    """The text, cut at a word where it is longer than `LONGEST`."""
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " ..."


def page(text: str, tables: Sequence[Table]) -> str:
    """A paragraph and tables as HTML."""
    parts = [f"<p>{html.escape(text)}</p>"]
    for title, columns, rows in tables:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        caption = f"<caption>{html.escape(title)}</caption>" if title else ""
        parts.append(f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return "".join(parts)
