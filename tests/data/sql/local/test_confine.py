"""What the kernel takes from the engine's child, DuckDB left aside."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = """
import json, os, resource, socket, sys, threading
from pathlib import Path
from kit.data.sql.local.confine import confine_files, limit_resources

root, port = Path(sys.argv[1]), int(sys.argv[2])
spill, given, other = root / "spill", root / "given.txt", root / "other.txt"

def can(act):
    try:
        act()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "can"

def write(path, text="x"):
    return lambda: path.write_text(text)

limit_resources(300, 1)
said = {"confined": confine_files([given], spill)}
acts = {
    "read given": given.read_text,
    "write given": write(given, ""),
    "truncate given": lambda: os.truncate(given, 0),
    "remove given": given.unlink,
    "read other": other.read_text,
    "list root": lambda: list(root.iterdir()),
    "make in root": write(root / "new.txt"),
    "link other": lambda: os.link(other, spill / "linked"),
    "symlink other": lambda: os.symlink(other, spill / "symlink"),
    "read through": lambda: Path(f"/proc/self/root{other}").read_text(),
    "environment of the parent": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "make in spill": write(spill / "new.txt"),
    "read in spill": (spill / "new.txt").read_text,
    "list spill": lambda: list(spill.iterdir()),
    "too large in spill": write(spill / "large.txt", "x" * (1 << 21)),
    "remove in spill": (spill / "new.txt").unlink,
    "call": lambda: socket.create_connection(("127.0.0.1", port), 1).close(),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)).close(),
    "allocate": lambda: bytearray(100 << 20),
    "allocate much": lambda: bytearray(400 << 20),
}
said |= {name: can(act) for name, act in acts.items()}
thread = threading.Thread(target=lambda: said.update({"thread": can(other.read_text)}))
thread.start()
thread.join()
print(json.dumps(said))
"""
_CAN = {"read given", "make in spill", "read in spill", "list spill", "remove in spill", "allocate"}


def test_only_what_was_given_is_left(tmp_path: Path) -> None:
    (tmp_path / "spill").mkdir()
    for name in ("given.txt", "other.txt"):
        (tmp_path / name).write_text("content")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT, str(tmp_path), str(port)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    said = json.loads(done.stdout)
    if not said.pop("confined"):
        pytest.skip("this kernel has no Landlock")
    assert {name for name, outcome in said.items() if outcome == "can"} == _CAN
    assert (said["too large in spill"], said["allocate much"]) == ("OSError", "MemoryError")
    assert {path.name for path in tmp_path.iterdir()} == {"spill", "given.txt", "other.txt"}
    assert (tmp_path / "given.txt").read_text() == "content"


def test_without_landlock_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from kit.data.sql.local import confine

    monkeypatch.setattr(confine.sys, "platform", "darwin")
    assert confine.confine_files([], tmp_path) is False
