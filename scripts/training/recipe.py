"""The recipe: every setting of a training run with its reason, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, field


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

    # The loss: the paper's temperatures, and its nearest-neighbour queue (0: none), which starts after a tenth of the
    # schedule, when neighbours mean something. It must stay well below the number of images.
    tau_row: float = 0.1
    tau_col: float = 0.05
    queue: int = 16384

    # Views: two whole ones give targets and predictions, `small_crops` give predictions only.
    crop_scale: list[float] = field(default_factory=lambda: [0.2, 1.0])
    solarise: float = 0.2
    small_crops: int = 0
    small_size: int = 16
    # Crops of `early_size` pixels for the first `early_part` of the schedule (0: none). Random crops magnify, so
    # smaller crops show things at the size that whole images will, and cost less.
    early_size: int = 0
    early_part: float = 0.7

    # The schedule: linear warm-up, then cosine to 0. It ends after `epochs` or `minutes` (0: no clock), whichever
    # comes first, and the cosine follows that one.
    epochs: int = 60
    minutes: float = 0.0
    batch: int = 512
    lr: float = 0.25
    warmup: float = 0.05
    weight_decay: float = 5e-4

    seed: int = 0
    compile: bool = False

    @property
    def heads(self) -> list[int]:
        return [self.classes] * self.main_heads + [self.classes * k for k in self.over]


PRESETS = {
    # Two cores with AVX512-BF16. The clock ends it: 71 epochs in 107 minutes beside other work, ACC 46, kNN@20 67.
    "cifar10-cpu": Config(early_size=24, minutes=107, epochs=80),
    # For one H200 and 25 minutes; not run yet. Batch 1024 keeps ten images a class for the head of 100.
    "cifar10-h200": Config(
        width=64, main_heads=4, over=[2, 3, 5, 10], hidden=2048, epochs=600, minutes=25, batch=1024, lr=0.5,
        compile=True,
    ),
}  # fmt: skip
