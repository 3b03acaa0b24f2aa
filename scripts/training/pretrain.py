"""Pretraining: one run of the Self-Classifier on a folder of images, epoch by epoch. ``train.py`` starts it."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from augment import augment
from distributed import agree, device_name, gather, parallel, rank, synchronise, world
from images import Files, Folder, Memory, Stream
from lars import LARS
from loss import contrastive_loss, self_classifier_loss
from metrics import training_accuracy
from muon import Muon
from neighbours import NeighbourQueue, draw_partners
from network import SelfClassifier, build, multiply_accumulates
from optimize import follow, parameter_groups, schedule
from recipe import Config


class Trainer:
    """A run: network, optimizer, queue, random state. One :meth:`epoch` after another until :attr:`done`."""

    def __init__(
        self,
        config: Config,
        folder: Folder | Files,
        device: torch.device,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device, self.clock = config, device, clock
        if isinstance(folder, Folder):
            self.source = Memory(folder, device)
        else:
            self.source = Stream(folder, config.stored, config.workers, device)
        self.labels, self.count = folder.labels, len(self.source)
        # Every process takes as many images of a batch as the others.
        self.batch = min(config.batch, self.count) // world() * world()
        if self.batch == 0:
            images = min(config.batch, self.count)
            raise ValueError(f"--batch: {images} images are too few for {world()} processes")
        network = build(dataclasses.asdict(config) | {"heads": config.heads})
        network.to(device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.network = synchronise(network)
        self.optimizer = make_optimizer(self.network, config)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.rng = torch.Generator(device)
        # The embedding of every image, averaged over its views of the last epochs: what neighbors are looked for in.
        self.bank = torch.zeros(self.count, config.dimensions, device=device) if config.neighbor_from < 1 else None
        self.queue = NeighbourQueue(config.queue, config.dimensions, device) if config.queue else None
        self.forward = parallel(torch.compile(self.network) if config.compile else self.network)
        self.step = self.done_epochs = 0
        self.seed_views()
        self.seconds = self.cost = 0.0
        self.macs = {size: multiply_accumulates(self.average, size) for size in {config.size, config.early_size, config.small_size} if size}
        self.history: list[dict[str, Any]] = []
        self.earlier: dict[str, Any] = {"epochs": 0, "seconds": 0.0, "history": []}

    def start_from(self, other: dict[str, Any]) -> None:
        """Takes the network of another run's checkpoint; its schedule is remembered and not gone on with."""
        self.network.load_state_dict(other["network"])
        self.average.load_state_dict(other["network"])
        before = other.get("earlier", self.earlier)
        self.earlier = {
            "epochs": before["epochs"] + other["epoch"],
            "seconds": before["seconds"] + other["seconds"],
            "history": before["history"] + other["history"],
        }

    @property
    def progress(self) -> float:
        """Part of the schedule that lies behind, 0 to 1."""
        steps = self.step / (self.config.epochs * (self.count // self.batch))
        clock = self.seconds / (60 * self.config.minutes) if self.config.minutes else 0.0
        return min(1.0, max(steps, clock))

    @property
    def done(self) -> bool:
        return self.progress >= 1

    def seed_views(self) -> None:
        """Random views that no other process has, nor this one at an earlier step."""
        self.rng.manual_seed(self.config.seed + 100_003 * rank() + 1_000_000_007 * self.step)

    @property
    def size(self) -> int:
        """Side of the views, in pixels."""
        early = self.config.early_size and self.progress < self.config.early_part
        return self.config.early_size if early else self.config.size

    def views(self, images: Tensor, partners: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """A whole view of every image, one of its partner (itself, or a neighbor), and the small crops."""
        config = self.config
        whole = [
            augment(source, self.size, tuple(config.crop_scale), self.rng, config.solarise * view, config.blur)
            for view, source in enumerate((images, partners))
        ]
        small = [
            augment(images, config.small_size, (0.05, config.crop_scale[0]), self.rng, blur=config.blur)
            for _ in range(config.small_crops)
        ]
        return whole, small

    def compare(self, whole: list[Tensor], small: list[Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The loss of views whose rows belong together, the loss of each head, the first head's class of every image
        and, last, the embeddings of the first view."""
        config = self.config
        # Views of one size go through the network together.
        groups = [self.embed(torch.cat(group)).split(len(group[0])) for group in (whole, small) if group]
        views = [view for group in groups for view in group]
        predictions = [self.network.logits(view) for view in views]
        targets = predictions[:2]
        if self.queue:
            if self.queue.filled and self.progress >= 0.1:
                targets = [self.network.logits(self.queue.nearest(view)) for view in views[:2]]
            self.queue.push(gather(views[0].detach()))
        by_head = self_classifier_loss(targets, predictions, config.tau_row, config.tau_col)
        loss = by_head.mean()
        if config.contrast:
            loss = loss + config.contrast * contrastive_loss(views[0], views[1], config.contrast_temperature)
        return loss, by_head.detach(), predictions[0][0].detach().argmax(1), views[0].detach()

    def embed(self, views: Tensor) -> Tensor:
        views = views.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.config.bf16):
            return self.forward(views)[1]

    def epoch(self, show_bar: bool = True) -> dict[str, Any]:
        """One pass over the images, in an order that depends on seed and epoch alone."""
        self.network.train()
        shuffle = torch.Generator().manual_seed(self.config.seed * 100_003 + self.done_epochs)
        order = torch.randperm(self.count, generator=shuffle)
        partners = self.partners(shuffle)
        batches = order[: len(order) // self.batch * self.batch].split(self.batch)
        own = [places.chunk(world())[rank()] for places in batches]
        losses, clusters, began = [], [], self.clock()
        title = f"epoch {self.done_epochs + 1}, {self.progress:.0%} of the training done"
        pairs = [torch.cat([places, partners[places]]) for places in own] if partners is not None else own
        bar = tqdm(self.source.batches(pairs), title, len(own), disable=not show_bar, mininterval=2, leave=False)
        for places, images in zip(batches, bar):
            if self.done:
                break
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate * schedule(self.progress, self.config.warmup, self.config.decay)
            images, others = images.chunk(2) if partners is not None else (images, images)
            self.cost += 3 * self.batch * (2 * self.macs[self.size] + self.config.small_crops * self.macs[self.config.small_size])
            loss, by_head, cluster, embeddings = self.compare(*self.views(images, others))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            # The average forgets its start as soon as there is something to average.
            follow(self.average, self.network, min(self.config.average, (1 + self.step) / (10 + self.step)))
            if self.bank is not None:
                self.bank[places.to(self.device)] += gather(embeddings)
            losses.append(by_head)
            clusters.append(cluster)
            self.step += 1
            now = self.clock()
            self.seconds, began = agree(self.seconds + now - began), now
        self.done_epochs += 1
        by_head = gather(torch.stack(losses).mean(0, keepdim=True)).mean(0)
        clusters = gather(torch.stack(clusters, 1)).T.flatten()  # in the order of the images
        entry = self.record(by_head.tolist(), clusters.cpu(), order)
        if partners is not None:
            paired = partners != torch.arange(self.count)
            entry["paired"] = paired.float().mean().item()
            if self.labels is not None:
                entry["pairs_right"] = (self.labels[partners] == self.labels)[paired].float().mean().item()
        return entry

    def partners(self, rng: torch.Generator) -> Tensor | None:
        """The image that gives the second view of each image, ``[N]``; None while that is always itself."""
        if self.bank is None or self.done_epochs < 2 or self.progress < self.config.neighbor_from:
            return None
        partners = draw_partners(self.bank, self.config.neighbor_pool, self.config.neighbor_rate, rng)
        self.bank *= 0.5  # the older half as much as the newer
        return partners

    def record(self, by_head: list[float], clusters: Tensor, order: Tensor) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "epoch": self.done_epochs,
            "seconds": round(self.seconds, 1),
            "progress": round(self.progress, 4),
            "cost": self.cost,
            "loss": sum(by_head) / len(by_head),
            "loss_heads": by_head,
            "classes_used": len(clusters.unique()),
            **training_accuracy(clusters, self.labels, order, self.config.classes),
        }
        self.history.append(entry)
        return entry

    def state(self) -> dict[str, Any]:
        """All that a run needs to go on, and all that evaluation and export need to know; all processes must call it."""
        return {
            "config": dataclasses.asdict(self.config) | {"heads": self.config.heads},
            "network": self.average.state_dict(),
            "learner": self.network.state_dict(),
            "bank": self.bank,
            "cost": self.cost,
            "optimizer": self.optimizer.state_dict(),
            "rng": gather(self.rng.get_state()[None]),
            "queue": (self.queue.rows, self.queue.next, self.queue.filled) if self.queue else None,
            "step": self.step,
            "epoch": self.done_epochs,
            "seconds": self.seconds,
            "history": self.history,
            "earlier": self.earlier,
            "count": self.count,
            "device": device_name(self.device),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.average.load_state_dict(state["network"])
        self.network.load_state_dict(state["learner"])
        if self.bank is not None and state["bank"] is not None:
            self.bank = state["bank"]
        self.cost = state["cost"]
        self.optimizer.load_state_dict(state["optimizer"])
        if self.queue:
            self.queue.rows, self.queue.next, self.queue.filled = state["queue"]
        self.step, self.done_epochs, self.seconds = state["step"], state["epoch"], state["seconds"]
        self.history, self.earlier = state["history"], state.get("earlier", self.earlier)
        states = torch.atleast_2d(state["rng"].cpu())  # one for each process
        if len(states) == world():
            self.rng.set_state(states[rank()].clone())
        else:
            self.seed_views()


def make_optimizer(network: SelfClassifier, config: Config) -> torch.optim.Optimizer:
    """The optimizer of a recipe: each group of parameters with its own learning rate."""
    matrices, rest = parameter_groups(network, config.weight_decay)
    if config.optimizer == "muon":
        return Muon([matrices | {"muon": True}, rest | {"lr": config.rest_lr, "momentum": 0.9}], config.lr)
    if config.optimizer == "lars":
        return LARS([matrices, rest], lr=config.lr, momentum=0.9)
    if config.optimizer == "sgd":
        return torch.optim.SGD([matrices, rest], lr=config.lr, momentum=0.9, nesterov=True)
    raise ValueError(f"--optimizer: muon, sgd or lars, not {config.optimizer!r}")
