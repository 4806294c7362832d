"""The items of `layers { }`: repeated blocks, loops, labels and uses."""

from __future__ import annotations

from vslmc.diagnostics.catalogue import names as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.spec import nodes as n
from vslmc.spec.allow import is_allow
from vslmc.spec.reserved import is_reserved
from vslmc.spec.tree import TreeBuilder, describe_entry, head_span
from vslmc.syntax import nodes as s

SHARED = ["mixer", "ffn"]
"""Parts that layers may share."""
HELP = "write `N * block { ... }`, `loop N { ... }`, `label: ...` or `use label`"


def bind_items(body: s.Body, found: list[Diagnostic]) -> tuple[n.StackItem, ...]:
    """The items of one body, those with faults left out."""
    entries = (entry for entry in body.entries if not is_allow(entry))
    items = (bind_item(entry, found) for entry in entries)
    return tuple(item for item in items if item is not None)


def bind_item(entry: s.Entry, found: list[Diagnostic]) -> n.StackItem | None:
    """One item, or None if it has faults."""
    match entry:
        case s.Item(head=s.Name() as block) if block.text not in ("loop", "use"):
            return n.Repeat(None, block, bind_overrides(entry.body, found), entry.span)
        case s.Item(head=s.Binary(operator="*", left=count, right=s.Name() as block)):
            return n.Repeat(count, block, bind_overrides(entry.body, found), entry.span)
        case s.Loop():
            items = bind_items(entry.body, found)
            return n.LoopItem(entry.count, entry.each, items, entry.adapter, entry.span)
        case s.Use():
            return n.UseItem(entry.label, entry.span)
        case s.Labelled():
            name = entry.label
            if is_reserved("label", name.text):
                found.append(faults.reserved_name(name.span, "label", name.text))
            inner = bind_item(entry.entry, found)
            return (
                None if inner is None else n.LabelItem(entry.label, inner, entry.span)
            )
        case _:
            what, where = describe_entry(entry), "in `layers { }`"
            help = propose_item(entry)
            found.append(faults.misplaced_entry(head_span(entry), what, where, help))
            return None


def propose_item(entry: s.Entry) -> str:
    """How an item of the stack may have been meant."""
    match entry:
        case s.Item(head=s.Binary(operator="*", left=s.Name(text=block), right=count)):
            return f"write `{count.span.text} * {block}`, the count first"
        case s.Item(head=s.Name(text="loop")):
            return "write `loop N { ... }`"
        case s.Item(head=s.Name(text="use")):
            return "write `use label`"
        case _:
            return HELP


def bind_share(
    entry: s.Share, found: list[Diagnostic], role: n.Role = "decoder"
) -> n.Sharing | None:
    """What is shared, and where, or None if it has faults; `role` is the stack it stands in."""
    part, path = entry.part, entry.where
    if part.text not in SHARED:
        found.append(faults.unknown_choice(part.span, part.text, "share", SHARED))
        return None
    first, *rest = path.parts
    if role == "decoder" and is_encoder(first) and rest:
        role = "encoder"
        first, *rest = rest
    if first.name.text != "layers" or first.index is None or rest:
        what, help = "this path", f"write `share {part.text} in layers[0..3]`"
        found.append(faults.misplaced_entry(path.span, what, "after `in`", help))
        return None
    return n.Sharing(part.text, first.index, entry.every, entry.span, role)


def is_encoder(part: s.Part) -> bool:
    """Whether a path begins in the encoder."""
    return part.name.text == "encoder" and part.index is None


def bind_overrides(body: s.Body | None, found: list[Diagnostic]) -> n.Tree:
    """The overrides of one item."""
    builder = TreeBuilder("block", found)
    for entry in body.entries if body else ():
        builder.add(entry)
    return builder.tree(body.span if body else None)
