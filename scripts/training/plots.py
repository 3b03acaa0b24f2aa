"""The pictures of a model card, as SVG: training curve, confusion matrix, reliability.

The same numbers give the same bytes.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

plt.rcParams |= {
    "svg.hashsalt": "unlabel",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
BLUE, GREY = "#2a6fb0", "#9aa3ab"
COLOURS = [BLUE, "#c4402f", "#3b8f4e", "#8a5fb0"]
FEWEST = 10  # images of a bin that is drawn
STAGES = {
    "pretrain": "Self-Classifier",
    "neighbours": "neighbour heads",
    "self-label": "self-labels",
    "distil": "student",
}


def save_plot(figure: Figure, path: Path) -> None:
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def plot_training(history: list[list], path: Path) -> None:
    """Loss, and accuracy on the training images where it is known, by epoch, stage after stage.

    Args:
        history: ``[stage, loss, accuracy or None]`` an epoch.
    """
    figure, axis = plt.subplots(figsize=(6.4, 3))
    at, styles = 1, {}
    for stage, entries in groupby(history, key=lambda entry: entry[0]):
        losses = [loss for _, loss, _ in entries]
        colour = styles.setdefault(stage, COLOURS[len(styles)])
        marker = "o" if len(losses) == 1 else None
        axis.plot(range(at, at + len(losses)), losses, color=colour, marker=marker, label=STAGES[stage])
        at += len(losses)
    axis.legend(frameon=False)
    axis.set(xlabel="epoch", ylabel="loss of the classes' head", xlim=(0, at))
    accuracy = [(i + 1, 100 * value) for i, (_, _, value) in enumerate(history) if value is not None]
    if accuracy:
        right = axis.twinx()
        right.plot(*zip(*accuracy), color=GREY)
        right.set_ylabel("ACC on training images, % (grey)")
        right.set_ylim(0, 100)
    save_plot(figure, path)


def plot_confusion(classes: list[str], confusion: np.ndarray, path: Path) -> None:
    """Part of each label's images, ``[C, C]`` label by prediction, that each class was predicted for."""
    part = confusion / confusion.sum(1, keepdims=True).clip(1)
    side = min(12.0, 2 + 0.36 * len(classes))
    figure, axis = plt.subplots(figsize=(side, side))
    axis.imshow(part, cmap="Blues", vmin=0, vmax=1)
    axis.set(xlabel="prediction", ylabel="label")
    if len(classes) <= 30:
        axis.set_xticks(range(len(classes)), classes, rotation=60, ha="right")
        axis.set_yticks(range(len(classes)), classes)
        for i, j in np.ndindex(part.shape):
            colour = "white" if part[i, j] > 0.5 else "black"
            axis.text(j, i, f"{100 * part[i, j]:.0f}", ha="center", va="center", color=colour, fontsize=7)
    save_plot(figure, path)


def plot_reliability(before: list[list[float]], after: list[list[float]], path: Path) -> None:
    """Accuracy by score, before and after the temperature: on the diagonal a score means what it says.

    Args:
        before, after: ``[mean score, accuracy, images]`` a bin.
    """
    figure, axis = plt.subplots(figsize=(3.6, 3.4))
    axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.7)
    for bins, style in (
        (before, {"color": GREY, "linestyle": "--", "label": "before"}),
        (after, {"color": BLUE, "label": "calibrated"}),
    ):
        points = [(score, accuracy) for score, accuracy, count in bins if count >= FEWEST]
        axis.plot([x for x, _ in points], [y for _, y in points], marker="o", markersize=3, **style)
    axis.set(xlabel="score", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    axis.legend(frameon=False)
    save_plot(figure, path)
