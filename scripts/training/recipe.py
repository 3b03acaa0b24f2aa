"""The recipe: all settings of a training run, with their reasons, and the presets."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Config:
    """The whole recipe. Each field is a command-line option that overrides the value of the preset."""

    # The heads. `main_heads` of `classes` outputs, of which the one with the lowest loss is served, and over-clustering
    # heads, as multiples of `classes`, which make the features tell finer things apart.
    classes: int = 10
    # With `--classes auto`, the number of classes is chosen after pretraining (stages/count.py).
    auto_classes: bool = False
    main_heads: int = 3
    over: list[int] = field(default_factory=lambda: [2, 5, 10, 30])

    # The network.
    depth: int = 18
    width: int = 16
    stem: str = "cifar"
    size: int = 32
    hidden: int = 512
    dimensions: int = 128

    # The loss: Self-Classifier with the paper's temperatures and its nearest-neighbor queue (0: none), which starts after
    # a tenth of the schedule and must be well below the number of images; plus `contrast` times DCL on the embedding
    # (arXiv 2110.06848; 0: none), with which features improve several times as fast.
    tau_row: float = 0.1
    tau_col: float = 0.05
    queue: int = 0
    contrast: float = 1.0
    contrast_temperature: float = 0.1
    # After this fraction of the schedule (1: never) the second view shows, with probability `neighbor_rate`, a mutual
    # neighbor: an image among the `neighbor_pool` nearest that has this one among its own, by features that are renewed
    # every `neighbor_epochs`. Two views of one image cannot teach that two images show the same thing; neighbors that are
    # mostly right can (NNCLR, arXiv 2104.14548; ProPos, arXiv 2111.11821).
    neighbor_from: float = 1.0
    neighbor_pool: int = 5
    neighbor_rate: float = 0.5
    neighbor_epochs: int = 3

    # Images become squares of `stored_size` pixels (0: `size`), once, in a file that is mapped into memory (data/store.py),
    # unless they take more than `memory_gib`: then `workers` per process decode them as needed.
    stored_size: int = 0
    memory_gib: float = 8.0
    workers: int = 8

    # Views: two of full size give targets and predictions, `small_crops` only give predictions.
    crop_scale: list[float] = field(default_factory=lambda: [0.2, 1.0])
    solarize: float = 0.2
    blur: float = 0.0
    small_crops: int = 0
    small_size: int = 16
    # Views of `early_size` pixels for the first `early_part` of the schedule (0: none). They cost less, and since random
    # crops magnify, they show objects at the size that whole images have later. The last epochs at full size bring almost
    # a point of kNN (docs/experiments.md).
    early_size: int = 0
    early_part: float = 0.7

    # The schedule: linear warm-up, a plateau, and in its last fraction, `decay`, a cosine to 0 (1: no plateau). It ends
    # after `epochs` or `minutes` (0: no limit), whichever comes first. `batch` counts the images of all processes.
    # Muon updates matrices and kernels at `lr`, and Nesterov SGD the norms, biases and class weights at `rest_lr`.
    # LARS, which is stable at batches of thousands, and SGD update everything at `lr`. The network that is measured and
    # served is the running average of the weights over about 1 / (1 - `average`) steps.
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

    # Refinement: what spectral clusters of the graphs that tie each image to so many nearest neighbors agree on competes
    # with the heads of pretraining (none: leaves the stage out).
    graph_neighbors: list[int] = field(default_factory=lambda: [20, 50, 100])
    # Self-labeling of the whole network (0: none): `label_weight` times the cross-entropy with the labels that the network
    # gave the images, where `label_agreement` of the 20 nearest neighbors have the same. The rates are
    # those of pretraining. So as not to forget, the weights end in the middle between those before and after.
    label_epochs: int = 0
    label_agreement: float = 0.9
    label_weight: float = 1.0

    # Distillation: 0 epochs if the trained network itself is small enough to serve.
    student_epochs: int = 0
    student_depth: int = 18
    student_width: int = 32
    student_lr: float = 1e-3

    seed: int = 0
    compile: bool = False
    # Runs the network in bfloat16; parameters and losses stay float32.
    bf16: bool = True

    @property
    def stored(self) -> int:
        """Side of the stored squares in pixels."""
        return self.stored_size or self.size

    @property
    def view_size(self) -> int:
        """Side of the full-size views in pixels at the end of pretraining, and in refinement."""
        return self.early_size if self.early_size and self.early_part >= 1 else self.size

    @property
    def heads(self) -> list[int]:
        """Number of classes of each head; those of the wanted size come first."""
        return [self.classes] * self.main_heads + [self.classes * k for k in self.over]


PRESETS = {
    # For two cores with AVX512-BF16. The time limit ends pretraining. The trained network is small enough to be served itself.
    "cifar10-cpu": Config(
        width=32, early_size=24, early_part=0.7, neighbor_from=0.3, minutes=90, epochs=1000, decay=0.3, label_epochs=14,
    ),
    # For one H200: 18 minutes of pretraining; self-labeling and the student should take 10 more. Not run yet. Batch 1024
    # holds ten images per class of the head of 100.
    "cifar10-h200": Config(
        width=64, main_heads=4, over=[2, 3, 5, 10], hidden=2048, epochs=600, minutes=18, batch=1024,
        early_size=24, early_part=0.7, neighbor_from=0.3, decay=0.3, label_epochs=14, student_epochs=100, compile=True,
    ),
    # 200 classes at 64 pixels, for one H200: 25 minutes should be about 300 epochs. Not run yet. Batch 2048 holds ten
    # images per class of the heads of 200, and doubles the rate.
    "tiny-imagenet-h200": Config(
        classes=200, main_heads=4, over=[2, 4], width=64, stem="tiny", size=64, hidden=2048, epochs=300, minutes=25,
        batch=2048, student_epochs=60, compile=True,
    ),
    # The same for two cores and an hour and a half: smaller images (48 pixels, first in views of 32) for more epochs. A
    # batch of 512 would hold two images per class.
    "tiny-imagenet-cpu": Config(
        classes=200, over=[2, 4], stem="tiny", size=48, early_size=32, early_part=0.75, minutes=84, batch=1024,
    ),
    # For a folder of one's own images: thousands, not more, so smaller batches and many epochs. The network has the shape
    # of the shipped one and starts from it; at 64 pixels, behind another stem, its features were far less use. That of the
    # GPU preset is too large for the edge, and is distilled.
    "photos-cpu": Config(
        width=32, early_size=24, early_part=1.0, minutes=30, epochs=400, batch=256, rest_lr=0.12, neighbor_from=0.3,
        decay=0.5, label_epochs=14,
    ),
    "photos-gpu": Config(
        main_heads=4, over=[2, 3, 5, 10], width=64, stem="tiny", size=64, hidden=2048, minutes=15, epochs=800, batch=512,
        label_epochs=14, student_epochs=100, compile=True,
    ),
    # The setting of the paper. Not run at full length. From the paper: ResNet-50, the heads, the temperatures, LARS,
    # views of 2 x 224 + 6 x 96, the queue, 800 epochs. Our choices: the width of the projector, the size of the queue,
    # the augmentation, and, as is usual for LARS, batches of 4096 at a rate of 0.3 per 256 images, 10 epochs of warm-up
    # and a weight decay of 1e-6.
    "imagenet": Config(
        classes=1000, main_heads=1, over=[2, 4, 8], depth=50, width=64, stem="imagenet", size=224, hidden=2048,
        queue=65536, stored_size=256, crop_scale=[0.14, 1.0], blur=0.5, small_crops=6, small_size=96, epochs=800,
        batch=4096, optimizer="lars", lr=0.3 * 4096 / 256, warmup=10 / 800, weight_decay=1e-6,
        graph_neighbors=[],
    ),
}  # fmt: skip


# Settings of older checkpoints, by the names of that time.
RENAMED = {
    "solarise": "solarize",
}


def current_names(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a checkpoint under the names that :class:`Config` has now."""
    return {RENAMED.get(name, name): value for name, value in settings.items()}


