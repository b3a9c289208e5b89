"""A template is copied under a free name, inside the root, and nothing is overwritten."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from kit.lab import copying
from kit.lab.copying import TemplateCopier
from kit.lab.refusal import RefusalError
from kit.lab.templates import read_template

NAME = "01_compare_policies"
COPY = "compare_policies.ipynb"
Make = Callable[..., AsyncFileContentsManager]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "work").mkdir(parents=True)
    return folder


@pytest.fixture
def manager(make_manager: Make, root: Path) -> AsyncFileContentsManager:
    return make_manager(root)


@pytest.fixture
def copier(manager: AsyncFileContentsManager) -> TemplateCopier:
    return TemplateCopier(manager)


def copy(copier: TemplateCopier, folder: str = "work", template: str = NAME) -> str:
    return asyncio.run(copier.copy(template, folder))


def refusal(copier: TemplateCopier, folder: str = "work", template: str = NAME) -> RefusalError:
    with pytest.raises(RefusalError) as caught:
        copy(copier, folder, template)
    return caught.value


def files(folder: Path) -> set[str]:
    """Names of what lies below a folder, Jupyter's own checkpoints left out."""
    found = (path.relative_to(folder) for path in folder.rglob("*"))
    return {str(path) for path in found if ".ipynb_checkpoints" not in path.parts}


def cells(path: Path) -> list[tuple[str, str]]:
    notebook = json.loads(path.read_text())
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


@pytest.mark.parametrize(("folder", "path"), [("", COPY), ("work", f"work/{COPY}"),
                                              ("work/", f"work/{COPY}")])  # fmt: skip
def test_a_copy_is_the_template(copier: TemplateCopier, root: Path, folder: str, path: str) -> None:
    assert copy(copier, folder) == path
    template = [(cell["cell_type"], "".join(cell["source"]))
                for cell in read_template(NAME)["cells"]]  # fmt: skip
    assert cells(root / path) == template


@pytest.mark.parametrize(
    "folder", ["..", "../x", "work/../..", "/", "/etc", "//etc", ".", "work/./x", "a\0b"]
)
def test_a_path_that_may_leave_the_root_is_refused(
    copier: TemplateCopier, root: Path, folder: str
) -> None:
    said = refusal(copier, folder)
    assert said.status == 400
    assert repr(folder) in str(said)
    assert files(root) == {"work"}


@pytest.mark.parametrize(
    "folder", ["%2e%2e", "..%2f..", "missing", "notes.txt", ".hidden", "~", "\\..\\..", "C:/x"]
)
def test_a_folder_that_is_not_there_is_refused(
    copier: TemplateCopier, root: Path, folder: str
) -> None:
    (root / "notes.txt").touch()
    (root / ".hidden").mkdir()
    before = files(root)
    assert refusal(copier, folder).status == 404
    assert files(root) == before


