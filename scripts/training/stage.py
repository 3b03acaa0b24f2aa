"""A stage of training after the first: so many epochs, saved after each, resumed where it was interrupted."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from optimize import schedule

# What the stages of a run write into its folder, the last stage first.
CHECKPOINTS = ("student.pt", "refined.pt", "checkpoint.pt")


def save(state: dict[str, Any], path: Path) -> None:
    """Writes beside the file and renames, so that a crash leaves the last whole checkpoint."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def last_checkpoint(path: Path, names: tuple[str, ...] = CHECKPOINTS) -> Path:
    """``path`` itself, or in the folder of a run the last of ``names`` that is there."""
    if not path.is_dir():
        return path
    return next((path / name for name in names if (path / name).exists()), path / names[-1])


def forget_later(run: Path, name: str) -> None:
    """Removes what later stages made, or had begun to make, of an earlier state of the checkpoint ``name``."""
    for later in CHECKPOINTS[: CHECKPOINTS.index(name)]:
        (run / later).unlink(missing_ok=True)
        (run / f"{later}.unfinished").unlink(missing_ok=True)


class Stage:
    """The loop of a stage.

    Args:
        name: shown beside the progress bar.
        path: file of the state; None keeps none.
        modules: what is learned or averaged, by name.
        optimizer: its learning rates follow :func:`schedule`, with an epoch of warm-up.
        rng: draws the order of the images and their augmentation.
        count, batch, epochs: images, images a step, passes over the images.
    """

    def __init__(
        self,
        name: str,
        path: Path | None,
        modules: dict[str, nn.Module],
        optimizer: torch.optim.Optimizer,
        rng: torch.Generator,
        count: int,
        batch: int,
        epochs: int,
    ) -> None:
        self.name, self.path, self.modules, self.optimizer, self.rng = name, path, modules, optimizer, rng
        self.count, self.batch, self.epochs = count, min(batch, count), epochs
        self.rates = [group["lr"] for group in optimizer.param_groups]
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []
        if path and path.exists():
            self.load(torch.load(path, map_location=rng.device, weights_only=True))

    def run(
        self, step: Callable[[Tensor], Any], record: Callable[[list[Any], Tensor], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Runs what is left of the stage.

        Args:
            step: takes the indices of a batch, does the update, returns what ``record`` wants to know.
            record: the results of an epoch's steps, and the order of its images, to an entry of the history.

        Returns:
            One entry an epoch.
        """
        while len(self.history) < self.epochs:
            began = time.perf_counter()
            order = torch.randperm(self.count, generator=self.rng, device=self.rng.device)
            order = order[: self.count // self.batch * self.batch]
            results = []
            for places in self.batches(order):
                results.append(step(places))
            self.seconds += time.perf_counter() - began
            self.history.append({"epoch": len(self.history) + 1, **record(results, order)})
            if self.path:
                save(self.state(), self.path)
            figures = (f"{key} {value:.4f}" for key, value in self.history[-1].items() if isinstance(value, float))
            print(f"{self.name} {len(self.history):4d}/{self.epochs}  {self.seconds:7.0f} s ", *figures, flush=True)
        return self.history

    def batches(self, order: Tensor) -> Iterator[Tensor]:
        """The batches of an epoch; sets the learning rate of each."""
        parts = order.split(self.batch)
        bar = tqdm(parts, f"{self.name} {len(self.history) + 1}", disable=not sys.stderr.isatty(), mininterval=2, leave=False)
        for i, places in enumerate(bar):
            progress = (len(self.history) + i / len(parts)) / self.epochs
            scale = schedule(progress, min(0.5, 1 / self.epochs))
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate * scale
            yield places

    def state(self) -> dict[str, Any]:
        return {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizer": self.optimizer.state_dict(),
            "rng": self.rng.get_state(),
            "seconds": self.seconds,
            "history": self.history,
        }

    def load(self, state: dict[str, Any]) -> None:
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.set_state(state["rng"].cpu())
        self.seconds, self.history = state["seconds"], state["history"]
