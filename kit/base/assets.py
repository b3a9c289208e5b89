"""Find the shipped notebooks, prompts, data samples and documents: in a wheel or a checkout."""

from __future__ import annotations

from pathlib import Path

from kit.base.checks import one_of

_KINDS = ("notebooks", "prompts", "data_samples")


def asset_dir(kind: str) -> Path:
    """Return the folder of one kind of asset.

    A wheel carries them in ``kit/_assets``; a checkout has them at its root, and an editable
    install must read those, not a stale copy.

    Raises
    ------
    DataError
        If `kind` is not ``notebooks``, ``prompts`` or ``data_samples``.
    FileNotFoundError
        If the installation does not carry it.

    Examples
    --------
    >>> asset_dir("data_samples").name
    'data_samples'
    """
    one_of("kind", kind, _KINDS)
    folder = asset_root() / kind
    if folder.is_dir():
        return folder
    raise FileNotFoundError(f"{kind}: not in this installation; reinstall programmatic-kit.")


def asset_root() -> Path:
    """Return what holds every kind of asset, and README.md, CHANGELOG.md and docs/ beside them.

    Examples
    --------
    >>> (asset_root() / "README.md").is_file()
    True
    """
    package = Path(__file__).parent.parent
    packaged = package / "_assets"
    return packaged if packaged.is_dir() else package.parent
