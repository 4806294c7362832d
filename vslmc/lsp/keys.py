"""Keys by their path: which classes can stand at a path, and what their keys are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vslmc.spec.fields import KINDS, Component, Setting, settings_of
from vslmc.spec.nodes import Spec, Tree
from vslmc.spec.sections import SECTIONS
from vslmc.spec.tree import NESTED
from vslmc.spec.vocabulary import slot_of
from vslmc.syntax import nodes as s

ALIASES = {"item": "block", "variant": "model", "sweep": "model"}
"""Sections whose keys are those of another."""

Narrow = Callable[[Sequence[str]], str | None]
"""The name of the kind that is bound at a path, where it is known."""


def classes_at(
    section: str, path: Sequence[str], narrow: Narrow = lambda path: None
) -> list[type[Component]]:
    """The classes whose keys may follow a path in a section; empty if there are none."""
    section = ALIASES.get(section, section)
    classes = [SECTIONS[section]] if section in SECTIONS else []
    for depth, name in enumerate(path, 1):
        if name in NESTED.get(section, ()) or (section, name) == ("model", "recipe"):
            section, classes = name, [SECTIONS[name]]
        elif (section, name) == ("model", "layers"):
            section, classes = "block", [SECTIONS["block"]]
        else:
            section, classes = "", _kinds(classes, name, narrow(path[:depth]))
    return classes


def _kinds(
    classes: list[type[Component]], name: str, bound: str | None
) -> list[type[Component]]:
    """Classes of the components that a key takes; only the bound one if it is known."""
    found: list[type[Component]] = []
    for cls in classes:
        setting = settings_of(cls).get(name)
        slot = slot_of(setting) if setting else None
        kinds = KINDS.get(slot, {}) if slot else {}
        chosen = [kinds[bound]] if bound in kinds else list(kinds.values())
        found += [kind.cls for kind in chosen]
    return found


def find_setting(section: str, path: Sequence[str]) -> Setting | None:
    """The key at a path of a section."""
    for cls in classes_at(section, path[:-1]) if path else ():
        if path[-1] in settings_of(cls):
            return settings_of(cls)[path[-1]]
    return None


def kind_in_block(spec: Spec, block: str) -> Narrow:
    """What a block, or what it extends, binds at a path."""

    def narrow(path: Sequence[str]) -> str | None:
        seen: set[str] = set()
        declared = spec.blocks.get(block)
        while declared is not None and declared.name.text not in seen:
            seen.add(declared.name.text)
            name = _bound(declared.tree, path)
            if name is not None:
                return name
            parent = declared.parent
            declared = spec.blocks.get(parent.text) if parent else None
        return None

    return narrow


def _bound(tree: Tree, path: Sequence[str]) -> str | None:
    for name in path:
        if name not in tree.parts:
            return None
        tree = tree.parts[name]
    match tree.expr:
        case s.Name(text=text) | s.Call(name=s.Name(text=text)):
            return text
        case _:
            return None
