"""Warnings about a resolved model: what works, and is most likely not what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vslmc.diagnostics.catalogue import lints
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import ResolvedModel
from vslmc.source import Span
from vslmc.spec import nodes as n
from vslmc.spec.fields import Component, set_at
from vslmc.spec.parts import (
    Attention,
    L2Norm,
    LayerNorm,
    Moe,
    NoNorm,
    Norm,
    Retrieval,
    RmsNorm,
    Rope,
    Xpos,
)
from vslmc.spec.sections import Block
from vslmc.syntax.nodes import Expr

MULTIPLE = 8
"""Heads are padded to it (tensor cores take 16 bytes at once)."""
LARGE_VOCAB = 1024
"""From here on a vocabulary is worth padding."""
PADDED = 64


def find_lints(model: ResolvedModel) -> Iterator[Diagnostic]:
    """Every warning about a model without faults."""
    layers = [layer for _, stack in model.stacks for layer in stack]
    blocks = {id(layer.block): layer for layer in layers}
    for layer in blocks.values():
        yield from lint_block(layer.block, layer.span, model)
    yield from lint_sizes(model)
    yield from lint_overrides(model)


def lint_block(block: Block, place: Span, model: ResolvedModel) -> Iterator[Diagnostic]:
    """Warnings about one layer; `place` is the item that writes it."""
    mixer, ffn = block.mixer, block.ffn
    for holder, key, reason in find_idle(block):
        at = set_at(holder, key)
        if at is not None:
            yield lints.key_without_effect(at, key, reason)
    if isinstance(mixer, Attention):
        context = model.section.context
        if mixer.head_dim % MULTIPLE:
            at = mixer.place("head_dim") or place
            yield lints.head_dim_alignment(at, mixer.head_dim)
        if mixer.window is not None and mixer.window > context:
            at, where = mixer.place("window") or place, model.section.place("context")
            yield lints.window_beyond_context(at, mixer.window, context, where)
    if isinstance(ffn, Moe) and ffn.top_k == ffn.experts:
        at, top_k = ffn.place("experts") or place, ffn.origin("top_k")
        where = None if top_k.default is not None else top_k.span
        yield lints.every_expert_chosen(at, ffn.experts, where)


def find_idle(block: Block) -> Iterator[tuple[Component, str, str]]:
    """Keys that mean nothing beside the others: their holder, name, and why."""
    mixer = block.mixer
    if isinstance(mixer, Attention) and isinstance(mixer.qk_norm, NoNorm):
        yield mixer, "qk_norm_over", "there is no `qk_norm`"
    elif (
        isinstance(mixer, Attention)
        and mixer.qk_norm_over == "each"
        and not has_weight(mixer.qk_norm)
    ):
        yield mixer, "qk_norm_over", "without weights every head is normed alike"
    if isinstance(mixer, Attention):
        if isinstance(mixer.qk_norm, NoNorm):
            yield mixer, "qk_norm_after", "there is no `qk_norm`"
        elif not isinstance(mixer.position, Rope | Xpos):
            yield mixer, "qk_norm_after", "nothing turns"
    if not block.parallel:
        yield block, "parallel_norms", "the branches are not parallel"
    elif isinstance(block.norm, NoNorm):
        yield block, "parallel_norms", "there is no norm"
    if isinstance(block.norm, NoNorm):
        yield block, "placement", "there is no norm"
    if isinstance(block.ffn, Moe) and not block.ffn.shared:
        yield block.ffn, "shared_hidden", "`shared` is 0"
        yield block.ffn, "shared_gate", "`shared` is 0"
    if isinstance(block.ffn, Retrieval) and block.ffn.grow_from is None:
        yield block.ffn, "freeze", "the layer has not grown: there is no `grow_from`"


def has_weight(norm: Norm) -> bool:
    """Whether a norm has a learned weight."""
    return isinstance(norm, RmsNorm | LayerNorm | L2Norm) and norm.weight


def lint_sizes(model: ResolvedModel) -> Iterator[Diagnostic]:
    """Warnings about the model's own keys."""
    section = model.section
    if section.vocab >= LARGE_VOCAB and section.vocab % PADDED:
        yield lints.vocab_alignment(section.place("vocab") or model.span, section.vocab)
    resize = section.origin("resize")
    if resize.default is not None or resize.span is None:
        return
    # Widths that are set and equal may differ for another value of a parameter.
    layers = [layer for _, stack in model.stacks for layer in stack]
    if all(layer.block.origin("width").default for layer in layers):
        yield lints.resize_without_effect(resize.span)


# --- overrides that are overridden ------------------------------------------------------------


def lint_overrides(model: ResolvedModel) -> Iterator[Diagnostic]:
    """Bindings of the model's own items and overrides that reach no layer.

    Only `layers[...]` of the same declaration count: what a variant or `--set` overrides has
    its effect elsewhere.
    """
    if not model.chain or not model.chain[-1].overrides or model.sets.overrides:
        return
    declared = model.chain[-1]
    layers = [layer for _, stack in model.stacks for layer in stack]
    trees = {id(layer.tree): layer.tree for layer in layers}
    alive: set[int] = set()
    replaced: dict[int, list[Span]] = {}
    for tree in trees.values():
        for node in list_bound(tree):
            assert node.expr is not None
            alive.add(id(node.expr))
            before = node.replaced
            while before is not None:
                replaced.setdefault(id(before.expr), []).append(node.expr.span)
                before = before.replaced
    own = [override.tree for override in declared.overrides]
    for tree in (*list_items(declared.items), *own):
        for expr in list_exprs(tree):
            if id(expr) not in alive:
                by = tuple(dict.fromkeys(replaced.get(id(expr), ())))
                yield lints.override_without_effect(expr.span, by[:3])


def list_bound(tree: n.Tree) -> Iterator[n.Tree]:
    """Every tree below, itself among them, that holds a value."""
    queue = [tree]
    for at in queue:
        if at.expr is not None:
            yield at
        queue += at.parts.values()


def list_exprs(tree: n.Tree) -> Iterator[Expr]:
    """Every value of a tree."""
    return (node.expr for node in list_bound(tree) if node.expr is not None)


def list_items(items: Iterable[n.StackItem]) -> Iterator[n.Tree]:
    """The overrides of every item of a stack."""
    for item in items:
        match item:
            case n.Repeat():
                yield item.tree
            case n.LoopItem():
                yield from list_items(item.items)
            case n.LabelItem():
                yield from list_items([item.item])
            case n.UseItem():
                pass
