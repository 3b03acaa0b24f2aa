"""Near copies among images: neighbors by their embeddings whose pixels are nearly the same."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch import Tensor

SMALL = 8  # side of the squares that are compared, in pixels
SAME_COSINE, SAME_PIXELS = 0.9, 12.0  # of copies: embeddings at least, mean difference of squares at most (0 to 255)


def small_squares(pixels: Tensor) -> Tensor:
    """The images ``[N, 3, H, W]`` as squares of a few pixels, uint8 ``[N, P]``."""
    return F.interpolate(pixels.float(), (SMALL, SMALL), mode="area").round().byte().flatten(1)


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
