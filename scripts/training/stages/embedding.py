"""What trained features say about images once their directions are weighed anew: neighbors, and the served embedding.

The losses spread the features over few strong directions, in which many classes share the same ones, and leave what tells
similar classes apart in weak ones. No function needs a step of training, or other labels than those that the network
gives itself (docs/experiments.md).
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
RIDGE = 0.1  # of the mean variance inside a class


def whitening(features: Tensor, power: float) -> tuple[Tensor, Tensor]:
    """The mean ``[F]`` of features ``[N, F]``, and their principal directions ``[F, F]``, the strongest first, each
    divided by the power of its standard deviation (Kessy et al., arXiv 1512.00809)."""
    mean = features.mean(0)
    variance, directions = torch.linalg.eigh((features - mean).T.double().cov())
    variance, directions = variance.flip(0), directions.flip(1)
    scale = variance.clamp_min(LEAST * variance[0].item() + TINY) ** (-power / 2)
    return mean, (directions * scale).to(features.dtype)


def inside_classes(vectors: Tensor, labels: Tensor) -> Tensor:
    """Covariance ``[F, F]`` of labeled vectors around the means of their classes, in double precision, of trace 1.

    Args:
        vectors: ``[N, F]``.
        labels: ``[N]`` int64, -1 where there is none, at least one above.
    """
    classes = [vectors[labels == label].double() for label in labels[labels >= 0].unique()]
    covariance = sum((own - own.mean(0)).T @ (own - own.mean(0)) for own in classes)
    return covariance / covariance.trace().clamp_min(TINY)


def between_neighbors(vectors: Tensor, nearest: Tensor) -> Tensor:
    """Covariance ``[F, F]`` of what vectors ``[N, F]`` and their ``nearest``, ``[N, k]``, differ in, of trace 1."""
    covariance = torch.zeros(vectors.shape[1], vectors.shape[1], dtype=torch.float64, device=vectors.device)
    for other in nearest.T:
        difference = (vectors - vectors[other]).double()
        covariance += difference.T @ difference
    return covariance / covariance.trace().clamp_min(TINY)


def narrowing(within: Tensor) -> Tensor:
    """The map ``[F, F]`` that divides each direction by the standard deviation inside a class.

    As in linear discriminant analysis (Fisher 1936), with a share of the mean variance added to all (Friedman 1989).
    """
    ridge = RIDGE * within.diagonal().mean() * torch.eye(len(within), dtype=within.dtype, device=within.device)
    variance, axes = torch.linalg.eigh(within + ridge)
    return axes * variance.clamp_min(TINY) ** -0.5


def neighbor_space(*views: Tensor, labels: Tensor | None = None) -> Tensor:
    """Unit vectors ``[N, K]`` whose nearest are of the same class more often than by features or the trained embedding.

    Args:
        views: features ``[N, F]`` of several views of each image; the directions are those of the first.
        labels: what the network takes the images for, ``[N]`` int64, -1 where that is not reliable. What differs inside a
            class counts less then.
    """
    mean, directions = whitening(views[0], NEIGHBOR_POWER)
    directions = directions[:, : max(2, min(MOST, len(views[0]) // IMAGES))]
    vectors = F.normalize(sum(F.normalize((view - mean) @ directions, dim=1) for view in views), dim=1)
    if labels is None:
        return vectors
    return F.normalize(vectors @ narrowing(inside_classes(vectors, labels)).to(vectors.dtype), dim=1)


def linear_embedding(features: Tensor, nearest: Tensor, dimensions: int, labels: Tensor | None = None) -> nn.Linear:
    """Maps features to an embedding in which what differs inside a class counts less.

    What differs between neighbors (as in relevant component analysis, Shental et al., ECCV 2002) and what differs between
    images of one label count alike. Then the principal directions are kept.

    Args:
        features: ``[N, F]`` of images, at least ``dimensions`` wide.
        nearest: the nearest others of each image, ``[N, k]``.
        labels: see :func:`neighbor_space`.
    """
    mean, directions = whitening(features, EMBEDDING_POWER)
    vectors = F.normalize((features - mean) @ directions, dim=1)
    within = between_neighbors(vectors, nearest)
    if labels is not None:
        within = (within + inside_classes(vectors, labels)) / 2
    weighed = directions.double() @ narrowing(within)
    _, kept = torch.linalg.eigh(((features - mean).double() @ weighed).T.cov())
    matrix = (weighed @ kept.flip(1)[:, :dimensions]).T.to(features.dtype)
    linear = nn.Linear(features.shape[1], dimensions)
    linear.weight.data, linear.bias.data = matrix, -matrix @ mean
    return linear
