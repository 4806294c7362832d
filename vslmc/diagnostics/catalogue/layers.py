"""Faults of the stack and of how its parts fit together."""

from __future__ import annotations

from dataclasses import replace

from vslmc.diagnostics.catalogue.words import count_words, join_or
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "too-many-layers",
    what="A stack would have more applied layers than the limit.",
    why="It is counted before anything is expanded, so that a slip of the keyboard does not take the machine.",
    wrong="layers { 1_000_000_000 * base }",
    right="layers { 12 * base }",
    form="model",
)
def too_many_layers(place: Span, layers: int, limit: int) -> Diagnostic:
    """`layers` would be there with this item."""
    return fault(
        f"the stack would have {layers:,} layers or more, the limit is {limit:,}",
        primary=Label(place, "with this item"),
        help="raise the limit with `--max-layers` if this is meant",
    )


@diagnostic(
    "no-layers",
    what="A model has no layers.",
    why="A stack needs at least one.",
    wrong="model tiny { vocab = 256, context = 64, width = 32 }",
    right=(
        "block base { mixer = attention(heads = 4), ffn = mlp }\n"
        "model tiny { vocab = 256, context = 64, width = 32, layers { 2 * base } }"
    ),
)
def no_layers(place: Span, role: str = "decoder") -> Diagnostic:
    """`place` is the model's name, its encoder, or a `layers`."""
    encoder = role == "encoder"
    inside = ", inside of its `encoder { }`" if encoder else ""
    return fault(
        f"the {'encoder' if encoder else 'model'} has no layers",
        primary=Label(place, "no layers"),
        help=f"add `layers {{ N * block }}`{inside}",
    )


@diagnostic(
    "override-hits-some-passes",
    what="An override of `layers[...]` covers some applications of a layer and not others.",
    why="Layers of a loop, and of a label that is used again, are one set of weights and settings.",
    wrong="layers { loop 3 { 2 * base } }\nlayers[0..1].ffn = swiglu",
    right="layers { loop 3 { 2 * base } }\nlayers[0..5].ffn = swiglu",
    form="model",
)
def override_hits_some_passes(place: Span, missed: list[int]) -> Diagnostic:
    """`missed` are the applied layers that share weights with those covered."""
    listing = ", ".join(str(index) for index in missed[:6]) + (
        ", ..." if len(missed) > 6 else ""
    )
    text = f"layers {listing} share weights with these"
    if len(missed) == 1:
        text = f"layer {listing} shares its weights with one of these"
    return fault(
        "the override covers only some passes of shared layers",
        primary=Label(place, text),
        help="cover all passes, or override in the item that writes the layers",
    )


@diagnostic(
    "no-such-layers",
    what="An index of `layers[...]` is outside of the stack, or its ends are in the wrong order.",
    why="Layers are counted from 0 in the order of application, as `vslmc show` prints them.",
    wrong="layers { 4 * base }\nlayers[2..4].ffn = swiglu",
    right="layers { 4 * base }\nlayers[2..3].ffn = swiglu",
    form="model",
)
def no_such_layers(place: Span, count: int) -> Diagnostic:
    """`count` layers are applied."""
    has, help = f"the stack has layers 0 to {count - 1}", f"the last is {count - 1}"
    if count == 1:
        has, help = "the stack has layer 0 alone", "use `layers[0]`"
    return fault("there are no such layers", primary=Label(place, has), help=help)


def no_such_stack(place: Span, role: str) -> Diagnostic:
    """The index of a layer of a stack that the model lacks."""
    other = "layers" if role == "encoder" else "encoder.layers"
    return replace(
        no_such_layers(place, 1),
        message=f"the model has no {role}",
        primary=Label(place, f"of the {role}'s layers"),
        help=f"its layers are `{other}[...]`",
    )


def range_reversed(place: Span, first: int, last: int) -> Diagnostic:
    """`first` and `last` as written."""
    return replace(
        no_such_layers(place, first + 1),
        primary=Label(place, f"{first} comes after {last}"),
        help=f"write `layers[{last}..{first}]`",
    )


