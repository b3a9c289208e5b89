"""The semantic layer: it loads, every metric is valid SQL, and a bad entry is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.base.errors import DataError
from kit.data.sql.meaning.metrics import load_metrics
from tests.ai.scoring import rows_of, sample_tables

LAYER = load_metrics(Path(__file__).parent)


def _own(folder: Path, text: str) -> Path:
    (folder / "metrics.toml").write_text(text, encoding="utf-8")
    return folder


def test_every_metric_of_the_samples_runs_and_is_one_number() -> None:
    found = LAYER.definitions(sample_tables())
    assert {each.table for each in found} == {"auctions", "supply", "demand", "pairs"}
    for each in found:
        rows = rows_of(f"SELECT {each.sql} AS m FROM {each.table}")
        assert len(rows) == 1, each.name
        assert rows[0][0] is not None, each.name


def test_groups_of_an_additive_metric_sum_up_to_the_whole() -> None:
    for each in LAYER.definitions({"auctions": sample_tables()["auctions"]}):
        grouped = f"SELECT sum(m) FROM (SELECT exchange, {each.sql} AS m FROM auctions GROUP BY 1)"
        whole = rows_of(f"SELECT {each.sql} FROM auctions")[0][0]
        same = rows_of(grouped)[0][0] == pytest.approx(whole, rel=1e-9)
        assert same == each.additive, each.name


def test_fees_make_the_difference_between_twins() -> None:
    for name, metric in LAYER.metrics.items():
        if metric.before_fees:
            assert LAYER.metrics[metric.before_fees].with_fees == name
            assert "fee_cpm" in LAYER.metric_reads(name)
            assert "fee_cpm" not in LAYER.metric_reads(metric.before_fees)


def test_every_dimension_and_filter_runs_on_the_samples() -> None:
    tables = sample_tables()
    for name in LAYER.dimensions:
        for table, columns in tables.items():
            sql = LAYER.dimension_sql(name, columns)
            if sql is not None:
                assert rows_of(f"SELECT {sql} FROM {table} GROUP BY 1 LIMIT 1")
    for entry in LAYER.filters.values():
        assert rows_of(f"SELECT count(*) FILTER (WHERE {entry.sql}) FROM auctions")[0][0] > 0


def test_no_phrase_names_two_metrics() -> None:
    seen: dict[tuple[str, str], str] = {}
    for each in LAYER.definitions(sample_tables()):
        for word in each.words:
            other = seen.setdefault((each.table, word), each.name)
            assert other == each.name, f"{word}: {other} and {each.name}"


def test_a_metric_whose_columns_are_absent_is_left_out() -> None:
    found = LAYER.definitions({"log": {"won": "BOOLEAN", "click": "BOOLEAN"}})
    names = {each.name for each in found}
    assert {"impressions", "ctr", "fill_rate"} <= names
    assert not {"spend", "win_rate", "cvr"} & names
    assert all(each.grain == "one row" for each in found)


def test_a_workspace_adds_and_overrides(tmp_path: Path) -> None:
    root = _own(
        tmp_path,
        '[metrics.video_share]\nmeans = "video"\nunit = "share"\nratio = ["videos", "auctions"]\n'
        '[metrics.videos]\nmeans = "videos"\nunit = "auctions"\n'
        "count = \"ad_format = 'video' OR ad_format = 'audio'\"\n"
        '[metrics.ctr]\nmeans = "valid"\nunit = "share"\nratio = ["conversions", "clicks"]\n'
        '[values.country]\nFR = ["Frankreich"]\n',
    )
    layer = load_metrics(root)
    assert layer.metrics["ctr"].means == "valid"
    assert layer.values["country"]["FR"] == ("Frankreich",)
    assert layer.metric_sql("videos", "won") == (
        "count(*) FILTER (WHERE (ad_format = 'video' OR ad_format = 'audio') AND won)"
    )
    assert "videos" in layer.additive
    assert "video_share" not in layer.additive
    assert load_metrics(tmp_path.parent).metrics["ctr"].means != "valid"


METRIC = '[metrics.mine]\nmeans = "m"\nunit = "u"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[metrics", "is no TOML"),
        ("[measures.a]\nx = 1", "no such section 'measures'"),
        ("metrics = 3", "metrics is no table"),
        ("[metrics]\nmine = 3", "metrics.mine is no table"),
        (f'{METRIC}cuont = "won"', "metrics.mine: cuont: no such setting. Did you mean 'count'?"),
        (METRIC, "got no definition; must have exactly one of count"),
        (f'{METRIC}count = "won"\nsum = "fee_cpm"', "got count and sum"),
        (f'{METRIC}count = "won AND"', "metrics.mine.count: got 'won AND'"),
        (f'{METRIC}sum = "sum(fee_cpm)"', "metrics.mine.sum"),
        (f'{METRIC}sum = "1) FROM x; DROP TABLE y; SELECT (1"', "metrics.mine.sum"),
        (f'{METRIC}sum = "(SELECT 1)"', "metrics.mine.sum"),
        (f'{METRIC}sum = "a, b"', "metrics.mine.sum"),
        (f'{METRIC}count = "won" \nwhere = "x) OR (SELECT true"', "metrics.mine.where"),
        (f'{METRIC}ratio = ["wnis", "bids"]', "'wnis', which there is not. Did you mean 'wins'?"),
        (f'{METRIC}ratio = ["mine", "bids"]', "made of itself (mine > mine)"),
        (f'{METRIC}count = "won"\nbefore_fees = "x"', "names the metric 'x'"),
        ('[metrics."a b"]\nmeans = "m"\nunit = "u"\ncount = "won"', "must be a name of letters"),
        ("[dimensions.d]\nsql = []", "dimensions.d: sql"),
        ('[values.country]\nFR = "France"', "values.country.FR"),
    ],
)  # fmt: skip
def test_a_bad_entry_is_named_with_its_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError) as raised:
        load_metrics(_own(tmp_path, text))
    assert said in str(raised.value)
    assert "metrics.toml" in str(raised.value)


def test_an_own_entry_must_find_its_columns(tmp_path: Path) -> None:
    root = _own(tmp_path, f'{METRIC}sum = "clearing_price"')
    load_metrics(root)
    with pytest.raises(DataError) as raised:
        load_metrics(root, sample_tables())
    assert "metrics.toml: metrics.mine: reads the column 'clearing_price'" in str(raised.value)
    assert "Did you mean 'clearing_price_cpm'?" in str(raised.value)
    load_metrics(_own(tmp_path, f'{METRIC}sum = "fee_cpm"'), sample_tables())
