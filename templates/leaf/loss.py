"""The cross-entropy of a linear head without the logits of all tokens at once."""

from typing import Any

import torch
from torch import Tensor

CHUNK = 2**26  # logits that exist at one time
PIECE = 2**21  # of them that a CPU works on at one time: in fp32 8 MB, near its cache


def cross_entropy_(logits: Tensor, targets: Tensor) -> Tensor:
    """Summed cross-entropy of logits (N, V), which become its slope, in place."""
    rows = PIECE // logits.size(1) + 1 if logits.is_cpu else len(logits)
    loss = torch.zeros((), dtype=torch.float32, device=logits.device)
    for piece, wanted in zip(logits.split(rows), targets[:, None].split(rows)):
        valid, wanted = wanted >= 0, wanted.clamp(min=0)  # -100 is left out
        scores = piece.float()
        scores -= scores.amax(dim=-1, keepdim=True)
        right = scores.gather(1, wanted)
        total = scores.exp_().sum(dim=-1, keepdim=True)
        loss += ((total.log() - right) * valid).sum()
        scores *= valid / total  # softmax, and one less at the target
        scores.scatter_add_(1, wanted, -valid.float())
        piece.copy_(scores)
    return loss


class HeadLoss(torch.autograd.Function):
    """Summed cross-entropy of `x @ weight.T`; its gradients are made on the way forward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        matrix = weight.to(x.dtype)
        x_grad = torch.empty_like(x)
        weight_grad = torch.zeros_like(weight, dtype=torch.float32)
        loss = torch.zeros((), dtype=torch.float32, device=x.device)
        chunks = (t.split(CHUNK // len(weight) + 1) for t in (x, targets, x_grad))
        for rows, wanted, grad in zip(*chunks):
            slope = rows @ matrix.T  # (N, V), the logits at first
            loss += cross_entropy_(slope, wanted)
            grad.copy_(slope @ matrix)
            if x.dtype == weight_grad.dtype:  # no temporary of its size
                weight_grad.addmm_(slope.T, rows)
            else:
                weight_grad += slope.T @ rows
        ctx.save_for_backward(x_grad, weight_grad.to(weight.dtype))
        return loss

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, None]:
        x_grad, weight_grad = ctx.saved_tensors
        # In place, to save memory: PyTorch stops a second pass over the same graph.
        return x_grad * slope, weight_grad.mul_(slope), None


def head_loss(x: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy over the targets that are not -100, in nats; x is (B, T, C)."""
    x, targets = x.flatten(0, 1), targets.flatten()
    count = (targets >= 0).sum().clamp(min=1)
    if torch.is_autocast_enabled(x.device.type):
        x = x.to(torch.get_autocast_dtype(x.device.type))
    with torch.autocast(x.device.type, enabled=False):
        if torch.is_grad_enabled():
            return HeadLoss.apply(x, weight, targets) / count
        chunks = zip(*(t.split(CHUNK // len(weight) + 1) for t in (x, targets)))
        matrix = weight.to(x.dtype)
        losses = (cross_entropy_(rows @ matrix.T, wanted) for rows, wanted in chunks)
        return sum(losses) / count