def test_a_link_out_of_the_root_is_refused(
    copier: TemplateCopier, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (root / "link").symlink_to(outside)
    (root / "back").symlink_to(root / "work")
    for folder in ("link", "link/deep"):
        said = refusal(copier, folder)
        assert said.status == 403
        assert str(outside) not in str(said)
    assert files(outside) == {"deep"}
    assert copy(copier, "back") == f"back/{COPY}"


def test_a_root_that_is_itself_a_link(make_manager: Make, root: Path, tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to(root)
    assert copy(TemplateCopier(make_manager(tmp_path / "home"))) == f"work/{COPY}"


@pytest.mark.parametrize("template", ["", "..", "02", f"{NAME}.ipynb", f"../notebooks/{NAME}",
                                      "01_compare_policies\0", "/etc/passwd"])  # fmt: skip
def test_an_unknown_template_is_refused(copier: TemplateCopier, root: Path, template: str) -> None:
    said = refusal(copier, template=template)
    assert said.status == 404
    assert repr(template) in str(said)
    assert NAME in str(said)
    assert files(root) == {"work"}


def test_an_existing_name_is_kept(copier: TemplateCopier, root: Path, tmp_path: Path) -> None:
    work = root / "work"
    (work / COPY).write_text("mine")
    (work / "compare_policies-1.ipynb").mkdir()
    (work / "compare_policies-2.ipynb").symlink_to(tmp_path / "nowhere")
    assert copy(copier) == "work/compare_policies-3.ipynb"
    assert copy(copier) == "work/compare_policies-4.ipynb"
    assert (work / COPY).read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_no_free_name(copier: TemplateCopier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MAX_COPIES", 2)
    assert [copy(copier), copy(copier)] == [f"work/{COPY}", "work/compare_policies-1.ipynb"]
    said = refusal(copier)
    assert said.status == 409
    assert "2 copies" in str(said)


def test_copies_at_once_take_different_names(make_manager: Make, root: Path) -> None:
    """Two servers on one folder, each asked ten times at once."""
    paths: list[str] = []

    def serve(copier: TemplateCopier) -> None:
        async def ask() -> None:
            paths.extend(await asyncio.gather(*(copier.copy(NAME, "work") for _ in range(10))))

        asyncio.run(ask())

    servers = [Thread(target=serve, args=(TemplateCopier(make_manager(root)),)) for _ in "ab"]
    for thread in servers:
        thread.start()
    for thread in servers:
        thread.join()
    assert len(set(paths)) == 20
    assert len({str(cells(root / path)) for path in paths}) == 1


@pytest.mark.parametrize(("code", "status"), [(errno.EACCES, 403), (errno.EPERM, 403),
                                              (errno.EROFS, 403), (errno.ENOSPC, 500)])  # fmt: skip
def test_a_folder_that_the_system_does_not_let_us_write(
    copier: TemplateCopier, monkeypatch: pytest.MonkeyPatch, code: int, status: int
) -> None:
    def deny(*args: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", deny)
    said = refusal(copier)
    assert said.status == status
    assert "'work'" in str(said)


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs Linux")
def test_a_folder_that_is_read_only_even_for_root(make_manager: Make) -> None:
    said = refusal(TemplateCopier(make_manager("/sys")), "kernel")
    assert said.status == 403
    assert "cannot be written" in str(said)


@pytest.mark.parametrize("status", [403, 500, 413])
def test_a_save_that_fails_leaves_nothing(
    copier: TemplateCopier,
    manager: AsyncFileContentsManager,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    async def fail(model: object, path: str) -> None:
        raise HTTPError(status, "the disk is full")

    monkeypatch.setattr(manager, "save", fail)
    said = refusal(copier)
    assert said.status == status
    assert ("cannot be written" if status == 403 else "the disk is full") in str(said)
    assert files(root) == {"work"}


class InMemory:
    """A contents manager whose files are not on disk, with methods that are not async."""

    allow_hidden = False

    def __init__(self) -> None:
        self.saved: dict[str, Any] = {"work/compare_policies.ipynb": "mine"}

    def dir_exists(self, path: str) -> bool:
        return path == "work"

    def is_hidden(self, path: str) -> bool:
        return False

    def exists(self, path: str) -> bool:
        return path in self.saved

    def save(self, model: dict[str, Any], path: str) -> None:
        if len(self.saved) == 3:
            raise HTTPError(403, "read only")
        self.saved[path] = model


def test_a_server_whose_files_are_elsewhere() -> None:
    manager = InMemory()
    copier = TemplateCopier(cast(ContentsManager, manager))

    async def twice() -> list[str]:
        return await asyncio.gather(copier.copy(NAME, "work"), copier.copy(NAME, "work"))

    assert asyncio.run(twice()) == [f"work/compare_policies-{number}.ipynb" for number in (1, 2)]
    assert manager.saved["work/compare_policies.ipynb"] == "mine"
    assert refusal(TemplateCopier(cast(ContentsManager, manager))).status == 403
    assert refusal(copier, "missing").status == 404
