"""Faults of layers that use what is another layer's."""

from __future__ import annotations

from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "no-previous-attention",
    what="A layer uses the keys and values of the attention before it, and there is none.",
    why="`kv = from_previous` has no projection of its own: somebody before it must have made them.",
    wrong="layers { 2 * base { mixer.kv = from_previous } }",
    right="layers { 1 * base, 1 * base { mixer.kv = from_previous } }",
    form="model",
)
def no_previous_attention(place: Span, index: int) -> Diagnostic:
    """`place` is where `kv` is set, `index` that of the applied layer."""
    return fault(
        f"no attention stands before layer {index}",
        primary=Label(place, "keys and values of what?"),
        help="use `kv = own` in the first attention layer",
    )


@diagnostic(
    "previous-kv-differs",
    what="A layer uses the keys and values of the attention before it, and their sizes or positions differ.",
    why="Queries are multiplied with the keys as they are: as many heads of one width, rotated alike.",
    wrong="layers { 1 * base, 1 * base { mixer.kv = from_previous, mixer.kv_heads = 1 } }",
    right=(
        "layers {\n"
        "    1 * base { mixer.kv_heads = 1 }\n"
        "    1 * base { mixer.kv = from_previous, mixer.kv_heads = 1 }\n"
        "}"
    ),
    form="model",
)
def previous_kv_differs(
    place: Span, key: str, own: tuple[int, str], source: tuple[int, str, Span]
) -> Diagnostic:
    """Index and value of `key` of the layer, and of the one whose keys it uses."""
    index, value = own
    before, other, at = source
    return fault(
        f"layer {index} cannot use the keys of layer {before}: `{key}` differs",
        primary=Label(place, f"layer {index} has {value}"),
        secondary=() if at == place else (Label(at, f"layer {before} has {other}"),),
        help=f"layer {before} has {other}: give both the same `{key}`, or use `kv = own`",
    )


@diagnostic(
    "nothing-to-share",
    what="`share` names fewer than two layers, or layers that have no such part.",
    why="It would be without effect: passes of a loop are one layer, whose weights are shared already.",
    wrong="layers { loop 4 { base } }\nshare ffn in layers[0..3]",
    right="layers { 4 * base }\nshare ffn in layers[0..3]",
    form="model",
)
def nothing_to_share(place: Span, part: str | None = None) -> Diagnostic:
    """`place` are the layers; `part` if they lack it."""
    why = "one set of weights" if part is None else f"no `{part}`"
    return fault(
        "there is nothing to share",
        primary=Label(place, why),
        help="name two layers or more that have the part",
    )


@diagnostic(
    "shared-twice",
    what="Two entries share the same part of one layer.",
    why="A part has one set of weights, and so one group.",
    wrong="layers { 4 * base }\nshare ffn in layers[0..2]\nshare ffn in layers[2..3]",
    right="layers { 4 * base }\nshare ffn in layers[0..1]\nshare ffn in layers[2..3]",
    form="model",
)
def shared_twice(place: Span, earlier: Span, part: str) -> Diagnostic:
    """Layers of both entries."""
    return fault(
        f"the `{part}` of a layer is shared twice",
        primary=Label(place, "some of these layers"),
        secondary=(Label(earlier, "are shared here already"),),
        help="let the ranges not overlap",
    )


@diagnostic(
    "shared-parts-differ",
    what="Layers share a part whose settings or width differ.",
    why="One set of weights has one shape, and one way of working.",
    wrong="layers { 1 * base, 1 * base { ffn.hidden = 8 } }\nshare ffn in layers[0..1]",
    right="layers { 2 * base { ffn.hidden = 8 } }\nshare ffn in layers[0..1]",
    form="model",
)
def shared_parts_differ(
    place: Span, key: str, own: tuple[int, str], first: tuple[int, str, Span]
) -> Diagnostic:
    """Index and value of `key` of the layer, and of the first of its group."""
    index, value = own
    before, other, at = first
    part = key.partition(".")[0]
    what = "parts" if part == "width" else f"their `{part}`"
    return fault(
        f"layers {before} and {index} share {what}, and `{key}` differs",
        primary=Label(place, f"layer {index} has {value}"),
        secondary=() if at == place else (Label(at, f"layer {before} has {other}"),),
        help=f"layer {before} has {other}: give both the same, or do not share",
    )


@diagnostic(
    "lora-without-pass",
    what="A layer of a loop with `lora` is applied where it has no pass of its own, or two.",
    why="Each pass has its own low-rank difference: a loop inside the loop, or a `use`, must say which.",
    wrong="layers {\n    loop 2 { part: base } with lora(rank = 4)\n    use part\n}",
    right="layers {\n    part: loop 2 { base } with lora(rank = 4)\n    use part\n}",
    form="model",
)
def lora_without_pass(place: Span, nested: bool) -> Diagnostic:
    """`place` is the item; `nested` if it is in two such loops."""
    what = "in two loops with `lora`" if nested else "also applied outside of its loop"
    return fault(
        "it is not clear which pass of its loop a layer is in",
        primary=Label(place, what),
        help="leave one `lora` out" if nested else "label the loop, and use that",
    )


@diagnostic(
    "lora-needs-dense",
    what="A mixture of experts, or a part that layers share, stands in a loop with `lora`.",
    why="The differences stand beside the linear maps of one dense layer.",
    wrong="layers { loop 2 { base { ffn = moe(experts = 4) } } with lora(rank = 4) }",
    right="layers { loop 2 { base { ffn = swiglu } } with lora(rank = 4) }",
    form="model",
)
def lora_needs_dense(place: Span, part: str, shared: bool) -> Diagnostic:
    """`part` of the layer that is written at `place`."""
    kinds = {
        "ffn": "a mixture of experts",
        "mixer": "latent attention",
        "cross": "attention to an encoder",
    }
    others = {"ffn": "use a dense FFN", "mixer": "use `attention`"}
    what = f"its `{part}` is shared" if shared else kinds[part]
    return fault(
        f"`lora` cannot stand beside this `{part}`",
        primary=Label(place, what),
        help=(
            "leave out `share` or `lora`"
            if shared
            else f"{others.get(part, 'leave it out')}, or use no `lora`"
        ),
    )
