"""The committed bundle is what the sources give."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kit
from kit.lab import LABEXTENSION, _jupyter_labextension_paths

HERE = Path(kit.__file__).parent / "lab"
SOURCES = HERE / "frontend"
BUNDLE = HERE / "labextension"
# The builder hashes the path of the sources into this one file's name, and the name into it.
_ENTRY = re.compile(r"(remoteEntry\.)[0-9a-f]+(\.js)")


def test_names_and_versions_agree() -> None:
    ours, built = (
        json.loads((folder / "package.json").read_text()) for folder in (SOURCES, BUNDLE)
    )
    assert ours["name"] == built["name"] == LABEXTENSION
    assert ours["version"] == built["version"] == kit.__version__
    (paths,) = _jupyter_labextension_paths()
    assert (HERE / paths["src"]).is_dir()
    names = (SOURCES / "src" / "names.ts").read_text()
    assert f"PACKAGE = '{LABEXTENSION}'" in names


def test_the_bundle_is_small_and_whole() -> None:
    built = json.loads((BUNDLE / "package.json").read_text())["jupyterlab"]["_build"]
    assert (BUNDLE / built["load"]).is_file()
    assert len(list((BUNDLE / "static").glob("remoteEntry.*.js"))) == 1
    assert sum(path.stat().st_size for path in BUNDLE.rglob("*.js")) < 60_000


def test_no_address_is_locked() -> None:
    """A lock file with the addresses of one registry breaks on every other machine."""
    assert '"resolved"' not in (SOURCES / "package-lock.json").read_text()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node.js")
def test_the_bundle_is_current(tmp_path: Path) -> None:
    copy = tmp_path / "frontend"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("node_modules", "lib"))
    programs = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    for command in (["npm", "ci", "--ignore-scripts"], ["npm", "run", "build"]):
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert contents(tmp_path / "labextension") == contents(BUNDLE)


def contents(folder: Path) -> dict[str, str]:
    """What a bundle holds, by name, without the hash of its entry."""
    return {
        _ENTRY.sub(r"\1\2", str(path.relative_to(folder))): _ENTRY.sub(r"\1\2", path.read_text())
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("remoteEntry")
    }
