"""``evaluation.json``, the figures behind the model card. Only this module reads and writes the file.

``images``: number of test images; ``pytorch``: figures of the PyTorch network on them, empty without test images;
``confusion``: ``[C, C]`` test images of the int8 file, label by prediction, None without labels; ``web``: figures in
onnxruntime-web, by precision; ``report``: figures of the checkpoint; ``transfer``: figures on other data; ``history``:
the training curve; ``monitor``: labeled measurements while it trained; ``reliability``, ``reliabilityBefore``: with and
without the temperature.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Evaluation = dict[str, Any]


def read_evaluation(model: Path) -> Evaluation:
    """The figures of the model in the folder ``model``."""
    return json.loads((model / "evaluation.json").read_text())


def write_evaluation(model: Path, evaluation: Evaluation) -> None:
    """Writes the figures of the model in the folder ``model``."""
    (model / "evaluation.json").write_text(json.dumps(evaluation) + "\n")


def training_curve(checkpoint: dict[str, Any]) -> list[list]:
    """``[stage, loss, accuracy]`` per epoch: the loss of the best head of the wanted size, and the accuracy on the
    training images under the best map, None without labels."""
    config = checkpoint["config"]
    entries = checkpoint.get("earlier", {}).get("history", []) + checkpoint["history"]
    main = [i for i, outputs in enumerate(config["heads"]) if outputs == config["classes"]]
    points = []
    for entry in entries:
        accuracy = entry.get("train_acc")
        loss = entry["loss"] if entry.get("stage") == "distill" else min(entry["loss_heads"][i] for i in main)
        points.append([entry.get("stage", "pretrain"), round(loss, 4), accuracy and round(accuracy, 4)])
    return points


def monitor_curve(checkpoint: dict[str, Any]) -> list[dict[str, float]]:
    """What the monitor measured in pretraining, each with the ``cost`` in multiply-accumulates up to there."""
    earlier = checkpoint.get("earlier", {"history": []})
    begun = earlier.get("cost", 0.0)
    entries = [(0.0, entry) for entry in earlier["history"]] + [(begun, entry) for entry in checkpoint["history"]]
    return [
        {"cost": cost + entry["cost"], **{key: round(value, 4) for key, value in entry["monitor"].items()}}
        for cost, entry in entries
        if "monitor" in entry and "cost" in entry
    ]
