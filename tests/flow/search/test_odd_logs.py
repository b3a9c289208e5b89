"""Logs that lack something: each is searched as far as it goes, or refused in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kit.ai.propose.brief import Brief
from kit.base.errors import KitError
from kit.flow.search.outcome import Found, headline_of, summary_of
from kit.flow.search.propose import search_variants
from tests.flow.search.world import FEATURES, sealed_log, settings


def found(
    root: Path, change: Any = None, features: tuple[str, ...] = FEATURES, **given: Any
) -> Found:  # fmt: skip
    sealed = sealed_log(root, change, features=features)
    given = {"budget": 4, "finalists": 0, "out": root / "out", "proposer": "hybrid"} | given
    done = search_variants(settings(sealed.folder, **given), lambda line: None)
    assert summary_of(done)["best"]["folder"]
    assert headline_of(done)
    assert Brief.model_validate_json(done.brief.model_dump_json()) == done.brief
    return done


def test_a_log_without_clicks_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="click"):
        found(tmp_path, lambda rows: rows.drop(columns="click"))


def test_no_click_at_all_gives_one_rate_and_a_search_over_bids(tmp_path: Path) -> None:
    done = found(tmp_path, lambda rows: rows.assign(click=False))
    assert not done.brief.has_trees
    assert done.brief.ideas == done.brief.addable == ()
    assert all(trial.status == "scored" for trial in done.trials)


@pytest.mark.parametrize("proposer", ["rules", "tpe", "random", "hybrid"])
def test_few_clicks_give_one_rate_and_no_proposal_of_trees(tmp_path: Path, proposer: Any) -> None:
    def few(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(click=rows["click"] & (np.arange(len(rows)) % 12 == 0))

    done = found(tmp_path, few, proposer=proposer)
    assert not done.brief.has_trees
    models = [trial.spec.model for trial in done.trials]
    assert models == models[:1] * len(models)
    assert len(done.trials) > 2


def test_a_log_with_its_own_prediction_has_that_recalibrated(tmp_path: Path) -> None:
    """As iPinYou's logs with a published model's predictions: no features are declared."""

    def own(rows: pd.DataFrame) -> pd.DataFrame:
        rate = np.where((rows["device"] == "tv") ^ (rows["region"] == "inland"), 0.3, 0.07)
        kept = ["timestamp", "market_price_cpm", "market_price_kind", "click", "bid_price_cpm"]
        return rows[kept].assign(pctr=rate)

    done = found(tmp_path, own, features=(), budget=6)
    assert done.trials[0].spec.model is not None
    assert done.trials[0].spec.model.features is None
    assert not done.brief.has_trees
    assert {trial.status for trial in done.trials} == {"scored"}


def test_a_log_without_an_exchange_is_one_exchange(tmp_path: Path) -> None:
    done = found(tmp_path, lambda rows: rows.drop(columns="exchange"), budget=5)
    assert {fact.name for fact in done.brief.exchanges} == {"all"}
    assert {trial.status for trial in done.trials} == {"scored"}


def test_second_prices_alone_have_nothing_to_shade(tmp_path: Path) -> None:
    done = found(tmp_path, lambda rows: rows.assign(auction_type=np.int8(2)), budget=5)
    assert done.trials[0].spec.policy.name == "value"
    assert done.brief.first_price_factor == 1.0
    assert not any(fact.first_price for fact in done.brief.exchanges)
    bare = found(tmp_path / "bare", lambda rows: rows.drop(columns="auction_type"), budget=3)
    assert bare.trials[0].spec.policy.name == "value"


def test_first_prices_alone_begin_with_a_default_that_shades(tmp_path: Path) -> None:
    done = found(tmp_path, lambda rows: rows.assign(auction_type=np.int8(1)), budget=4)
    assert done.trials[0].spec.policy.name == "shade"
    assert 0.2 < done.trials[0].spec.policy.params["shading_factor"] < 0.7
    assert done.brief.first_price_factor == pytest.approx(1.0, abs=0.1)


def test_a_log_without_values_of_clicks(tmp_path: Path) -> None:
    done = found(tmp_path, lambda rows: rows.drop(columns="click_value_cpm"), budget=4)
    assert done.value.is_assumed
    stated = found(
        tmp_path / "stated", lambda rows: rows.drop(columns="click_value_cpm"), click_value=0.02
    )
    assert stated.claim["click_value_cpm"] == pytest.approx(20.0)


def test_losses_whose_price_is_not_known(tmp_path: Path) -> None:
    def censored(rows: pd.DataFrame) -> pd.DataFrame:
        lost = rows["market_price_cpm"] > 1.5
        return rows.assign(
            market_price_cpm=np.where(lost, 1.5, rows["market_price_cpm"]),
            market_price_kind=np.where(lost, "at_least", "known"),
            won=~lost, click=rows["click"] & ~lost,
        )  # fmt: skip

    done = found(tmp_path, censored, budget=4)
    assert {trial.status for trial in done.trials} == {"scored"}


def test_a_spend_limit_is_kept_to(tmp_path: Path) -> None:
    done = found(tmp_path, spend=0.3, budget=3, proposer="rules")
    assert done.claim["budget_per_1000"] == pytest.approx(300.0)
    assert {trial.status for trial in done.trials} == {"scored"}


def test_a_default_without_a_model_is_searched_over_its_bids(tmp_path: Path) -> None:
    path = tmp_path / "flat.json"
    path.write_text('{"name": "flat", "model": null, "policy": {"name": "constant", "params": '
                    '{"bid": 1.0}}}')  # fmt: skip
    done = found(tmp_path, default=path, budget=4, proposer="rules")
    assert done.trials[0].spec.model is None
    assert not done.brief.has_trees
    assert len(done.trials) > 1
    assert {trial.status for trial in done.trials} == {"scored"}
