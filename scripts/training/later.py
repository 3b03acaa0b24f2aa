"""The stages after pretraining: which checkpoint each reads and writes, and its command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from images import Folder, load_folder
from recipe import add_options, config_of, given_options
from stage import CHECKPOINTS, forget_later, last_checkpoint, save

Checkpoint = dict[str, Any]


@dataclass(frozen=True)
class LaterStage:
    """A stage that makes one checkpoint of another.

    Attributes:
        work: takes a checkpoint, the images, the device, and the file to keep the unfinished stage in.
        writes: name of its checkpoint in the folder of the run; it reads the last one before.
        epochs: the field of ``Config`` that leaves the stage out where it is 0.
    """

    work: Callable[[Checkpoint, Folder, torch.device, Path], Checkpoint]
    writes: str
    epochs: str

    def source(self, run: Path) -> Path:
        """The checkpoint that the stage reads."""
        return last_checkpoint(run, CHECKPOINTS[CHECKPOINTS.index(self.writes) + 1 :])

    def run(self, run: Path, folder: Folder, device: torch.device, changes: dict[str, Any] | None = None) -> None:
        """Runs the stage, or what is left of it; nothing where the recipe has no epochs for it.

        Args:
            changes: settings that replace the checkpoint's.
        """
        checkpoint = torch.load(self.source(run), map_location="cpu", weights_only=True)
        checkpoint["config"] |= changes or {}
        if getattr(config_of(checkpoint), self.epochs) == 0:
            return
        unfinished = run / f"{self.writes}.unfinished"
        save(self.work(checkpoint, folder, device, unfinished), run / self.writes)
        unfinished.unlink(missing_ok=True)
        forget_later(run, self.writes)

    def main(self, description: str, arguments: list[str]) -> None:
        """The stage as a command."""
        parser = argparse.ArgumentParser(description=description.split("\n\n")[0])
        parser.add_argument("--run", type=Path, required=True, help="folder of the checkpoints")
        parser.add_argument("--images", type=Path, help="folder of images (default: the checkpoint's)")
        parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
        add_options(parser)
        args = parser.parse_args(arguments)
        checkpoint = torch.load(self.source(args.run), map_location="cpu", weights_only=True)
        folder = load_folder(args.images or Path(checkpoint["images"]), config_of(checkpoint).stored)
        changes = given_options(args)
        if changes.get(self.epochs, getattr(config_of(checkpoint), self.epochs)) == 0:
            raise SystemExit(f"--{self.epochs.replace('_', '-')}: must be at least 1")
        self.run(args.run, folder, torch.device(args.device), changes)
