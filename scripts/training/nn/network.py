"""The network: a residual backbone, a projector onto the unit sphere, and several cosine classifiers.

Self-Classifier (Amrani, Karlinsky, Bronstein, ECCV 2022, arXiv 2103.10994), section 3. The backbones are those of He
et al. (CVPR 2016), with the usual stems for images of 32 and 64 pixels. All convolutions are dense (3x3, and 1x1 from
50 layers on): dense ones lose less to int8 and run faster on WASM SIMD than depthwise ones.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Of pixels in 0..255. One mean and one scale for all channels and data sets keep the exported graph simple.
PIXEL_MEAN, PIXEL_STD = 118.0, 64.0

# Blocks in each of the four stages, by depth. Networks of 50 layers are built of bottlenecks.
BLOCKS = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}

# (kernel, stride, max-pool) of the stem.
STEMS = {"cifar": (3, 1, False), "tiny": (3, 1, True), "imagenet": (7, 2, True)}


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """The skip connection of a block: the identity, or a 1x1 convolution where the shape changes."""
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """Two 3x3 convolutions and a skip connection."""

    expansion = 1

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Bottleneck(nn.Module):
    """A 3x3 convolution on a quarter of the channels, between two 1x1 convolutions, and a skip connection."""

    expansion = 4

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        inner = outputs // self.expansion
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.shortcut = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return F.relu(self.bn3(self.conv3(y)) + self.shortcut(x))


class ResNet(nn.Module):
    """Maps images ``[N, 3, H, W]`` to features ``[N, 8 * width]`` (``[N, 32 * width]`` with bottlenecks)."""

    def __init__(self, depth: int, width: int, stem: str) -> None:
        super().__init__()
        kernel, stride, pool = STEMS[stem]
        layers: list[nn.Module] = [
            nn.Conv2d(3, width, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        if pool:
            layers.append(nn.MaxPool2d(3, 2, 1))
        block = Bottleneck if depth >= 50 else Block
        inputs = width
        for stage, count in enumerate(BLOCKS[depth]):
            for i in range(count):
                outputs = (width << stage) * block.expansion
                layers.append(block(inputs, outputs, 2 if stage > 0 and i == 0 else 1))
                inputs = outputs
        self.layers = nn.Sequential(*layers)
        self.features = inputs

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).mean((2, 3))


class SelfClassifier(nn.Module):
    """Backbone, projector and classifier heads.

    Args:
        depth: 10, 18, 34 or 50 layers.
        width: channels of the first stage's 3x3 convolutions; the last has eight times as many.
        stem: ``cifar`` (32 px), ``tiny`` (64 px) or ``imagenet`` (224 px).
        hidden: width of the projector's hidden layer (0: the projector is one linear map).
        dimensions: length of the embedding.
        heads: number of classes of each classifier.
    """

    def __init__(
        self, depth: int, width: int, stem: str, hidden: int, dimensions: int, heads: list[int]
    ) -> None:
        super().__init__()
        self.backbone = ResNet(depth, width, stem)
        self.projector = nn.Linear(self.backbone.features, dimensions)
        if hidden:
            self.projector = nn.Sequential(
                nn.Linear(self.backbone.features, hidden, bias=False),
                nn.BatchNorm1d(hidden),
                nn.LeakyReLU(0.1),
                nn.Linear(hidden, dimensions),
            )
        self.heads = nn.ParameterList(nn.Parameter(torch.randn(c, dimensions)) for c in heads)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, Block):
                nn.init.zeros_(module.bn2.weight)  # each block starts as the identity
            elif isinstance(module, Bottleneck):
                nn.init.zeros_(module.bn3.weight)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Maps pixels ``[N, 3, H, W]`` in 0..255 to features ``[N, F]`` and unit embeddings ``[N, D]`` (float32)."""
        features = self.backbone((pixels - PIXEL_MEAN) / PIXEL_STD)
        return features, F.normalize(self.projector(features).float(), dim=1)

    def logits(self, embedding: Tensor) -> list[Tensor]:
        """Cosines of unit embeddings ``[N, D]`` and the unit class weights of each head: ``[N, C]`` per head.

        The gain of the weight normalization is frozen at 1, as in the paper.
        """
        return [embedding @ F.normalize(head, dim=1).T for head in self.heads]


def build(config: dict[str, Any]) -> SelfClassifier:
    """Builds the network that the ``config`` of a checkpoint describes, with random weights."""
    keys = ("depth", "width", "stem", "hidden", "dimensions", "heads")
    # Refinement replaces the projector, and leaves the recipe as it was.
    shape = config | ({"hidden": 0} if config.get("linear") else {})
    return SelfClassifier(**{key: shape[key] for key in keys})


def spread(weight: Tensor) -> Tensor:
    """Root mean square of the singular values of a kernel or matrix."""
    matrix = weight.flatten(1)
    return matrix.norm() / min(matrix.shape) ** 0.5


def multiply_accumulates(network: SelfClassifier, size: int) -> int:
    """Multiply-accumulates of one forward pass of one ``size`` x ``size`` image, without the heads."""
    total = 0

    def count(module: nn.Module, _: Any, output: Tensor) -> None:
        nonlocal total
        total += output[0].numel() * module.weight[0].numel()

    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    training = network.training
    with torch.no_grad():
        network.eval()(torch.zeros(1, 3, size, size, device=next(network.parameters()).device))
    network.train(training)
    for hook in hooks:
        hook.remove()
    return total


@torch.no_grad()
def encode(network: SelfClassifier, pixels: Tensor, batch: int = 500) -> tuple[Tensor, Tensor]:
    """Encodes uint8 images ``[N, 3, H, W]`` batch by batch.

    Returns:
        Features ``[N, F]`` and unit embeddings ``[N, D]``, float32 on the CPU.
    """
    device = next(network.parameters()).device
    parts = [[out.float().cpu() for out in network(part.to(device).float())] for part in pixels.split(batch)]
    features, embeddings = zip(*parts, strict=True)
    return torch.cat(features), torch.cat(embeddings)
