"""The measures, on examples small enough to work out by hand."""

import math

import pytest
import torch
from training.data.images import Folder
from training.evaluate import evaluate
from training.nn.network import SelfClassifier
from training.report.metrics import (
    class_counts,
    clustering_scores,
    hungarian_map,
    kmeans_scores,
    knn_accuracy,
    linear_probe,
    purity,
    representation_scores,
)
from training.stages.checkpoint import choose_head

# Cluster 0 holds labels 1, 1, 2; cluster 1 holds 0, 0; cluster 2 holds 2, 1.
CLUSTERS = torch.tensor([0, 0, 0, 1, 1, 2, 2])
LABELS = torch.tensor([1, 1, 2, 0, 0, 2, 1])


def test_hungarian_map_is_the_best_one_to_one_map():
    assert hungarian_map(CLUSTERS, LABELS, 3).tolist() == [1, 0, 2]


def test_hungarian_map_names_empty_clusters_too():
    names = hungarian_map(torch.tensor([2, 2]), torch.tensor([0, 0]), 4)
    assert names[2] == 0
    assert sorted(names.tolist()) == [0, 1, 2, 3]


def test_hungarian_map_gives_up_a_majority_where_the_whole_gains():
    # By majority both clusters are label 0; one to one, 3 + 2 images agree rather than 4 + 0.
    clusters = torch.tensor([0] * 4 + [1] * 5)
    labels = torch.tensor([0] * 4 + [0] * 3 + [1] * 2)
    assert hungarian_map(clusters, labels, 2).tolist() == [0, 1]
    assert hungarian_map(1 - clusters, labels, 2).tolist() == [1, 0]


def test_class_counts_keep_absent_classes():
    assert class_counts(torch.tensor([0, 0]), torch.tensor([1, 1]), 3).tolist() == [[0, 2, 0], [0] * 3, [0] * 3]


def test_purity_counts_the_majority_of_each_cluster():
    assert purity(CLUSTERS, LABELS) == pytest.approx((2 + 2 + 1) / 7)


def test_clustering_scores_do_not_depend_on_cluster_numbers():
    renamed = torch.tensor([2, 0, 1])[LABELS]
    assert clustering_scores(renamed, LABELS) == pytest.approx({"nmi": 1, "ami": 1, "ari": 1})
    assert clustering_scores(CLUSTERS, LABELS)["nmi"] < 1


def bank_at(*degrees: float) -> torch.Tensor:
    return torch.tensor([[math.cos(math.radians(d)), math.sin(math.radians(d))] for d in degrees])


def test_knn_weighs_votes_by_similarity():
    # One neighbor at 10 degrees outvotes two at 40: exp(cos 10 / 0.07) > 2 exp(cos 40 / 0.07).
    query, labels = bank_at(0), torch.tensor([1, 0, 0])
    assert knn_accuracy(bank_at(10, 40, -40), labels, query, torch.tensor([1]), k=3) == 1
    # At 18 and 20 degrees the cosines differ by 0.011, a factor of 1.17: now the two win.
    assert knn_accuracy(bank_at(18, 20, -20), labels, query, torch.tensor([1]), k=3) == 0
    assert knn_accuracy(bank_at(18, 20, -20), labels, query, torch.tensor([1]), k=1) == 1


def test_knn_compares_by_angle_not_by_length():
    bank = bank_at(5, 60) * torch.tensor([[0.5], [2.0]])
    assert knn_accuracy(bank, torch.tensor([1, 0]), bank_at(0), torch.tensor([1]), k=1) == 1


def test_knn_names_its_limit():
    with pytest.raises(ValueError, match="k: 4 neighbors of a bank of 3"):
        knn_accuracy(bank_at(1, 2, 3), torch.tensor([0, 0, 0]), bank_at(0), torch.tensor([0]), k=4)


def blobs(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Three separable classes around the axes; two of the axes are a thousandth of the first."""
    labels = torch.arange(n) % 3
    noise = 0.1 * torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))
    return (torch.eye(3)[labels] + noise) * torch.tensor([1, 1e-3, 1e-3]), labels


def test_probe_and_neighbors_on_separable_classes():
    scores = representation_scores(*blobs(90, 0), *blobs(60, 1))
    assert set(scores) == {"knn20", "linear"}  # 90 images have no 200 neighbors
    assert scores["linear"] == 1


def test_kmeans_finds_directions_and_is_named_by_the_training_images():
    features, labels = blobs(90, 0)
    test_features, test_labels = blobs(60, 1)
    lengths = torch.rand(60, 1, generator=torch.Generator().manual_seed(2)) + 0.1
    even = torch.tensor([1, 1e3, 1e3])
    scores = kmeans_scores(features * even, labels, test_features * even * lengths, test_labels, 3)
    assert scores == {"accuracy": 1, "nmi": pytest.approx(1), "ami": pytest.approx(1), "ari": 1}


def test_probe_on_labels_that_features_do_not_tell():
    features, labels = blobs(3000, 0)
    test_features, test_labels = blobs(3000, 1)
    shuffled = labels[torch.randperm(3000, generator=torch.Generator().manual_seed(2))]
    assert linear_probe(features, shuffled, test_features, test_labels) < 0.6


def checkpoint(heads: list[int], losses: list[float], classes: int = 2) -> dict:
    config = {"heads": heads, "classes": classes}
    return {"config": config, "epoch": 1, "history": [{"loss_heads": losses}]}


def test_the_head_is_chosen_by_loss_among_those_of_the_wanted_size():
    assert choose_head(checkpoint([2, 2, 6], [0.5, 0.4, 0.1])) == 1
    with pytest.raises(ValueError, match="--checkpoint: expected a head of 3 classes"):
        choose_head(checkpoint([2, 2, 6], [0.5, 0.4, 0.1], classes=3))


class Brightness(SelfClassifier):
    """A stand-in whose embedding is the sign of ``brightness - 128``: cluster 0 is bright, cluster 1 is dark."""

    def __init__(self) -> None:
        super().__init__(10, 1, "cifar", 1, 1, [2, 4])
        self.heads[0].data = torch.tensor([[1.0], [-1.0]])

    def forward(self, pixels):
        value = (pixels.mean((1, 2, 3)) - 128)[:, None]
        return value, value.sign()


def folder(values: list[int], labels: list[int]) -> Folder:
    pixels = torch.tensor(values, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 4, 4)
    return Folder(pixels, torch.tensor(labels), ["bright", "dark"], [])


def test_accuracy_uses_the_map_of_the_training_images():
    # In training bright images carry label 0; three of the four test images contradict that.
    train, test = folder([200, 210, 20, 30], [0, 0, 1, 1]), folder([200, 210, 20, 220], [1, 1, 0, 0])
    report = evaluate(checkpoint([2, 4], [0.1, 0.2]), Brightness(), train, test)
    assert report["classifier"]["accuracy"] == 0.25
    assert report["classifier"]["accuracyFittedOnTest"] == 0.75
    assert report["classifier"]["clusters"] == {"bright": 3, "dark": 1}
    assert [head["classes"] for head in report["overclustered"]] == [4]
    assert report["kmeans"]["accuracy"] == 0.25


def test_folders_must_agree():
    train, test = folder([200, 20], [0, 1]), folder([200, 20], [0, 1])
    test.classes = ["bright", "night"]
    with pytest.raises(ValueError, match="--test: expected the class folders"):
        evaluate(checkpoint([2], [0.1]), Brightness(), train, test)
    with pytest.raises(ValueError, match="--train: expected 3 class folders, one per class, got 2"):
        evaluate(checkpoint([3], [0.1], classes=3), Brightness(), train, train)
