"""Changes and proposals: one edit each, of what the registry has, or a refusal that says why."""

from __future__ import annotations

import pytest

from kit.base.errors import DataError, KitError, PolicyError
from kit.base.specs import read_spec
from kit.variant.change import KINDS, Change, Proposal
from kit.variant.constraint import constraint_of
from kit.variant.space import numbers_of
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec

SPEC = VariantSpec(
    name="root",
    model=ModelSpec(features=("device", "hour"), expressions={"late": "hour > 18"}),
    policy=PolicySpec(name="shade", params={"shading_factor": 0.8, "multiplier": 1.0},
                      multipliers={"north": 0.9}),
    constraints=(constraint_of("win_rate >= 0.2"),),
)  # fmt: skip
GOOD = {
    "add_feature": ("region", ""), "drop_feature": ("hour", ""),
    "add_expression": ("pair", "device || hour"), "drop_expression": ("late", ""),
    "objective": ("", "squared_error"), "calibration": ("", "platt"),
    "recent_share": ("", "0.5"), "param": ("num_leaves", "31"), "policy": ("value", ""),
    "policy_param": ("multiplier", "1.2"), "exchange_factor": ("south", 1.5),
    "first_price_factor": ("south", 0.5), "constraint": ("win_rate", "<= 0.9"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_one_edit(kind: str) -> None:
    name, value = GOOD[kind]
    change = Change(kind=kind, name=name, value=value)  # type: ignore[arg-type]
    changed = change.apply(SPEC)
    before, after = SPEC.model_dump(), changed.model_dump()
    parts = ("model", "policy", "constraints")
    assert [part for part in parts if before[part] != after[part]] == [
        "constraints" if kind == "constraint" else
        "policy" if "polic" in kind or "factor" in kind else "model"
    ]  # fmt: skip
    assert (changed.name, changed.parent, changed.hypothesis) == ("root", "", "")
    assert str(change)
    assert changed.key != SPEC.key or kind == "constraint"
    if kind != "constraint":
        with pytest.raises(KitError):
            change.apply(changed)  # a second time it changes nothing


@pytest.mark.parametrize(("kind", "name", "value", "said"), [
    ("add_feature", "device", "", "is a feature already"),
    ("drop_feature", "devise", "", "is no feature; must be one edit.*Did you mean 'device'"),
    ("add_expression", "late", "hour > 19", "is a feature already"),
    ("add_expression", "Late!", "hour > 19", "should match pattern"),
    ("add_expression", "x" * 41, "hour > 19", "should match pattern"),
    ("drop_expression", "early", "", "is no computed feature"),
    ("objective", "", "accuracy", "objective: got 'accuracy'"),
    ("objective", "", "log_loss", "changes nothing"),
    ("calibration", "", "magic", "calibration: got 'magic'"),
    ("recent_share", "", "0", "recent_share"),
    ("recent_share", "", "all", "recent_share"),
    ("param", "num_leaves", "many", "'many' is no number; must be one edit"),
    ("param", "num_leaves", "nan", "finite"),
    ("param", "num_leaves", "inf", "finite"),
    ("policy", "logged", "", "is none that bids on each request by itself"),
    ("policy", "rlb", "", "is none that bids on each request by itself"),
    ("policy", "python:Mine", "", "is none that bids on each request by itself"),
    ("policy_param", "bid", "1", "is no parameter of shade"),
    ("policy_param", "multiplier", "", "is no number"),
    ("exchange_factor", "north", "-1", "greater than or equal to 0"),
    ("exchange_factor", "north", "1e308", "less than or equal to 1000000"),
    ("constraint", "win_rate", "about 1", "must be a metric"),
    ("constraint", "fun", "<= 1", "metric: got 'fun'"),
])  # fmt: skip
def test_what_is_not_allowed_is_refused_by_name(
    kind: str, name: str, value: str, said: str
) -> None:
    with pytest.raises((PolicyError, DataError), match=said):
        Change(kind=kind, name=name, value=value).apply(SPEC)  # type: ignore[arg-type]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(DataError, match="kind: got 'rewrite'"):
        read_spec(Change, {"kind": "rewrite", "name": "all"})


def test_a_model_is_needed_to_change_it() -> None:
    bare = SPEC.model_copy(update={"model": None})
    with pytest.raises(PolicyError, match="the variant has no model"):
        Change(kind="add_feature", name="region").apply(bare)
    with pytest.raises(PolicyError, match=r"takes the log's defaults; .*Name its features"):
        Change(kind="add_feature", name="region").apply(VariantSpec(name="a", policy=SPEC.policy))


def test_a_constraint_is_added_and_takes_none_away() -> None:
    """Else a model could loosen what a person set."""
    looser = Change(kind="constraint", name="win_rate", value=">= 0").apply(SPEC)
    assert SPEC.constraints[0] in looser.constraints
    assert len(looser.constraints) == 2


def test_a_new_policy_keeps_what_both_have() -> None:
    changed = Change(kind="policy", name="value").apply(SPEC)
    assert changed.policy.params == {"multiplier": 1.0}
    assert changed.policy.multipliers == {"north": 0.9}


def test_a_proposal_names_its_lineage() -> None:
    changes = (
        Change(kind="drop_feature", name="hour"),
        Change(kind="param", name="num_leaves", value=7),
    )
    spec = Proposal(3, changes, "w" * 900, "me" * 90).apply(SPEC)
    assert spec.name == "drop hour, num_leaves 7"
    assert (spec.parent, len(spec.hypothesis), len(spec.proposer)) == (SPEC.key, 500, 80)
    assert spec.constraints == SPEC.constraints
    long = Proposal(
        0, (Change(kind="add_expression", name="a", value="hour" + " + 1" * 40),), "", ""
    )
    assert long.apply(SPEC).name == long.label == long.name[:80]
    assert Proposal(0, (), "", "").name == "the default again"


def test_numbers_stay_in_their_ranges() -> None:
    for one in numbers_of(SPEC):
        assert one.low <= one.default <= one.high
        assert one.low <= one.fit(1e12) <= one.high
        assert one.low <= one.fit(-1e12) <= one.high
        assert one.value_in(one.change(one.low).apply(SPEC)) == one.low
    assert {one.name for one in numbers_of(SPEC, has_trees=False)} == {
        "multiplier",
        "shading_factor",
    }
