"""What a person names becomes an engine, and a password is never shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kit.base.assets import asset_dir
from kit.base.errors import DataError
from kit.data.sql.contract.limits import Limits
from kit.data.sql.engine import Engine
from kit.data.sql.open_engine import open_engine
from kit.data.sql.remote.address import Address, check_source, read_address
from kit.data.sql.remote.engine import RemoteEngine

URL = "postgresql://reader:s3cret@db.example:5433/ads"


def test_a_path_is_files_and_an_address_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = asset_dir("data_samples")
    for path in (folder, str(folder), folder / "auctions.parquet"):
        assert isinstance(open_engine(path), Engine)
    remote = open_engine("postgres://reader@db.example/ads", Limits(rows=5))
    assert isinstance(remote, RemoteEngine)
    assert (remote.limits.rows, remote.dialect) == (5, "postgres")
    monkeypatch.setenv("MY_WAREHOUSE", f" {URL}\n")
    assert repr(open_engine("env:MY_WAREHOUSE")) == (
        "RemoteEngine(postgresql://reader@db.example:5433/ads)"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (URL, "has a password"),
        ("postgresql://db.example/ads?user=reader&password=s3cret", "has a password"),
        ("postgresql://db.example/ads?sslpassword=s3cret", "has a password"),
        ("postgresql://reader:s3/cret@db.example/ads", "cannot be read"),
        ("postgresql://reader:s3?cret@db.example/ads", "cannot be read"),
        ("postgresql://reader:s3@cret@db.example/ads", "cannot be read"),
        ("postgresql://reader:s3#cret@db.example/ads", "cannot be read"),
        ("postgresql://reader:s3 cret@db.example/ads", "cannot be read"),
        ("postgresql://reader:123?a=cret@db.example/ads", "cannot be read"),
        ("mysql://reader:s3cret@db.example/ads", "got mysql://"),
        ("duckdb://s3cret.duckdb", "got duckdb://"),
        ("env:NO_SUCH_WAREHOUSE", "'NO_SUCH_WAREHOUSE' is not set"),
        ("env:", "is not set"),
        ("no/such.duckdb", "no such file"),
    ],
)
def test_what_cannot_be_opened_is_refused_and_its_password_not_repeated(
    text: str, words: str
) -> None:
    with pytest.raises(DataError, match=words) as caught:
        open_engine(text)
    if "such" not in text:
        for secret in ("s3", "cret"):
            assert secret not in str(caught.value).replace("secrets", "")


@pytest.mark.parametrize("text", [URL, "postgresql://a:s3/cret@b/c", "mysql://a:s3cret@b/c"])
def test_what_must_not_be_written_down_is_refused_before(text: str) -> None:
    with pytest.raises(DataError) as caught:
        check_source(text)
    assert "cret@" not in str(caught.value)
    for named in ("data_samples", "env:NO_SUCH_WAREHOUSE", "postgresql://reader@db/ads", None):
        check_source(named)


def test_a_variable_that_holds_no_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("s3cret", "postgresql://a:s3/cret@b/c", "mysql://a:s3cret@b/c", "/home/s3cret"):
        monkeypatch.setenv("KIT_WAREHOUSE", value)
        with pytest.raises(DataError) as caught:
            open_engine("env:KIT_WAREHOUSE")
        assert "cret" not in str(caught.value)


def test_an_address_shows_who_and_where_only() -> None:
    address = Address(
        "postgresql://re%40der:s3%2Fcret@[::1]:5433/ads?password=other&sslmode=require"
    )
    assert address.shown == "postgresql://re%40der@[::1]:5433/ads"
    assert set(address.secrets) == {"s3%2Fcret", "s3/cret", "other"}
    for text in (repr(address), str(address), f"{vars(RemoteEngine(address))}"):
        assert "cret" not in text
        assert "other" not in text
    elsewhere = Address("postgresql://reader:s3cret@db:1/ads/log%20s?sslmode=require")
    assert (elsewhere.shown, elsewhere.schema) == ("postgresql://reader@db:1/ads/log%20s", "log s")
    assert elsewhere.libpq == "postgresql://reader:s3cret@db:1/ads?sslmode=require"
    assert (address.schema, address.libpq) == ("public", address.url)
    assert Address("postgresql:///ads").shown == "postgresql:///ads"
    assert read_address("postgresql://a,b:1/ads").secrets == ()


@pytest.mark.parametrize("missing", ["ibis", "psycopg"])
def test_without_the_extra_it_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(DataError, match=r"pip install 'programmatic-kit\[warehouse\]'"):
        RemoteEngine("postgresql://reader@db.example/ads").schema()


def test_a_path_object_is_never_an_address(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        open_engine(tmp_path / "postgresql:")
