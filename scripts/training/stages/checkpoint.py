"""The checkpoints of a run: written whole, read with the names of today, the last stage first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from training.nn.network import SelfClassifier, build
from training.recipe import current_names

Checkpoint = dict[str, Any]

# The checkpoints in the folder of a run, the last stage first.
CHECKPOINTS = ("student.pt", "refined.pt", "checkpoint.pt")
RENAMED_STAGES = {"neighbours": "neighbors", "distil": "distill"}


def save(state: Checkpoint, path: Path) -> None:
    """Writes to a temporary file and renames it, so that a crash leaves the last complete checkpoint."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def read(path: Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Reads a checkpoint. Older names of settings and stages become the current ones."""
    state = torch.load(path, map_location=device, weights_only=True)
    state["config"] = current_names(state["config"])
    for entry in state["history"] + state.get("earlier", {}).get("history", []):
        if "stage" in entry:
            entry["stage"] = RENAMED_STAGES.get(entry["stage"], entry["stage"])
    return state


def last_checkpoint(path: Path, names: tuple[str, ...] = CHECKPOINTS) -> Path:
    """``path`` itself if it is a file; of the folder of a run, the first of ``names`` that exists."""
    if not path.is_dir():
        return path
    return next((path / name for name in names if (path / name).exists()), path / names[-1])


def forget_later(run: Path, name: str) -> None:
    """Removes the results, finished or not, that later stages made from an older checkpoint ``name``."""
    for later in CHECKPOINTS[: CHECKPOINTS.index(name)]:
        (run / later).unlink(missing_ok=True)
        (run / f"{later}.unfinished").unlink(missing_ok=True)


def load_network(path: str | Path) -> tuple[Checkpoint, SelfClassifier]:
    """Reads a checkpoint and its network, in evaluation mode on the CPU.

    Args:
        path: a checkpoint, or the folder of a run, of which the last stage is read.
    """
    checkpoint = read(last_checkpoint(Path(path)))
    return checkpoint, network_of(checkpoint).eval()


def network_of(checkpoint: Checkpoint) -> SelfClassifier:
    """The trained network of a checkpoint, on the CPU."""
    network = build(checkpoint["config"])
    network.load_state_dict(checkpoint["network"])
    return network


def as_trained(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with the projector that it was trained with, which refinement replaces by a linear embedding."""
    if "trained" not in checkpoint:
        return checkpoint
    return checkpoint | {"network": checkpoint["trained"], "config": checkpoint["config"] | {"linear": False}}


def choose_head(checkpoint: Checkpoint) -> int:
    """Index of the classifier to serve: among the heads with ``config["classes"]`` outputs, the one with the lowest
    unsupervised loss in the last epoch.

    Raises:
        ValueError: if no head has that many outputs.
    """
    heads, classes = checkpoint["config"]["heads"], checkpoint["config"]["classes"]
    candidates = [head for head, outputs in enumerate(heads) if outputs == classes]
    if not candidates:
        raise ValueError(f"--checkpoint: expected a head of {classes} classes, got heads of {heads}")
    return min(candidates, key=checkpoint["history"][-1]["loss_heads"].__getitem__)
