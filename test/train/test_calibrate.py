"""Scores that mean what they say."""

import pytest
import torch
from training.report.calibrate import auroc, fit_temperature, nearest_similarity, reliability, unknown_scores


def sample(count=20000, temperature=1.0):
    """Labels drawn from a softmax, and that softmax made surer by ``temperature``."""
    rng = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(count, 4, generator=rng)
    labels = torch.multinomial(logits.softmax(1), 1, generator=rng).flatten()
    return (logits * temperature).softmax(1), labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_scores_too_sure_is_found(temperature):
    probabilities, labels = sample(temperature=temperature)
    assert fit_temperature(probabilities, labels) == pytest.approx(temperature, rel=0.05)


def test_calibration_error_is_the_gap_between_score_and_accuracy():
    calibrated, labels = sample()
    assert reliability(calibrated, labels)[0] < 0.02
    sure, _ = sample(temperature=5)
    error, bins = reliability(sure, labels)
    assert error > 0.1
    assert sum(count for *_, count in bins) == len(labels)
    constant = torch.tensor([[0.8, 0.2]]).repeat(10, 1)
    error, bins = reliability(constant, torch.tensor([0] * 6 + [1] * 4))
    assert error == pytest.approx(0.2) and bins == [[0.8, 0.6, 10]]


def test_auroc_is_the_part_of_pairs_in_order():
    assert auroc(torch.tensor([0.9, 0.4]), torch.tensor([0.5, 0.1])) == 0.75


def test_the_threshold_keeps_what_it_promises_and_refuses_strangers():
    rng = torch.Generator().manual_seed(0)

    def outputs(count, sharpness, offset):
        embeddings = torch.nn.functional.normalize(torch.randn(count, 8, generator=rng) + offset, dim=1)
        return (sharpness * torch.randn(count, 4, generator=rng)).softmax(1), embeddings

    train, test, unknown = outputs(4000, 8, 5), outputs(4000, 8, 5), outputs(1000, 0.5, -5)
    figures = unknown_scores(train, test, unknown)
    assert figures["keeps"] == pytest.approx(0.95, abs=0.02)
    assert figures["refuses"] > 0.5 and figures["aurocScore"] > 0.8 and figures["aurocNearest"] > 0.99
    assert nearest_similarity(train[1], train[1][:5]).tolist() == pytest.approx([1] * 5, abs=1e-5)
