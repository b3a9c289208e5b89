"""What a query says of its answer."""

from __future__ import annotations

import pytest

from kit.data.sql.guard.outline import outline


def test_groups_by_name_place_and_all():
    for group in ("exchange", "1", "ALL"):
        found = outline(f"SELECT exchange, sum(fee_cpm) AS fees FROM auctions GROUP BY {group}")
        assert found.keys == ("exchange",)
        assert not found.loose
        assert found.totals == "SELECT SUM(fee_cpm) AS fees FROM auctions"


def test_a_group_that_is_not_returned_is_loose():
    assert outline("SELECT count(*) AS n FROM auctions GROUP BY device").loose
    assert outline("SELECT device, count(*) AS n FROM auctions GROUP BY device, hour").loose


@pytest.mark.parametrize("tail", ["HAVING count(*) > 1", "QUALIFY row_number() OVER () = 1"])
def test_no_total_is_foretold_where_groups_are_left_out(tail):
    assert outline(f"SELECT device, count(*) AS n FROM auctions GROUP BY 1 {tail}").totals is None


def test_tables_behind_the_guards_projections_are_seen():
    found = outline(
        'SELECT device, count(*) AS n FROM (SELECT "device", "deal_id" FROM auctions) AS a '
        "JOIN deals AS d ON a.deal_id = d.deal_id WHERE d.at = 1 GROUP BY 1 LIMIT 5"
    )
    assert (found.tables, found.where, found.limit) == (("auctions", "deals"), 'd."at" = 1', 5)
    assert outline("SELECT sum(n) AS n FROM (SELECT count(*) AS n FROM a GROUP BY b)").tables == ()


def test_a_window_is_no_measure_and_a_star_has_no_outline():
    found = outline("SELECT device, sum(count(*)) OVER () AS all_n FROM auctions GROUP BY 1")
    assert found.measures == ()
    assert outline("SELECT * FROM auctions") is None
    assert outline("SELECT 1 UNION SELECT 2") is None
