"""Tools of agents: what they answer, and what no agent gets out of them, whatever it passes."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from kit.base.errors import LeakageError
from kit.base.workspace import workspace_root
from kit.data.log import AuctionLog
from kit.data.sealed import seal_log
from kit.lab.mcp_tools import TOOLS
from kit.lab.mcp_tools.data import (
    _answered,
    kit_ask_data,
    kit_check_sql,
    kit_describe_data,
    kit_run_sql,
)
from kit.lab.mcp_tools.documents import kit_ask_documents
from kit.lab.mcp_tools.opened import opened
from kit.lab.mcp_tools.places import inside, workspace
from kit.lab.mcp_tools.refusals import reason_of, tool
from tests.lab.agents_world import check_told, groups_of, make_workspace, state
from tests.validate.vault_cases import frame


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("agents") / "workspace")


@pytest.fixture
def root(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIT_WORKSPACE", str(made))
    return made


def loaded(spec: str) -> Callable[..., Any]:
    module, _, name = spec.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


@pytest.mark.parametrize("spec", TOOLS)
def test_a_tool_is_a_plain_typed_function_that_says_what_it_does(spec):
    function = loaded(spec)
    signature = inspect.signature(function, eval_str=True)
    assert function.__name__ == spec.partition(":")[2]
    assert function.__name__.startswith("kit_")
    assert {value.annotation for value in signature.parameters.values()} <= {str, int}
    assert all(name in function.__doc__ for name in signature.parameters)
    assert "Returns" in function.__doc__


def test_the_entry_point_lists_the_tools():
    found = [one for one in entry_points(group="jupyter_server_mcp.tools")
             if one.value.startswith("kit.")]  # fmt: skip
    assert [one.load() for one in found] == [TOOLS]


def test_listing_the_tools_imports_nothing_heavy():
    heavy = ("pandas", "duckdb", "sqlglot", "pyarrow", "pydantic", "numpy", "openai", "kit.ai")
    code = (
        "import sys, importlib, kit.lab.mcp_tools as t\n"
        "for spec in t.TOOLS: importlib.import_module(spec.partition(':')[0])\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_there_is_to_ask_about_has_no_id_and_no_label_of_few_rows(root):
    told = kit_describe_data()
    check_told(told)
    assert "exchange VARCHAR" in told["schema"]
    assert "_id" not in told["schema"]
    assert '{"exchange": ["north", "south"]}' in told["labels"]
    assert '"win_rate"' in told["metrics"]


def test_a_question_is_answered_by_groups_of_many_rows(root):
    told = kit_ask_data("win rate by exchange")
    check_told(told)
    columns, *rows = groups_of(told)
    assert columns == ["exchange", "win_rate", "rows_behind"]
    assert rows == [["north", 1, 300]]  # 5 wins stand behind south's, and rare has 5 rows
    assert (told["left_out"], told["reads"], told["note"]) == (2, ["auctions"], "")
    assert all(told["checks"].values())


def test_a_question_that_is_not_understood_tells_no_label_of_few_rows(root):
    for question in ("win rate on rare", "win rate by user_id", "bids of uid-7f3a-0001"):
        told = kit_ask_data(question)
        assert "groups" not in told
        assert "unknown" in told
        check_told({**told, "said": [], "unknown": []})  # those repeat the question


def test_labels_of_the_data_cannot_end_the_fence(root):
    told = kit_run_sql("SELECT device, count(*) AS auctions FROM auctions GROUP BY 1 ORDER BY 2")
    check_told(told)
    assert len(groups_of(told)) == 3


def test_figures_that_rest_on_few_rows_are_left_out(root):
    sql = "SELECT exchange, sum(bid_price_cpm) FILTER (WHERE won) AS bids FROM auctions GROUP BY 1"
    told = kit_run_sql(sql)
    assert [row[0] for row in groups_of(told)[1:]] == ["north"]
    assert told["left_out"] == 2
    alone = kit_run_sql("SELECT avg(bid_price_cpm) AS bid FROM auctions WHERE bid_price_cpm > 900")
    assert alone["groups"] == "<data aggregates>\n(left out: 1)\n</data>"
    check_told(alone)


HOSTILE = (
    "SELECT * FROM auctions", "SELECT user_id FROM auctions", "SELECT auctions FROM auctions",
    "SELECT count(DISTINCT user_id) AS n FROM auctions",
    "SELECT max(bid_price_cpm) AS m FROM auctions",
    "SELECT count(*) AS n FROM auctions WHERE user_id = 'uid-7f3a-0001'",
    "SELECT count(*) AS n FROM read_parquet('elsewhere/secret.parquet')",
    "SELECT count(*) AS n FROM 'link.parquet'", "SELECT * FROM duckdb_settings()",
    "SELECT getenv('HOME') AS home, count(*) AS n FROM auctions GROUP BY 1",
    "COPY auctions TO 'copy.csv'", "DROP TABLE auctions", "ATTACH 'other.duckdb'",
    "SELECT count(*) AS n FROM auctions; SELECT 1", "PRAGMA database_list",
    "SELECT avg(CAST(device AS INT)) AS d FROM auctions",
    "SELECT count(*) AS n FROM auctions WHERE",
    "SELECT string_agg(auction_id, ',') AS a FROM auctions", "SELECT count(*) AS n FROM \x00",
    "WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 2 FROM t) SELECT count(*) AS n FROM t",
    "SELECT COLUMNS('user.*') FROM auctions", "SELECT list(auctions) AS a FROM auctions",
    "SELECT sum(CASE WHEN hour = 0 THEN bid_price_cpm ELSE 0 END) AS b FROM auctions",
    "SELECT a.exchange, count(*) AS n FROM auctions a, auctions b GROUP BY 1",
)  # fmt: skip


def test_hostile_sql_gets_a_sentence_and_no_figure(root):
    before = state(root)
    with opened("") as tables:
        guarded = tool(lambda sql: _answered(sql, tables.catalog, plain=True))
        for sql in HOSTILE:
            told = guarded(sql)
            assert list(told) == ["refused"], sql
            assert "Traceback" not in told["refused"]
            assert "uid-7f3a" not in json.dumps(told) or "uid-7f3a" in sql
    assert state(root) == before


def test_an_engines_message_stays_here(root):
    told = kit_run_sql("SELECT avg(bid_price_cpm) AS b FROM auctions WHERE device::INT = 3")
    assert told == {"refused": "sql: a value cannot be converted or is out of range"}


def test_sql_is_checked_without_being_run(root):
    told = kit_check_sql("SELECT bid_price_cpm FROM auctions")
    check_told(told)
    assert (told["allowed"], told["reads"], told["scans"]) == (True, ["auctions"], 405)
    assert "returns rows" in told["returns"]
    fine = kit_check_sql("SELECT exchange, count(*) AS n FROM auctions GROUP BY 1")
    assert fine["returns"] == "figures"
    assert "not on the list" in kit_check_sql("SELECT * FROM read_csv('/etc/passwd')")["refused"]


PATHS = (
    "../elsewhere/secret.parquet", "/etc/passwd", "/", "~", "~/x", "..", "a/../../elsewhere",
    "link.parquet", "linked", "linked/secret.parquet", "mixed", "mixed/secret.parquet", "hidden",
    "hidden/own.parquet", ".kit", ".kit/own.parquet", "./.kit/own.parquet", "copy.sealed.parquet",
    "alias.parquet", "loop", "loop/x", "nowhere.parquet", "env:HOME", "postgresql://a@b/c",
    "file:///etc/passwd", "a\x00b", "auctions.parquet\n", "x" * 5000, "..\\elsewhere", "\u202ea",
    "auctions.parquet/..", "kit.toml",
)  # fmt: skip


def test_paths_that_lead_elsewhere_are_refused(root):
    for path in PATHS:
        for told in (
            kit_describe_data(path),
            kit_run_sql("SELECT count(*) AS n FROM secret", path),
        ):
            assert list(told) == ["refused"], path
            assert str(root) not in told["refused"]
            assert "No such file" not in told["refused"]
    same = {inside_refusal(root, path) for path in ("nowhere.parquet", "../elsewhere")}
    assert len(same) == 1  # whether a file elsewhere exists is not told


def inside_refusal(root: Path, path: str) -> str:
    with pytest.raises(ValueError, match="inside the workspace") as caught:
        inside(root, path)
    return str(caught.value).replace(path, "")


def test_paths_inside_may_be_written_in_any_way(root):
    for path in ("auctions.parquet", "./auctions.parquet", "mixed/.//../auctions.parquet"):
        told = kit_run_sql("SELECT count(*) AS n FROM auctions", path)
        assert ("groups" in told) == (".." not in path), path


def test_arguments_that_are_no_texts_are_refused(root):
    for wrong in (None, 3, ["a"], {"a": 1}, "", " ", "x" * 100_000):
        assert "refused" in kit_ask_data(wrong)
        assert "refused" in kit_run_sql(wrong)
        assert "refused" in kit_ask_documents(wrong)
    assert "refused" in kit_describe_data(7)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace whose log is sealed, in a folder of its own."""
    root = tmp_path_factory.mktemp("sealed") / "workspace"
    (root / ".kit").mkdir(parents=True)
    (root / "kit.toml").write_text('[log]\npath = "log.parquet"\nformat = "parquet"\n')
    seal_log(AuctionLog(frame(auctions=4000)).save(root / "log.parquet"), out=root / "parts")
    return root


