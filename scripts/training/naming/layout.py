"""A map of pictures: two dimensions in which near neighbors of the embedding lie together."""

from __future__ import annotations

import torch
from torch import Tensor

EPOCHS = 200
PUSHES = 12  # random pictures that each picture is pushed from in an epoch
PUSH = 4.0  # times the force of a push: as many pushes to a pull as in UMAP, drawn less often
GRAVITY = 0.02  # towards the middle, so that islands do not drift out of sight
A, B = 1.577, 0.895  # the curve of UMAP for min_dist 0.1 and spread 1
LONGEST = 4.0  # of a force along one axis


def lay_out(embeddings: Tensor, neighbors: Tensor, seed: int = 0) -> Tensor:
    """Places ``[N, 2]`` in [0, 1]: from the first two principal components, neighbors pull and all others push.

    The forces are those of UMAP (McInnes, Healy and Melville, arXiv 1802.03426), applied to all pictures at once.

    Args:
        embeddings: ``[N, D]``.
        neighbors: nearest others of each, ``[N, K]``.
    """
    rng = torch.Generator().manual_seed(seed)
    count, k = neighbors.shape
    places = principal_components(embeddings)
    places = 10 * (places - places.mean(0)) / places.std(0).clamp_min(1e-9)
    places += 1e-3 * torch.randn(places.shape, generator=rng)  # copies of one picture would never part
    from_, to = torch.arange(count).repeat_interleave(k), neighbors.flatten()
    for epoch in range(EPOCHS):
        rate = 1 - epoch / EPOCHS
        move = torch.zeros_like(places)
        gap = places[from_] - places[to]
        square = gap.square().sum(1, keepdim=True)
        # A half of the ties in an epoch, as one tie in two has a weight in UMAP's graph.
        pull = (-2 * A * B * square.clamp_min(1e-6) ** (B - 1) / (1 + A * square**B) * gap).clamp(-LONGEST, LONGEST)
        pull *= torch.rand(len(pull), 1, generator=rng) < 0.5
        move.index_add_(0, from_, pull).index_add_(0, to, -pull)
        for _ in range(PUSHES):
            gap = places - places[torch.randint(count, (count,), generator=rng)]
            square = gap.square().sum(1, keepdim=True)
            move += PUSH * (2 * B / ((0.001 + square) * (1 + A * square**B)) * gap).clamp(-LONGEST, LONGEST)
        # The sum over all ties would overshoot.
        places += rate * (move / k - GRAVITY * places)
    return spread_evenly(places)


def principal_components(embeddings: Tensor) -> Tensor:
    """The first two principal components, ``[N, 2]``."""
    centered = embeddings - embeddings.mean(0)
    vectors = torch.linalg.eigh(centered.T @ centered)[1]
    return centered @ vectors[:, -2:]


def spread_evenly(places: Tensor) -> Tensor:
    """Scales places to [0, 1], with a few far ones at the border."""
    low, high = (torch.quantile(places[:1_000_000], q, dim=0) for q in (0.002, 0.998))
    return ((places - low) / (high - low).max().clamp_min(1e-9)).clamp(-0.02, 1.02).add(0.02).div(1.04)


def map_order(places: Tensor) -> Tensor:
    """Indices of the pictures along a Z-order curve of the map: those close in it are close on the map."""
    cells = (places * 1023).long()
    code = torch.zeros(len(places), dtype=torch.long)
    for bit in range(10):
        code |= (cells[:, 0] >> bit & 1) << (2 * bit) | (cells[:, 1] >> bit & 1) << (2 * bit + 1)
    return code.argsort(stable=True)
