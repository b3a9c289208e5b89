"""Prompts: one Markdown file a task, checked when it is read and again when it is filled in."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from kit.ai.disclosure import Shareable
from kit.ai.replies import REPLIES
from kit.base.assets import asset_dir
from kit.base.checks import one_of
from kit.base.errors import DataError, PromptError
from kit.base.specs import Spec, read_spec
from kit.base.workspace import workspace_root

Message = dict[str, str]
"""``role`` and ``content``, as an endpoint takes them."""

_NAME = r"[a-z][a-z0-9_]*"
_FRONT = re.compile(r"\A\+\+\+\n(.*?)^\+\+\+\n(.*)\Z", re.DOTALL | re.MULTILINE)
_SECTION = re.compile(r"^## (.*)$", re.MULTILINE)
_SLOT = re.compile(rf"\{{\{{ ({_NAME}) \}}\}}")
_ROLES = ("system", "user")


class _Front(Spec):
    task: Annotated[StrictStr, Field(pattern=rf"^{_NAME}$")]
    version: Annotated[StrictInt, Field(ge=1)]
    inputs: list[Annotated[StrictStr, Field(pattern=rf"^{_NAME}$")]]
    reply: StrictStr


@dataclass(frozen=True)
class Prompt:
    """A prompt that was read and checked.

    Parameters
    ----------
    task : str
        What it is for, and the name of its file.
    id : str
        ``kit/<task>@<hash>``, or ``own/…`` for a user's copy; the hash is of the whole file.
    version : int
        As the file states it.
    inputs : tuple of str
        Variables; each is used, and none else is.
    reply : str
        Which of `kit.ai.replies.REPLIES` answers it.
    sections : mapping of str to str
        Text of the system and of the user message, with its slots.
    """

    task: str
    id: str
    version: int
    inputs: tuple[str, ...]
    reply: str
    sections: Mapping[str, str]

    def render(self, inputs: Mapping[str, Shareable]) -> list[Message]:
        """Fill in every slot once; what is filled in is never read for slots again.

        Raises
        ------
        PromptError
            If a variable is missing or unknown, or a value was not made for a prompt.

        Examples
        --------
        >>> from kit.ai.disclosure import share_question
        >>> prompt = Prompt("ask", "kit/ask@0", 1, ("question",), "SQLDraft",
        ...                 {"system": "Be short.", "user": "{{ question }}"})
        >>> asked = share_question("Spend {{ question }}?")
        >>> print(prompt.render({"question": asked})[1]["content"])
        <data question>
        "Spend {{ question }}?"
        </data>
        """
        self._check(inputs)
        return [
            {"role": role, "content": _SLOT.sub(lambda slot: inputs[slot[1]].text, text)}
            for role, text in self.sections.items()
        ]

    def _check(self, inputs: Mapping[str, Shareable]) -> None:
        _same_names(self.task, "its variables", set(inputs), set(self.inputs))
        for name, value in inputs.items():
            if type(value) is not Shareable:
                raise PromptError(
                    f"{self.task}: {name} is of type {type(value).__name__}; must be a Shareable, "
                    "so that nothing leaves by mistake. Make it with kit.ai.disclosure."
                )


def load_prompt(task: str, root: Path | None = None) -> Prompt:
    """Read a prompt: the workspace's ``prompts/<task>.md`` if there is one, else the package's.

    A user's copy is checked as the package's own is, and must have its inputs and its reply.

    Parameters
    ----------
    task : str
        One of the package's tasks.
    root : Path, optional
        The workspace; default the current one.

    Raises
    ------
    PromptError
        If there is no such task, or the file is broken.

    Examples
    --------
    >>> load_prompt("draft_sql", Path("nowhere")).reply
    'SQLDraft'
    """
    folder = asset_dir("prompts")
    tasks = {path.stem: path for path in folder.glob("*.md") if path.stem != "README"}
    try:
        packaged = read_prompt(tasks[one_of("task", task, tasks)], "kit")
    except DataError as error:
        raise PromptError(str(error)) from None
    copy = (root or workspace_root()) / "prompts" / f"{task}.md"
    if not copy.is_file() or copy.samefile(tasks[task]):
        return packaged
    own = read_prompt(copy, "own")
    _same_names(str(copy), "its inputs", set(own.inputs), set(packaged.inputs))
    if own.reply != packaged.reply:
        raise PromptError(f"{copy}: reply: got {own.reply!r}; must be {packaged.reply!r}.")
    return own


def read_prompt(path: Path, owner: str) -> Prompt:
    """Read and check one file.

    Parameters
    ----------
    path : Path
        Front matter in TOML between lines of ``+++``, then ``## system`` and ``## user``.
    owner : str
        First part of the prompt's id: whose file it is.

    Raises
    ------
    PromptError
        If the file cannot be read, an entry of the front matter is missing, unknown or not
        allowed, or the variables that the text uses are not those that it declares.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: cannot be read as text ({error}). Repair the file.") from None
    parts = _FRONT.match(text)
    if parts is None:
        raise PromptError(
            f"{path}: has no front matter; must start with TOML between two lines of '+++'. "
            "Start from a copy of the package's file."
        )
    front = _front(path, parts[1])
    sections = _sections(path, parts[2])
    _same_names(str(path), "the {{ slots }}", _slots(path, sections), set(front.inputs))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    inputs = tuple(front.inputs)
    name = f"{owner}/{front.task}@{digest}"
    return Prompt(front.task, name, front.version, inputs, front.reply, sections)


