"""The house rules that a machine can check: layers, types, style, sizes, what imports what."""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kit

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "kit").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ONLY_IN = {
    "lightgbm": "kit/models/",
    "matplotlib": ("kit/report/figures.py", "kit/report/answer_figure.py"),
    "numba": "kit/base/jit.py",
    "duckdb": ("kit/data/order.py", "kit/data/sql/"),
    "sqlite3": (
        "kit/base/store.py", "kit/flow/runs.py", "kit/validate/ledger.py", "kit/ai/journal.py",
        "kit/ai/documents/index.py", "kit/flow/search/store.py",
    ),
    "optuna": "kit/ai/propose/tpe.py",
    "sqlglot": "kit/data/sql/",
    "openai": "kit/ai/client.py",
    "httpx2": "kit/ai/client.py",
    "argparse": "kit/cli/",
    "cvxpy": "kit/allocate/",
    "highspy": "kit/allocate/",
    "distributed": "kit/allocate/",
}  # fmt: skip


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def test_layers() -> None:
    run(tool("lint-imports"), "--no-cache")


def test_types() -> None:
    run(tool("mypy"))


def test_style() -> None:
    run(tool("ruff"), "check", ".")
    run(tool("ruff"), "format", "--check", ".")


@functools.cache
def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", ONLY_IN)
def test_heavy_packages_stay_where_they_belong(package: str) -> None:
    places = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if package in imports(path) and not path.name.startswith("kernels")
    ]
    assert places, f"nothing imports {package}: drop the rule"
    assert all(place.startswith(ONLY_IN[package]) for place in places), places


def test_files_are_small() -> None:
    long = {path.name: len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_nothing_evaluates_text_or_unpickles() -> None:
    for path in SOURCES:
        calls = re.findall(r"\b(?<![.\w])(eval|exec|pickle\.\w+|os\.system)\(", path.read_text())
        assert calls == [], path


def test_import_pulls_nothing_heavy() -> None:
    code = "import sys, kit; print([m for m in ('numpy', 'pandas', 'numba', 'pydantic', " \
           "'lightgbm', 'matplotlib', 'cvxpy') if m in sys.modules])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_resolve() -> None:
    for name in kit.__all__:
        assert getattr(kit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kit.nothing


def test_public_names_are_typed() -> None:
    """A checker sees the same names that load at run time."""
    text = (ROOT / "kit" / "__init__.py").read_text()
    shown = set(re.findall(r"import (\w+) as \1\n", text)) - {"__version__"}
    shown |= set(re.findall(r"^    (\w+) = _", text, flags=re.MULTILINE))
    assert shown == set(kit.__all__) - {"__version__"}


def test_no_public_name_is_hidden_by_a_subpackage() -> None:
    """Importing ``kit.replay.run`` sets ``kit.replay``: a function of that name would be lost."""
    packages = {path.stem for path in (ROOT / "kit").iterdir()}
    assert not packages & set(kit.__all__)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_templates(path: Path) -> None:
    notebook = json.loads(path.read_text())
    assert re.fullmatch(r"\d\d_[a-z]+(_[a-z]+)+\.ipynb", path.name)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    assert sum(bool(line.strip()) for line in lines) < 40
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    assert not [line for line in lines if re.match(r"\s*(def|class) ", line)]


def test_samples_are_small() -> None:
    size = sum(path.stat().st_size for path in (ROOT / "data_samples").iterdir())
    assert size < 5_000_000


def test_locks_are_hashed_and_name_no_registry() -> None:
    for path in sorted(ROOT.glob("constraints*.txt")):
        text = path.read_text()
        assert "://" not in text
        pinned = re.findall(r"^[\w.\-\[\]]+==", text, flags=re.MULTILINE)
        assert pinned
        assert text.count("--hash=sha256:") >= len(pinned)


def test_every_dependency_says_which_file_needs_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("dependencies = [")[1].split("]\n")[0]
    for line in block.strip().splitlines():
        assert re.search(r'",\s+# ', line), line
