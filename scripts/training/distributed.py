"""Several processes, one a device, that train as one: ``torchrun --nproc-per-node N -- train.py ...``. Without the
``--`` torchrun takes ``--run`` for one of its own options.

Each takes its part of every batch and the loss of its own rows; the loss of the batch is their mean over the processes,
and so is the gradient, which DistributedDataParallel averages. What a row needs of the others comes through
:func:`gather`, whose gradient goes back to the process that each row came from. In a process on its own every
function here gives back what it got.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel


def world() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


@contextmanager
def processes(device: str) -> Iterator[torch.device]:
    """Joins the processes that ``torchrun`` started; gives this one's device."""
    here = torch.device(device)
    if not dist.is_torchelastic_launched():
        yield here
        return
    if here.type == "cuda":
        here = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(here)
    dist.init_process_group("cpu:gloo,cuda:nccl" if here.type == "cuda" else "gloo")
    yield here
    dist.destroy_process_group()  # not after an error: the others would wait for this one


def device_name(device: torch.device) -> str:
    """What all processes run on, for people."""
    if device.type != "cuda":
        return f"{os.cpu_count()} CPU cores"
    name = torch.cuda.get_device_name(device)
    return f"{world()} x {name}" if world() > 1 else name


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows: Tensor) -> Tensor:
        rows = rows.contiguous()
        parts = [torch.empty_like(rows) for _ in range(world())]
        dist.all_gather(parts, rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total.chunk(world())[rank()]


def gather(rows: Tensor) -> Tensor:
    """The rows of all processes, ``[world * N, ...]`` in the order of their ranks; each has as many.

    The gradient is that of the sum of the processes' losses.
    """
    return _Gather.apply(rows) if world() > 1 else rows


def agree(value: float) -> float:
    """What process 0 says, such as the time: clocks differ, and all must stop at the same step."""
    if world() == 1:
        return value
    said = torch.tensor(value, dtype=torch.float64)
    dist.broadcast(said, 0)
    return said.item()


class _CpuSyncBatchNorm(_BatchNorm):
    """``nn.SyncBatchNorm`` runs on accelerators only; this is its plain form for the CPU."""

    def _check_input_dim(self, input: Tensor) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        dims = [0, *range(2, x.ndim)]
        own = torch.stack(torch.var_mean(x.float(), dims, correction=0))
        variances, means = gather(own[None]).unbind(1)
        mean = means.mean(0)
        variance = (variances + (means - mean) ** 2).mean(0)
        with torch.no_grad():
            count = world() * x.numel() // len(mean)
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked += 1
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shape = [1, -1] + [1] * (x.ndim - 2)
        return ((x - mean.view(shape)) * scale.view(shape) + self.bias.view(shape)).to(x.dtype)


def synchronise(network: nn.Module) -> nn.Module:
    """Batch norm over the batch of all processes; the names and values of the state stay as they are."""
    if world() == 1:
        return network
    if next(network.parameters()).is_cuda:
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.__class__ = _CpuSyncBatchNorm  # its forward changes and nothing else
    return network


def parallel(network: Callable) -> Callable:
    """The network with its gradients averaged over the processes."""
    return DistributedDataParallel(network) if world() > 1 else network
