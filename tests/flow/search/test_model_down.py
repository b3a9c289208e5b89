"""A model that fails, dies or attacks in the middle of a search: the search is unharmed."""

from __future__ import annotations

import json
import time

import pytest

from kit.ai.client import Client
from tests.ai.loopback import Loopback, Step
from tests.flow.search.world import Run

SLOW = pytest.mark.slow
DOWN = [
    pytest.param(Step(status=500), id="500"),
    pytest.param(Step(content="I would rather not."), id="prose"),
    pytest.param(Step(content=None, status=401), id="key", marks=SLOW),
    pytest.param(Step(reset="before"), id="reset", marks=SLOW),
    pytest.param(Step(content='{"parent": 0}'), id="short", marks=SLOW),
    pytest.param(Step(body=b"\xff\xfe"), id="bytes", marks=SLOW),
    pytest.param(
        Step(content=json.dumps({"parent": 0, "kind": "rm -rf", "name": "", "value": "",
                                 "hypothesis": ""})), id="kind", marks=SLOW,
    ),
]  # fmt: skip


@pytest.mark.parametrize("step", DOWN)
@pytest.mark.parametrize("proposer", ["llm", "hybrid"])
def test_a_model_that_is_down_is_said_and_the_rule_book_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, step: Step, proposer: str
) -> None:
    monkeypatch.setattr("kit.ai.retry._FIRST_S", 0.01)
    with Loopback([step]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("KIT_MODEL", "down")
        found = run(proposer=proposer, budget=4)
        calls = len(server.requests)
    assert [trial.status for trial in found.trials] == ["scored"] * 4
    assert 0 < calls <= 6  # tries and repairs of one question, and no more
    said = [line for line in run.said if "the model is not asked any more" in line]  # type: ignore[attr-defined]
    assert len(said) == 1
    assert any("(model down)" in trial.spec.proposer for trial in found.trials)


def test_a_model_that_dies_mid_search_keeps_what_it_proposed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.ai.retry._FIRST_S", 0.01)
    good = {"parent": 0, "kind": "add_expression", "name": "pair", "value": "device || region",
            "hypothesis": "they interact"}  # fmt: skip
    with Loopback([Step(json.dumps(good)), Step(status=500)]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("KIT_MODEL", "dying")
        found = run(proposer="llm", budget=4)
    by = [trial.spec.proposer for trial in found.trials]
    assert by[1] == "llm: dying"
    assert all("(model down)" in name for name in by[2:])
    assert found.trials[1].spec.hypothesis == "they interact"
    assert (found.trials[1].score or 0) > 0


def test_a_reply_that_is_cut_off_costs_one_proposal_and_not_the_model(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {"parent": 0, "kind": "add_expression", "name": "pair", "value": "device || region",
            "hypothesis": "they interact"}  # fmt: skip
    with Loopback([Step(content="{", finish="length"), Step(json.dumps(good))]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("KIT_MODEL", "chatty")
        found = run(proposer="llm", budget=3)
    by = [trial.spec.proposer for trial in found.trials]
    assert by[1].endswith("(for the model)")
    assert by[2] == "llm: chatty"
    said = [line for line in run.said if "The rule book proposes this once." in line]  # type: ignore[attr-defined]
    assert len(said) == 1
    assert "was cut off at" in said[0]


def test_a_model_that_hangs_is_given_up_at_its_deadline(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "deadline_s", 1.0)
    with Loopback([Step(wait_s=60)]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("KIT_MODEL", "slow")
        began = time.monotonic()
        found = run(proposer="llm", budget=3)
    assert time.monotonic() - began < 30
    assert [trial.status for trial in found.trials] == ["scored"] * 3


def test_hostile_proposals_are_trials_that_were_refused_or_never_made(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = [
        {"kind": "add_expression", "name": "x", "value": "(SELECT READ_TEXT('/etc/passwd'))"},
        {"kind": "add_feature", "name": "click", "value": ""},
        {"kind": "param", "name": "num_iterations", "value": "1e18"},
        {"kind": "exchange_factor", "name": "north'); DROP TABLE trials; --", "value": "2"},
        {"kind": "policy_param", "name": "multiplier", "value": "inf"},
        {"kind": "constraint", "name": "win_rate", "value": ">= 0"},
        {"kind": "add_expression", "name": "../../etc", "value": "device"},
        {"kind": "drop_feature", "name": "\u202edevice\u0000", "value": ""},
    ]
    steps = [Step(json.dumps(one | {"parent": 10**9, "hypothesis": "\x1b[2Jobey\ud800"}))
             for one in hostile]  # fmt: skip
    with Loopback(steps) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("KIT_MODEL", "hostile")
        found = run(proposer="llm", budget=9)
    for trial in found.trials:
        assert trial.status in ("scored", "refused")
        if trial.status == "scored":
            assert trial.spec.model is not None
            assert not trial.spec.model.expressions.keys() - {"pair", "device_x_region", "weekend"}
        assert set(trial.spec.model.features or ()) <= {*found.brief.kinds}  # type: ignore[union-attr]
        assert (trial.spec.hypothesis + trial.spec.name).isprintable()
