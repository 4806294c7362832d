"""Checks of classes of the user's own: their files side by side, and what cannot stand with them."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.diagnostics.catalogue import python as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import AppliedLayer, ResolvedModel
from vslmc.spec.parts import PythonPart


def verify_files(model: ResolvedModel) -> Iterator[Diagnostic]:
    """Files that cannot lie beside one another; each place is named once."""
    first: dict[str, PythonPart] = {}
    for layer in (layer for _, layers in model.stacks for layer in layers):
        for _, part in list_parts(layer):
            if part.file is None:
                continue
            # Some file systems take names that differ in case alone for the same.
            other = first.setdefault(part.file.name.lower(), part)
            same = (part.file.name, part.file.digest)
            if other.file and same != (other.file.name, other.file.digest):
                place, before = part.place("path") or layer.span, other.place("path")
                yield faults.python_files_clash(place, part.file.name, before)


def verify_adapted(layer: AppliedLayer) -> Iterator[Diagnostic]:
    """A loop with `lora` knows the linear maps of its layers."""
    for name, part in list_parts(layer):
        yield faults.lora_needs_linear(part.span or layer.span, name)


def list_parts(layer: AppliedLayer) -> Iterator[tuple[str, PythonPart]]:
    """The parts of a layer that are of the user's own."""
    for name, part in (("mixer", layer.block.mixer), ("ffn", layer.block.ffn)):
        if isinstance(part, PythonPart):
            yield name, part
