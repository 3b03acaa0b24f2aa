"""Renaming, merging and splitting, and what to look at."""

import pytest
import torch
import torch.nn.functional as F
from training.data.copies import copies
from training.naming import finds
from training.naming.classes import LONGEST, Classes
from training.naming.layout import lay_out, map_order
from training.naming.session import match
from training.data.neighbors import nearest_neighbors

TAU = 0.1


@pytest.fixture(scope="module")
def clusters():
    """Unit vectors around four centers, the last two close to each other, and the cluster of each."""
    rng = torch.Generator().manual_seed(0)
    centers = F.normalize(torch.randn(4, 16, generator=rng), dim=1)
    centers[3] = F.normalize(centers[2] + 0.6 * centers[3], dim=0)
    labels = torch.arange(800) % 4
    return F.normalize(centers[labels] + 0.07 * torch.randn(800, 16, generator=rng), dim=1), labels


@pytest.fixture(scope="module")
def classes(clusters):
    """Three classes: the third holds two clusters."""
    embeddings, labels = clusters
    means = [embeddings[labels == i].mean(0) for i in (0, 1)] + [embeddings[labels >= 2].mean(0)]
    return Classes(("cat", "dog", "other"), F.normalize(torch.stack(means), dim=1).T / TAU, torch.arange(3))


def test_a_split_finds_the_halves_and_leaves_the_other_classes_as_they_were(classes, clusters):
    embeddings, labels = clusters
    before, halves = classes.probabilities(embeddings), classes.split(2, embeddings)
    after = halves.probabilities(embeddings)
    assert halves.names == ("cat", "dog", "other", "other 2")
    assert (after[:, :2] - before[:, :2]).abs().mean() < 0.01
    assert (after[:, 2] + after[:, 3] - before[:, 2]).abs().mean() < 0.01
    own = after.argmax(1)
    assert torch.equal(own < 2, labels < 2)
    for cluster in (2, 3):
        assert own[labels == cluster].bincount().max() > 0.97 * 200


def test_merging_the_halves_gives_the_class_back(classes, clusters):
    embeddings, _ = clusters
    back = classes.split(2, embeddings).merged([2, 3])
    assert back.names == classes.names
    difference = (back.probabilities(embeddings) - classes.probabilities(embeddings)).abs()
    assert difference.mean() < 0.01


def test_a_merged_class_can_be_split_again(classes, clusters):
    embeddings, labels = clusters
    split = classes.merged([0, 1]).split(0, embeddings)
    own = split.probabilities(embeddings).argmax(1)
    assert len(own[labels == 0].unique()) == len(own[labels == 1].unique()) == 1
    assert own[labels == 0][0] != own[labels == 1][0]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda c, e: c.renamed(0, "dog"), "another class is called dog"),
        (lambda c, e: c.renamed(0, "  "), "name: expected 1 to"),
        (lambda c, e: c.renamed(0, "a" * (LONGEST + 1)), "name: expected 1 to"),
        (lambda c, e: c.renamed(0, "a\nb"), "in one line"),
        (lambda c, e: c.renamed(0, None), "name: expected"),
        (lambda c, e: c.merged([]), "classes: expected two or more"),
        (lambda c, e: c.merged([1, 1]), "classes: expected two or more"),
        (lambda c, e: c.merged([0, 1, 2]), "leave 2 classes"),
        (lambda c, e: c.split(2, e[:0]), "class: expected one of 2 different pictures"),
        (lambda c, e: c.split(2, e[2:3].repeat(5, 1)), "class: expected one of 2 different pictures"),
        (lambda c, e: c.check(3, "class"), "class: expected the number of a class, 0 to 2, got 3"),
        (lambda c, e: c.check(True, "class"), "got True"),
    ],
)
def test_edits_that_make_no_sense_are_refused_by_name(classes, clusters, edit, reason):
    with pytest.raises(ValueError, match=reason):
        edit(classes, clusters[0])


def test_typical_doubtful_and_odd_pictures():
    embeddings = F.normalize(torch.tensor([[1.0, 0.9], [1, 0], [0, 1], [1, 0.4], [0.1, 1]]), dim=1)
    own = torch.tensor([0, 1, 3])
    assert finds.typical(own, embeddings) == [3, 0, 1]
    probabilities = torch.tensor([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.52, 0.48], [0.1, 0.9]])
    assert finds.doubtful(own, probabilities) == [3, 0, 1]
    assert finds.odd(own, torch.tensor([[0.9, 0.9], [0.1, 0.2], [0, 0], [0.5, 0.9], [0, 0]])) == [1, 3, 0]


def test_copies_are_grouped_and_likenesses_are_not():
    small = torch.randint(0, 256, (6, 192), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    small[4] = small[1]
    small[5] = (small[1].int() + 3).clamp(max=255).byte()
    neighbors = torch.tensor([[1], [4], [3], [2], [5], [1]])
    cosines = torch.tensor([[0.99], [1.0], [0.99], [0.99], [0.97], [0.98]])
    assert copies(neighbors, cosines, small) == [[1, 4, 5]]
    assert copies(neighbors, 0 * cosines, small) == []


def test_what_to_label_next_reaches_most_pictures_that_no_label_reaches():
    # Pictures 1 to 4 have 0 among their neighbors, and 6 and 7 have 5.
    neighbors = torch.tensor([[1, 2], [0, 2], [0, 1], [0, 1], [0, 3], [6, 7], [5, 7], [5, 6]])
    assert finds.label_next(neighbors, [], 2) == [(0, 5), (5, 3)]
    assert finds.label_next(neighbors, [0], 1) == [(5, 3)]
    assert finds.label_next(neighbors, [0, 5]) == []


def test_neighbors_lie_together_on_the_map(clusters):
    embeddings, labels = clusters
    places = lay_out(embeddings, nearest_neighbors(embeddings[None], 15))
    assert places.min() >= 0 and places.max() <= 1
    nearest = torch.cdist(places, places).fill_diagonal_(9).topk(5, largest=False).indices
    assert (labels[nearest] == labels[:, None]).float().mean() > 0.95
    assert sorted(map_order(places).tolist()) == list(range(800))


def test_copies_of_one_picture_have_a_map_too():
    places = lay_out(torch.ones(4, 3), torch.tensor([[1], [0], [3], [2]]))
    assert places.isfinite().all()


def test_labels_name_classes_one_to_one_and_the_others_keep_their_names():
    labels, classes = torch.tensor([0, 0, 1, 1]), torch.tensor([2, 2, 0, 0])
    assert match(labels, ["cat", "dog"], classes, ["a", "b", "c"]) == ["dog", "b", "cat"]
    # A name that a label takes from a class without labels is not there twice.
    assert match(labels, ["cat", "dog"], classes, ["a", "dog", "c"]) == ["dog", "dog 2", "cat"]
    with pytest.raises(ValueError, match="at most 1 kinds"):
        match(labels, ["cat", "dog"], torch.zeros(4, dtype=torch.long), ["a"])
