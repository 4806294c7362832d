"""Trees of bindings: the entries of one body, their keys checked against the section."""

from __future__ import annotations

from typing import Any

from vslmc.diagnostics.catalogue import names as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span
from vslmc.spec.fields import settings_of
from vslmc.spec.nodes import LayerOverride, Tree
from vslmc.spec.sections import NOT_YET, SECTIONS
from vslmc.spec.values import Part
from vslmc.syntax import nodes as s

NESTED: dict[str, tuple[str, ...]] = {
    "model": ("embedding", "head"),
    "recipe": ("train", "deepspeed"),
}
"""Sections inside sections."""

Bound = tuple[tuple[str, ...], s.Expr | None, Span]


class TreeBuilder:
    """Collects the bindings of one body of section `name`."""

    def __init__(
        self, name: str, found: list[Diagnostic], variant: bool = False
    ) -> None:
        self.name = name
        self.variant = variant
        self.faults = found
        self.bound: dict[tuple[str, ...], tuple[s.Expr, Span]] = {}
        self.layered: dict[tuple[str, ...], tuple[s.Binding, tuple[str, ...]]] = {}
        self.params: dict[str, tuple[Span, s.Expr]] = {}

    def add(self, entry: s.Entry) -> None:
        """Take one entry: a binding, or a nested section."""
        match entry:
            case s.Binding():
                self.binding(entry)
            case s.Item(head=s.Name(text=name), body=s.Body() as body) if (
                name in self.nested()
            ):
                for inner in body.entries:
                    self.nested_entry(name, inner)
            case s.Item(head=s.Name(text=name, span=span), body=s.Body()):
                self.refuse_section(name, span)
            case _:
                what = describe_entry(entry)
                where = f"a {self.name}"
                self.faults.append(faults.misplaced_entry(entry.span, what, where))

    def nested(self) -> tuple[str, ...]:
        return NESTED.get(self.name, ())

    def refuse_section(self, name: str, span: Span) -> None:
        if name in settings_of(SECTIONS[self.name]):
            help = f"write `{name} = ...`"
            what = f"a section `{name} {{ }}`"
            self.faults.append(
                faults.misplaced_entry(span, what, f"a {self.name}", help)
            )
        else:
            refuse_key(self.name, s.Name(name, span), self.faults)

    def nested_entry(self, name: str, entry: s.Entry) -> None:
        if isinstance(entry, s.Binding):
            self.checked(
                entry, (s.Part(s.Name(name, entry.path.span), None), *entry.path.parts)
            )
        else:
            what = describe_entry(entry)
            self.faults.append(
                faults.misplaced_entry(entry.span, what, f"`{name} {{ }}`")
            )

    def binding(self, entry: s.Binding) -> None:
        parts = entry.path.parts
        if self.name == "model" and parts[0].name.text == "layers":
            self.layer_binding(entry)
        elif self.variant and len(parts) == 1 and not self.known(parts[0].name.text):
            # In a variant a single unknown word is a parameter; resolution knows them.
            name = parts[0].name
            if name.text in self.params:
                first = self.params[name.text][0]
                self.faults.append(faults.duplicate_key(name.span, first, name.text))
            self.params[name.text] = (name.span, entry.value)
        else:
            self.checked(entry, parts)

    def known(self, word: str) -> bool:
        section = self.name
        return (
            word in settings_of(SECTIONS[section])
            or word in self.nested()
            or word in NOT_YET.get(section, ())
            or (section == "model" and word == "recipe")
        )

    def checked(self, entry: s.Binding, parts: tuple[s.Part, ...]) -> None:
        """Bind a path whose keys exist, each at most once."""
        if any(part.index for part in parts):
            where = f"a key of {self.name}"
            self.faults.append(
                faults.misplaced_entry(entry.path.span, "an index", where)
            )
        elif check_path(self.name, [part.name for part in parts], self.faults):
            path = tuple(part.name.text for part in parts)
            if path in self.bound:
                first = self.bound[path][1]
                self.faults.append(
                    faults.duplicate_key(entry.path.span, first, ".".join(path))
                )
            else:
                self.bound[path] = (entry.value, entry.path.span)

    def layer_binding(self, entry: s.Binding) -> None:
        first, *rest = entry.path.parts
        if first.index is None or not rest or any(part.index for part in rest):
            help = "write `layers[3].ffn = ...`, `layers[3..8]...` or `layers[*]...`"
            what = "this path"
            self.faults.append(
                faults.misplaced_entry(entry.path.span, what, "a model", help)
            )
            return
        if not check_path("block", [part.name for part in rest], self.faults):
            return
        key = (
            first.index.span.text.replace(" ", ""),
            *(part.name.text for part in rest),
        )
        if key in self.layered:
            place = self.layered[key][0].path.span
            self.faults.append(
                faults.duplicate_key(entry.path.span, place, str(entry.path))
            )
            return
        self.layered[key] = (entry, key[1:])

    def tree(self) -> Tree:
        """The bindings as a tree."""
        return make_tree(
            [(path, expr, span) for path, (expr, span) in self.bound.items()]
        )

    def overrides(self) -> tuple[LayerOverride, ...]:
        """Bindings of `layers[...]`: whole values first, then what is below them."""
        made: list[LayerOverride] = []
        for entry, path in self.layered.values():
            index = entry.path.parts[0].index
            assert index is not None
            tree = make_tree([(path, entry.value, entry.path.span)])
            made.append(LayerOverride(index, tree, entry.path.span, len(path) == 1))
        return tuple(sorted(made, key=lambda override: not override.whole))


