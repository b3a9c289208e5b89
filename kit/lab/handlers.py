"""What the browser may ask: the templates, a copy of one, the runs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.contents.fileio import FileManagerMixin
from tornado.web import authenticated

from kit.lab.copying import TemplateCopier
from kit.lab.refusal import RefusalError
from kit.lab.templates import list_templates


class KitHandler(APIHandler):
    """Answers in JSON; asks the server's authorizer for the rights of its file browser."""

    auth_resource = "contents"

    def answer(self, content: dict[str, Any]) -> None:
        """Finish with an object."""
        self.finish(json.dumps(content, allow_nan=False))

    def refuse(self, error: RefusalError) -> None:
        """Finish with one sentence."""
        self.set_status(error.status)
        self.answer({"message": str(error)})


class TemplatesHandler(KitHandler):
    """``GET kit/templates``: what ships."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer ``{"templates": [{name, title, about, icon}]}``."""
        self.answer({"templates": [asdict(template) for template in list_templates()]})


class CopyHandler(KitHandler):
    """``POST kit/copy``: one template into one folder."""

    def initialize(self, copier: TemplateCopier) -> None:
        """Take what copies."""
        super().initialize()
        self._copier = copier

    @authenticated
    @authorized
    async def post(self) -> None:
        """Take ``{"template", "folder"}``, answer ``{"path"}``."""
        try:
            asked = _texts(self.get_json_body(), "template", "folder")
            path = await self._copier.copy(**asked)
        except RefusalError as error:
            self.refuse(error)
            return
        self.set_status(201)
        self.answer({"path": path})


class RunsHandler(KitHandler):
    """``GET kit/runs``: this workspace's runs, newest first."""

    _track_activity = False  # the sidebar asks by itself: that is nobody at work

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer ``{"runs": [...]}``, each a `kit.lab.run_list.RunLine`."""
        from kit.lab.run_list import list_run_lines

        manager = self.contents_manager
        root = Path(manager.root_dir) if isinstance(manager, FileManagerMixin) else None
        try:
            lines = await asyncio.to_thread(list_run_lines, root, allow_hidden=manager.allow_hidden)
        except RefusalError as error:
            self.refuse(error)
            return
        self.answer({"runs": [asdict(line) for line in lines]})


def _texts(body: Any, *names: str) -> dict[str, str]:
    """Check that a request's body is an object of just these texts."""
    if (
        not isinstance(body, dict)
        or set(body) != set(names)
        or not all(isinstance(value, str) for value in body.values())
    ):
        raise RefusalError(
            400, f"body: must be a JSON object with the texts {' and '.join(names)}."
        )
    return body
