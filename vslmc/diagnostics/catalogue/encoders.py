"""Faults of encoders, of what looks at them, and of what they are trained for."""

from __future__ import annotations

from dataclasses import replace

from vslmc.diagnostics.catalogue.words import count_words
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "one-sided-in-encoder",
    what="A layer of an encoder has a mixer that only looks back.",
    why="An encoder's tokens see both sides; what is made of the tokens before alone has no meaning there.",
    wrong=(
        "block base { mixer = attention(heads = 4, pattern = strided(4)), ffn = mlp }\n"
        "model tiny { vocab = 300, context = 64, width = 32, encoder { layers { 2 * base } } }"
    ),
    right=(
        "block base { mixer = attention(heads = 4, window = 4), ffn = mlp }\n"
        "model tiny { vocab = 300, context = 64, width = 32, encoder { layers { 2 * base } } }"
    ),
)
def one_sided_in_encoder(place: Span | None, what: str, help: str) -> Diagnostic:
    """`place` is the value, `what` the setting as it is written."""
    return fault(
        f"`{what}` looks back only, an encoder's tokens see both sides",
        primary=Label(place, "in an encoder") if place else None,
        help=help,
    )


@diagnostic(
    "cross-without-encoder",
    what="A layer looks at an encoder that is not there, or is a layer of the encoder itself.",
    why="Cross-attention is that of a decoder to the encoder beside it.",
    wrong=(
        "block base { mixer = attention(heads = 4), cross = attention(heads = 4), ffn = mlp }\n"
        "model tiny { vocab = 300, context = 64, width = 32, layers { 2 * base } }"
    ),
    right=(
        "block read { mixer = attention(heads = 4), ffn = mlp }\n"
        "block write extends read { cross = attention(heads = 4) }\n"
        "model tiny {\n"
        "    vocab = 300, context = 64, width = 32\n"
        "    encoder { layers { 2 * read } }\n"
        "    layers { 2 * write }\n"
        "}"
    ),
)
def cross_without_encoder(place: Span | None, layer: Span) -> Diagnostic:
    """`place` is the cross-attention, `layer` the item that writes its layer."""
    return fault(
        "the layer looks at an encoder, and the model has none",
        primary=Label(place or layer, "attention to an encoder"),
        secondary=() if place is None else (Label(layer, "this layer"),),
        help="add `encoder { layers { ... } }`, or leave `cross` out",
    )


def cross_in_encoder(place: Span | None, layer: Span) -> Diagnostic:
    """`place` is the cross-attention, `layer` the item of the encoder."""
    return replace(
        cross_without_encoder(place, layer),
        message="a layer of the encoder cannot look at the encoder's result",
        help="give the encoder a block without `cross`",
    )


@diagnostic(
    "encoder-not-used",
    what="A decoder stands beside an encoder, and none of its layers looks at it.",
    why="What the encoder makes would change nothing.",
    wrong=(
        "block base { mixer = attention(heads = 4), ffn = mlp }\n"
        "model tiny {\n"
        "    vocab = 300, context = 64, width = 32\n"
        "    encoder { layers { 2 * base } }\n"
        "    layers { 2 * base }\n"
        "}"
    ),
    right=(
        "block base { mixer = attention(heads = 4), ffn = mlp }\n"
        "model tiny {\n"
        "    vocab = 300, context = 64, width = 32\n"
        "    encoder { layers { 2 * base } }\n"
        "    layers { 2 * base { cross = attention(heads = 4) } }\n"
        "}"
    ),
)
def encoder_not_used(place: Span, layers: Span) -> Diagnostic:
    """`place` is the encoder, `layers` an item of the decoder."""
    return fault(
        "the decoder never looks at the encoder",
        primary=Label(place, "nothing reads what it makes"),
        secondary=(Label(layers, "the decoder's layers"),),
        help="give its layers `cross = attention(...)`",
    )


