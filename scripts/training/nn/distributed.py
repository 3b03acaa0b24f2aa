"""Data-parallel training: ``torchrun`` starts several processes, one per device, that train as one.

Each process takes its slice of every batch and computes the loss of its own rows. The loss of the batch is the mean
over the processes, and DistributedDataParallel averages the gradients accordingly. :func:`gather` collects the rows of
the other processes; its gradient returns to the process that each row came from. With one process, each function
returns its argument.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

# How long a process waits for another. In first_goes_first, process 0 decodes the whole folder meanwhile: hours for
# millions of photos. The defaults, 10 minutes of NCCL and 30 of Gloo, would end the run.
PATIENCE = timedelta(hours=24)


def world() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


@contextmanager
def processes(device: str) -> Iterator[torch.device]:
    """Joins the process group that ``torchrun`` started. Yields the device of this process."""
    here = torch.device(device)
    if not dist.is_torchelastic_launched():
        yield here
        return
    if here.type == "cuda":
        here = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(here)
    dist.init_process_group("cpu:gloo,cuda:nccl" if here.type == "cuda" else "gloo", timeout=PATIENCE)
    yield here
    dist.destroy_process_group()  # not after an error: it would block on the other processes


def device_name(device: torch.device) -> str:
    """Describes the hardware of the run, for the model card."""
    if device.type != "cuda":
        return f"{os.cpu_count()} CPU cores"
    name = torch.cuda.get_device_name(device)
    return f"{world()} x {name}" if world() > 1 else name


@contextmanager
def first_goes_first() -> Iterator[None]:
    """Lets the other processes in when process 0 is done."""
    if rank() > 0:
        dist.barrier()
    yield
    if rank() == 0 and world() > 1:
        dist.barrier()


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
    """Concatenates the rows of all processes by rank: ``[world * N, ...]``. All processes must have ``N`` rows.

    The gradient is that of the sum of the losses of all processes.
    """
    return _Gather.apply(rows) if world() > 1 else rows


def broadcast(value: float) -> float:
    """The value of process 0. Clocks differ, and all processes must stop at the same step."""
    if world() == 1:
        return value
    shared = torch.tensor(value, dtype=torch.float64)
    dist.broadcast(shared, 0)
    return shared.item()


class _CpuSyncBatchNorm(_BatchNorm):
    """``nn.SyncBatchNorm`` for the CPU: PyTorch's own runs on accelerators only."""

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


def synchronize(network: nn.Module) -> nn.Module:
    """Makes batch norm use the batch of all processes. Keeps the names and values of the state."""
    if world() == 1:
        return network
    if next(network.parameters()).is_cuda:
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.__class__ = _CpuSyncBatchNorm  # replaces forward and keeps the state
    return network


def parallel(network: Callable) -> Callable:
    """Wraps the network so that gradients are averaged over the processes."""
    return DistributedDataParallel(network) if world() > 1 else network
