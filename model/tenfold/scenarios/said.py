"""What a user says to change: names of scenarios or files, and changes on top of them."""

from __future__ import annotations

from dataclasses import dataclass

BASE = "baseline"


@dataclass(frozen=True)
class Said:
    """Scenarios by name or file, and changes on top of them, as texts of the command line.

    Attributes:
        scenarios: names, files, or "FILE:NAME"; several combine in their order.
        sets: "NAME=VALUE" or "NAME=p05,p50,p95".
        drops, onlys: "KEY=PATTERN" of evidence.
        forms: curve forms.
        gear: taken instead of the cheapest that does it.
    """

    scenarios: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    onlys: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    gear: str | None = None

    @property
    def changes(self) -> bool:
        """Whether anything is changed on top of scenarios."""
        return bool(self.sets or self.drops or self.onlys or self.forms or self.gear)

    @property
    def one(self) -> str | None:
        """The single scenario by name that is asked for, the base unless another is."""
        names = self.scenarios or (BASE,)
        return names[0] if len(names) == 1 and not in_file(names[0]) else None

    def __str__(self) -> str:
        options = {"--set": self.sets, "--drop": self.drops, "--only": self.onlys}
        options["--form"] = self.forms
        told = [f"{option} {text}" for option, texts in options.items() for text in texts]
        return " ".join(["+".join(self.scenarios) or BASE, *told])


def in_file(name: str) -> bool:
    """Whether a scenario is named by a file: "FILE.toml" or "FILE.toml:NAME"."""
    return name.endswith(".toml") or ".toml:" in name
