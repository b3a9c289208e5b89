"""The tools where agents find them: a real Jupyter server with Jupyter AI, asked over MCP."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kit.lab.mcp_tools import TOOLS
from tests.lab.agents_world import check_told, groups_of, make_workspace, state
from tests.lab.mcp_client import MCPClient

pytestmark = pytest.mark.slow

PYTHON = Path(__file__).parents[2] / ".venv-agents" / "bin" / "python"
START_S = 120.0
NAMES = [spec.partition(":")[2] for spec in TOOLS]


@dataclass(frozen=True)
class Running:
    """A server, its workspace, what the workspace held, and what the server logs."""

    client: MCPClient
    api: str
    root: Path
    before: dict[str, str]
    log: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if not PYTHON.exists():
        if os.environ.get("CI"):
            pytest.fail("no .venv-agents; `make test-slow` installs it")
        pytest.skip("no .venv-agents: run `make .venv/agents.stamp`")
    root = make_workspace(tmp_path_factory.mktemp("agents") / "workspace")
    before = state(root)
    own = tmp_path_factory.mktemp("settings")
    environment = {name: value for name, value in os.environ.items() if name != "KIT_WORKSPACE"}
    for name in ("config", "data", "runtime"):
        environment[f"JUPYTER_{name.upper()}_DIR"] = str(own / name)
    command = [
        str(PYTHON), "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", f"--ServerApp.root_dir={root}",
        "--IdentityProvider.token=kit-tests", "--MCPExtensionApp.mcp_port=0",
        "--MCPServer.host=127.0.0.1",
    ]  # fmt: skip
    log = own / "server.log"
    with log.open("w") as out:  # from another folder: the workspace is the server's root
        process = subprocess.Popen(command, env=environment, cwd=own, stdout=out, stderr=out)
    try:
        mcp, api = _addresses(own / "runtime", process, log)
        client = MCPClient(mcp)
        client.open()
        yield Running(client, api, root, before, log)
    finally:
        process.terminate()
        process.wait(30)


def _addresses(runtime: Path, process: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    """Return where MCP and where Jupyter listen, once both do."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        found = [path for path in runtime.glob("jpserver-*.json") if path.stat().st_size]
        urls = {path.name.startswith("jpserver-mcp-"): json.loads(path.read_text())["url"]
                for path in found}  # fmt: skip
        if len(urls) == 2 and _answers(f"{urls[False]}api"):
            return urls[True], f"{urls[False]}api"
        time.sleep(0.2)
    pytest.fail(f"the server did not start:\n{log.read_text()[-5000:]}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as got:
            return bool(got.status == 200)
    except OSError:
        return False


def told(result: dict[str, Any]) -> dict[str, Any]:
    """Return what a tool returned: as an object, and the same as a text for older clients."""
    assert not result.get("isError"), result
    (text,) = [one["text"] for one in result["content"]]
    assert json.loads(text) == result["structuredContent"]
    return dict(result["structuredContent"])


def test_agents_find_the_tools_beside_those_of_jupyter_ai(running):
    found = running.client.tools()
    assert set(NAMES) <= set(found)
    assert "read_notebook" in found  # Jupyter AI's own
    asked = found["kit_ask_data"]
    assert "no model is asked" in asked["description"]
    assert asked["inputSchema"]["required"] == ["question"]
    kinds = {name: one["type"] for name, one in asked["inputSchema"]["properties"].items()}
    assert kinds == {"question": "string", "data": "string"}
    assert "Failed to register tool 'kit" not in running.log.read_text()


def test_a_question_is_answered_from_the_servers_folder(running):
    answer = told(running.client.call("kit_ask_data", question="win rate by exchange"))
    check_told(answer)
    assert groups_of(answer)[1:] == [["north", 1, 300]]
    assert (
        '{"exchange": ["north", "south"]}'
        in told(running.client.call("kit_describe_data"))["labels"]
    )


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("kit_run_sql", {"sql": "SELECT * FROM auctions"}),
        ("kit_run_sql", {"sql": "SELECT user_id, count(*) AS n FROM auctions GROUP BY 1"}),
        ("kit_run_sql", {"sql": "SELECT count(*) AS n FROM read_parquet('/etc/passwd')"}),
        ("kit_run_sql", {"sql": "COPY auctions TO 'stolen.csv'"}),
        ("kit_run_sql", {"sql": "SELECT count(*) AS n FROM secret", "data": "link.parquet"}),
        ("kit_describe_data", {"data": "../elsewhere/secret.parquet"}),
        ("kit_describe_data", {"data": "copy.sealed.parquet"}),
        ("kit_describe_data", {"data": ".kit/own.parquet"}),
        ("kit_read_result", {"run": 1}),
    ],
)
def test_a_hostile_call_is_refused_in_a_sentence(running, tool, arguments):
    answer = told(running.client.call(tool, **arguments))
    assert list(answer) == ["refused"]
    assert str(running.root) not in answer["refused"]


def test_arguments_of_another_type_are_refused_before_the_tool(running):
    answer = running.client.call("kit_read_result", run={"$gt": 0})
    assert answer["isError"]
    assert "Traceback" not in json.dumps(answer)


def test_the_server_answers_while_tools_work(running):
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(running.client.call, "kit_ask_data", question="wins by exchange")
                 for _ in range(8)]  # fmt: skip
        waits = []
        while not all(call.done() for call in calls):
            started = time.monotonic()
            assert _answers(running.api)
            waits.append(time.monotonic() - started)
            time.sleep(0.05)
    assert [groups_of(told(call.result()))[1] for call in calls] == [["north", 300, 300]] * 8
    assert sorted(waits)[len(waits) // 2] < 1.0


def test_nothing_was_written_by_any_of_it(running):
    for name in ("kit_list_runs", "kit_list_looks"):
        told(running.client.call(name))
    after = state(running.root)
    assert {name: after.get(name) for name in running.before} == running.before
    assert not [name for name in after if "stolen" in name or name.startswith(".kit/ledger")]


def test_a_page_of_another_site_is_turned_away(running):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
    headers = {"Content-Type": "application/json", "Origin": "https://evil.example"}
    request = urllib.request.Request(running.client.url, body, headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    with refused.value:
        assert refused.value.code == 403
