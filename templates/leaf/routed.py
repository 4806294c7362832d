"""What a router returns."""

from torch import Tensor

# What a router makes of N tokens: M rows sorted by expert, which of the tokens each is
# (M,), with which weight (M,); how many each expert takes (E,); its logits (N, E).
Routed = tuple[Tensor, Tensor, Tensor, Tensor]
