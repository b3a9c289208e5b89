"""No public reader, verb or query hands out a row of a sealed holdout, under whatever name."""

from __future__ import annotations

import inspect
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

import kit
from kit.allocate.linear.partitions import read_part
from kit.base.errors import DataError, KitError, LeakageError
from kit.cli import main
from kit.data.sealed import HOLDOUT_FILE
from tests.validate.vault_cases import Case

FORMS: dict[str, Callable[[Path, Path], object]] = {
    "the file": lambda file, target: None,
    "a copy": shutil.copyfile,
    "a symbolic link": lambda file, target: target.symlink_to(file),
    "a hard link": lambda file, target: target.hardlink_to(file),
    "the folder": lambda file, target: None,
}
NOT_ROWS = {
    "AuctionLog.save", "Ledger.export_csv", "Writeup.write", "save_report", "BidTuner.to_json",
    "Findings.save", "LandscapeModel.save", "write_partitions",  # they write
    "SealedSplit", "FrozenVariant", "freeze", "build_variant",  # they hold a path, or write there
    "SupplyPaths",  # of supply
    "confirm_pair", "load_metrics",  # they take a workspace
}  # fmt: skip
TEXT = {"read_draws", "read_publisher"}
WHOLE_FOLDER = {
    "open_sealed", "Vault", "VariantBoard", "solve_partitions", "open_catalog", "open_engine",
    "SQLConsole",  # of a sealed folder they see the open splits alone
    "search_variants",
}  # fmt: skip


SILENT: Callable[[str], None] = lambda text: None  # noqa: E731


def out(path: Path) -> Path:
    return path.parent / "out"


READERS: dict[str, Callable[[Path], object]] = {
    "load_log": kit.load_log,
    "load_log as csv": lambda path: kit.load_log(path, "csv"),
    "load_log as ipinyou": lambda path: kit.load_log(path, "ipinyou-log"),
    "load_with_report": lambda path: kit.load_with_report(path, "parquet"),
    "load_to_parquet": lambda path: kit.load_to_parquet(path, "parquet", out(path)),
    "load_sealed": lambda path: kit.load_sealed(path, "parquet", out(path)),
    "seal_log": lambda path: kit.seal_log(path, out=out(path)),
    "AuctionLog.read": kit.AuctionLog.read,
    "ScannedLog": kit.ScannedLog,
    "Findings.load": kit.Findings.load,
    "LandscapeModel.load": kit.LandscapeModel.load,
    "load_response": kit.load_response,
    "TrainingStats.from_info": kit.TrainingStats.from_info,
    "read_draws": kit.read_draws,
    "read_publisher": lambda path: kit.read_publisher(path, "holdout"),
    "solve_partitions": lambda path: read_part(path, pd.DataFrame()),  # as it reads them
    "read_rules": kit.read_rules,
    "load_frozen": kit.load_frozen,
    "Ledger": lambda path: kit.Ledger(path).entries(),
    "open_sealed": kit.open_sealed,
    "open_catalog": kit.open_catalog,
    "open_engine": kit.open_engine,
    "SQLConsole": lambda path: cast(Any, kit).SQLConsole(path),
    "Journal": lambda path: kit.Journal(path).entries(),
    "ask_documents": lambda path: kit.ask_documents("clicks of the holdout", path),
    "Vault": kit.Vault,
    "VariantBoard": lambda path: cast(Any, kit).VariantBoard(path, None, []),
    "search_variants": lambda path: kit.search_variants(path, out=out(path), say=SILENT),
    "open_search": kit.open_search,
    "auto_check": lambda path: kit.auto_check(path, path),
}


def takes_a_path(function: Any) -> bool:
    try:
        found = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    return any(
        name in ("path", "folder", "file") or re.search(r"\bPath\b", str(item.annotation))
        for name, item in found.items()
    )


def test_every_public_reader_is_tried_below() -> None:
    found = set()
    for name in kit.__all__:
        public = getattr(kit, name)
        members = inspect.getmembers(public, callable) if inspect.isclass(public) else []
        parts = [(name, public), *((f"{name}.{part}", each) for part, each in members)]
        found |= {
            part for part, each in parts if callable(each) and takes_a_path(each)
            and not re.search(r"\._|\.parse_file$", part)
        }  # fmt: skip
    assert len(found) > 20
    assert found - NOT_ROWS - set(READERS) == set()


