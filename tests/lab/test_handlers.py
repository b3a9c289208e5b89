"""The server extension in a real Jupyter server."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from kit.flow.runs import Outcome, fail_run, finish_run, start_run
from kit.lab.templates import list_templates

from .conftest import TOKEN, Server

COPY = {"template": "01_compare_policies", "folder": ""}


def test_templates(server: Server) -> None:
    got = server.ask("kit/templates")
    assert got.status == 200
    assert got.headers["Content-Type"] == "application/json"
    assert [card["name"] for card in got.body["templates"]] == [t.name for t in list_templates()]
    assert set(got.body["templates"][0]) == {"name", "title", "about", "icon"}


def test_copy_and_existing_name(server: Server) -> None:
    (server.root / "work").mkdir()
    paths = [server.ask("kit/copy", COPY | {"folder": "work"}).body["path"] for _ in range(2)]
    assert paths == ["work/compare_policies.ipynb", "work/compare_policies-1.ipynb"]
    assert json.loads((server.root / paths[1]).read_text())["nbformat"] == 4
    assert server.ask(f"api/contents/{paths[0]}?content=0").body["type"] == "notebook"


def test_a_link_out_of_the_root(server: Server, tmp_path: Path) -> None:
    (server.root / "link").symlink_to(tmp_path)
    assert server.ask("kit/copy", COPY | {"folder": "link"}).status == 403
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"folder": "../x"}, 400),
        ({"folder": "/tmp"}, 400),
        ({"folder": "%2e%2e/x"}, 404),
        ({"folder": "missing"}, 404),
        ({"folder": "sys\0"}, 400),
        ({"template": "nothing"}, 404),
        ({"template": "../01_compare_policies"}, 404),
        ({"template": 1}, 400),
        ({"folder": None}, 400),
        ({"path": "x"}, 400),
    ],
)
def test_refusals(server: Server, change: dict[str, object], status: int) -> None:
    got = server.ask("kit/copy", COPY | change)
    assert got.status == status
    assert set(got.body) == {"message"}
    assert got.body["message"].endswith(".")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"{}"])
def test_a_body_that_is_no_request(server: Server, body: bytes) -> None:
    assert server.ask("kit/copy", body).status == 400


def test_runs(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.ask("kit/runs").body == {"runs": []}
    assert not (server.root / ".kit").exists()
    monkeypatch.setenv("KIT_WORKSPACE", str(server.root))
    monkeypatch.chdir(server.root)
    (server.root / "report.html").write_text("<p>better</p>")
    finish_run(start_run("demo", {}, {}), Outcome({"report": "report.html"}))
    fail_run(start_run("load", {}, {}), "no such file")
    finish_run(start_run("report", {}, {}), Outcome({"report": "/tmp/report.html"}))
    outside, failed, fine = server.ask("kit/runs").body["runs"]
    assert outside["report"] is None
    assert "outside" in outside["report_missing"]
    assert (failed["status"], failed["headline"]) == ("failed", "no such file")
    assert fine["report"] == "report.html"
    assert fine["started"].endswith("Z")

    (server.root / ".kit" / "runs.sqlite").write_bytes(b"")
    got = server.ask("kit/runs")
    assert got.status == 503
    assert "cannot be read" in got.body["message"]


@pytest.mark.parametrize(("path", "body"), [("templates", None), ("copy", COPY), ("runs", None)])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "token wrong"}])
def test_nobody_is_answered_without_the_token(
    server: Server, path: str, body: object, headers: dict[str, str]
) -> None:
    assert server.ask(f"kit/{path}", body, headers=headers).status == 403


def test_a_cookie_alone_cannot_write(server: Server) -> None:
    """Another site could make a signed-in browser send a request; it has no XSRF token."""
    cookies = urllib.request.HTTPCookieProcessor(CookieJar())
    opener = urllib.request.build_opener(cookies)
    assert server.ask(f"api/status?token={TOKEN}", headers={}, opener=opener).status == 200
    assert server.ask("kit/templates", headers={}, opener=opener).status == 200
    before = set(server.root.iterdir())
    assert server.ask("kit/copy", COPY, headers={}, opener=opener).status == 403
    assert set(server.root.iterdir()) == before


def test_other_methods_are_refused(server: Server) -> None:
    assert server.ask("kit/copy").status == 405
    assert server.ask("kit/runs", {}).status == 405


def test_a_server_does_not_wait_for_heavy_packages() -> None:
    code = (
        "import sys, jupyter_server.serverapp; import kit.lab.server; "
        "print([m for m in ('numpy', 'pandas', 'pydantic', 'psutil', 'IPython', 'kit.flow')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
