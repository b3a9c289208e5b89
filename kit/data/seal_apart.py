"""Seal in a process of its own, so that no sealed row enters the one that asks.

``python -m kit.data.seal_apart`` reads one JSON object, the arguments of
`kit.data.seal.load_sealed`, and writes one: empty, or the error that it refused with.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from kit.base import errors
from kit.base.errors import DataError, KitError


def seal_apart(path: Path, format: str, out_dir: Path, **options: Any) -> None:
    """Call `kit.data.seal.load_sealed` in a child process; its arguments are those.

    Raises
    ------
    KitError
        What it refused.
    """
    asked = {"path": str(path), "format": format, "out_dir": str(out_dir), **options}
    done = subprocess.run(
        [sys.executable, "-m", "kit.data.seal_apart"],
        input=json.dumps(asked), stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if not done.stdout.endswith("\n"):
        raise DataError(
            f"{path.name}: sealing it failed (exit code {done.returncode}); nothing was written. "
            "Is there memory and space on the disk?"
        )
    reply = json.loads(done.stdout)
    if reply:
        kind: type[KitError] = getattr(errors, reply["error"], DataError)
        raise kind(reply["message"])


def main() -> None:
    """Seal what standard input asks for."""
    from kit.data.seal import load_sealed

    asked = json.load(sys.stdin)
    reply: dict[str, str] = {}
    try:
        load_sealed(asked.pop("path"), asked.pop("format"), asked.pop("out_dir"), **asked)
    except KitError as error:
        reply = {"error": type(error).__name__, "message": str(error)}
    except OSError as error:
        reply = {"error": "DataError", "message": f"{error.filename}: {error.strerror}."}
    print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
