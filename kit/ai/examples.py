"""Whole queries for a model to follow, where the user has confirmed none that is near."""

from __future__ import annotations

from kit.ai.catalog import Catalog
from kit.ai.pairs import Pair, near_pairs
from kit.ai.relevant import relevant_metrics
from kit.ai.words.compile import compile_question

WANTED = 2
"""Pairs that a prompt has at least, if the semantic layer can write them."""


def example_pairs(question: str, catalog: Catalog) -> list[Pair]:
    """Return confirmed pairs near a question, and pairs that the semantic layer writes.

    Examples
    --------
    >>> from kit.ai.catalog import open_catalog
    >>> from kit.base.assets import asset_dir
    >>> with open_catalog(asset_dir("data_samples"), ["auctions"]) as catalog:
    ...     [pair.question for pair in example_pairs("clicks per pigeon", catalog)]
    ['clicks by exchange', 'ctr by exchange']
    """
    pairs = list(near_pairs(question, catalog.pairs))
    column = next((column for _, column in catalog.values), None)
    for metric in relevant_metrics(question, catalog.layer.definitions(catalog.plain)):
        if len(pairs) >= WANTED or column is None:
            break
        asked = f"{metric['name'].replace('_', ' ')} by {column}"
        written = compile_question(asked, catalog.layer, catalog.plain, catalog.values).sql
        if written is not None:
            pairs.append(Pair(asked, written))
    return pairs
