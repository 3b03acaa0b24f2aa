"""The recipe: every setting of a training run with its reason, and the presets."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Config:
    """The whole recipe. Every field is a command-line option that overrides the preset's value."""

    # What is learned. Of several heads of the wanted size the one of lowest loss is used; over-clustering heads,
    # as multiples of `classes`, give the features finer things to tell apart.
    classes: int = 10
    main_heads: int = 3
    over: list[int] = field(default_factory=lambda: [2, 5, 10, 30])

    # The network.
    depth: int = 18
    width: int = 16
    stem: str = "cifar"
    size: int = 32
    hidden: int = 512
    dimensions: int = 128

    # The loss: Self-Classifier with the paper's temperatures, and its nearest-neighbor queue (0: none), which starts
    # after a tenth of the schedule and must stay well below the number of images; plus `contrast` times DCL on the
    # embedding (arXiv 2110.06848), which makes features grow several times as fast. 0: none.
    tau_row: float = 0.1
    tau_col: float = 0.05
    queue: int = 0
    contrast: float = 1.0
    contrast_temperature: float = 0.1
    # From this part of the schedule on, the second view is often that of a neighbor: one of the `neighbor_pool` nearest
    # other images that have this one among theirs, by embeddings that are renewed every epoch (1: never). Views of one
    # image cannot say that two pictures show the same thing; neighbors that are mostly right can (NNCLR, arXiv
    # 2104.14548; ProPos, arXiv 2111.11821).
    neighbor_from: float = 1.0
    neighbor_pool: int = 10
    neighbor_rate: float = 0.5

    # Pictures become squares of `stored_size` pixels (0: `size`) and are held on the device, by each process, unless
    # they take more than `memory_gib`: then `workers` per process decode them as they are needed.
    stored_size: int = 0
    memory_gib: float = 8.0
    workers: int = 8

    # Views: two whole ones give targets and predictions, `small_crops` give predictions only.
    crop_scale: list[float] = field(default_factory=lambda: [0.2, 1.0])
    solarise: float = 0.2
    blur: float = 0.0
    small_crops: int = 0
    small_size: int = 16
    # Crops of `early_size` pixels for the first `early_part` of the schedule (0: none). Random crops magnify, so
    # smaller crops show things at the size that whole images will, and cost less.
    early_size: int = 0
    early_part: float = 0.7

    # The schedule: linear warm-up, a plateau, and in its last part, `decay`, a cosine to 0 (1: no plateau). It ends
    # after `epochs` or `minutes` (0: no clock), whichever comes first. `batch` is that of all processes together.
    # Muon takes matrices and kernels at `lr`, and Nesterov SGD the norms, biases and class weights at `rest_lr`;
    # LARS, which keeps batches of thousands stable, and SGD take all at `lr`. What is measured and served is the
    # running average of the weights, over some 1 / (1 - `average`) steps.
    epochs: int = 60
    minutes: float = 0.0
    batch: int = 512
    optimizer: str = "muon"
    lr: float = 0.03
    rest_lr: float = 0.25
    warmup: float = 0.02
    decay: float = 1.0
    weight_decay: float = 5e-4
    average: float = 0.998

    # Refinement (refine.py). Heads are learned anew on frozen features of `neighbour_views` views, each image paired
    # with one of its `neighbours`: seconds, so several runs, of which the lowest loss stays.
    neighbour_views: int = 4
    neighbours: int = 20
    neighbour_epochs: int = 15
    neighbour_runs: int = 4
    # Self-labelling of the whole network (0: none); about a tenth of the first learning rate, for it must not forget.
    label_epochs: int = 12
    label_confidence: float = 0.9
    label_momentum: float = 0.99
    label_lr: float = 0.03

    # The student (distill.py): 0 epochs where the trained network itself is small enough to serve.
    student_epochs: int = 0
    student_depth: int = 18
    student_width: int = 32
    student_lr: float = 1e-3

    seed: int = 0
    compile: bool = False
    # The network in bfloat16, parameters and loss in float32.
    bf16: bool = True

    @property
    def stored(self) -> int:
        """Side of the squares that pictures become, in pixels."""
        return self.stored_size or self.size

    @property
    def heads(self) -> list[int]:
        return [self.classes] * self.main_heads + [self.classes * k for k in self.over]


