"""What a checkpoint learned, measured with labels that training never saw.

    python scripts/training/evaluate.py --checkpoint runs/NAME --train DIR --test DIR [--json FILE]

Both folders hold one folder a class. The classifier is scored as a clustering (ACC, NMI, AMI, ARI), the
over-clustered heads by purity, the representation by weighted k-nearest neighbours (Wu et al., CVPR 2018, arXiv
1805.01978) and a linear probe, on backbone features and on embeddings. k-means on the features stands beside the
classifier. No label chooses a head, an epoch or a temperature.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score
from torch import Tensor

from images import Folder, load_folder
from metrics import contingency
from network import SelfClassifier, build
from stage import last_checkpoint

NEIGHBOURS = (20, 200)  # the k of kNN in the self-supervised literature
KNN_TEMPERATURE = 0.07  # Wu et al.


def load_checkpoint(path: str | Path) -> tuple[dict, SelfClassifier]:
    """The checkpoint's dict, and its network in evaluation mode on the CPU.

    Args:
        path: a checkpoint, or the folder of a run, whose last stage is taken.
    """
    checkpoint = torch.load(last_checkpoint(Path(path)), map_location="cpu", weights_only=True)
    network = build(checkpoint["config"])
    network.load_state_dict(checkpoint["network"])
    return checkpoint, network.eval()


def choose_head(checkpoint: dict) -> int:
    """Index of the classifier to use: of the heads with ``config["classes"]`` outputs, the one of the lowest
    unsupervised loss in the last epoch.

    Raises:
        ValueError: where no head has that many outputs.
    """
    heads, classes = checkpoint["config"]["heads"], checkpoint["config"]["classes"]
    candidates = [head for head, outputs in enumerate(heads) if outputs == classes]
    if not candidates:
        raise ValueError(f"--checkpoint: no head has classes = {classes} outputs, only {heads}")
    return min(candidates, key=checkpoint["history"][-1]["loss_heads"].__getitem__)


def load_labelled(path: str | Path, size: int, argument: str) -> Folder:
    """As ``load_folder``, for a folder that must have class folders; ``argument`` is named in the error."""
    folder = load_folder(path, size)
    if folder.labels is None:
        raise ValueError(f"{argument}: needs two or more class folders, {path} has none")
    return folder


@torch.no_grad()
def encode(network: SelfClassifier, pixels: Tensor, batch: int = 500) -> tuple[Tensor, Tensor]:
    """Uint8 ``[N, 3, H, W]`` to features ``[N, F]`` and unit embeddings ``[N, D]``, float32 on the CPU."""
    device = next(network.parameters()).device
    parts = [[out.float().cpu() for out in network(part.to(device).float())] for part in pixels.split(batch)]
    features, embeddings = zip(*parts)
    return torch.cat(features), torch.cat(embeddings)


def class_counts(rows: Tensor, columns: Tensor, classes: int) -> np.ndarray:
    """How often class ``rows`` meets class ``columns``: int64 ``[classes, classes]``."""
    table = contingency(rows.numpy(), columns.numpy())
    return np.pad(table, [(0, classes - count) for count in table.shape])


def hungarian_map(clusters: Tensor, labels: Tensor, classes: int) -> Tensor:
    """The one-to-one map from cluster to label that most images agree with (Kuhn 1955).

    Args:
        clusters, labels: ``[N]`` int64, both in ``0 .. classes - 1``.

    Returns:
        ``[classes]``: the label of each cluster.
    """
    table = class_counts(clusters, labels, classes)
    return torch.from_numpy(linear_sum_assignment(table, maximize=True)[1])


def accuracy(predictions: Tensor, labels: Tensor) -> float:
    """Part of the predictions that equal the labels."""
    return (predictions == labels).double().mean().item()


def clustering_scores(clusters: Tensor, labels: Tensor) -> dict[str, float]:
    """NMI, AMI (arithmetic mean) and ARI: 1 is perfect, 0 is chance for AMI and ARI; no map is needed."""
    pair = labels.numpy(), clusters.numpy()
    return {
        "nmi": float(normalized_mutual_info_score(*pair)),
        "ami": float(adjusted_mutual_info_score(*pair)),
        "ari": float(adjusted_rand_score(*pair)),
    }


def kmeans_scores(train: Tensor, train_labels: Tensor, test: Tensor, labels: Tensor, classes: int) -> dict[str, float]:
    """:func:`clustering_scores` and ``accuracy`` of k-means on unit features: fitted, and mapped to labels, on ``train``."""
    means = KMeans(classes, n_init=1, random_state=0).fit(F.normalize(train, dim=1).numpy())
    names = hungarian_map(torch.from_numpy(means.labels_).long(), train_labels, classes)
    clusters = torch.from_numpy(means.predict(F.normalize(test, dim=1).numpy())).long()
    return {"accuracy": accuracy(names[clusters], labels), **clustering_scores(clusters, labels)}


def purity(clusters: Tensor, labels: Tensor) -> float:
    """Part of the images that carry their cluster's most frequent label. Rises with the number of clusters."""
    return int(contingency(clusters.numpy(), labels.numpy()).max(1).sum()) / len(labels)


