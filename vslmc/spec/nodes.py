"""The spec: declarations with their bindings, still unevaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Literal

from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record
from vslmc.source import Source, Span
from vslmc.spec.allow import Allow
from vslmc.spec.python import PythonFiles
from vslmc.syntax.nodes import Expr, Index, Name, Param


def _no_parts() -> dict[str, Tree]:
    return {}


@record
class Tree:
    """What is bound at one path: a value, bindings below it, or both.

    The value is the whole component (`mixer = attention(...)`), the parts are dotted paths
    (`mixer.window = 128`), which apply after it.
    """

    expr: Expr | None = None
    key: Span | None = None
    """The key that bound it; of a dotted path, the step that leads here."""
    parts: Mapping[str, Tree] = field(default_factory=_no_parts)
    faulty: bool = False
    """Whether entries were left out for their faults: what is missing may be among them."""
    replaced: Tree | None = field(default=None, compare=False, repr=False)
    """What held the value before this one, if something did."""

    def merge(self, upper: Tree) -> Tree:
        """This tree overridden by `upper`: a whole value drops the parts below it."""
        lower: Mapping[str, Tree] = {} if upper.expr is not None else self.parts
        faulty = self.faulty or upper.faulty
        if not lower:
            parts = upper.parts
        elif not upper.parts:
            parts = lower
        else:
            both = {**lower, **upper.parts}
            for name in lower.keys() & upper.parts.keys():
                both[name] = lower[name].merge(upper.parts[name])
            parts = both
        if upper.expr is None:
            key = self.key or upper.key
            return Tree(self.expr, key, parts, faulty, self.replaced)
        before = self if self.expr is not None else self.replaced
        return Tree(upper.expr, upper.key, parts, faulty, upper.after(before))

    def after(self, before: Tree | None) -> Tree | None:
        """What this one replaces once it stands above `before`."""
        if self.replaced is None or before is None:
            return self.replaced or before
        chain: list[Tree] = []
        at: Tree | None = self.replaced
        while at is not None:
            chain.append(at)
            at = at.replaced
        for tree in reversed(chain):
            before = replace(tree, replaced=before)
        return before


EMPTY = Tree()


@record
class Repeat:
    """`N * block { overrides }`."""

    count: Expr | None
    block: Name
    tree: Tree
    span: Span


@record
class LoopItem:
    """`loop N { items }`, or `loop N each { items }`."""

    count: Expr
    each: bool
    """Whether every layer is applied N times in a row, instead of all of them in turn."""
    items: tuple[StackItem, ...]
    adapter: Expr | None
    """What stands behind `with`."""
    span: Span


@record
class UseItem:
    """`use label`."""

    label: Name
    span: Span


@record
class LabelItem:
    """`label: item`."""

    label: Name
    item: StackItem
    span: Span


StackItem = Repeat | LoopItem | UseItem | LabelItem


Role = Literal["decoder", "encoder"]
"""Which stack of a model: `layers { }`, or that of `encoder { }`."""


@record
class LayerOverride:
    """`layers[a..b].path = value`, as a tree below the layer."""

    index: Index
    tree: Tree
    span: Span
    """The whole path."""
    role: Role = "decoder"


@record
class Sharing:
    """`share part in layers[a..b] every k`."""

    part: str
    """`mixer` or `ffn`."""
    index: Index
    every: Expr | None
    """Size of the groups; None for one of all."""
    span: Span
    role: Role = "decoder"


@record
class BlockDecl:
    """`block name extends parent { }`."""

    name: Name
    parent: Name | None
    tree: Tree


@record
class RecipeDecl:
    """`recipe name extends parent { }`."""

    name: Name
    parent: Name | None
    tree: Tree


@record
class StackDecl:
    """The items of one `layers { }`, in a model or in its `encoder { }`."""

    items: tuple[StackItem, ...]
    span: Span
    """The word `layers`."""


@record
class ModelDecl:
    """`model name extends parent { }` or `variant name of parent { }`."""

    name: Name
    parent: Name | None
    variant: bool
    tree: Tree
    """Fields of the model, its sections, and `recipe`."""
    stacks: Mapping[Role, StackDecl]
    """What it writes of its stacks, if it writes any."""
    overrides: tuple[LayerOverride, ...]
    shares: tuple[Sharing, ...]
    params: Mapping[str, tuple[Span, Expr]]
    """Parameters that a variant overrides."""
    span: Span

    @property
    def items(self) -> tuple[StackItem, ...]:
        """The items of all its stacks."""
        return tuple(item for stack in self.stacks.values() for item in stack.items)


@record
class Spec:
    """All declarations of a file and of what it imports, one namespace for each sort."""

    source: Source
    """The file that was asked for."""
    params: Mapping[str, Param]
    blocks: Mapping[str, BlockDecl]
    recipes: Mapping[str, RecipeDecl]
    models: Mapping[str, ModelDecl]
    """Models and variants, imported ones too."""
    own_models: tuple[str, ...]
    """Names of the models of the file itself, variants left out."""
    own_variants: tuple[str, ...]
    """Names of the variants of the file itself."""
    faults: tuple[Diagnostic, ...] = ()
    """What was found so far: what cannot be found later may be lost for one of these."""
    allows: tuple[Allow, ...] = ()
    """Warnings that are silenced, those of imported files too."""
    files: PythonFiles | None = field(default=None, compare=False, repr=False)
    """What reads the files of the user's own; None for a text that stands in no folder."""
