"""What can go wrong around a search has one clear outcome each, and the search is unharmed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from kit.base.errors import DataError, HoldoutSpentError, InfeasibleError, LeakageError, RunError
from kit.cli import main
from kit.data.sealed import SealedSplit
from kit.flow.search import models
from kit.flow.search.finalists import NO_GAIN, finalists
from kit.flow.search.outcome import Found, headline_of, summary_of
from kit.flow.search.store import SEARCH_FILE, SearchStore
from kit.validate.vault import Vault
from kit.variant import frozen
from kit.variant.constraint import constraint_of
from kit.variant.spec import ModelSpec
from tests.flow.search.world import Run, frame, quick_default, sealed_log

HEARD = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


def names(found: Found) -> list[str]:
    return [trial.spec.name for trial in found.trials]


# constraints


def test_bounds_that_exclude_each_other_are_refused_before_anything_is_trained(
    run: Run, tmp_path: Path
) -> None:
    bounds = tuple(map(constraint_of, ("win_rate >= 0.5", "win_rate <= 0.2")))
    with pytest.raises(InfeasibleError, match="exclude each other"):
        run(constraints=bounds)
    assert not (tmp_path / "out").exists()


def test_a_bound_against_the_default_variants_own_is_refused_too(
    run: Run, sealed: SealedSplit, tmp_path: Path
) -> None:
    path = quick_default(tmp_path)
    plain = json.loads(path.read_text())
    plain["constraints"] = [{"metric": "win_rate", "at_least": 0.5}]
    path.write_text(json.dumps(plain))
    with pytest.raises(InfeasibleError, match="exclude each other"):
        run(default=path, constraints=(constraint_of("win_rate <= 0.2"),))
    assert not (tmp_path / "out").exists()


def test_a_bound_that_nothing_reaches_leaves_the_default_and_asks_no_vault(run: Run) -> None:
    found = run(constraints=(constraint_of("return_on_spend >= 100"),), finalists=2, budget=5)
    assert [trial.status for trial in found.trials] == ["scored"] * 5
    assert all("return_on_spend is" in trial.why for trial in found.trials)
    assert found.best.number == 0
    assert found.judged == []
    assert headline_of(found).startswith("No variant keeps to the constraints on the tune split")
    assert summary_of(found)["verdict"] is None


def test_a_bound_that_the_default_breaks_is_searched_for(run: Run) -> None:
    """Less is spent by bidding less: the search gets below the bound, and such a one is chosen."""
    bound = constraint_of("spend_per_1000 <= 0.3")
    found = run(budget=14, proposer="tpe", constraints=(bound,))
    assert "spend_per_1000 is" in found.trials[0].why
    kept = [trial.number for trial in found.trials if trial.ranks]
    assert kept
    assert len(kept) < len(found.trials) - 1
    assert found.best.number in kept
    assert {trial.number for trial in finalists(found.trials, 20)} <= set(kept)


# finalists


def test_no_improvement_asks_no_vault(run: Run, sealed: SealedSplit) -> None:
    found = run(budget=1, finalists=2)
    assert headline_of(found) == NO_GAIN
    assert found.best.number == 0
    assert summary_of(found)["cost"]["looks"] == 0
    assert Vault(sealed).history.empty


def test_finalists_are_asked_until_one_is_better(run: Run, sealed: SealedSplit) -> None:
    found = run(budget=4, finalists=2)
    assert 1 <= len(found.judged) <= 2
    summary = summary_of(found)
    assert summary["cost"]["looks"] == len(Vault(sealed).history)
    assert all(each.answer.verdict is not None for each in found.judged)
    again = run(budget=4, finalists=2)
    repeated = summary_of(again)
    assert {**repeated, "cost": None} == {**summary, "cost": None}
    assert repeated["cost"]["looks"] == 0
    assert repeated["cost"]["looks_on_record"] == summary["cost"]["looks"]


def test_a_holdout_that_is_used_up_gives_no_verdict_and_keeps_the_search(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spent(*_: object, **__: object) -> None:
        raise HoldoutSpentError("holdout: its error budget is used up. Seal a new log.")

    monkeypatch.setattr(Vault, "look", spent)
    found = run(finalists=2)
    assert headline_of(found) == (
        "No verdict. holdout: its error budget is used up. Seal a new log."
    )
    assert len(found.judged) == 1  # one refusal is enough
    assert found.best.score is not None
    assert found.best.score > 0
    summary = summary_of(found)
    assert summary["verdict"]["answer"] == "no verdict"
    assert summary["cost"]["looks"] == 0
    json.dumps(summary, allow_nan=False)


# leaks


def test_a_default_that_leaks_is_refused_before_anything_is_trained(
    run: Run, tmp_path: Path
) -> None:
    def leaky(rows: Any) -> Any:
        return rows.assign(page_quality=rows["click"] * 1.0)

    sealed = sealed_log(tmp_path / "leaky", leaky)
    with pytest.raises(LeakageError, match="page_quality"):
        run(sealed.folder)
    assert not (tmp_path / "out").exists()


def test_a_leak_that_the_default_does_not_read_is_left_out(run: Run, tmp_path: Path) -> None:
    def leaky(rows: Any) -> Any:
        return rows.assign(page_quality=rows["click"] * 1.0)

    sealed = sealed_log(tmp_path / "leaky", leaky)
    path = quick_default(tmp_path, features=("device", "region", "hour"))
    found = run(sealed.folder, default=path, budget=8, proposer="rules")
    assert found.brief.leaks == ("page_quality",)
    assert "left out for leaks: page_quality" in run.said  # type: ignore[attr-defined]
    assert "page_quality" not in found.brief.kinds
    specs = [trial.spec.model_dump_json() for trial in found.trials]
    assert not any("page_quality" in spec for spec in specs)
    through = quick_default(tmp_path, features=("device",), expressions={"sly": "page_quality * 2"})
    with pytest.raises(LeakageError, match="page_quality"):
        run(sealed.folder, default=through, out=tmp_path / "other")


# disks, locks, signals


def test_an_out_that_cannot_be_written_is_said_before_anything_is_trained(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    fits: list[int] = []
    monkeypatch.setattr(models, "fit_click", lambda *_, **__: fits.append(1))
    with pytest.raises(RunError, match=r"search.sqlite: cannot be opened as a search"):
        run(out=tmp_path / "file" / "out", default=None)
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / SEARCH_FILE).write_text("no database" * 100)
    with pytest.raises(RunError, match=r"search.sqlite: cannot be opened as a search"):
        run(out=tmp_path / "odd", default=None)
    assert fits == []


def test_a_default_of_the_logs_own_is_fitted_once_however_often_it_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(budget=2, default=None)
    plain, fits = models.fit_click, list[object]()

    def counted(*given: Any, **named: Any) -> Any:
        fits.append(given[0])
        return plain(*given, **named)

    monkeypatch.setattr(models, "fit_click", counted)
    again = run(budget=2, default=None)
    assert fits == []
    assert [trial.spec for trial in again.trials] == [trial.spec for trial in first.trials]
    assert len(run(budget=3, default=None).trials) == 3
    assert len(fits) <= 1


def test_an_error_that_was_not_expected_is_one_variants_outcome(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = models.fit_click

    def fit(spec: ModelSpec, *given: Any, **named: Any) -> Any:
        if spec.expressions:
            raise ZeroDivisionError("division by zero")
        return plain(spec, *given, **named)

    monkeypatch.setattr(models, "fit_click", fit)
    found = run(proposer="rules", budget=8)
    odd = [trial for trial in found.trials if trial.status == "refused"]
    assert len(found.trials) == 8
    assert odd[0].spec.name == "add device_x_region"
    assert odd[0].why.startswith("ZeroDivisionError: division by zero (test_outcomes.py, line ")
    assert odd[0].why.endswith("not expect this. Leave the variant out, and report the error.")


def test_a_disk_that_fills_while_a_variant_is_built_ends_the_search(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any, **named: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(models, "fit_click", full)
    with pytest.raises(OSError, match="No space left"):
        run(budget=3)


def test_a_full_disk_is_said_and_the_search_goes_on_when_there_is_room(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = SearchStore.keep
    calls = iter(range(100))

    def full(self: SearchStore, *given: Any) -> None:
        if next(calls) == 2:
            self._connection.execute("PRAGMA max_page_count = 1")
            given = (*given[:2], {**given[2], "broken": "x" * 200_000})
        kept(self, *given)

    monkeypatch.setattr(SearchStore, "keep", full)
    with pytest.raises(
        RunError, match=r"cannot be written \(database or disk is full\).*make room"
    ):
        run()
    monkeypatch.setattr(SearchStore, "keep", kept)
    found = run()
    whole = run(out=tmp_path / "whole")
    assert names(found) == names(whole)
    assert [trial.score for trial in found.trials] == [trial.score for trial in whole.trials]


def test_a_disk_that_is_full_when_a_variant_is_frozen_refuses_no_trial(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is no fault of the variant: the search stops, and goes on with that very trial."""
    plain, written = frozen.write_text, iter(range(100))

    def full(path: Path, text: str) -> None:
        if next(written) == 2:
            raise OSError(28, "No space left on device")
        plain(path, text)

    monkeypatch.setattr(frozen, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        run()
    found, whole = run(), run(out=tmp_path / "whole")
    assert [trial.status for trial in found.trials] == ["scored"] * 4
    assert [trial.score for trial in found.trials] == [trial.score for trial in whole.trials]
    assert not list((tmp_path / "workspace").rglob(".freezing*"))


def test_two_processes_do_not_search_in_one_folder(
    run: Run, tmp_path: Path, sealed: SealedSplit, default: Path
) -> None:
    found = run(budget=2)
    store = sqlite3.connect(tmp_path / "out" / SEARCH_FILE)
    other = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    )
    try:
        start = psutil.Process(other.pid).create_time()
        with store:
            store.execute("INSERT INTO settings VALUES ('process', ?)", (f"{other.pid} {start}",))
        with pytest.raises(RunError, match=f"process {other.pid} is searching in this folder now"):
            run(budget=3)
    finally:
        other.kill()
        other.wait()
        store.close()
    assert len(run(budget=3).trials) == 3  # the mark of a process that is gone is no mark
    assert len(found.trials) == 2


