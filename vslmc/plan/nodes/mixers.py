"""Mixers: attention in its forms."""

from __future__ import annotations

from typing import Literal

from vslmc.plan.nodes.parts import (
    Kernel,
    KvState,
    Lora,
    Norm,
    Pattern,
    Position,
    Rope,
)
from vslmc.plan.python import PythonMixer
from vslmc.record import record

QkOver = Literal["head", "each", "all"]
Sink = Literal["learned", "plus_one"]
Gate = Literal["elementwise", "headwise"]


@record
class Power:
    """Weights exp(s) / (sum of exp(s)) ** power; 1 is softmax."""

    value: float
    """The power, or where a learned one starts."""
    learned: bool
    """Whether every head learns its own."""


@record
class Attention:
    """Grouped-query attention (Ainslie et al. 2023); kv_heads = heads is multi-head."""

    heads: int
    kv_heads: int
    head_dim: int
    window: int | None
    """Tokens that a query sees, itself included; None sees all before it. In an encoder it
    sees as far to either side."""
    position: Position | None
    qk_norm: Norm | None
    """Norm of queries and keys, before the rotation unless `qk_after`; its width is head_dim,
    or all heads'."""
    bias: bool
    """Bias in the projection of queries, keys and values."""
    out_bias: bool
    """Bias in the output projection."""
    dropout: float
    """Dropout of the attention probabilities while training."""
    kv: Literal["own", "from_previous", "memory"]
    """Whether it projects keys and values of its own input, uses those, normed and rotated, of
    the last layer before it that does (Brandon et al. 2024, cross-layer attention), or
    projects those of the encoder's result."""
    kernel: Kernel
    state: KvState | None
    """None for `from_previous`, and in an encoder."""
    lora: Lora | None = None
    qk_over: QkOver = "head"
    """Whether qk_norm is over a head with weights for all heads, over a head with weights of
    `each`, or over all heads at once."""
    pattern: Pattern | None = None
    """Which of the tokens before it a query sees, if not a window of them."""
    scale: float | None = None
    """What scores are multiplied by; None is 1 / sqrt(head_dim)."""
    softcap: float | None = None
    """Scores s become softcap * tanh(s / softcap) (Gemma 2)."""
    sink: Sink | None = None
    """One more term in the softmax's sum: exp of a learned logit of each head, or 1."""
    power: Power | None = None
    gate: Gate | None = None
    """The heads' results times sigmoid(W x), one gate for every number or for every head."""
    shift: int = 0
    """The input's channels in shift + 1 equal groups, group i of `shift` ones delayed by i tokens."""
    causal: bool = True
    """False in an encoder, and for an encoder's keys: every query sees every token."""
    memory: int | None = None
    """Width of the encoder's result, for kv = memory."""
    clip: float | None = None
    """Largest magnitude of queries, keys and values; they are held to it before they turn."""
    qk_after: bool = False
    """Whether qk_norm comes after the rotation."""
    keep: int | None = None
    """Keys that a query keeps: those with the largest biases, exp(rate * softplus(W v)) of every
    key head, which are added to the scores (Shi & Wu 2024, dynamic mask attention)."""


@record
class Mla:
    """Multi-head latent attention (DeepSeek-V2, section 2.1): keys and values from one latent."""

    heads: int
    q_rank: int | None
    """Width of the queries' latent; None projects them directly."""
    kv_rank: int
    """Width of the keys' and values' latent: what is cached, beside the shared rotated key."""
    nope_dim: int
    """Numbers of each query and key head without position."""
    rope_dim: int
    """Numbers that turn; the key's are one for all heads."""
    v_dim: int
    """Numbers of each value head."""
    position: Rope
    norm: Norm
    """Norm of the keys' latent, over kv_rank; the queries' latent has one of its kind."""
    bias: bool
    """Bias in the projections down to the latents, and the output projection."""
    dropout: float
    kernel: Kernel
    state: KvState | None
    scale: float | None = None
    """What scores are multiplied by; None is 1 / sqrt(nope_dim + rope_dim)."""
    causal: bool = True

    @property
    def head_dim(self) -> int:
        """Numbers of each query and key head."""
        return self.nope_dim + self.rope_dim


Mixer = Attention | Mla | PythonMixer
