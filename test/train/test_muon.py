"""Muon: orthogonal steps for matrices and kernels, Nesterov momentum for the rest."""

import pytest
import torch

from training.nn.muon import Muon, orthogonalize


@pytest.mark.parametrize("shape", [(16, 16), (16, 144), (144, 16)])
def test_the_step_has_the_directions_of_the_gradient_and_one_length_in_all_of_them(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    step = orthogonalize(matrix).float()
    values = torch.linalg.svdvals(step)
    assert values.min() > 0.3 and values.max() < 1.3
    cosine = (step * (left @ right)).sum() / (step.norm() * (left @ right).norm())
    assert cosine > 0.97


def test_a_kernel_moves_by_the_learning_rate_whatever_its_gradients_length():
    kernel = torch.nn.Parameter(torch.zeros(8, 4, 3, 3))
    optimizer = Muon([{"params": [kernel], "muon": True}], lr=0.5)
    torch.manual_seed(0)
    for scale in (1e-3, 1e3):
        with torch.no_grad():
            kernel.zero_()
        optimizer.state.clear()
        kernel.grad = scale * torch.randn(8, 4, 3, 3)
        optimizer.step()
        assert kernel.detach().norm().item() / 8**0.5 == pytest.approx(0.5, rel=0.2)


def test_decay_of_a_matrix_is_apart_from_its_step():
    weight = torch.nn.Parameter(torch.ones(4, 4))
    weight.grad = torch.zeros(4, 4)
    Muon([{"params": [weight], "muon": True, "weight_decay": 0.1}], lr=0.5).step()
    torch.testing.assert_close(weight.detach(), torch.full((4, 4), 1 - 0.5 * 0.1))


def test_other_groups_move_as_with_nesterov_sgd():
    mine, theirs = (torch.nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
    ours = Muon([{"params": [mine], "momentum": 0.9}], lr=0.1, weight_decay=0.01)
    reference = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
    for gradient in ([0.5, 1.0], [-0.25, 0.5], [0.0, 0.0]):
        for weight, optimizer in ((mine, ours), (theirs, reference)):
            weight.grad = torch.tensor(gradient)
            optimizer.step()
    torch.testing.assert_close(mine, theirs)
