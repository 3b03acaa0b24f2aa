"""The gallery of a model: embeddings of labelled training images, without the images, for search and neighbours.

    npm run model -- gallery --model model/NAME --labelled train.out --test test.out [--count 10000]

The files are what ``npm run evaluate -- --outputs`` wrote. Images whose neighbours vote for another label are left
out (Wilson's editing, IEEE Trans. SMC 1972), the others are taken evenly by class, in the order of the file. Each gets
a place on a map by t-SNE (van der Maaten & Hinton, JMLR 2008), in [0, 1]. Writes ``gallery.bin``, in the format of
``src/vectors/index-file.ts``, and its entry in the manifest.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.manifold import TSNE
from torch import Tensor

from evaluate import KNN_TEMPERATURE, knn_accuracy
from manifest import file_entry
from score import read_outputs

NEIGHBOURS = 20


def agreeing(embeddings: Tensor, labels: Tensor, k: int = NEIGHBOURS) -> Tensor:
    """Which images get their own label by the votes of their ``k`` nearest others: bool ``[N]``."""
    votes_for = F.one_hot(labels).float()
    verdicts = []
    for start, part in zip(range(0, len(embeddings), 1000), embeddings.split(1000), strict=True):
        similarity = part @ embeddings.T
        rows = torch.arange(len(part))
        similarity[rows, start + rows] = -torch.inf
        weights, nearest = similarity.topk(k, dim=1)
        votes = ((weights / KNN_TEMPERATURE).exp().unsqueeze(2) * votes_for[nearest]).sum(1)
        verdicts.append(votes.argmax(1) == labels[start : start + len(part)])
    return torch.cat(verdicts)


def choose(embeddings: Tensor, labels: Tensor, count: int) -> Tensor:
    """Indices of at most ``count`` images, as many of each class as there are of the rarest, or fewer."""
    candidates = agreeing(embeddings, labels).nonzero().flatten()
    by_class = [candidates[labels[candidates] == label] for label in labels.unique()]
    each = min(count // len(by_class), *(len(images) for images in by_class))
    return torch.cat([images[:each] for images in by_class])


def quantize(embeddings: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Scales float32 ``[N]`` and int8 ``[N, D]``: a vector is its numbers times its scale."""
    scales = embeddings.abs().amax(1, keepdim=True) / 127
    return scales.flatten().numpy().astype("<f4"), (embeddings / scales).round().to(torch.int8).numpy()


def index_file(model: dict, ids: list[str], metadata: list[dict], scales: np.ndarray, codes: np.ndarray) -> bytes:
    """A file as ``src/vectors/index-file.ts`` reads it, with int8 rows."""
    header = {"model": model, "dimensions": codes.shape[1], "count": len(ids), "rows": "int8"}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    entries = json.dumps(list(zip(ids, metadata, strict=True)), separators=(",", ":"), ensure_ascii=False)
    return b"unlabel1" + struct.pack("<I", len(text)) + text + scales.tobytes() + codes.tobytes() + entries.encode()


def places_on_map(embeddings: Tensor) -> np.ndarray:
    """t-SNE in two dimensions, float ``[N, 2]`` in [0, 1]."""
    map_ = TSNE(metric="cosine", init="pca", random_state=0).fit_transform(embeddings.numpy())
    return (map_ - map_.min(0)) / (map_.max(0) - map_.min(0))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--labelled", type=Path, required=True, help="outputs of the labelled training images")
    parser.add_argument("--test", type=Path, required=True, help="outputs of the test images")
    parser.add_argument("--count", type=int, default=10_000, help="images, at most (default: 10000)")
    args = parser.parse_args(arguments)
    file = args.model / "manifest.json"
    manifest = json.loads(file.read_text())
    classes = manifest["classes"]
    header, (_, bank), bank_labels = read_outputs(args.labelled, classes)
    _, (_, test), labels = read_outputs(args.test, classes)

    chosen = choose(F.normalize(bank, dim=1), bank_labels, args.count)
    # In the order of the ids, which is that of a namespace.
    chosen = chosen[np.argsort([header["paths"][i] for i in chosen.tolist()])]
    scales, codes = quantize(bank[chosen])
    rows = torch.from_numpy(codes * scales[:, None])
    ids = [header["paths"][i].rsplit(".", 1)[0] for i in chosen.tolist()]
    metadata = [
        {"label": classes[label], "x": round(float(x), 3), "y": round(float(y), 3)}
        for label, (x, y) in zip(bank_labels[chosen].tolist(), places_on_map(rows), strict=True)
    ]
    model = {"name": manifest["name"], "version": manifest["version"]}
    path = args.model / "gallery.bin"
    path.write_bytes(index_file(model, ids, metadata, scales, codes))
    metrics = {
        "knn20": round(knn_accuracy(rows, bank_labels[chosen], test, labels, NEIGHBOURS), 4),
        "knn20All": round(knn_accuracy(bank, bank_labels, test, labels, NEIGHBOURS), 4),
    }
    manifest["gallery"] = file_entry(path, metrics, count=len(ids))
    file.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    print(manifest["gallery"])


if __name__ == "__main__":
    main(sys.argv[1:])
