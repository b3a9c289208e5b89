"""The server extension: adds our addresses to a Jupyter server."""

from __future__ import annotations

from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join

from kit.lab.copying import TemplateCopier
from kit.lab.handlers import CopyHandler, RunsHandler, TemplatesHandler


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    """Add ``kit/templates``, ``kit/copy`` and ``kit/runs`` below the server's base URL."""
    web_app: Any = serverapp.web_app  # tornado leaves add_handlers untyped
    base = web_app.settings["base_url"]
    copier = TemplateCopier(serverapp.contents_manager)
    web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "kit", "templates"), TemplatesHandler),
            (url_path_join(base, "kit", "copy"), CopyHandler, {"copier": copier}),
            (url_path_join(base, "kit", "runs"), RunsHandler),
        ],
    )