def test_of_a_sealed_log_the_other_parts_are_read(sealed, monkeypatch):
    monkeypatch.setenv("KIT_WORKSPACE", str(sealed))
    before = state(sealed)
    for path in ("", "log.parquet", "parts"):
        told = kit_run_sql("SELECT count(*) AS n FROM train", path)
        assert groups_of(told)[1] == [2400, 2400]
        assert ("sealed holdout" in told["note"]) == (path != "parts")
    assert "refused" in kit_run_sql("SELECT count(*) AS n FROM log", "log.parquet")
    assert "train(" in kit_describe_data("log.parquet")["schema"]
    for path in ("parts/holdout.sealed.parquet", "."):
        assert "sealed holdout" in kit_describe_data(path)["refused"]
    assert groups_of(kit_run_sql("SELECT count(*) AS n FROM tune", "parts/tune.parquet"))[1] == [
        800,
        800,
    ]
    assert state(sealed) == before


def test_a_log_whose_parts_are_gone_is_not_read_whole(sealed, monkeypatch, tmp_path):
    from kit.validate.ledger import Ledger

    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path))
    facts = json.loads((sealed / "parts" / "split.json").read_text())
    (tmp_path / "copied.parquet").write_bytes((sealed / "log.parquet").read_bytes())
    assert "groups" in kit_run_sql("SELECT count(*) AS n FROM copied", "copied.parquet")
    ledger = Ledger(tmp_path / ".kit" / "ledger.sqlite")
    ledger.charge(facts["source_hash"], facts["holdout_hash"], "claim", {"proposer": "test"})
    told = kit_run_sql("SELECT count(*) AS n FROM copied", "copied.parquet")
    assert "last rows are a sealed holdout" in told["refused"]


