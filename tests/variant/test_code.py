"""A person's own policy in Python: hashed like the rest, run only where it is trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.base.errors import ModelError, PolicyError
from kit.data.simulate import SimulationConfig, simulate
from kit.data.split import Split, time_split
from kit.replay.run import replay
from kit.validate.claim import Claim
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant, load_frozen
from kit.variant.spec import PolicySpec, VariantSpec

FLAT = """
import numpy as np

class Flat:
    def __init__(self, bid):
        self.level = bid

    def bid(self, request, rng):
        return np.full(len(request), self.level)
"""


@pytest.fixture(scope="module")
def split() -> Split:
    return time_split(simulate(SimulationConfig(auctions=4000), 5).log)


def build(split: Split, folder: Path, text: str = FLAT, name: str = "python:Flat") -> FrozenVariant:
    path = folder / "mine.py"
    path.write_text(text)
    policy = PolicySpec(name=name, params={"bid": 2.0})
    spec = VariantSpec(name="mine", model=None, policy=policy)
    return build_variant(spec, split.train, split.tune, folder / "frozen", code=path)


def test_it_bids_as_the_shipped_one_does(split: Split, tmp_path: Path) -> None:
    mine = build(split, tmp_path)
    shipped = PolicySpec(name="constant", params={"bid": 2.0})
    spec = VariantSpec(name="shipped", model=None, policy=shipped)
    other = build_variant(spec, split.train, split.tune, tmp_path / "shipped")
    spends = [replay(split.tune, each.bids(split.tune)).cost for each in (mine, other)]
    assert spends[0] == spends[1] > 0
    assert load_frozen(mine.folder, trust_code=True).hash == mine.hash != other.hash
    assert sorted(path.name for path in mine.folder.iterdir()) == ["policy.py", "variant.json"]


def test_it_does_not_run_unless_it_is_trusted(split: Split, tmp_path: Path) -> None:
    mine = build(split, tmp_path)
    ran = tmp_path / "ran"
    with pytest.raises(ModelError, match=r"Python code.*--trust-code"):
        load_frozen(mine.folder)
    plain = Claim(mine, mine).to_dict()
    with pytest.raises(ModelError, match=r"Python code.*--trust-code"):
        Claim.from_dict(plain)
    assert Claim.from_dict(plain, trust_code=True).candidate.hash == mine.hash
    code = mine.folder / "policy.py"
    code.write_text(f"open({str(ran)!r}, 'w')\n" + code.read_text())
    with pytest.raises(ModelError, match=r"policy\.py changed"):
        load_frozen(mine.folder, trust_code=True)
    assert not ran.exists()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("class Other: pass", r"policy\.py failed with AttributeError"),
        ("1 / 0", r"policy\.py failed with ZeroDivisionError"),
        ("class Flat:\n    def __init__(self, bid): pass", r"has no bid\(request, rng\)"),
    ],
)
def test_code_that_makes_no_policy_is_refused(
    split: Split, tmp_path: Path, text: str, error: str
) -> None:
    with pytest.raises(PolicyError, match=error):
        build(split, tmp_path, text)
    assert not (tmp_path / "frozen").exists()


def test_code_and_its_name_come_together(split: Split, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="constant: comes with a Python file"):
        build(split, tmp_path, name="constant")
    spec = VariantSpec(name="x", model=None, policy=PolicySpec(name="python:Flat"))
    with pytest.raises(PolicyError, match="python:Flat: comes without a Python file"):
        build_variant(spec, split.train, split.tune, tmp_path / "other")


def test_what_it_raises_is_one_error(split: Split, tmp_path: Path) -> None:
    failing = FLAT.replace("return np", "raise KeyError('row 7')\n        return np")
    mine = build(split, tmp_path, failing)
    with pytest.raises(PolicyError, match="python:Flat: raised KeyError"):
        replay(split.tune, mine.bids(split.tune))
