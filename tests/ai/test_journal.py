"""The journal: nothing lost, nothing changed, nothing secret, and unknown calls are charged."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit.ai.budget import Budget, Charge, Spent
from kit.ai.entry import Call
from kit.ai.journal import Journal
from kit.base.errors import EndpointError, JournalError
from kit.base.workspace import workspace_root
from tests.ai.cases import GOOD, MESSAGES, Draft, Jumps, ask
from tests.ai.conftest import KEY, MakeClient
from tests.ai.loopback import Loopback, Step

MOST = Charge(100, 50, Decimal("0.01"), 30.0)
PRICES = {"price_in": Decimal(2), "price_out": Decimal(8)}
LEAVE = """
import os, sys
from pathlib import Path
from kit.ai import journal
from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from tests.ai.cases import ask
class Leaves(Client):
    def _send(self, body, seconds):
        os._exit(7)
endpoint = Endpoint(sys.argv[1], "scripted", price_in="2", price_out="8")
ask(Leaves(endpoint, journal.Journal(Path(sys.argv[2]))))
"""
MANY = """
import sys
from pathlib import Path
from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from tests.ai.cases import Draft
client = Client(Endpoint(sys.argv[1], "scripted"), Journal(Path(sys.argv[2])))
for number in range(8):
    said = [{"role": "user", "content": f"{sys.argv[3]} {number}"}]
    client.ask(said, Draft, "sql_draft", "1")
"""
FULL = """
import resource, sys
from pathlib import Path
from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.base.errors import JournalError
from tests.ai.cases import Draft
client = Client(Endpoint(sys.argv[1], "scripted"), Journal(Path(sys.argv[2])))
def ask(number):
    client.ask([{"role": "user", "content": f"{number} " * 400}], Draft, "sql_draft", "1")