def test_the_own_log_must_lie_inside(tmp_path, monkeypatch, made):
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path))
    (tmp_path / "kit.toml").write_text(
        f'[log]\npath = "{made}/auctions.parquet"\nformat = "parquet"\n'
    )
    assert "outside the workspace" in kit_describe_data()["refused"]
    (tmp_path / "kit.toml").unlink()
    assert "names no Parquet log" in kit_describe_data()["refused"]


def test_the_workspace_is_that_of_the_running_server(tmp_path, monkeypatch):
    from jupyter_server.serverapp import ServerApp

    (tmp_path / "served" / ".kit").mkdir(parents=True)
    monkeypatch.delenv("KIT_WORKSPACE")
    monkeypatch.chdir(tmp_path)
    assert workspace() == workspace_root()
    monkeypatch.setattr(ServerApp, "initialized", classmethod(lambda cls: True))
    served = type("Served", (), {"root_dir": str(tmp_path / "served")})
    monkeypatch.setattr(ServerApp, "instance", classmethod(lambda cls: served))
    assert workspace() == (tmp_path / "served").resolve()


def test_what_is_unforeseen_is_told_by_its_type_alone():
    @tool
    def broken() -> dict[str, Any]:
        raise RuntimeError("uid-7f3a-0001 bid 987.654")

    assert broken() == {
        "refused": "it failed (RuntimeError); ask a person to run it with the command line"
    }
    assert broken()  # the turn was given back
    assert reason_of(
        LeakageError(f"{workspace()}/a\u202e.parquet of 550e8400-e29b-41d4-a716-446655440000")
    ) == ("a.parquet of (id hidden)")


def test_documents_are_looked_up_without_a_model(root, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    told = kit_ask_documents("what does a look at the holdout cost?")
    assert told["passages"].startswith("<data passages>\n")
    assert list(told["places"]) == ["p1", "p2", "p3", "p4", "p5"]
    assert any("rule.md" in place or "README" in place for place in told["places"].values())
    json.dumps(told, allow_nan=False)
    assert os.environ["OPENAI_BASE_URL"]
