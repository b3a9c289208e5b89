"""`SearchRecord`: what a search left behind, read back from its folder or taken from its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from kit.base.errors import DataError, KitError
from kit.data.sealed import SealedSplit, open_sealed
from kit.flow.fit import ClickValue
from kit.flow.search.metered import Cost, costs_of
from kit.flow.search.outcome import Found
from kit.flow.search.store import SEALED, SEARCH_FILE, SearchStore
from kit.flow.search.tree import Branch, branches
from kit.variant.trial import Trial

_LONGEST = 65
"""Characters of a name that are kept where a number is put behind it."""
_UNSAID = "None"
"""How the record says that a setting was left out."""


@dataclass(frozen=True, eq=False)
class SearchRecord:
    """Every trial of a search, and what it takes to compare them again.

    Parameters
    ----------
    sealed : SealedSplit
        The log.
    trials : tuple of Trial
        The default first.
    folders : mapping of int to str
        Where each scored variant was frozen; empty text where none was.
    claim : mapping
        Settings of every comparison, as `kit.validate.vault.Vault.look` takes them.
    costs : mapping of int to Cost
        What each trial cost.
    """

    sealed: SealedSplit
    trials: tuple[Trial, ...]
    folders: Mapping[int, str]
    claim: Mapping[str, Any]
    costs: Mapping[int, Cost]

    @cached_property
    def names(self) -> dict[int, str]:
        """What each trial is called; those of one name have their number in it."""
        said = Counter(trial.spec.name for trial in self.trials)
        return {
            trial.number: trial.spec.name
            if said[trial.spec.name] == 1
            else f"{trial.spec.name[:_LONGEST]} (trial {trial.number})"
            for trial in self.trials
        }

    @property
    def ranked(self) -> list[Trial]:
        """Trials that can be chosen, the default left out, the best on the tune split first."""
        chosen = [trial for trial in self.trials if trial.ranks and trial.number]
        return sorted(chosen, key=lambda trial: (-(trial.score or 0.0), trial.number))

    @property
    def branches(self) -> list[Branch]:
        """The trials as a tree, each after the one that it changes."""
        return branches(self.trials)

    @property
    def table(self) -> pd.DataFrame:
        """One row a trial in order.

        Returns
        -------
        pandas.DataFrame
            trial, change, parent (its number, or missing), proposer, status ("scored", "stopped",
            "refused", "breaks a constraint", "proposed"), tune_score (surplus for every 1,000
            auctions beyond trial 0, in currency), seconds, cost (in words), why, hypothesis.
        """
        rows = [
            (one.number, self.names[one.number], one.parent, one.spec.proposer, status_of(one),
             one.score, one.seconds, str(self.costs.get(one.number, Cost(one.seconds))), one.why,
             one.spec.hypothesis)
            for one in self.trials
        ]  # fmt: skip
        columns = ("trial", "change", "parent", "proposer", "status", "tune_score", "seconds",
                   "cost", "why", "hypothesis")  # fmt: skip
        kinds = {"parent": "Int64", "tune_score": "float64"}
        return pd.DataFrame(rows, columns=list(columns)).astype(kinds)

    def trial(self, name: str) -> Trial | None:
        """Return the trial of a name of `names`; None if there is none."""
        return next((one for one in self.trials if self.names[one.number] == name), None)

    def above(self, trial: Trial) -> Iterator[Trial]:
        """Yield the trials that one descends from, nearest first."""
        known = {one.number: one for one in self.trials}
        while trial.parent is not None and trial.parent < trial.number:
            trial = known[trial.parent]
            yield trial


def status_of(trial: Trial) -> str:
    """Return how a trial ended, in a word or three.

    Examples
    --------
    >>> from kit.variant.spec import PolicySpec, VariantSpec
    >>> spec = VariantSpec(name="a", policy=PolicySpec(name="value"))
    >>> status_of(Trial(1, spec, 0, "scored", score=1.0, why="win_rate is 0.1, must be ..."))
    'breaks a constraint'
    """
    return "breaks a constraint" if trial.status == "scored" and trial.why else trial.status


def ended(trial: Trial, *, on_board: bool = False) -> str:
    """Return how a trial ended, in words.

    Examples
    --------
    >>> from kit.variant.spec import PolicySpec, VariantSpec
    >>> spec = VariantSpec(name="a", policy=PolicySpec(name="value"))
    >>> ended(Trial(1, spec, 0, "stopped", 0.25, 0.5))
    'stopped at 25 % of the rows'
    >>> ended(Trial(2, spec, 0, "refused", why="hour: is no feature."))
    'refused: hour: is no feature.'
    """
    status = status_of(trial)
    if status == "stopped":
        return f"stopped at {100 * trial.share:g} % of the rows"
    said = f"{status}: {trial.why}" if trial.why else status
    return f"{said}, on the board" if on_board else said


def record_of(search: SearchRecord | Found | str | Path, sealed: Any = None) -> SearchRecord:
    """Return a search's record.

    Parameters
    ----------
    search : SearchRecord, Found, str or Path
        What `kit.search_variants` returned, or the folder that it or ``kit propose`` wrote.
    sealed : SealedSplit, str or Path, optional
        The log, where the folder that it lay in has moved.

    Raises
    ------
    DataError
        If the folder holds no search, or its log is gone or another.
    """
    if isinstance(search, SearchRecord):
        return search
    if isinstance(search, Found):
        return SearchRecord(
            search.sealed, tuple(search.trials), search.folders, search.claim, search.costs
        )
    return _read(Path(search), sealed)


def _read(folder: Path, sealed: Any) -> SearchRecord:
    if not (folder / SEARCH_FILE).is_file():
        raise DataError(
            f"search: {folder} holds no {SEARCH_FILE}; must be a folder that kit.search_variants "
            "or `kit propose` wrote. Pass its --out."
        )
    store = SearchStore(folder, {})
    try:
        trials = tuple(store.trials())
        folders = {trial.number: store.folder_of(trial.number) for trial in trials}
        costs = costs_of(store, trials)
        said = {name: store.noted(name) for name in (SEALED, "log", "click value", "spend", "seed")}
    finally:
        store.close()
    if not trials or trials[0].status != "scored":
        raise DataError(
            f"search: {folder} has no scored default yet; must be a search that got beyond its "
            "first trial. Go on with it: the same call on the same folder."
        )
    log = _log(sealed or said[SEALED], folder, said["log"])
    return SearchRecord(log, trials, folders, _claim(log, said), costs)


def _log(sealed: Any, folder: Path, source_hash: str | None) -> SealedSplit:
    """Open the log of a search, and see that it is that one."""
    try:
        if sealed is None:
            raise DataError("the record does not say where it lies.")
        log = sealed if isinstance(sealed, SealedSplit) else open_sealed(sealed)
    except KitError as error:
        raise DataError(
            f"search: the sealed log of {folder} cannot be opened ({error}) Pass "
            "sealed=, its folder."
        ) from None
    if log.source_hash != source_hash:
        raise DataError(
            f"sealed: {log.folder} is another log than the one that {folder} searched; must be the "
            "same. Pass that one's folder."
        )
    return log


def _claim(log: SealedSplit, said: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the settings of every comparison, as the search had them."""

    def number(name: str) -> float | None:
        text = said[name]
        return None if text in (None, _UNSAID) else float(text)

    value = ClickValue.of(log.train, log.tune, number("click value"))
    spend = number("spend")
    unit = log.tune.meta.unit
    budget = None if spend is None else spend * 1000 * unit.minor_per_major
    return {"click_value_cpm": value.cpm, "budget_per_1000": budget, "seed": int(said["seed"] or 0)}
