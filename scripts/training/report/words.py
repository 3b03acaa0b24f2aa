"""What the figures of a run mean, in words, and warnings about the images."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from training.data.copies import copies_by_pixels
from training.data.neighbors import nearest_neighbors

FEW = 500  # images per class
COPIES = 0.01  # of the images, above which copies are worth a word
DOMINATING = 0.5  # of the images in one class
JUDGED = 5000  # images, at most, whose neighbors are looked at
NEIGHBORS = 10


def warnings_before(pixels: Tensor | None, count: int, classes: int, batch: int) -> list[str]:
    """What is known to go wrong before anything is trained.

    Args:
        pixels: uint8 ``[N, 3, H, W]``; None where they are decoded as needed, and copies are not looked for.
        classes: wanted, or expected.
        batch: images per step.
    """
    found = []
    if count < FEW * classes:
        found.append(
            f"{count} images are few for {classes} classes. With less than {FEW} per class, classes tend to follow colors "
            "and backgrounds rather than objects"
        )
    if batch < 10 * classes:
        found.append(f"--batch {batch} is less than ten images per class, so the uniform prior is off in a batch")
    copied = 0 if pixels is None else copies_by_pixels(pixels)
    if copied > COPIES * count:
        found.append(
            f"{copied} of {count} images ({copied / count:.0%}) are nearly copies of others. Copies make a class look larger "
            "and surer than it is"
        )
    return found


def loss_in_words(loss: float, classes: int) -> str:
    """What the loss of the classes says.

    Args:
        loss: of the served head, in nats; ``log(classes)`` is chance.
    """
    part = max(0.0, 1 - loss / math.log(classes))
    meaning = "none yet: train longer" if part < 0.1 else "faint: more epochs or images may help" if part < 0.4 else "clear"
    return f"loss {loss:.2f}, {math.log(classes):.2f} without classes: the classes are {meaning}"


def classes_in_words(embeddings: Tensor, assigned: Tensor, classes: int) -> list[str]:
    """What the classes of some images say: agreement of neighbors, and a class that dominates.

    Args:
        embeddings: unit vectors ``[N, D]``.
        assigned: class of each image, ``[N]``.
    """
    nearest = nearest_neighbors(embeddings[None], min(NEIGHBORS, len(embeddings) - 1))
    agree = (assigned[nearest] == assigned[:, None]).float().mean().item()
    meaning = (
        "the borders between classes are clear" if agree > 0.85
        else "some borders run through images that look alike" if agree > 0.65
        else "most borders run through images that look alike: try fewer classes, or train longer"
    )  # fmt: skip
    lines = [f"neighbors: {agree:.0%} of the nearest images are of the same class; {meaning}"]
    sizes = assigned.bincount(minlength=classes) / len(assigned)
    if sizes.max() > DOMINATING:
        lines.append(
            f"warning: one class has {sizes.max():.0%} of the images. The others may be what does not fit it: try more "
            "classes, or leave out what the folder has too much of"
        )
    if unused := int((sizes == 0).sum()):
        lines.append(f"warning: {unused} of {classes} classes have no images: try fewer classes")
    return lines
