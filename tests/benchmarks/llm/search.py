"""A local model as the proposer, beside the proposers that need none, on the same tasks."""

from __future__ import annotations

import sys
from pathlib import Path

from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.ai.propose.hybrid import Hybrid
from kit.ai.propose.model import ModelProposer
from kit.ai.propose.protocol import Proposer
from tests.benchmarks.bench_search_proposers import proposers
from tests.benchmarks.llm.arms import DEADLINE_S, SEED, TEMPERATURE
from tests.benchmarks.llm.replies import KeptModel
from tests.benchmarks.search_races import AT, found, mean_gain, races
from tests.benchmarks.search_tasks import TASKS
from tests.benchmarks.table import Row, Table

SEEDS = (1,)
MOST = 12
MAX_TOKENS = 300


def search_table(model: KeptModel, folder: Path, tasks: int | None = None) -> Table:
    """Race a model's proposals, alone and with numbers by TPE, against the others.

    Parameters
    ----------
    model : KeptModel
        Answers what it answered before from its file.
    folder : Path
        For the journal.
    tasks : int, optional
        Only so many tasks: checks that it runs.
    """
    endpoint = Endpoint(
        model.base_url, model.name, max_output_tokens=MAX_TOKENS, temperature=TEMPERATURE, seed=SEED
    )
    client = Client(endpoint, Journal(folder / "search.sqlite"), deadline_s=DEADLINE_S, learned={})

    def racing() -> dict[str, Proposer]:
        mine = ModelProposer(client, say=_say)
        return {**proposers(), "llm": mine, "hybrid, llm": Hybrid(ModelProposer(client, say=_say))}

    chosen = TASKS[:tasks]
    done = races(chosen, SEEDS, racing, MOST, _say)
    rows = []
    for who in racing():
        for at in AT:
            if at <= MOST:
                mean, error = mean_gain(done, who, at)
                words = f"{100 * mean:.0f} % (se {100 * error:.0f})"
                rows.append(Row(f"{who}, best of {at}", words, "", mean))
        names = found(done, who, MOST)
        refused = sum(race.refused for key, race in done.items() if key[0] == who)
        tried = sum(race.tried for key, race in done.items() if key[0] == who)
        words = f"{len(names)} of {len(chosen)}; {refused} of {tried} trials refused"
        rows.append(Row(f"{who}, structures found within {MOST}", words, "", len(names)))
    title = f"True gain as a share of the solution's, {model.name}, {len(chosen)} tasks, one seed"
    return Table(title, rows)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
