"""Nearest neighbors for training: among the embeddings of earlier batches, and among all images."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


class NeighborQueue:
    """Embeddings of earlier batches, first in, first out: ``[size, D]`` on the device.

    Targets come from the nearest earlier embedding in place of a view, which teaches similarities that augmentation
    cannot (NNCLR, arXiv 2104.14548; Self-Classifier, section 3.4).
    """

    def __init__(self, size: int, dimensions: int, device: torch.device) -> None:
        self.rows = torch.zeros(size, dimensions, device=device)
        self.next = 0
        self.filled = False

    @torch.no_grad()
    def nearest(self, embedding: Tensor) -> Tensor:
        """The earlier embedding that is most similar to each row, ``[N, D]``."""
        return self.rows[(embedding.detach() @ self.rows.T).argmax(1)]

    @torch.no_grad()
    def push(self, embedding: Tensor) -> None:
        places = torch.arange(self.next, self.next + len(embedding), device=self.rows.device) % len(self.rows)
        self.rows[places] = embedding.detach()
        self.filled = self.filled or self.next + len(embedding) >= len(self.rows)
        self.next = (self.next + len(embedding)) % len(self.rows)


@torch.no_grad()
def nearest_neighbors(views: Tensor, k: int) -> Tensor:
    """The ``k`` nearest other images of each image, int64 ``[N, k]``.

    Args:
        views: features ``[views, N, F]`` of several views of each image; their means are compared by cosine.
    """
    mean = F.normalize(sum(F.normalize(view.float(), dim=1) for view in views), dim=1)
    nearest = []
    for start in range(0, len(mean), 1000):
        similarity = mean[start : start + 1000] @ mean.T
        own = torch.arange(len(similarity), device=mean.device)
        similarity[own, start + own] = -2.0
        nearest.append(similarity.topk(k, dim=1).indices)
    return torch.cat(nearest)


@torch.no_grad()
def draw_partners(nearest: Tensor, rate: float, rng: torch.Generator) -> Tensor:
    """Draws a partner for each image, ``[N]`` on the CPU: with probability ``rate`` one of its mutual neighbors,
    otherwise, and for images without one, the image itself.

    Args:
        nearest: the nearest others of each image, ``[N, k]`` on the CPU; two images of which each is among those of the
            other are mutual neighbors.
        rng: a generator on the CPU.
    """
    own = torch.arange(len(nearest))
    mutual = (nearest[nearest] == own[:, None, None]).any(2)
    draws = torch.rand(nearest.shape, generator=rng).masked_fill(~mutual, -1.0)
    drawn = nearest.gather(1, draws.argmax(1, keepdim=True)).squeeze(1)
    paired = mutual.any(1) & (torch.rand(len(own), generator=rng) < rate)
    return torch.where(paired, drawn, own)
