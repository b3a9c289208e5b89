"""`Search`: propose, evaluate, record, and again; it goes on where it was killed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from kit.ai.hostile import clean
from kit.ai.propose.brief import Brief
from kit.ai.propose.numbered import numbered
from kit.ai.propose.protocol import Proposer
from kit.base.errors import DataError, KitError
from kit.flow.runs import Say
from kit.flow.search.evaluate import Scored
from kit.flow.search.store import SearchStore
from kit.flow.search.workers import Job, Workers
from kit.variant.spec import VariantSpec
from kit.variant.trial import Trial, best_of

LOW_SHARE = 0.25
"""Share of the training rows on which many proposals are compared before few are built whole."""
KEPT = 0.5
"""Share of the proposals of a round that are."""


@dataclass(frozen=True)
class Pace:
    """How far and how fast a search goes.

    Parameters
    ----------
    budget : int
        Trials in all, the default among them.
    side_by_side : int
        Proposals of a round: they are evaluated without knowing of each other. It decides what is
        proposed next; how many workers there are does not.
    halving : bool
        Whether a round is first compared on `LOW_SHARE` of the training rows, and its better half
        alone built on all of them (Jamieson, Talwalkar 2016, successive halving).
    seconds : float or None
        No round is begun after so long.
    """

    budget: int
    side_by_side: int = 1
    halving: bool = False
    seconds: float | None = None


class Search:
    """A search over variants of one default.

    Parameters
    ----------
    workers : Workers
        Where variants are built and scored.
    store : SearchStore
        Its record.
    proposer : Proposer
        What to try.
    brief : callable
        Returns what proposers are told; asked once, after the default was built.
    pace : Pace
        How far it goes.
    seed : int
        Of every draw.
    say : callable of str
        Told of each trial.
    """

    def __init__(
        self,
        workers: Workers,
        store: SearchStore,
        proposer: Proposer,
        brief: Callable[[], Brief],
        pace: Pace,
        seed: int = 0,
        say: Say = lambda text: None,
    ) -> None:
        self._workers, self._store, self._proposer = workers, store, proposer
        self._brief, self._pace, self._seed, self._say = brief, pace, seed, say

    def run(self, default: VariantSpec) -> list[Trial]:
        """Return every trial, the default first.

        Raises
        ------
        KitError
            If the default itself cannot be built.
        """
        ends_at = time.monotonic() + (self._pace.seconds or math.inf)
        if not self._store.trials():
            self._store.add([Trial(0, default)])
        self._finish()
        brief = self._known()
        while len(trials := self._store.trials()) < self._pace.budget:
            if time.monotonic() > ends_at:
                self._say(f"stopped after {len(trials)} trials: the time is up")
                break
            count = min(self._pace.side_by_side, self._pace.budget - len(trials))
            proposals = self._proposer.propose(brief, trials, count, self._seed)
            if not proposals:
                self._say(f"stopped after {len(trials)} trials: nothing left to propose")
                break
            new = numbered(proposals, trials, brief)
            self._store.add(new)
            for trial in new:
                if trial.status == "refused":
                    self._say(_line(trial, None))
            self._finish()
        return trials

    def _known(self) -> Brief:
        """Return the brief, which is made once a search."""
        text = self._store.noted("brief")
        if text is None:
            text = self._brief().model_dump_json()
            self._store.note("brief", text)
        return Brief.model_validate_json(text)

    def _finish(self) -> None:
        """Evaluate what was proposed and not yet scored."""
        waiting = [trial for trial in self._store.trials() if trial.status == "proposed"]
        if not waiting:
            return
        is_default = waiting[0].number == 0
        left = self._left(waiting) if self._pace.halving else []
        numbers = {trial.number for trial in left}
        whole = [trial for trial in waiting if trial.number not in numbers]
        self._evaluate([(trial.number, trial.spec, 1.0) for trial in whole])
        done = [self._ended(trial, 1.0, "scored") for trial in whole]
        if is_default and done[0].status == "refused":
            raise DataError(
                f"default: cannot be built: {done[0].why} Mend it, or pass another with --default."
            )
        # a round ends as one: were a part of it recorded, another half would be left after a kill
        self._store.save([*left, *done])
        best = best_of(self._store.trials())
        for trial in (*left, *done):
            self._say(_line(trial, best))

    def _left(self, waiting: Sequence[Trial]) -> list[Trial]:
        """Compare a round on a share of the rows; return the worse half as it ends there."""
        default = self._store.trials()[0]
        is_default = waiting[0].number == 0
        compared = waiting if is_default else (default, *waiting)
        self._evaluate([(trial.number, trial.spec, LOW_SHARE) for trial in compared])
        if is_default:
            return []
        ended = [self._ended(trial, LOW_SHARE, "stopped") for trial in waiting]
        ranked = sorted(ended, key=lambda trial: (-_rank(trial), trial.number))
        kept = {trial.number for trial in ranked[: math.ceil(KEPT * len(ranked))]}
        return [trial for trial in ended if trial.number not in kept or trial.status == "refused"]

    def _evaluate(self, jobs: Sequence[Job]) -> None:
        """Evaluate what was not, and record each score as it comes."""
        new = [job for job in jobs if self._store.evaluated(job[0], job[2]) is None]
        for (number, _, share), scored in self._workers.run(new):
            self._store.keep(number, share, asdict(scored))

    def _scored(self, number: int, share: float) -> Scored:
        found = self._store.evaluated(number, share)
        if found is None:
            raise KitError(f"trial {number}: was not evaluated on {share:g} of the rows.")
        return Scored(**{**found, "surplus": _or_nan(found["surplus"])})

    def _ended(self, trial: Trial, share: float, status: str) -> Trial:
        """Return a trial with its score against the default's on the same share of the rows."""
        scored, default = self._scored(trial.number, share), self._scored(0, share)
        spent = scored.seconds
        if share == 1.0 and self._pace.halving:
            spent += self._scored(trial.number, LOW_SHARE).seconds
        if scored.refused:
            return replace(trial, status="refused", why=scored.refused, seconds=spent, share=share)
        score = scored.surplus - default.surplus
        return replace(
            trial, status="scored" if status == "scored" else "stopped", share=share,
            score=score, seconds=spent, why=scored.broken,
        )  # fmt: skip


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _rank(trial: Trial) -> float:
    return -math.inf if trial.score is None or trial.why else trial.score


def _line(trial: Trial, best: Trial | None) -> str:
    """Return one line of progress."""
    head = f"trial {trial.number}, {clean(trial.spec.name, 80)}: "
    if trial.status == "refused":
        return f"{head}refused ({trial.why})"
    said = f"{trial.score:+.4g} for every 1,000 auctions"
    if trial.status == "stopped":
        return f"{head}{said} on a share of the rows, left there"
    if trial.why:
        return f"{head}{said}, but {trial.why}"
    is_best = best is not None and best.number == trial.number and trial.number > 0
    return f"{head}{said}{', the best so far' if is_best else ''} ({trial.seconds:.2g} s)"
