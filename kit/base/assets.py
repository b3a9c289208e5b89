"""Find the shipped notebooks, prompts and data samples, in a wheel or in a checkout."""

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
    package = Path(__file__).parent.parent
    for folder in (package / "_assets" / kind, package.parent / kind):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{kind}: not in this installation; reinstall programmatic-kit.")
