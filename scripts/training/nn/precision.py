"""Which steps run in bfloat16: GPUs and processors with its instructions; others emulate it, many times slower."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager

import torch


@functools.cache
def has_bfloat16(device: str) -> bool:
    """Whether a type of device (``cuda``, ``cpu``) computes in bfloat16 itself."""
    return device != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()


def half(device: torch.device, enabled: bool = True) -> AbstractContextManager[None]:
    """Runs the network in bfloat16 inside ``with``, where the device does that itself and ``enabled`` allows it."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled and has_bfloat16(device.type))