def test_an_invalid_spec_is_one_message(run: Run, tmp_path: Path, sealed: SealedSplit) -> None:
    bad = tmp_path / "bad.json"
    for text in ("{", "[]", '{"name": "x"}', '{"name": "x", "policy": {"name": "value"}, "a": 1}'):
        bad.write_text(text)
        with pytest.raises(DataError):
            run(default=bad)
    with pytest.raises(DataError):
        run(default=tmp_path / "nowhere.json")
    assert not (tmp_path / "out").exists()


def test_from_the_command_line(
    sealed: SealedSplit, default: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = [
        "propose", sealed.folder, "--format", "parquet", "--proposer", "rules", "--default",
        default, "--out", tmp_path / "out", "--budget", "3", "--finalists", "0", "--json",
    ]  # fmt: skip
    assert main(list(map(str, common))) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {"evaluations", "best", "verdict", "cost"} <= set(printed)
    assert [one["parent"] for one in printed["evaluations"]][:2] == [None, 0]
    assert all({"spec", "parent", "tune_score"} <= set(one) for one in printed["evaluations"])
    files = {
        name: json.loads((tmp_path / "out" / f"{name}.json").read_text())
        for name in ("search", "cost", "best")
    }
    assert files["cost"] == printed["cost"]
    assert files["best"] == printed["best"]["spec"]
    assert files["search"] == {
        name: value for name, value in printed.items() if name not in ("run", "cost")
    }
    for extra, said in (
        (["--constraint", "win_rate > 1"], "must be a metric"),
        (["--budget", "0"], "budget"), (["--seed", "1"], "whose seed is 0, not 1"),
        (["--money", "much"], "money"), (["--workers", "0"], "workers"),
    ):  # fmt: skip
        assert main(list(map(str, [*common, *extra]))) == 1
        error = json.loads(capsys.readouterr().out)["error"]
        assert said in error["message"]


@pytest.mark.slow
def test_ctrl_c_then_the_same_again_gives_the_same_board(
    run: Run, sealed: SealedSplit, default: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cut"
    command = [
        sys.executable, "-m", "kit.cli", "propose", str(sealed.folder), "--proposer", "rules",
        "--default", str(default), "--out", str(out), "--budget", "12", "--finalists", "0",
    ]  # fmt: skip
    # a test run that was itself begun in the background ignores SIGINT, and its children with it
    heard = [sys.executable, "-c", HEARD, *command]
    with subprocess.Popen(heard, stderr=subprocess.PIPE, text=True, env={**os.environ}) as cut:
        assert cut.stderr is not None
        said = []
        for line in cut.stderr:
            said.append(line)
            if line.strip().startswith("trial 2"):
                cut.send_signal(signal.SIGINT)
                break
        said += list(cut.stderr)
    assert cut.returncode == 1
    assert "interrupted" in said[-1]
    assert not any("Traceback" in line for line in said)
    again = run(budget=12, out=out)
    whole = run(budget=12, out=tmp_path / "whole")
    assert names(again) == names(whole)
    assert [trial.score for trial in again.trials] == [trial.score for trial in whole.trials]


def test_the_world_is_what_the_tests_take_it_for() -> None:
    rows = frame()
    by = rows.groupby(["device", "region"])["click"].mean()
    assert by.max() > 3 * by.min()
