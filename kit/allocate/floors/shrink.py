"""Pull the curves of thin segments towards those of their parents: credibility theory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SegmentTree:
    """Segments and what they are part of: depth 0 is all of them, the last depth the segments.

    Parameters
    ----------
    labels : tuple of DataFrame
        One a depth d, with a row a node and the first d levels as columns.
    parent : tuple of ndarray of int64
        One a depth >= 1: the node one depth up that each node is part of.
    """

    labels: tuple[pd.DataFrame, ...]
    parent: tuple[Ints, ...]

    @classmethod
    def of(cls, segments: pd.DataFrame) -> SegmentTree:
        """Return the tree over some segments, S rows with the coarsest level first.

        Examples
        --------
        >>> tree = SegmentTree.of(pd.DataFrame({"exchange": ["a", "a", "b"], "hour": [1, 2, 1]}))
        >>> [len(labels) for labels in tree.labels], tree.parent[1].tolist()
        ([1, 2, 3], [0, 0, 1])
        """
        levels, labels, parent = list(segments.columns), [segments], list[Ints]()
        for depth in range(len(levels) - 1, -1, -1):
            above = segments[levels[:depth]]
            codes = np.zeros(len(labels[0]), dtype=np.int64)
            nodes = pd.DataFrame(index=[0])
            if depth:
                shown = labels[0][levels[:depth]]
                nodes = above.drop_duplicates().reset_index(drop=True)
                keys = pd.MultiIndex.from_frame(nodes) if depth > 1 else pd.Index(nodes.iloc[:, 0])
                rows = pd.MultiIndex.from_frame(shown) if depth > 1 else pd.Index(shown.iloc[:, 0])
                codes = keys.get_indexer(rows).astype(np.int64)
            labels.insert(0, nodes)
            parent.insert(0, codes)
        return cls(tuple(labels), tuple(parent))

    def up(self, leaves: Array) -> list[Array]:
        """Return sums at every depth, from sums of the segments, shape (S, ...)."""
        sums = [leaves]
        for depth in range(len(self.parent) - 1, -1, -1):
            above = np.zeros((len(self.labels[depth]), *leaves.shape[1:]))
            np.add.at(above, self.parent[depth], sums[0])
            sums.insert(0, above)
        return sums


@dataclass(frozen=True, eq=False)
class Pooled:
    """Means of one depth after shrinkage.

    Parameters
    ----------
    mean : ndarray, shape (nodes, G)
        Own mean and parent's, weighed.
    weight : ndarray, shape (nodes,)
        Weight of the node's own data, in [0, 1].
    """

    mean: Array
    weight: Array


def own_weights(count: Array, mean: Array, square: Array, parent: Ints) -> Array:
    """Return the credibility of each node's own mean beside its parent's, shape (nodes,).

    Parameters
    ----------
    count : ndarray, shape (nodes,)
        Observations.
    mean, square : ndarray, shape (nodes, G)
        Mean of G quantities, and of their squares.
    parent : ndarray of int64, shape (nodes,)
        Which nodes are siblings.

    Notes
    -----
    A node with n observations weighs n / (n + k); k is the variance inside nodes over the variance
    of their true means about the parent, both estimated without bias and summed over the G
    quantities, so that one k keeps a curve's points together.

    References
    ----------
    Bühlmann and Straub, "Glaubwürdigkeit für Schadensätze" (1970); Bühlmann and Gisler, "A Course
    in Credibility Theory" (2005), section 4.8.

    Examples
    --------
    >>> count, mean = np.array([1000.0, 2.0]), np.array([[1.0], [3.0]])
    >>> own_weights(count, mean, mean**2 + 4.0, np.array([0, 0])).round(2)
    array([1.  , 0.33])
    """
    used = count > 0
    inside = (count[:, None] * np.maximum(square - mean**2, 0.0))[used].sum()
    freedom = (count[used] - 1).sum()
    if freedom <= 0 or not used.any():
        return np.zeros(len(count))
    variance = inside / freedom
    families = int(parent.max()) + 1
    total = np.bincount(parent, count, families)
    center = np.zeros((families, mean.shape[1]))
    np.add.at(center, parent, count[:, None] * mean)
    center /= np.maximum(total, 1.0)[:, None]
    squares = (count[:, None] * (mean - center[parent]) ** 2).sum()
    squared = np.bincount(parent, count**2, families)
    size = (total - squared / np.maximum(total, 1.0)).sum()
    degrees = int(used.sum()) - int((total > 0).sum())
    between = (squares - degrees * variance) / size if size > 0 else 0.0
    if between <= 0:
        return np.zeros(len(count))
    return np.asarray(count / (count + variance / between))


def pool(
    tree: SegmentTree, count: Array, total: Array, square: Array, shrink: bool = True
) -> list[Pooled]:
    """Shrink means at every depth towards the depth above, from the top down.

    Parameters
    ----------
    tree : SegmentTree
        What is part of what.
    count : ndarray, shape (S,)
        Observations of each segment.
    total, square : ndarray, shape (S, G)
        Sums of G quantities over them, and of their squares.
    shrink : bool
        Whether to; without, every node stands alone at weight 1.
    """
    counts, totals, squares = tree.up(count), tree.up(total), tree.up(square)
    result: list[Pooled] = []
    for depth, size in enumerate(counts):
        divisor = np.maximum(size, 1.0)[:, None]
        mean = totals[depth] / divisor
        if not depth or not shrink:
            result.append(Pooled(mean, np.ones(len(size))))
            continue
        parent = tree.parent[depth - 1]
        weight = own_weights(size, mean, squares[depth] / divisor, parent)
        above = result[-1].mean[parent]
        result.append(Pooled(above + weight[:, None] * (mean - above), weight))
    return result


def pool_like(tree: SegmentTree, count: Array, total: Array, like: list[Pooled]) -> list[Array]:
    """Shrink other means with the weights of `like`, shape (nodes, G) at every depth."""
    counts, totals = tree.up(count), tree.up(total)
    result: list[Array] = []
    for depth, size in enumerate(counts):
        mean = totals[depth] / np.maximum(size, 1.0)[:, None]
        if depth:
            above = result[-1][tree.parent[depth - 1]]
            mean = above + like[depth].weight[:, None] * (mean - above)
        result.append(mean)
    return result
