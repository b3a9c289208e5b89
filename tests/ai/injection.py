"""Plant a hostile text where data or a user could, and see what leaves and what is run."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from kit.ai.catalog import Catalog, open_catalog
from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.ai.pairs import confirm_pair
from kit.ai.prompts import describe_payload
from kit.ai.sql_draft import answer_question, draft_messages
from kit.base.errors import KitError
from kit.data.sql.engine import Limits
from tests.ai.loopback import Loopback, Step

PLANTED_ID = "uid-7f3a"
HIDDEN = "HIDDEN-WORD"
QUESTION = "pigeons per exchange"
ROWS = 100


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\x00", "") + '"'


@contextmanager
def planted(case: Mapping[str, Any], root: Path) -> Iterator[tuple[Catalog, str]]:
    """Yield a catalog, and a question, in which the text of a case stands where it says."""
    text, where = str(case["text"]), case["where"]
    column = text if where == "column_name" else "number"
    table = text if where == "table_name" else "auctions"
    value = text if where == "value" else "aurora"
    path = root / "planted.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"CREATE TABLE {quoted(table)} AS SELECT ? AS exchange, i AS {quoted(column)}, "
            f"i % 2 = 0 AS won FROM range({ROWS}) t(i)",
            [value],
        )
        connection.execute(f"CREATE TABLE identities AS SELECT '{HIDDEN}' AS user_id")
    if where == "metric_text":
        told = json.dumps(text.replace("\x00", "").replace("\x7f", ""), ensure_ascii=False)
        (root / "metrics.toml").write_text(
            f"[metrics.pigeons]\nmeans = {told}\nunit = {told}\nwords = [{told}]\ncount = 'won'\n",
            encoding="utf-8", errors="replace",
        )  # fmt: skip
    if where == "past_pair":
        confirm_pair(f"{QUESTION} {text}", f"SELECT 1 -- {text}", root)
    before = os.environ.get("KIT_WORKSPACE")
    os.environ["KIT_WORKSPACE"] = str(root)
    try:
        limits = Limits(timeout_seconds=2.0, memory_mb=256)
        with open_catalog(path, [table.replace("\x00", "")], limits) as catalog:
            yield catalog, text if where == "question" else QUESTION
    finally:
        if before is None:
            del os.environ["KIT_WORKSPACE"]
        else:
            os.environ["KIT_WORKSPACE"] = before


def sent_text(case: Mapping[str, Any], root: Path) -> str:
    """Return all that would be sent to a model."""
    with planted(case, root) as (catalog, question):
        return describe_payload(draft_messages(question, catalog))


def breaches(case: Mapping[str, Any], attacks: list[str], root: Path, seed: int) -> list[str]:
    """Return what a model that obeys the attacker gets to see; each of its replies is an attack."""
    chosen = random.Random(seed).sample(attacks, 3)
    script = [Step(json.dumps({"sql": sql, "assumptions": ""})) for sql in chosen]
    with planted(case, root) as (catalog, question), Loopback(script) as server:
        client = Client(Endpoint(server.url, "obedient"), Journal(root / "ai.sqlite"), learned={})
        try:
            done = answer_question(question, catalog, client, "model")
        except KitError:
            return []
        rows = "" if done.answer is None else str(done.answer.frame.to_json())
        first = json.dumps(server.bodies[0])  # later ones send back what the model itself wrote
        seen = {HIDDEN: json.dumps(server.bodies) + rows, PLANTED_ID: first + rows}
        return [word for word, text in seen.items() if word in text]


def fences(sent: str) -> int:
    """Return how many fences a payload closes; a text that closes one itself makes more."""
    return sum(message["content"].count("</data>") for message in json.loads(sent))
