"""What the manifest and the card of a model are made of, apart from what is measured (``src/contract/manifest.ts``)."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from graph import open_graph, predict_all


def golden_image(size: int) -> np.ndarray:
    """A picture made of two ramps and a disc, uint8 ``[size, size, 3]``."""
    y, x = np.mgrid[:size, :size]
    disc = (2 * x - size + 1) ** 2 + (2 * y - size + 1) ** 2 < (size * 2 // 3) ** 2
    return np.stack([255 * x // (size - 1), 255 * y // (size - 1), 220 * disc], 2).astype(np.uint8)


def file_entry(path: Path, metrics: dict[str, float], **members: str | int) -> dict:
    """A file in the manifest, with what else it says of files of its kind."""
    data = path.read_bytes()
    return {
        "file": path.name,
        **members,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "metrics": metrics,
    }


def golden(paths: dict[str, Path], size: int) -> dict:
    """The manifest's golden input, and what each file answers to it."""
    image = golden_image(size)
    outputs = {}
    for precision, path in paths.items():
        answer = predict_all(open_graph(path), torch.from_numpy(image)[None])
        probabilities, embedding = ([round(value, 7) for value in row[0].tolist()] for row in answer)
        outputs[precision] = {"probabilities": probabilities, "embedding": embedding}
    return {"input": base64.b64encode(image.tobytes()).decode(), "outputs": outputs}


def training(checkpoint: dict, data: str) -> dict:
    """The manifest's account of the training, without the paths of the machine it ran on."""
    earlier = checkpoint.get("earlier", {"epochs": 0, "seconds": 0})
    stages = [entry["stage"] for entry in checkpoint["history"] if "stage" in entry]
    network = {"pretrain": earlier["epochs"] + checkpoint["epoch"]}
    network |= {stage: stages.count(stage) for stage in ("self-label", "distil") if stage in stages}
    heads = {"neighbours": checkpoint["config"]["neighbour_epochs"]} if "neighbours" in stages else {}
    return {
        "method": "Self-Classifier (arXiv 2103.10994)",
        "recipe": {key: value for key, value in checkpoint["config"].items() if key != "seed"},
        "seed": checkpoint["config"]["seed"],
        "data": data,
        "images": checkpoint["count"],
        "epochs": sum(network.values()),
        "stages": {"pretrain": network["pretrain"], **heads, **network},
        **({"teacher": checkpoint["teacher"]} if "teacher" in checkpoint else {}),
        "seconds": round(earlier["seconds"] + checkpoint["seconds"]),
        "device": checkpoint["device"],
    }


def curve(checkpoint: dict) -> list[list]:
    """The training curve: stage, loss of the best head of the wanted size, and accuracy on the training images under
    the best map (null where they have no labels), an epoch."""
    entries = checkpoint.get("earlier", {}).get("history", []) + checkpoint["history"]
    main = [i for i, outputs in enumerate(checkpoint["config"]["heads"]) if outputs == checkpoint["config"]["classes"]]
    points = []
    for entry in entries:
        accuracy = entry.get("train_acc")
        loss = entry["loss"] if entry.get("stage") == "distil" else min(entry["loss_heads"][i] for i in main)
        points.append([entry.get("stage", "pretrain"), round(loss, 4), accuracy and round(accuracy, 4)])
    return points


def labels_module(models: Path) -> str:
    """``labels.d.ts``: class names by model, from every ``models/*/manifest.json``, as biome formats it."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False) if "'" in text else f"'{text}'"

    lines = [
        "/** Class names of the models in this folder. Written by the export script; not to be edited. */",
        "export interface ModelLabels {",
    ]
    for path in sorted(models.glob("*/manifest.json")):
        manifest = json.loads(path.read_text())
        key = manifest["name"] if manifest["name"].isidentifier() else quoted(manifest["name"])
        names = [quoted(name) for name in manifest["classes"]]
        line = f"  {key}: {' | '.join(names)};"
        lines.append(line if len(line) <= 110 else "\n    | ".join([f"  {key}:", *names]) + ";")
    return "\n".join([*lines, "}", ""])
