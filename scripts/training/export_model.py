"""Exports a run as a model: the folder that a server or a page loads.

    npm run model -- export --checkpoint runs/NAME --name NAME --out model/NAME --images TRAIN_DIR
        [--labeled TRAIN_DIR] [--class-names FILE] [--test TEST_DIR] [--unknown DIR] [--report FILE]
        [--license SPDX] [--data-note TEXT]

Writes ``NAME.int8.onnx`` (WASM), ``NAME.fp16.onnx`` and ``NAME.fp32.onnx`` (GPUs), ``manifest.json``,
``evaluation.json``, ``card.md`` with its plots, and beside the folder the class names of all models as
``labels.d.ts``. The same checkpoint and images give the same bytes.

Only two options read labels. ``--labeled`` names the classes (Hungarian map), sets the temperature of the scores, and
is the reference of kNN and linear probe; without it classes are ``class-0``, ``class-1``, ... ``--test`` measures each
file; without it only the agreement with PyTorch is measured, on up to 1,000 training images.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.data.images import Folder, decode, list_folder, load_folder, load_labeled
from training.data.progress import bar
from training.model.evaluation import Evaluation, monitor_curve, training_curve, write_evaluation
from training.model.manifest import Manifest, check_model_name, file_entry, golden, training_record, write_manifest
from training.model.onnx_files import (
    Deployment,
    Outputs,
    Predict,
    open_graph,
    predict_all,
    write_fp16,
    write_fp32,
    write_int8,
)
from training.nn.network import SelfClassifier
from training.report.calibrate import reliability, unknown_scores
from training.report.card import write_card
from training.report.metrics import accuracy, class_counts
from training.report.naming import Naming, name_outputs, nhwc
from training.report.scores import model_scores
from training.stages.checkpoint import Checkpoint, choose_head, load_network

CALIBRATION_IMAGES = 1000


@dataclass
class Inputs:
    """What an export starts from.

    Attributes:
        sample: uint8 ``[N, H, W, 3]``: training images for the calibration of int8.
        images: number of training images.
    """

    checkpoint: Checkpoint
    network: SelfClassifier
    head: int
    sample: Tensor
    images: int
    labeled: Folder | None
    test: Folder | None
    unknown: Folder | None

    @property
    def classes(self) -> int:
        return self.checkpoint["config"]["classes"]

    @property
    def size(self) -> int:
        return self.checkpoint["config"]["size"]


@dataclass
class Measured:
    """Figures of the files.

    Attributes:
        metrics: by precision.
        expected: ``[N]``: the classes of PyTorch, of the test images or the sample.
    """

    metrics: dict[str, dict[str, float]]
    evaluation: Evaluation
    expected: Tensor
    confidence: dict[str, Any] = field(default_factory=dict)


def check(args: argparse.Namespace) -> None:
    """Checks options against each other.

    Raises:
        ValueError: the message names the option.
    """
    check_model_name(args.name)
    if args.out.name != args.name:
        raise ValueError(f"--out: expected a folder named as --name, {args.name}, got {args.out.name}")
    if args.unknown and not (args.labeled and args.test):
        raise ValueError("--unknown: also give --labeled, to set the threshold, and --test, to compare with")
    if args.class_names and not args.labeled:
        raise ValueError("--class-names: also give --labeled, whose folders it names")
    if args.predictions and not args.test:
        raise ValueError("--predictions: also give --test")


def read(args: argparse.Namespace) -> Inputs:
    """Reads the checkpoint and the folders of images.

    Raises:
        ValueError: if the class folders of two options differ.
    """
    checkpoint, network = load_network(args.checkpoint)
    config = checkpoint["config"]
    files = list_folder(args.images)
    labeled = load_labeled(args.labeled, config["size"], "--labeled") if args.labeled else None
    test = load_labeled(args.test, config["size"], "--test") if args.test else None
    if labeled and test and labeled.classes != test.classes:
        raise ValueError(f"--test: expected the class folders of --labeled, {labeled.classes}, got {test.classes}")
    chosen = torch.randperm(len(files.paths), generator=torch.Generator().manual_seed(config["seed"]))
    sample = [decode(files.root / files.paths[i], config["size"]) for i in chosen[:CALIBRATION_IMAGES]]
    unknown = load_folder(args.unknown, config["size"]) if args.unknown else None
    return Inputs(
        checkpoint,
        network,
        choose_head(checkpoint),
        torch.stack(sample).permute(0, 2, 3, 1),
        len(files.paths),
        labeled,
        test,
        unknown,
    )


def write(deployment: Deployment, inputs: Inputs, model: Path) -> dict[str, Path]:
    """Writes the ONNX files. Returns their paths by precision."""
    model.mkdir(parents=True, exist_ok=True)
    paths = {precision: model / f"{model.name}.{precision}.onnx" for precision in ("int8", "fp16", "fp32")}
    steps = {
        "fp32": lambda path: write_fp32(deployment, inputs.size, path),
        "fp16": lambda path: write_fp16(paths["fp32"], path),
        "int8": lambda path: write_int8(paths["fp32"], inputs.sample, path),
    }
    for precision, step in bar(steps.items(), "writing the model", len(steps)):
        step(paths[precision])
    return paths


def measure(deployment: Deployment, paths: dict[str, Path], inputs: Inputs, temperature: float) -> Measured:
    """Measures PyTorch and each file, on the test images if there are any."""
    evaluation: Evaluation = {
        "images": 0,
        "pytorch": {},
        "confusion": None,
        "history": training_curve(inputs.checkpoint),
        "monitor": monitor_curve(inputs.checkpoint),
    }
    if inputs.test is None:
        expected = predict_all(deployment, inputs.sample)[0].argmax(1)
        answers = {precision: predict_all(open_graph(path), inputs.sample)[0] for precision, path in paths.items()}
        metrics = {key: {"agreement": round(accuracy(said.argmax(1), expected), 4)} for key, said in answers.items()}
        return Measured(metrics, evaluation, expected)

    def answer(predict: Predict) -> tuple[Outputs, Outputs | None]:
        bank = predict_all(predict, nhwc(inputs.labeled)) if inputs.labeled else None
        return predict_all(predict, nhwc(inputs.test)), bank

    labels, bank_labels = inputs.test.labels, inputs.labeled and inputs.labeled.labels
    test, bank = answer(deployment)
    expected = test[0].argmax(1)
    evaluation |= {"images": len(labels), "pytorch": model_scores(test, labels, bank, bank_labels)}
    measured = Measured({}, evaluation, expected)
    for precision, path in paths.items():
        test, bank = answer(open_graph(path))
        agreement = round(accuracy(test[0].argmax(1), expected), 4)
        measured.metrics[precision] = model_scores(test, labels, bank, bank_labels) | {"agreement": agreement}
        if precision == "int8" and bank:
            calibrate(measured, inputs, temperature, test, bank)
            if inputs.unknown:
                unknown = predict_all(open_graph(path), nhwc(inputs.unknown))
                measured.confidence["unknown"] = unknown_scores(bank, test, unknown)
    return measured


def calibrate(measured: Measured, inputs: Inputs, temperature: float, test: Outputs, bank: Outputs) -> None:
    """Adds confusion and calibration of the served file."""
    probabilities, labels = test[0], inputs.test.labels
    measured.evaluation["confusion"] = class_counts(labels, probabilities.argmax(1), inputs.classes).tolist()
    before = probabilities.double().clamp_min(1e-30).log().mul(temperature).softmax(1)
    error, measured.evaluation["reliability"] = reliability(probabilities, labels)
    error_before, measured.evaluation["reliabilityBefore"] = reliability(before, labels)
    measured.confidence |= {"eceBefore": round(error_before, 4), "ece": round(error, 4)}


def describe(
    args: argparse.Namespace, inputs: Inputs, naming: Naming, paths: dict[str, Path], measured: Measured
) -> Manifest:
    """Writes manifest, figures, card and, if wanted, the predictions."""
    dimensions = inputs.checkpoint["config"]["dimensions"]
    confidence = measured.confidence
    if inputs.labeled:
        confidence = {"temperature": naming.temperature} | confidence
    manifest = {
        "name": args.name,
        "version": args.version,
        "description": args.description
        or f"{inputs.classes} classes and {dimensions}-dimensional embeddings of images, learned without labels.",
        "input": {"width": inputs.size, "height": inputs.size},
        "classes": naming.names,
        **({"classIds": naming.folders} if naming.folders else {}),
        "classNames": naming.how,
        "embedding": {"dimensions": dimensions},
        "files": [file_entry(path, measured.metrics[key], precision=key) for key, path in paths.items()],
        "golden": golden(paths, inputs.size),
        **({"confidence": confidence} if confidence else {}),
        "training": training_record(inputs.checkpoint, args.data_note or f"{inputs.images} images"),
        "license": args.license,
    }
    if args.report:
        measured.evaluation["report"] = json.loads(args.report.read_text())
    write_manifest(args.out, manifest)
    write_evaluation(args.out, measured.evaluation)
    write_card(args.out)
    if args.predictions:
        predictions = (naming.names[i] for i in measured.expected.tolist())
        by_path = dict(zip(inputs.test.paths, predictions, strict=True))
        Path(args.predictions).write_text(json.dumps(by_path, indent=0) + "\n")
    return manifest


def export(args: argparse.Namespace) -> Manifest:
    """Names, writes, measures and describes the model of the options of :func:`main`. Returns its manifest."""
    check(args)
    inputs = read(args)
    tau = inputs.checkpoint["config"]["tau_row"]
    naming = name_outputs(inputs.network, inputs.head, tau, inputs.labeled, args.class_names)
    deployment = Deployment(inputs.network, inputs.head, naming.order, tau * naming.temperature)
    paths = write(deployment, inputs, args.out)
    measured = measure(deployment, paths, inputs, naming.temperature)
    return describe(args, inputs, naming, paths, measured)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="export", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--checkpoint", required=True, help="folder of a run, or one of its checkpoints")
    parser.add_argument("--name", required=True, help="lower-case letters, digits and dashes")
    parser.add_argument("--out", required=True, type=Path, help="folder of the model, model/NAME")
    parser.add_argument("--images", required=True, help=f"training images; {CALIBRATION_IMAGES} calibrate int8")
    parser.add_argument("--labeled", help="class folders that name the classes (default: class-0, class-1, ...)")
    parser.add_argument("--class-names", type=Path, help="names of the class folders: lines of folder, tab, names")
    parser.add_argument("--test", help="class folders that training never saw, to measure each file on")
    parser.add_argument("--unknown", help="images of none of the classes, to measure how well they are told apart")
    parser.add_argument("--predictions", help="JSON file for the class of each test image by PyTorch")
    parser.add_argument("--report", type=Path, help="JSON file of the command evaluate, for the card")
    parser.add_argument("--version", default="1.0.0", help="semantic version of the weights")
    parser.add_argument("--description", help="one sentence (default: number of classes and dimensions)")
    parser.add_argument("--data-note", help="what the training images are, with caveats, for manifest and card")
    parser.add_argument("--license", default="MIT", help="of the weights: SPDX identifier or a sentence")
    manifest = export(parser.parse_args(arguments))
    for file in manifest["files"]:
        print(file["file"], file["bytes"], "bytes", file["metrics"])
