"""Costs and dates a second time, in plain numpy: from `constants.toml` and `rl_share.csv` alone.

Written from the docstrings. It shares no code with `tenfold.answers`: units are converted by hand,
dates are found by bisection, the regression of RL shares by a grid, the cheapest mix by trying.
"""

from __future__ import annotations

import csv
import math
import tomllib
from pathlib import Path

import numpy as np
from scipy import special

DATA = Path(__file__).parents[2] / "data"
Z95 = 1.6448536269514722
YEAR = 365.25
SI = {
    "FLOP": 1.0,
    "GPU": 1.0,
    "GPU*hour": 3600.0,
    "FLOP/(GPU*s)": 1.0,
    "kW/GPU": 1e3,
    "MW": 1e6,
    "GW": 1e9,
    "GWh": 3.6e12,
    "TWh/year": 3.6e15,
    "USD": 1.0,
    "USD/year": 1.0,
    "USD/(GPU*hour)": 1 / 3600,
    "USD/megatoken": 1e-6,
    "day": 86400.0,
    "L": 1.0,
    "tCO2e": 1.0,
    "dimensionless": 1.0,
    "fold/year": 1.0,
    "1/year": 1.0,
}
"""Seconds, joules and watts, dollars, litres; "a year" stays a year."""


class World:
    """Independent draws of constants by name, `n` of each, in the units of `SI`."""

    def __init__(self, n: int, seed: int):
        with (DATA / "constants.toml").open("rb") as file:
            self.tables = tomllib.load(file)
        self.n, self.rng = n, np.random.default_rng(seed)
        self.kept: dict[str, np.ndarray] = {}

    def __call__(self, name: str) -> np.ndarray:
        """Draws of a constant."""
        if name not in self.kept:
            self.kept[name] = self.draw(name)
        return self.kept[name]

    def draw(self, name: str) -> np.ndarray:
        row = self.tables["constant"][name]
        if "numerator" in row:
            above = math.prod(self(part) for part in row["numerator"])
            return above / math.prod(self(part) for part in row.get("denominator", []))
        kind, unit = row["distribution"], SI[row["unit"]]
        ends = np.array([row["low"], row["central"], row["high"]])
        if kind.startswith("log"):
            ends = np.log(ends)
        if kind.endswith("normal"):
            t = self.rng.standard_normal(self.n) / Z95
        else:
            t = self.rng.uniform(-1, 1, self.n) / 0.9
        values = ends[1] + np.where(t < 0, ends[1] - ends[0], ends[2] - ends[1]) * t
        return unit * (np.exp(values) if kind.startswith("log") else values)

    def growth(self, name: str) -> np.ndarray:
        """Factor by which something grows in a year."""
        rate = self.tables["constant"][name]["unit"] == "1/year"
        return self(name) + (1 if rate else 0)


def date_of(text: str) -> float:
    """The middle of a year or a month."""
    year, _, month = text.partition("-")
    return int(year) + ((int(month[:2]) - 0.5) / 12 if month else 0.5)


