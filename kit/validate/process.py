"""Talk to the scoring process: started when first asked, started again when it is gone."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from kit.base import errors
from kit.base.errors import KitError, ScoringError


class ScoringProcess:
    """One child process for every sealed log of this one; requests wait for each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child that runs; None if none does."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return its answer.

        A child that died is started again, and asked again, once: what was charged before is not
        charged again.

        Raises
        ------
        KitError
            What the child refused.
        ScoringError
            If it failed, or died twice.
        """
        line = json.dumps(dict(request)) + "\n"
        with self._lock:
            answer = self._exchange(line) or self._exchange(line)
        if answer is None:
            raise ScoringError(
                "scoring: the process died twice while it looked, perhaps for want of memory. If "
                "the look was charged, asking the same again is not charged twice."
            )
        reply: dict[str, Any] = json.loads(answer)
        if "error" in reply:
            raise _error(reply)
        return reply

    def _exchange(self, line: str) -> str | None:
        """Return the line that answers; None if the child died."""
        child = self._running()
        try:
            if child.stdin is None or child.stdout is None:
                raise ValueError("the child is always started with pipes")
            child.stdin.write(line)
            child.stdin.flush()
            answer = child.stdout.readline()
        except BrokenPipeError:
            answer = ""
        except BaseException:  # interrupted: its answer must not be taken for the next one's
            self.close()
            raise
        if not answer.endswith("\n"):
            self.close()
            return None
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._child = subprocess.Popen(
                [sys.executable, "-m", "kit.validate.scorer"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, encoding="utf-8", start_new_session=True,
            )  # fmt: skip
        return self._child

    def close(self) -> None:
        """End the child; a look that was charged can be asked again."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # what was not sent went to a child that is gone
                    continue


def _error(reply: Mapping[str, Any]) -> KitError:
    kind = getattr(errors, reply["error"], KitError)
    if kind is ScoringError:
        return ScoringError(
            f"scoring: failed ({reply['message']}); no answer was recorded. If the look was "
            "charged, asking the same again is not charged twice. Report it."
        )
    error: KitError = kind(reply["message"])
    return error


PROCESS = ScoringProcess()
"""The one that vaults use."""
atexit.register(PROCESS.close)
