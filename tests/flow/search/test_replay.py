"""A recorded search replayed: no call to the model, and the same bytes; its cost stands apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kit.data.sealed import SealedSplit
from kit.flow.search.propose import search_variants, written
from tests.ai.loopback import Loopback, Request, Step
from tests.flow.search.world import settings

WORDS = [
    {"kind": "add_expression", "name": "pair", "value": "device || '/' || region"},
    {"kind": "drop_feature", "name": "page_quality", "value": ""},
    {"kind": "first_price_factor", "name": "south", "value": "0.45"},
    {"kind": "add_feature", "name": "colour", "value": ""},
    {"kind": "calibration", "name": "", "value": "platt"},
]  # fmt: skip


def _say(request: Request) -> Step:
    asked = json.dumps(request.body).count('\\"trial\\"') % len(WORDS)
    return Step(json.dumps(WORDS[asked] | {"parent": 0, "hypothesis": "it may earn more"}))


@pytest.mark.parametrize("proposer", ["llm", "hybrid"])
def test_the_same_bytes_and_no_call(
    sealed: SealedSplit, default: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    proposer: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("KIT_MODEL", "recorded")
    kept: dict[str, tuple[bytes, bytes, dict[str, Any]]] = {}
    with Loopback(_say) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        for mode in ("record", "replay"):
            out = tmp_path / mode
            spec = settings(
                sealed.folder, out, default=default, proposer=proposer, budget=6, finalists=1,
                mode=mode,
            )  # fmt: skip
            before = len(server.requests)
            written(search_variants(spec, lambda line: None), spec)
            said, best, cost = (
                (out / f"{name}.json").read_bytes() for name in ("search", "best", "cost")
            )
            kept[mode] = said, best, json.loads(cost)
            calls = len(server.requests) - before
            assert (calls > 0) == (mode == "record")
            assert kept[mode][2]["model_calls"] == calls
    assert kept["replay"][:2] == kept["record"][:2]
    text = kept["record"][0].decode()
    assert "recorded" in text
    assert "model down" not in text
    assert kept["replay"][2]["looks"] == 0
    assert kept["replay"][2]["looks_on_record"] == kept["record"][2]["looks"]
