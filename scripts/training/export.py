"""A checkpoint to the folder that a server or a page loads.

    python scripts/training/export.py --checkpoint runs/NAME --name NAME --out model/NAME --images TRAIN_DIR \\
        [--labelled TRAIN_DIR] [--class-names FILE] [--test TEST_DIR] [--unknown DIR] [--report FILE]
        [--license SPDX] [--data-note TEXT]

Writes ``NAME.int8.onnx`` (WASM), ``NAME.fp16.onnx`` and ``NAME.fp32.onnx`` (GPUs), ``manifest.json``
(``src/contract/manifest.ts``), ``evaluation.json``, ``card.md`` with its pictures (``card.py``), and beside the folder
the class names of all models as ``labels.d.ts``. The same checkpoint and images give the same bytes. ``--predictions``
keeps what PyTorch says of every test image, for ``npm run evaluate -- --reference FILE`` to compare the served model
with.

Labels are read from two folders only. ``--labelled`` names the classes (Hungarian map), sets the temperature of the
scores, and is what kNN and the linear probe learn from; without it classes are ``class-0``, ``class-1``, ... ``--test``
measures every file; without it only the agreement with PyTorch is measured, on up to 1,000 of the training images.
``--class-names`` says what the class folders hold, one a line: folder, tab, names with commas between them, of which
the first is taken. ``--unknown`` holds images of none of the classes: how well they are told apart is measured.
``--report`` is what ``evaluate.py --json`` wrote, for the card.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

import torch
from torch import Tensor

from calibrate import fit_temperature, reliability, unknown_scores
from card import write_card
from evaluate import (
    accuracy,
    choose_head,
    class_counts,
    clustering_scores,
    hungarian_map,
    load_checkpoint,
    load_labelled,
    representation_scores,
)
from graph import Deployment, Outputs, Predict, open_graph, predict_all, write_fp16, write_fp32, write_int8
from images import Folder, decode, list_folder, load_folder
from manifest import curve, file_entry, golden, labels_module, training
from publish import NAME

CALIBRATION_IMAGES = 1000


def nhwc(folder: Folder) -> Tensor:
    """The folder's images as the graph takes them, uint8 ``[N, H, W, 3]``."""
    return folder.pixels.permute(0, 2, 3, 1)


def name_classes(clusters: Tensor, labelled: Folder, classes: int) -> Tensor:
    """Which cluster each class is: ``[classes]``, the inverse of the Hungarian map.

    Raises:
        ValueError: where the folder has more or fewer classes than the network.
    """
    if len(labelled.classes) != classes:
        raise ValueError(f"--labelled: {len(labelled.classes)} class folders, the network has {classes} classes")
    return hungarian_map(clusters, labelled.labels, classes).argsort()


def readable_names(folders: list[str], file: Path) -> list[str]:
    """The first name of each class folder.

    Args:
        file: lines of folder, tab, and names with commas between them, as Tiny ImageNet has them.

    Raises:
        ValueError: where a folder has none, or two have the same.
    """
    rows = [line.split("\t") for line in file.read_text().splitlines() if line]
    first = {folder: names.split(",")[0].strip() for folder, names in rows}
    if missing := [folder for folder in folders if folder not in first]:
        raise ValueError(f"--class-names: no name for {', '.join(missing[:5])}")
    names = [first[folder] for folder in folders]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"--class-names: {', '.join(twice)}: more than once")
    return names


def measure(
    test: Outputs, labels: Tensor, bank: Outputs | None, bank_labels: Tensor | None
) -> tuple[dict[str, float], Tensor]:
    """The figures of one form of the model, 0 to 1, and its top-1 class of every test image.

    Args:
        test, bank: what it says of the test images, and of the labelled ones.
    """
    probabilities, embeddings = test
    predictions = probabilities.argmax(1)
    scores = clustering_scores(predictions, labels)
    if bank:
        named = {"accuracy": accuracy(predictions, labels), "ece": reliability(probabilities, labels)[0]}
        scores = named | scores | representation_scores(bank[1], bank_labels, embeddings, labels)
    return {key: round(value, 4) for key, value in scores.items()}, predictions


