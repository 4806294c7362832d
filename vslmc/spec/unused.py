"""Declarations of the file that nothing uses: they would be without effect."""

from __future__ import annotations

from collections.abc import Container, Iterable

from vslmc.diagnostics.catalogue import names as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Source
from vslmc.spec import nodes as n


def find_unused(spec: n.Spec, own: Container[Source] | None = None) -> list[Diagnostic]:
    """A warning for each block of the file itself that no model of it uses.

    A file without models is a library, whose blocks are there for others. `own` are the
    sources of the file, where it is held in pieces.
    """
    own = (spec.source,) if own is None else own
    if not spec.own_models and not spec.own_variants:
        return []
    used: set[str] = set()
    for model in spec.models.values():
        named = set(used_blocks(model.layers or ()))
        if named - spec.blocks.keys() or (not named and model.parent is None):
            return []  # a fault of the stack, which will be reported, is the reason
        for name in named:
            use_block(name, spec, used)
    return [
        faults.unused_block(block.name.span, name)
        for name, block in spec.blocks.items()
        if name not in used and block.name.span.source in own
    ]


def use_block(name: str, spec: n.Spec, used: set[str]) -> None:
    """Mark a block and all that it extends."""
    block = spec.blocks.get(name)
    while block is not None and block.name.text not in used:
        used.add(block.name.text)
        block = spec.blocks.get(block.parent.text) if block.parent else None


def used_blocks(items: Iterable[n.StackItem]) -> Iterable[str]:
    """Names of the blocks that items of a stack name."""
    for item in items:
        match item:
            case n.Repeat():
                yield item.block.text
            case n.LoopItem():
                yield from used_blocks(item.items)
            case n.LabelItem():
                yield from used_blocks([item.item])
            case n.UseItem():
                pass
