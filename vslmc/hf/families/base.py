"""What an entry of the table is, and the one that most others are variations of: Llama."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Any

from vslmc.hf.config import Config
from vslmc.hf.fields import (
    Activation,
    Each,
    Field,
    Flag,
    LayerType,
    Real,
    Share,
    Whole,
)
from vslmc.hf.form import At, Form, Key, Position, Reader
from vslmc.hf.parts import Leaf, spell
from vslmc.hf.rope import Turn, longest_context, read_rope, rope_fields
from vslmc.hf.rules import Join, Rules, Sinusoids, Tensors
from vslmc.record import record


@record
class Family:
    """A model type of transformers."""

    type: str
    """`model_type` of its configs."""
    fields: Mapping[str, Field]
    """All fields that its model reads, with transformers' own defaults."""
    form: Form
    tensors: Tensors
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other names of fields."""
    ignored: frozenset[str] = frozenset()
    """Fields that its model does not read, or that follow from others."""

    def but(
        self,
        type_: str,
        fields: Mapping[str, Field] | None = None,
        *,
        without: str = "",
        rules: Rules | None = None,
        ignored: str = "",
        aliases: Mapping[str, str] | None = None,
        **form: Key,
    ) -> Family:
        """Another family that differs in some fields, rules and keys of its form."""
        own = {
            name: f for name, f in self.fields.items() if name not in without.split()
        }
        return replace(
            self,
            type=type_,
            fields={**own, **(fields or {})},
            form=self.form.but(**form),
            tensors=self.tensors.but(rules or {}),
            aliases=self.aliases if aliases is None else aliases,
            ignored=self.ignored | frozenset(ignored.split()),
        )

    def passing(self, pattern: str) -> Family:
        """The same family, whose checkpoints may have tensors beside that it does not read."""
        unused = (*self.tensors.unused, pattern)
        return replace(self, tensors=replace(self.tensors, unused=unused))

    def either(self, names: Mapping[str, str]) -> Family:
        """The same family, whose checkpoints may have tensors under other names."""
        either = {**self.tensors.either, **names}
        return replace(self, tensors=replace(self.tensors, either=either))

    def fixing(self, fixed: Mapping[str, float | Sinusoids]) -> Family:
        """The same family, whose checkpoints may have what the language has built in."""
        return replace(self, tensors=replace(self.tensors, fixed=fixed))


def four_times(name: str, width: str) -> Reader:
    """An inner width, by default four times the stream's."""
    return lambda c: 4 * c[width] if c[name] is None else c[name]


def inverse(name: str) -> Reader:
    """One over a field."""
    return lambda c: 1 if c[name] == 1 else Leaf(f"1 / {spell(c[name])}")


# --- positions ---------------------------------------------------------------------------------


def turned(turn: Turn) -> Position:
    """RoPE, the same in all layers."""
    return lambda c, size: read_rope(c, turn, size)


def turned_if(turn: Turn, where: Callable[[Config], bool]) -> Position:
    """RoPE in some layers, no positions in the others."""
    return lambda c, size: read_rope(c, turn, size) if where(c) else None


def context_of(turn: Turn) -> Reader:
    """The context, longer where RoPE grows with it."""
    return lambda c: longest_context(c, turn)


def rope(turn: Turn) -> dict[str, Any]:
    """What a form says of RoPE in all layers."""
    return {"position": turned(turn), "context": context_of(turn)}


# --- windows -----------------------------------------------------------------------------------


@record
class Windows:
    """Windows in some layers, by `layer_types`, or else by a pattern."""

    pattern: Callable[[Config], bool]
    """Whether a layer has a window, where the config has no types."""

    def kind(self, c: Config) -> str:
        """The type of this layer."""
        if c["layer_types"] is not None:
            return c.each("layer_types")
        return "sliding_attention" if self.pattern(c) else "full_attention"

    def slides(self, c: Config) -> bool:
        """Whether this layer has a window."""
        return self.kind(c) == "sliding_attention"

    def window(self, c: Config) -> int | None:
        """The window of this layer."""
        if not self.slides(c):
            return None
        if c["sliding_window"] is None:
            raise c.wrong("sliding_window", "a whole number: some layers have a window")
        return c["sliding_window"]

    def turned(self, turn: Turn) -> Position:
        """RoPE with parameters for each type of layer."""
        return lambda c, size: read_rope(c, turn, size, self.kind(c))


