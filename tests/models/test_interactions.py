"""Ideas for features: their cells are those of their SQL, and their evidence is what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kit.data.sql.features import check_feature, compute_features
from kit.models.interactions import BINS, candidates, excess, quantile_cells, unexplained
from kit.variant.spec import ModelSpec
from tests.flow.search.world import frame


def rows(count: int = 4000) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    made = frame(count)
    made["timestamp"] = made["timestamp"].dt.tz_localize(None)
    made["hour"] = made["hour"].astype(float)
    made["site"] = rng.choice(["news-sports-top", "news-world", "games", "news-sports"], count)
    made['wide, odd "name"'] = rng.choice(["a/b", "c/d"], count)
    made["spent"] = np.where(rng.random(count) < 0.1, np.nan, rng.gamma(2.0, 2.0, count))
    made["shown"] = rng.integers(0, 60, count).astype(float)
    made["gone"] = np.where(rng.random(count) < 0.2, None, made["device"])
    return made


NAMES = (
    "device", "region", "hour", "page_quality", "site", "wide, odd \"name\"", "spent", "shown",
    "gone", "timestamp",
)  # fmt: skip
CASES = list(candidates(rows(), NAMES))


@pytest.mark.parametrize("case", CASES, ids=[name for name, _, _ in CASES])
def test_cells_are_those_of_the_sql(case: tuple[str, str, np.ndarray]) -> None:
    name, sql, codes = case
    assert ModelSpec(expressions={name: sql}).expressions  # a name that a spec takes
    check_feature(sql, NAMES)
    made = compute_features(rows(), {name: sql})[name]
    if isinstance(made.dtype, pd.CategoricalDtype) or made.nunique() <= 60:
        found = pd.factorize(made, use_na_sentinel=False)[0]
        pairs = pd.DataFrame({"numpy": codes, "sql": found})
        # numpy tells apart which part of a pair is missing, and SQL does not
        pairs = pairs[made.notna().to_numpy()].drop_duplicates()
        assert pairs["numpy"].is_unique
        assert pairs["sql"].is_unique
    else:
        assert np.array_equal(quantile_cells(made.to_numpy(float, na_value=np.nan)), codes)


def test_every_kind_of_idea_is_there() -> None:
    names = {name for name, _, _ in CASES}
    assert {"device_x_region", "spent_per_shown", "spent_less_shown", "site_part_1", "minute",
            "weekend", "region_x_hour"} <= names  # fmt: skip
    assert len(names) == len(CASES)


@pytest.mark.parametrize("cells", [2, 4, 24, 300])
def test_z_is_about_standard_normal_where_the_model_is_right(cells: int) -> None:
    rng = np.random.default_rng(5)
    predicted = rng.uniform(0.02, 0.2, 20_000)
    z = np.array([
        excess(rng.integers(0, cells, 20_000), predicted, rng.random(20_000) < predicted)
        for _ in range(600)
    ])  # fmt: skip
    assert abs(z.mean()) < 0.15
    assert 0.88 < z.std() < 1.12
    assert (z > 3).mean() < 0.01
    assert (z > 2).mean() < 0.045


def test_a_planted_xor_comes_first() -> None:
    made = rows()
    predicted = np.full(len(made), made["click"].mean())
    ideas = unexplained(made, predicted, made["click"].to_numpy(bool), NAMES)
    assert ideas[0].name == "device_x_region"
    assert ideas[0].z > 5
    assert ideas[1].z < 3.5 or {"device", "gone", "region"} & set(ideas[1].name.split("_"))


def test_an_offer_near_what_is_usual_is_found_as_a_ratio_or_a_difference() -> None:
    rng = np.random.default_rng(8)
    made = pd.DataFrame({"price": rng.gamma(4.0, 1.0, 8000), "usual": rng.gamma(4.0, 1.0, 8000)})
    rate = np.where(np.abs(made["price"] - made["usual"]) < 0.7, 0.3, 0.05)
    clicked = rng.random(8000) < rate
    ideas = unexplained(made, np.full(8000, clicked.mean()), clicked, ["price", "usual"])
    assert ideas[0].name in ("price_less_usual", "price_per_usual")
    assert ideas[0].z > 5


def test_nothing_is_said_of_too_few_rows() -> None:
    empty = rows(50).iloc[:0]
    assert all(codes.size == 0 for _, _, codes in candidates(empty, ("device", "hour")))
    assert excess(np.zeros(0, np.intp), np.zeros(0), np.zeros(0, bool)) == 0.0
    assert excess(np.arange(10), np.full(10, 0.1), np.ones(10, bool)) == 0.0
    assert len(np.unique(quantile_cells(np.full(9, np.nan)))) == 1
    assert quantile_cells(np.arange(100.0)).max() == BINS - 1
