"""Pretraining: the Self-Classifier and the contrastive loss on a folder of images, epoch by epoch."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from training.data.images import Files, Folder, Memory, Stream
from training.data.neighbors import NeighborQueue, draw_partners, nearest_neighbors
from training.nn.augment import augment
from training.nn.distributed import device_name, gather, parallel, rank, synchronize, world
from training.nn.loss import contrastive_loss, self_classifier_loss
from training.nn.network import build, multiply_accumulates
from training.nn.optimize import make_optimizer, update_average
from training.nn.precision import half
from training.recipe import Config
from training.report.metrics import training_accuracy
from training.stages.checkpoint import Checkpoint, as_trained
from training.stages.embedding import neighbor_space
from training.stages.loop import Loop


class Trainer:
    """A pretraining run: network, average, optimizer, queue and random state. Call :meth:`epoch` until :attr:`done`."""

    def __init__(
        self,
        config: Config,
        folder: Folder | Files,
        device: torch.device,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device, self.labels = config, device, folder.labels
        if isinstance(folder, Folder):
            source = Memory(folder, device)
        else:
            source = Stream(folder, config.stored, config.workers, device)
        network = build(dataclasses.asdict(config) | {"heads": config.heads})
        network.to(device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.network = synchronize(network)
        self.loop = Loop(
            "epoch",
            make_optimizer(config.optimizer, self.network, config.lr, config.rest_lr, config.weight_decay),
            source,
            config.batch,
            config.epochs,
            minutes=config.minutes,
            warmup=config.warmup,
            decay=config.decay,
            seed=config.seed,
            clock=clock,
        )
        # Each whole image as the averaged network sees it, in the space in which partners are looked up.
        self.bank: Tensor | None = None
        self.queue = NeighborQueue(config.queue, config.dimensions, device) if config.queue else None
        self.forward = parallel(torch.compile(self.network) if config.compile else self.network)
        self.rng = torch.Generator(device)
        self.seed_views()
        self.cost = 0.0
        sizes = {config.size, config.early_size, config.small_size} - {0}
        self.macs = {size: multiply_accumulates(self.average, size) for size in sizes}
        self.init: dict[str, Any] | None = None
        self.earlier: dict[str, Any] = {"epochs": 0, "seconds": 0.0, "cost": 0.0, "history": []}

    def start_from(self, other: Checkpoint) -> None:
        """Starts with the network of another run, whose history is kept as ``earlier``, or of a model (``init``).

        Raises:
            ValueError: if the backbones differ. Projector and heads of another shape stay random.
        """
        mine = self.network.state_dict()
        theirs = as_trained(other)["network"]
        fits = {name: value for name, value in theirs.items() if name in mine and value.shape == mine[name].shape}
        backbone = {name for name in {**mine, **theirs} if name.startswith("backbone.")}
        if not backbone <= fits.keys():
            shape = ", ".join(f"--{key} {other['config'][key]}" for key in ("depth", "width", "stem"))
            raise ValueError(f"--init: the backbone there has another shape; train with {shape}, or with --init none")
        for network in (self.network, self.average):
            network.load_state_dict(fits, strict=False)
        self.init = other.get("init")
        if "history" not in other:
            return
        before = other.get("earlier", self.earlier)
        self.earlier = {
            "epochs": before["epochs"] + other["epoch"],
            "seconds": before["seconds"] + other["seconds"],
            "cost": before.get("cost", 0.0) + other.get("cost", 0.0),
            "history": before["history"] + other["history"],
        }

    @property
    def done(self) -> bool:
        return self.loop.done

    def seed_views(self) -> None:
        """Seeds the augmentation differently for each process and step."""
        self.rng.manual_seed(self.config.seed + 100_003 * rank() + 1_000_000_007 * self.loop.step)

    @property
    def size(self) -> int:
        """Side of the full-size views in pixels, at this point of the schedule."""
        early = self.config.early_size and self.loop.progress < self.config.early_part
        return self.config.early_size if early else self.config.size

    def views(self, images: Tensor, partners: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """One full-size view of each image, one of its partner (itself or a neighbor), and the small crops."""
        config = self.config
        whole = [
            augment(source, self.size, tuple(config.crop_scale), self.rng, config.solarize * view, config.blur)
            for view, source in enumerate((images, partners))
        ]
        small = [
            augment(images, config.small_size, (0.05, config.crop_scale[0]), self.rng, blur=config.blur)
            for _ in range(config.small_crops)
        ]
        return whole, small

    def compare(self, whole: list[Tensor], small: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Compares views whose rows belong together.

        Returns:
            The loss, the loss of each head, and the class of each image by the first head.
        """
        config = self.config
        # Views of the same size go through the network in one batch.
        groups = [self.embed(torch.cat(group)).split(len(group[0])) for group in (whole, small) if group]
        views = [view for group in groups for view in group]
        predictions = [self.network.logits(view) for view in views]
        targets = predictions[:2]
        if self.queue:
            if self.queue.filled and self.loop.progress >= 0.1:
                targets = [self.network.logits(self.queue.nearest(view)) for view in views[:2]]
            self.queue.push(gather(views[0].detach()))
        by_head = self_classifier_loss(targets, predictions, config.tau_row, config.tau_col)
        loss = by_head.mean()
        if config.contrast:
            loss = loss + config.contrast * contrastive_loss(views[0], views[1], config.contrast_temperature)
        return loss, by_head.detach(), predictions[0][0].detach().argmax(1)

    def embed(self, views: Tensor) -> Tensor:
        """Unit embeddings of views, with gradients."""
        views = views.contiguous(memory_format=torch.channels_last)
        with half(self.device, self.config.bf16):
            return self.forward(views)[1]

    def update(self, images: Tensor, partners: Tensor) -> tuple[Tensor, Tensor]:
        """One step. Returns the loss of each head and the class of each image."""
        config = self.config
        macs = 2 * self.macs[self.size] + config.small_crops * self.macs[config.small_size]
        self.cost += 3 * self.loop.batch * macs  # the backward pass costs two forward passes
        loss, by_head, clusters = self.compare(*self.views(images, partners))
        self.loop.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.loop.optimizer.step()
        # A lower momentum at first: the average should not remember the random initialization.
        step = self.loop.step
        update_average(self.average, self.network, min(config.average, (1 + step) / (10 + step)))
        return by_head, clusters

    def epoch(self, show_bar: bool = True) -> dict[str, Any]:
        """One pass over the images. Returns its entry of the history."""
        self.network.train()
        order, rng = self.loop.shuffle()
        partners = self.partners(rng)

        def step(_: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
            return self.update(*(images.chunk(2) if partners is not None else (images, images)))

        def record(results: list[tuple[Tensor, Tensor]], order: Tensor) -> dict[str, Any]:
            losses, clusters = (torch.stack(part) for part in zip(*results, strict=True))
            by_head = gather(losses.mean(0, keepdim=True)).mean(0).tolist()
            clusters = gather(clusters.T).T.flatten().cpu()  # in the order of the images
            return self.figures(by_head, clusters, order) | self.pairs(partners)

        return self.loop.run_epoch(order, step, record, partners, show_bar)

    def partners(self, rng: torch.Generator) -> Tensor | None:
        """The image that the second view of each image shows, ``[N]``; None while that is the image itself."""
        if self.loop.progress < self.config.neighbor_from:
            return None
        if self.bank is None or self.loop.epoch % self.config.neighbor_epochs == 0:
            self.bank = neighbor_space(self.encode())
        nearest = nearest_neighbors(self.bank[None], min(self.config.neighbor_pool, len(self.bank) - 1))
        return draw_partners(nearest.cpu(), self.config.neighbor_rate, rng)

    @torch.no_grad()
    def encode(self) -> Tensor:
        """The features ``[N, F]`` of each whole image by the averaged network."""
        parts = []
        for images in self.loop.source.batches(torch.arange(len(self.loop.source)).split(500)):
            images = images.float().contiguous(memory_format=torch.channels_last)
            with half(self.device, self.config.bf16):
                parts.append(self.average(images)[0].float())
        self.cost += len(self.loop.source) * self.macs[self.config.size]
        return torch.cat(parts)

    def figures(self, by_head: list[float], clusters: Tensor, order: Tensor) -> dict[str, Any]:
        """What the history says of an epoch."""
        return {
            "cost": self.cost,
            "loss": sum(by_head) / len(by_head),
            "loss_heads": by_head,
            "classes_used": len(clusters.unique()),
            **training_accuracy(clusters, self.labels, order, self.config.classes),
        }

    def pairs(self, partners: Tensor | None) -> dict[str, float]:
        """Fraction of the images that had a partner, and, with labels, of the partners of the same label."""
        if partners is None:
            return {}
        paired = partners != torch.arange(len(partners))
        entry = {"paired": paired.float().mean().item()}
        if self.labels is not None:
            entry["pairs_right"] = (self.labels[partners] == self.labels)[paired].float().mean().item()
        return entry

    def state(self) -> Checkpoint:
        """The checkpoint: all that resuming, evaluation and export need. All processes must call it."""
        return self.loop.state() | {
            "config": dataclasses.asdict(self.config) | {"heads": self.config.heads},
            "network": self.average.state_dict(),
            "learner": self.network.state_dict(),
            "bank": self.bank,
            "cost": self.cost,
            "rng": gather(self.rng.get_state()[None]),
            "queue": (self.queue.rows, self.queue.next, self.queue.filled) if self.queue else None,
            "earlier": self.earlier,
            "init": self.init,
            "count": len(self.loop.source),
            "device": device_name(self.device),
            "threads": world() * torch.get_num_threads() if self.device.type == "cpu" else 0,
        }

    def load(self, state: Checkpoint) -> None:
        """Restores a checkpoint of :meth:`state`."""
        self.loop.load(state)
        self.average.load_state_dict(state["network"])
        self.network.load_state_dict(state["learner"])
        self.bank = state["bank"]
        self.cost, self.earlier = state["cost"], state.get("earlier", self.earlier)
        self.init = state.get("init")
        if self.queue:
            self.queue.rows, self.queue.next, self.queue.filled = state["queue"]
        states = torch.atleast_2d(state["rng"].cpu())  # one per process
        if len(states) == world():
            self.rng.set_state(states[rank()].clone())
        else:
            self.seed_views()
