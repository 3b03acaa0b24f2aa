"""Neighbors and the embedding by features whose directions are weighed anew."""

import torch
import torch.nn.functional as F
from torch import Tensor

from training.data.neighbors import nearest_neighbors
from training.stages.embedding import linear_embedding, neighbor_space

CLASSES, FEATURES = 8, 24


def features(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Features ``[N, F]`` far from zero: three strong directions have nothing to do with the class, weak ones tell it."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (count,), generator=rng)
    strong = 8 * torch.randn(count, 3, generator=rng)
    weak = F.one_hot(labels, CLASSES) + 0.1 * torch.randn(count, CLASSES, generator=rng)
    noise = 0.1 * torch.randn(count, FEATURES - 3 - CLASSES, generator=rng)
    turn = torch.linalg.qr(torch.randn(FEATURES, FEATURES, generator=torch.Generator().manual_seed(9))).Q
    return torch.cat([strong, weak, noise], 1) @ turn + 5, labels


def neighbors(vectors: Tensor) -> Tensor:
    return nearest_neighbors(neighbor_space(vectors)[None], 10)


def neighbors_right(vectors: Tensor, labels: Tensor) -> float:
    nearest = nearest_neighbors(F.normalize(vectors, dim=1)[None], 5)
    return (labels[nearest] == labels[:, None]).float().mean().item()


def test_neighbors_are_of_the_same_class_more_often():
    vectors, labels = features(1000, seed=0)
    before, after = neighbors_right(vectors - vectors.mean(0), labels), neighbors_right(neighbor_space(vectors), labels)
    assert before < 0.5
    assert after > before + 0.3


def test_views_of_an_image_share_its_directions_and_lessen_noise():
    rng = torch.Generator().manual_seed(1)
    vectors, labels = features(1000, seed=0)
    views = [vectors + 0.4 * torch.randn(vectors.shape, generator=rng) for _ in range(6)]
    one, many = (neighbors_right(neighbor_space(*some), labels) for some in (views[:1], views))
    assert many > one + 0.05
    torch.testing.assert_close(neighbor_space(*views).norm(dim=1), torch.ones(1000))


def test_few_images_are_compared_in_few_directions():
    # With as many directions as images, what one view has at random is magnified.
    rng = torch.Generator().manual_seed(2)
    labels = torch.arange(4).repeat(20)
    centers = torch.randn(4, 256, generator=rng)
    own = centers[labels] + torch.randn(80, 256, generator=rng)
    views = [own + 0.5 * torch.randn(own.shape, generator=rng) for _ in range(2)]
    assert neighbor_space(*views).shape == (80, 10)
    assert neighbors_right(neighbor_space(*views), labels) > 0.9


@torch.no_grad()
def test_the_linear_embedding_tells_classes_of_new_images_by_their_means():
    vectors, labels = features(1000, seed=0)
    others, expected = features(500, seed=1)
    embedding = linear_embedding(vectors, neighbors(vectors), 16)

    def right(mine: Tensor, theirs: Tensor) -> float:
        means = torch.stack([F.normalize(mine, dim=1)[labels == k][:5].mean(0) for k in range(CLASSES)])
        return ((F.normalize(theirs, dim=1) @ F.normalize(means, dim=1).T).argmax(1) == expected).float().mean().item()

    mean = vectors.mean(0)
    assert right(vectors - mean, others - mean) < 0.5
    assert right(embedding(vectors), embedding(others)) > 0.95
    assert embedding(others).shape == (500, 16)
    # The mean image is the origin.
    torch.testing.assert_close(embedding(vectors).mean(0), torch.zeros(16), atol=1e-3, rtol=0)


def distracted(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Features ``[N, 48]``, most of them as strong as the four that tell the class, so that nothing but labels tells which;
    classes ``[N]``, and what is known of them: half, of which one in ten is wrong."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (count,), generator=rng)
    told_by = torch.arange(48) < 4
    vectors = F.one_hot(labels, 48) + (0.3 * told_by + 0.6 * ~told_by) * torch.randn(count, 48, generator=rng) + 5
    known = torch.randint(4, (count,), generator=rng).where(torch.rand(count, generator=rng) < 0.13, labels)
    return vectors, labels, known.where(torch.rand(count, generator=rng) < 0.5, -1)


@torch.no_grad()
def test_what_differs_inside_a_class_counts_less_where_labels_are_known():
    vectors, labels, known = distracted(3000, seed=4)
    raw = neighbors_right(vectors - vectors.mean(0), labels)
    plain, told = (neighbors_right(neighbor_space(vectors, labels=some), labels) for some in (None, known))
    assert told > max(raw, plain) + 0.1
    nearest = neighbors(vectors)
    maps = [linear_embedding(vectors, nearest, 16, some) for some in (None, known)]
    plain, told = (neighbors_right(embedding(vectors), labels) for embedding in maps)
    assert told > plain + 0.1
    # A class of one image has no inside, and changes nothing else.
    one = known.index_fill(0, torch.tensor([7]), 4)
    torch.testing.assert_close(linear_embedding(vectors, nearest, 16, one).weight, maps[1].weight, atol=0.05, rtol=0.05)
    assert neighbor_space(vectors, labels=known.where(known == 0, -1)).isfinite().all()


def test_it_is_the_same_every_time_and_finite_where_features_are_constant():
    vectors, _ = features(300, seed=0)
    vectors[:, 4] = 1.0
    first, second = (linear_embedding(vectors, neighbors(vectors), 16) for _ in range(2))
    assert torch.equal(first.weight, second.weight)
    assert first.weight.isfinite().all() and first.bias.isfinite().all()
    for same in (vectors[:1].expand(300, -1), vectors[:12].repeat(40, 1)):
        linear = linear_embedding(same, neighbors(same), 16)
        assert linear.weight.isfinite().all() and linear.bias.isfinite().all()