def knn_accuracy(bank: Tensor, bank_labels: Tensor, queries: Tensor, labels: Tensor, k: int) -> float:
    """Top-1 of the k nearest by cosine, each voting for its label with weight ``exp(cosine / 0.07)``.

    Args:
        bank, queries: ``[M, D]`` and ``[N, D]``, of any length.
        k: number of neighbours, at most M.
    """
    if k > len(bank):
        raise ValueError(f"k: {k} neighbours of a bank of {len(bank)}")
    bank = F.normalize(bank, dim=1)
    votes_for = F.one_hot(bank_labels).float()
    predictions = []
    for part in F.normalize(queries, dim=1).split(1000):
        similarity, nearest = (part @ bank.T).topk(k, dim=1)
        weights = (similarity / KNN_TEMPERATURE).exp().unsqueeze(2)
        predictions.append((weights * votes_for[nearest]).sum(1).argmax(1))
    return accuracy(torch.cat(predictions), labels)


def linear_probe(train: Tensor, train_labels: Tensor, test: Tensor, labels: Tensor) -> float:
    """Top-1 of multinomial logistic regression on frozen, standardised features.

    Full-batch L-BFGS, 100 iterations, L2 of 1e-4 on the weights: no schedule to tune, no random number.
    """
    mean, std = train.mean(0), train.std(0).clamp_min(1e-6)
    train, test = (train - mean) / std, (test - mean) / std
    weight = torch.zeros(int(train_labels.max()) + 1, train.shape[1], requires_grad=True)
    bias = torch.zeros(len(weight), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(F.linear(train, weight, bias), train_labels) + 1e-4 * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return accuracy(F.linear(test, weight, bias).argmax(1), labels)


def representation_scores(
    train: Tensor, train_labels: Tensor, test: Tensor, labels: Tensor
) -> dict[str, float]:
    """``knn20``, ``knn200`` (left out where there are fewer training images) and ``linear``."""
    scores = {
        f"knn{k}": knn_accuracy(train, train_labels, test, labels, k) for k in NEIGHBOURS if k <= len(train)
    }
    return scores | {"linear": linear_probe(train, train_labels, test, labels)}


def evaluate(checkpoint: dict, network: SelfClassifier, train: Folder, test: Folder) -> dict:
    """All figures of a checkpoint, 0 to 1, on ``test``; ``train`` fits the map, the neighbours and the probe.

    Raises:
        ValueError: where the folders' classes differ from each other or in number from the head.
    """
    if train.classes != test.classes:
        raise ValueError(f"--test: class folders {test.classes}, --train has {train.classes}")
    chosen, classes = choose_head(checkpoint), checkpoint["config"]["classes"]
    if len(train.classes) != classes:
        raise ValueError(f"--train: {len(train.classes)} class folders, the head has {classes} classes")

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
    """The report for a person, in percent."""
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
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkpoint", required=True, help="folder of a run, or a file of it")
    parser.add_argument("--train", required=True, help="class folders: the map, the neighbours, the probe")
    parser.add_argument("--test", required=True, help="class folders that no training saw")
    parser.add_argument("--json", help="file to write the figures to, 0 to 1")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args(arguments)

    checkpoint, network = load_checkpoint(args.checkpoint)
    size = checkpoint["config"]["size"]
    train = load_labelled(args.train, size, "--train")
    test = load_labelled(args.test, size, "--test")
    report = evaluate(checkpoint, network.to(args.device), train, test)
    print(table(report))
    if args.json:
        Path(args.json).write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
