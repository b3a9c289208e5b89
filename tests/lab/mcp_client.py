"""The plainest client of MCP over HTTP: JSON-RPC in, one message of an event stream out."""

from __future__ import annotations

import itertools
import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_S = 60.0
_VERSION = "2025-06-18"


@dataclass
class MCPClient:
    """One session with a server."""

    url: str
    session: str = ""
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def open(self) -> dict[str, Any]:
        """Begin the session; return what the server says of itself."""
        about = {"name": "tests", "version": "1"}
        said = self._ask(
            "initialize",
            {"protocolVersion": _VERSION, "capabilities": {}, "clientInfo": about},
        )
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return said

    def tools(self) -> dict[str, dict[str, Any]]:
        """Return the tools by name."""
        return {one["name"]: one for one in self._ask("tools/list", {})["tools"]}

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool; return its result as MCP wraps it."""
        return self._ask("tools/call", {"name": tool, "arguments": arguments})

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = next(self.numbers)
        body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        for line in self._send(body).splitlines():
            if line.startswith("data:"):
                message = json.loads(line.removeprefix("data:"))
                if message.get("id") == number:
                    return dict(message["result"])
        raise AssertionError(f"{method}: no answer")

    def _send(self, body: dict[str, Any]) -> str:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": _VERSION,
        }
        if self.session:
            headers["Mcp-Session-Id"] = self.session
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as got:
            self.session = got.headers.get("Mcp-Session-Id", self.session)
            return str(got.read().decode())