def every(count: int, first: int = 0) -> Windows:
    """A layer without a window behind every `count` - 1 with one, or from the `first` on."""
    return Windows(lambda c: (number_of(c) + 1 - first) % count != 0)


def number_of(c: Config) -> int:
    """The layer's number, from 0."""
    assert c.layer is not None
    return c.layer


LAYER_TYPES: dict[str, Field] = {"layer_types": Each(LayerType())}


# --- Llama -------------------------------------------------------------------------------------

TURN = Turn()

SIZES: dict[str, Field] = {
    "vocab_size": Whole(32000),
    "hidden_size": Whole(4096),
    "intermediate_size": Whole(11008),
    "num_hidden_layers": Whole(32),
    "num_attention_heads": Whole(32),
    "num_key_value_heads": Whole(None),
    "head_dim": Whole(None),
    "hidden_act": Activation("silu"),
    "max_position_embeddings": Whole(2048),
    "rms_norm_eps": Real(1e-6),
    "tie_word_embeddings": Flag(False),
    "attention_bias": Flag(False),
    "attention_dropout": Share(0.0),
}
"""Fields of nearly all types since Llama."""

OLD_BUFFERS = (r".*\.rotary_emb\.inv_freq",)
"""What checkpoints of older versions hold beside weights."""

LLAMA_RULES: Rules = {
    "embedding": "model.embed_tokens",
    "norm": "model.norm",
    "head": "lm_head",
    "layers.#.norm_1": "model.layers.#.input_layernorm",
    "layers.#.norm_2": "model.layers.#.post_attention_layernorm",
    "layers.#.mixer.qkv": Join(
        (
            "model.layers.#.self_attn.q_proj",
            "model.layers.#.self_attn.k_proj",
            "model.layers.#.self_attn.v_proj",
        )
    ),
    "layers.#.mixer.out": "model.layers.#.self_attn.o_proj",
    "layers.#.mixer.q_norm": "model.layers.#.self_attn.q_norm",
    "layers.#.mixer.k_norm": "model.layers.#.self_attn.k_norm",
    "layers.#.mixer.sink": "model.layers.#.self_attn.sinks",
    "layers.#.ffn.gate": "model.layers.#.mlp.gate_proj",
    "layers.#.ffn.up": "model.layers.#.mlp.up_proj",
    "layers.#.ffn.down": "model.layers.#.mlp.down_proj",
}

LLAMA = Family(
    "llama",
    {**SIZES, "mlp_bias": Flag(False), **rope_fields(TURN)},
    Form(bias=At("attention_bias"), ffn_bias=At("mlp_bias"), **rope(TURN)),
    Tensors(
        LLAMA_RULES,
        embedding="model.embed_tokens",
        head="lm_head",
        prefix="model.",
        unused=OLD_BUFFERS,
        fixed={r".*\.act_fn\.beta": 0.5, r".*\.act_fn\.eps": -1e-6},
    ),
)

SANDWICH: Rules = {
    "layers.#.post_1": "model.layers.#.post_attention_layernorm",
    "layers.#.norm_2": "model.layers.#.pre_feedforward_layernorm",
    "layers.#.post_2": "model.layers.#.post_feedforward_layernorm",
}
"""Norms before and behind each branch, as Gemma 2 calls them."""

OUTPUT: Rules = {
    "layers.#.norm_1": "model.layers.#.post_attention_layernorm",
    "layers.#.norm_2": "model.layers.#.post_feedforward_layernorm",
}
"""Norms behind each branch alone, as OLMo 2 calls them."""
