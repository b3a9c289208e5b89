"""Nobody but the scoring process opens a sealed holdout, and nothing public hands out its rows."""

from __future__ import annotations

import ctypes
import inspect
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import kit
from kit.allocate.linear.partitions import read_part
from kit.base.errors import DataError, KitError, LeakageError
from kit.base.public import PUBLIC
from kit.cli import main
from kit.data.sealed import HOLDOUT_FILE, SealedSplit, open_sealed, seal_log
from kit.validate.vault import Vault
from tests.validate.vault_cases import Case, make_case

ROOT = Path(__file__).parents[2]
NOBODY = 65_534
_OPENED, _READ = 0x20, 0x1
_EVENT = struct.Struct("iIII")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("audit"))


class Opens:
    """Counts, through Linux's inotify, how often any process opens or reads a file."""

    def __init__(self, path: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_NONBLOCK)
        name = os.fsencode(path)
        if self.descriptor < 0 or libc.inotify_add_watch(self.descriptor, name, 0x21) < 0:
            pytest.skip("this system has no inotify")

    def seen(self) -> set[int]:
        """Return the kinds of events since the last call."""
        try:
            data = os.read(self.descriptor, 1 << 16)
        except BlockingIOError:
            return set()
        kinds, at = set(), 0
        while at < len(data):
            _, mask, _, more = _EVENT.unpack_from(data, at)
            kinds.add(mask)
            at += _EVENT.size + more
        return kinds

    def close(self) -> None:
        os.close(self.descriptor)


@pytest.fixture
def opens(case: Case) -> Iterator[Opens]:
    watch = Opens(case.sealed.holdout_path)
    yield watch
    watch.close()


PLANTED: dict[str, Callable[[Path], object]] = {
    "open": lambda path: path.open("rb").close(),
    "pyarrow": pq.read_table,
    "pyarrow's schema": pq.read_schema,
    "pandas": pd.read_parquet,
    "duckdb": lambda path: duckdb.execute(f"SELECT max(click) FROM '{path}'").fetchall(),
}


@pytest.mark.parametrize("how", PLANTED)
def test_the_watch_sees_a_planted_read(case: Case, opens: Opens, how: str) -> None:
    PLANTED[how](case.sealed.holdout_path)
    assert _OPENED in opens.seen()


def test_no_process_opens_the_sealed_file_before_a_look(
    case: Case, opens: Opens, tmp_path: Path
) -> None:
    """Opening the log, searching for leaks, building, replaying, choosing, previewing, history."""
    sealed = open_sealed(case.sealed.folder)
    kit.seal_log(case.root / "log.parquet", out=case.sealed.folder)
    kit.check_leakage(sealed.train, sealed.tune, ("exchange",))
    vault = Vault(case.sealed, ledger=tmp_path / "ledger.sqlite")
    spec = kit.VariantSpec(
        name="model", model=kit.ModelSpec(features=("exchange",), params={"num_leaves": 4}),
        policy=kit.PolicySpec(name="value", params={"multiplier": 0.9}),
    )  # fmt: skip
    built = kit.build_variant(spec, sealed.train, sealed.tune, tmp_path / "model")
    tune = built.with_predictions(sealed.tune)
    kit.replay_policy(tune, built.bids(tune))
    for variant in (built, *case.variants.values()):
        assert vault.preview(variant, case.variants["good"]).look == 0
    good, ledger = case.variants["good"], vault.ledger.path
    assert kit.auto_check(built, sealed, good, ledger=ledger).verdict is None
    bids = built.bids(tune).bid(tune.request, np.random.default_rng(0))  # type: ignore[union-attr]
    assert kit.auto_check(bids, sealed, good, kind="bids", ledger=ledger).verdict is None
    assert (len(vault.history), vault.looks_left) == (0, 200)
    assert opens.seen() == set()
    assert vault.look(case.variants["good"], case.variants["low"]).look == 1
    assert opens.seen() == {_OPENED, _READ}


