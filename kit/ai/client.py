"""`Client`: asks a model for structured replies, within a budget, on the record.

The only file that imports `openai`, and it does so when the first request is made: the import
takes a second.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, MutableMapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from decimal import Decimal
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal, cast, get_args
from urllib.parse import parse_qsl, urlsplit

from kit.ai.answer import Dialect, Sent
from kit.ai.budget import Budget
from kit.ai.endpoint import Endpoint, Secret
from kit.ai.entry import UNKNOWN, Entry
from kit.ai.exchange import Exchange
from kit.ai.journal import Journal
from kit.ai.question import Question, Reply, ReplyT, Usage
from kit.ai.retry import Timing
from kit.ai.structured import Message, Rung, read_reply, strict_schema
from kit.base.checks import number, one_of
from kit.base.errors import JournalError

if TYPE_CHECKING:
    import ssl

    import httpx2
    import openai

Mode = Literal["live", "record", "replay"]

LEARNED: dict[tuple[str, str], Dialect] = {}
"""How endpoints and their models want to be spoken to, as learned in this session."""

_MAX_BYTES = 4_000_000
_CONNECT_S = 10.0
_GRACE_S = 0.25
_NO_KEY = "none"
_HEADERS = {"accept", "authorization", "connection", "content-length", "content-type", "host"}
_RAW_HEADER = "x-stainless-raw-response"  # by which the SDK knows that we want the bytes


class Client:
    """Asks one model.

    Parameters
    ----------
    endpoint : Endpoint
        Who is asked.
    journal : Journal, optional
        Where every call is recorded; default the workspace's.
    budget : Budget, optional
        What calls may cost; default no limit.
    mode : {"live", "record", "replay"}
        ``live`` always calls; ``record`` answers from the journal what has a usable reply there;
        ``replay`` never calls.
    deadline_s : float
        Longest time for one question, retries, repairs and pauses included.
    timing : Timing, optional
        Clocks, for tests.
    rng : random.Random, optional
        Chance, for the length of pauses.
    learned : mutable mapping, optional
        What is known about endpoints; default shared by the process.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        journal: Journal | None = None,
        budget: Budget | None = None,
        mode: Mode = "live",
        *,
        deadline_s: float = 120.0,
        timing: Timing | None = None,
        rng: random.Random | None = None,
        learned: MutableMapping[tuple[str, str], Dialect] | None = None,
    ) -> None:
        one_of("mode", mode, get_args(Mode))
        self.endpoint = endpoint
        self.journal = journal or Journal()
        self.budget = budget or Budget()
        self.mode = mode
        self.deadline_s = number("deadline_s", deadline_s, above=0.0)
        self._timing = timing or Timing()
        self._rng = rng or random.Random()
        self._learned = LEARNED if learned is None else learned

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        reply: type[ReplyT],
        prompt_id: str,
        prompt_version: str | int,
        parent: int | None = None,
        *,
        resend: bool = False,
    ) -> Reply[ReplyT]:
        """Ask for a reply of a type.

        Parameters
        ----------
        messages : sequence of mapping
            With ``role`` and ``content``.
        reply : type of BaseModel
            A flat model; see `kit.ai.structured.strict_schema`.
        prompt_id, prompt_version : str
            Which prompt made the messages.
        parent : int, optional
            Entry that this question follows from.
        resend : bool
            Ask even if a call with the same content was under way when its process ended: it may
            be billed twice.

        Raises
        ------
        EndpointError
            If the model gives no usable reply; its `kind` says why.
        AIBudgetError
            Before a call that could pass a limit.
        JournalError
            If a call cannot be recorded, a reply to replay is not there, or it is unknown whether
            the same call was answered.
        """
        said = [self._message(message) for message in messages]
        question = Question(
            str(prompt_id), str(prompt_version), said, reply, strict_schema(reply), parent
        )
        root = question.key(self.endpoint)
        stored = None if self.mode == "live" else self.journal.find_ok(root)
        if stored is not None:
            return self._replayed(stored, reply)
        self._refuse(root, resend)
        _certificates(not self.endpoint.is_loopback)  # what is slow once is no part of the time
        ends_at = self._timing.clock() + self.deadline_s
        return Exchange(
            self.endpoint, self.journal, self.budget, self._send, self._learned, self._timing,
            self._rng, ends_at, question,
        ).run()  # fmt: skip

    def _message(self, message: Mapping[str, str]) -> Message:
        """Return a message that can be encoded, and without the key that someone pasted."""
        content = message["content"].encode("utf-8", "replace").decode()
        return {"role": message["role"], "content": self.endpoint.hide_key(content)}

    def _refuse(self, root: str, resend: bool) -> None:
        """Refuse a call that replay would have to make, or that may have been made already."""
        if self.mode == "replay":
            raise JournalError(
                f"{self.journal.path.name}: holds no usable reply to this question ({root[:12]}); "
                "must hold one to replay it. Ask in mode 'record' first; a change to the prompt, "
                "the model or its settings makes another question."
            )
        last = None if resend else self.journal.newest(root)
        if last is not None and last.verdict == UNKNOWN:
            raise JournalError(
                f"{self.journal.path.name}: call {last.number} asked the same, and its process "
                "ended before a reply was recorded; it is charged at its maximum. Pass resend=True "
                "to ask again, which may be billed again."
            )

    def _replayed(self, entry: Entry, reply: type[ReplyT]) -> Reply[ReplyT]:
        text = entry.reply or ""
        read = read_reply(text, reply)
        if not isinstance(read.value, reply):
            raise JournalError(
                f"{self.journal.path.name}: the reply of call {entry.number} is not valid any "
                f"more: {read.problems}. Ask in mode 'live'."
            )
        rung = cast(Rung, entry.call.rung if read.bare else "text")
        return Reply(read.value, text, Usage(), Decimal(0), rung, 0, entry.number)

    def _send(self, body: Mapping[str, Any], seconds: float) -> Sent:
        """Make one request on a thread of its own, and be back in time whatever it does."""
        future: Future[Sent] = Future()
        call = _Call(self.endpoint, body, seconds)
        Thread(target=call.run, args=(future,), name="model call", daemon=True).start()
        try:
            return future.result(seconds + _GRACE_S)
        except TimeoutError:  # stuck where nothing can be cancelled, as in looking up a name
            return Sent(None, loss="deadline")
        except BaseException:
            call.cancel()
            raise


