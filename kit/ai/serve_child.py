"""The process that holds a local model: ``python -m kit.ai.serve_child``, of `kit.ai.serve`.

One line of settings comes in, one line with the address goes out. It lives as long as its
standard input is open, so it never outlives the one that started it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def start(settings: dict[str, Any]) -> Any:
    """Load a model and return the server, which listens on threads of its own.

    Raises
    ------
    RuntimeError
        If the model cannot be loaded or the address cannot be had; xllamacpp does not say which.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["file"]
    params.model_alias = {settings["model"]}
    params.hostnames = [settings["host"]]
    params.port = settings["port"]
    params.n_ctx = settings["context"]
    params.n_parallel = 1  # the context is not shared out; requests wait for each other
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["threads"]
    params.cache_ram_mib = 0  # by default old prompts may fill 8 GiB
    params.offline = True
    params.cors_origins = ""  # a page in a browser may not read replies
    params.ui = params.endpoint_slots = False
    params.verbosity = 0
    return xllamacpp.Server(params)


def main() -> None:
    """Serve until standard input ends."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the library prints is no answer
    try:
        server = start(json.loads(sys.stdin.readline()))
    except RuntimeError:
        os._exit(1)
    print(json.dumps({"address": server.listening_address}), file=out, flush=True)
    sys.stdin.read()
    os._exit(0)  # the server's own way to stop has been seen to wait forever


if __name__ == "__main__":
    main()
