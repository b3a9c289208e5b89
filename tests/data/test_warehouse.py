"""A log on disk in batches: the same rows, the same replay, and a person's SQL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kit.base.assets import asset_dir
from kit.base.errors import DataError, LeakageError
from kit.bid.registry import make_policy
from kit.data.log import AuctionLog
from kit.data.samples import AUCTIONS
from kit.data.warehouse import ScannedLog
from kit.replay.run import replay

PATH = asset_dir("data_samples") / AUCTIONS


def test_batches_are_the_log() -> None:
    scanned = ScannedLog(PATH, batch_rows=40_000)
    batches = [batch.frame for batch in scanned.batches()]
    assert [len(batch) for batch in batches] == [40_000, 40_000, 40_000, 30_000]
    joined = pd.concat(batches, ignore_index=True)
    whole = AuctionLog.read(PATH).frame
    np.testing.assert_array_equal(joined["bid_price_cpm"], whole["bid_price_cpm"])
    assert joined["exchange"].astype(str).tolist() == whole["exchange"].astype(str).tolist()


def test_replay_does_not_depend_on_the_cuts() -> None:
    policy = make_policy("constant", {"bid": 3})
    whole = replay(AuctionLog.read(PATH), policy, budget=50_000.0)
    cut = replay(ScannedLog(PATH, batch_rows=17_001).batches(), policy, budget=50_000.0)
    assert cut.to_dict() == whole.to_dict()


def test_sql() -> None:
    scanned = ScannedLog(PATH)
    answer = scanned.sql("SELECT exchange, sum(won::int) AS wins FROM auctions GROUP BY exchange")
    whole = AuctionLog.read(PATH).frame
    expected = whole.groupby(whole["exchange"].astype(str))["won"].sum()
    assert answer.set_index("exchange")["wins"].astype(int).to_dict() == expected.to_dict()
    with pytest.raises(DataError, match=r"sql: .*nowhere"):
        scanned.sql("SELECT * FROM nowhere")


def test_refuses_sealed_and_foreign_files(tmp_path: Path) -> None:
    sealed = AuctionLog.read(PATH).rows(slice(0, 10)).save(tmp_path / "x.sealed.parquet")
    with pytest.raises(LeakageError):
        ScannedLog(sealed)
    foreign = tmp_path / "x.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(foreign)
    with pytest.raises(DataError, match="without an auction log's metadata"):
        ScannedLog(foreign)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_parquet('{sealed}')",
        "SELECT * FROM '{sealed}'",
        "SELECT * FROM parquet_metadata('{sealed}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_text('{folder}/note.txt')",
        "COPY auctions TO '{folder}/copy.csv'",
        "COPY auctions TO '{log}'",
        "WITH x AS (COPY (SELECT 1) TO '{log}' (FORMAT csv, USE_TMP_FILE false)) FROM x",
        "ATTACH '{folder}/new.db'",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "SELECT * FROM query",
        "",
    ],
)
def test_sql_reads_only_its_log_and_writes_nothing(tmp_path: Path, query: str) -> None:
    few = AuctionLog.read(PATH).rows(slice(0, 10))
    log, sealed = few.save(tmp_path / "log.parquet"), few.save(tmp_path / "x.sealed.parquet")
    (tmp_path / "note.txt").write_text("secret")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(DataError, match="sql: "):
        ScannedLog(log).sql(query.format(sealed=sealed, folder=tmp_path, log=log))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert ScannedLog(log).sql("SELECT count(*) AS rows FROM auctions")["rows"].item() == 10


def test_sql_spills_what_memory_does_not_hold() -> None:
    query = "SELECT a.*, range AS copy FROM auctions a, range(10) ORDER BY hash(timestamp, range)"
    few = ScannedLog(PATH).sql(f"{query} LIMIT 5 OFFSET 1400000", memory_mb=120)  # ~0.4 GB to sort
    assert len(few) == 5


def test_a_link_to_a_sealed_file_is_sealed(tmp_path: Path) -> None:
    sealed = AuctionLog.read(PATH).rows(slice(0, 10)).save(tmp_path / "x.sealed.parquet")
    (tmp_path / "plain.parquet").symlink_to(sealed)
    with pytest.raises(LeakageError):
        AuctionLog.read(tmp_path / "plain.parquet")


def test_sql_answers_in_pandas_types() -> None:
    answer = ScannedLog(PATH).sql(
        "SELECT sum(won::int) AS wins, max(timestamp) AS last FROM auctions"
    )
    assert answer.dtypes.astype(str).to_dict() == {
        "wins": "int64",
        "last": "datetime64[us, UTC]",
    }
