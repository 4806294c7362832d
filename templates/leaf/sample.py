"""Drawing the next token."""

import torch
from torch import Tensor


def sample(
    logits: Tensor,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    generator: torch.Generator | None,
) -> Tensor:
    """Draw one token for each row of logits (B, V); temperature 0 takes the likeliest."""
    if temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)  # (B, 1)
    logits = logits.float() / temperature
    if top_k is not None:
        least = logits.topk(min(top_k, logits.size(-1))).values[:, -1:]
        logits = logits.masked_fill(logits < least, float("-inf"))
    if top_p is not None:
        ordered, index = logits.softmax(dim=-1).sort(descending=True)
        # The likeliest token is always inside: nothing comes before it.
        outside = ordered.cumsum(dim=-1) - ordered >= top_p
        outside = outside.scatter(1, index, outside)
        logits = logits.masked_fill(outside, float("-inf"))
    return torch.multinomial(logits.softmax(dim=-1), 1, generator=generator)