def describe_payload(messages: Sequence[Message]) -> str:
    """Return messages exactly as they lie in the body of a request, byte for byte in UTF-8.

    Examples
    --------
    >>> describe_payload([{"role": "user", "content": "CTR?"}])
    '[{"role":"user","content":"CTR?"}]'
    """
    return json.dumps(list(messages), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def readable_payload(messages: Sequence[Message]) -> str:
    """Return messages for the eye: each role, then its content, nothing changed or cut."""
    return "\n\n".join(f"[{item['role']}]\n{item['content']}" for item in messages)


def _front(path: Path, text: str) -> _Front:
    try:
        front = read_spec(_Front, tomllib.loads(text))
        one_of("reply", front.reply, REPLIES)
        one_of("task", front.task, [path.stem])
    except (tomllib.TOMLDecodeError, DataError) as error:
        raise PromptError(f"{path}: {error}") from None
    repeated = sorted({name for name in front.inputs if front.inputs.count(name) > 1})
    if repeated:
        raise PromptError(f"{path}: inputs: names {', '.join(repeated)} twice; must be once each.")
    return front


def _sections(path: Path, body: str) -> dict[str, str]:
    before, *parts = _SECTION.split(body)
    heads = tuple(parts[::2])
    texts = [text.strip() for text in parts[1::2]]
    if before.strip() or heads != _ROLES or not all(texts):
        raise PromptError(
            f"{path}: has sections {', '.join(heads) or 'none'}; must be '## system' and then "
            "'## user', neither empty, and nothing before them."
        )
    return dict(zip(_ROLES, texts, strict=True))


def _slots(path: Path, sections: Mapping[str, str]) -> set[str]:
    text = "\n".join(sections.values())
    left = _SLOT.sub("", text)
    if "{{" in left or "}}" in left:
        raise PromptError(
            f"{path}: has a '{{{{' or '}}}}' that is no slot; must be written {{{{ name }}}}, with "
            "one space on each side and a name of small letters, digits and '_'."
        )
    return set(_SLOT.findall(text))


def _same_names(where: str, what: str, got: set[str], wanted: set[str]) -> None:
    missing, unknown = sorted(wanted - got), sorted(got - wanted)
    if missing or unknown:
        said = [f"lack {', '.join(missing)}"] if missing else []
        said += [f"have unknown {', '.join(unknown)}"] if unknown else []
        raise PromptError(
            f"{where}: {what} {' and '.join(said)}; must be {', '.join(sorted(wanted)) or 'none'}."
        )
