"""Refinement: classes that match the features of a trained network, without labels, and self-labeling.

1. Choice of the classes. Contrastive features can scatter a class into islands, between which heads and k-means cut,
   while a graph of neighbors still leads from island to island: spectral clusters (``spectral.py``) compete with
   the heads of pretraining. Both are judged by the mutual information of the classes of two random views of an image (IIC,
   arXiv 1807.06653), and a head must lead by 5 %. The winner becomes the only head of the wanted size.
2. Self-labeling (``self_label.py``).
3. A linear embedding of the features (``embedding.py``) replaces the projector, and the heads are fitted to it, unless there
   are too few images. What was trained stays in the checkpoint as ``trained``, for other runs to go on from.

Reads ``RUN/checkpoint.pt`` and writes ``RUN/refined.pt``, of the same format.
"""

from __future__ import annotations

import dataclasses
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.data.images import Folder
from training.data.neighbors import nearest_neighbors
from training.nn.augment import augment
from training.nn.network import SelfClassifier, build, encode, multiply_accumulates, spread
from training.nn.precision import half
from training.recipe import Config, config_of
from training.stages.chain import LaterStage
from training.stages.checkpoint import Checkpoint, as_trained, network_of
from training.stages.count import Count, count_classes, table
from training.stages.embedding import NEIGHBORS, linear_embedding, neighbor_space
from training.stages.self_label import Labels, self_label
from training.stages.spectral import fit_head, spectral_clusters


JUDGED = 10_000  # images whose views judge the classes, at most
ENOUGH = 4  # images for each feature, for a linear embedding
# The heads of pretraining have learned to agree on views, which flatters them.
HANDICAP = 0.95
SPECTRAL = "spectral"


def mutual_information(first: Tensor, second: Tensor, classes: int) -> float:
    """Mutual information of two clusterings of the same images, in nats, up to ``log(classes)``.

    Args:
        first, second: class of each image, ``[N]`` int64.
    """
    joint = torch.bincount(first * classes + second, minlength=classes**2).view(classes, classes).double() / len(first)
    independent = joint.sum(0) * joint.sum(1, keepdim=True)
    return torch.special.xlogy(joint, joint / independent.clamp_min(1e-12)).sum().item()


def candidates(network: SelfClassifier, pixels: Tensor, config: Config) -> dict[str, Tensor]:
    """Class weights ``[classes, D]`` by name: the heads of pretraining, and those of spectral clusters."""
    found = {f"head {i}": head.detach() for i, head in enumerate(network.heads) if len(head) == config.classes}
    with half(pixels.device, config.bf16):
        (features, embedding), (mirrored, _) = (encode(network, images) for images in (pixels, pixels.flip(3)))
    # A cluster has several images; with fewer, only the heads of pretraining are left.
    if len(pixels) > 2 * config.classes:
        # An image and its mirror image show the same thing; their mean has less noise.
        vectors = neighbor_space(features, mirrored)
        clusters = spectral_clusters(vectors, config.classes, config.graph_neighbors, config.seed)
        weights, loss = fit_head(embedding, F.one_hot(clusters, config.classes).float(), config.tau_row, config.seed)
        found[SPECTRAL] = weights.to(pixels.device)
        print(f"spectral clusters  loss of their head {loss:.4f}", flush=True)
    return found


@torch.no_grad()
def judge(network: SelfClassifier, heads: dict[str, Tensor], pixels: Tensor, config: Config) -> dict[str, float]:
    """Mutual information of the classes of two random views, for each of ``heads``."""
    rng = torch.Generator(pixels.device).manual_seed(config.seed)
    size = config.view_size
    chosen = torch.randperm(len(pixels), generator=rng, device=pixels.device)[:JUDGED]
    views = [[], []]
    for images in pixels[chosen].split(500):
        for view in views:
            sample = augment(images, size, tuple(config.crop_scale), rng, config.solarize)
            with half(pixels.device, config.bf16):
                view.append(network(sample.contiguous(memory_format=torch.channels_last))[1])
    first, second = (torch.cat(view) for view in views)
    return {
        name: mutual_information(*((view @ F.normalize(head, dim=1).T).argmax(1) for view in (first, second)), config.classes)
        for name, head in heads.items()
    }


def is_kept(head: Tensor, network: SelfClassifier, config: Config) -> bool:
    """Whether a head of pretraining stays beside the chosen classes: an over-clustering one, of another size than the
    classes now, and than those of pretraining, which come first."""
    return len(head) not in (config.classes, len(network.heads[0]))


def choose_classes(network: SelfClassifier, pixels: Tensor, config: Config) -> tuple[str, dict[str, float]]:
    """Keeps one of :func:`candidates` as the first head, before the over-clustering ones.

    Returns:
        Its name, and what :func:`judge` says of each.
    """
    network.eval()
    heads = candidates(network, pixels, config)
    scores = judge(network, heads, pixels, config)
    best = max(scores, key=lambda name: scores[name] * (1 if name == SPECTRAL else HANDICAP))
    print("mutual information ", *(f"{name}: {score:.3f} " for name, score in scores.items()), f"kept {best}", flush=True)
    others = [head for head in network.heads if is_kept(head, network, config)]
    network.heads = nn.ParameterList([nn.Parameter(heads[best].clone()), *others])
    return best, scores


