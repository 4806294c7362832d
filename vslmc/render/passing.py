"""What every layer of a model is called with: tables, padding, the cache's slot."""

from __future__ import annotations

from vslmc.plan.nodes import Attention, Mla
from vslmc.render.structure import Structure
from vslmc.render.words import Words

SLOTS = {
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
        *one_or_list("distance", len(structure.distances)),
    )


def pass_parameters(structure: Structure, slot: str) -> Words:
    """What every mixer is called with besides x; `slot` is the type of its slot."""
    kv = ("kv: Kv",) if structure.passes_kv else ()
    slot = f"slot: {slot} | None"
    return (*table_parameters(structure), "padding: Tensor | None", slot, *kv)


def layer_parameters(structure: Structure) -> Words:
    """What each layer is called with besides x, typed."""
    parameters = pass_parameters(structure, slot_type(structure))
    parameters = parameters if structure.mixes else ()
    turn = ("turn: int",) if structure.adapted else ()
    return (*parameters, *turn, *(("losses: Losses",) if structure.balanced else ()))


def names_of(parameters: Words) -> Words:
    """The names of typed parameters."""
    return tuple(parameter.split(":")[0] for parameter in parameters)
