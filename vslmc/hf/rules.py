"""Where the tensors of a generated model come from: rules on names, as data.

A rule stands for a module or a parameter of the generated model, whose layers are `#`; a source
is a name in the checkpoint, with `#` for the same layer and `*` for an expert or a head. Weights
and biases of a module are made alike. What is stacked for experts has a `*` behind its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import TypeAlias

from vslmc.record import record


@record
class Join:
    """Several tensors, one below the other."""

    names: tuple[str, ...]


@record
class Turned:
    """The transposed matrix, or each of several: a `Conv1D` stores (in, out)."""

    name: str


@record
class Grouped:
    """Queries, keys and values fused by groups of heads: each has its queries, a key, a value."""

    name: str


@record
class Blocks:
    """Fused in a number of blocks, each with its share of `order`, such as `qvk`."""

    name: str
    count: int
    order: str


@record
class Slice:
    """One of `count` equal shares of the rows, of every expert if it is one of a mixture."""

    name: str
    index: int
    count: int = 2
    turned: bool = False
    """Whether the matrix, or each of them, is stored transposed."""
    woven: bool = False
    """Whether rows of all shares take turns."""
    biases: bool = False
    """Whether it has a bias for each expert instead of a matrix."""


@record
class Plus:
    """Weights with a number added; biases as they are."""

    name: str
    number: float


@record
class Behind:
    """The rows behind the first ones."""

    name: str
    rows: int


@record
class Each:
    """One tensor for each expert or head (`*`), stacked."""

    name: str


@record
class Stacked:
    """One tensor for each expert (`*`), or one for all of them, perhaps with another below it."""

    name: str
    whole: str
    """The one for all."""
    share: int | None = None
    """Which half of its rows, if it is fused."""

    def choose(self, whole: bool) -> Source:
        """The rule for the form that is there."""
        if not whole:
            return Each(self.name)
        return self.whole if self.share is None else Slice(self.whole, self.share)


@record
class Above:
    """Two sources, of every expert the one above the other."""

    above: Source
    below: Source


@record
class Swapped:
    """Rows of queries and keys whose halves of each head are exchanged, with values as they are.

    A head that turns the other way round turns as usual with its halves exchanged.
    """

    names: tuple[str, str, str]


@record
class Waves:
    """Fixed sinusoids with an offset, as fairseq has them, made anew: no checkpoint holds them."""

    offset: int = 2


@record
class Sinusoids:
    """What a table of fixed places must hold: all sines before all cosines."""


@record
class Row:
    """The one row of a matrix."""

    name: str


Source: TypeAlias = (
    str
    | Join
    | Turned
    | Grouped
    | Blocks
    | Slice
    | Plus
    | Behind
    | Each
    | Stacked
    | Above
    | Swapped
    | Waves
    | Row
)
"""Where a module comes from; a text is a module of its own, taken as it is."""

Rules: TypeAlias = Mapping[str, Source]


@record
class Tensors:
    """All rules of a family."""

    rules: Rules
    embedding: str
    """The module that a tied head shares."""
    head: str
    """The head's module, which a checkpoint of a tied model may have once more."""
    prefix: str = ""
    """What names of the bare model lack."""
    unused: tuple[str, ...] = ()
    """Expressions for buffers that older versions stored."""
    fixed: Mapping[str, float | Sinusoids] = field(
        default_factory=dict[str, "float | Sinusoids"]
    )
    """Expressions for buffers that must hold what the language has built in: a number, or places."""
    either: Mapping[str, str] = field(default_factory=dict[str, str])
    """Sources that may have another name instead."""

    def but(self, rules: Rules) -> Tensors:
        """The same with other or further rules; a tied head goes with them."""
        merged = {**self.rules, **rules}
        embedding, head = merged["embedding"], merged["head"]
        assert isinstance(embedding, str) and isinstance(head, str)
        prefix = self.prefix
        if not embedding.startswith(prefix):
            prefix = embedding.split(".")[0] + "."
        return replace(
            self, rules=merged, embedding=embedding, head=head, prefix=prefix
        )


KINDS = ("weight", "bias")
STACKED_PAIR = "gate_up"
"""The stack of a mixture whose halves have rules of their own."""
LAYER = re.compile(r"^(encoder\.)?layers\.([0-9]+)\.")


def find_rule(target: str, rules: Rules) -> tuple[Source, str, str]:
    """The rule of a tensor, the suffix that it carries over, and its layer's number."""
    found = LAYER.match(target)
    layer = found.group(2) if found else ""
    name = LAYER.sub(r"\1layers.#.", target)
    module, _, suffix = name.rpartition(".")
    for whole in (name, f"{name}*") if suffix in KINDS else (f"{name}*", name):
        if whole in rules:
            return rules[whole], "", layer
    if suffix.startswith(STACKED_PAIR):
        halves = [target.replace(STACKED_PAIR, half) for half in ("gate", "up")]
        (above, end, _), (below, _, _) = (find_rule(half, rules) for half in halves)
        return Above(above, below), end, layer
    return rules[module], f".{suffix}", layer


def names_of(source: Source, suffix: str, layer: str, each: int) -> list[str]:
    """The tensors that a rule takes; `each` is how many stand for `*`."""
    match source:
        case str():
            patterns: tuple[str, ...] = (source,)
        case Join(names=names) | Swapped(names=names):
            patterns = names
        case Waves():
            patterns = ()
        case Each(name=name) | Stacked(name=name):
            patterns = tuple(name.replace("*", str(i)) for i in range(each))
        case Above(above=above, below=below):
            halves = (above, below)
            return [n for half in halves for n in names_of(half, suffix, layer, each)]
        case _:
            patterns = (source.name,)
    return [f"{pattern.replace('#', layer)}{suffix}" for pattern in patterns]
