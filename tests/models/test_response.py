from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from kit.base.errors import DataError, ModelError
from kit.data.log import AuctionLog, LogMeta
from kit.models.features import MAX_LABELS, FeatureTable, default_features
from kit.models.labels import labelled
from kit.models.reliability import score_probabilities
from kit.models.response import LoggedResponse, ResponseModel, fit_response, load_response


def _plain_log(rows: int = 3000, clicks: int = 5, **columns: Any) -> AuctionLog:
    click = np.zeros(rows, dtype=bool)
    click[np.linspace(0, rows - 1, clicks).astype(int)] = True
    frame = pd.DataFrame({"market_price_cpm": 1.0, "market_price_kind": "known", "click": click})
    features = tuple(name for name in columns if name in ("size", "site"))
    return AuctionLog(frame.assign(**columns), LogMeta("test", features=features))


def test_fitted_pctr_recovers_the_truth(still: Any, response: ResponseModel) -> None:
    """1,000 clicks in 36,000 impressions; stated error: 40 % by row, 25 % by decile."""
    truth = still.simulation.truth.pctr(still.holdout.request)
    fitted = response.predict(still.holdout)
    assert fitted.sum() == pytest.approx(truth.sum(), rel=0.1)
    constant = np.abs(truth - truth.mean()).sum() / truth.sum()
    error = np.abs(fitted - truth).sum() / truth.sum()
    assert error < 0.40 < 0.62 < constant
    decile = pd.qcut(fitted, 10, labels=False)
    by_decile = pd.DataFrame({"fitted": fitted, "truth": truth}).groupby(decile).mean()
    np.testing.assert_allclose(by_decile["fitted"], by_decile["truth"], rtol=0.25)
    assert np.corrcoef(logit(fitted), logit(truth))[0, 1] > 0.75


def test_reliability_and_score_come_from_impressions(still: Any, response: ResponseModel) -> None:
    won = still.holdout.frame["won"].to_numpy()
    table = response.reliability(still.holdout)
    assert table["rows"].sum() == won.sum()
    score = response.score(still.holdout)
    assert score.rows == won.sum()
    assert score.auc is not None
    assert score.auc > 0.65
    assert 0.8 < (score.calibration_ratio or 0) < 1.25


def test_lost_auctions_do_not_count_as_unclicked(still: Any, response: ResponseModel) -> None:
    wins = still.train.rows(still.train.frame["won"].to_numpy())
    again = ResponseModel.fit(wins, still.tune, seed=3)
    np.testing.assert_array_equal(again.predict(still.holdout), response.predict(still.holdout))
    assert response.card.rows == len(wins)


def test_saved_model_predicts_the_same(still: Any, response: ResponseModel, tmp_path: Path) -> None:
    loaded = load_response(response.save(tmp_path / "model"))
    assert isinstance(loaded, ResponseModel)
    np.testing.assert_array_equal(loaded.predict(still.holdout), response.predict(still.holdout))
    assert loaded.summary() == response.summary()
    pd.testing.assert_frame_equal(loaded.importance(), response.importance())
    card = json.loads((tmp_path / "model" / "schema.json").read_text())
    assert card["data"]["train"] == still.train.content_hash()
    assert card["seed"] == 3
    assert {"kit", "lightgbm", "numpy"} <= set(card["versions"])
    assert card["params"]["learning_rate"] > 0
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "calibration.json", "model.txt", "schema.json",
    ]  # fmt: skip


def test_a_loaded_model_is_not_calibrated_again(
    still: Any, response: ResponseModel, tmp_path: Path
) -> None:
    """What the fit held of its tune split is not saved: all rows ask the trees, to the same end."""
    loaded = load_response(response.save(tmp_path / "model"))
    np.testing.assert_allclose(
        response.predict_tune(still.tune), loaded.predict_tune(still.tune), rtol=1e-10
    )
    with pytest.raises(ModelError, match="the model was loaded; must be one fitted here"):
        loaded.recalibrated(still.tune, "platt")


