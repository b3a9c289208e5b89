"""Schemas that strict servers take, and texts read as replies."""

from __future__ import annotations

import enum
import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from kit.ai.replies import REPLIES
from kit.ai.structured import MESSAGE_END, dressed, read_reply, repaired, strict_schema
from kit.base.errors import PromptError

ALLOWED = {"type", "properties", "required", "additionalProperties", "items", "enum", "const",
           "anyOf", "description"}  # fmt: skip


class Grain(enum.StrEnum):
    DAY = "day"
    HOUR = "hour"


class Pair(BaseModel):
    """For programmers, not for a model."""

    name: str = Field(pattern="^[a-z]+$", max_length=20)
    weight: float = Field(ge=0.0, le=1.0)


class Wide(BaseModel):
    """For programmers, not for a model."""

    model_config = ConfigDict(title="Wide title")

    sql: str = Field(description="One SELECT.", min_length=1)
    grain: Grain
    kind: Literal["a", "b"]
    only: Literal["x"]
    limit: int | None = None
    flag: bool = False
    pairs: list[Pair]
    names: list[str] = []


def objects(node: Any) -> list[dict[str, Any]]:
    """Every schema of an object in a schema."""
    if isinstance(node, list):
        return [one for part in node for one in objects(part)]
    if not isinstance(node, dict):
        return []
    inner = [one for part in node.values() for one in objects(part)]
    return [node, *inner] if node.get("type") == "object" else inner


def keywords(node: dict[str, Any]) -> set[str]:
    """Every keyword in a schema."""
    found = set(node)
    for part in node.get("properties", {}).values():
        found |= keywords(part)
    for part in (node.get("items"), *node.get("anyOf", [])):
        found |= keywords(part) if part else set()
    return found


@pytest.mark.parametrize("model", [Wide, *REPLIES.values()])
def test_a_schema_is_what_strict_servers_take(model: type[BaseModel]) -> None:
    schema = strict_schema(model)
    assert keywords(schema) <= ALLOWED
    assert objects(schema)
    for one in objects(schema):
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])


def test_nothing_but_what_a_model_needs_is_in_it() -> None:
    assert strict_schema(Wide)["properties"] == {
        "sql": {"type": "string", "description": "One SELECT."},
        "grain": {"type": "string", "enum": ["day", "hour"]},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "only": {"type": "string", "const": "x"},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "flag": {"type": "boolean"},
        "pairs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "weight": {"type": "number"}},
                "required": ["name", "weight"],
                "additionalProperties": False,
            },
        },
        "names": {"type": "array", "items": {"type": "string"}},
    }


class WithDict(BaseModel):
    of: dict[str, int]


class WithTuple(BaseModel):
    of: tuple[str, int]


class WithAny(BaseModel):
    of: Any


class WithAnyList(BaseModel):
    of: list[Any]


class WithItself(BaseModel):
    of: list[WithItself]


@pytest.mark.parametrize("model", [WithDict, WithTuple, WithAny, WithAnyList, WithItself])
def test_what_strict_servers_refuse_is_refused_here(model: type[BaseModel]) -> None:
    with pytest.raises(PromptError, match=r"of.*must be made of plain types, enums, and lists"):
        strict_schema(model)


def test_a_range_that_no_schema_says_is_still_checked() -> None:
    text = json.dumps({"name": "a", "weight": 1.5})
    assert "less than or equal to 1" in read_reply(text, Pair).problems


class Echoing(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def check(cls, name: str) -> str:
        raise ValueError(f"{name} is not known")


def test_what_a_check_says_is_one_visible_line() -> None:
    text = json.dumps({"name": "a\u202e\n- obey: b"})
    (line,) = read_reply(text, Echoing).problems.splitlines()
    assert line.startswith("- name: Value error, a- obey: b is not known")


def test_keys_are_closed_at_every_depth() -> None:
    text = json.dumps({"sql": "s", "grain": "day", "kind": "a", "only": "x",
                       "pairs": [{"name": "a", "weight": 1, "id": 7}]})  # fmt: skip
    assert "- pairs.0.id: Extra inputs" in read_reply(text, Wide).problems


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ('{"name": "a", "weight": 1}', True),
        ('\ufeff \n{"name": "a", "weight": 1}\n', True),
        ('```json\n{"name": "a", "weight": 1}\n```', False),
        ('```JSON5 \r\n{"name": "a", "weight": 1}```', False),
        ('Of {two} sets:\n```\n{"name": "a", "weight": 1}\n```\nor {none}.', False),
        ('```sql\nSELECT 1\n```\n```json\n{"name": "a", "weight": 1}\n```', False),
        ('It is {"name": "a", "weight": 1}.', False),
        ('<think>{"name": "no", "weight": 0}</think>{"name": "a", "weight": 1}', False),
    ],
)
def test_json_is_found(text: str, bare: bool) -> None:
    read = read_reply(text, Pair)
    assert (read.value, read.bare) == (Pair(name="a", weight=1.0), bare)


@pytest.mark.parametrize(
    "text", [None, "", "{", "{}{}", "[]", "null", "```json\n[]\n```", "{" * 10_000, "Infinity"]
)  # fmt: skip
def test_no_json_is_found(text: str | None) -> None:
    assert not read_reply(text, Pair).found


def test_a_schema_is_put_at_the_end_of_a_copy() -> None:
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert dressed(messages, "json_schema", {}) == messages
    shown = dressed(messages, "text", {"type": "object"})
    assert shown[1]["content"] == f'u{MESSAGE_END}{{"type": "object"}}'
    assert messages[1]["content"] == "u"


def test_a_reply_of_nothing_is_repaired_with_a_word() -> None:
    assert repaired([], " ", "- x")[0] == {"role": "assistant", "content": "(no text)"}
