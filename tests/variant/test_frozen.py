"""Variants as data: built, frozen, read again; what was changed since is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kit.base.errors import DataError, ModelError, PolicyError
from kit.base.specs import read_spec
from kit.base.workspace import candidates_path
from kit.data.log import AuctionLog
from kit.data.simulate import SimulationConfig, simulate
from kit.data.split import Split, time_split
from kit.replay.run import replay
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant, load_frozen
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec

SHADED = PolicySpec(name="shade", params={"shading_factor": 0.6})


@pytest.fixture(scope="module")
def split() -> Split:
    return time_split(simulate(SimulationConfig(auctions=20_000, ctr=0.05), 5).log)


@pytest.fixture(scope="module")
def shaded(split: Split, tmp_path_factory: pytest.TempPathFactory) -> FrozenVariant:
    spec = VariantSpec(name="shaded", policy=SHADED)
    folder = tmp_path_factory.mktemp("variants") / "shaded"
    return build_variant(spec, split.train, split.tune, folder)


def money(variant: FrozenVariant, log: AuctionLog) -> float:
    ready = variant.with_predictions(log)
    return replay(ready, variant.bids(ready)).surplus


def test_it_bids_the_same_when_it_is_read_again(shaded: FrozenVariant, split: Split) -> None:
    again = load_frozen(shaded.folder)
    assert again.spec == shaded.spec
    assert again.hash == shaded.hash
    assert again.features == shaded.features != ()
    assert money(again, split.tune) == money(shaded, split.tune) != 0


def test_every_parameter_is_spelled_out(shaded: FrozenVariant, split: Split) -> None:
    assert shaded.spec.policy.params == {"shading_factor": 0.6, "multiplier": 1.0}
    learnt = PolicySpec(name="lin", params={"b0": 10.0})
    spec = build_variant(VariantSpec(name="lin", policy=learnt), split.train, split.tune).spec
    assert spec.policy.params["b0"] == 10.0
    assert 0 < spec.policy.params["average_ctr"] < 1


def test_the_same_variant_is_frozen_once(split: Split) -> None:
    """Its name and lineage decide nothing; its policy does."""
    flat = PolicySpec(name="constant", params={"bid": 2.0})
    specs = [VariantSpec(name=name, model=None, policy=flat) for name in ("one", "two")]
    one, two = (build_variant(spec, split.train, split.tune) for spec in specs)
    assert one.folder == two.folder
    assert one.folder.parent == candidates_path()
    assert (one.spec.name, two.spec.name) == ("one", "two")
    other = flat.model_copy(update={"params": {"bid": 3.0}})
    three = build_variant(
        VariantSpec(name="one", model=None, policy=other), split.train, split.tune
    )
    assert three.hash != one.hash


def test_a_folder_of_another_variant_is_kept(shaded: FrozenVariant, split: Split) -> None:
    spec = VariantSpec(
        name="flat", model=None, policy=PolicySpec(name="constant", params={"bid": 1})
    )
    with pytest.raises(ModelError, match=r"holds another variant \(shaded\)"):
        build_variant(spec, split.train, split.tune, shaded.folder)
    assert load_frozen(shaded.folder).spec.name == "shaded"


def test_factors_by_exchange(split: Split) -> None:
    names = split.tune.labels("exchange", "all")[1]
    flat = PolicySpec(
        name="constant", params={"bid": 2.0}, multipliers={names[0]: 3.0}, elsewhere=0.5
    )
    variant = build_variant(VariantSpec(name="f", model=None, policy=flat), split.train, split.tune)
    policy = variant.bids(split.tune)
    assert not isinstance(policy, np.ndarray)
    bids = policy.bid(split.tune.request, np.random.default_rng(0))
    is_first = (split.tune.frame["exchange"].astype(str) == names[0]).to_numpy()
    assert set(bids[is_first]) == {6.0}
    assert set(bids[~is_first]) == {1.0}


def test_the_logged_bids(split: Split) -> None:
    spec = VariantSpec(name="logged", model=None, policy=PolicySpec(name="logged"))
    variant = build_variant(spec, split.train, split.tune)
    assert np.array_equal(
        variant.bids(split.tune), split.tune.frame["bid_price_cpm"], equal_nan=True
    )
    bare = AuctionLog(split.tune.frame.drop(columns="bid_price_cpm"), split.tune.meta)
    with pytest.raises(PolicyError, match="logged: the log has no bid_price_cpm"):
        variant.bids(bare)


@pytest.mark.parametrize("change", ["edit", "add", "drop", "code", "spec"])
def test_what_changed_since_is_refused(split: Split, tmp_path: Path, change: str) -> None:
    spec = VariantSpec(name="shaded", policy=SHADED, model=ModelSpec(features=("exchange",)))
    folder = build_variant(spec, split.train, split.tune, tmp_path / "v").folder
    calibration = folder / "click" / "calibration.json"
    if change == "edit":
        calibration.write_text(calibration.read_text() + " ")
    elif change == "add":
        (folder / "more.json").write_text("{}")
    elif change == "drop":
        calibration.unlink()
    elif change == "code":
        (folder / "policy.py").write_text("print('hello')")
    else:
        (folder / "variant.json").write_text("{}")
    said = {"code": "may hold .json, .npz, .txt only", "spec": "holds no frozen variant"}
    with pytest.raises(ModelError, match=said.get(change, "changed, missing or added")):
        load_frozen(folder)


def test_bad_specs_are_refused_by_name(split: Split) -> None:
    with pytest.raises(PolicyError, match=r"policy: got 'valeu'.*value"):
        build_variant(
            VariantSpec(name="v", model=None, policy=PolicySpec(name="valeu")),
            split.train, split.tune,
        )  # fmt: skip
    with pytest.raises(PolicyError, match="policy rlb: plans ahead"):
        build_variant(
            VariantSpec(name="v", model=None, policy=PolicySpec(name="rlb")),
            split.train, split.tune,
        )  # fmt: skip
    with pytest.raises(ModelError, match=r"'won' is outcome information"):
        build_variant(
            VariantSpec(name="v", policy=SHADED, model=ModelSpec(features=("won",))),
            split.train, split.tune,
        )  # fmt: skip
    with pytest.raises(DataError, match="polcy: no such setting"):
        read_spec(VariantSpec, {"name": "v", "polcy": {"name": "value"}})
    assert not list(candidates_path().glob("*"))  # nothing half written


def test_a_spec_survives_json() -> None:
    spec = VariantSpec(
        name="v", policy=SHADED, parent="abc", hypothesis="less is more", proposer="rules", seed=3
    )
    assert read_spec(VariantSpec, json.loads(spec.model_dump_json())) == spec
    assert spec.key != spec.model_copy(update={"seed": 4}).key


def test_a_factor_of_an_exchange_that_the_log_does_not_have_is_refused(split: Split) -> None:
    policy = PolicySpec(name="shade", params={"shading_factor": 0.6}, first_price={"aurorra": 0.5})
    with pytest.raises(PolicyError, match=r"exchange 'aurorra'.*Did you mean 'aurora'"):
        build_variant(VariantSpec(name="x", policy=policy), split.train, split.tune)
