"""``manifest.json``, which says all that a server or a page needs to run a model (``src/contract/manifest.ts``).

Only this module reads and writes the file. Writing also renews ``labels.d.ts`` beside the model, the class names of all
models as types.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.model.onnx_files import open_graph, predict_all

Manifest = dict[str, Any]

OBJECTIVES = "Self-Classifier (arXiv 2103.10994)", "DCL (arXiv 2110.06848)"


def check_model_name(name: str) -> None:
    """Checks the name of a model, which is a part of URLs.

    Raises:
        ValueError: if it is anything but lower-case letters, digits and dashes.
    """
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise ValueError(f"--name: expected lower-case letters, digits and dashes, got {name!r}")


def read_manifest(model: Path) -> Manifest:
    """The manifest of the model in the folder ``model``."""
    return json.loads((model / "manifest.json").read_text())


def write_manifest(model: Path, manifest: Manifest) -> None:
    """Writes the manifest of the model in the folder ``model``, and ``labels.d.ts`` above it."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    # A folder's name that is no UTF-8 has lone surrogates, which JSON has to escape.
    (model / "manifest.json").write_bytes(text.encode(errors="backslashreplace"))
    (model.parent / "labels.d.ts").write_text(labels_module(model.parent))


def path_of(model: Path, precision: str) -> Path:
    """The ONNX file of a model in ``precision``: ``int8``, ``fp16`` or ``fp32``."""
    files = read_manifest(model)["files"]
    return model / next(file["file"] for file in files if file["precision"] == precision)


def file_entry(path: Path, metrics: dict[str, float], **members: str | int) -> dict[str, Any]:
    """The entry of a file in the manifest, with ``members`` that only files of its kind have."""
    data = path.read_bytes()
    return {
        "file": path.name,
        **members,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "metrics": metrics,
    }


def golden_image(size: int) -> np.ndarray:
    """A synthetic image of two gradients and a disc, uint8 ``[size, size, 3]``."""
    y, x = np.mgrid[:size, :size]
    disc = (2 * x - size + 1) ** 2 + (2 * y - size + 1) ** 2 < (size * 2 // 3) ** 2
    return np.stack([255 * x // (size - 1), 255 * y // (size - 1), 220 * disc], 2).astype(np.uint8)


def golden(paths: dict[str, Path], size: int) -> dict[str, Any]:
    """The golden input, and what each file, by precision, must answer to it."""
    image = golden_image(size)
    outputs = {}
    for precision, path in paths.items():
        answer = predict_all(open_graph(path), torch.from_numpy(image)[None])
        probabilities, embedding = ([round(value, 7) for value in row[0].tolist()] for row in answer)
        outputs[precision] = {"probabilities": probabilities, "embedding": embedding}
    return {"input": base64.b64encode(image.tobytes()).decode(), "outputs": outputs}


def training_record(checkpoint: dict[str, Any], data: str) -> dict[str, Any]:
    """How the weights came to be, without paths of the machine.

    Args:
        data: what the training images are.
    """
    config = checkpoint["config"]
    earlier = checkpoint.get("earlier", {"epochs": 0, "seconds": 0})
    cost = earlier.get("cost", 0) + checkpoint.get("cost", 0)
    seconds, threads = earlier["seconds"] + checkpoint["seconds"], checkpoint.get("threads", 0)
    stages = [entry["stage"] for entry in checkpoint["history"] if "stage" in entry]
    network = {"pretrain": earlier["epochs"] + checkpoint["epoch"]}
    network |= {stage: stages.count(stage) for stage in ("self-label", "distill") if stage in stages}
    heads = {"classes": 1} if "classes" in stages else {}
    return {
        "method": " + ".join(OBJECTIVES[: 2 if config.get("contrast") else 1]),
        "recipe": {key: value for key, value in config.items() if key != "seed"},
        "seed": config["seed"],
        "data": data,
        "images": checkpoint["count"],
        **({"init": checkpoint["init"]} if checkpoint.get("init") else {}),
        "epochs": sum(network.values()),
        "stages": {"pretrain": network["pretrain"], **heads, **network},
        **({"teacher": checkpoint["teacher"]} if "teacher" in checkpoint else {}),
        **({"multiplyAccumulates": round(cost)} if cost else {}),
        "seconds": round(seconds),
        **({"coreHours": round(threads * seconds / 3600, 1)} if threads else {}),
        "device": checkpoint["device"],
    }


def string_literal(text: str) -> str:
    """A TypeScript literal of any string, in the quotes that biome prefers: those with fewer escapes, or single ones."""
    # JSON's escapes are TypeScript's too. Line separators and lone surrogates must not stand in a file as they are.
    escaped = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text.replace("\\", "\\\\"))
    quote = '"' if text.count("'") > text.count('"') else "'"
    return quote + escaped.replace(quote, "\\" + quote) + quote


def labels_module(models: Path) -> str:
    """The text of ``labels.d.ts``: the class names of all models in the folder ``models``, as biome formats it."""
    lines = [
        "/** Class names of the models in this folder. Written by the export script; not to be edited. */",
        "export interface ModelLabels {",
    ]
    for path in sorted(models.glob("*/manifest.json")):
        manifest = json.loads(path.read_text())
        key = manifest["name"] if manifest["name"].isidentifier() else string_literal(manifest["name"])
        names = [string_literal(name) for name in manifest["classes"]]
        line = f"  {key}: {' | '.join(names)};"
        lines.append(line if len(line) <= 110 else "\n    | ".join([f"  {key}:", *names]) + ";")
    return "\n".join([*lines, "}", ""])
