"""Makes the gallery of a model: embeddings of labeled training images, without the images, for search.

    npm run model -- gallery --model model/NAME --labeled train.out --test test.out [--count 10000]

The files come from ``npm run evaluate -- --outputs``. Images whose neighbors vote for another label are left out
(Wilson's editing, IEEE Trans. SMC 1972); of the others, each class gives as many, in the order of the file. t-SNE (van
der Maaten & Hinton, JMLR 2008) places each on a map, in [0, 1]. Writes ``gallery.bin``, in the format of
``src/vectors/index-file.ts``, and its entry in the manifest.
"""

from __future__ import annotations

import argparse
import json
import struct
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.manifold import TSNE
from torch import Tensor

from training.model.manifest import file_entry, read_manifest, write_manifest
from training.report.metrics import knn_accuracy, vote
from training.score import read_outputs

NEIGHBORS = 20


def agreeing(embeddings: Tensor, labels: Tensor, k: int = NEIGHBORS) -> Tensor:
    """Whether the vote of the ``k`` nearest other images gives each image its own label: bool ``[N]``."""
    classes = int(labels.max()) + 1
    agree: list[Tensor] = []
    for start, part in zip(range(0, len(embeddings), 1000), embeddings.split(1000), strict=True):
        similarity = part @ embeddings.T
        rows = torch.arange(len(part))
        similarity[rows, start + rows] = -torch.inf
        cosines, nearest = similarity.topk(k, dim=1)
        agree.append(vote(cosines, labels[nearest], classes) == labels[start : start + len(part)])
    return torch.cat(agree)


def choose(embeddings: Tensor, labels: Tensor, count: int) -> Tensor:
    """Indices of at most ``count`` images, the same number of each class, at most that of the rarest."""
    candidates = agreeing(embeddings, labels).nonzero().flatten()
    by_class = [candidates[labels[candidates] == label] for label in labels.unique()]
    each = min(count // len(by_class), *(len(images) for images in by_class))
    return torch.cat([images[:each] for images in by_class])


def quantize(embeddings: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Quantizes each vector to int8 ``[N, D]`` times a float32 scale ``[N]``."""
    scales = embeddings.abs().amax(1, keepdim=True) / 127
    return scales.flatten().numpy().astype("<f4"), (embeddings / scales).round().to(torch.int8).numpy()


def index_file(model: dict, ids: list[str], metadata: list[dict], scales: np.ndarray, codes: np.ndarray) -> bytes:
    """The bytes of an index file with int8 rows, which ``src/vectors/index-file.ts`` reads."""
    header = {"model": model, "dimensions": codes.shape[1], "count": len(ids), "rows": "int8"}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    entries = json.dumps(list(zip(ids, metadata, strict=True)), separators=(",", ":"), ensure_ascii=False)
    return b"unlabel1" + struct.pack("<I", len(text)) + text + scales.tobytes() + codes.tobytes() + entries.encode()


def places_on_map(embeddings: Tensor) -> np.ndarray:
    """Two-dimensional t-SNE, float ``[N, 2]`` in [0, 1]."""
    map_ = TSNE(metric="cosine", init="pca", random_state=0).fit_transform(embeddings.numpy())
    return (map_ - map_.min(0)) / (map_.max(0) - map_.min(0))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="gallery", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--labeled", type=Path, required=True, help="outputs for the labeled training images")
    parser.add_argument("--test", type=Path, required=True, help="outputs for the test images")
    parser.add_argument("--count", type=int, default=10_000, help="maximum number of images (default: 10000)")
    args = parser.parse_args(arguments)
    manifest = read_manifest(args.model)
    classes = manifest["classes"]
    header, (_, bank), bank_labels = read_outputs(args.labeled, classes)
    _, (_, test), labels = read_outputs(args.test, classes)

    chosen = choose(F.normalize(bank, dim=1), bank_labels, args.count)
    # Sort by id, as a namespace does.
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
        "knn20": round(knn_accuracy(rows, bank_labels[chosen], test, labels, NEIGHBORS), 4),
        "knn20All": round(knn_accuracy(bank, bank_labels, test, labels, NEIGHBORS), 4),
    }
    manifest["gallery"] = file_entry(path, metrics, count=len(ids))
    write_manifest(args.model, manifest)
    print(manifest["gallery"])
