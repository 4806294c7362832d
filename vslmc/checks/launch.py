"""Checks of the launch against the model: experts that several processes share."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from vslmc.diagnostics.catalogue.recipe import expert_parallel_not_possible
from vslmc.diagnostics.catalogue.words import join_or
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.resolve.nodes import ResolvedModel
from vslmc.source import Span
from vslmc.spec import parts as p
from vslmc.spec import sections as s
from vslmc.spec.fields import Component, set_at
from vslmc.spec.values import divisors


def verify_launch(
    launch: s.DeepSpeedSection, model: ResolvedModel
) -> Iterator[Diagnostic]:
    """Groups of processes, ZeRO, and mixtures whose experts can be dealt to a group."""
    if launch.expert_parallel == 1:
        return
    yield from verify_groups(launch)
    mixtures = list_mixtures(model)
    if not mixtures:
        place = launch.place("expert_parallel")
        help = "leave `expert_parallel` out: `peer`, `pkm` and `cdmoe` stay whole"
        yield expert_parallel_not_possible(place, "the model has no `moe`", help)
    for moe, place in mixtures:
        yield from verify_mixture(launch, moe, place)


def verify_groups(launch: s.DeepSpeedSection) -> Iterator[Diagnostic]:
    """As many processes as whole groups have, under ZeRO."""
    size, processes = launch.expert_parallel, launch.gpus * launch.nodes
    place = launch.place("expert_parallel")
    if processes % size:
        reason = f"{size} does not divide {_plural(processes)}"
        help = advise(processes) if processes > 1 else f"use gpus = {size}"
        other = label_at(launch, "gpus", f"{_plural(processes)} in all")
        yield expert_parallel_not_possible(place, reason, help, other)
    if launch.zero == 0:
        other = label_at(launch, "zero", "ZeRO is off")
        reason = "without ZeRO, the gradient would be clipped wrongly"
        help = "use zero = 1, 2 or 3"
        yield expert_parallel_not_possible(place, reason, help, other)


def verify_mixture(
    launch: s.DeepSpeedSection, moe: p.Moe, span: Span
) -> Iterator[Diagnostic]:
    """Experts that a group can share, in one stack; each fault is at the mixture's own key."""
    size = launch.expert_parallel
    other = label_at(launch, "expert_parallel", f"{size} processes share them")
    if moe.experts % size:
        reason = f"{size} does not divide {moe.experts} experts"
        common = gcd(moe.experts, launch.gpus * launch.nodes)
        help = advise(common) if common > 1 else f"use a multiple of {size} experts"
        place = moe.place("experts") or span
        yield expert_parallel_not_possible(place, reason, help, other)
    if moe.kernel == "loop":
        place = moe.place("kernel") or span
        reason = "rows travel to stacked experts, not to one after the other"
        yield expert_parallel_not_possible(place, reason, "use kernel = grouped", other)


def list_mixtures(model: ResolvedModel) -> list[tuple[p.Moe, Span]]:
    """Every `moe` that is written, with its layer."""
    found: dict[int, tuple[p.Moe, Span]] = {}
    for layer in (layer for _, layers in model.stacks for layer in layers):
        if isinstance(layer.block.ffn, p.Moe):
            found.setdefault(id(layer.block.ffn), (layer.block.ffn, layer.span))
    return list(found.values())


def advise(number: int) -> str:
    """The group sizes that divide a number above 1."""
    sizes = [str(n) for n in divisors(number) if n > 1][:4]
    return f"use expert_parallel = {join_or(sizes)}"


def label_at(section: Component, key: str, text: str) -> Label | None:
    """A label at a key, where the recipe sets it."""
    at = set_at(section, key)
    return None if at is None else Label(at, text)


def _plural(processes: int) -> str:
    return f"{processes} process{'es' if processes > 1 else ''}"