@pytest.fixture
def given(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The sealed file as a person might hand it on."""
    form: str = request.param
    folder = tmp_path / "sealed"
    shutil.copytree(case.sealed.folder, folder)
    target = tmp_path / "plain.parquet"
    FORMS[form](folder / HOLDOUT_FILE, target)
    if form == "the folder":
        return folder
    return target if target.exists() else folder / HOLDOUT_FILE


@pytest.mark.parametrize("given", FORMS, indirect=True, ids=str)
def test_no_public_reader_hands_out_a_sealed_row(
    given: Path, request: pytest.FixtureRequest
) -> None:
    for name, read in READERS.items():
        if given.is_dir() and name in WHOLE_FOLDER:
            continue
        with pytest.raises((KitError, UnicodeDecodeError) if name in TEXT else KitError) as refused:
            pytest.fail(f"{name} took it: {read(given)}")
        rows = name in ("load_log", "load_with_report", "AuctionLog.read", "ScannedLog", "seal_log",
                        "open_catalog", "open_engine", "SQLConsole")  # fmt: skip
        if rows and not given.is_dir():
            assert isinstance(refused.value, LeakageError), name
        assert not out(given).exists(), name


VERBS = (
    "replay {given} --format parquet --policy constant --set bid=1 --out {out}",
    "replay {train} --format parquet --policy constant --set bid=1 --train {given} --out {out}",
    "demo --data {given} --format parquet --out {out}",
    "train {given} --out {out} --targets click --features exchange",
    "load {given} --format parquet --out {out}",
    "load {given} --format csv --out {out}",
    "load {given} --format parquet --seal --out {out}",
    "allocate --supply {given} --demand {given} --pairs {given} --out {out}",
    "report {given} --out {out}",
    "check {given} --format parquet --candidate {frozen} --baseline {frozen} --out {out}",
    "check {sealed} --candidate {given} --baseline {frozen} --out {out}",
    "ledger --log {given} --csv {out}",
    "ask clicks --folder {given}",
)
OPENS_FOLDERS = ("train {given}", "check {given}", "ledger")
"""Verbs that take a sealed folder for what it is."""


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        (verb, given)
        for verb in VERBS
        for given in ("a copy", "a symbolic link", "the folder")
        if not (given == "the folder" and verb.startswith(OPENS_FOLDERS))
    ],
    indirect=["given"],
)
def test_no_verb_hands_out_a_sealed_row(
    case: Case, given: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed, frozen = case.sealed.folder, case.variants["good"].folder
    places = {"train": sealed / "train.parquet", "sealed": sealed, "frozen": frozen}
    assert main(verb.format(given=given, out=out(given), **places).split()) not in (0, 3)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1].startswith("kit: ")
    assert not out(given).exists() or not any(out(given).iterdir())


def test_sql_reaches_no_sealed_row(case: Case) -> None:
    scanned = kit.ScannedLog(case.sealed.folder / "train.parquet")
    path = case.sealed.holdout_path
    assert len(scanned.sql("SELECT click FROM auctions")) == case.sealed.rows["train"]
    for query in (
        f"SELECT * FROM '{path}'",
        f"SELECT * FROM read_parquet('{path}')",
        f"SELECT * FROM read_blob('{path}')",
        f"SELECT * FROM parquet_metadata('{path}')",
        f"SELECT * FROM read_parquet('{path.parent}/*.parquet')",
        f"COPY (SELECT * FROM '{path}') TO '{path.parent}/out.csv'",
    ):
        with pytest.raises(DataError, match=r"^sql: "):
            scanned.sql(query)


def test_questions_about_a_sealed_folder_reach_its_open_splits_alone(case: Case) -> None:
    with kit.open_catalog(case.sealed.folder) as catalog:
        assert set(catalog.tables) == {"train", "tune"}
        for query in (
            "SELECT click FROM holdout",
            f"SELECT * FROM '{case.sealed.holdout_path}'",
            f"SELECT * FROM read_parquet('{case.sealed.holdout_path}')",
        ):
            with pytest.raises(kit.UnsafeSQLError):
                catalog.run(query)
            with pytest.raises(kit.QueryError):
                catalog.engine.run(query)
