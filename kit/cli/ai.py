"""The verbs about language models: ai serve."""

from __future__ import annotations

import argparse
import json

from kit.cli.options import Verbs, add_verb, say


def ai(verbs: Verbs) -> None:
    """Add ``kit ai`` and its own verbs."""
    parser = verbs.add_parser("ai", help="language models: serve one from a file on this machine")
    inner = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for add in (serve,):
        add(inner)


def serve(verbs: Verbs) -> None:
    """Add ``kit ai serve``."""
    from kit.ai.serve import CONTEXT, PORT

    parser = add_verb(
        verbs, "serve", "answer as a language model on this machine, from a GGUF file",
        "Prints the two lines that make kit ask it, and answers until Ctrl-C.\n"
        "Needs the extra: pip install 'programmatic-kit[local]'.",
    )  # fmt: skip
    parser.add_argument("file", metavar="MODEL.gguf", help="the model; nothing is downloaded")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="a loopback address of this machine"
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help=f"0 takes any free one (default {PORT})"
    )
    parser.add_argument(
        "--context", type=int, default=CONTEXT, metavar="TOKENS",
        help=f"tokens of a prompt and its reply together (default {CONTEXT}); it takes memory",
    )  # fmt: skip
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="threads that compute (default 1)"
    )
    parser.set_defaults(act=_serve)


def _serve(given: argparse.Namespace) -> int:
    from kit.ai.serve import LocalServer

    say(f"loading {given.file}")
    try:
        with LocalServer(
            given.file, host=given.host, port=given.port, context=given.context,
            threads=given.threads,
        ) as server:  # fmt: skip
            if given.json:
                print(json.dumps({"base_url": server.base_url, "model": server.model}), flush=True)
            else:
                print("\n".join(server.exports), flush=True)
            say("answering until Ctrl-C")
            server.wait()
    except KeyboardInterrupt:
        say("stopped")
    return 0
