"""Near copies among images: neighbors by their embeddings whose pixels are nearly the same."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch import Tensor

SMALL = 8  # side of the squares that are compared, in pixels
WINDOW = 4  # images next in brightness that an image is compared with
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


def copies_by_pixels(pixels: Tensor) -> int:
    """How many images are nearly the same as an earlier one, by their pixels alone: fewer than :func:`copies` finds.

    Compares images whose brightness rises and falls at the same places in a quarter of the image at least (difference
    hash), and which are about as bright.

    Args:
        pixels: uint8 ``[N, 3, H, W]``.
    """
    quarters, squares = [], []
    powers = 2 ** torch.arange(16)
    for part in pixels.split(5000):
        gray = F.interpolate(part.float().mean(1, keepdim=True), (8, 9), mode="area")[:, 0]
        quarters.append(((gray[..., 1:] > gray[..., :-1]).view(len(part), 4, 16) * powers).sum(2))
        squares.append(small_squares(part))
    small = torch.cat(squares)
    brightness = small.float().mean(1)
    copied = torch.zeros(len(pixels), dtype=torch.bool)
    for quarter in torch.cat(quarters).unbind(1):
        order = (1000 * quarter.double() + brightness).argsort(stable=True)
        for step in range(1, min(WINDOW, len(order) - 1) + 1):
            first, second = order[:-step], order[step:]
            same = (small[first].float() - small[second].float()).abs().mean(1) <= SAME_PIXELS
            copied[torch.maximum(first, second)[same]] = True
    return int(copied.sum())
