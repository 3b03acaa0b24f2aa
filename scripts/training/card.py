"""The model card (Mitchell et al., arXiv 1810.03993), written from the same numbers as the manifest.

    python scripts/training/card.py model/NAME

Reads ``manifest.json`` and ``evaluation.json`` and writes ``card.md`` and its pictures: again after ``score.py`` has
measured the files as onnxruntime-web runs them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from plots import plot_confusion, plot_reliability, plot_training

METRICS = {
    "accuracy": "ACC (class names from the labelled images)",
    "nmi": "NMI",
    "ami": "AMI",
    "ari": "ARI",
    "knn20": "kNN@20 on the embedding",
    "knn200": "kNN@200 on the embedding",
    "linear": "linear probe on the embedding",
    "ece": "ECE of the calibrated scores (lower is better)",
    "agreement": "top-1 agreement with PyTorch",
}

# ACC / NMI / ARI without labels, from scratch, as the papers report them: by name of the model, with its data.
PUBLISHED = {
    "cifar10": (
        "CIFAR-10",
        [
            ("IIC (arXiv 1807.06653)", "61.7 / 51.3 / 41.1", "one stage"),
            ("CC (arXiv 2009.09687)", "79.0 / 70.5 / 63.7", "ResNet-34, trained on train + test"),
            ("SCAN (arXiv 2005.12320)", "88.3 / 79.7 / 77.2", "SimCLR 500 epochs + 50 + 200; 81.6 before self-labelling"),
            ("TCL (IJCV 2022)", "88.7 / 81.9 / 78.0", "ResNet-34"),
            ("SPICE (arXiv 2103.09382)", "91.8 / 85.0 / 83.6", "three stages"),
            ("SeCu (arXiv 2311.14310)", "about 90 (ACC)", "400 epochs; about 93 self-labelled"),
            ("ProPos (arXiv 2111.11821)", "94.3 / 88.6 / 88.4", "1000 epochs, on train + test"),
            ("supervised ResNet-18", "93.8 (ACC)", "with labels"),
        ],
    ),
    "tiny-imagenet": (
        "Tiny ImageNet",
        [
            ("CC (arXiv 2009.09687)", "14.0 (ACC)", "ResNet-34, trained on train + test"),
            ("SPICE (arXiv 2103.09382)", "30.5 / 44.9 / 16.3", "three stages"),
        ],
    ),
}
LISTED = 30  # classes that have a row each


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; every column but the first is aligned right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def figures(manifest: dict, pytorch: dict[str, float]) -> str:
    """One row a metric, one column a form of the model, in percent."""
    forms = {"PyTorch": pytorch} | {
        f"{file['precision']} ONNX": file["metrics"]
        for file in sorted(manifest["files"], key=lambda file: file["precision"])
    }
    rows = [
        [title, *(percent(metrics.get(key)) for metrics in forms.values())]
        for key, title in METRICS.items()
        if any(key in metrics for metrics in forms.values())
    ]
    return table(["%", *forms], rows)


def per_class(classes: list[str], confusion: np.ndarray) -> str:
    """Accuracy of each class; of more than 30 the best."""
    part = confusion.diagonal() / confusion.sum(1).clip(1)
    order = range(len(classes)) if len(classes) <= LISTED else np.argsort(-part, kind="stable")[:LISTED]
    rows = [[classes[i], percent(part[i]), str(confusion[i].sum())] for i in order]
    return table(["class", "accuracy, %", "images"], rows)


def confidence_text(confidence: dict) -> str:
    """What a score is worth."""
    temperature = confidence["temperature"]
    text = f"Logits are divided by a temperature of {temperature:.2f}, fitted to the labelled images after training."
    if "ece" in confidence:
        text += (
            f" On the test images the expected calibration error (15 bins) of the int8 file is {confidence['ece']:.3f}; "
            f"without the temperature it is {confidence['eceBefore']:.3f}."
        )
    if "unknown" in confidence:
        unknown = confidence["unknown"]
        text += (
            f"\n\nTo call an image unknown, a best score below {unknown['score']:.2f} is suggested: that keeps "
            f"{percent(unknown['keeps'])} % of the test images and refuses {percent(unknown['refuses'])} % of images that "
            f"show none of the classes. AUROC of the best score {unknown['aurocScore']:.3f}, of the similarity to the "
            f"nearest labelled embedding {unknown['aurocNearest']:.3f}; 0.5 is chance."
        )
    return text


def as_served(web: dict) -> str:
    """What onnxruntime-web, the runtime of Worker and page, answers on the same images."""
    rows = [
        [title, *(percent(run.get(key)) for _, run in sorted(web.items()))]
        for key, title in METRICS.items()
        if any(key in run for run in web.values())
    ]
    return table(["%, in onnxruntime-web", *sorted(web)], rows)


def report_text(report: dict) -> str:
    """What ``evaluate.py`` found in the PyTorch network beside the classes: k-means, features, finer heads."""
    means = report["kmeans"]
    rows = [
        ["k-means on the backbone's features: ACC / NMI / ARI", " / ".join(percent(means[k]) for k in ("accuracy", "nmi", "ari"))],
        *(
            [f"kNN@20 / linear probe on the {title}", f"{percent(report[key]['knn20'])} / {percent(report[key]['linear'])}"]
            for key, title in (("features", "backbone's features"), ("embedding", "embedding"))
        ),
        *([f"purity of a head of {head['classes']} classes", percent(head["purity"])] for head in report["overclustered"]),
    ]
    return table(["PyTorch", "%"], rows)


def transfer_text(transfer: dict[str, dict]) -> str:
    """What ``transfer.py`` measured on other data."""
    parts = []
    for data, models in transfer.items():
        rows = [[name, percent(scores["knn20"]), percent(scores["linear"])] for name, scores in models.items()]
        parts.append(f"On {data}, by the frozen embedding of the int8 file:")
        parts.append(table(["%", "kNN@20", "linear probe"], [list(row) for row in rows]))
    return "\n\n".join(parts)


def write_card(folder: Path) -> None:
    """Writes ``card.md`` of the model in ``folder``."""
    manifest = json.loads((folder / "manifest.json").read_text())
    evaluation = json.loads((folder / "evaluation.json").read_text())
    (folder / "card.md").write_text(card(manifest, evaluation))
    plot_training(evaluation["history"], folder / "training.svg")
    if evaluation["confusion"] is not None:
        plot_confusion(manifest["classes"], np.array(evaluation["confusion"]), folder / "confusion.svg")
        plot_reliability(evaluation["reliabilityBefore"], evaluation["reliability"], folder / "reliability.svg")


def stages(training: dict) -> str:
    """The stages of a training in words, in their order."""
    words = {
        "pretrain": "{} epochs of Self-Classifier",
        "neighbours": "{} epochs of the heads on mined neighbours",
        "self-label": "{} epochs of self-labelling",
        "distil": "{} epochs of distillation",
    }
    text = ", ".join(words[stage].format(epochs) for stage, epochs in training["stages"].items())
    if "teacher" in training:
        text += " from a ResNet-{depth} of width {width}".format(**training["teacher"])
    return text


def card(manifest: dict, evaluation: dict) -> str:
    """The card as Markdown.

    Args:
        manifest: as written to ``manifest.json``.
        evaluation: ``pytorch``: the PyTorch network's figures on the test images, empty where none were given;
            ``confusion``: ``[C, C]`` test images of the int8 file, label by prediction, None without labels;
            ``web``: by precision, what ``score.py`` measured, absent before;
            ``report``, ``transfer``: what ``evaluate.py`` and ``transfer.py`` measured, absent without;
            ``history``, ``reliability``: for the pictures.
    """
    pytorch = evaluation["pytorch"]
    confusion = None if evaluation["confusion"] is None else np.array(evaluation["confusion"])
    training, classes = manifest["training"], manifest["classes"]
    recipe, size = training["recipe"], manifest["input"]
    names = {
        "hungarian": "The names were given afterwards, by the one-to-one map of classes to labels that fits the "
        "labelled images best (Hungarian method).",
        "person": "A person gave the names, by the most typical training images of each class.",
        "numbered": "The classes are numbered: no labelled image has named them.",
    }
    sections = [
        f"# {manifest['name']} {manifest['version']}",
        manifest["description"],
        "## What it is",
        f"ResNet-{recipe['depth']} of width {recipe['width']} with a projector to {recipe['dimensions']} dimensions "
        f"and a cosine classifier. It takes RGB images of {size['width']} x {size['height']} pixels and gives the "
        f"probabilities of {len(classes)} classes and an embedding of unit length.",
        table(
            ["file", "precision", "bytes"],
            [[file["file"], file["precision"], f"{file['bytes']:,}"] for file in manifest["files"]],
        ),
        f"Classes: {', '.join(classes)}. {names[manifest['classNames']]}",
        "## How it was trained",
        f"{training['method']}, from scratch, on {training['images']:,} images without their labels, in "
        f"{training['seconds'] / 60:.0f} minutes on {training['device']}, seed {training['seed']}: {stages(training)}. "
        "The whole recipe is in `manifest.json`. No label chose the epoch or the head.",
        "![Training curve](training.svg)",
        "## Data",
        training["data"],
    ]
    if pytorch:
        sections += [
            "## Figures",
            f"On {evaluation['images']:,} test images that training never saw, each column measured on that very form of "
            "the model in onnxruntime.",
            figures(manifest, pytorch),
        ]
    if "web" in evaluation:
        sections.append(as_served(evaluation["web"]))
    if "report" in evaluation:
        sections.append(report_text(evaluation["report"]))
    if pytorch and manifest["name"] in PUBLISHED:
        data, rows = PUBLISHED[manifest["name"]]
        sections += [
            f"Published for {data} without labels, on the original images; networks and schedules differ:",
            table(["method", "ACC / NMI / ARI, %", "note"], [list(row) for row in rows]),
        ]
    if "transfer" in evaluation:
        sections += ["## Transfer", transfer_text(evaluation["transfer"])]
    if confusion is not None:
        title = "## By class, int8" if len(classes) <= LISTED else f"## The {LISTED} best classes, int8"
        sections += [title, per_class(classes, confusion), "![Confusion matrix](confusion.svg)"]
    if "confidence" in manifest:
        sections += ["## What a score means", confidence_text(manifest["confidence"])]
        if "ece" in manifest["confidence"]:
            sections.append("![Reliability](reliability.svg)")
    sections += [
        "## Use and limits",
        "For sorting, searching and exploring images like those it was trained on, and for learning how far training "
        "without labels goes. It answers with one of its classes whatever the image shows. "
        "Classes found without labels need not be the classes that a person would draw. "
        "Not for decisions about people, nor where a wrong answer does harm.",
        "## Licence",
        manifest["license"],
    ]
    return "\n\n".join(sections) + "\n"


if __name__ == "__main__":
    write_card(Path(sys.argv[1]))
