"""What to look at: typical, doubtful and odd pictures of each class, the same picture twice, and what to label next."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch import Tensor

SHOWN = 12  # pictures of each kind and class
SAME_COSINE, SAME_PIXELS = 0.9, 12.0  # of copies: embeddings at least, difference of small squares at most (0 to 255)
GROUPS = 60  # of copies that are shown, the largest first
NEXT = 8  # pictures to label


def typical(own: Tensor, embeddings: Tensor) -> list[int]:
    """The pictures of a class, ``own``, nearest to their mean, the nearest first."""
    middle = F.normalize(embeddings[own].sum(0), dim=0)
    return own[(embeddings[own] @ middle).argsort(descending=True, stable=True)[:SHOWN]].tolist()


def doubtful(own: Tensor, probabilities: Tensor) -> list[int]:
    """The pictures of a class that another class nearly got, the closest first."""
    best = probabilities[own].topk(2, dim=1).values
    return own[(best[:, 0] - best[:, 1]).argsort(stable=True)[:SHOWN]].tolist()


def odd(own: Tensor, cosines: Tensor) -> list[int]:
    """The pictures of a class that are like no other picture, the oddest first.

    Args:
        cosines: of each picture to its neighbors, ``[N, K]``.
    """
    return own[cosines[own].mean(1).argsort(stable=True)[:SHOWN]].tolist()


def copies(neighbors: Tensor, cosines: Tensor, small: Tensor) -> list[list[int]]:
    """Groups of pictures that show the same, the largest group first.

    Args:
        small: squares of a few pixels, uint8 ``[N, P]``.
    """
    first, place = (cosines > SAME_COSINE).nonzero(as_tuple=True)
    second = neighbors[first, place]
    difference = torch.cat([
        (small[a].float() - small[b].float()).abs().mean(1)
        for a, b in zip(first.split(100_000), second.split(100_000), strict=True)
    ]) if len(first) else torch.empty(0)  # fmt: skip
    same = difference <= SAME_PIXELS
    ties = coo_matrix((np.ones(int(same.sum())), (first[same].numpy(), second[same].numpy())), shape=(len(small),) * 2)
    group = connected_components(ties, directed=False)[1]
    order = np.argsort(group, kind="stable")
    found = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    return sorted((part.tolist() for part in found if len(part) > 1), key=len, reverse=True)


def label_next(neighbors: Tensor, labeled: list[int], count: int = NEXT) -> list[tuple[int, int]]:
    """Pictures whose labels say most, and of how many pictures each is a neighbor that no label reaches yet.

    A label reaches the picture and those that have it among their neighbors; each choice is the one that reaches most
    new ones (ProbCover, Yehuda et al., arXiv 2205.11320).
    """
    total = len(neighbors)
    new = torch.ones(total, dtype=torch.bool)

    def reach(picture: int) -> None:
        new[picture] = False
        new[(neighbors == picture).any(1)] = False

    for picture in labeled:
        reach(picture)
    chosen = []
    for _ in range(min(count, total - len(labeled))):
        gains = neighbors[new].flatten().bincount(minlength=total) + new
        gains[torch.tensor(labeled, dtype=torch.long)] = 0
        best = int(gains.argmax())
        if gains[best] == 0:
            break
        chosen.append((best, int(gains[best])))
        reach(best)
    return chosen
