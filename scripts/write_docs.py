"""Write the generated parts of model/README.md: the table of priors and the diagram of the model.

    python scripts/write_docs.py            # rewrite them
    python scripts/write_docs.py --check    # exit 1 if they are stale

The table comes from data/priors.toml, the diagram from the PyMC model of the shipped evidence.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tenfold.posterior import priors
from tenfold.posterior.scenario import Prior

PAGE = Path(__file__).parents[1] / "model" / "README.md"
FAMILIES = {
    "normal": "N({mu:g}, {sigma:g}²)",
    "half_normal": "half-N(0, {sigma:g}²)",
    "log_normal": "log-N({mu:g}, {sigma:g}²)",
    "gamma": "Gamma({alpha:g}, {beta:g})",
    "beta": "Beta({alpha:g}, {beta:g})",
}
PARTS = {"log_density": "scores", "shift_log_density": "generation shifts",
         "tradeoff_log_ratio": "trade-offs", "gpt_step": "GPT ladder"}  # fmt: skip
"""Where evidence enters the model, in words."""


def prior_table(table: Mapping[str, Prior]) -> str:
    """Markdown table of priors with their central 90% intervals."""
    lines = ["| parameter | prior | 90% interval | unit | reason |", "|---|---|---|---|---|"]
    for name, prior in table.items():
        hyper = priors.hyperparameters(prior)
        stated = FAMILIES[prior.family].format(**hyper)
        if prior.shift:
            stated = f"{prior.shift:g} + {stated}"
        low, high = prior.shift + priors.distribution(prior.family, hyper).ppf([0.05, 0.95])
        cells = (f"`{name}`", stated, f"{low:.2g} to {high:.2g}", prior.unit, prior.reason)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def diagram(parents: Mapping[str, set[str]], dims: Mapping[str, str]) -> str:
    """Mermaid flowchart: variables and the variables they are computed from.

    Args:
        parents: variable to the variables it depends on directly, in order of definition.
        dims: variable to what it has one value per, where it has several.
    """
    lines = ["```mermaid", "flowchart LR"]
    for name in parents:
        per = f"<br/>per {dims[name]}" if name in dims else ""
        if name in PARTS:
            lines.append(f'  {name}[/"{PARTS[name]}"/]')
        elif parents[name]:
            lines.append(f'  {name}("{name}{per}")')
        else:
            lines.append(f'  {name}["{name}{per}"]')
    for name, above in parents.items():
        lines += [f"  {other} --> {name}" for other in parents if other in above]
    return "\n".join([*lines, "```"])


def model_diagram() -> str:
    """The diagram of the baseline model."""
    from pymc.model_graph import ModelGraph

    from tenfold.posterior import hierarchy
    from tenfold.posterior.plan import prepare
    from tenfold.posterior.scenario import load_scenario

    plan = prepare("baseline", load_scenario("baseline"))
    model: Any = hierarchy.build_model(plan.points, plan.priors, "earlier", plan.choice)
    data = {variable.name for variable in model.data_vars}
    graph = ModelGraph(model).make_compute_graph()
    parents = {str(name): set(above) - data for name, above in graph.items() if name not in data}
    for name in [name for name in parents if name.endswith("_0")]:  # a prior before its shift
        del parents[name]
        parents = {other: above - {name} for other, above in parents.items()}
    dims = {name: " and ".join(own) for name, own in model.named_vars_to_dims.items() if own}
    return diagram(parents, {name: per.replace("_", " ") for name, per in dims.items()})


BLOCKS: dict[str, Callable[[], str]] = {
    "priors": lambda: prior_table(priors.load()),
    "diagram": model_diagram,
}


def filled(text: str, name: str, content: str) -> str:
    """`text` with the block between `<!-- name:begin -->` and `<!-- name:end -->` replaced.

    Raises:
        SystemExit: the markers are not there exactly once.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise SystemExit(f"{PAGE.name}: markers of {name} missing or repeated")
    return pattern.sub(lambda _: f"{begin}\n{content}\n{end}", text)


def main(arguments: list[str] | None = None) -> int:
    """Rewrite or check the page."""
    parser = argparse.ArgumentParser(description="Generated parts of model/README.md")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if stale")
    check = parser.parse_args(arguments).check
    text = old = PAGE.read_text()
    for name, content in BLOCKS.items():
        text = filled(text, name, content())
    if check and text != old:
        print(f"{PAGE.name} is stale: run python scripts/write_docs.py", file=sys.stderr)
        return 1
    if not check:
        PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
