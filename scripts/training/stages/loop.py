"""The training loop that all stages share: epochs of steps, the schedule of the learning rate, time, and history."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from training.data.progress import bar, duration
from training.nn.distributed import broadcast, rank, world
from training.nn.optimize import schedule
from training.stages.checkpoint import save


class Source(Protocol):
    """Where a loop gets its images from, see ``data/images.py``."""

    def __len__(self) -> int: ...

    def batches(self, places: list[Tensor]) -> Iterator[Tensor]: ...


Step = Callable[[Tensor, Tensor], Any]
Record = Callable[[list[Any], Tensor], dict[str, Any]]
Pair = Callable[[torch.Generator], Tensor]


class Loop:
    """The progress of a stage.

    Args:
        name: title of the progress bar.
        optimizer: its learning rates, as they are now, get multiplied by :func:`schedule`.
        source: the images.
        batch: images per step of all processes, at most all images.
        epochs, minutes: end of the schedule, whichever comes first. 0 minutes: no limit.
        warmup, decay: see :func:`schedule`.
        seed: decides, with the number of the epoch, the order of the images.

    Raises:
        ValueError: if there are fewer images than processes.
    """

    def __init__(
        self,
        name: str,
        optimizer: torch.optim.Optimizer,
        source: Source,
        batch: int,
        epochs: int,
        *,
        minutes: float = 0.0,
        warmup: float,
        decay: float = 1.0,
        seed: int = 0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.name, self.optimizer, self.source, self.clock = name, optimizer, source, clock
        self.epochs, self.minutes, self.warmup, self.decay, self.seed = epochs, minutes, warmup, decay, seed
        # All processes take the same number of images of each batch.
        self.batch = min(batch, len(source)) // world() * world()
        if self.batch == 0:
            raise ValueError(f"--batch: {min(batch, len(source))} images are too few for {world()} processes")
        self.rates = [group["lr"] for group in optimizer.param_groups]
        self.step = self.epoch = 0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []

    @property
    def progress(self) -> float:
        """Fraction of the schedule that is done, 0 to 1."""
        steps = self.step / (self.epochs * (len(self.source) // self.batch))
        clock = self.seconds / (60 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(steps, clock))

    @property
    def done(self) -> bool:
        return self.progress >= 1

    def left(self) -> str:
        """The time that the rest of the stage takes, once there is something to tell it by."""
        return f", {duration(self.seconds * (1 / self.progress - 1))} left" if self.progress > 0 else ""

    def shuffle(self) -> tuple[Tensor, torch.Generator]:
        """The order of the images in this epoch, which depends on seed and epoch alone, and the generator behind it."""
        rng = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        return torch.randperm(len(self.source), generator=rng), rng

    def run_epoch(
        self,
        order: Tensor,
        step: Step,
        record: Record,
        partners: Tensor | None = None,
        show_bar: bool = True,
    ) -> dict[str, Any]:
        """Runs one epoch, or what the time limit leaves of it.

        Args:
            order: of :meth:`shuffle`.
            step: updates the network, given the indices of the images of the batch (of all processes), and the images of
                this process, which with ``partners`` are followed by those of their partners.
            record: turns the results of all steps and ``order`` into an entry of the history.
            partners: ``[N]``: an image to go with each image.

        Returns:
            The entry.
        """
        batches = order[: len(order) // self.batch * self.batch].split(self.batch)
        own = [places.chunk(world())[rank()] for places in batches]
        wanted = own if partners is None else [torch.cat([places, partners[places]]) for places in own]
        title = f"{self.name} {self.epoch + 1}, {self.progress:.0%} done{self.left()}"
        images = bar(self.source.batches(wanted), title, len(own), shown=show_bar)
        results, began = [], self.clock()
        for places, pixels in zip(batches, images):
            if self.done:
                break
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate * schedule(self.progress, self.warmup, self.decay)
            results.append(step(places, pixels))
            self.step += 1
            now = self.clock()
            self.seconds, began = broadcast(self.seconds + now - began), now
        self.epoch += 1
        entry = {"epoch": self.epoch, "seconds": round(self.seconds, 1), "progress": round(self.progress, 4)}
        self.history.append(entry | record(results, order))
        return self.history[-1]

    def state(self) -> dict[str, Any]:
        return {
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "epoch": self.epoch,
            "seconds": self.seconds,
            "history": self.history,
        }

    def load(self, state: dict[str, Any]) -> None:
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.epoch, self.seconds = state["step"], state["epoch"], state["seconds"]
        self.history = state["history"]


class Stage:
    """A stage after pretraining: a loop that is saved after each epoch and resumed where it was interrupted.

    Args:
        loop: its epochs.
        path: file for the state; None saves nothing.
        modules: what is trained or averaged, by name.
        rng: generator of the augmentation.
        settings: ``config`` of the checkpoint that the stage began with, which its state keeps.
    """

    def __init__(
        self, loop: Loop, path: Path | None, modules: dict[str, nn.Module], rng: torch.Generator, settings: dict[str, Any]
    ) -> None:
        self.loop, self.path, self.modules, self.rng, self.settings = loop, path, modules, rng, settings
        if path and path.exists():
            self.load(torch.load(path, map_location=rng.device, weights_only=True))

    def run(self, step: Step, record: Record, pair: Pair | None = None) -> None:
        """Runs the epochs that are left; see :meth:`Loop.run_epoch`.

        Args:
            pair: returns the ``partners`` of an epoch, given the generator behind its order.
        """
        while not self.loop.done:
            order, rng = self.loop.shuffle()
            entry = self.loop.run_epoch(order, step, record, pair and pair(rng))
            if self.path:
                save(self.state(), self.path)
            figures = (f"{key} {value:.4f}" for key, value in entry.items() if isinstance(value, float))
            print(f"{self.loop.name} {self.loop.epoch}/{self.loop.epochs}{self.loop.left()} ", *figures, flush=True)

    def state(self) -> dict[str, Any]:
        modules = {name: module.state_dict() for name, module in self.modules.items()}
        return self.loop.state() | {"modules": modules, "rng": self.rng.get_state(), "config": self.settings}

    def load(self, state: dict[str, Any]) -> None:
        self.loop.load(state)
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
        self.rng.set_state(state["rng"].cpu())
