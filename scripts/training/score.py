"""Figures of a model's file as onnxruntime-web runs it, the runtime of Worker and page.

    npm run evaluate -- --images TRAIN_DIR --outputs train.out
    npm run evaluate -- --images TEST_DIR --outputs test.out
    python scripts/training/score.py --model model/NAME --labelled train.out --test test.out [--predictions FILE]

Records ACC, NMI, AMI, ARI, kNN, linear probe, ECE, and with ``--predictions`` of ``export.py`` the agreement with
PyTorch, in ``evaluation.json``, and writes the card anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from card import write_card
from evaluate import class_counts
from export import measure
from graph import Outputs


def read_outputs(path: Path, classes: list[str]) -> tuple[dict, Outputs, Tensor]:
    """The header that ``npm run evaluate -- --outputs`` wrote, probabilities and embeddings, and the labels.

    Args:
        classes: names of the classes' folders.

    Raises:
        ValueError: where an image is in a folder that is no class of the model.
    """
    header, rows = path.read_bytes().split(b"\n", 1)
    header = json.loads(header)
    values = torch.from_numpy(np.frombuffer(rows, "<f4").copy()).view(len(header["paths"]), -1)
    folders = [name.split("/")[0] for name in header["paths"]]
    if strangers := sorted(set(folders) - set(classes)):
        raise ValueError(f"{path}: {', '.join(strangers[:5])}: no class of the model")
    labels = torch.tensor([classes.index(folder) for folder in folders])
    return header, (values[:, : len(classes)], values[:, len(classes) :]), labels


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--labelled", type=Path, required=True, help="outputs of the labelled training images")
    parser.add_argument("--test", type=Path, required=True, help="outputs of the test images")
    parser.add_argument("--predictions", type=Path, help="what export.py --predictions wrote")
    args = parser.parse_args(arguments)
    manifest = json.loads((args.model / "manifest.json").read_text())
    classes = manifest["classes"]
    folders = manifest.get("classIds", classes)
    labelled_header, bank, bank_labels = read_outputs(args.labelled, folders)
    header, test, labels = read_outputs(args.test, folders)
    for key, expected in {"model": args.model.resolve().name, "precision": header["precision"]}.items():
        if not header[key] == labelled_header[key] == expected:
            raise ValueError(f"--labelled, --test: {key} {labelled_header[key]} and {header[key]}, not {expected}")
    figures, predictions = measure(test, labels, bank, bank_labels)
    if args.predictions:
        said = json.loads(args.predictions.read_text())
        same = [said[path] == classes[i] for path, i in zip(header["paths"], predictions.tolist(), strict=True)]
        figures["agreement"] = round(sum(same) / len(same), 4)
    file = args.model / "evaluation.json"
    evaluation = json.loads(file.read_text())
    evaluation.setdefault("web", {})[header["precision"]] = figures
    if header["precision"] == "int8":
        evaluation["confusion"] = class_counts(labels, predictions, len(classes)).tolist()
    file.write_text(json.dumps(evaluation) + "\n")
    write_card(args.model)
    print(figures)


if __name__ == "__main__":
    main(sys.argv[1:])
