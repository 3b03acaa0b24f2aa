"""What trained features say about images once their directions are weighed anew: neighbors, and the served embedding.

The losses spread the features over few strong directions, in which many classes share the same ones, and leave what tells
similar classes apart in weak ones. Neither function needs a label or a step of training (docs/experiments.md).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Each principal direction is divided by its standard deviation to this power (0: as it is, 1: whitened).
NEIGHBOR_POWER, EMBEDDING_POWER = 0.75, 0.5
MOST, IMAGES = 128, 8  # directions that neighbors are looked up in, and images that it takes to tell one from noise
LEAST = 1e-6  # variance, of the largest, below which a direction is noise
TINY = 1e-12  # variance of what is constant
NEIGHBORS = 20
RIDGE = 0.1  # of the mean variance between neighbors


def whitening(features: Tensor, power: float) -> tuple[Tensor, Tensor]:
    """The mean ``[F]`` of features ``[N, F]``, and their principal directions ``[F, F]``, the strongest first, each
    divided by the power of its standard deviation (Kessy et al., arXiv 1512.00809)."""
    mean = features.mean(0)
    variance, directions = torch.linalg.eigh((features - mean).T.double().cov())
    variance, directions = variance.flip(0), directions.flip(1)
    scale = variance.clamp_min(LEAST * variance[0].item() + TINY) ** (-power / 2)
    return mean, (directions * scale).to(features.dtype)


def neighbor_space(*views: Tensor) -> Tensor:
    """Unit vectors ``[N, K]`` whose nearest are of the same class more often than by features or the trained embedding.

    Args:
        views: features ``[N, F]`` of several views of each image; the directions are those of the first.
    """
    mean, directions = whitening(views[0], NEIGHBOR_POWER)
    directions = directions[:, : max(2, min(MOST, len(views[0]) // IMAGES))]
    vectors = (F.normalize((view - mean) @ directions, dim=1) for view in views)
    return F.normalize(sum(vectors), dim=1)


def linear_embedding(features: Tensor, nearest: Tensor, dimensions: int) -> nn.Linear:
    """Maps features to an embedding in which what differs between neighbors counts less.

    As in linear discriminant analysis (Fisher 1936), directions are divided by their standard deviation inside a class,
    with an image's nearest neighbors in place of its class (as in relevant component analysis, Shental et al., ECCV 2002);
    then the principal ones are kept.

    Args:
        features: ``[N, F]`` of images, at least ``dimensions`` wide.
        nearest: the nearest others of each image, ``[N, k]``.
    """
    mean, directions = whitening(features, EMBEDDING_POWER)
    vectors = F.normalize((features - mean) @ directions, dim=1)
    within = torch.zeros_like(directions, dtype=torch.float64)
    for other in nearest.T:
        difference = (vectors - vectors[other]).double()
        within += difference.T @ difference / (2 * nearest.numel())
    within += RIDGE * within.diagonal().mean() * torch.eye(len(within), dtype=within.dtype, device=within.device)
    variance, axes = torch.linalg.eigh(within)
    weighed = directions.double() @ axes * variance.clamp_min(TINY) ** -0.5
    _, kept = torch.linalg.eigh(((features - mean).double() @ weighed).T.cov())
    matrix = (weighed @ kept.flip(1)[:, :dimensions]).T.to(features.dtype)
    linear = nn.Linear(features.shape[1], dimensions)
    linear.weight.data, linear.bias.data = matrix, -matrix @ mean
    return linear