@diagnostic(
    "kv-heads-must-divide",
    what="`kv_heads` does not divide `heads`.",
    why="In grouped attention each key and value head serves the same number of query heads (Ainslie et al. 2023).",
    wrong="block base { mixer = attention(heads = 8, kv_heads = 3), ffn = mlp }",
    right="block base { mixer = attention(heads = 8, kv_heads = 4), ffn = mlp }",
    form="block",
)
def kv_heads_must_divide(
    kv: Span, kv_heads: int, heads_at: Span | None, heads: int
) -> Diagnostic:
    """Spans of the two values."""
    legal = [n for n in range(1, min(heads, 4096) + 1) if heads % n == 0]
    near = sorted(sorted(legal, key=lambda n: abs(n - kv_heads))[:4])
    label = () if heads_at is None else (Label(heads_at, "`heads` is set here"),)
    return fault(
        "`kv_heads` must divide `heads`",
        primary=Label(kv, f"{kv_heads} does not divide {heads}"),
        secondary=label,
        help=f"use {join_or([str(n) for n in near])}",
    )


@diagnostic(
    "rope-needs-even-head-dim",
    what="A rotary embedding stands on heads of odd width.",
    why="It rotates pairs of coordinates (Su et al. 2021).",
    wrong="block base { mixer = attention(heads = 4, head_dim = 15, position = rope), ffn = mlp }",
    right="block base { mixer = attention(heads = 4, head_dim = 16, position = rope), ffn = mlp }",
    form="block",
)
def rope_needs_even_head_dim(
    place: Span | None, head_dim: int, at: Span | None
) -> Diagnostic:
    """`place` is the position, `at` where head_dim comes from."""
    label = () if at is None else (Label(at, f"`head_dim` is {head_dim}"),)
    return fault(
        "`rope` needs an even `head_dim`",
        primary=Label(place, f"the heads are {head_dim} wide") if place else None,
        secondary=label if at != place else (),
        help="use head_dim = "
        + join_or([str(n) for n in (head_dim - 1, head_dim + 1) if n]),
    )


@diagnostic(
    "top-k-exceeds-experts",
    what="A mixture takes more experts of each token than it has.",
    why="`top_k` different experts are chosen for each token.",
    wrong="block base { mixer = attention(heads = 4), ffn = moe(experts = 4, top_k = 8) }",
    right="block base { mixer = attention(heads = 4), ffn = moe(experts = 8, top_k = 4) }",
    form="block",
)
def top_k_exceeds_experts(
    at: Span | None, top_k: int, place: Span, experts: int
) -> Diagnostic:
    """`at` is where `top_k` is set, None for the default; `place` where `experts` is."""
    has = f"`experts` is {experts}"
    primary, secondary = Label(place, f"{has}, and `top_k` is {top_k} by default"), ()
    if at is not None:
        words = f"{top_k} of {count_words(experts, 'expert')}"
        primary, secondary = Label(at, words), (Label(place, has),)
    return fault(
        "`top_k` is larger than `experts`",
        primary=primary,
        secondary=secondary,
        help=f"use top_k = {experts} or less" if experts > 1 else "use top_k = 1",
    )


@diagnostic(
    "expert-must-be-dense",
    what="The expert of a mixture is no dense FFN.",
    why="Mixtures of mixtures have no kernel, and an expert of nothing does nothing.",
    wrong="block base { mixer = none, ffn = moe(experts = 4, expert = moe(experts = 2)) }",
    right="block base { mixer = none, ffn = moe(experts = 4, expert = swiglu(hidden = 128)) }",
    form="block",
)
def expert_must_be_dense(place: Span | None, kind: str) -> Diagnostic:
    """`kind` is what was given."""
    return fault(
        f"`{kind}` cannot be an expert",
        primary=Label(place, "not a dense FFN") if place else None,
        help="use `mlp`, `swiglu`, `geglu` or `reglu`",
    )


