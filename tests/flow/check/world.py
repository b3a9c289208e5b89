"""What tests of ``kit check`` share: three bids, and how an outcome is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kit.base.workspace import ledger_path, workspace_root
from kit.validate.ledger import Ledger
from kit.validate.rules import packaged_rules

Kit = Callable[..., tuple[int, Any, str]]
SPECS: dict[str, dict[str, Any]] = {
    "modest": {"name": "constant", "params": {"bid": 60.0},
               "first_price": {"aurora": 0.05, "borealis": 0.05}},
    "dear": {"name": "constant", "params": {"bid": 60.0}},
    "dearer": {"name": "constant", "params": {"bid": 60.5}},
}  # fmt: skip
"""`modest` surely earns more than `dear`: it pays less where the winner pays its bid."""


def spec_file(path: Path, name: str, policy: Mapping[str, Any], model: Any = None) -> Path:
    path.write_text(json.dumps({"name": name, "policy": policy, "model": model}))
    return path


def own_rules(old: str, new: str) -> None:
    """Give the workspace rules of its own."""
    packaged = packaged_rules().read_text()
    assert old in packaged
    workspace_root().mkdir(exist_ok=True)
    (workspace_root() / "gates.toml").write_text(packaged.replace(old, new))


def looks() -> int:
    return sum(entry.kind == "charge" for entry in Ledger(ledger_path()).entries())


def refused(outcome: tuple[int, Any, str], said: str) -> None:
    code, printed, err = outcome
    assert code == 1
    assert said in printed["error"]["message"]
    assert f"kit: {printed['error']['message']}" in err
    assert "Traceback" not in err
