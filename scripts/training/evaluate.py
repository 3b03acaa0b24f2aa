"""Measures what a run learned, with labels that training never saw.

    npm run model -- evaluate --checkpoint runs/NAME --train DIR --test DIR [--json FILE]

Both folders have class folders. The classifier is scored as a clustering (ACC, NMI, AMI, ARI), the over-clustering heads
by purity, and backbone features and embeddings by weighted k-nearest neighbors (Wu et al., CVPR 2018, arXiv 1805.01978)
and a linear probe. k-means on the features stands beside the classifier. No label chooses a head, an epoch or a
temperature.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from training.data.images import Folder, load_labeled
from training.nn.network import SelfClassifier, encode
from training.report.metrics import (
    accuracy,
    clustering_scores,
    hungarian_map,
    kmeans_scores,
    purity,
    representation_scores,
)
from training.stages.checkpoint import Checkpoint, choose_head, load_network


def evaluate(checkpoint: Checkpoint, network: SelfClassifier, train: Folder, test: Folder) -> dict:
    """All figures of a checkpoint on ``test``, 0 to 1. ``train`` fits the map and the probe and holds the neighbors.

    Raises:
        ValueError: if the class folders differ from each other, or their number from that of the classes.
    """
    if train.classes != test.classes:
        raise ValueError(f"--test: expected the class folders of --train, {train.classes}, got {test.classes}")
    chosen, classes = choose_head(checkpoint), checkpoint["config"]["classes"]
    if len(train.classes) != classes:
        raise ValueError(f"--train: expected {classes} class folders, one per class, got {len(train.classes)}")

    train_features, train_embeddings = encode(network, train.pixels)
    features, embeddings = encode(network, test.pixels)
    with torch.no_grad():
        train_clusters = network.logits(train_embeddings)[chosen].argmax(1)
        clusters = [logits.argmax(1) for logits in network.logits(embeddings)]

    names = hungarian_map(train_clusters, train.labels, classes)
    test_names = hungarian_map(clusters[chosen], test.labels, classes)
    sizes = torch.bincount(clusters[chosen], minlength=classes)
    return {
        "epoch": checkpoint["epoch"],
        "images": {"train": len(train.pixels), "test": len(test.pixels)},
        "classifier": {
            "head": chosen,
            "loss": checkpoint["history"][-1]["loss_heads"][chosen],
            "accuracy": accuracy(names[clusters[chosen]], test.labels),
            "accuracyFittedOnTest": accuracy(test_names[clusters[chosen]], test.labels),
            **clustering_scores(clusters[chosen], test.labels),
            "clusters": {train.classes[names[i]]: int(sizes[i]) for i in names.argsort()},
        },
        "overclustered": [
            {"head": head, "classes": outputs, "purity": purity(clusters[head], test.labels)}
            for head, outputs in enumerate(checkpoint["config"]["heads"])
            if outputs > classes
        ],
        "kmeans": kmeans_scores(train_features, train.labels, features, test.labels, classes),
        "features": representation_scores(train_features, train.labels, features, test.labels),
        "embedding": representation_scores(train_embeddings, train.labels, embeddings, test.labels),
    }


def table(report: dict) -> str:
    """The report as text, in percent."""
    classifier = report["classifier"]
    lines = [
        f"epoch {report['epoch']}, {report['images']['test']} test images",
        f"classifier: head {classifier['head']}, loss {classifier['loss']:.4f}",
    ]
    rows = {
        "ACC, map fitted on train": classifier["accuracy"],
        "ACC, map fitted on test": classifier["accuracyFittedOnTest"],
        **{key.upper(): classifier[key] for key in ("nmi", "ami", "ari")},
        **{f"k-means {key}": report["kmeans"][key] for key in ("accuracy", "nmi", "ari")},
        **{f"purity, head {h['head']} of {h['classes']}": h["purity"] for h in report["overclustered"]},
        **{f"{name} {on}": report[on][name] for on in ("features", "embedding") for name in report[on]},
    }
    lines += [f"  {name:<26}{100 * value:6.2f}" for name, value in rows.items()]
    lines += ["images per cluster:"]
    return "\n".join(lines + [f"  {name:<26}{size:6}" for name, size in classifier["clusters"].items()])


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="evaluate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--checkpoint", required=True, help="folder of a run, or one of its checkpoints")
    parser.add_argument("--train", required=True, help="class folders for the map, the neighbors and the probe")
    parser.add_argument("--test", required=True, help="class folders that training never saw")
    parser.add_argument("--json", help="file for the figures, 0 to 1")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args(arguments)

    checkpoint, network = load_network(args.checkpoint)
    size = checkpoint["config"]["size"]
    train = load_labeled(args.train, size, "--train")
    test = load_labeled(args.test, size, "--test")
    report = evaluate(checkpoint, network.to(args.device), train, test)
    print(table(report))
    if args.json:
        Path(args.json).write_text(json.dumps(report, indent=2) + "\n")

