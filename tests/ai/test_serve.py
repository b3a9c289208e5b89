"""`kit ai serve`: what it refuses, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kit.ai.serve import LocalServer
from kit.base.errors import DataError, EndpointError
from tests.ai.local_models import wire_model

NOTHING = "no such file.gguf"
STARTS_S = 60


@pytest.fixture
def header(tmp_path: Path) -> Path:
    """A file that starts as a model does."""
    path = tmp_path / "a model.gguf"
    path.write_bytes(b"GGUF" + bytes(64))
    return path


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com", "localhost.", ""])
def test_a_host_that_others_can_reach_is_refused(header: Path, host: str) -> None:
    with pytest.raises(DataError, match="must be a loopback address"):
        LocalServer(header, host=host)


@pytest.mark.parametrize(
    ("name", "value"), [("port", -1), ("port", 65_536), ("context", 0), ("threads", 0)]
)
def test_a_number_out_of_range_is_refused(header: Path, name: str, value: int) -> None:
    with pytest.raises(DataError, match=f"{name}: got {value}; must be a number in"):
        LocalServer(header, **{name: value})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no file; must be a GGUF file"):
        LocalServer(tmp_path / NOTHING)
    with pytest.raises(DataError, match="is no file; must be a GGUF file"):
        LocalServer(tmp_path)


@pytest.mark.parametrize("start", [b"", b"GGU", b"PK\x03\x04 a zip"])
def test_a_file_of_another_format_is_refused(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(start)
    with pytest.raises(DataError, match="must be a GGUF file, which starts with b'GGUF'"):
        LocalServer(path)


@pytest.mark.slow  # it asks for the extra first
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_is_taken_is_refused(header: Path, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EndpointError, match=f"port {port} of {host} cannot be had") as told:
            LocalServer(header, host=host, port=port)
    assert told.value.kind == "down"


def test_without_the_extra_it_says_how_to_get_it(
    header: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(EndpointError, match=r"pip install 'programmatic-kit\[local\]'"):
        LocalServer(header, port=0)


def test_the_verb_refuses_in_one_line() -> None:
    done = subprocess.run(_verb(NOTHING), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["type"] == "DataError"
    assert [line for line in done.stderr.splitlines() if line.startswith("kit:")] == [
        f"kit: model: {NOTHING!r} is no file; must be a GGUF file. Check the path."
    ]


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 1_000_000])
def test_a_damaged_model_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(wire_model().read_bytes()[:size])
    with pytest.raises(EndpointError, match="must be a whole GGUF model") as told:
        LocalServer(path, port=0)
    assert told.value.kind == "down"


@pytest.mark.slow
def test_a_server_that_dies_is_told(served: subprocess.Popen[str]) -> None:
    (child,) = psutil.Process(served.pid).children()
    child.kill()
    assert served.wait(STARTS_S) == 1
    assert served.stderr is not None
    assert "ended by itself (exit -9)" in served.stderr.read()


@pytest.mark.slow
def test_interrupted_it_ends_with_its_server(served: subprocess.Popen[str]) -> None:
    (child,) = psutil.Process(served.pid).children()
    served.send_signal(signal.SIGINT)
    assert served.wait(STARTS_S) == 0
    assert not _alive(child)
    assert served.stderr is not None
    assert "stopped" in served.stderr.read()


@pytest.mark.slow
def test_killed_it_leaves_no_server_behind(served: subprocess.Popen[str]) -> None:
    (child,) = psutil.Process(served.pid).children()
    served.kill()
    served.wait()
    ends_at = time.monotonic() + STARTS_S
    while _alive(child):
        assert time.monotonic() < ends_at
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_its_lines_are_for_a_shell(tmp_path: Path, host: str) -> None:
    path = tmp_path / "my $HOME model.v2.gguf"
    path.symlink_to(wire_model())
    with LocalServer(path, host=host, port=0, context=512) as server:
        script = "; ".join((*server.exports, 'printf "%s\\n%s" "$OPENAI_BASE_URL" "$KIT_MODEL"'))
        seen = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert seen.stdout.splitlines() == [server.base_url, "my $HOME model.v2"]
    assert server.base_url.startswith(f"http://{host}:")


@pytest.fixture
def served(interruptible: None) -> Iterator[subprocess.Popen[str]]:
    """`kit ai serve`, once it answers."""
    command = _verb(str(wire_model()), "--port", "0", "--context", "512")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        started = json.loads(process.stdout.readline())
        assert started["model"] == wire_model().stem
        yield process
        if process.poll() is None:
            process.kill()


def _alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE  # an orphan may wait for its new parent
    except psutil.NoSuchProcess:
        return False


def _verb(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "kit.cli", "ai", "serve", "--json", *arguments]
