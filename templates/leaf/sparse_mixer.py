"""Experts drawn one after the other."""

import torch
from torch import Tensor


def sparse_mixer(
    logits: Tensor, top_k: int, jitter: float, training: bool
) -> tuple[Tensor, Tensor]:
    """Weights and experts, (N, K), by SparseMixer-v2; in evaluation the best are taken."""
    rest, weights, chosen = logits, list[Tensor](), list[Tensor]()
    for _ in range(top_k):
        best = rest.detach().amax(dim=-1, keepdim=True)
        size = logits.detach().abs().maximum(best)
        near = rest.masked_fill((best - logits) / size > 2 * jitter, float("-inf"))
        share = near.softmax(dim=-1)
        likeliest = near.argmax(dim=-1, keepdim=True)
        drawn = likeliest
        if training:
            noise = torch.empty_like(near).exponential_().log()
            drawn = (near - noise).argmax(dim=-1, keepdim=True)
        weight = share.gather(-1, drawn)  # (N, 1)
        if training:
            # Heun's method: at a point between, a third of the weight, with its whole slope.
            between = (drawn != likeliest) & (torch.rand_like(weight) <= 0.75)
            weight = weight - (weight * between * 2 / 3).detach()
        weights.append(weight)
        chosen.append(drawn)
        rest = rest.scatter(-1, drawn, float("-inf"))
    return torch.cat(weights, dim=-1), torch.cat(chosen, dim=-1)
