"""The model card (Mitchell et al., arXiv 1810.03993), written from manifest and figures.

    npm run model -- card model/NAME

Writes ``card.md`` and its plots. The commands that add figures do so too.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import numpy as np

from training.model.evaluation import Evaluation, read_evaluation
from training.model.manifest import Manifest, read_manifest
from training.report.plots import plot_confusion, plot_monitor, plot_reliability, plot_training, printable

METRICS = {
    "accuracy": "ACC (class names from the labeled images)",
    "nmi": "NMI",
    "ami": "AMI",
    "ari": "ARI",
    "knn20": "kNN@20 on the embedding",
    "knn200": "kNN@200 on the embedding",
    "linear": "linear probe on the embedding",
    "ece": "ECE of the calibrated scores (lower is better)",
    "agreement": "top-1 agreement with PyTorch",
}

# Published results without labels, from scratch: name of the data, and method, ACC / NMI / ARI, cost, note. By model.
PUBLISHED = {
    "cifar10": (
        "CIFAR-10",
        [
            ("IIC (arXiv 1807.06653)", "61.7 / 51.3 / 41.1", "", "one stage"),
            ("CC (arXiv 2009.09687)", "79.0 / 70.5 / 63.7", "1,000 x ResNet-34", "trained on train + test"),
            ("SCAN (arXiv 2005.12320)", "88.3 / 79.7 / 77.2", "750 x ResNet-18", "81.6 (ACC) before self-labeling"),
            ("TCL (IJCV 2022)", "88.7 / 81.9 / 78.0", "ResNet-34", ""),
            ("SPICE (arXiv 2103.09382)", "91.8 / 85.0 / 83.6", "", "three stages"),
            ("SeCu (arXiv 2311.14310)", "about 90 (ACC)", "400 x ResNet-18", "about 93 with self-labeling"),
            ("ProPos (arXiv 2111.11821)", "94.3 / 88.6 / 88.4", "1,000 epochs", "trained on train + test"),
            ("supervised ResNet-18", "93.8 (ACC)", "", "with labels"),
        ],
    ),
    "tiny-imagenet": (
        "Tiny ImageNet",
        [
            ("CC (arXiv 2009.09687)", "14.0 (ACC)", "1,000 x ResNet-34", "trained on train + test"),
            ("SPICE (arXiv 2103.09382)", "30.5 / 44.9 / 16.3", "", "three stages"),
        ],
    ),
}
OPTIMIZERS = {
    "muon": "Muon (Jordan et al., 2024, kellerjordan.github.io/posts/muon)",
    "lars": "LARS (arXiv 1708.03888)",
    "sgd": "SGD with Nesterov momentum",
}
LISTED = 30  # maximum number of classes in the table


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table. All columns but the first are aligned right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(name: str) -> str:
    """A name that means nothing more in Markdown, also in a table."""
    return re.sub(r"([\\`*_\[\]<>#|~&$])", r"\\\1", printable(name))


def percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def figures(manifest: dict, pytorch: dict[str, float]) -> str:
    """A table of percentages: a row per metric, a column per form of the model."""
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
    """Accuracy of each class, or of the 30 best."""
    part = confusion.diagonal() / confusion.sum(1).clip(1)
    order = range(len(classes)) if len(classes) <= LISTED else np.argsort(-part, kind="stable")[:LISTED]
    rows = [[plain(classes[i]), percent(part[i]), str(confusion[i].sum())] for i in order]
    return table(["class", "accuracy, %", "images"], rows)


def confidence_text(confidence: dict) -> str:
    """What the scores mean."""
    temperature = confidence["temperature"]
    text = f"Logits are divided by a temperature of {temperature:.2f}, which was fitted to the labeled images after training."
    if "ece" in confidence:
        text += (
            f" On the test images the expected calibration error (15 bins) of the int8 file is {confidence['ece']:.3f}; "
            f"without the temperature it is {confidence['eceBefore']:.3f}."
        )
    if "unknown" in confidence:
        text += f"\n\n{unknown_text(confidence['unknown'])}"
    return text


def unknown_text(unknown: dict) -> str:
    """How to tell images of none of the classes."""
    nearest = unknown.get("by") == "nearest"
    value = "a cosine to the nearest labeled training embedding" if nearest else "a best score"
    threshold = unknown["similarity"] if nearest else unknown["score"]
    return (
        f"To call an image unknown, {value} below {threshold:.2f} is suggested: that keeps "
        f"{percent(unknown['keeps'])} % of the test images and refuses {percent(unknown['refuses'])} % of images that "
        f"show none of the classes. AUROC of the best score {unknown['aurocScore']:.3f}, of the similarity to the "
        f"nearest labeled embedding {unknown['aurocNearest']:.3f}; 0.5 is chance."
    )


def as_served(web: dict) -> str:
    """Figures in onnxruntime-web, the runtime of Worker and page, on the same images."""
    rows = [
        [title, *(percent(run.get(key)) for _, run in sorted(web.items()))]
        for key, title in METRICS.items()
        if any(key in run for run in web.values())
    ]
    return table(["%, in onnxruntime-web", *sorted(web)], rows)


def report_text(report: dict) -> str:
    """Figures of the command ``evaluate``: k-means, features, over-clustering heads."""
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
    """Figures of the command ``transfer``."""
    parts = []
    for data, models in transfer.items():
        rows = [[name, percent(scores["knn20"]), percent(scores["linear"])] for name, scores in models.items()]
        parts.append(f"On {data}, by the frozen embedding of the int8 file:")
        parts.append(table(["%", "kNN@20", "linear probe"], [list(row) for row in rows]))
    return "\n\n".join(parts)


def write_card(folder: Path) -> None:
    """Writes ``card.md`` and its plots for the model in ``folder``."""
    manifest, evaluation = read_manifest(folder), read_evaluation(folder)
    (folder / "card.md").write_text(card(manifest, evaluation))
    plot_training(evaluation["history"], folder / "training.svg")
    if evaluation.get("monitor"):
        plot_monitor(evaluation["monitor"], folder / "curve.svg")
    if evaluation["confusion"] is not None:
        plot_confusion(manifest["classes"], np.array(evaluation["confusion"]), folder / "confusion.svg")
        plot_reliability(evaluation["reliabilityBefore"], evaluation["reliability"], folder / "reliability.svg")


def stages(training: dict) -> str:
    """The stages of a training in words, in order."""
    words = {
        "pretrain": "{} epochs of pretraining",
        "classes": "the choice of the classes, by mutual information of two views, among the heads and spectral clusters",
        "self-label": "{} epochs of self-labeling",
        "distill": "{} epochs of distillation",
        "naming": "{} times a person merged or split classes",
    }
    text = ", ".join(words[stage].format(epochs) for stage, epochs in training["stages"].items())
    if "teacher" in training:
        text += " from a ResNet-{depth} of width {width}".format(**training["teacher"])
    return text


def training_text(training: dict[str, Any]) -> str:
    """Objectives, optimizer, data, cost and stages of the training, and what labels were used for."""
    recipe = training["recipe"]
    cost = [f"{training['seconds'] / 60:.0f} minutes on {training['device']}"]
    if "coreHours" in training:
        cost.append(f"{training['coreHours']:.1f} core hours")
    if "multiplyAccumulates" in training:
        cost.append(f"{training['multiplyAccumulates']:.2g} multiply-accumulates of pretraining and self-labeling")
    start = "from scratch"
    if init := training.get("init"):
        start = f"from the network of {init['model']} {init['version']}"
        if "multiplyAccumulates" in init:
            start += f", which had cost {init['multiplyAccumulates']:.2g} multiply-accumulates in all"
    text = (
        f"{training['method']}, optimized by {OPTIMIZERS[recipe.get('optimizer', 'sgd')]}, {start}, on "
        f"{training['images']:,} images without their labels: {stages(training)}. Cost: {', '.join(cost)}. Seed "
        f"{training['seed']}. The whole recipe is in `manifest.json`. No label chose a checkpoint, a seed or a head."
    )
    if recipe.get("contrast"):
        text += (
            " The objective and the optimizer of the recipe, and how classes and the embedding are found, were chosen by figures on "
            "labeled images of CIFAR-10, as published methods choose theirs."
        )
    return text


def card(manifest: Manifest, evaluation: Evaluation) -> str:
    """The card as Markdown."""
    pytorch = evaluation["pytorch"]
    confusion = None if evaluation["confusion"] is None else np.array(evaluation["confusion"])
    training, classes = manifest["training"], manifest["classes"]
    recipe, size = training["recipe"], manifest["input"]
    names = {
        "hungarian": "They were named after training, by the one-to-one map from classes to labels that fits the labeled "
        "images best (Hungarian method).",
        "person": "A person named the classes by their images.",
        "numbered": "The classes are numbered: no labeled images named them.",
    }
    sections = [
        f"# {manifest['name']} {manifest['version']}",
        manifest["description"],
        "## What it is",
        f"ResNet-{recipe['depth']} of width {recipe['width']} with {'a linear map' if recipe.get('linear') else 'a projector'} to "
        f"{recipe['dimensions']} dimensions and a cosine classifier. It takes RGB images of {size['width']} x {size['height']} pixels and gives the "
        f"probabilities of {len(classes)} classes and an embedding of unit length.",
        table(
            ["file", "precision", "bytes"],
            [[file["file"], file["precision"], f"{file['bytes']:,}"] for file in manifest["files"]],
        ),
        f"Classes: {', '.join(map(plain, classes))}. {names[manifest['classNames']]}",
        "## How it was trained",
        training_text(training),
        "![Training curve](training.svg)",
        *(["![kNN and ACC while it trained](curve.svg)"] if evaluation.get("monitor") else []),
        "## Data",
        training["data"],
    ]
    if pytorch:
        sections += [
            "## Figures",
            f"On {evaluation['images']:,} test images that training never saw. Each column is measured on that form of the "
            "model, in onnxruntime.",
            figures(manifest, pytorch),
        ]
    if "web" in evaluation:
        sections.append(as_served(evaluation["web"]))
    if "report" in evaluation:
        sections.append(report_text(evaluation["report"]))
    if pytorch and manifest["name"] in PUBLISHED:
        data, rows = PUBLISHED[manifest["name"]]
        sections += [
            f"Published for {data} without labels, on the original images. Networks and schedules differ; cost is epochs x network, where known:",
            table(["method", "ACC / NMI / ARI, %", "cost", "note"], [list(row) for row in rows]),
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
        "without labels goes. It answers with one of its classes whatever the image shows. Classes found without labels "
        "need not be those that a person would choose. Not for decisions about people, nor where a wrong answer does harm.",
        "## License",
        manifest["license"],
    ]
    return "\n\n".join(sections) + "\n"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="card", description="Writes the card of a model again.")
    parser.add_argument("model", type=Path, help="folder of the model")
    write_card(parser.parse_args(arguments).model)
