"""What a person does on the naming page: edits, labels, undo, and writing it all."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from training.data.copies import copies
from training.model.heads import read_head
from training.model.manifest import path_of, read_manifest
from training.naming import finds, write
from training.naming.classes import Classes, checked_name, free_name
from training.naming.pictures import Pictures
from training.report.metrics import contingency

UNDONE = 100  # edits that can be taken back


@dataclass(frozen=True)
class State:
    """Classes, and the labels that a person gave to single pictures, by number.

    Attributes:
        edits: classes that were merged and split since the training.
    """

    classes: Classes
    labels: dict[int, str]
    edits: int


class Session:
    """The state of the page. Every edit returns nothing or raises ``ValueError`` and changes nothing.

    Args:
        model: folder of the model.
        run: folder for the exports.
    """

    def __init__(self, model: Path, run: Path, pictures: Pictures) -> None:
        self.model, self.run, self.pictures = model, run, pictures
        manifest = read_manifest(model)
        classes = Classes(tuple(manifest["classes"]), *read_head(path_of(model, "fp32")))
        self.saved = classes
        self.labels = pictures.sheets / "labels.json"
        self.state = State(classes, self.read_labels(), manifest["training"].get("stages", {}).get("naming", 0))
        self.history: list[State] = []
        self.copies = copies(pictures.neighbors, pictures.cosines, pictures.small)
        self.look()

    def look(self) -> None:
        """What the classes make of the pictures."""
        self.probabilities = self.state.classes.probabilities(self.pictures.embeddings)
        self.scores, self.assigned = self.probabilities.max(1)

    def edit(self, kind: object, body: dict[str, Any]) -> None:
        """Does what the page asks for: ``rename``, ``merge``, ``split``, ``label``, ``name``, ``undo`` or ``save``."""
        edits = {
            "rename": self.rename,
            "merge": self.merge,
            "split": self.split,
            "label": self.label,
            "name": self.name_by_labels,
        }
        before = self.state.labels
        if kind == "undo":
            if self.history:
                self.state = self.history.pop()
        elif kind == "save":
            self.save()
        elif isinstance(kind, str) and kind in edits:
            state = edits[kind](body)
            self.history = [*self.history[-UNDONE:], self.state]
            self.state = state
        else:
            raise ValueError(f"edit: expected {', '.join(edits)}, undo or save, got {kind!r}")
        if self.state.labels is not before:
            self.write_labels()
        self.look()

    def read_labels(self) -> dict[int, str]:
        """The labels of an earlier session; the numbers of the pictures may have changed."""
        kept = json.loads(self.labels.read_text()) if self.labels.exists() else {}
        return {number: kept[path] for number, path in enumerate(self.pictures.paths) if path in kept}

    def write_labels(self) -> None:
        part = self.labels.with_suffix(".part")
        part.write_text(json.dumps({self.pictures.paths[number]: name for number, name in self.state.labels.items()}))
        part.replace(self.labels)

    def rename(self, body: dict[str, Any]) -> State:
        classes = self.state.classes
        return replace(self.state, classes=classes.renamed(classes.check(body.get("class"), "class"), body.get("name")))

    def merge(self, body: dict[str, Any]) -> State:
        classes, given = self.state.classes, body.get("classes")
        if not isinstance(given, list):
            raise ValueError(f"classes: expected a list of numbers of classes, got {given!r}")
        numbers = [classes.check(number, "classes") for number in given]
        return replace(self.state, classes=classes.merged(numbers), edits=self.state.edits + 1)

    def split(self, body: dict[str, Any]) -> State:
        classes = self.state.classes
        halves = classes.split(classes.check(body.get("class"), "class"), self.pictures.embeddings)
        return replace(self.state, classes=halves, edits=self.state.edits + 1)

    def label(self, body: dict[str, Any]) -> State:
        """Labels a picture; an empty name takes the label away."""
        picture = self.picture(body.get("picture"))
        labels = {key: name for key, name in self.state.labels.items() if key != picture}
        if body.get("name") != "":
            labels[picture] = checked_name(body.get("name"))
        return replace(self.state, labels=labels)

    def name_by_labels(self, _: dict[str, Any]) -> State:
        if not self.state.labels:
            raise ValueError("name: label some pictures first")
        kinds = sorted(set(self.state.labels.values()))
        labels = torch.tensor([kinds.index(name) for name in self.state.labels.values()])
        classes = self.state.classes
        names = match(labels, kinds, self.assigned[list(self.state.labels)], list(classes.names))
        return replace(self.state, classes=replace(classes, names=tuple(names)))

    def picture(self, number: object) -> int:
        """A number of a picture, from outside."""
        last = len(self.pictures.paths) - 1
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= last:
            raise ValueError(f"picture: expected a number from 0 to {last}, got {number!r}")
        return number

    def save(self) -> None:
        """Writes names and classes into the model."""
        before, now = self.saved, self.state.classes
        if before.weights is now.weights and torch.equal(before.groups, now.groups):
            write.rename(self.model, list(now.names), "person")
        else:
            write.write_classes(self.model, now, self.state.edits, self.pictures)
        self.saved = now

    def export(self) -> dict[str, str]:
        """Writes ``labels.csv`` and ``sorted/``. Returns where they are."""
        names = [self.state.classes.names[i] for i in self.assigned.tolist()]
        scores = self.scores.clone()
        for picture, name in self.state.labels.items():
            names[picture], scores[picture] = name, 1.0
        self.run.mkdir(parents=True, exist_ok=True)
        table, folder = self.run / "labels.csv", self.run / "sorted"
        write.write_csv(table, self.pictures, names, scores)
        write.write_folders(folder, self.pictures, names)
        return {"csv": str(table.resolve()), "folders": str(folder.resolve())}

    def describe(self) -> dict[str, Any]:
        """All that the page shows beside the pictures themselves."""
        classes, labels = self.state.classes, self.state.labels
        neighbors_agree = (self.assigned[self.pictures.neighbors] == self.assigned[:, None]).float().mean(1)
        return {
            "model": self.model.name,
            "pictures": len(self.pictures.paths),
            "damaged": self.pictures.damaged,
            "saved": self.state.classes is self.saved,  # labels of single pictures are no part of the model
            "canUndo": bool(self.history),
            "classes": [self.describe_class(number, neighbors_agree) for number in range(len(classes.names))],
            "copies": self.copies[: finds.GROUPS],
            "copiesInAll": sum(len(group) - 1 for group in self.copies),
            "labels": labels,
            "next": [
                {"picture": picture, "reaches": count}
                for picture, count in finds.label_next(self.pictures.neighbors, list(labels))
            ],
        }

    def describe_class(self, number: int, neighbors_agree: Tensor) -> dict[str, Any]:
        own = (self.assigned == number).nonzero().flatten()
        entry = {"name": self.state.classes.names[number], "size": len(own), "sure": 0.0, "agree": 0.0}
        if len(own) == 0:
            return entry | {"typical": [], "doubtful": [], "odd": []}
        return entry | {
            "sure": round(self.scores[own].mean().item(), 4),
            "agree": round(neighbors_agree[own].mean().item(), 4),
            "typical": finds.typical(own, self.pictures.embeddings),
            "doubtful": finds.doubtful(own, self.probabilities),
            "odd": finds.odd(own, self.pictures.cosines),
        }

    def about(self, picture: int) -> dict[str, Any]:
        """Path, best classes and neighbors of a picture."""
        best = self.probabilities[picture].topk(min(3, len(self.state.classes.names)))
        names = [self.state.classes.names[i] for i in best.indices.tolist()]
        return {
            "path": self.pictures.paths[picture],
            "predictions": [{"label": n, "score": round(s, 4)} for n, s in zip(names, best.values.tolist(), strict=True)],
            "neighbors": self.pictures.neighbors[picture, :6].tolist(),
        }

    def points(self) -> bytes:
        """Map and classes: uint16 x, y and class of each picture, and its score in 1/65535, one array after another."""
        columns = [*(self.pictures.places.T * 65535), self.assigned, self.scores * 65535]
        return b"".join(column.round().numpy().astype("<u2").tobytes() for column in columns)


def match(labels: Tensor, kinds: list[str], classes: Tensor, names: list[str]) -> list[str]:
    """Names classes after labels, by the one-to-one map that agrees with most pictures. The others keep their names.

    Args:
        labels: kind of each labeled picture, ``[N]``.
        kinds: what the labels are called.
        classes: class of each labeled picture, ``[N]``.
        names: of the classes.

    Raises:
        ValueError: if there are more kinds than classes.
    """
    if len(kinds) > len(names):
        raise ValueError(f"labels: expected at most {len(names)} kinds, one per class, got {len(kinds)}. Split a class first")
    seen = contingency(classes.numpy(), labels.numpy())
    table = np.zeros((len(names), len(kinds)), dtype=np.int64)
    table[: len(seen), : seen.shape[1]] = seen
    matched = {number: kinds[kind] for number, kind in zip(*linear_sum_assignment(table, maximize=True), strict=True) if table[number, kind]}
    for number, name in enumerate(names):
        if number not in matched:
            taken = tuple(matched.values())
            matched[number] = free_name(name, taken) if name in taken else name
    return [matched[number] for number in range(len(names))]
