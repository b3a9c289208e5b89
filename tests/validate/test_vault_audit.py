"""Nobody but the scoring process opens a sealed holdout, and nothing public hands out its rows."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import kit
from kit.base.public import PUBLIC
from kit.data.sealed import SealedSplit, open_sealed, seal_log
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
