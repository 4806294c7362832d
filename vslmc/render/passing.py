"""What every layer of a model is called with: tables, padding, the cache's slot."""

from __future__ import annotations

from vslmc.plan.nodes import Attention, Mla, Plan
from vslmc.render.structure import Structure
from vslmc.render.words import Words

SLOTS = {
    "memory": "MemorySlot",
    "all": "KvSlot",
    "recent": "RecentSlot",
    "window": "WindowSlot",
    "latent": "LatentSlot",
}
"""Classes of the kinds of cache slots."""


def slot_of(mixer: Attention | Mla) -> str:
    """Class of the slot of a mixer; empty if it keeps nothing."""
    return "" if mixer.state is None else SLOTS[mixer.state.kind]


def slot_type(structure: Structure) -> str:
    """The type of a cache slot."""
    own = ("InputSlot",) if structure.recomputes else ()
    return " | ".join((*(SLOTS[kind] for kind in structure.slots), *own))


def one_or_list(name: str, count: int) -> Words:
    """A tensor, or a list of them, as a parameter; nothing if there is none."""
    if count == 0:
        return ()
    return (f"{name}: Tensor",) if count == 1 else (f"{name}s: list[Tensor]",)


def table_parameters(structure: Structure) -> Words:
    """The tables that the model makes once for all layers."""
    return (
        *one_or_list("rope", len(structure.ropes)),
        *one_or_list("table", len(structure.tables)),
        *_distance_parameters(len(structure.distances)),
    )


def _distance_parameters(count: int) -> Words:
    """Sinusoids of distances, by the width of the layers where that differs."""
    several = ("distances: dict[int, Tensor]",) if count else ()
    return ("distance: Tensor",) if count == 1 else several


def pass_parameters(structure: Structure, slot: str) -> Words:
    """What every mixer is called with besides x; `slot` is the type of its slot."""
    kv = ("kv: Kv",) if structure.passes_kv else ()
    slots = (f"slot: {slot} | None",) if structure.decodes else ()
    return (*table_parameters(structure), "padding: Tensor | None", *slots, *kv)


MEMORY = (
    "memory: Tensor | None",
    "memory_padding: Tensor | None",
    "memory_slot: MemorySlot | None",
)
"""What a layer of a decoder is called with beside an encoder."""


def layer_parameters(structure: Structure) -> Words:
    """What each layer is called with besides x, typed."""
    parameters = pass_parameters(structure, slot_type(structure))
    parameters = parameters if structure.mixes else ()
    parameters = (*parameters, *(MEMORY if structure.crosses else ()))
    turn = ("turn: int",) if structure.adapted else ()
    return (*parameters, *turn, *(("losses: Losses",) if structure.balanced else ()))


def hidden_parameters(plan: Plan, structure: Structure) -> Words:
    """What the model's way to the last layer takes after the tokens, typed, without losses."""
    padding = ("padding: Tensor | None",) if structure.mixes else ()
    if not plan.generates:
        types = ("types: Tensor | None",) if plan.embedding.types else ()
        return (*padding, *types)
    source = ("source: Tensor | None", "source_padding: Tensor | None")
    return ("cache: Cache | None", *padding, *(source if plan.source else ()))


def names_of(parameters: Words) -> Words:
    """The names of typed parameters."""
    return tuple(parameter.split(":")[0] for parameter in parameters)
