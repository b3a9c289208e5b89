"""``kit ask``: a question in words, looked up in documents."""

from __future__ import annotations

import argparse
from typing import Any

from kit.cli.options import Verbs, add_verb, recorded, say, take

_MORE = (
    "Looked up are this package's documents, prompts, notebooks and docstrings, the write-ups of\n"
    "this workspace's runs, and --folder. Without a model the best passages are printed. With\n"
    "OPENAI_BASE_URL or OPENAI_API_KEY, and KIT_MODEL, a model answers from them; a sentence that\n"
    "cites no passage, or says what does not stand there, is struck and listed.\n"
    "Exit 0: passages or an answer; 1: nothing was found; 3: the model failed, or a sentence of\n"
    "its answer was struck; the passages follow."
)


def ask(verbs: Verbs) -> None:
    """Add ``kit ask``."""
    parser = add_verb(verbs, "ask", "look a question up in documents, with file and line", _MORE)
    parser.add_argument("question", help='such as "how many looks does a sealed log have?"')
    parser.add_argument(
        "--folder", metavar="DIR", help="more texts: .md, .txt, .rst, .ipynb, .py, .sql"
    )
    parser.add_argument(
        "--most", type=int, default=5, metavar="N", help="passages to print (default 5)"
    )
    parser.add_argument(
        "--drafter", choices=("auto", "passages"), default="auto",
        help="passages: no model is asked",
    )  # fmt: skip
    parser.add_argument(
        "--show", action="store_true", help="print what would be sent to a model; send nothing"
    )
    parser.add_argument(
        "--mode", choices=("live", "record", "replay"), default="live",
        help="record: answer from the journal what it has; replay: call nobody",
    )  # fmt: skip
    limits = parser.add_argument_group("what it may cost")
    limits.add_argument("--money", metavar="AMOUNT", help="of all calls to the model")
    limits.add_argument("--calls", type=int, metavar="N", help="calls to the model")
    limits.add_argument("--seconds", type=float, metavar="SECONDS", help="in calls to the model")

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        return take(given, "question", "folder", "most", "drafter", "mode", "money", "calls",
                    "seconds")  # fmt: skip

    answer = recorded("ask", spec)
    parser.set_defaults(act=lambda given: _show(given) if given.show else answer(given))


def _show(given: argparse.Namespace) -> int:
    from kit.ai.documents.answer import lookup_messages
    from kit.ai.prompts import describe_payload, readable_payload
    from kit.flow.ask_docs import read_documents

    messages = lookup_messages(given.question, read_documents(given.folder).passages)
    say("nothing is sent")
    print(describe_payload(messages) if given.json else readable_payload(messages))
    return 0
