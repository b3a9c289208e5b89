"""`LocalServer`: a model's file behind an OpenAI-compatible endpoint, on this machine only."""

from __future__ import annotations

import importlib.util
import json
import shlex
import socket
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType

from kit.base.checks import number
from kit.base.errors import DataError, EndpointError

PORT = 8080
CONTEXT = 8192
_MAGIC = b"GGUF"


class LocalServer:
    """Serves one GGUF model from a child process, until it is closed.

    The server is llama.cpp's, of the package `xllamacpp` (extra ``local``). It has no key, so it
    listens on a loopback address and nowhere else. It downloads nothing.

    Parameters
    ----------
    file : Path or str
        A GGUF file; its name without the ending is the model's.
    host : str
        A loopback address, or ``localhost``.
    port : int
        0 takes any free one.
    context : int
        Tokens that a prompt and its reply may have together; memory grows with it.
    threads : int
        That compute. More than one is faster only on cores that nobody else uses.

    Raises
    ------
    DataError
        If there is no such file, it is no GGUF, the host is not this machine, or a number is out
        of range.
    EndpointError
        If the extra is not installed, the port is taken, or the model cannot be loaded.

    Examples
    --------
    >>> LocalServer("model.gguf", host="0.0.0.0")
    Traceback (most recent call last):
    kit.base.errors.DataError: host: got '0.0.0.0'; must be a loopback address such as 127.0.0.1, since the server asks for no key. Leave it out.
    """  # noqa: E501

    def __init__(
        self,
        file: Path | str,
        *,
        host: str = "127.0.0.1",
        port: int = PORT,
        context: int = CONTEXT,
        threads: int = 1,
    ) -> None:
        settings: dict[str, str | int] = {
            "host": _loopback(host),
            "port": int(number("port", port, 0, 65_535)),
            "context": int(number("context", context, 256, 1_048_576)),
            "threads": int(number("threads", threads, 1, 512)),
        }
        path = _gguf(Path(file))
        _need_extra()
        _need_port(host, port)
        self.model = path.stem
        self._child = subprocess.Popen(
            [sys.executable, "-m", "kit.ai.serve_child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, encoding="utf-8", start_new_session=True,
        )  # fmt: skip
        try:
            address = self._start(settings | {"file": str(path), "model": self.model})
        except BaseException:
            self.close()
            raise
        self.base_url = f"{address}/v1"

    @property
    def exports(self) -> tuple[str, str]:
        """The two lines for a shell that make `kit` ask this model."""
        return (
            f"export OPENAI_BASE_URL={shlex.quote(self.base_url)}",
            f"export KIT_MODEL={shlex.quote(self.model)}",
        )

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._child.pid

    def wait(self) -> None:
        """Wait as long as the server runs.

        Raises
        ------
        EndpointError
            When it ended and nobody had closed it.
        """
        code = self._child.wait()
        raise EndpointError(
            "down",
            f"the server of {self.model!r} ended by itself (exit {code}), perhaps for want of "
            "memory. Start it again, with a smaller context or model.",
        )

    def close(self) -> None:
        """End the server, and whatever it is answering."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # settings that a child did not live to read
                    continue

    def __enter__(self) -> LocalServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, settings: dict[str, str | int]) -> str:
        """Have the child load the model, and return its address."""
        if self._child.stdin is None or self._child.stdout is None:
            raise ValueError("the child is always started with pipes")
        try:
            self._child.stdin.write(json.dumps(settings) + "\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line.endswith("\n"):  # it died: llama.cpp aborts on some damaged files
            raise EndpointError(
                "down",
                f"xllamacpp cannot load {settings['file']!r}; must be a whole GGUF model of a kind "
                "that it knows, and fit in memory with its context. Get the file again, or pass a "
                "smaller context.",
            )
        return str(json.loads(line)["address"])


def _loopback(host: str) -> str:
    try:
        ours = ip_address(host).is_loopback
    except ValueError:
        ours = host == "localhost"
    if not ours:
        raise DataError(
            f"host: got {host!r}; must be a loopback address such as 127.0.0.1, since the server "
            "asks for no key. Leave it out."
        )
    return host


def _gguf(path: Path) -> Path:
    if not path.is_file():
        raise DataError(f"model: {str(path)!r} is no file; must be a GGUF file. Check the path.")
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start != _MAGIC:
        raise DataError(
            f"model: {str(path)!r} starts with {start!r}; must be a GGUF file, which starts with "
            f"{_MAGIC!r}. Get the model in that format."
        )
    return path.absolute()


def _need_extra() -> None:
    if importlib.util.find_spec("xllamacpp") is None:
        raise EndpointError(
            "none",
            "xllamacpp is not installed, which runs models on this machine; must be there. "
            "Run: pip install 'programmatic-kit[local]'",
        )


def _need_port(host: str, port: int) -> None:
    """Find a taken port before a model is loaded for it."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise EndpointError(
                "down",
                f"port {port} of {host} cannot be had ({error.strerror}); must be free. Pass "
                "another one, or 0 for any.",
            ) from None