@pytest.mark.slow
def test_same_seed_same_model(still: Any, response: ResponseModel) -> None:
    again = ResponseModel.fit(still.train, still.tune, seed=3, num_threads=2)
    np.testing.assert_array_equal(again.predict(still.holdout), response.predict(still.holdout))


def test_calibration_fits_the_kept_trees(still: Any, response: ResponseModel) -> None:
    """The shortcut to the tune predictions gives what the saved trees say."""
    rows = labelled(still.tune, "click")
    predicted = response.predict(rows.frame)
    assert predicted.sum() == pytest.approx(rows.positives, rel=1e-6)


def test_order_and_coding_of_labels_do_not_matter(still: Any, response: ResponseModel) -> None:
    frame = still.holdout.request.head(500)
    shuffled = frame.copy()
    for name in ("exchange", "country", "user_segment"):
        categories = list(frame[name].cat.categories)
        shuffled[name] = frame[name].cat.set_categories(categories[::-1])
    text = frame.astype({"exchange": "str", "country": object})
    for variant in (shuffled[shuffled.columns[::-1]], text):
        np.testing.assert_array_equal(response.predict(variant), response.predict(frame))


def test_unseen_labels_count_as_missing(still: Any, response: ResponseModel) -> None:
    frame = still.holdout.request.head(50)
    unseen = frame.assign(user_segment="from mars")
    missing = frame.assign(user_segment=pd.Categorical([None] * 50, ["cart"]))
    np.testing.assert_array_equal(response.predict(unseen), response.predict(missing))


def test_missing_columns_are_named(still: Any, response: ResponseModel) -> None:
    frame = still.holdout.request.drop(columns=["country", "page_quality"])
    with pytest.raises(ModelError, match="lacks country, page_quality"):
        response.predict(frame)
    with pytest.raises(ModelError, match=r"page_quality: has type .* must be a number"):
        response.predict(still.holdout.request.head(5).assign(page_quality="good"))


def test_no_rows_give_no_predictions(still: Any, response: ResponseModel) -> None:
    assert response.predict(still.holdout.request.head(0)).shape == (0,)


def test_models_see_request_columns_only(still: Any) -> None:
    assert "pctr" not in default_features(still.train)
    reasons = {
        "won": "outcome information",
        "bid_price_cpm": "bid information",
        "timestamp": "names rows",
        "countri": "Did you mean 'country'",
    }
    for name, why in reasons.items():
        with pytest.raises(ModelError, match=why):
            FeatureTable.of(still.train, [name])
    with pytest.raises(ModelError, match="learning_rate"):
        ResponseModel.fit(still.train, still.tune, params={"learning_rat": 0.1})


def test_clock_gives_hour_and_weekday_in_the_log_s_zone() -> None:
    times = pd.date_range("2026-03-01 23:30", periods=3, freq="30min", tz="UTC").as_unit("us")
    log = _plain_log(3, 1, timestamp=times)
    log = AuctionLog(log.frame, LogMeta("test", timezone="Asia/Shanghai"))
    table = FeatureTable.of(log)
    assert table.names == ("hour", "weekday")
    assert table.matrix(log).tolist() == [[7, 0], [8, 0], [8, 0]]
    assert FeatureTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table
    with pytest.raises(ModelError, match="timestamp"):
        table.matrix(log.frame.drop(columns="timestamp"))


def test_rare_labels_beyond_the_limit_count_as_missing() -> None:
    site = np.r_[np.repeat("big", 50), [f"s{number}" for number in range(MAX_LABELS + 20)]]
    table = FeatureTable.of(_plain_log(site.size, 1, site=site))
    assert len(table.labels["site"]) == MAX_LABELS
    assert table.labels["site"][0] == "big"


