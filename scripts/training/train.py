"""Trains a Self-Classifier from scratch on a folder of images, without labels.

    python scripts/training/train.py --images DIR --preset cifar10-cpu --run runs/cifar10
    python scripts/training/train.py --run runs/cifar10 --resume

Class folders below DIR are used to print an accuracy while training, never to train. The checkpoint
(``RUN/checkpoint.pt``) is written after every epoch, and a resumed run ends with the same weights as one that was
never interrupted. ``evaluate.py`` measures it, ``export.py`` turns it into a model that the server loads.

Seen with ``cifar10-cpu``: ACC 46.2, NMI 39.4, kNN@20 66.8, linear probe 70.5 % (features) on 5,000 test images after
107 minutes on two CPU cores with AVX512-BF16.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from augment import augment
from images import Folder, load_folder
from loss import self_classifier_loss
from metrics import hungarian_accuracy
from network import build
from recipe import PRESETS, Config


def learning_rate(progress: float, config: Config) -> float:
    """Linear warm-up to ``config.lr``, then cosine to 0; ``progress`` runs from 0 to 1."""
    if progress < config.warmup:
        return config.lr * progress / config.warmup
    return config.lr * 0.5 * (1 + math.cos(math.pi * (progress - config.warmup) / (1 - config.warmup)))


class NeighbourQueue:
    """Earlier embeddings, first in first out: ``[size, D]`` on the device.

    Replacing a view by its nearest earlier embedding gives targets that say what is alike, beyond what the
    augmentations can say (NNCLR, arXiv 2104.14548; Self-Classifier, section 3.4).
    """

    def __init__(self, size: int, dimensions: int, device: torch.device) -> None:
        self.rows = torch.zeros(size, dimensions, device=device)
        self.next = 0
        self.filled = False

    @torch.no_grad()
    def nearest(self, embedding: Tensor) -> Tensor:
        """The most similar earlier embedding of each row, ``[N, D]``."""
        return self.rows[(embedding.detach() @ self.rows.T).argmax(1)]

    @torch.no_grad()
    def push(self, embedding: Tensor) -> None:
        places = torch.arange(self.next, self.next + len(embedding), device=self.rows.device) % len(self.rows)
        self.rows[places] = embedding.detach()
        self.filled = self.filled or self.next + len(embedding) >= len(self.rows)
        self.next = (self.next + len(embedding)) % len(self.rows)


class Trainer:
    """A run: network, optimizer, queue, random state. One :meth:`epoch` after another until :attr:`done`."""

    def __init__(
        self,
        config: Config,
        folder: Folder,
        device: torch.device,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device, self.clock = config, device, clock
        self.pixels = folder.pixels.to(device)
        self.labels = folder.labels
        self.batch = min(config.batch, len(self.pixels))
        self.network = build(dataclasses.asdict(config) | {"heads": config.heads})
        self.network.to(device, memory_format=torch.channels_last)
        decayed = [p for p in self.network.backbone.parameters() if p.ndim > 1]
        decayed += [p for p in self.network.projector.parameters() if p.ndim > 1]
        # Biases and norms are not decayed; the class weights are normalised, so decay would mean nothing.
        rest = [p for p in self.network.parameters() if all(p is not q for q in decayed)]
        self.optimizer = torch.optim.SGD(
            [{"params": decayed, "weight_decay": config.weight_decay}, {"params": rest}],
            lr=config.lr,
            momentum=0.9,
            nesterov=True,
        )
        self.rng = torch.Generator(device).manual_seed(config.seed)
        self.queue = NeighbourQueue(config.queue, config.dimensions, device) if config.queue else None
        self.forward = torch.compile(self.network) if config.compile else self.network
        self.step = self.done_epochs = 0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []

    @property
    def progress(self) -> float:
        """Part of the schedule that lies behind, 0 to 1."""
        steps = self.step / (self.config.epochs * (len(self.pixels) // self.batch))
        clock = self.seconds / (60 * self.config.minutes) if self.config.minutes else 0.0
        return min(1.0, max(steps, clock))

    @property
    def done(self) -> bool:
        return self.progress >= 1

    def loss(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss of one batch, the loss of each head, and the first head's class of every image."""
        config, n = self.config, len(images)
        early = config.early_size and self.progress < config.early_part
        size = config.early_size if early else config.size
        whole = [
            augment(images, size, tuple(config.crop_scale), self.rng, config.solarise * view) for view in range(2)
        ]
        small = [
            augment(images, config.small_size, (0.05, config.crop_scale[0]), self.rng)
            for _ in range(config.small_crops)
        ]
        views = [self.embed(torch.cat(group)).split(n) for group in (whole, small) if group]
        views = [view for group in views for view in group]
        predictions = [self.network.logits(view) for view in views]
        targets = predictions[:2]
        if self.queue:
            if self.queue.filled and self.progress >= 0.1:
                targets = [self.network.logits(self.queue.nearest(view)) for view in views[:2]]
            self.queue.push(views[0])
        by_head = torch.stack(
            [
                self_classifier_loss([[t[h]] for t in targets], [[p[h]] for p in predictions], config.tau_row, config.tau_col)
                for h in range(len(config.heads))
            ]
        )  # fmt: skip
        return by_head.mean(), by_head.detach(), predictions[0][0].detach().argmax(1)

    def embed(self, views: Tensor) -> Tensor:
        views = views.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            return self.forward(views)[1]

    def epoch(self, show_bar: bool = True) -> dict[str, Any]:
        """One pass over the images, in an order that depends on seed and epoch alone."""
        self.network.train()
        shuffle = torch.Generator().manual_seed(self.config.seed * 100_003 + self.done_epochs)
        order = torch.randperm(len(self.pixels), generator=shuffle)
        batches = order[: len(order) // self.batch * self.batch].split(self.batch)
        losses, clusters, began = [], [], self.clock()
        bar = tqdm(batches, f"epoch {self.done_epochs + 1}", disable=not show_bar, mininterval=2, leave=False)
        for places in bar:
            if self.done:
                break
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.progress, self.config)
            loss, by_head, cluster = self.loss(self.pixels[places.to(self.device)])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            losses.append(by_head)
            clusters.append(cluster)
            self.step += 1
            now = self.clock()
            self.seconds, began = self.seconds + now - began, now
        self.done_epochs += 1
        return self.record(torch.stack(losses).mean(0).tolist(), torch.cat(clusters).cpu(), order)

    def record(self, by_head: list[float], clusters: Tensor, order: Tensor) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "epoch": self.done_epochs,
            "seconds": round(self.seconds, 1),
            "progress": round(self.progress, 4),
            "loss": sum(by_head) / len(by_head),
            "loss_heads": by_head,
            "classes_used": len(clusters.unique()),
        }
        if self.labels is not None and int(self.labels.max()) < self.config.classes:
            labels = self.labels[order[: len(clusters)]]
            entry["train_acc"] = hungarian_accuracy(clusters.numpy(), labels.numpy())
        self.history.append(entry)
        return entry

    def state(self) -> dict[str, Any]:
        """All that a run needs to go on, and all that evaluation and export need to know."""
        return {
            "config": dataclasses.asdict(self.config) | {"heads": self.config.heads},
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": self.rng.get_state(),
            "queue": (self.queue.rows, self.queue.next, self.queue.filled) if self.queue else None,
            "step": self.step,
            "epoch": self.done_epochs,
            "seconds": self.seconds,
            "history": self.history,
            "count": len(self.pixels),
            "device": device_name(self.device),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.set_state(state["rng"].cpu())
        if self.queue:
            self.queue.rows, self.queue.next, self.queue.filled = state["queue"]
        self.step, self.done_epochs, self.seconds = state["step"], state["epoch"], state["seconds"]
        self.history = state["history"]


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"{os.cpu_count()} CPU cores"


def save(state: dict[str, Any], path: Path) -> None:
    """Writes beside the file and renames, so that a crash leaves the last whole checkpoint."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--images", type=Path, help="folder of images, with or without class folders")
    parser.add_argument("--run", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="cifar10-cpu")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --run; options given again replace its own")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    for item in dataclasses.fields(Config):
        kind = type(getattr(Config(), item.name))
        option = f"--{item.name.replace('_', '-')}"
        if kind is bool:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=None)
        elif kind is list:
            parser.add_argument(option, type=float if item.name == "crop_scale" else int, nargs="*")
        else:
            parser.add_argument(option, type=kind)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    args = parse(arguments)
    path = args.run / "checkpoint.pt"
    if args.resume:
        saved = torch.load(path, map_location=args.device, weights_only=True)
        images, preset = args.images or Path(saved["images"]), saved["preset"]
        config = Config(**{k: v for k, v in saved["config"].items() if k != "heads"})
    elif args.images is None:
        raise SystemExit("--images: name a folder of images, or --resume a run")
    else:
        saved, images, preset, config = None, args.images, args.preset, PRESETS[args.preset]
    given = {f.name: getattr(args, f.name) for f in dataclasses.fields(Config)}
    config = dataclasses.replace(config, **{k: v for k, v in given.items() if v is not None})
    folder = load_folder(images, config.size)
    if config.queue > len(folder.pixels) // 2:
        config = dataclasses.replace(config, queue=len(folder.pixels) // 3)
    print(f"{len(folder.pixels)} images, {config.heads} classes, {device_name(torch.device(args.device))}")
    if len(folder.pixels) < 100 * config.classes:
        print(f"warning: {len(folder.pixels)} images are few for {config.classes} classes; expect them to be arbitrary")
    if config.batch < 10 * config.classes:
        print(f"warning: --batch {config.batch} is below ten images a class; the uniform prior will not hold in a batch")
    trainer = Trainer(config, folder, torch.device(args.device))
    if saved:
        trainer.load(saved)
    args.run.mkdir(parents=True, exist_ok=True)
    while not trainer.done:
        entry = trainer.epoch(show_bar=sys.stderr.isatty())
        save(trainer.state() | {"images": str(images), "preset": preset}, path)
        accuracy = f"  train ACC {entry['train_acc']:.3f}" if "train_acc" in entry else ""
        print(
            f"epoch {entry['epoch']:4d}  {entry['progress']:6.1%}  {entry['seconds']:7.0f} s  loss {entry['loss']:.4f}"
            f"  main {entry['loss_heads'][0]:.4f} (collapse {math.log(config.classes):.4f})"
            f"  classes {entry['classes_used']}{accuracy}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
