"""The verbs about language models: ai show, ai proposal, ai journal, ai serve."""

from __future__ import annotations

import argparse
import json

from kit.cli.ask import question_options
from kit.cli.options import Verbs, add_verb, say


def ai(verbs: Verbs) -> None:
    """Add ``kit ai`` and its own verbs."""
    parser = verbs.add_parser("ai", help="language models: what is sent, what was, and a local one")
    inner = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for add in (show, proposal, journal, serve):
        add(inner)


def show(verbs: Verbs) -> None:
    """Add ``kit ai show``."""
    parser = add_verb(
        verbs, "show", "print what would be sent to a model for a question; nothing is sent",
        "With --json it is the messages byte for byte. All of it comes from the allow-list of\n"
        "kit/ai/disclosure.py: no rows, no ids, no figure of a holdout.",
    )  # fmt: skip
    question_options(parser)
    parser.set_defaults(act=_show)


def proposal(verbs: Verbs) -> None:
    """Add ``kit ai proposal``."""
    parser = add_verb(
        verbs, "proposal", "print what would be sent to a model for a search's next proposal",
        "Aggregates of train and tune, and tune scores; nothing is sent.",
    )  # fmt: skip
    parser.add_argument("folder", metavar="DIR", help="a folder of `kit propose --out`")
    parser.set_defaults(act=_proposal)


def journal(verbs: Verbs) -> None:
    """Add ``kit ai journal``."""
    parser = add_verb(verbs, "journal", "list the workspace's calls to models, and what they cost")
    parser.set_defaults(act=_list_calls)


def _show(given: argparse.Namespace) -> None:
    from kit.ai.endpoint import endpoint_from_env
    from kit.ai.prompts import describe_payload, readable_payload
    from kit.ai.sql_draft import draft_messages
    from kit.flow.ask_data import NO_MODEL, open_data

    with open_data(given.data, given.allow) as catalog:
        messages = draft_messages(given.question, catalog)
    endpoint = endpoint_from_env()
    say(NO_MODEL if endpoint is None else f"would go to {endpoint!r}")
    print(describe_payload(messages) if given.json else readable_payload(messages))


def _proposal(given: argparse.Namespace) -> None:
    from pathlib import Path

    from kit.ai.prompts import describe_payload, readable_payload
    from kit.flow.search.sent import next_messages

    messages = next_messages(Path(given.folder))
    print(describe_payload(messages) if given.json else readable_payload(messages))


def _list_calls(given: argparse.Namespace) -> None:
    from kit.flow.calls import call_lines, read_calls

    calls = read_calls()
    if given.json:
        print(json.dumps(calls.to_dict(), allow_nan=False))
        return
    for line in call_lines(calls):
        print(line)


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
