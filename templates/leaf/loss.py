"""The cross-entropy of a linear head without the logits of all tokens at once."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

CHUNK = 512  # tokens whose logits exist at one time


class HeadLoss(torch.autograd.Function):
    """Summed cross-entropy of `x @ weight.T`; its gradients are made on the way forward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        matrix = weight.to(x.dtype)
        x_grad = torch.empty_like(x)
        weight_grad = torch.zeros_like(weight, dtype=torch.float32)
        loss = torch.zeros((), device=x.device)
        for start in range(0, len(x), CHUNK):
            rows = x[start : start + CHUNK]
            wanted = targets[start : start + CHUNK, None]
            valid, wanted = wanted >= 0, wanted.clamp(min=0)  # -100 is left out
            scores = (rows @ matrix.T).float().log_softmax(dim=-1)  # (CHUNK, V)
            loss -= (scores.gather(1, wanted) * valid).sum()
            slope = scores.exp_()  # softmax, and one less at the target
            slope.scatter_add_(1, wanted, -torch.ones_like(slope[:, :1]))
            slope = slope.to(x.dtype)
            x_grad[start : start + CHUNK] = (slope @ matrix) * valid
            if x.dtype == weight_grad.dtype:  # no temporary of its size
                weight_grad.addmm_(slope.T, rows * valid)
            else:
                weight_grad += slope.T @ (rows * valid)
        ctx.save_for_backward(x_grad, weight_grad.to(weight.dtype))
        return loss

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, None]:
        x_grad, weight_grad = ctx.saved_tensors
        return (x_grad * slope).type_as(x_grad), weight_grad * slope, None


def head_loss(x: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy over the targets that are not -100, in nats; x is (B, T, C)."""
    x, targets = x.flatten(0, 1), targets.flatten()
    count = (targets >= 0).sum().clamp(min=1)
    if torch.is_autocast_enabled(x.device.type):
        x = x.to(torch.get_autocast_dtype(x.device.type))
    with torch.autocast(x.device.type, enabled=False):
        if torch.is_grad_enabled():
            return HeadLoss.apply(x, weight, targets) / count
        parts = zip(x.split(CHUNK), targets.split(CHUNK))
        matrix = weight.to(x.dtype)
        logits = (((rows @ matrix.T).float(), wanted) for rows, wanted in parts)
        return sum(F.cross_entropy(*pair, reduction="sum") for pair in logits) / count
