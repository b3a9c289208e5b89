"""Computed features: the same values at fit, at prediction and after they were written and read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kit.base.errors import ModelError, UnsafeSQLError
from kit.data.log import AuctionLog, LogMeta
from kit.data.sql.features import MAX_LENGTH, check_feature, compute_features
from kit.models.boosted import ResponseModel
from kit.models.features import FeatureTable
from kit.variant.build import build_variant
from kit.variant.frozen import load_frozen
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec
from tests.flow.search.world import FEATURES, QUICK, frame, log_of

PAIR = {"pair": "device || '/' || region"}


def parts(rows: pd.DataFrame | None = None) -> tuple[AuctionLog, AuctionLog]:
    made = log_of(frame(3000) if rows is None else rows)
    return made.rows(slice(0, 2200)), made.rows(slice(2200, None))


def table(expressions: dict[str, str], rows: pd.DataFrame | None = None) -> FeatureTable:
    return FeatureTable.of(parts(rows)[0], ("device",), expressions)


def values(made: FeatureTable, rows: pd.DataFrame, name: str) -> list[float]:
    found = made.matrix(rows)[:, made.names.index(name)]
    return [None if np.isnan(value) else float(value) for value in found]


def test_the_same_values_at_fit_at_prediction_and_when_read_again(tmp_path: Path) -> None:
    train, tune = parts()
    spec = VariantSpec(
        name="v", policy=PolicySpec(name="value"),
        model=ModelSpec(
            features=("device",), params=QUICK,
            expressions=PAIR | {"late": "hour > 18", "scaled": "hour / NULLIF(page_quality, 0)"},
        ),
    )  # fmt: skip
    built = build_variant(spec, train, tune, tmp_path / "v")
    again = load_frozen(tmp_path / "v")
    predicted = built.with_predictions(tune).frame["pctr"]
    assert predicted.nunique() > 2
    pd.testing.assert_series_equal(again.with_predictions(tune).frame["pctr"], predicted)
    one = tune.rows(slice(7, 8))
    assert again.with_predictions(one).frame["pctr"].iloc[0] == predicted.iloc[7]
    assert again.features == ("device", "region", "hour", "page_quality")
    card = json.loads((tmp_path / "v" / "click" / "schema.json").read_text())
    fitted = FeatureTable.of(train, ("device",), spec.model.expressions)  # type: ignore[union-attr]
    assert FeatureTable.from_dict(card["features"]) == fitted
    assert np.array_equal(
        FeatureTable.from_dict(card["features"]).matrix(tune), fitted.matrix(tune), equal_nan=True
    )


def test_an_xor_is_learnt_through_its_pair() -> None:
    train, tune = parts(frame(6000))
    plain = ResponseModel.fit(train, tune, features=("device", "region"), params={"num_leaves": 2})
    paired = ResponseModel.fit(
        train, tune, features=("device", "region"), params={"num_leaves": 2}, expressions=PAIR
    )
    assert paired.score(tune).log_loss < plain.score(tune).log_loss - 0.005


def test_a_label_that_was_not_seen_and_one_that_is_missing_count_as_missing() -> None:
    made = table(PAIR)
    rows = frame(3)
    rows["device"] = ["phone", "fridge", None]
    rows["region"] = "coast"
    assert values(made, rows, "pair")[1:] == [None, None]
    assert values(made, rows, "pair")[0] is not None


def test_times_are_those_of_the_log() -> None:
    rows = frame(3000)
    train = AuctionLog(rows, LogMeta("w", features=FEATURES, timezone="Asia/Tokyo"))
    made = FeatureTable.of(train, ("device",), {
        "own": "HOUR(timestamp)", "derived": "hour + 0", "day": "weekday || '/' || device",
    })  # fmt: skip
    midnight = rows.iloc[:1]
    assert values(made, midnight, "own") == [9.0]
    utc = FeatureTable.of(parts(rows)[0], ("device",), {"own": "HOUR(timestamp)"})
    assert values(utc, midnight, "own") == [0.0]


def test_a_declared_hour_is_read_as_declared() -> None:
    """The log's own `hour` is not the hour of its timestamp: the user's clock, perhaps."""
    rows = frame(3000)
    rows["hour"] = (rows["hour"] + 7) % 24
    made = table({"pair": "device || '/' || CAST(hour AS TEXT)"}, rows)
    assert "hour" in made.needed
    assert "timestamp" not in made.needed
    taken = rows[list(made.needed)]
    assert np.array_equal(made.matrix(taken), made.matrix(rows), equal_nan=True)
    assert not np.isnan(made.matrix(rows)).any()


def test_a_number_reads_the_same_where_a_part_of_the_log_lacks_it() -> None:
    made = table({"pair": "device || '/' || CAST(hour AS TEXT)"})
    rows = frame(4)
    with_missing = rows.assign(hour=[0.0, np.nan, 0.0, 0.0])
    assert values(made, with_missing, "pair")[0] == values(made, rows, "pair")[0]
    assert values(made, with_missing, "pair")[1] is None


def test_a_truth_is_a_number_also_where_it_is_missing() -> None:
    made = table({"late": "hour > 18"})
    assert "late" not in made.labels
    rows = frame(3).assign(hour=[3.0, np.nan, 20.0])
    assert values(made, rows, "late") == [0.0, None, 1.0]


def test_what_cannot_be_computed_in_a_row_is_missing_there() -> None:
    """A later row must not stop a bidder, and no message may quote a cell."""
    rows = pd.DataFrame({"code": ["7", "uid-7f3a", "9"], "n": [1.0, 0.0, -1.0]})
    found = compute_features(rows, {
        "number": "CAST(code AS INTEGER)", "log": "LN(n)", "big": "CAST(n * 1e30 AS INTEGER)",
    })  # fmt: skip
    assert found["number"].fillna(-1).tolist() == [7.0, -1.0, 9.0]
    assert found["log"].isna().tolist() == [False, False, True]
    assert found["big"].fillna(-1).tolist() == [-1.0, 0.0, -1.0]


def test_a_ratio_may_be_larger_than_the_matrix_holds() -> None:
    made = table({"ratio": "page_quality / 1e-300"})
    assert np.isfinite(made.matrix(frame(5))).all()


def test_the_time_zone_of_the_machine_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pd.DataFrame({"timestamp": pd.to_datetime(["2026-03-01 23:30"])})
    text = {"x": "CAST(CAST(timestamp AS TIMESTAMPTZ) AS TEXT)"}
    monkeypatch.setenv("TZ", "America/New_York")
    assert compute_features(rows, text)["x"].tolist() == ["2026-03-01 23:30:00+00"]


@pytest.mark.parametrize(("text", "why"), [
    ("(SELECT max(click) FROM log)", "no query"),
    ("device IN (SELECT device FROM log)", "no query"),
    ("AVG(page_quality)", "aggregate"),
    ("SUM(hour) OVER ()", "window"),
    ("ROW_NUMBER() OVER ()", "window"),
    ("RANDOM() * hour", "function rand is not among"),
    ("hour + EXTRACT(hour FROM NOW())", "is not"),
    ("CURRENT_DATE = CAST(timestamp AS DATE)", "function current_date is not among"),
    ("UUID() || device", "is not"),
    ("REPEAT(device, 1000000000)", "repeat"),
    ("READ_TEXT('/etc/passwd') || device", "is not"),
    ("GETENV('HOME') || device", "is not"),
    ("hour" + " + 1" * 100, f"may have {MAX_LENGTH}"),
    ("colour || device", "colour"),
    ("auction_id || device", "auction_id"),
    ("time_index + 1", "time_index"),
    ("click + hour", "click"),
    ("won", "won"),
    ("market_price_cpm", "market_price_cpm"),
    ("1 + 1", "reads no column"),
    ("hour; DROP TABLE row", ""),
    ("hour, device", "one expression"),
    ("*", ""),
    ("hour FROM row --", ""),
    ("", ""),
    ("[hour]", "array"),
])  # fmt: skip
def test_the_guard_refuses(text: str, why: str) -> None:
    with pytest.raises(UnsafeSQLError, match=r"expression 'odd'") as refused:
        table({"odd": text})
    assert why in str(refused.value)


def test_a_type_that_is_none_of_a_feature_is_refused() -> None:
    with pytest.raises(UnsafeSQLError, match=r"is of type date32.*must be a number or a text"):
        table({"odd": "CAST(timestamp AS DATE)"})
    with pytest.raises(UnsafeSQLError, match="cannot be computed: Binder Error"):
        table({"odd": "SUBSTRING(hour, device, region)"})


@pytest.mark.parametrize("name", ["device", "hour", "weekday", "timestamp", "exchange"])
def test_a_name_of_the_log_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match=f"'{name}' is a column of the log; must be a new name"):
        table({name: "hour > 18"})


def test_a_feature_that_says_nothing_is_refused() -> None:
    with pytest.raises(ModelError, match="gives no value in any row"):
        table({"odd": "CAST(device AS INTEGER)"})


def test_names_that_differ_in_case_alone_are_refused() -> None:
    rows = frame(3000).assign(Device="x")
    log = log_of(rows, (*FEATURES, "Device"))
    with pytest.raises(UnsafeSQLError, match="device, Device differ in case alone"):
        FeatureTable.of(log, ("device",), {"odd": "device || '!'"})


def test_a_column_of_mixed_types_is_read_as_text() -> None:
    mixed = np.array(["a", 7, None], dtype=object)
    log = log_of(frame(3).assign(deal=mixed), (*FEATURES, "deal"))
    made = FeatureTable.of(log, ("deal",), {"marked": "deal || '!'"})
    assert sorted(made.labels["marked"]) == ["7!", "a!"]


def test_what_is_written_anew_says_the_same() -> None:
    sql, reads = check_feature("Hour IN (8,9) and not device='tv'", ["hour", "device"])
    assert reads == ("hour", "device")
    assert check_feature(sql, ["hour", "device"]) == (sql, reads)


@pytest.mark.parametrize("where", ["click/schema.json", "variant.json"])
def test_a_folder_edited_to_hold_another_expression_is_refused(tmp_path: Path, where: str) -> None:
    train, tune = parts()
    spec = VariantSpec(
        name="v", policy=PolicySpec(name="value"),
        model=ModelSpec(features=("device",), params=QUICK, expressions=PAIR),
    )  # fmt: skip
    build_variant(spec, train, tune, tmp_path / "v")
    path = tmp_path / "v" / where
    text = path.read_text()
    assert "region" in text
    path.write_text(text.replace("|| region", "|| device").replace('|| \\"region', "|| device"))
    if path.read_text() == text:
        pytest.fail("the case changed nothing")
    with pytest.raises(ModelError):
        load_frozen(tmp_path / "v")


def test_a_model_read_by_itself_runs_no_hostile_expression(tmp_path: Path) -> None:
    """Its files hold no hash of theirs: the guard reads each expression again."""
    train, tune = parts()
    model = ResponseModel.fit(train, tune, features=("device",), params=QUICK, expressions=PAIR)
    assert model.table.expressions == {"pair": "device || '/' || region"}
    hostile = {"pair": "(SELECT READ_TEXT('/etc/passwd') || device || region)"}
    odd = replace(model, table=replace(model.table, expressions=hostile))
    with pytest.raises(UnsafeSQLError):
        odd.predict(tune)