ask(0)
most = Path(sys.argv[2]).stat().st_size + 8192
resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
for number in range(1, 50):
    try:
        ask(number)
    except JournalError as error:
        print(number, error)
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
ask("again")
"""


def call(key: str = "k", **fields: Any) -> Call:
    given: dict[str, Any] = {
        "key": key, "root": key, "parent": None, "prompt_id": "sql", "prompt_version": "1",
        "messages": "[]", "reply_schema": "{}", "parameters": "{}", "model": "qwen",
        "endpoint": "http://x/v1", "rung": "text", "most": MOST, **fields,
    }  # fmt: skip
    return Call(**given)


def script(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str], code: int = 0) -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    return out


def leave_in_flight(loopback: Loopback, journal: Journal) -> None:
    """Ask in a process that ends between writing its intent and the reply."""
    finished(script(LEAVE, loopback.url, journal.path), 7)


def test_it_lies_in_the_workspace_and_is_made_by_the_first_call() -> None:
    journal = Journal()
    assert journal.path == workspace_root() / ".kit" / "ai.sqlite"
    assert (journal.entries(), journal.spent(), journal.find_ok("k")) == ([], Spent(), None)
    assert not journal.path.exists()


def test_what_goes_in_comes_out(journal: Journal) -> None:
    number = journal.begin(call("k", parent=3, messages='[{"content":"\\u0000"}]'))
    charge = Charge(40, 12, Decimal("0.000000000000000000001"), 0.25, reported=True)
    text = "a\x00b\n'é\U0001f600"
    journal.settle(number, "ok", text, charge)
    (entry,) = journal.entries()
    assert entry.call == call("k", parent=3, messages='[{"content":"\\u0000"}]')
    assert (entry.verdict, entry.reply, entry.charge) == ("ok", text, charge)
    assert entry.pid == os.getpid()


def test_a_call_under_way_is_charged_at_its_maximum_until_it_is_settled(journal: Journal) -> None:
    first, second = journal.begin(call("a")), journal.begin(call("b"))
    assert [entry.verdict for entry in journal.entries()] == ["under way", "under way"]
    assert journal.spent() == Spent(Decimal("0.02"), 300, 2, 60.0)
    journal.settle(second, "ok", "{}", Charge(10, 5, None, 2.0, reported=True))
    assert journal.spent() == Spent(Decimal("0.01"), 165, 2, 32.0, unpriced=1)
    with pytest.raises(JournalError, match="UNIQUE"):
        journal.settle(second, "ok", "{}", MOST)
    journal.settle(first, "down", None, MOST)
    assert journal.spent().tokens == 165


def test_spending_is_counted_from_a_time_on(tmp_path: Path) -> None:
    times = iter([10.0, 20.0])
    journal = Journal(tmp_path / "ai.sqlite", wall=lambda: next(times))
    journal.begin(call("a"))
    journal.begin(call("b"))
    assert [journal.spent(since).calls for since in (0.0, 15.0, 25.0)] == [2, 1, 0]


def test_a_call_of_another_machine_is_unknown_once_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    journal = Journal(tmp_path / "ai.sqlite", wall=lambda: now[0])
    monkeypatch.setattr("platform.node", lambda: "elsewhere")
    journal.begin(call("a"))
    monkeypatch.undo()
    assert journal.entries()[0].verdict == "under way"
    now[0] += 91.0
    assert journal.entries()[0].verdict == "unknown"


@pytest.mark.parametrize("table", ["calls", "settlements"])
@pytest.mark.parametrize("change", ["UPDATE {} SET number = 7", "DELETE FROM {}"])
def test_rows_stay(journal: Journal, table: str, change: str) -> None:
    journal.settle(journal.begin(call()), "ok", "{}", MOST)
    with (
        closing(sqlite3.connect(journal.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(change.format(table))


def test_neither_key_nor_header_is_stored(
    loopback: Loopback, make_client: MakeClient, journal: Journal
) -> None:
    loopback.script = [
        Step(status=500, error=f"bad key {KEY}"),
        Step(content=f"No. {KEY}"),
        Step(content=f'{{"sql": "{KEY}"}}'),
        Step(content=f'{{"sql": "{KEY}", "notes": []}}'),
    ]
    said = [{"role": "user", "content": f"Use {KEY}."}]
    make_client(timing=Jumps().timing).ask(said, Draft, "sql_draft", "1")
    assert len(journal.entries()) == 4
    raw = journal.path.read_bytes()
    for secret in (KEY, KEY[3:], "Bearer", "authorization", "user-agent"):
        assert secret.lower().encode() not in raw.lower()
    assert b'"Use ***."' in raw


def test_the_address_of_a_call_is_its_content(make_client: MakeClient, journal: Journal) -> None:
    def key(endpoint: dict[str, Any] | None = None, content: str = "?", version: str = "1") -> str:
        said = [{"role": "user", "content": content}]
        make_client(endpoint).ask(said, Draft, "sql_draft", version)
        return journal.entries()[-1].call.key

    same = {key(), key(), key({"key": "sk-another-0123456"}), key(PRICES)}
    others = {
        key(content="!"), key(version="2"), key({"seed": 1}), key({"temperature": 0.0}),
        key({"max_output_tokens": 9}),
    }  # fmt: skip
    assert (len(same), len(others), len(same | others)) == (1, 5, 6)


def test_live_always_calls(loopback: Loopback, make_client: MakeClient) -> None:
    assert ask(make_client()).entry == 1
    assert ask(make_client()).entry == 2
    assert len(loopback.requests) == 2


def test_what_was_recorded_is_not_called_for_again(
    loopback: Loopback, make_client: MakeClient, journal: Journal
) -> None:
    text = f" {GOOD} \n"
    loopback.script = [Step(content="No."), Step(content='{"sql": 5}'), Step(content=text)]
    first = ask(make_client(PRICES, mode="record"))
    assert (first.repairs, first.text) == (1, text)
    for mode in ("record", "replay"):
        again = ask(make_client(PRICES, mode=mode))
        assert (again.value, again.text, again.rung) == (first.value, text, "json_object")
        assert (again.entry, again.cost, again.usage.calls) == (first.entry, 0, 0)
    assert len(loopback.requests) == 3 == len(journal.entries())


def test_replay_never_calls(loopback: Loopback, make_client: MakeClient, journal: Journal) -> None:
    loopback.script = [Step(content=None, message={"refusal": "No."})]
    replay = make_client(mode="replay")
    with pytest.raises(JournalError, match="holds no usable reply to this question"):
        ask(replay)
    with pytest.raises(EndpointError, match="declined"):
        ask(make_client(mode="record"))
    with pytest.raises(JournalError, match="holds no usable reply"):
        ask(replay, resend=True)
    assert len(loopback.requests) == 1
    assert [entry.verdict for entry in journal.entries()] == ["refused"]


def test_replay_needs_neither_network_nor_openai(
    loopback: Loopback, make_client: MakeClient, journal: Journal
) -> None:
    ask(make_client())
    code = (
        "import sys; from pathlib import Path\n"
        "from kit.ai.client import Client\nfrom kit.ai.endpoint import Endpoint\n"
        "from kit.ai.journal import Journal\nfrom tests.ai.cases import ask\n"
        "client = Client(Endpoint(sys.argv[1], 'scripted'), Journal(Path(sys.argv[2])), "
        "mode='replay')\n"
        "print(ask(client).text, 'openai' in sys.modules)"
    )
    assert finished(script(code, loopback.url, journal.path)) == f"{GOOD} False\n"
    assert len(loopback.requests) == 1


def test_a_stored_reply_that_no_longer_fits_is_not_returned(
    make_client: MakeClient, journal: Journal
) -> None:
    ask(make_client())
    root = journal.entries()[0].call.root
    journal.settle(journal.begin(call(root)), "ok", '{"sql": 5}', MOST)
    with pytest.raises(JournalError, match=r"reply of call 2 is not valid any more: - sql"):
        ask(make_client(mode="replay"))


def test_a_call_in_flight_when_its_process_ended_is_asked_again_only_on_request(
    loopback: Loopback, make_client: MakeClient, journal: Journal
) -> None:
    leave_in_flight(loopback, journal)
    (entry,) = journal.entries()
    assert (entry.verdict, entry.charge) == ("unknown", entry.call.most)
    assert entry.charge.money is not None
    spent = journal.spent()
    assert (spent.calls, spent.money) == (1, entry.charge.money)
    for mode in ("live", "record"):
        with pytest.raises(JournalError, match=r"call 1 asked the same.* Pass resend=True"):
            ask(make_client(PRICES, mode=mode))
    assert loopback.requests == []
    other = [{"role": "user", "content": "Another question"}]
    make_client(PRICES).ask(other, Draft, "sql_draft", "1")
    reply = ask(make_client(PRICES, budget=Budget(calls=3, spent=journal.spent())), resend=True)
    assert reply.value.sql == "SELECT 1"
    assert ask(make_client(PRICES, mode="record")).entry == reply.entry
    assert ask(make_client(PRICES)).entry == 4  # it is known now
    assert [entry.verdict for entry in journal.entries()] == ["unknown", "ok", "ok", "ok"]
    assert journal.spent().tokens == entry.charge.tokens + 3 * 52


def test_two_notebooks_share_one_journal(loopback: Loopback, journal: Journal) -> None:
    workers = [script(MANY, loopback.url, journal.path, name) for name in ("first", "second")]
    for worker in workers:
        finished(worker)
    entries = journal.entries()
    assert [entry.number for entry in entries] == list(range(1, 17))
    assert {entry.verdict for entry in entries} == {"ok"}
    assert len({entry.call.key for entry in entries}) == 16
    assert len({entry.pid for entry in entries}) == 2
    assert journal.spent().tokens == 16 * 52


def test_threads_share_one_client(loopback: Loopback, make_client: MakeClient) -> None:
    client = make_client()
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: ask(client), range(12)))
    assert sorted(reply.entry for reply in replies) == list(range(1, 13))
    spent, recorded = client.budget.spent, client.journal.spent()
    assert (spent.calls, spent.tokens) == (recorded.calls, recorded.tokens) == (12, 12 * 52)
    assert spent.seconds == pytest.approx(recorded.seconds)


def test_a_full_disk_stops_calls_before_they_are_paid_for(
    loopback: Loopback, journal: Journal
) -> None:
    told = finished(script(FULL, loopback.url, journal.path)).split(maxsplit=1)
    entries = journal.entries()
    assert "cannot be opened or written" in told[1]
    assert "Free some space" in told[1]
    assert entries[-1].verdict == "ok"  # asked once there was space again
    stopped = [entry for entry in entries if entry.verdict != "ok"]
    if "no call was made" in told[1]:
        assert stopped == []
    else:  # full between intent and reply
        assert "is lost, and charged at its maximum" in told[1]
        assert [entry.verdict for entry in stopped] == ["unknown"]
    assert len(loopback.requests) == len(entries)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def test_the_error_says_that_the_disk_is_full(journal: Journal) -> None:
    journal.begin(call())
    with full_disk(), pytest.raises(JournalError) as caught:
        journal.begin(call(messages="x" * 100_000))
    assert "(disk I/O error)" in str(caught.value) or "disk is full" in str(caught.value)
    assert len(journal.entries()) == 1


def test_a_reply_that_cannot_be_recorded_is_charged_at_its_maximum(
    make_client: MakeClient, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = Journal.settle

    def settle_when_full(*arguments: Any) -> None:
        with full_disk():
            settle(*arguments)

    monkeypatch.setattr(Journal, "settle", settle_when_full)
    with pytest.raises(JournalError, match="reply to call 1 is lost, and charged at its maximum"):
        ask(make_client())
    (entry,) = journal.entries()
    assert (entry.verdict, entry.charge) == ("under way", entry.call.most)


@pytest.mark.parametrize("place", ["file/ai.sqlite", "folder"])
def test_what_cannot_be_opened_is_one_clear_error(
    loopback: Loopback, make_client: MakeClient, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder").mkdir()
    with pytest.raises(JournalError, match=r"cannot be opened or written .* KIT_WORKSPACE"):
        ask(make_client(journal=Journal(tmp_path / place)))
    assert loopback.requests == []


def test_a_file_that_is_no_journal(make_client: MakeClient, journal: Journal) -> None:
    journal.path.write_text("no database, " * 100)
    with pytest.raises(JournalError, match="file is not a database"):
        ask(make_client())


def test_the_messages_are_kept_as_sent(
    loopback: Loopback, make_client: MakeClient, journal: Journal
) -> None:
    loopback.script = [Step(status=400, error="no json_schema"), Step()]
    ask(make_client())
    sent = [body["messages"] for body in loopback.bodies]
    assert [json.loads(entry.call.messages) for entry in journal.entries()] == sent
    assert sent[0] == MESSAGES != sent[1]