# The least and the most that a setting may be, or each item of a list. The others may be anything from 0.
COUNT, POSITIVE, FRACTION, SIDE = (1, math.inf), (1e-6, math.inf), (0, 1), (8, math.inf)
LIMITS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("main_heads", "over", "width", "student_width", "epochs", "graph_neighbors"), COUNT),
    **dict.fromkeys(("neighbor_pool", "neighbor_epochs"), COUNT),
    **dict.fromkeys(("tau_row", "tau_col", "contrast_temperature"), POSITIVE),
    **dict.fromkeys(("neighbor_from", "neighbor_rate", "solarize", "blur", "early_part", "warmup", "decay"), FRACTION),
    **dict.fromkeys(("average", "label_agreement"), FRACTION),
    **dict.fromkeys(("size", "small_size"), SIDE),
    "crop_scale": (1e-3, 1),
    "dimensions": (2, math.inf),
    "batch": (2, math.inf),  # an image is told from others
    "seed": (0, 2**32 - 1),
}
DEPTHS = (10, 18, 34, 50)
CHOICES: dict[str, tuple] = {
    "depth": DEPTHS,
    "student_depth": DEPTHS,
    "stem": ("cifar", "tiny", "imagenet"),
    "optimizer": ("muon", "lars", "sgd"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds one command-line option per field of :class:`Config`."""
    parser.add_argument("--classes", type=_classes, help="number of classes, or auto: chosen after pretraining")
    for item in fields(Config):
        if item.name in ("classes", "auto_classes"):
            continue
        default = getattr(Config(), item.name)
        option = f"--{item.name.replace('_', '-')}"
        limits = LIMITS.get(item.name, (0, math.inf))
        if isinstance(default, bool):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=None)
        elif item.name in CHOICES:
            parser.add_argument(option, type=type(default), choices=CHOICES[item.name])
        elif item.name == "crop_scale":
            parser.add_argument(option, type=_number(float, *limits), nargs=2, metavar=("LEAST", "MOST"))
        elif isinstance(default, list):
            parser.add_argument(option, type=_number(int, *limits), nargs="*")
        else:
            parser.add_argument(option, type=_number(type(default), *limits))


def _number(kind: type[int] | type[float], least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most or value == math.inf:
            name, to = "a whole number" if kind is int else "a number", f" to {most:.12g}" if most < math.inf else ""
            raise argparse.ArgumentTypeError(f"expected {name} from {least:g}{to}, got {text!r}")
        return value

    return parse


def _classes(text: str) -> int | str:
    if text == "auto":
        return text
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"expected a number from 2, or auto, got {text!r}")
    return int(text)


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of :class:`Config` that were given on the command line."""
    given = {f.name: value for f in fields(Config) if (value := getattr(args, f.name, None)) is not None}
    if "classes" in given:
        given["auto_classes"] = given["classes"] == "auto"
        if given["auto_classes"]:
            del given["classes"]
    least, most = given.get("crop_scale", (0, 1))
    if least > most:
        raise SystemExit(f"--crop-scale: expected the smallest area before the largest, got {least:g} {most:g}")
    return given


def config_of(checkpoint: dict[str, Any]) -> Config:
    """The recipe of a checkpoint, of any age. Settings that it lacks get their defaults."""
    names = {f.name for f in fields(Config)}
    settings = current_names(checkpoint["config"])
    return Config(**{key: value for key, value in settings.items() if key in names})
