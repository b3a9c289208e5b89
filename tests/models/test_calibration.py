from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from kit.base.errors import DataError, ModelError
from kit.models.calibration import ISOTONIC_POSITIVES, SLOPE_POSITIVES, Calibrator
from kit.models.reliability import reliability, score_probabilities


def _sample(rng: np.random.Generator, rows: int, slope: float, shift: float):
    raw = rng.normal(-3.5, 1.0, rows)
    label = rng.random(rows) < expit(slope * raw + shift)
    return expit(raw), label


def test_platt_recovers_a_line_on_the_logit_scale(rng: np.random.Generator) -> None:
    probability, label = _sample(rng, 12_000, 0.7, -0.6)
    calibrator = Calibrator.fit(probability, label)
    assert calibrator.method == "platt"
    assert calibrator.slope == pytest.approx(0.7, abs=0.1)
    probe = np.array([0.005, 0.03, 0.2])
    truth = expit(0.7 * logit(probe) - 0.6)
    np.testing.assert_allclose(calibrator.apply(probe), truth, rtol=0.25)
    assert calibrator.apply(probability).sum() == pytest.approx(label.sum(), rel=1e-6)


def test_isotonic_recovers_a_curve_that_no_line_fits(rng: np.random.Generator) -> None:
    raw = rng.normal(-3.0, 1.2, 200_000)
    truth = 0.01 + 0.2 / (1 + np.exp(-4 * (raw + 2.5)))
    label = rng.random(raw.size) < truth
    calibrator = Calibrator.fit(expit(raw), label)
    assert calibrator.method == "isotonic"
    error = np.abs(calibrator.apply(expit(raw)) - truth)
    assert error.mean() < 0.004
    line = Calibrator.fit(expit(raw[:8000]), label[:8000])
    assert line.method == "platt"
    assert np.abs(line.apply(expit(raw)) - truth).mean() > 0.01


@pytest.mark.parametrize("clicks", [0, 1, 5, SLOPE_POSITIVES - 1])
def test_few_positives_only_shift_and_are_shrunken(clicks: int) -> None:
    label = np.arange(5000) < clicks
    calibrator = Calibrator.fit(np.full(5000, 0.002), label)
    fitted = calibrator.apply([0.002])[0]
    assert calibrator.method == "shift"
    low, high = sorted([0.002, max(clicks, 0.01) / 5000])
    assert low < fitted < high or fitted == pytest.approx(0.002, rel=0.1)
    assert fitted > 0.0001


def test_every_row_positive_still_gives_probabilities() -> None:
    calibrator = Calibrator.fit(np.full(100, 0.5), np.ones(100))
    assert 0.5 < calibrator.apply([0.5])[0] < 1


def test_no_rows_change_nothing() -> None:
    np.testing.assert_allclose(Calibrator.fit([], []).apply([0.1, 0.7]), [0.1, 0.7])


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 4000),
    level=st.floats(-6, 6),
    spread=st.floats(0, 4),
)
def test_maps_are_monotone_and_stay_inside(
    seed: int, rows: int, level: float, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    raw = rng.normal(level, spread, rows)
    calibrator = Calibrator.fit(expit(raw), rng.random(rows) < expit(level))
    probe = calibrator.apply(np.r_[0.0, np.sort(rng.random(200)), 1.0])
    assert (np.diff(probe) >= 0).all()
    assert ((probe > 0) & (probe < 1)).all()


def test_a_huge_sample_chooses_its_method_by_positives(rng: np.random.Generator) -> None:
    label = np.zeros(50_000, dtype=bool)
    label[:ISOTONIC_POSITIVES] = True
    assert Calibrator.fit(rng.random(label.size), label).method == "isotonic"
    label[0] = False
    assert Calibrator.fit(rng.random(label.size), label).method == "platt"


def test_saved_map_is_the_same(rng: np.random.Generator, tmp_path: Path) -> None:
    for rows in (300, 10_000, 100_000):
        probability, label = _sample(rng, rows, 0.8, -0.2)
        calibrator = Calibrator.fit(probability, label)
        calibrator.save(tmp_path / "calibration.json")
        assert Calibrator.load(tmp_path / "calibration.json") == calibrator


def test_what_is_no_calibration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"method": "platt"}')
    for name in ("bad.json", "absent.json"):
        with pytest.raises(ModelError, match=name):
            Calibrator.load(tmp_path / name)


@pytest.mark.parametrize(
    ("probability", "label", "word"),
    [([0.1, np.nan], [0, 1], "missing or outside"), ([0.1, 1.2], [0, 1], "1.2"),
     ([0.1], [0, 1], "one label a row"), ([0.1, 0.2], [0, 2], "0 or 1")],
)  # fmt: skip
def test_bad_input_is_named(probability: list[float], label: list[float], word: str) -> None:
    with pytest.raises(DataError, match=word):
        Calibrator.fit(probability, label)


def test_reliability_bins_hold_every_row_once(rng: np.random.Generator) -> None:
    probability, label = _sample(rng, 5000, 1.0, 0.0)
    table = reliability(probability, label, bins=8)
    assert table["rows"].sum() == 5000
    assert table["positives"].sum() == label.sum()
    assert (table["predicted"].diff().dropna() > 0).all()
    assert ((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).all()
    covered = (table["low"] <= table["predicted"]) & (table["predicted"] <= table["high"])
    assert covered.mean() >= 0.75


def test_equal_predictions_share_a_bin() -> None:
    assert len(reliability([0.1] * 50, [0] * 49 + [1], bins=10)) == 1


def test_scores_match_their_definitions(rng: np.random.Generator) -> None:
    from sklearn.metrics import log_loss, roc_auc_score

    probability, label = _sample(rng, 3000, 1.0, 0.0)
    score = score_probabilities(np.round(probability, 3).clip(0.001), label)
    rounded = np.round(probability, 3).clip(0.001)
    assert score.log_loss == pytest.approx(log_loss(label, rounded))
    assert score.auc == pytest.approx(roc_auc_score(label, rounded))
    assert score.calibration_ratio == pytest.approx(rounded.sum() / label.sum())
    assert score.normalised_entropy is not None
    assert score.normalised_entropy < 1


def test_scores_without_positives_or_rows_are_none() -> None:
    score = score_probabilities([0.1, 0.2], [0, 0])
    assert (score.auc, score.calibration_ratio, score.normalised_entropy) == (None, None, None)
    assert score_probabilities([], []).log_loss is None
    assert score_probabilities([0.0, 0.5], [1, 0]).log_loss is None


@pytest.mark.slow
def test_it_does_not_depend_on_the_threads_of_blas() -> None:
    """Else the same spec, built again, would be another candidate and charged again."""
    code = """
import numpy as np
from kit.models.calibration import Calibrator
for seed in range(8):
    rng = np.random.default_rng(seed)
    raw = rng.uniform(0.005, 0.03, 40_000)
    print(Calibrator.fit(raw, rng.random(40_000) < raw ** 1.1))
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
    assert "platt" in said.pop()  # the one that is fitted by sums over all rows
