"""Which layers of a stack a twin keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

from vslmc.record import record
from vslmc.resolve.nodes import AppliedLayer
from vslmc.shrink.kinds import Kind
from vslmc.spec.nodes import Role
from vslmc.spec.parts import Attention


@record(frozen=False)
class Choice:
    """Layers of a stack that are kept."""

    layers: Sequence[AppliedLayer]
    written: set[int] = field(default_factory=set[int])
    """The kept ones, by their places in the order of writing."""
    sites: set[int] = field(default_factory=set[int])
    """The `use`s that are kept."""

    @property
    def kept(self) -> list[AppliedLayer]:
        """All applications of the kept layers."""
        return [layer for layer in self.layers if layer.written in self.written]

    def keep(self, index: int) -> bool:
        """Keep an applied layer and what it cannot be without; False if all was kept."""
        before = (len(self.written), len(self.sites))
        waiting = [index]
        for place in waiting:
            layer = self.layers[place]
            known = layer.written in self.written
            self.written.add(layer.written)
            if layer.site:
                self.sites.add(layer.site)
            if not known:
                waiting += self.companions(place)
        return before != (len(self.written), len(self.sites))

    def companions(self, index: int) -> Iterator[int]:
        """Layers that one needs: who shares a part with it, and whose keys it uses."""
        layer = self.layers[index]
        for part in ("mixer", "ffn"):
            owner = owner_of(layer, part)
            users = [
                place
                for place, other in enumerate(self.layers)
                if owner_of(other, part) == owner
            ]
            first = [p for p in users if self.layers[p].written == owner]
            others = [p for p in users if self.layers[p].written != owner]
            yield from first[:1]
            if owner == layer.written:
                yield from others[:1]
        mixer = layer.block.mixer
        if isinstance(mixer, Attention) and mixer.kv == "from_previous":
            yield from (p for p in reversed(range(index)) if has_keys(self.layers[p]))


Choices = dict[Role, Choice]
"""By stack, in the order of application."""


def owner_of(layer: AppliedLayer, part: str) -> int:
    """The written layer whose mixer or FFN a layer uses."""
    return layer.mixer_owner if part == "mixer" else layer.ffn_owner


def has_keys(layer: AppliedLayer) -> bool:
    """Whether the next layer can use its keys."""
    mixer = layer.block.mixer
    return isinstance(mixer, Attention) and mixer.kv == "own"


def choose_layers(layers: Sequence[AppliedLayer], kinds: Iterable[Kind]) -> Choice:
    """The first layer of every kind."""
    choice = Choice(layers)
    seen: set[Kind] = set()
    for index, kind in enumerate(kinds):
        if kind not in seen:
            seen.add(kind)
            choice.keep(index)
    return choice