def make_tree(bound: list[Bound]) -> Tree:
    """A tree from paths and their values."""
    here: Bound | None = None
    below: dict[str, list[Bound]] = {}
    for path, expr, span in bound:
        if path:
            below.setdefault(path[0], []).append((path[1:], expr, span))
        else:
            here = (path, expr, span)
    parts = {name: make_tree(items) for name, items in below.items()}
    return Tree(
        here[1] if here else None,
        here[2] if here else bound[0][2] if bound else None,
        parts,
    )


def check_path(section: str, names: list[s.Name], found: list[Diagnostic]) -> bool:
    """Whether the first key exists, through nested sections; below a component all is open."""
    name = names[0]
    if name.text in NESTED.get(section, ()):
        if len(names) == 1:
            help = f"write `{name.text} {{ ... }}`, or `{name.text}.key = ...`"
            where = f"a {section}"
            found.append(
                faults.misplaced_entry(name.span, "a value for a section", where, help)
            )
            return False
        return check_path(name.text, names[1:], found)
    if section == "model" and name.text == "recipe":
        return len(names) == 1 or check_path("recipe", names[1:], found)
    if name.text not in settings_of(SECTIONS[section]):
        refuse_key(section, name, found)
        return False
    setting = settings_of(SECTIONS[section])[name.text]
    if len(names) > 1 and not isinstance(setting.type, Part):
        found.append(
            faults.unknown_key(names[1].span, names[1].text, f"`{name.text}`", ())
        )
        return False
    return True


def refuse_key(owner: str, name: s.Name, found: list[Diagnostic]) -> None:
    """Say that a section has no such key, or not yet."""
    if name.text in NOT_YET.get(owner, ()):
        found.append(faults.not_supported_yet(name.span, name.text))
        return
    known = section_keys(owner)
    found.append(faults.unknown_key(name.span, name.text, f"`{owner}`", known))


def section_keys(section: str) -> list[str]:
    """Every key of a section, nested sections among them."""
    own = ["layers", "recipe"] if section == "model" else []
    return [*settings_of(SECTIONS[section]), *NESTED.get(section, ()), *own]


def describe_entry(entry: Any) -> str:
    """An entry as a message names it."""
    match entry:
        case s.Binding():
            return f"`{entry.path} = ...`"
        case s.Item(head=s.Name(text=text), body=body):
            return f"`{text} {{ }}`" if body else f"the bare word `{text}`"
        case s.Item():
            return "this value"
        case s.Declaration():
            return f"`{entry.keyword}`"
        case s.Labelled():
            return "a label"
        case s.Experiment():
            return f"`{entry.keyword}`"
        case _:
            return f"`{type(entry).__name__.lower()}`"