def answers(
    predict: Predict, test: Folder, bank: tuple[Tensor, Tensor] | None
) -> tuple[Outputs, Tensor, Outputs | None, Tensor | None]:
    """The arguments of :func:`measure` for one form of the model.

    Args:
        bank: labelled images, uint8 ``[N, H, W, 3]``, and their labels.
    """
    said = predict_all(predict, nhwc(test))
    return said, test.labels, *((predict_all(predict, bank[0]), bank[1]) if bank else (None, None))


def calibration(probabilities: Tensor, labels: Tensor, temperature: float, evaluation: dict) -> dict[str, float]:
    """The calibration error with and without the temperature; their curves go into ``evaluation``."""
    before = probabilities.double().clamp_min(1e-30).log().mul(temperature).softmax(1)
    error, evaluation["reliability"] = reliability(probabilities, labels)
    error_before, evaluation["reliabilityBefore"] = reliability(before, labels)
    return {"eceBefore": round(error_before, 4), "ece": round(error, 4)}


def export(args: argparse.Namespace) -> dict:
    """Writes the model's folder and ``labels.d.ts`` above it; returns the manifest."""
    if not re.fullmatch(NAME, args.name):
        raise ValueError(f"--name: lower-case letters, digits and dashes only, not {args.name!r}")
    if args.out.name != args.name:
        raise ValueError(f"--out: the folder's name must be --name, {args.name}, not {args.out.name}")
    if args.unknown and not (args.labelled and args.test):
        raise ValueError("--unknown: needs --labelled and --test, to set the threshold and to compare with")
    if args.class_names and not args.labelled:
        raise ValueError("--class-names: needs --labelled, whose folders it names")
    if args.predictions and not args.test:
        raise ValueError("--predictions: needs --test")
    checkpoint, network = load_checkpoint(args.checkpoint)
    config, head = checkpoint["config"], choose_head(checkpoint)
    size, classes = config["size"], config["classes"]
    files = list_folder(args.images)
    labelled = load_labelled(args.labelled, size, "--labelled") if args.labelled else None
    test = load_labelled(args.test, size, "--test") if args.test else None
    if labelled and test and labelled.classes != test.classes:
        raise ValueError(f"--test: class folders {test.classes}, --labelled has {labelled.classes}")

    names = [f"class-{i}" for i in range(classes)]
    order, temperature, confidence = torch.arange(classes), 1.0, {}
    if labelled:
        uncalibrated = Deployment(network, head, order, config["tau_row"])
        probabilities = predict_all(uncalibrated, nhwc(labelled))[0]
        names, order = labelled.classes, name_classes(probabilities.argmax(1), labelled, classes)
        temperature = fit_temperature(probabilities[:, order], labelled.labels)
        confidence["temperature"] = temperature
    if args.class_names:
        names = readable_names(labelled.classes, args.class_names)
    deployment = Deployment(network, head, order, config["tau_row"] * temperature)

    args.out.mkdir(parents=True, exist_ok=True)
    paths = {precision: args.out / f"{args.name}.{precision}.onnx" for precision in ("int8", "fp16", "fp32")}
    write_fp32(deployment, size, paths["fp32"])
    write_fp16(paths["fp32"], paths["fp16"])
    chosen = torch.randperm(len(files.paths), generator=torch.Generator().manual_seed(config["seed"]))
    sample = [decode(files.root / files.paths[i], size) for i in chosen[:CALIBRATION_IMAGES]]
    sample = torch.stack(sample).permute(0, 2, 3, 1)
    write_int8(paths["fp32"], sample, paths["int8"])

    evaluation = {"images": 0, "pytorch": {}, "confusion": None, "history": curve(checkpoint)}
    metrics = {precision: {} for precision in paths}
    if test:
        bank = (nhwc(labelled), labelled.labels) if labelled else None
        pytorch, expected = measure(*answers(deployment, test, bank))
        evaluation |= {"images": len(test.pixels), "pytorch": pytorch}
        for precision, path in paths.items():
            said = answers(open_graph(path), test, bank)
            metrics[precision], predictions = measure(*said)
            metrics[precision]["agreement"] = round(accuracy(predictions, expected), 4)
            if precision == "int8" and labelled:
                evaluation["confusion"] = class_counts(test.labels, predictions, classes).tolist()
                confidence |= calibration(said[0][0], test.labels, temperature, evaluation)
                if args.unknown:
                    unknown = predict_all(open_graph(path), nhwc(load_folder(args.unknown, size)))
                    confidence["unknown"] = unknown_scores(said[2], said[0], unknown)
        if args.predictions:
            named = dict(zip(test.paths, (names[i] for i in expected.tolist()), strict=True))
            Path(args.predictions).write_text(json.dumps(named, indent=0) + "\n")
    else:
        expected = predict_all(deployment, sample)[0].argmax(1)
        for precision, path in paths.items():
            same = accuracy(predict_all(open_graph(path), sample)[0].argmax(1), expected)
            metrics[precision]["agreement"] = round(same, 4)

    if args.report:
        evaluation["report"] = json.loads(args.report.read_text())
    dimensions = config["dimensions"]
    manifest = {
        "name": args.name,
        "version": args.version,
        "description": args.description
        or f"{classes} classes and {dimensions}-dimensional embeddings of images, learned without labels.",
        "input": {"width": size, "height": size},
        "classes": names,
        **({"classIds": labelled.classes} if args.class_names else {}),
        "classNames": "hungarian" if labelled else "numbered",
        "embedding": {"dimensions": dimensions},
        "files": [file_entry(path, metrics[precision], precision=precision) for precision, path in paths.items()],
        "golden": golden(paths, size),
        **({"confidence": confidence} if confidence else {}),
        "training": training(checkpoint, args.data_note or f"{len(files.paths)} images"),
        "license": args.license,
    }
    (args.out / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    (args.out / "evaluation.json").write_text(json.dumps(evaluation) + "\n")
    write_card(args.out)
    (args.out.parent / "labels.d.ts").write_text(labels_module(args.out.parent))
    return manifest


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkpoint", required=True, help="folder of a run, or a file of it")
    parser.add_argument("--name", required=True, help="lower-case letters, digits and dashes")
    parser.add_argument("--out", required=True, type=Path, help="folder of the model, model/NAME")
    parser.add_argument("--images", required=True, help=f"training images; {CALIBRATION_IMAGES} calibrate int8")
    parser.add_argument("--labelled", help="class folders that name the classes (default: class-0, class-1, ...)")
    parser.add_argument("--class-names", type=Path, help="names of the class folders (default: the folders' own)")
    parser.add_argument("--test", help="class folders that no training saw, to measure each file on")
    parser.add_argument("--unknown", help="images of none of the classes, to measure how well they are told apart")
    parser.add_argument("--predictions", help="file to write PyTorch's class of every test image to, as JSON")
    parser.add_argument("--report", type=Path, help="what evaluate.py --json wrote, for the card")
    parser.add_argument("--version", default="1.0.0", help="semantic version of the weights")
    parser.add_argument("--description", help="one sentence (default: classes and dimensions)")
    parser.add_argument("--data-note", help="what the training images are, with caveats, for manifest and card")
    parser.add_argument("--license", default="MIT", help="of the weights, an SPDX identifier or a sentence")
    manifest = export(parser.parse_args(arguments))
    for file in manifest["files"]:
        print(file["file"], file["bytes"], "bytes", file["metrics"])


if __name__ == "__main__":
    main(sys.argv[1:])
