"""Classes of a model while a person edits them: renamed, merged and split, and what the model then answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from training.stages.count import spherical_kmeans

FEWEST = 2  # pictures in a class that can be split, and classes of a model
SAMPLE = 20_000  # pictures that the weights of two halves are fitted on
LONGEST = 64  # characters of a name


@dataclass(frozen=True)
class Classes:
    """Names and head of a model.

    Attributes:
        names: by class, all different.
        weights: of the units, ``[D, M]``; a class is one unit or several.
        groups: class of each unit, ``[M]``.
    """

    names: tuple[str, ...]
    weights: Tensor
    groups: Tensor

    def probabilities(self, embeddings: Tensor) -> Tensor:
        """What the model answers, ``[N, C]``."""
        units = (embeddings @ self.weights).softmax(1)
        return units.new_zeros(len(units), len(self.names)).index_add_(1, self.groups, units)

    def check(self, number: object, field: str) -> int:
        """A number of a class, from outside.

        Raises:
            ValueError: if it is none.
        """
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(self.names):
            raise ValueError(f"{field}: expected the number of a class, 0 to {len(self.names) - 1}, got {number!r}")
        return number

    def renamed(self, number: int, name: object) -> Classes:
        """The classes with another name for one of them.

        Raises:
            ValueError: if the name is empty, long, or that of another class.
        """
        name = checked_name(name)
        if name in self.names[:number] + self.names[number + 1 :]:
            raise ValueError(f"name: another class is called {name}. Choose another name, or merge the two")
        return replace(self, names=(*self.names[:number], name, *self.names[number + 1 :]))

    def merged(self, numbers: list[int]) -> Classes:
        """The classes with several of them as one, at the place and with the name of the first.

        Raises:
            ValueError: if fewer than two are given, or fewer than two classes would be left.
        """
        first, *others = dict.fromkeys(numbers) or [0]
        if not others or len(self.names) - len(others) < FEWEST:
            raise ValueError(f"classes: expected two or more, which leave {FEWEST} classes or more, got {len(numbers)}")
        kept = [number for number in range(len(self.names)) if number not in others]
        place = {number: i for i, number in enumerate(kept)} | dict.fromkeys(others, kept.index(first))
        groups = torch.tensor([place[group] for group in self.groups.tolist()])
        return replace(self, names=tuple(self.names[number] for number in kept), groups=groups)

    def split(self, number: int, embeddings: Tensor) -> Classes:
        """The classes with one of them as two, the second at the end: the halves that 2-means finds in its pictures.

        The units of the class make way for two new ones. Their weights are fitted, and all others stay, so that the
        two halves together get the probability that the class had.

        Args:
            embeddings: of all pictures, ``[N, D]``.

        Raises:
            ValueError: if the class has fewer than two different pictures.
        """
        before = self.probabilities(embeddings)
        own = embeddings[before.argmax(1) == number]
        if len(own) < FEWEST or (own - own[0]).abs().max() < 1e-6:
            raise ValueError(f"class: expected one of {FEWEST} different pictures or more, got {len(own)}: {self.names[number]}")
        centers = spherical_kmeans(own, 2, torch.Generator().manual_seed(0))
        mine = self.groups == number
        chosen = torch.randperm(len(embeddings), generator=torch.Generator().manual_seed(0))[:SAMPLE]
        halves = fit_halves(embeddings[chosen], self.weights[:, mine], self.weights[:, ~mine], before[chosen, number], centers)
        return Classes(
            (*self.names, free_name(self.names[number], self.names)),
            torch.cat([self.weights[:, ~mine], halves], 1),
            torch.cat([self.groups[~mine], torch.tensor([number, len(self.names)])]),
        )


def fit_halves(embeddings: Tensor, mine: Tensor, others: Tensor, share: Tensor, centers: Tensor) -> Tensor:
    """Weights ``[D, 2]`` of two units that take the place of those of a class, ``mine``.

    Args:
        others: weights of the other units, which stay.
        share: probability of the class by the old weights, ``[N]``; each half gets the part of it that the nearer center
            says.
        centers: unit vectors ``[2, D]``.
    """
    scale = mine.norm(dim=0).mean()  # the inverse of the temperature
    half = torch.sigmoid(scale * (embeddings @ (centers[0] - centers[1])))
    target = torch.stack([1 - share, share * half, share * (1 - half)], 1)
    rest = (embeddings @ others).logsumexp(1, keepdim=True)
    start = mine.mean(1, keepdim=True) + scale / 2 * (centers - centers.mean(0)).T
    weights = start.contiguous().requires_grad_()
    optimizer = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(torch.cat([rest, embeddings @ weights], 1), target)
        value.backward()
        return value

    optimizer.step(loss)
    return weights.detach()


def checked_name(name: object) -> str:
    """The name of a class, from outside, without space around it.

    Raises:
        ValueError: if it is empty, long, or no text.
    """
    if not isinstance(name, str) or not name.strip() or len(name.strip()) > LONGEST or not name.strip().isprintable():
        raise ValueError(f"name: expected 1 to {LONGEST} characters in one line, got {str(name)[:LONGEST]!r}")
    return name.strip()


def free_name(name: str, names: tuple[str, ...]) -> str:
    """``name`` with the first number, from 2, that none of ``names`` has."""
    number = 2
    while f"{name} {number}" in names:
        number += 1
    return f"{name} {number}"
