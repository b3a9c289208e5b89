"""``kit propose``: search variants of a log's default, and judge the best by the vault."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.ai.budget import Budget, Spent
from kit.ai.client import Client
from kit.ai.endpoint import endpoint_from_env
from kit.ai.propose.brief import Brief
from kit.ai.propose.draw import RandomDraws
from kit.ai.propose.hybrid import Hybrid
from kit.ai.propose.model import ModelProposer
from kit.ai.propose.protocol import Proposer
from kit.ai.propose.rules import RuleBook
from kit.ai.propose.tpe import NumberSearch
from kit.base.errors import DataError, LeakageError
from kit.base.files import file_hash, write_text
from kit.base.specs import Spec
from kit.base.workspace import candidates_path
from kit.data.seal import SPLIT_FILE
from kit.data.sealed import SealedSplit
from kit.data.sql.features import check_feature
from kit.flow.check import read_variant
from kit.flow.fit import ClickValue
from kit.flow.runs import Outcome, Say
from kit.flow.search.default import default_variant, shaded
from kit.flow.search.diagnose import diagnose
from kit.flow.search.evaluate import Bench
from kit.flow.search.finalists import finalists, judge_finalists
from kit.flow.search.metered import Metered, costs_of
from kit.flow.search.outcome import (
    BEST_FILE,
    COST_FILE,
    RESULT_FILE,
    Found,
    found_lines,
    summary_of,
)
from kit.flow.search.run import Search
from kit.flow.search.settings import ProposeSpec, lasting, pace_of
from kit.flow.search.store import SEALED, SearchStore
from kit.flow.search.workers import DaskWorkers, Threads, Workers
from kit.flow.source import open_sealed_source
from kit.models.features import default_features, readable
from kit.validate.leakage.battery import check_leakage
from kit.validate.leakage.report import DOUBTS
from kit.validate.vault import Vault
from kit.variant.constraint import check_constraints
from kit.variant.frozen import load_frozen
from kit.variant.spec import VariantSpec

NO_MODEL = (
    "No model is named (OPENAI_BASE_URL or OPENAI_API_KEY): the rule book proposes structure."
)


def run_propose(spec: Spec, say: Say) -> Outcome:
    """Search, judge and write ``search.json``, ``best.json`` and ``cost.json``.

    Raises
    ------
    KitError
        If the log or a setting is not allowed, or the default cannot be built.
    """
    if not isinstance(spec, ProposeSpec):
        raise DataError("propose: got other settings; must be a ProposeSpec. Pass one.")
    return written(search_variants(spec, say), spec)


def written(found: Found, spec: ProposeSpec) -> Outcome:
    """Write ``search.json``, ``best.json`` and ``cost.json``; return what a run records."""
    source, out, summary = spec.source.path, spec.out, summary_of(found)
    read = source / SPLIT_FILE if source.is_dir() else source
    texts = {
        RESULT_FILE: _json({name: each for name, each in summary.items() if name != "cost"}),
        BEST_FILE: found.best.spec.model_dump_json(indent=1) + "\n",
        COST_FILE: _json(summary["cost"]),
    }
    for name, text in texts.items():
        write_text(out / name, text)
    hashes = {str(out / name): file_hash(out / name) for name in texts}
    lines = tuple(found_lines(found, out))
    return Outcome(summary, {str(read): file_hash(read)}, hashes, lines)


def _json(plain: Mapping[str, Any]) -> str:
    return json.dumps(plain, indent=1, allow_nan=False) + "\n"


def search_variants(spec: ProposeSpec, say: Say, client: Any = None) -> Found:
    """Search and judge; see `ProposeSpec`.

    Parameters
    ----------
    spec : ProposeSpec
        Settings.
    say : callable of str
        Told how far it has come.
    client : distributed.Client, optional
        A Dask client whose workers evaluate; they must see the sealed folder and the workspace.

    Raises
    ------
    LeakageError
        If a feature of the default leaks: nothing is trained then.
    KitError
        If the log or a setting is not allowed, or the default cannot be built.
    """
    began = time.monotonic()
    check_constraints(spec.constraints)  # a large log takes a while to seal
    sealed = open_sealed_source(spec.source, say)
    value = ClickValue.of(sealed.train, sealed.tune, spec.click_value)
    say(value.about)
    unit = sealed.tune.meta.unit
    spend = None if spec.spend is None else spec.spend * 1000 * unit.minor_per_major
    root = candidates_path()
    root.mkdir(parents=True, exist_ok=True)
    bench = Bench.of(sealed.folder, root, value.cpm, spend)
    default = _default(spec, bench)
    check_constraints(default.constraints)
    leaks = _leaks(sealed, default, spec.seed, say)
    model, proposer = _proposer(spec, say)
    store = SearchStore(spec.out, lasting(spec, sealed.source_hash, default))
    try:
        store.hold()
        store.note(SEALED, str(sealed.folder))
        known = store.trials()
        if known:  # it was fitted and shaded before
            default = known[0].spec
        elif spec.default is None:
            default = shaded(bench, default)
        where = (str(sealed.folder), str(root), value.cpm, spend)
        workers: Workers = (
            Threads(bench, spec.workers) if client is None else DaskWorkers(client, where)
        )
        search = Search(
            workers, store, Metered(proposer, model, store),
            lambda: diagnose(
                bench.train, bench.tune, load_frozen(store.folder_of(0)), leaks,
                evidence=spec.proposer != "tpe",  # numbers are drawn without it
            ),
            pace_of(spec, len(sealed.train)), spec.seed, say,
        )  # fmt: skip
        trials = search.run(default)
        folders = {trial.number: store.folder_of(trial.number) for trial in trials}
        brief = Brief.model_validate_json(store.noted("brief") or "{}")
        costs = costs_of(store, trials)
    finally:
        store.close()
    claim = {"click_value_cpm": value.cpm, "budget_per_1000": spend, "seed": spec.seed}
    judged = judge_finalists(
        Vault(sealed), finalists(trials, spec.finalists), load_frozen(Path(folders[0])), folders,
        say, **claim,
    )  # fmt: skip
    seconds = time.monotonic() - began
    spent = Spent() if model is None else model.budget.spent
    return Found(
        sealed, trials, folders, judged, claim, brief, value, seconds, spent, costs, spec.out
    )  # fmt: skip


def _default(spec: ProposeSpec, bench: Bench) -> VariantSpec:
    given = spec.default
    if given is None:
        made = default_variant(bench.train, spec.seed)
    else:
        made = given if isinstance(given, VariantSpec) else read_variant(given)
    return made.model_copy(update={"constraints": (*made.constraints, *spec.constraints)})


def _leaks(sealed: SealedSplit, default: VariantSpec, seed: int, say: Say) -> tuple[str, ...]:
    """Return columns that no proposal may use; refuse a default that leaks."""
    if default.model is None:
        return ()
    say("looking for leaks, before anything is trained")
    known = readable(sealed.train)
    own = set(default.model.features or default_features(sealed.train))
    for text in default.model.expressions.values():
        own |= set(check_feature(text, known)[1])
    names = [name for name in known if name != "timestamp"]
    report = check_leakage(sealed.train, sealed.tune, names, seed=seed)
    found = [each for each in report.findings if each.kind not in DOUBTS]
    ours = [each for each in found if not each.columns or own & set(each.columns)]
    if ours:
        raise LeakageError("\n".join(map(str, ours)))
    leaks = tuple(sorted({name for each in found for name in each.columns}))
    if leaks:
        say(f"left out for leaks: {', '.join(leaks)}")
    return leaks


def _proposer(spec: ProposeSpec, say: Say) -> tuple[Client | None, Proposer]:
    """Return the model, if one is asked, and who proposes."""
    if spec.proposer == "tpe":
        return None, NumberSearch()
    if spec.proposer == "random":
        return None, RandomDraws()
    rules = RuleBook(numbers=spec.proposer != "hybrid")
    endpoint = endpoint_from_env() if spec.proposer in ("llm", "hybrid") else None
    if endpoint is None:
        if spec.proposer in ("llm", "hybrid"):
            say(NO_MODEL)
        return None, Hybrid(rules) if spec.proposer == "hybrid" else rules
    budget = Budget(money=spec.money, calls=spec.calls)
    client = Client(endpoint, budget=budget, mode=spec.mode)
    asked = ModelProposer(client, say, rules)
    return client, Hybrid(asked) if spec.proposer == "hybrid" else asked