def share_line(without: str | None, date: float, n: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Expected log10 RL share at a date, and the spread tau of models, by a grid over a, b, tau."""
    with (DATA / "rl_share.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["role"] != "not counted"]
    rows = [row for row in rows if row["model"] != without]
    exact = [row for row in rows if row["role"] == "share"]
    t = np.array([date_of(row["date"]) - 2025.5 for row in exact])
    y = np.array([math.log10(float(row["rl_share"])) for row in exact])
    se = np.full(y.size, 0.02)
    for i, row in enumerate(exact):
        if row["rl_share_low"] and row["rl_share_high"]:
            ratio = float(row["rl_share_high"]) / float(row["rl_share_low"])
            se[i] = max(0.02, math.log10(ratio) / (2 * Z95))
    names = np.array([row["publication"] for row in exact])
    same = names[:, None] == names
    a, b = np.linspace(-3, 1, 81), np.linspace(-2, 3, 81)
    taus = np.linspace(0.02, 2, 45)
    grid_a, grid_b = (grid.ravel() for grid in np.meshgrid(a, b, indexing="ij"))
    gap = y[:, None] - grid_a - np.outer(t, grid_b)
    log_p = np.empty((taus.size, grid_a.size))
    for i, tau in enumerate(taus):
        covariance = tau**2 * (0.5 * same + 0.5 * np.eye(y.size)) + np.diag(se**2)
        log_p[i] = -0.5 * np.sum(gap * np.linalg.solve(covariance, gap), 0)
        log_p[i] -= 0.5 * np.linalg.slogdet(covariance)[1] + 0.5 * (tau / 0.5) ** 2
        log_p[i] -= 0.5 * (grid_a + 1.0) ** 2 + 0.5 * ((grid_b - 0.5) / 0.5) ** 2
        for row in rows:
            if row["role"] == "lower bound":
                low = math.log10(float(row["rl_share_low"]))
                at = grid_a + grid_b * (date_of(row["date"]) - 2025.5)
                log_p[i] += special.log_ndtr((at - low) / tau)
    p = np.exp(log_p - log_p.max()).ravel()
    chosen = rng.choice(p.size, size=n, p=p / p.sum())
    tau, place = taus[chosen // grid_a.size], chosen % grid_a.size
    step = rng.uniform(-0.5, 0.5, (2, n)) * [[a[1] - a[0]], [b[1] - b[0]]]
    line = grid_a[place] + step[0] + (grid_b[place] + step[1]) * (date - 2025.5)
    return line, tau


def run(world: World, name: str) -> dict[str, np.ndarray]:
    """What a baseline used, before the jump."""
    told = world.tables["baseline"][name]
    line, tau = share_line(told.get("rl_share_row"), told["year"], world.n, world.rng)
    if "rl_share" in told:
        own = world.tables["constant"][told["rl_share"]]
        low, high = math.log10(own["low"]), math.log10(own["high"])
        se = (high - low) / (2 * Z95)
        precision = tau**-2 + se**-2
        mean = (line * tau**-2 + 0.5 * (low + high) * se**-2) / precision
        log_share = mean + world.rng.standard_normal(world.n) / np.sqrt(precision)
    else:
        log_share = line + tau * world.rng.standard_normal(world.n)
    share, found = 10**log_share, {}
    if "training_flop" in told:
        found["flop"] = world(told["training_flop"])
    else:
        found["flop"] = world(told["pretraining_flop"]) * (1 + share)
    if "gpu_hours" in told:
        found["gpu_seconds"] = world(told["gpu_hours"])
    else:
        found["gpu_seconds"] = found["flop"] / world(told["gpu_throughput"])
    if "gpus" in told:
        found["gpus"] = world(told["gpus"])
        found["seconds"] = found["gpu_seconds"] / found["gpus"]
    else:
        found["seconds"] = world(told["duration"])
        found["gpus"] = found["gpu_seconds"] / found["seconds"]
    if "energy" in told:
        found["joules"] = world(told["energy"])
    else:
        found["joules"] = found["gpu_seconds"] * world(told["gpu_power"])
    if "cost" in told:
        found["cost"] = world(told["cost"])
    else:
        found["cost"] = found["gpu_seconds"] * world(told["gpu_hour_price"])
    for key in ("water", "emissions", "datacentre_cost"):
        if key in told:
            found[key] = world(told[key])
    return found | {"share": share, "use": world(told["rl_utilisation"])}


def latest(gaps, slowest: float = 1e7) -> np.ndarray:
    """Years until a gap that falls with time is closed, by bisection; inf where it is not."""
    low, high = np.zeros_like(gaps(0.0)), np.full_like(gaps(0.0), slowest)
    open_at_once, never = gaps(low) > 0, gaps(high) > 0
    for _ in range(80):
        middle = 0.5 * (low + high)
        still = gaps(middle) > 0
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    return np.where(open_at_once, np.where(never, np.inf, high), 0.0)


def answers(
    name: str, reading: str, split: str, inference: np.ndarray, rl: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Draws of every cost and date of a jump of `rl` or `inference` OOMs, by registry name.

    Amounts are log10 in the unit of the registry.
    """
    world = World(rl.size, seed)
    told, base = world.tables["baseline"][name], run(world, name)
    year, share, use = told["year"], base["share"], base["use"]
    if split == "flop":
        in_flop = in_time = share
    elif told["rl_share_basis"] == "flop":
        in_flop, in_time = share, share / use
    else:
        in_flop, in_time = share * use, share

    def grown(part: np.ndarray) -> np.ndarray:
        """log10 of what the run is multiplied by; RL grows by 10^rl."""
        if reading == "whole":
            return rl
        return np.logaddexp(0, np.log(part) + rl * np.log(10)) / np.log(10) - np.log10(1 + part)

    flop, time = grown(in_flop), grown(in_time)
    keys = ("EFF", "PP", "WE", "GWP", "COMP", "COST", "POW", "CHIP")
    growth = {key: np.log10(world.growth(f"GR_{key}")) for key in keys}
    found = {
        "inference_jump_ooms": inference,
        "rl_jump_ooms": rl,
        "rl_share": np.log10(in_flop),
        "training_multiplier": flop,
        "gpu_time_multiplier": time,
        "training_flop": np.log10(base["flop"]) + flop,
        "gpu_hours": np.log10(base["gpu_seconds"] / 3600) + time,
        "gpus": np.log10(base["gpus"]) + time,
        "datacentres": time,
        "training_energy": np.log10(base["joules"] / 3.6e15) + time,
        "training_power": np.log10(base["joules"] / base["seconds"] / 1e9) + time,
        "training_cost": np.log10(base["cost"]) + time,
        "multiplier_spent": np.log10(1 + in_flop),
        "next_tenfold": np.log10((1 + 10 * in_flop) / (1 + in_flop)),
        "cheap_rl_ooms": np.log10(2 + 1 / in_flop),
    }
    for key in ("water", "emissions", "datacentre_cost"):
        if key in base:
            found[key] = np.log10(base[key]) + time
    world_now = np.log10(world("WE25")) + (year - 2025.5) * growth["WE"]
    us_now = np.log10(world("US25")) + (year - 2025.5) * growth["WE"]
    joules = np.log10(base["joules"]) + time
    found["years_of_world_electricity"] = joules - world_now
    found["years_of_us_electricity"] = joules - us_now
    found |= dates(world, base, flop, time, growth, year, world_now)
    found |= even(world, base, time, inference, rl, growth)
    return found | mix(world, share, inference, rl)


def dates(world, base, flop, time, growth, year, world_now) -> dict[str, np.ndarray]:
    """The first year within each limit, and the last of them."""
    joules, cost = np.log10(base["joules"]) + time, np.log10(base["cost"])
    limit = np.log10(world("EFF_CAP"))
    gdp = np.log10(world("GWP")) + (year - 2025) * growth["GWP"] - 2
    watts = joules - np.log10(base["seconds"])
    planned = np.log10(world("POW30")) + (year - 2030) * growth["POW"]
    of_world = world_now - 2 - math.log10(YEAR * 86400)
    made = np.log10(world("CHIPS")) + (year - 2026) * growth["CHIP"] - 1

    def saved(t):
        return np.minimum(t * growth["EFF"], limit)

    def budget(t):
        path = np.minimum(cost + t * growth["COST"], gdp + t * growth["GWP"])
        return cost + time - t * growth["PP"] - path

    def power(t):
        enough = np.minimum(planned + t * growth["POW"], of_world + t * growth["WE"])
        return watts - saved(t) - enough

    found = {
        "budget_year": latest(budget),
        "energy_year": latest(lambda t: joules - saved(t) - (world_now - 2 + t * growth["WE"])),
        "power_year": latest(power),
        "chips_year": latest(lambda t: np.log10(base["gpus"]) + time - (made + t * growth["CHIP"])),
        "compute_year": latest(lambda t: flop - t * growth["COMP"]),
    }
    found["first_year"] = np.max(list(found.values()), 0)
    return {key: year + value for key, value in found.items()}


def even(world, base, time, inference, rl, growth) -> dict[str, np.ndarray]:
    """What RL costs beyond the run, and the volume of three years that costs the same."""
    log_once = np.log10(base["cost"]) + time + np.log10(-np.expm1(-time * np.log(10)))
    price = world("PRICE_TOKEN")
    extra = inference + np.log10(-np.expm1(-inference * np.log(10)))
    t = np.linspace(0, 3, 601)
    bill = np.trapezoid(10 ** (-np.outer(growth["PP"], t)), t, axis=1) * YEAR
    tokens = log_once - np.log10(price) - extra
    years, passed = np.linspace(0, 200, 10001), np.full(2000, np.inf)
    for i in range(passed.size):
        paid = np.concatenate([[0], np.cumsum(10 ** (-growth["PP"][i] * years[:-1]) * 0.02)])
        later = np.nonzero(paid * YEAR >= 10 ** (tokens[i] - 13))[0]
        passed[i] = years[later[0]] if later.size else np.inf
    return {
        "rl_cost": log_once,
        "price_per_token": np.log10(price * 1e6),
        "equal_tokens": tokens,
        "break_even_volume": tokens - np.log10(bill),
        "years_until_rl_is_cheaper": passed,
    }


def mix(world, share, inference, rl) -> dict[str, np.ndarray]:
    """The cheapest mix of both, tried in steps of a 400th of the jump."""
    ratio = world("OAI_INF24") / world("OAI_FINAL24")
    deploy = np.log10(ratio * (1 + share))
    best, cost = np.zeros(rl.size), np.full(rl.size, np.inf)
    for part in np.linspace(0, 1, 401):
        terms = [np.zeros(rl.size), np.log10(share) + part * rl, deploy + (1 - part) * inference]
        total = special.logsumexp(np.array(terms) * np.log(10), axis=0) / np.log(10)
        best, cost = np.where(total < cost, part, best), np.minimum(total, cost)
    before = np.log10((1 + share) * (1 + ratio))
    return {
        "joint_rl_ooms": best * rl,
        "joint_inference_ooms": (1 - best) * inference,
        "rl_gain_share": best,
        "joint_multiplier": cost - before,
    }
