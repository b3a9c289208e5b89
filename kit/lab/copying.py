"""Copy a template into a folder of the server, under a free name, overwriting nothing."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.fileio import FileManagerMixin
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from kit.lab.refusal import RefusalError
from kit.lab.templates import copy_stem, read_template

MAX_COPIES = 1000
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


class TemplateCopier:
    """Copies templates through a server's contents manager.

    The manager keeps the server's root, its hidden files and its save hooks. On top of it, a
    folder that is a link out of the root is refused, and a name is taken before it is written.

    Parameters
    ----------
    manager : ContentsManager
        The server's; any kind, not only one of files on disk.
    """

    def __init__(self, manager: ContentsManager) -> None:
        self._manager: Any = manager  # jupyter_server leaves its calls untyped
        self._has_disk = isinstance(manager, FileManagerMixin)
        self._lock = asyncio.Lock()

    async def copy(self, template: str, folder: str) -> str:
        """Copy a template and return the path of the copy, relative to the server's root.

        Parameters
        ----------
        template : str
            One of the shipped names.
        folder : str
            Relative to the server's root, ``/`` between its parts; empty is the root.

        Raises
        ------
        RefusalError
            400 for a folder that is no relative path, 403 for one that cannot be written or lies
            outside the root, 404 for an unknown template or folder, 409 if no name is free.
        """
        model = {"type": "notebook", "format": "json", "content": read_template(template)}
        place = await self._checked(folder)
        async with self._lock:
            path = await self._take(place, copy_stem(template))
            try:
                await ensure_async(self._manager.save(model, path))
            except BaseException as error:
                self._release(path)
                if isinstance(error, HTTPError):
                    raise _not_written(place, error) from error
                raise
        return path

    async def _checked(self, folder: str) -> str:
        if folder.startswith("/") or "\0" in folder or {".", ".."} & set(folder.split("/")):
            raise RefusalError(
                400, f"folder: got {folder!r}; must be a path below the server's root, without "
                "a leading '/', '.' or '..'. Choose a folder in the file browser."
            )  # fmt: skip
        place = folder.rstrip("/")
        try:
            known = await ensure_async(self._manager.dir_exists(place))
            hidden = known and await ensure_async(self._manager.is_hidden(place))
        except HTTPError:  # what the manager says of a path it cannot map
            known = hidden = False
        if not known or (hidden and not self._manager.allow_hidden):
            raise RefusalError(
                404, f"folder: {folder!r} is not on this server. Choose one in the file browser."
            )
        self._refuse_outside(place)
        return place

    def _refuse_outside(self, place: str) -> None:
        """Refuse a link that leads out of the root; the manager itself would follow it."""
        real = self._on_disk(place)
        root = self._on_disk("")
        if real and root and not real.resolve().is_relative_to(root.resolve()):
            raise RefusalError(
                403, f"folder: {place!r} is a link to outside the server's root. Choose a folder "
                "inside it."
            )  # fmt: skip

    async def _take(self, place: str, stem: str) -> str:
        """Find a free name and, on disk, take it: nobody else can between this and the save."""
        for number in range(MAX_COPIES):
            name = f"{stem}-{number}.ipynb" if number else f"{stem}.ipynb"
            path = f"{place}/{name}" if place else name
            if await self._is_taken_now(path, place):
                return path
        raise RefusalError(
            409, f"folder: {place!r} has {MAX_COPIES} copies of {stem}.ipynb; there is no free "
            "name left. Remove some, or choose another folder."
        )  # fmt: skip

    async def _is_taken_now(self, path: str, place: str) -> bool:
        target = self._on_disk(path)
        if target is None:
            return not await ensure_async(self._manager.exists(path))
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:  # a file, a folder, or a link, even one that leads nowhere
            return False
        except OSError as error:
            raise _not_written(place, error) from error
        return True

    def _release(self, path: str) -> None:
        target = self._on_disk(path)
        if target is not None:
            target.unlink(missing_ok=True)

    def _on_disk(self, path: str) -> Path | None:
        """Path on disk, or None where the manager keeps its files elsewhere."""
        return Path(self._manager._get_os_path(path)) if self._has_disk else None


def _not_written(place: str, error: HTTPError | OSError) -> RefusalError:
    where = f"folder: {place or 'the root'!r}"
    if isinstance(error, HTTPError):
        status, why = error.status_code, error.log_message or error.reason
    else:
        status, why = (403 if error.errno in _READ_ONLY else 500), error.strerror
    if status == 403:
        return RefusalError(403, f"{where} cannot be written. Choose a folder that can.")
    return RefusalError(status, f"{where}: the copy was not saved ({why}).")