@diagnostic(
    "tie-needs-equal-widths",
    what="Embedding and head are tied, and their widths differ.",
    why="One tensor of shape (vocab, width) cannot have two widths; with `resize = carry` both have the widest.",
    wrong=(
        "resize = pad\n"
        "embedding { tie = true }\n"
        "layers { base, base { width = 32 } }"
    ),
    right=(
        "resize = carry\n"
        "embedding { tie = true }\n"
        "layers { base, base { width = 32 } }"
    ),
    form="model",
)
def tie_needs_equal_widths(
    place: Span, embedding: int, head: int, resize: Span | None
) -> Diagnostic:
    """Widths of both, and where `resize` is set."""
    label = () if resize is None else (Label(resize, "the widths follow from this"),)
    return fault(
        "tied embedding and head have unequal widths",
        primary=Label(place, f"the embedding is {embedding} wide, the head {head}"),
        secondary=label,
        help="use `tie = false`, `resize = carry`, or equal first and last layers",
    )


def encoder_tie_needs_equal_widths(
    place: Span, encoder: int, embedding: int
) -> Diagnostic:
    """Widths of the encoder's first layer and of the decoder's embedding."""
    return replace(
        tie_needs_equal_widths(place, embedding, encoder, None),
        message="encoder and decoder share an embedding, and have unequal widths",
        primary=Label(place, f"the encoder is {encoder} wide, the decoder {embedding}"),
        help="use `encoder { tie = false }`, or equal widths",
    )


@diagnostic(
    "empty-layer",
    what="A layer has neither a mixer nor an FFN.",
    why="It would leave the stream as it is.",
    wrong="block base { mixer = none, ffn = none }",
    right="block base { mixer = none, ffn = mlp }",
    form="block",
)
def empty_layer(place: Span) -> Diagnostic:
    """`place` is the block in the item."""
    return fault(
        "the layer does nothing",
        primary=Label(place, "neither a mixer nor an FFN"),
        help="give it one, or remove the layer",
    )


@diagnostic(
    "kernel-not-legal",
    what="An attention kernel is asked for that cannot run this layer anywhere.",
    why="A kernel that can never be chosen would be a setting without effect.",
    wrong="block base { mixer = attention(heads = 1, head_dim = 512, kernel = flash), ffn = mlp }",
    right="block base { mixer = attention(heads = 1, head_dim = 512, kernel = sdpa), ffn = mlp }",
    form="block",
)
def kernel_not_legal(
    place: Span, kernel: str, reason: str, legal: list[str]
) -> Diagnostic:
    """`legal` kernels of this layer."""
    options = ", ".join(f"`{name}`" for name in legal)
    return fault(
        f"`{kernel}` cannot run this layer",
        primary=Label(place, reason),
        help=f"legal here: {options}",
    )


@diagnostic(
    "too-many-experts",
    what="All layers together would have more experts than the limit.",
    why="It is counted before anything is expanded.",
    wrong="block base { mixer = none, ffn = moe(experts = 10 ** 12) }",
    right="block base { mixer = none, ffn = moe(experts = 64) }",
    form="block",
)
def too_many_experts(place: Span, experts: int, limit: int) -> Diagnostic:
    """`place` is the layer that passes the limit."""
    return fault(
        f"the layers would have {experts:,} experts, the limit is {limit:,}",
        primary=Label(place, "the limit is passed here"),
        help="raise the limit with `--max-experts` if this is meant",
    )


@diagnostic(
    "too-many-parameters",
    what="A model would have more parameters than the limit.",
    why="It is counted on the plan, without building a tensor.",
    wrong="vocab = 10 ** 12, context = 64, width = 10 ** 6",
    right="vocab = 50_304, context = 64, width = 768",
    form="sizes",
)
def too_many_parameters(place: Span, parameters: int, limit: int) -> Diagnostic:
    """`place` is the model's name."""
    return fault(
        f"the model would have {parameters:,} parameters, the limit is {limit:,}",
        primary=Label(place, "this model"),
        help="raise the limit with `--max-parameters` if this is meant",
    )
