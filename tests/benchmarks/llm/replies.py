"""A model whose replies are kept: what was asked before is answered from a file.

A small model writes some tokens a second, so a run that is broken off goes on where it was, and a
second one costs nothing. The model is loaded when something new is asked.
"""

from __future__ import annotations

import hashlib
import json
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType
from typing import Any

import psutil

from kit.ai.serve import LocalServer
from tests.ai.local_models import PackagedModel

CONTEXT = 8192
_LATEST_S = 1800
_KEPT = (200, 400)  # what is the model's, and what the prompt is refused for


class KeptModel:
    """An endpoint on this machine that asks a model what it was not asked before.

    Parameters
    ----------
    model : PackagedModel
        Which one.
    file : Path
        Its GGUF.
    folder : Path
        Where replies are kept.
    """

    def __init__(self, model: PackagedModel, file: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = model.name
        self.asked = 0
        self.peak_mb = 0.0
        self._gguf = file
        self._seed = f"{model.sha256} {version('xllamacpp')} {CONTEXT}"
        self._kept_in = folder / f"{model.name}.json"
        self._replies = self._read()
        self._lock = Lock()
        self._server: LocalServer | None = None
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def reply(self, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the reply to a chat request, kept or new."""
        key = hashlib.sha256(self._seed.encode() + body).hexdigest()
        with self._lock:
            if key not in self._replies:
                status, text, seconds = self._ask(body)
                if status not in _KEPT:
                    return status, text
                self._replies[key] = {
                    "status": status, "body": text.decode(), "seconds": seconds
                }  # fmt: skip
                self._write()
            kept = self._replies[key]
        return kept["status"], kept["body"].encode()

    def tokens_per_second(self) -> tuple[float, float]:
        """Return the rates at which prompts were read and replies written, over all kept."""
        timings = [
            json.loads(kept["body"])["timings"]
            for kept in self._replies.values()
            if kept["status"] == 200
        ]
        return _rate(timings, "prompt"), _rate(timings, "predicted")

    def __enter__(self) -> KeptModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        if self._server is not None:
            self._server.close()

    def _ask(self, body: bytes) -> tuple[int, bytes, float]:
        if self._server is None:
            self._server = LocalServer(self._gguf, port=0, context=CONTEXT)
        self.asked += 1
        request = urllib.request.Request(
            f"{self._server.base_url}/chat/completions",
            body, {"Content-Type": "application/json"},
        )  # fmt: skip
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=_LATEST_S) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, text = refused.code, refused.read()
        self.peak_mb = max(self.peak_mb, psutil.Process(self._server.pid).memory_info().rss / 1e6)
        return status, text, time.monotonic() - started

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self._kept_in.is_file():
            return {}
        kept: dict[str, dict[str, Any]] = json.loads(self._kept_in.read_text(encoding="utf-8"))
        return kept

    def _write(self) -> None:
        unfinished = self._kept_in.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(self._replies), encoding="utf-8")
        unfinished.replace(self._kept_in)


def _rate(timings: list[dict[str, float]], what: str) -> float:
    seconds = sum(timing[f"{what}_ms"] for timing in timings) / 1000
    return sum(timing[f"{what}_n"] for timing in timings) / seconds if seconds else 0.0


def _handler(model: KeptModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            status, text = model.reply(self.rfile.read(size))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