def fits_linear(folder: Folder, network: SelfClassifier, config: Config) -> bool:
    """Whether there are features and images enough to estimate a linear embedding from."""
    return network.backbone.features >= config.dimensions and len(folder.pixels) >= ENOUGH * network.backbone.features


def make_linear(network: SelfClassifier, pixels: Tensor, config: Config, by_labels: bool) -> SelfClassifier:
    """The network with a linear embedding of its features, and heads that say of it what those of ``network`` do.

    Args:
        by_labels: whether the network has learned its own labels. The first head then says what they do, which are of about
            equal number a class, and what differs between images of one label counts less in the embedding.
    """
    network.eval()
    with half(pixels.device, config.bf16):
        features, embedding = encode(network, pixels)
    made = build(dataclasses.asdict(config) | {"heads": [len(head) for head in network.heads], "linear": True})
    made.backbone = network.backbone
    said = [(logits / config.tau_row).softmax(1).detach() for logits in network.cpu().logits(embedding)]
    if by_labels:
        labels = Labels(features, embedding)
        labels.renew(network, config)
        # The neighbors of the second time are looked up by the labels of the first.
        nearest, known = labels.renew(network, config), labels.known
        said[0] = F.one_hot(labels.label, config.classes).float()
    else:
        nearest, known = nearest_neighbors(neighbor_space(features)[None], NEIGHBORS), None
    made.projector = linear_embedding(features, nearest, config.dimensions, known)
    # Unit vectors keep no scale, but a run that starts from here would (model/shipped.py).
    last = network.projector[-1] if isinstance(network.projector, nn.Sequential) else network.projector
    scale = spread(last.weight.detach()) / spread(made.projector.weight.detach())
    for part in made.projector.parameters():
        part.data *= scale
    vectors = F.normalize(made.projector(features), dim=1).detach()
    heads = [fit_head(vectors, probabilities, config.tau_row, config.seed)[0] for probabilities in said]
    made.heads = nn.ParameterList(nn.Parameter(head) for head in heads)
    return made


def refine(checkpoint: Checkpoint, folder: Folder, device: torch.device, path: Path | None = None) -> Checkpoint:
    """All steps on the network of a checkpoint, by the settings in its ``config``.

    Args:
        path: file for the state of self-labeling, from which it is resumed.
    """
    began = time.perf_counter()
    settings = checkpoint["config"]
    checkpoint = as_trained(checkpoint)  # a refined one is refined once more
    config = config_of(checkpoint)
    network = network_of(checkpoint)
    network.to(device, memory_format=torch.channels_last).eval()
    counts: list[Count] = []
    if config.auto_classes:
        with half(device, config.bf16):
            chosen, counts = count_classes(encode(network, folder.pixels)[1])
        print(table(counts, chosen), flush=True)
        config = dataclasses.replace(config, classes=chosen)
    pairs = zip(checkpoint["history"][-1]["loss_heads"], network.heads, strict=True)
    others = [loss for loss, head in pairs if is_kept(head, network, config)]
    kept, scores = choose_classes(network, folder.pixels.to(device), config)
    config = dataclasses.replace(config, main_heads=1)
    by_head = [math.log(config.classes) - scores[kept], *others]
    history = [{"stage": "classes", "mutual_information": scores, "kept": kept, "loss_heads": by_head, "loss": by_head[0]}]
    seconds, cost = time.perf_counter() - began, 0.0
    if config.label_epochs:
        network, loop = self_label(network, folder, config, device, path, settings)
        history += [{"stage": "self-label"} | entry for entry in loop.history]
        seconds += loop.seconds
        # A view forward and backward, and a whole image forward.
        macs = 3 * multiply_accumulates(network, config.view_size) + multiply_accumulates(network, config.size)
        cost = loop.step * loop.batch * macs
    trained, linear = network.state_dict(), fits_linear(folder, network, config)
    if linear:
        began = time.perf_counter()
        network = make_linear(network, folder.pixels.to(device), config, by_labels=len(history) > 1)
        seconds += time.perf_counter() - began
    return checkpoint | {
        "config": dataclasses.asdict(config) | {"heads": [len(head) for head in network.heads], "linear": linear},
        "network": network.state_dict(),
        "trained": trained,
        "counts": [dataclasses.asdict(count) for count in counts],
        "history": checkpoint["history"] + history,
        "seconds": checkpoint["seconds"] + seconds,
        **({"cost": checkpoint["cost"] + cost} if "cost" in checkpoint else {}),
    }


REFINEMENT = LaterStage(refine, "refined.pt", "graph_neighbors")


def main(arguments: list[str]) -> None:
    REFINEMENT.main("refine", (__doc__ or "").split("\n")[0], arguments)
