"""Names and calibration of the classes of a model, by labeled images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.data.images import Folder
from training.model.onnx_files import Deployment, predict_all
from training.nn.network import SelfClassifier
from training.report.calibrate import fit_temperature
from training.report.metrics import hungarian_map


@dataclass
class Naming:
    """The classes of the model.

    Attributes:
        order: ``[C]``: the output of the head that becomes each class.
        folders: the class folders that ``names`` describe, if they are not the names.
        temperature: divides the logits.
    """

    names: list[str]
    order: Tensor
    how: str = "numbered"
    folders: list[str] | None = None
    temperature: float = 1.0


def readable_names(folders: list[str], file: Path) -> list[str]:
    """The first name of each class folder.

    Args:
        file: lines of folder, tab, and names separated by commas, as in Tiny ImageNet.

    Raises:
        ValueError: if a folder has no name, or two have the same.
    """
    rows = [line.split("\t") for line in file.read_text().splitlines() if line]
    first = {folder: names.split(",")[0].strip() for folder, names in rows}
    if missing := [folder for folder in folders if folder not in first]:
        raise ValueError(f"--class-names: no name for {', '.join(missing[:5])}")
    names = [first[folder] for folder in folders]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"--class-names: {', '.join(twice)}: more than once")
    return names


def nhwc(folder: Folder) -> Tensor:
    """The images as the graph takes them, uint8 ``[N, H, W, 3]``."""
    return folder.pixels.permute(0, 2, 3, 1)


def name_outputs(
    network: SelfClassifier, head: int, tau: float, labeled: Folder | None, class_names: Path | None
) -> Naming:
    """Names the outputs of a head and calibrates its scores, with the labeled images if there are any.

    Args:
        tau: temperature of the softmax in training.
        class_names: see :func:`readable_names`.

    Raises:
        ValueError: if there are more or fewer class folders than classes.
    """
    classes = len(network.heads[head])
    if labeled is None:
        return Naming([f"class-{i}" for i in range(classes)], torch.arange(classes))
    if len(labeled.classes) != classes:
        raise ValueError(f"--labeled: {len(labeled.classes)} class folders, the network has {classes} classes")
    uncalibrated = Deployment(network, head, torch.arange(classes), tau)
    probabilities = predict_all(uncalibrated, nhwc(labeled))[0]
    order = hungarian_map(probabilities.argmax(1), labeled.labels, classes).argsort()
    temperature = fit_temperature(probabilities[:, order], labeled.labels)
    if class_names is None:
        return Naming(labeled.classes, order, "hungarian", None, temperature)
    return Naming(readable_names(labeled.classes, class_names), order, "hungarian", labeled.classes, temperature)