ASKING = r"""
import ctypes, os, re, sys
sealed_file, ledger, *documents = sys.argv[1:]
if os.geteuid() == 0:  # give up reading what belongs to others; a started child has it again
    class Head(ctypes.Structure):
        _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]
    head, data = Head(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capget(ctypes.byref(head), data) == 0
    for word in (0, 1):
        data[word] &= ~0b110
    assert libc.capset(ctypes.byref(head), data) == 0
opened = []
sys.addaudithook(lambda event, found: event == "open" and opened.append(str(found[0])))

for document in documents:
    for block in re.findall(r"^```python\n(.*?)^```", open(document).read(), re.M | re.S):
        exec(compile(block, document, "exec"))

import kit
from kit.validate.vault import Vault
sealed = kit.open_sealed(os.path.dirname(sealed_file))
vault = Vault(sealed, ledger=kit.Ledger(__import__("pathlib").Path(ledger)).path)
def constant(bid):
    policy = kit.PolicySpec(name="constant", params={"bid": bid})
    spec = kit.VariantSpec(name=f"bid {bid}", model=None, policy=policy)
    return kit.build_variant(spec, sealed.train, sealed.tune)
base = constant(0.3)
assert vault.looks_left == 200
tried = [(vault.preview(each, base).tune.first.difference, each.spec.name, each)
         for each in map(constant, (0.5, 1.0, 2.0, 4.0))]  # a search chooses on tune
best = max(tried)[2]
first = vault.look(best, base)                             # a board looks, lists, looks again
assert (first.look, len(vault.history), vault.look(best, base).repeated) == (1, 1, True)
assert vault.look(tried[1][2], best).look == 2
assert not [path for path in opened if path.endswith(".sealed.parquet")], opened
print("never opened")

import duckdb, pandas, pyarrow.parquet as pq
for read in (lambda path: open(path, "rb"), pq.read_table, pq.read_schema, pandas.read_parquet,
             lambda path: duckdb.execute(f"SELECT max(click) FROM '{path}'").fetchall()):
    try:
        read(sealed_file)
    except (OSError, duckdb.IOException) as error:
        print("cannot:", "denied" in str(error), flush=True)
"""


def ask_elsewhere(sealed: SealedSplit, root: Path, *documents: Path) -> None:
    """Run `ASKING`; as root it loses the right to open the file, and the scoring process not."""
    if os.geteuid() == 0:
        os.chown(sealed.holdout_path, NOBODY, NOBODY)
    sealed.holdout_path.chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-c", ASKING, sealed.holdout_path, root / "ledger.sqlite", *documents],
        cwd=root, capture_output=True, text=True, check=False,
        env=os.environ | {"KIT_WORKSPACE": str(root), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = done.stdout.partition("never opened\n")[2]
    assert not said.startswith("cannot: False")
    if os.geteuid() == 0:
        assert said.splitlines() == ["cannot: True"] * 5


@pytest.mark.slow
def test_the_asking_process_opens_no_sealed_file_while_it_searches_and_looks(
    case: Case, tmp_path: Path
) -> None:
    shutil.copytree(case.sealed.folder, tmp_path / "sealed")
    ask_elsewhere(open_sealed(tmp_path / "sealed"), tmp_path)


@pytest.mark.slow
def test_the_asking_process_opens_no_sealed_file_in_the_quickstart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """README's own code, on the log that it seals: here it was sealed before."""
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path))
    sealed = seal_log(kit.asset_dir("data_samples") / "auctions.parquet")
    ask_elsewhere(sealed, tmp_path, ROOT / "README.md")


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


def importers(module: str) -> set[str]:
    """Return the files of the package that name a module, by path inside it."""
    package, _, name = module.rpartition(".")
    named = re.compile(rf"{re.escape(module)}\b|from {re.escape(package)} import .*\b{name}\b")
    return {
        path.relative_to(ROOT / "kit").as_posix()
        for path in (ROOT / "kit").rglob("*.py")
        if named.search(path.read_text())
    }


def test_only_the_scoring_process_has_code_that_scores_a_holdout() -> None:
    """So that no look goes round the ledger: `look` charges, and it alone is given sealed rows."""
    assert importers("kit.validate.holdout") == {"validate/look.py", "validate/scorer.py"}
    assert importers("kit.validate.look") == {"validate/scorer.py"}
    assert importers("kit.validate.scorer") == {"validate/process.py", "validate/scorer.py"}
    public = {module.split(":")[0] for module in PUBLIC.values()}
    assert not public & {"kit.validate.holdout", "kit.validate.look", "kit.validate.scorer"}
