"""Writes what a person made of the classes: into the model, and as labels of the pictures."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from training.data.images import decode
from training.model.evaluation import read_evaluation, write_evaluation
from training.model.heads import write_head
from training.model.manifest import file_entry, golden, read_manifest, write_manifest
from training.model.onnx_files import open_graph, predict_all
from training.naming.classes import Classes
from training.naming.pictures import Pictures
from training.report.card import write_card

CHECKED = 200  # pictures on which each new file is compared with what the page shows
AGREED = 0.9  # of them, at least: int8 rounds
COLUMNS = ["path", "class", "score"]  # of labels.csv
MARKER = ".written-by-name-classes"  # in a folder of sorted pictures: the next export replaces it
OF_CLASSES = {"accuracy", "nmi", "ami", "ari", "ece"}  # figures of the classes before they were merged and split


def rename(model: Path, names: list[str], how: str) -> None:
    """Writes the names to the manifest, the card and ``labels.d.ts``.

    Args:
        how: ``classNames`` of the manifest.

    Raises:
        ValueError: if there are more or fewer names than classes, or two are equal.
    """
    manifest = read_manifest(model)
    if len(names) != len(manifest["classes"]):
        raise ValueError(f"--names: expected {len(manifest['classes'])} names, one per class, got {len(names)}")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"--names: {', '.join(twice)}: more than once")
    manifest |= {"classes": names, "classNames": how}
    manifest.pop("classIds", None)
    write_manifest(model, manifest)
    write_card(model)


def write_classes(model: Path, classes: Classes, edits: int, pictures: Pictures) -> None:
    """Gives the model other classes: the head of its files, and all that the manifest says of it.

    Figures that were measured on the classes before are dropped; those of the embedding stay true.

    Args:
        edits: how many classes were merged and split since the training.

    Raises:
        RuntimeError: if a file would answer otherwise than the page shows; the model is then as it was.
    """
    manifest, evaluation = read_manifest(model), read_evaluation(model)
    size = manifest["input"]["width"]
    with tempfile.TemporaryDirectory(dir=model) as folder:
        paths = {file["precision"]: Path(folder, file["file"]) for file in manifest["files"]}
        for path in paths.values():
            write_head(model / path.name, classes.weights, classes.groups, path)
        agreement = agreements(paths, size, classes, pictures)
        if min(agreement.values()) < AGREED:
            raise RuntimeError(f"{model}: the files would answer otherwise than the page: {agreement}. Nothing was written")
        for entry in manifest["files"]:
            precision = entry["precision"]
            kept = {key: value for key, value in entry["metrics"].items() if key not in OF_CLASSES}
            metrics = kept | {"agreement": round(agreement[precision], 4)}
            entry |= file_entry(paths[precision], metrics, precision=precision)
        manifest["golden"] = golden(paths, size)
        for path in paths.values():
            path.replace(model / path.name)
    manifest |= {"classes": list(classes.names)}
    manifest["training"].setdefault("stages", {})["naming"] = edits
    if confidence := manifest.pop("confidence", None):
        manifest["confidence"] = {"temperature": confidence["temperature"]}
    write_manifest(model, manifest)
    evaluation.pop("web", None)
    write_evaluation(model, evaluation | {"images": 0, "pytorch": {}, "confusion": None})
    for plot in ("confusion.svg", "reliability.svg"):
        (model / plot).unlink(missing_ok=True)
    rename(model, list(classes.names), "person")


def agreements(paths: dict[str, Path], size: int, classes: Classes, pictures: Pictures) -> dict[str, float]:
    """By precision, the fraction of some pictures to which the file gives the class that it should."""
    chosen = torch.randperm(len(pictures.paths), generator=torch.Generator().manual_seed(0))[:CHECKED]
    sample = torch.stack([decode(pictures.root / pictures.paths[i], size) for i in chosen]).permute(0, 2, 3, 1)
    expected = classes.probabilities(pictures.embeddings[chosen]).argmax(1)
    return {
        precision: (predict_all(open_graph(path), sample)[0].argmax(1) == expected).double().mean().item()
        for precision, path in paths.items()
    }


def write_csv(path: Path, pictures: Pictures, names: list[str], scores: Tensor) -> None:
    """Writes a line per picture: path, class, and the score of the class, 1 where a person labeled it.

    Raises:
        ValueError: if the file is not one that an export wrote.
    """
    if path.exists() and not path.read_bytes().startswith(",".join(COLUMNS).encode()):
        raise ValueError(f"--run: {path} is there, and no export wrote it. Move it away, or give another --run")
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        triples = zip(pictures.paths, names, scores.tolist(), strict=True)
        rows.writerows((path, name, f"{score:.4f}") for path, name, score in sorted(triples))


def write_folders(folder: Path, pictures: Pictures, names: list[str]) -> None:
    """Sorts the pictures into a folder per class: as links where the disk has them, which take no space, or copies.

    Raises:
        ValueError: if the folder is not one that an export wrote, or holds the pictures themselves.
    """
    sources = [(pictures.root / path).resolve() for path in pictures.paths]
    part = folder.with_name(f"{folder.name}.part")
    for old in (folder, part):
        if inside := [source for source in sources if source.is_relative_to(old.resolve())]:
            raise ValueError(f"--run: the export would replace {old}, which holds {inside[0]}. Give another --run")
        if old.exists() and not (old / MARKER).exists():
            raise ValueError(f"--run: {old} is there, and no export wrote it. Move it away, or give another --run")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    (part / MARKER).touch()
    for path, source, name in zip(pictures.paths, sources, names, strict=True):
        target = part / folder_name(name) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    if folder.exists():
        shutil.rmtree(folder)
    part.rename(folder)


def folder_name(name: str) -> str:
    """A class name as the name of a folder, on every system."""
    safe = "".join("_" if c in '<>:"/\\|?*' or not c.isprintable() else c for c in name).rstrip(". ")
    return safe if safe.strip(".") else "_"
