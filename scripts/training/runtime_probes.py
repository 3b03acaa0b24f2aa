"""Writes small networks of all shapes that the recipes allow, which show what of onnxruntime-web they use.

    npm run model -- runtime-probes --out scripts/build/runtime/probes

They are narrow, and their synthetic weights repeat, so that each file compresses to a few kB. Their answers are
meaningless.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
from pathlib import Path

import torch

from training.model.onnx_files import Deployment, write_fp16, write_fp32, write_int8
from training.nn.network import SelfClassifier

# depth, width, stem, size in pixels, hidden (0: a linear embedding), dimensions, classes, and whether batch norm has a
# bias, as trained networks do. One probe per kind of block, stem and embedding, with channel counts that are and are not
# multiples of the vector width of the kernels. The runtime takes different paths with and without a bias.
PROBES = {
    "least": (10, 4, "cifar", 16, 16, 8, 3, True),
    "plain": (10, 8, "cifar", 32, 64, 16, 10, False),
    "pooled": (18, 6, "tiny", 64, 40, 24, 7, True),
    "bottleneck": (50, 4, "imagenet", 96, 48, 20, 11, False),
    "linear": (10, 6, "cifar", 24, 0, 12, 5, True),
}
PERIOD = 61


@torch.no_grad()
def synthetic(
    depth: int, width: int, stem: str, hidden: int, dimensions: int, classes: int, has_bias: bool
) -> SelfClassifier:
    """A network in evaluation mode whose weights are a short wave, scaled like a random initialization."""
    network = SelfClassifier(depth, width, stem, hidden, dimensions, [classes])
    for name, weights in network.named_parameters():
        wave = torch.sin(torch.arange(weights.numel()) % PERIOD * 1.7 + 1)
        if weights.dim() > 1:
            weights.copy_((wave * (2 / weights[0].numel()) ** 0.5).view_as(weights))
        elif has_bias and name.endswith("bias"):
            weights.copy_(0.1 * wave)
    return network.eval()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    out = parser.parse_args(arguments).out
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    for name, (depth, width, stem, size, hidden, dimensions, classes, has_bias) in PROBES.items():
        network = synthetic(depth, width, stem, hidden, dimensions, classes, has_bias)
        images = torch.randint(0, 256, (100, size, size, 3), dtype=torch.uint8)
        with tempfile.TemporaryDirectory() as folder:
            paths = {precision: Path(folder, precision) for precision in ("fp32", "fp16", "int8")}
            write_fp32(Deployment(network, 0, torch.arange(classes), 0.1), size, paths["fp32"])
            write_fp16(paths["fp32"], paths["fp16"])
            write_int8(paths["fp32"], images, paths["int8"])
            for precision, path in paths.items():
                target = out / f"{name}.{size}.{precision}.onnx.gz"
                target.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
                print(f"{target}: {path.stat().st_size:,} bytes, {target.stat().st_size:,} compressed")

