"""The plots of a model card as SVG. The same numbers give the same bytes."""

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
BLUE, GRAY = "#2a6fb0", "#9aa3ab"
COLORS = [BLUE, "#c4402f", "#3b8f4e", "#8a5fb0"]
FEWEST = 10  # images of a bin that is plotted
STAGES = {
    "pretrain": "Self-Classifier",
    "classes": "choice of the classes",
    "self-label": "self-labels",
    "distill": "student",
}


def save_plot(figure: Figure, path: Path) -> None:
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def plot_training(history: list[list], path: Path) -> None:
    """Plots the loss, and the accuracy on the training images if known, by epoch, stage after stage.

    Args:
        history: ``[stage, loss, accuracy or None]`` per epoch.
    """
    figure, axis = plt.subplots(figsize=(6.4, 3))
    at, styles = 1, {}
    for stage, entries in groupby(history, key=lambda entry: entry[0]):
        losses = [loss for _, loss, _ in entries]
        color = styles.setdefault(stage, COLORS[len(styles)])
        marker = "o" if len(losses) == 1 else None
        axis.plot(range(at, at + len(losses)), losses, color=color, marker=marker, label=STAGES.get(stage, stage))
        at += len(losses)
    axis.legend(frameon=False)
    axis.set(xlabel="epoch", ylabel="loss of the classes' head", xlim=(0, at))
    accuracy = [(i + 1, 100 * value) for i, (_, _, value) in enumerate(history) if value is not None]
    if accuracy:
        right = axis.twinx()
        right.plot(*zip(*accuracy), color=GRAY)
        right.set_ylabel("ACC on training images, % (gray)")
        right.set_ylim(0, 100)
    save_plot(figure, path)


def plot_monitor(points: list[dict[str, float]], path: Path) -> None:
    """Plots kNN, purity and ACC on test images over the cost of the training.

    Args:
        points: ``cost`` in multiply-accumulates, ``knn20``, ``knn20_features``, ``purity20``, ``acc0``, ``acc1``, ...
    """
    figure, axis = plt.subplots(figsize=(6.4, 3))
    costs = [point["cost"] for point in points]
    lines = {
        "knn20_features": ("kNN@20, features", {"color": BLUE, "linestyle": "--"}),
        "knn20": ("kNN@20, embedding", {"color": BLUE}),
        "purity20": ("purity of the 20 nearest", {"color": COLORS[2]}),
    }
    heads = sorted(key for key in points[0] if key.startswith("acc"))
    lines |= {key: ("ACC, each head" if i == 0 else None, {"color": COLORS[1]}) for i, key in enumerate(heads)}
    for key, (label, style) in lines.items():
        axis.plot(costs, [100 * point[key] for point in points], label=label, linewidth=1.2, **style)
    axis.set(xlabel="multiply-accumulates", ylabel="% of the test images", xlim=(0, None))
    axis.legend(frameon=False, loc="lower right")
    save_plot(figure, path)


def printable(name: str) -> str:
    """A name on one line, of characters that a font may have: class names are names of anybody's folders."""
    return "".join(c if c.isprintable() else " " for c in name)


def plot_confusion(classes: list[str], confusion: np.ndarray, path: Path) -> None:
    """Plots the fraction of the images of each label that each class was predicted for.

    Args:
        confusion: images, ``[C, C]`` label by prediction.
    """
    part = confusion / confusion.sum(1, keepdims=True).clip(1)
    side = min(12.0, 2 + 0.36 * len(classes))
    figure, axis = plt.subplots(figsize=(side, side))
    axis.imshow(part, cmap="Blues", vmin=0, vmax=1)
    axis.set(xlabel="prediction", ylabel="label")
    if len(classes) <= 30:
        # A name may have dollar signs, which would make a formula of it.
        names = [printable(name) for name in classes]
        axis.set_xticks(range(len(names)), names, rotation=60, ha="right", parse_math=False)
        axis.set_yticks(range(len(names)), names, parse_math=False)
        for i, j in np.ndindex(part.shape):
            color = "white" if part[i, j] > 0.5 else "black"
            axis.text(j, i, f"{100 * part[i, j]:.0f}", ha="center", va="center", color=color, fontsize=7)
    save_plot(figure, path)


def plot_reliability(before: list[list[float]], after: list[list[float]], path: Path) -> None:
    """Plots accuracy by score, with and without the temperature. Calibrated scores are on the diagonal.

    Args:
        before, after: ``[mean score, accuracy, images]`` per bin.
    """
    figure, axis = plt.subplots(figsize=(3.6, 3.4))
    axis.plot([0, 1], [0, 1], color=GRAY, linewidth=0.7)
    for bins, style in (
        (before, {"color": GRAY, "linestyle": "--", "label": "before"}),
        (after, {"color": BLUE, "label": "calibrated"}),
    ):
        points = [(score, accuracy) for score, accuracy, count in bins if count >= FEWEST]
        axis.plot([x for x, _ in points], [y for _, y in points], marker="o", markersize=3, **style)
    axis.set(xlabel="score", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    axis.legend(frameon=False)
    save_plot(figure, path)