def test_five_clicks_are_refused_by_trees_and_told_by_the_fallback(tmp_path: Path) -> None:
    train, tune = _plain_log(5013, 5, size=1.0), _plain_log(1671, 1, size=1.0)
    with pytest.raises(ModelError, match=r"5 positive in 5,013 labelled training rows; need >= 50"):
        ResponseModel.fit(train, tune)
    model = fit_response(train, tune)
    assert model.kind == "prior"
    assert "5 clicks in 5,013" in model.summary()["about"]
    np.testing.assert_allclose(model.predict(tune), 7 / 7684)
    loaded = load_response(model.save(tmp_path))
    assert loaded.summary() == model.summary()
    np.testing.assert_array_equal(loaded.predict(tune), model.predict(tune))


def test_no_clicks_at_all_still_give_a_small_positive_rate() -> None:
    model = fit_response(_plain_log(800, 0, size=1.0), _plain_log(200, 0, size=1.0))
    assert 0 < model.predict(_plain_log(1, 0))[0] < 0.001


def test_logged_pctr_is_recalibrated(rng: np.random.Generator, tmp_path: Path) -> None:
    raw = rng.normal(-4.5, 1.0, 30_000)
    truth = expit(0.8 * raw - 0.5)
    log = _plain_log(raw.size, 0, pctr=expit(raw)).with_columns(click=rng.random(raw.size) < truth)
    train, tune, holdout = (log.rows(slice(low, low + 10_000)) for low in (0, 10_000, 20_000))
    model = fit_response(train, tune)
    assert isinstance(model, LoggedResponse)
    fitted = model.predict(holdout)
    assert np.abs(fitted - truth[20_000:]).sum() / truth[20_000:].sum() < 0.2
    ours = model.score(holdout).log_loss
    theirs = score_probabilities(holdout.frame["pctr"], holdout.frame["click"]).log_loss
    assert ours is not None
    assert theirs is not None
    assert ours < theirs
    loaded = load_response(model.save(tmp_path))
    np.testing.assert_array_equal(loaded.predict(holdout), fitted)
    with pytest.raises(ModelError, match="lacks pctr"):
        model.predict(holdout.frame.drop(columns="pctr"))


def test_conversions_are_asked_of_mature_clicks(still: Any) -> None:
    frame = still.train.frame
    rows = labelled(still.train, "conversion")
    end = frame["timestamp"].iloc[-1]
    clicked = frame[frame["won"] & frame["click"]]
    assert len(rows) == (clicked["label_mature_at"] <= end).sum()
    later = labelled(still.train, "conversion", as_of=pd.Timestamp("2027-01-01", tz="UTC"))
    assert len(later) == len(clicked)
    without = AuctionLog(frame.drop(columns="label_mature_at"), still.train.meta)
    assert len(labelled(without, "conversion")) == len(clicked)


def test_conversion_rate_of_few_clicks_is_a_prior(still: Any) -> None:
    model = fit_response(still.train, still.tune, "conversion")
    assert (model.kind, model.target) == ("prior", "conversion")


def test_torn_and_foreign_folders_are_refused(response: ResponseModel, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        load_response(tmp_path / "absent")
    folder = response.save(tmp_path / "torn")
    (folder / "model.txt").write_text("tree\n")
    with pytest.raises(ModelError, match=r"model\.txt differs"):
        load_response(folder)
    (folder / "model.txt").unlink()
    with pytest.raises(ModelError, match=r"model\.txt is missing"):
        load_response(folder)
    card = json.loads((folder / "schema.json").read_text()) | {"format": 99}
    (folder / "schema.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="format 99"):
        load_response(folder)


def test_logs_without_labels_are_refused_by_name() -> None:
    log = AuctionLog(_plain_log().frame.drop(columns="click"))
    with pytest.raises(ModelError, match="no column click"):
        fit_response(log, log)
    with pytest.raises(DataError, match="target"):
        fit_response(log, log, "view")
