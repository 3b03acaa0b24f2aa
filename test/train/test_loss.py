"""The Self-Classifier loss against hand-made numbers and its two collapses."""

import math

import pytest
import torch

from training.nn.loss import contrastive_loss, self_classifier_loss, view_loss


def by_hand(target, prediction, tau_row, tau_col):
    """Section 3.2 of the paper written out with loops, no softmax of the library."""
    n, c = len(target), len(target[0])
    exp = [[math.exp(v / tau_col) for v in row] for row in target]
    column = [sum(exp[i][k] for i in range(n)) for k in range(c)]
    given_class = [[exp[i][k] / column[k] for k in range(c)] for i in range(n)]
    p_target = [[v / sum(row) for v in row] for row in given_class]
    exp = [[math.exp(v / tau_row) for v in row] for row in prediction]
    p_row = [[v / sum(row) for v in row] for row in exp]
    prior = [sum(p_row[i][k] for i in range(n)) for k in range(c)]
    return -sum(
        p_target[i][k] * math.log(n / c * p_row[i][k] / prior[k]) for i in range(n) for k in range(c)
    ) / n


TARGET = [[0.9, -0.2, 0.1], [0.3, 0.8, -0.5], [-0.1, 0.2, 0.7], [0.5, 0.4, 0.3]]
PREDICTION = [[0.7, 0.0, 0.2], [-0.3, 0.9, 0.1], [0.2, -0.4, 0.6], [0.1, 0.5, 0.2]]


def test_equals_the_formula_written_out_in_float64():
    target = torch.tensor(TARGET, dtype=torch.float64)
    prediction = torch.tensor(PREDICTION, dtype=torch.float64)
    expected = by_hand(TARGET, PREDICTION, 0.1, 0.05)
    assert view_loss(target, prediction, 0.1, 0.05).item() == pytest.approx(expected, abs=1e-12)


def test_is_symmetric_over_the_views_and_of_each_head():
    a, b = torch.tensor(TARGET, dtype=torch.float64), torch.tensor(PREDICTION, dtype=torch.float64)
    other_a, other_b = a.flip(0), b.flip(1)
    loss = self_classifier_loss([[a, other_a], [b, other_b]], [[a, other_a], [b, other_b]])
    heads = [(a, b), (other_a, other_b)]
    expected = [(view_loss(x, y, 0.1, 0.05) + view_loss(y, x, 0.1, 0.05)).item() / 2 for x, y in heads]
    assert loss.tolist() == pytest.approx(expected, abs=1e-12)
    swapped = self_classifier_loss([[b, other_b], [a, other_a]], [[b, other_b], [a, other_a]])
    assert swapped.tolist() == pytest.approx(loss.tolist(), abs=1e-12)


def test_small_crops_predict_and_give_no_target():
    a, b, small = (torch.randn(8, 5, generator=torch.Generator().manual_seed(i)) for i in range(3))
    loss = self_classifier_loss([[a], [b]], [[a], [b], [small]])
    pairs = [(a, b), (a, small), (b, a), (b, small)]
    expected = sum(view_loss(t, p, 0.1, 0.05) for t, p in pairs) / 4
    assert loss.item() == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize("classes", [3, 10, 200])
def test_one_class_for_all_and_no_preference_both_cost_log_c(classes):
    uniform = torch.zeros(64, classes)
    one = torch.full((64, classes), -1.0)
    one[:, 0] = 1.0
    assert view_loss(uniform, uniform, 0.1, 0.05).item() == pytest.approx(math.log(classes), abs=1e-5)
    assert view_loss(one, one, 0.1, 0.05).item() == pytest.approx(math.log(classes), abs=1e-5)


def test_confident_agreeing_and_balanced_answers_cost_next_to_nothing():
    logits = torch.eye(4).repeat(16, 1) * 2 - 1
    assert view_loss(logits, logits, 0.1, 0.05).item() < 1e-3


def test_gradient_reaches_target_and_prediction():
    target = torch.tensor(TARGET, requires_grad=True)
    prediction = torch.tensor(PREDICTION, requires_grad=True)
    view_loss(target, prediction, 0.1, 0.05).backward()
    assert target.grad.abs().sum() > 0 and prediction.grad.abs().sum() > 0


def test_is_computed_in_float32_for_bfloat16_logits():
    logits = torch.tensor(TARGET).bfloat16()
    assert view_loss(logits, logits, 0.1, 0.05).dtype == torch.float32


def test_the_contrastive_loss_leaves_the_image_itself_out_of_its_negatives():
    rng = torch.Generator().manual_seed(0)
    first, second = torch.nn.functional.normalize(torch.randn(2, 4, 3, generator=rng), dim=2)
    total = 0.0
    for anchors, others in ((first, second), (second, first)):
        for i in range(4):
            negatives = [view[j] for view in (anchors, others) for j in range(4) if j != i]
            cosines = [float(anchors[i] @ negative) for negative in negatives]
            total += math.log(sum(math.exp(c / 0.1) for c in cosines)) - float(anchors[i] @ others[i]) / 0.1
    assert contrastive_loss(first, second, 0.1).item() == pytest.approx(total / 8, rel=1e-5)