@diagnostic(
    "wrong-stack",
    what="A key is set that the model's stacks have no use for.",
    why="Some keys are for an encoder alone, some for one beside a decoder, some for decoders.",
    wrong=(
        "block base { mixer = attention(heads = 4), ffn = mlp }\n"
        "model tiny { vocab = 300, context = 64, width = 32, encoder { norm = rmsnorm, layers { base } } }"
    ),
    right=(
        "block base { mixer = attention(heads = 4), ffn = mlp }\n"
        "model tiny { vocab = 300, context = 64, width = 32, head { norm = rmsnorm }, encoder { layers { base } } }"
    ),
)
def wrong_stack(place: Span | None, key: str, reason: str, help: str) -> Diagnostic:
    """`place` is the value of `key`, `reason` why it means nothing here."""
    return fault(
        f"`{key}` has no meaning in this model",
        primary=Label(place, reason) if place else None,
        help=help,
    )


@diagnostic(
    "objective-not-possible",
    what="A recipe asks for an objective that its model cannot be trained for.",
    why="A decoder tells the next token, an encoder hidden ones, a decoder beside an encoder what the source lacks.",
    wrong=(
        "block base { mixer = attention(heads = 4), ffn = mlp }\n"
        "model tiny { vocab = 300, context = 64, width = 32, layers { base }, recipe = r }\n"
        "recipe r { objective = masked }"
    ),
    right=(
        "block base { mixer = attention(heads = 4), ffn = mlp }\n"
        "model tiny { vocab = 300, context = 64, width = 32, encoder { layers { base } }, recipe = r }\n"
        "recipe r { objective = masked }"
    ),
)
def objective_not_possible(
    place: Span | None, objective: str, model: str, wanted: str
) -> Diagnostic:
    """`objective` as it is written, `model` what it is, `wanted` what it trains for."""
    return fault(
        f"`{objective}` does not fit {model}",
        primary=Label(place, f"{model} is trained by `{wanted}`") if place else None,
        help=f"use `objective = {wanted}`, or leave it out",
    )


def shares_above_one(place: Span | None, mask: float, random: float) -> Diagnostic:
    """Of the places that are to be told."""
    text = f"{100 * mask:g}% masked and {100 * random:g}% random"
    return replace(
        objective_not_possible(place, "masked", "", ""),
        message="`mask` and `random` are shares of the same places",
        primary=Label(place, text) if place else None,
        help="let them be 100% or less together",
    )


def nothing_hidden(place: Span | None) -> Diagnostic:
    """`place` is an objective with neither masked nor random tokens."""
    return replace(
        objective_not_possible(place, "masked", "", ""),
        message="no token is hidden",
        primary=Label(place, "`mask` and `random` are 0") if place else None,
        help="set one of them, or leave both out",
    )


def spans_do_not_fit(place: Span | None, context: int) -> Diagnostic:
    """`place` is the objective or the context."""
    return replace(
        objective_not_possible(place, "span_corruption", "", ""),
        message="the context is too short for spans",
        primary=(
            Label(
                place, f"no source and target fit into {count_words(context, 'token')}"
            )
            if place
            else None
        ),
        help="use a longer context, or a lower rate",
    )


@diagnostic(
    "vocab-without-room",
    what="The vocabulary has no token left for what the objective puts in the place of others.",
    why="The mask token and the sentinels are the last ones of the vocabulary, and the tokenizer uses them all.",
    wrong=(
        "block base { mixer = attention(heads = 4), ffn = mlp }\n"
        "model tiny { vocab = 256, context = 64, width = 32, encoder { layers { base } } }"
    ),
    right=(
        "block base { mixer = attention(heads = 4), ffn = mlp }\n"
        "model tiny { vocab = 257, context = 64, width = 32, encoder { layers { base } } }"
    ),
)
def vocab_without_room(
    place: Span, vocab: int, tokenizer: tuple[str, int], objective: str, extra: int
) -> Diagnostic:
    """`tokenizer` by name and tokens; `extra` tokens stand for others under `objective`."""
    name, size = tokenizer
    words = count_words(extra, "token")
    return fault(
        "the vocabulary has no room for the objective's own tokens",
        primary=Label(
            place, f"{vocab}; `{name}` has {size}, `{objective}` {words} more"
        ),
        help=f"use vocab = {size + extra} or more",
    )
