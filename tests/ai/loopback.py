"""A chat-completions server on the loopback interface that says what a script tells it to.

``python -m tests.ai.loopback --port 8123 --script FILE`` serves a JSON list of steps; a request
gets the first step whose ``when`` is in its text.
"""

from __future__ import annotations

import argparse
import json
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

USAGE = {"prompt_tokens": 40, "completion_tokens": 12, "total_tokens": 52}


@dataclass(frozen=True)
class Step:
    """What one request is answered with.

    Parameters
    ----------
    content : str or None
        What the model says.
    finish : str or None
        Its ``finish_reason``.
    usage : mapping or None
        Tokens; None leaves them out.
    message : mapping
        More fields of the message: ``refusal``, ``tool_calls``.
    status : int
        HTTP status; an error's body says `error`.
    error : str
        Message of an error.
    code : str or None
        Code of an error.
    headers : mapping
        More headers.
    body : str or bytes or None
        The body, whatever the rest says.
    wait_s : float
        Pause before the reply.
    trickle_s : float
        Pause after each byte of the reply, of its head too.
    endless : bool
        Whether the body never ends.
    reset : {"", "before", "within"}
        Whether the connection is reset, and when.
    rejects : tuple of str
        Words that make this step apply only to requests that hold one of them; others get `then`.
    then : Step or None
        See `rejects`.
    when : str
        For a served script: applies to requests that hold this text.
    """

    content: str | None = '{"sql": "SELECT 1", "notes": []}'
    finish: str | None = "stop"
    usage: Any = field(default_factory=lambda: dict(USAGE))
    message: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    error: str = "scripted"
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | bytes | None = None
    wait_s: float = 0.0
    trickle_s: float = 0.0
    endless: bool = False
    reset: str = ""
    rejects: tuple[str, ...] = ()
    then: Step | None = None
    when: str = ""

    def bytes(self) -> bytes:
        """Return the body."""
        if self.body is not None:
            return self.body if isinstance(self.body, bytes) else self.body.encode()
        if self.status >= 300:
            error = {"message": self.error, "type": "scripted", "code": self.code}
            return json.dumps({"error": error}).encode()
        message = {"role": "assistant", "content": self.content, **self.message}
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        completion: dict[str, Any] = {
            "id": "scripted", "object": "chat.completion", "created": 0, "model": "scripted",
            "choices": [choice],
        }  # fmt: skip
        if self.usage is not None:
            completion["usage"] = self.usage
        return json.dumps(completion).encode()


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


Script = Sequence[Step] | Callable[[Request], Step]


class Loopback:
    """The server; use it in a ``with`` block.

    Parameters
    ----------
    script : sequence of Step, or callable
        Steps in order, of which the last is repeated; or what gives the step for a request.
    port : int
        0 for a free one.
    """

    def __init__(self, script: Script = (Step(),), port: int = 0) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        """What a client takes for its base URL."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Return the bodies of all requests so far."""
        return [request.body for request in self.requests]

    def step_for(self, request: Request) -> Step:
        """Note a request and return its step."""
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
        if callable(self.script):
            step = self.script(request)
        else:
            step = self.script[min(number, len(self.script) - 1)]
        text = json.dumps(request.body)
        while step.rejects and not any(word in text for word in step.rejects):
            if step.then is None:
                raise ValueError("a step that rejects needs a step for the rest")
            step = step.then
        return step

    def serve_forever(self) -> None:
        """Serve until interrupted."""
        self._server.serve_forever()

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            step = loopback.step_for(Request(self.path, dict(self.headers.items()), body))
            loopback.stopped.wait(step.wait_s)
            if loopback.stopped.is_set():
                self.close_connection = True
                return
            try:
                self._answer(step)
            except OSError:  # the client went away, as some tests want
                self.close_connection = True

        def do_GET(self) -> None:
            self._send(b'{"object": "list", "data": [{"id": "scripted"}]}', Step())

        def _answer(self, step: Step) -> None:
            if step.reset == "before":
                return self._reset()
            body = step.bytes()
            if step.reset == "within":
                self._send(body[: len(body) // 2], step, length=len(body))
                return self._reset()
            return self._send(body, step)

        def _send(self, body: bytes, step: Step, length: int | None = None) -> None:
            head = {"Content-Type": "application/json", **step.headers}
            if not step.endless:
                head["Content-Length"] = str(len(body) if length is None else length)
            lines = [f"HTTP/1.1 {step.status} Scripted"]
            lines += [f"{name}: {value}" for name, value in head.items()]
            whole = "\r\n".join([*lines, "", ""]).encode() + body
            pieces = [whole]
            if step.trickle_s:
                pieces = [whole[at : at + 1] for at in range(len(whole))]
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()
                if loopback.stopped.wait(step.trickle_s):
                    break
            while step.endless and not loopback.stopped.is_set():
                self.wfile.write(b" " * 65_536)
            self.close_connection = step.endless

        def _reset(self) -> None:
            """Close with a reset in place of the usual goodbye."""
            now = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            self.wfile.close()
            self.rfile.close()
            self.connection.close()
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            return

    return Handler


def by_words(steps: Sequence[Step]) -> Callable[[Request], Step]:
    """Return a script that answers with the first step whose `when` a request holds."""

    def choose(request: Request) -> Step:
        text = " ".join(str(message["content"]) for message in request.body.get("messages", []))
        return next((step for step in steps if step.when in text), Step(status=404))

    return choose


def read_script(path: Path) -> list[Step]:
    """Read a JSON list of steps."""
    return [Step(**step) for step in json.loads(path.read_text(encoding="utf-8"))]


def main() -> None:
    """Serve a script until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, required=True)
    given = parser.parse_args()
    server = Loopback(by_words(read_script(given.script)), given.port)
    print(server.url, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