class _Call:
    """One request on an event loop of its own.

    Only that has a deadline over all: time-outs of a socket start anew with each byte, and a
    notebook's own loop runs already.
    """

    def __init__(self, endpoint: Endpoint, body: Mapping[str, Any], seconds: float) -> None:
        self._endpoint = endpoint
        self._body = body
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def run(self, future: Future[Sent]) -> None:
        """Make the request and hand over what became of it."""
        try:
            future.set_result(asyncio.run(self._limited()))
        except BaseException as error:
            future.set_exception(error)

    def cancel(self) -> None:
        """Close the connection: nobody waits for the reply any more."""
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # it came to its end meanwhile
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _limited(self) -> Sent:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            return await asyncio.wait_for(
                _create(self._endpoint, self._body, self._seconds), self._seconds
            )
        except TimeoutError:
            return Sent(None, loss="deadline")


async def _create(endpoint: Endpoint, body: Mapping[str, Any], seconds: float) -> Sent:
    import httpx2
    import openai

    try:
        client = _sdk(endpoint, httpx2.Timeout(seconds, connect=min(seconds, _CONNECT_S)))
    except (httpx2.InvalidURL, ValueError, ImportError):  # a host or a proxy that cannot be
        return Sent(None, loss="unreached")
    async with client:
        try:
            raw = await client.chat.completions.with_raw_response.create(**body)
        except openai.APIStatusError as error:
            return _sent(error.response)
        except _TooLarge:
            return Sent(None, loss="large")
        except openai.APIConnectionError as error:
            unreached = isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout)
            late = isinstance(error, openai.APITimeoutError) and not unreached
            return Sent(None, loss="unreached" if unreached else "deadline" if late else "lost")
        return _sent(raw.http_response)


def _sdk(endpoint: Endpoint, timeout: httpx2.Timeout) -> openai.AsyncOpenAI:
    """Return an SDK client that retries nothing, follows nothing, and says nothing more."""
    import httpx2
    import openai

    machine = not endpoint.is_loopback
    http = httpx2.AsyncClient(
        timeout=timeout,
        follow_redirects=False,  # a prompt goes where its user said, and nowhere else
        trust_env=machine,
        verify=_certificates(machine),
        event_hooks={"request": [_bare_headers], "response": [_bounded]},
    )
    parts = urlsplit(endpoint.base_url)  # the SDK appends its path to a query
    return openai.AsyncOpenAI(
        api_key=endpoint.key.reveal() if isinstance(endpoint.key, Secret) else _NO_KEY,
        base_url=parts._replace(query="", fragment="").geturl(),
        default_query=dict(parse_qsl(parts.query)),
        timeout=timeout,
        max_retries=0,
        http_client=http,
    )


@cache
def _certificates(trust_env: bool) -> ssl.SSLContext:
    """Read the machine's certificates once: it takes longer than a small call."""
    import httpx2
    import openai as openai  # takes a second

    return httpx2.create_ssl_context(trust_env=trust_env)


def _sent(response: httpx2.Response) -> Sent:
    return Sent(response.status_code, response.content, response.headers.get("retry-after"))


async def _bare_headers(request: httpx2.Request) -> None:
    """Send what HTTP needs and the key: no organisation, telemetry or header of the environment."""
    for name in {name.lower() for name in request.headers} - _HEADERS - {_RAW_HEADER}:
        del request.headers[name]
    request.headers["accept-encoding"] = "identity"
    request.headers["user-agent"] = "programmatic-kit"
    if request.headers.get("authorization") == f"Bearer {_NO_KEY}":
        del request.headers["authorization"]


class _TooLarge(Exception):  # noqa: N818
    """A reply is larger than any real one, or packed, so that nobody knows how large it is."""


async def _bounded(response: httpx2.Response) -> None:
    """Read a body up to a limit, before anything else reads all of it."""
    import httpx2

    if response.headers.get("content-encoding", "identity") != "identity":
        raise _TooLarge
    body = bytearray()
    stream = cast("httpx2.AsyncByteStream", response.stream)
    async for part in stream:
        body += part
        if len(body) > _MAX_BYTES:
            raise _TooLarge
    await stream.aclose()
    response.stream = httpx2.ByteStream(bytes(body))
