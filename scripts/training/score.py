"""Measures a model as onnxruntime-web runs it, the runtime of Worker and page.

    npm run evaluate -- --images TRAIN_DIR --outputs train.out
    npm run evaluate -- --images TEST_DIR --outputs test.out
    npm run model -- score --model model/NAME --labeled train.out --test test.out [--predictions FILE]

Records ACC, NMI, AMI, ARI, kNN, linear probe and ECE, and with ``--predictions`` (a file of the command ``export``) the
agreement with PyTorch, and writes the card again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.model.evaluation import read_evaluation, write_evaluation
from training.model.manifest import read_manifest
from training.model.onnx_files import Outputs
from training.report.card import write_card
from training.report.metrics import class_counts
from training.report.scores import model_scores


def read_outputs(path: Path, classes: list[str]) -> tuple[dict, Outputs, Tensor]:
    """Reads a file of ``npm run evaluate -- --outputs``: its header, the outputs of the model, and the labels.

    Args:
        classes: names of the class folders.

    Raises:
        ValueError: if an image is in a folder that is no class of the model.
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
    parser = argparse.ArgumentParser(prog="score", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--labeled", type=Path, required=True, help="outputs for the labeled training images")
    parser.add_argument("--test", type=Path, required=True, help="outputs for the test images")
    parser.add_argument("--predictions", type=Path, help="file of the option --predictions of the command export")
    args = parser.parse_args(arguments)
    manifest = read_manifest(args.model)
    classes = manifest["classes"]
    folders = manifest.get("classIds", classes)
    labeled_header, bank, bank_labels = read_outputs(args.labeled, folders)
    header, test, labels = read_outputs(args.test, folders)
    for key, expected in {"model": args.model.resolve().name, "precision": header["precision"]}.items():
        if not header[key] == labeled_header[key] == expected:
            got = f"{labeled_header[key]} and {header[key]}"
            raise ValueError(f"--labeled, --test: expected outputs of the {key} {expected}, got {got}")
    figures = model_scores(test, labels, bank, bank_labels)
    predictions = test[0].argmax(1)
    if args.predictions:
        said = json.loads(args.predictions.read_text())
        same = [said[path] == classes[i] for path, i in zip(header["paths"], predictions.tolist(), strict=True)]
        figures["agreement"] = round(sum(same) / len(same), 4)
    evaluation = read_evaluation(args.model)
    evaluation.setdefault("web", {})[header["precision"]] = figures
    if header["precision"] == "int8":
        evaluation["confusion"] = class_counts(labels, predictions, len(classes)).tolist()
    write_evaluation(args.model, evaluation)
    write_card(args.model)
    print(figures)
