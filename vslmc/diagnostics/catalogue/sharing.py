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
