"""What to look at: typical, doubtful and odd pictures of each class, and what to label next."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SHOWN = 12  # pictures of each kind and class
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
