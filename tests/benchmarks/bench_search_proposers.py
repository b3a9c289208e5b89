"""Proposers on eight tasks whose gain is structural: what the best of 2, 5, 12 and 40 is worth."""

from __future__ import annotations

import sys

from kit.ai.propose.draw import RandomDraws
from kit.ai.propose.hybrid import Hybrid
from kit.ai.propose.protocol import Proposer
from kit.ai.propose.rules import RuleBook
from kit.ai.propose.tpe import NumberSearch
from kit.flow.search.evaluate import cores
from tests.benchmarks.search_races import AT, Race, found, mean_gain, paired, races
from tests.benchmarks.search_tasks import TASKS
from tests.benchmarks.table import Row, Table

SEEDS = (1, 2, 3, 4, 5)
SHORT = 12
"""Evaluations within which a structure is to be found."""
Races = dict[tuple[str, str, int], Race]


def proposers() -> dict[str, Proposer]:
    """Return the proposers that need no model, each new."""
    return {
        "random": RandomDraws(),
        "rules": RuleBook(),
        "tpe": NumberSearch(),
        "hybrid": Hybrid(RuleBook(numbers=False)),
    }


def tables(quick: bool) -> list[Table]:
    """Return true gains by proposer and evaluations, and the structures found within 12."""
    tasks, seeds = (TASKS[:2], SEEDS[:2]) if quick else (TASKS, SEEDS)
    most = SHORT if quick else AT[-1]
    done = races(tasks, seeds, proposers, most, _say, cores())
    size = f"{len(tasks)} tasks x {len(seeds)} seeds"
    gains = [_gain(done, who, at) for at in AT if at <= most for who in proposers()]
    gains += [_against(done, at) for at in AT if SHORT <= at <= most]
    structures = [_found(done, who, SHORT, len(tasks)) for who in proposers()]
    return [
        Table(f"True gain on fresh traffic, as a share of the solution's, {size}", gains),
        Table(f"Tasks whose structure is found within {SHORT} evaluations (median of seeds)",
              structures),
    ]  # fmt: skip


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _gain(done: Races, who: str, at: int) -> Row:
    mean, error = mean_gain(done, who, at)
    return Row(f"{who}, best of {at}", f"{100 * mean:.0f} % (se {100 * error:.0f})", "", mean)


def _against(done: Races, at: int) -> Row:
    """Not worse: the difference is above minus two standard errors."""
    gap, error = paired(done, "hybrid", "tpe", at)
    words = f"{100 * gap:+.0f} points (se {100 * error:.0f})"
    return Row(f"hybrid less seeded TPE, best of {at}", words, "TPE, paired", gap + 2 * error,
               ">= 0 (mean + 2 se)")  # fmt: skip


def _found(done: Races, who: str, at: int, tasks: int) -> Row:
    names = found(done, who, at)
    target = {"rules": ">= 6", "hybrid": ">= 6", "tpe": "<= 2 (cannot)"}.get(who, "")
    target = target if tasks == len(TASKS) else ""
    words = f"{len(names)} of {tasks}: {', '.join(names) or 'none'}"
    return Row(who, words, "", len(names), target)
