"""What the tests of the client share: a reply's type, and a clock that jumps instead of waiting."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pydantic import BaseModel

from kit.ai.client import Client
from kit.ai.question import Reply
from kit.ai.retry import Timing

GOOD = '{"sql": "SELECT 1", "notes": []}'
MESSAGES = [
    {"role": "system", "content": "You write SQL."},
    {"role": "user", "content": "What is the win rate?"},
]


class Draft(BaseModel):
    """A flat reply."""

    sql: str
    notes: list[str]


@dataclass
class Jumps:
    """Real clocks, but a sleep only moves them on."""

    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    @property
    def timing(self) -> Timing:
        return Timing(
            clock=lambda: time.monotonic() + sum(self.slept),
            wall=lambda: 1_000_000.0 + sum(self.slept),
            sleep=self.sleep,
        )


def ask(client: Client, **options: object) -> Reply[Draft]:
    """Ask the one question of these tests."""
    return client.ask(MESSAGES, Draft, "sql_draft", "1", **options)  # type: ignore[arg-type]