PRESETS = {
    # Two cores with AVX512-BF16. The clock ends it; the trained network is small enough to be served itself.
    "cifar10-cpu": Config(width=32, early_size=24, early_part=1.0, minutes=120, epochs=1000, decay=0.3, label_epochs=0),
    # For one H200 and 30 minutes, the last 10 for self-labelling and the student; not run yet. Batch 1024 keeps ten
    # images a class for the head of 100.
    "cifar10-h200": Config(
        width=64, main_heads=4, over=[2, 3, 5, 10], hidden=2048, epochs=600, minutes=18, batch=1024, lr=0.5,
        label_epochs=60, student_epochs=100, compile=True,
    ),
    # 200 classes at 64 pixels, for one H200: 25 minutes are to be about 300 epochs; not run yet. Batch 2048 keeps ten
    # images a class for the heads of 200, and doubles the rate. Self-labelling tends to hurt at 200 classes.
    "tiny-imagenet-h200": Config(
        classes=200, main_heads=4, over=[2, 4], width=64, stem="tiny", size=64, hidden=2048, epochs=300, minutes=25,
        batch=2048, lr=1.0, weight_decay=1e-4, label_epochs=0, student_epochs=60, compile=True,
    ),
    # The same on two cores in an hour and a half. A pixel costs what an epoch costs, so pictures of 48 pixels, first in
    # crops of 32; at 512 images a step, a batch would have two of a class.
    "tiny-imagenet-cpu": Config(
        classes=200, over=[2, 4], stem="tiny", size=48, early_size=32, early_part=0.75, minutes=84, batch=1024, lr=0.4,
        label_epochs=0,
    ),
    # One's own pictures: thousands, not more, so smaller batches, many passes, and more of them for the neighbour heads,
    # whose steps are as few. The network for the GPU is too large for the edge, and distilled.
    "photos-cpu": Config(
        stem="tiny", size=64, early_size=40, early_part=0.75, minutes=30, epochs=400, batch=256, lr=0.12,
        neighbour_epochs=60, label_epochs=0,
    ),
    "photos-gpu": Config(
        main_heads=4, over=[2, 3, 5, 10], width=64, stem="tiny", size=64, hidden=2048, minutes=15, epochs=800, batch=512,
        neighbour_epochs=60, label_epochs=0, student_epochs=100, compile=True,
    ),
    # The paper's setting; not run at full length. From the paper: ResNet-50, the heads, the temperatures, LARS,
    # 2 x 224 + 6 x 96 crops, the queue, 800 epochs. Ours: the projector's width, the size of the queue, the views but
    # for their sizes, and a batch of 4096 with a rate of 0.3 per 256, 10 epochs of warm-up and a decay of 1e-6, as is
    # usual for LARS.
    "imagenet": Config(
        classes=1000, main_heads=1, over=[2, 4, 8], depth=50, width=64, stem="imagenet", size=224, hidden=2048,
        queue=65536, stored_size=256, crop_scale=[0.14, 1.0], blur=0.5, small_crops=6, small_size=96, epochs=800,
        batch=4096, optimizer="lars", lr=0.3 * 4096 / 256, warmup=10 / 800, weight_decay=1e-6,
        neighbour_epochs=0,
    ),
}  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """One command-line option a field of :class:`Config`."""
    for item in fields(Config):
        default = getattr(Config(), item.name)
        option = f"--{item.name.replace('_', '-')}"
        if isinstance(default, bool):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=None)
        elif isinstance(default, list):
            parser.add_argument(option, type=float if item.name == "crop_scale" else int, nargs="*")
        else:
            parser.add_argument(option, type=type(default))


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of :class:`Config` that the command line gave."""
    return {f.name: value for f in fields(Config) if (value := getattr(args, f.name)) is not None}


def config_of(checkpoint: dict[str, Any]) -> Config:
    """The recipe of a checkpoint; settings that are newer than it have their defaults."""
    names = {f.name for f in fields(Config)}
    return Config(**{key: value for key, value in checkpoint["config"].items() if key in names})
