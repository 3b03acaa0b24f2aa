"""What a run says in words, and what it warns of."""

import pytest
import torch
import torch.nn.functional as F
from training.data.copies import copies_by_pixels
from training.data.progress import duration
from training.report import words


def pictures(count: int):
    """Spots of color, uint8 ``[count, 3, 16, 16]``: no two are alike."""
    spots = torch.randint(0, 256, (count, 3, 4, 4), generator=torch.Generator().manual_seed(0)).float()
    return F.interpolate(spots, size=16, mode="bilinear").byte()


def test_copies_are_counted_by_their_pixels_and_likenesses_are_not():
    images = pictures(300)
    assert copies_by_pixels(images) == 0
    brighter = (images[:20].int() + 4).clamp(max=255).byte()
    noisy = (images[20:40].int() + torch.randint(-6, 7, (20, 3, 16, 16))).clamp(0, 255).byte()
    assert copies_by_pixels(torch.cat([images, brighter, noisy, images[:5]])) == 45
    # Black and white have no edges: the same hash, and other pixels.
    assert copies_by_pixels(torch.stack([torch.zeros(3, 16, 16), torch.full((3, 16, 16), 255)]).byte()) == 0


def test_warnings_come_before_anything_is_trained():
    images = pictures(100)
    assert words.warnings_before(images, 100, 3, 200) == [
        "100 images are few for 3 classes. With less than 500 per class, classes tend to follow colors and backgrounds rather "
        "than objects"
    ]
    batch, copied = words.warnings_before(images.repeat(20, 1, 1, 1), 2000, 3, 20)
    assert "1900 of 2000 images (95%) are nearly copies" in copied
    assert batch.startswith("--batch 20 is less than ten images per class")
    assert words.warnings_before(None, 2000, 3, 200) == []


@pytest.mark.parametrize(("loss", "meaning"), [(2.3, "none yet"), (1.6, "faint"), (0.9, "clear")])
def test_the_loss_is_said_in_words(loss, meaning):
    assert words.loss_in_words(loss, 10).startswith(f"loss {loss:.2f}, 2.30 without classes: the classes are {meaning}")


def test_neighbors_and_sizes_are_said_in_words():
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 3
    centers = F.normalize(torch.randn(3, 8, generator=rng), dim=1)
    embeddings = F.normalize(centers[labels] + 0.05 * torch.randn(300, 8, generator=rng), dim=1)
    assert words.classes_in_words(embeddings, labels, 3) == [
        "neighbors: 100% of the nearest images are of the same class; the borders between classes are clear"
    ]
    shuffled = labels[torch.randperm(300, generator=rng)]
    assert "try fewer classes" in words.classes_in_words(embeddings, shuffled, 3)[0]
    one = torch.where(torch.arange(300) < 20, 1, 0)
    _, dominating, unused = words.classes_in_words(embeddings, one, 3)
    assert dominating.startswith("warning: one class has 93% of the images")
    assert unused.startswith("warning: 1 of 3 classes have no images")


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (720, "12 min"), (12_600, "3.5 h")])
def test_a_time_that_is_left(seconds, text):
    assert duration(seconds) == text
