"""The stages after pretraining: which checkpoint each reads and writes, and its command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training.data.images import Folder, list_folder
from training.data.store import read_once
from training.recipe import add_options, config_of, given_options
from training.stages.checkpoint import CHECKPOINTS, Checkpoint, forget_later, last_checkpoint, read, save


@dataclass(frozen=True)
class LaterStage:
    """A stage that turns one checkpoint of a run into another.

    Attributes:
        work: takes a checkpoint, the images, the device, and a file for the state of the unfinished stage.
        writes: name of the new checkpoint. The stage reads the last one that comes before it.
        setting: the field of ``Config`` that leaves the stage out if it is 0 or empty.
    """

    work: Callable[[Checkpoint, Folder, torch.device, Path], Checkpoint]
    writes: str
    setting: str

    def source(self, run: Path) -> Path:
        """The checkpoint that the stage reads."""
        return last_checkpoint(run, CHECKPOINTS[CHECKPOINTS.index(self.writes) + 1 :])

    def run(
        self,
        run: Path,
        folder: Folder,
        device: torch.device,
        changes: dict[str, Any] | None = None,
        resume: bool = False,
    ) -> bool:
        """Runs the stage, or goes on with it if it began with the same settings. Does nothing if the recipe leaves it out.

        Args:
            changes: settings that replace those of the checkpoint.
            resume: goes on with the settings that the stage began with, if ``changes`` are among them. Does nothing if the
                stage is done, with these settings.

        Returns:
            Whether there is a new checkpoint.
        """
        checkpoint, changes = read(self.source(run)), changes or {}
        done, unfinished = run / self.writes, run / f"{self.writes}.unfinished"
        settings, goes_on = checkpoint["config"] | changes, False
        if unfinished.exists():
            state = torch.load(unfinished, map_location="cpu", weights_only=True)
            begun = state.get("config", checkpoint["config"])  # older states have none
            goes_on = changes.items() <= begun.items() if resume else begun == settings
            settings = begun if goes_on else settings
        checkpoint["config"] = settings
        if not getattr(config_of(checkpoint), self.setting):
            return False
        if resume and not goes_on and done.exists() and changes.items() <= read(done)["config"].items():
            return False
        if not goes_on:
            unfinished.unlink(missing_ok=True)
        save(self.work(checkpoint, folder, device, unfinished), done)
        unfinished.unlink(missing_ok=True)
        forget_later(run, self.writes)
        return True

    def main(self, command: str, description: str, arguments: list[str]) -> None:
        """The stage as a command."""
        parser = argparse.ArgumentParser(prog=command, description=description)
        parser.add_argument("--run", type=Path, required=True, help="folder of the checkpoints")
        parser.add_argument("--images", type=Path, help="folder of images (default: that of the checkpoint)")
        parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
        add_options(parser)
        args = parser.parse_args(arguments)
        checkpoint = read(self.source(args.run))
        changes = given_options(args)
        if not changes.get(self.setting, getattr(config_of(checkpoint), self.setting)):
            raise SystemExit(f"--{self.setting.replace('_', '-')}: expected at least 1, got none")
        files = list_folder(args.images or Path(checkpoint["images"]))
        folder = read_once(files, config_of(checkpoint).stored, args.run)
        self.run(args.run, folder, torch.device(args.device), changes)
