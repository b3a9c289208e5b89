"""A real Jupyter server with our extension, and a contents manager without a server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager
from nbformat.sign import MemorySignatureStore
from traitlets.config import Config

import kit.lab

HERE = Path(kit.lab.__file__).parent
TOKEN = "kit-tests"
START_S = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: HTTPMessage


@dataclass(frozen=True)
class Server:
    """Where it listens, and the folder it serves, which is its workspace too."""

    url: str
    root: Path

    def ask(
        self,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        opener: urllib.request.OpenerDirector | None = None,
    ) -> Answer:
        """Send a GET, or a POST if there is a body."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"Authorization": f"token {TOKEN}"} if headers is None else headers
        request = urllib.request.Request(f"{self.url}/{path}", data, sent)
        try:
            with (opener or urllib.request.build_opener()).open(request, timeout=30) as got:
                return Answer(got.status, json.load(got), got.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.load(error), error.headers)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("root")
    own = tmp_path_factory.mktemp("settings")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "KIT_WORKSPACE": str(root),
        "JUPYTER_CONFIG_PATH": str(HERE),  # jupyter_server_config.d alone switches it on
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
    }
    command = [
        sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}",
    ]  # fmt: skip
    log = own / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        started = Server(f"http://127.0.0.1:{port}", root)
        _wait(started, process, log)
        yield started
    finally:
        process.terminate()
        process.wait(30)


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            server.ask("api")
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture
def make_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AsyncFileContentsManager]:
    """Make contents managers as a server has them, each with a root."""
    for name in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / "jupyter" / name))
    notary = {"store_factory": MemorySignatureStore, "secret": b"kit"}
    config = Config({"NotebookNotary": notary})

    def make(root: Path | str) -> AsyncFileContentsManager:
        return AsyncFileContentsManager(root_dir=str(root), config=config)

    return make
