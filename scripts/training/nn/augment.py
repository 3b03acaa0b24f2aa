"""Augmentation of whole batches on the device, with separate random numbers for each image.

Random resized crop, flip, color jitter, grayscale, blur and solarization, as in SimCLR (arXiv 2002.05709) and
BYOL (arXiv 2006.07733). Blur is for large images and stays off at 32 pixels, as is usual.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

GRAY = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma
SIGMA = (0.1, 2.0)  # of the blur, in pixels


def _uniform(n: int, low: float, high: float, device: torch.device, rng: torch.Generator) -> Tensor:
    return torch.empty(n, 1, 1, 1, device=device).uniform_(low, high, generator=rng)


def random_crop_flip(
    images: Tensor, size: int, scale: tuple[float, float], rng: torch.Generator
) -> Tensor:
    """Random resized crop (aspect ratio 3/4 to 4/3) and horizontal flip, in one bilinear sampling.

    Args:
        images: ``[N, 3, H, W]``, any float type.
        size: side of the crop after resizing, in pixels.
        scale: smallest and largest area of the crop, as a fraction of the image.

    Returns:
        ``[N, 3, size, size]``.
    """
    n, device = len(images), images.device
    area = _uniform(n, *scale, device, rng).flatten()
    aspect = _uniform(n, math.log(3 / 4), math.log(4 / 3), device, rng).flatten().exp()
    width = (area * aspect).sqrt().clamp(max=1)
    height = (area / aspect).sqrt().clamp(max=1)
    x = _uniform(n, -1, 1, device, rng).flatten() * (1 - width)
    y = _uniform(n, -1, 1, device, rng).flatten() * (1 - height)
    flip = torch.where(_uniform(n, 0, 1, device, rng).flatten() < 0.5, -1.0, 1.0)
    zero = torch.zeros_like(x)
    theta = torch.stack([width * flip, zero, x, zero, height, y], 1).view(n, 2, 3)
    grid = F.affine_grid(theta, [n, 3, size, size], align_corners=False).to(images.dtype)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _gray(images: Tensor) -> Tensor:
    r, g, b = images.unbind(1)
    return (GRAY[0] * r + GRAY[1] * g + GRAY[2] * b).unsqueeze(1)


def color_jitter(
    images: Tensor, brightness: float, contrast: float, saturation: float, hue: float, rng: torch.Generator
) -> Tensor:
    """Changes brightness, contrast, saturation and hue of each image by random amounts.

    Hue rotates around the gray axis of YIQ: a linear approximation of HSV that costs one 3x3 matrix.

    Args:
        images: ``[N, 3, H, W]`` in 0..1.
        brightness, contrast, saturation: largest relative change.
        hue: largest rotation, as a fraction of the circle.
    """
    n, device = len(images), images.device
    images = images * _uniform(n, 1 - brightness, 1 + brightness, device, rng)
    mean = _gray(images).mean((2, 3), keepdim=True)
    images = mean + (images - mean) * _uniform(n, 1 - contrast, 1 + contrast, device, rng)
    s = _uniform(n, 1 - saturation, 1 + saturation, device, rng).flatten()
    angle = _uniform(n, -hue, hue, device, rng).flatten() * (2 * math.pi)
    to_yiq = torch.tensor(
        [GRAY, (0.596, -0.274, -0.322), (0.211, -0.523, 0.312)], device=device, dtype=torch.float32
    )
    cos, sin = angle.cos() * s, angle.sin() * s
    turn = torch.zeros(n, 3, 3, device=device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1], turn[:, 1, 2] = cos, -sin
    turn[:, 2, 1], turn[:, 2, 2] = sin, cos
    matrix = (torch.linalg.inv(to_yiq) @ turn @ to_yiq).to(images.dtype)
    return torch.bmm(matrix, images.flatten(2)).view_as(images).clamp(0, 1)


def gaussian_blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Blurs each image by its own sigma. The kernel is renormalized at the borders.

    A blur along one axis is a product with an ``S x S`` matrix: cheap beside the network, and one call blurs every
    image by a different sigma.

    Args:
        images: ``[N, 3, S, S]``.
        sigma: ``[N, 1, 1, 1]``, standard deviation in pixels.
    """
    at = torch.arange(images.shape[-1], device=images.device)
    kernel = torch.softmax(-((at - at[:, None]) ** 2) / (2 * sigma**2), dim=-1)
    return kernel @ images @ kernel.mT


def augment(
    images: Tensor,
    size: int,
    scale: tuple[float, float],
    rng: torch.Generator,
    solarize: float = 0.0,
    blur: float = 0.0,
) -> Tensor:
    """Makes one random view of each image.

    Args:
        images: uint8 ``[N, 3, H, W]``.
        size: side of the view.
        scale: smallest and largest area of the crop, as a fraction of the image.
        rng: a generator on the images' device.
        solarize: probability of inverting the pixels above the middle.
        blur: probability of a Gaussian blur.

    Returns:
        float32 ``[N, 3, size, size]`` in 0..255.
    """
    n, device = len(images), images.device
    views = random_crop_flip(images.float() / 255, size, scale, rng)
    jittered = color_jitter(views, 0.4, 0.4, 0.4, 0.1, rng)
    views = torch.where(_uniform(n, 0, 1, device, rng) < 0.8, jittered, views)
    views = torch.where(_uniform(n, 0, 1, device, rng) < 0.2, _gray(views), views)
    if blur > 0:
        blurred = gaussian_blur(views, _uniform(n, *SIGMA, device, rng))
        views = torch.where(_uniform(n, 0, 1, device, rng) < blur, blurred, views)
    if solarize > 0:
        inverted = torch.where(views < 0.5, views, 1 - views)
        views = torch.where(_uniform(n, 0, 1, device, rng) < solarize, inverted, views)
    return views * 255
