"""How many classes the images fall into, by their embeddings: the number whose classes are found again in other images.

For each number of classes, two halves of the images are clustered separately, and the clusters of either half are
applied to the second. Where both agree, the clusters are a property of the data (prediction strength, Tibshirani and
Walther, J. Comput. Graph. Stat. 2005; stability, Ben-Hur et al., PSB 2002). A few coarse classes are often stable too,
so the score of a number is its stability times the information that the classes carry: the logarithm of their effective
number. Images that fall apart into clear clusters may have stable finer structure; there the clear numbers come first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from sklearn.metrics import adjusted_rand_score
from torch import Tensor

from training.data.progress import bar

SAMPLE = 8000  # images that are clustered, at most: more do not change the figures
SEEDS = 4  # splits into halves
STARTS, STEPS = 4, 25  # of k-means
FEWEST = 20  # images per class, on average, below which a number is not tried
MOST = 100  # classes
CLEAR = 0.97  # stability of clear clusters: almost all images are assigned alike


@dataclass
class Count:
    """What was measured for a number of classes.

    Attributes:
        stability: adjusted Rand index of the clusters from either half of the images, 0 (chance) to 1.
        effective: effective number of classes, the exponential of the entropy of their sizes.
        smallest: fraction of the images in the smallest class.
    """

    classes: int
    stability: float
    effective: float
    smallest: float

    @property
    def score(self) -> float:
        return self.stability * math.log(1 + self.effective)


def candidates(images: int) -> list[int]:
    """The numbers to try: all up to 20, then in steps of about 10 %."""
    numbers, number = [], 2
    while number <= min(MOST, max(2, images // FEWEST)):
        numbers.append(number)
        number += max(1, number // 10) if number >= 20 else 1
    return numbers


def spherical_kmeans(vectors: Tensor, classes: int, rng: torch.Generator) -> Tensor:
    """Unit centers ``[classes, D]`` of the best of several runs of k-means by cosine, with greedy k-means++.

    Args:
        vectors: unit vectors ``[N, D]``.
    """
    runs = []
    for _ in range(STARTS):
        centers = vectors[torch.randint(len(vectors), (1,), generator=rng)]
        distance = 1 - (vectors @ centers.T).flatten()
        for _ in range(classes - 1):
            # Of several candidates take the best: a missed cluster would make the right number look unstable.
            trials = vectors[torch.multinomial(distance.clamp_min(1e-9), 2 + int(math.log(classes)), generator=rng)]
            distances = torch.minimum(distance[:, None], 1 - vectors @ trials.T)
            best = distances.sum(0).argmin()
            centers, distance = torch.cat([centers, trials[best : best + 1]]), distances[:, best]
        for _ in range(STEPS):
            nearest = (vectors @ centers.T).argmax(1)
            # An empty cluster keeps its center.
            sums = torch.zeros_like(centers).index_add_(0, nearest, vectors)
            centers = F.normalize(sums + 1e-6 * centers, dim=1)
        runs.append(((vectors @ centers.T).max(1).values.sum().item(), centers))
    return max(runs, key=lambda run: run[0])[1]


def measure(embeddings: Tensor, classes: int) -> Count:
    """Stability and sizes of ``classes`` clusters of unit embeddings ``[N, D]``."""
    stability, effective, smallest = [], [], []
    for seed in range(SEEDS):
        rng = torch.Generator().manual_seed(seed)
        halves = embeddings[torch.randperm(len(embeddings), generator=rng)].chunk(2)
        first, second = ((halves[1] @ spherical_kmeans(half, classes, rng).T).argmax(1) for half in halves)
        stability.append(adjusted_rand_score(first.numpy(), second.numpy()))
        share = second.bincount(minlength=classes) / len(second)
        effective.append(torch.special.entr(share).sum().exp().item())
        smallest.append(share.min().item())
    return Count(classes, *(sum(values) / SEEDS for values in (stability, effective, smallest)))


def count_classes(embeddings: Tensor) -> tuple[int, list[Count]]:
    """Chooses the number of classes. Returns it, and what was measured for all that were tried.

    Args:
        embeddings: unit vectors ``[N, D]`` on the CPU.
    """
    chosen = torch.randperm(len(embeddings), generator=torch.Generator().manual_seed(0))[:SAMPLE]
    tried = bar(candidates(len(embeddings)), "counting the classes")
    counts = [measure(embeddings[chosen], classes) for classes in tried]
    return choose(counts), counts


def choose(counts: list[Count]) -> int:
    """The number of classes with the highest score, of the clear ones if there are any.

    Two halves do not count as clear: many images split cleanly in two, whatever else they show.
    """
    clear = [count for count in counts if count.classes > 2 and count.stability >= CLEAR]
    # Splitting one of many clear clusters costs little stability, so among clear numbers that counts twice.
    return max(clear or counts, key=lambda count: count.score * (count.stability if clear else 1)).classes


def table(counts: list[Count], chosen: int) -> str:
    """The measurements as text, with the chosen number marked."""
    lines = ["classes  stability  smallest class  score"]
    for count in counts:
        mark = "  <- chosen" if count.classes == chosen else ""
        lines.append(f"{count.classes:7}  {count.stability:9.2f}  {count.smallest:13.1%}  {count.score:6.2f}{mark}")
    return "\n".join(lines)
