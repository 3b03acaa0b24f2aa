"""All figures of one form of a model: as PyTorch, onnxruntime or onnxruntime-web answers."""

from __future__ import annotations

from torch import Tensor

from training.model.onnx_files import Outputs
from training.report.calibrate import reliability
from training.report.metrics import accuracy, clustering_scores, representation_scores


def model_scores(test: Outputs, labels: Tensor, bank: Outputs | None, bank_labels: Tensor | None) -> dict[str, float]:
    """Figures of merit, 0 to 1.

    Args:
        test, labels: outputs and labels of the test images.
        bank, bank_labels: those of the labeled training images, None if the classes have no names.
    """
    probabilities, embeddings = test
    predictions = probabilities.argmax(1)
    scores = clustering_scores(predictions, labels)
    if bank:
        named = {"accuracy": accuracy(predictions, labels), "ece": reliability(probabilities, labels)[0]}
        scores = named | scores | representation_scores(bank[1], bank_labels, embeddings, labels)
    return {key: round(value, 4) for key, value in scores.items()}
