"""What large images in large numbers need: bottlenecks, LARS, blur, and folders that memory cannot hold."""

import math
from pathlib import Path

import pytest
import torch

from training import train
from training.nn.augment import gaussian_blur
from training.data.images import Stream, list_folder
from training.nn.lars import LARS
from training.nn.network import SelfClassifier
from textures import write_folder


def test_fifty_layers_give_2048_features_through_blocks_that_start_as_their_shortcuts():
    torch.manual_seed(0)
    network = SelfClassifier(50, 64, "imagenet", 64, 16, [5])
    assert sum(p.numel() for p in network.backbone.parameters()) == 23_508_032  # ResNet-50 without its classifier
    features, embedding = network.eval()(torch.zeros(1, 3, 64, 64))
    assert features.shape == (1, 2048) and embedding.shape == (1, 16)
    block, x = network.backbone.layers[5], torch.rand(1, 256, 4, 4)
    assert torch.equal(block(x), x)


def test_lars_moves_a_matrix_by_its_length_and_a_bias_by_its_gradient():
    matrix, bias = (torch.tensor(v, requires_grad=True) for v in ([[3.0, 0.0], [0.0, 4.0]], [1.0, 2.0]))
    optimizer = LARS([{"params": [matrix], "weight_decay": 0.1}, {"params": [bias]}], lr=2.0, momentum=0.5)

    matrix.grad, bias.grad = torch.tensor([[0.0, 6.0], [8.0, 0.0]]), torch.tensor([0.25, -0.5])
    optimizer.step()
    trust = 0.001 * 5 / (10 + 0.1 * 5)
    moved = [[3 - 2 * trust * 0.3, -2 * trust * 6], [-2 * trust * 8, 4 - 2 * trust * 0.4]]
    torch.testing.assert_close(matrix.detach(), torch.tensor(moved))
    assert bias.tolist() == [0.5, 3.0]

    # No new gradient: the matrix keeps half of its momentum and is not scaled by a length of zero.
    before, optimizer.param_groups[0]["weight_decay"] = matrix.detach().clone(), 0.0
    matrix.grad, bias.grad = torch.zeros(2, 2), torch.zeros(2)
    optimizer.step()
    first = torch.tensor([[0.3, 6.0], [8.0, 0.4]]) * trust
    torch.testing.assert_close(matrix.detach(), before - 2 * 0.5 * first)
    assert bias.tolist() == [0.25, 3.5]


def test_blur_is_gaussian_by_each_images_own_sigma_and_keeps_what_is_even():
    images = torch.zeros(2, 3, 21, 21)
    images[:, :, 10, 10] = 1
    blurred = gaussian_blur(images, torch.tensor([0.1, 1.5]).view(2, 1, 1, 1))
    torch.testing.assert_close(blurred[0], images[0])
    bell = torch.tensor([math.exp(-((x - 10) ** 2) / (2 * 1.5**2)) for x in range(21)])
    torch.testing.assert_close(blurred[1, 0], torch.outer(bell, bell) / bell.sum() ** 2, atol=1e-6, rtol=1e-4)
    even = torch.full((1, 3, 8, 8), 0.7)
    torch.testing.assert_close(gaussian_blur(even, torch.full((1, 1, 1, 1), 2.0)), even)


def test_pictures_decoded_as_needed_train_the_same_network_as_those_in_memory(tmp_path, capsys):
    images = write_folder(tmp_path / "images", 48, size=24)

    def weights(run: Path, *more: str) -> dict:
        train.main([
            *("--images", str(images), "--run", str(run), "--preset", "cifar10-cpu", "--device", "cpu"),
            *("--classes", "3", "--over", "2"),
            *("--depth", "10", "--width", "8", "--size", "16", "--stored-size", "20", "--queue", "0"),
            *("--early-size", "0", "--graph-neighbors", "--blur", "0.5", "--batch", "16", "--minutes", "0", "--epochs", "2", *more),
        ])  # fmt: skip
        return torch.load(run / "checkpoint.pt", weights_only=True)["network"]

    held = weights(tmp_path / "held")
    assert "decoded once" in capsys.readouterr().out
    streamed = weights(tmp_path / "streamed", "--memory-gib", "0", "--workers", "2")
    said = capsys.readouterr().out
    assert "decoded as needed" in said and "Skips refinement" in said
    assert all(torch.equal(streamed[name], value) for name, value in held.items())


def test_a_picture_that_cannot_be_decoded_as_needed_is_named(tmp_path):
    images = write_folder(tmp_path, 3, class_folders=False)
    (images / "broken.jpg").write_bytes(b"no picture")
    source = Stream(list_folder(images), 16, 1, torch.device("cpu"))
    with pytest.raises(ValueError, match="broken.jpg"):
        list(source.batches([torch.arange(4)]))
