"""What a family says of its layers and ends: data, with `At("field")` where a config decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from vslmc.hf.config import Config
from vslmc.hf.parts import Leaf, Part
from vslmc.record import record


@record
class At:
    """The value of a field."""

    name: str


Reader: TypeAlias = Callable[[Config], Any]
"""What makes a value of a config."""

Says: TypeAlias = At | Leaf | Reader | float | str | None
"""A constant, `At` a field, or a function of the config."""

Position: TypeAlias = Callable[[Config, int], Part | Leaf | None]
"""What makes relative positions of a config, for heads of a size."""


def say(value: Says, c: Config) -> Any:
    """The value under a config."""
    if isinstance(value, At):
        return c[value.name]
    return value(c) if callable(value) else value


def name_of(says: Says) -> str:
    """The field that decides, for a message."""
    return getattr(says, "name", "config.json")


@record(kw_only=True)
class Norm:
    """A norm; keys as those of the language."""

    kind: str = "rmsnorm"
    eps: Says = At("rms_norm_eps")
    offset: Says = False
    weight: Says = True
    bias: Says = True
    """Of a layernorm."""


RMS = Norm()
LAYER = Norm(kind="layernorm", eps=At("layer_norm_eps"))


@record(kw_only=True)
class Latent:
    """Multi-head latent attention."""

    q_rank: Says = At("q_lora_rank")
    kv_rank: Says = At("kv_lora_rank")
    nope_dim: Says = At("qk_nope_head_dim")
    rope_dim: Says = At("qk_rope_head_dim")
    v_dim: Says = At("v_head_dim")


@record(kw_only=True)
class Experts:
    """A mixture of experts; keys as those of the language."""

    here: Says = True
    """Whether this layer is one; else it has the dense FFN."""
    experts: Says = At("num_local_experts")
    top_k: Says = At("num_experts_per_tok")
    hidden: Says = At("intermediate_size")
    router: Says = "softmax"
    jitter: Says = None
    """Of a sparse mixer."""
    corrected: bool = False
    """Whether a number of its own is added to an expert's score where experts are chosen."""
    groups: Says = None
    kept: Says = None
    """Groups that a token may use."""
    rank: str = "top_2"
    """What ranks a group."""
    normalise: Says = True
    scale: Says = 1.0
    bias: bool = False
    """Of the router."""
    clamp: Says = None
    shared: Says = 0
    """Inner width of what every token takes beside."""
    shared_gate: bool = False
    balance: Says = At("router_aux_loss_coef")
    """The coefficient of a loss; of no meaning where scores are corrected."""

    def but(self, **changes: Says) -> Experts:
        """The same with changes."""
        values: Any = changes
        return replace(self, **values)


@record(kw_only=True)
class Form:
    """A family's model. What is not said is as Llama has it."""

    # sizes
    vocab: Says = At("vocab_size")
    context: Says = At("max_position_embeddings")
    width: Says = At("hidden_size")
    depth: Says = At("num_hidden_layers")
    tie: Says = At("tie_word_embeddings")

    # stacks
    role: str = "decoder"
    """Of the layers: an encoder where it stands alone."""
    source: Form | None = None
    """The encoder beside a decoder: its layers, their number, and the norm of its result."""
    cross: bool = False
    """Whether the layers look at the encoder beside them, as they look at one another."""

    # ends
    types: Says = 0
    transform: Says = None
    """Activation of one more map before the final norm."""
    embed_scale: Says = None
    """A number, or an expression as a `Leaf`."""
    embed_norm: Says = False
    positions: Says = None
    """`learned`, or another kind of absolute positions."""
    embed_dropout: Says = 0.0
    head_norm: Says = True
    head_bias: Says = False
    head_scale: Says = None
    head_softcap: Says = None

    # a block
    norm: Norm | None = RMS
    placement: Says = "pre"
    parallel: Says = 0
    """Norms of parallel branches; 0 for one branch after the other."""
    residual: Says = 1.0
    dropout: Says = 0.0

    # attention
    heads: Says = At("num_attention_heads")
    kv_heads: Says = At("num_key_value_heads")
    head_dim: Says = At("head_dim")
    bias: Says = False
    out_bias: Says = None
    """None is as `bias`."""
    scale: Says = None
    """What scores are multiplied by: a number, or an expression as a `Leaf`."""
    softcap: Says = None
    window: Says = None
    sink: Says = False
    gate: Says = None
    """What scales its results: `elementwise` or `headwise`."""
    attn_dropout: Says = At("attention_dropout")
    position: Position | None = None
    """Relative positions, of the config and the size of a head."""
    qk_norm: Norm | None = None
    qk_normed: Says = True
    """Whether `qk_norm` is there at all."""
    qk_over: Says = "head"
    qk_after: Says = False
    clip: Says = None
    latent: Latent | None = None

    # FFN
    gated: Says = True
    hidden: Says = At("intermediate_size")
    activation: Says = At("hidden_act")
    ffn_bias: Says = False
    unit_offset: bool = False
    """Whether one is added beside a gate."""
    experts: Experts | None = None

    def but(self, **changes: Key) -> Form:
        """The same with changes."""
        values: Any = changes
        return replace(self, **values)


Key: TypeAlias = Says | Position | Norm | Latent | Experts | Form
"""What a key of a form may be."""
