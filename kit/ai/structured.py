"""Structured output: the schema a server is given, and what a model's text is read as."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from kit.base.errors import PromptError

Rung = Literal["json_schema", "json_object", "text"]
RUNGS: tuple[Rung, ...] = ("json_schema", "json_object", "text")
"""How a schema is asked for, the strictest first."""

Message = dict[str, str]

MESSAGE_END = "\n\nReply with one JSON object that fits this JSON schema, and nothing else:\n"
"""What the schema follows where the server is not given it."""

_KEPT = ("type", "enum", "const", "description")
_MAX_PROBLEMS = 8
_MAX_NAME = 40
_MAX_WORDS = 200
_MAX_ECHO = 1000
_FENCE = re.compile(r"```[\w-]*[ \t]*\r?\n?(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)


@dataclass(frozen=True)
class Read:
    """What a text was read as.

    Parameters
    ----------
    value : BaseModel or None
        The reply, if it is valid.
    found : bool
        Whether there was a JSON object at all.
    bare : bool
        Whether it was the whole text: no fences, no prose around.
    problems : str
        What is wrong with it, for the model to mend.
    """

    value: BaseModel | None
    found: bool
    bare: bool
    problems: str = ""


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a flat model as strict servers take it.

    Every object is closed and all its properties required; references are put in place; ranges,
    lengths and patterns are left out, because servers refuse or ignore them (llama.cpp: ranges of
    a float), and pydantic checks them anyway.

    Parameters
    ----------
    model : type of BaseModel
        Fields of plain types, enums, and lists of flat models.

    Raises
    ------
    PromptError
        If a field has no fixed keys, is a tuple, or refers to itself.

    Examples
    --------
    >>> class Pick(BaseModel):
    ...     name: str
    ...     weight: float = 1.0
    >>> strict_schema(Pick) == {
    ...     "type": "object",
    ...     "properties": {"name": {"type": "string"}, "weight": {"type": "number"}},
    ...     "required": ["name", "weight"],
    ...     "additionalProperties": False,
    ... }
    True
    """
    schema = model.model_json_schema()
    return _strict(schema, schema.get("$defs", {}), model.__name__, ())


def response_format(rung: Rung, name: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a request at a rung says about its reply; None for plain text."""
    if rung == "json_schema":
        return {
            "type": "json_schema",
            "json_schema": {"name": name, "strict": True, "schema": dict(schema)},
        }
    return {"type": "json_object"} if rung == "json_object" else None


def dressed(
    messages: Sequence[Message], rung: Rung, schema: Mapping[str, Any]
) -> list[Message]:  # fmt: skip
    """Return the messages with the schema at their end, where the server is not given it."""
    sent = [dict(message) for message in messages]
    if rung != "json_schema":
        sent[-1]["content"] += MESSAGE_END + json.dumps(schema, ensure_ascii=False)
    return sent


def read_reply(text: str | None, model: type[BaseModel]) -> Read:
    r"""Read a reply: the text as it is, else what is inside fences or between prose.

    Keys that the model does not have are wrong, whatever its configuration.

    Examples
    --------
    >>> class Pick(BaseModel):
    ...     name: str
    >>> read_reply('Sure!\n```json\n{"name": "a"}\n```', Pick)
    Read(value=Pick(name='a'), found=True, bare=False, problems='')
    >>> print(read_reply('{"nom": "a"}', Pick).problems)
    - name: Field required (missing)
    - nom: Extra inputs are not permitted (extra_forbidden)
    """
    found = _object_in(text or "")
    if found is None:
        return Read(None, False, False, "- the reply holds no JSON object")
    body, bare = found
    try:
        return Read(model.model_validate_json(body, extra="forbid"), True, bare)
    except ValidationError as error:
        return Read(None, True, bare, _problems(error))


def repaired(messages: Sequence[Message], text: str | None, problems: str) -> list[Message]:
    """Return the messages that ask for a reply again, with what was wrong about the last one.

    The last reply is repeated in part only: it is the model's text, and may be hostile.
    """
    shown = (text or "").strip()[:_MAX_ECHO] or "(no text)"
    return [
        *messages,
        {"role": "assistant", "content": shown},
        {
            "role": "user",
            "content": "That reply cannot be used:\n" + problems + "\nReply again, mended: one "
            "JSON object, no fences, no other words.",
        },
    ]


def _strict(
    node: Mapping[str, Any], defs: Mapping[str, Any], where: str, inside: tuple[str, ...]
) -> dict[str, Any]:  # fmt: skip
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        if name in inside:
            raise _not_flat(where, f"refers to itself through {name}")
        return _strict(defs[name], defs, where, (*inside, name))
    kept = {key: node[key] for key in _KEPT if key in node and isinstance(node[key], str | list)}
    if "anyOf" in node:
        kept["anyOf"] = [_strict(one, defs, where, inside) for one in node["anyOf"]]
    if node.get("type") == "array":
        if "items" not in node:
            raise _not_flat(where, "is a tuple or a list of anything")
        kept["items"] = _strict(node["items"], defs, where, inside)
    if node.get("type") == "object":
        properties = node.get("properties", {})
        if not properties:
            raise _not_flat(where, "is an object without fixed keys")
        kept["properties"] = {
            name: _strict(one, defs, f"{where}.{name}", inside) for name, one in properties.items()
        }
        kept["required"] = list(properties)
        kept["additionalProperties"] = False
        kept.pop("description", None)  # a model's docstring speaks to programmers
    elif not kept:
        raise _not_flat(where, "has no type")
    return kept


def _not_flat(where: str, why: str) -> PromptError:
    return PromptError(
        f"{where}: {why}; a reply must be made of plain types, enums, and lists of flat models. "
        "Use a list of pairs instead."
    )


def _object_in(text: str) -> tuple[str, bool] | None:
    """Return the JSON object in a text, and whether it is all of it."""
    text = text.strip("\ufeff \t\r\n")
    if _is_object(text):
        return text, True
    text = _THOUGHT.sub("", text)
    inner = text[text.find("{") : text.rfind("}") + 1]
    for candidate in (*_FENCE.findall(text)[:_MAX_PROBLEMS], inner):
        if _is_object(candidate):
            return candidate, False
    return None


def _is_object(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        return isinstance(from_json(text, allow_inf_nan=False), dict)
    except ValueError:
        return False


def _problems(error: ValidationError) -> str:
    lines = []
    for one in error.errors(include_url=False, include_input=False)[:_MAX_PROBLEMS]:
        place = ".".join(_name(part) for part in one["loc"]) or "reply"
        words = "".join(letter for letter in one["msg"][:_MAX_WORDS] if letter.isprintable())
        lines.append(f"- {place}: {words} ({one['type']})")
    return "\n".join(lines)


def _name(part: str | int) -> str:
    """Return a name that can only be a name: a key may be a sentence, and we would be saying it."""
    name = str(part)
    plain = name.isascii() and (name.isidentifier() or name.isdigit())
    return name if plain and len(name) <= _MAX_NAME else "(some key)"
