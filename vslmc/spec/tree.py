"""Trees of bindings: the entries of one body, their keys checked against the section."""

from __future__ import annotations

from dataclasses import replace

from vslmc.diagnostics.catalogue import names as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span
from vslmc.spec.allow import is_allow
from vslmc.spec.fields import settings_of
from vslmc.spec.nodes import LayerOverride, Role, Tree
from vslmc.spec.sections import NOT_YET, SECTIONS
from vslmc.spec.values import Part
from vslmc.syntax import nodes as s

NESTED: dict[str, tuple[str, ...]] = {
    "model": ("embedding", "encoder", "head"),
    "recipe": ("train", "deepspeed"),
}
"""Sections inside sections."""

Bound = tuple[tuple[s.Name, ...], s.Expr]
"""A path and its value; the names carry the places that messages point at."""


class TreeBuilder:
    """Collects the bindings of one body of section `name`."""

    def __init__(
        self, name: str, found: list[Diagnostic], variant: bool = False
    ) -> None:
        self.name = name
        self.variant = variant
        self.faults = found
        self.bound: dict[tuple[str, ...], tuple[s.Binding, tuple[s.Name, ...]]] = {}
        self.layered: dict[tuple[str, ...], tuple[s.Binding, Role]] = {}
        self.sections: dict[str, Span] = {}
        self.params: dict[str, tuple[Span, s.Expr]] = {}

    def add(self, entry: s.Entry) -> None:
        """Take one entry: a binding, or a nested section."""
        match entry:
            case s.Binding():
                self.binding(entry)
            case s.Item() if is_allow(entry):
                pass  # bound apart: what it silences is not known here
            case s.Item(head=s.Name(text=name, span=span), body=s.Body() as body) if (
                name in self.nested()
            ):
                if name in self.sections:
                    first = self.sections[name]
                    self.faults.append(faults.duplicate_key(span, first, name))
                self.sections.setdefault(name, span)
                for inner in body.entries:
                    self.nested_entry(name, inner)
            case _:
                self.refuse(entry, self.name)

    def nested(self) -> tuple[str, ...]:
        return NESTED.get(self.name, ())

    def refuse(self, entry: s.Entry, section: str) -> None:
        """Say that an entry of another sort cannot stand here, or that there is no such key."""
        if isinstance(entry, s.Item) and isinstance(entry.head, s.Name) and entry.body:
            name = entry.head
            help = propose_section(section, name.text)
            if help is None:
                refuse_key(section, name, self.faults)
                return
            place, what = name.span, f"a section `{name.text} {{ }}`"
        else:
            place, what = head_span(entry), describe_entry(entry)
            help = propose_entry(entry)
        where = f"in `{section} {{ }}`"
        self.faults.append(faults.misplaced_entry(place, what, where, help))

    def nested_entry(self, name: str, entry: s.Entry) -> None:
        if isinstance(entry, s.Binding):
            if name == "encoder" and entry.path.parts[0].name.text == "layers":
                self.layer_binding(entry, entry.path.parts, "encoder")
                return
            start = s.Part(s.Name(name, entry.path.parts[0].name.span), None)
            self.checked(entry, (start, *entry.path.parts))
        else:
            self.refuse(entry, name)

    def binding(self, entry: s.Binding) -> None:
        parts = entry.path.parts
        role, below = split_role(parts)
        if self.name == "model" and below[0].name.text == "layers":
            self.layer_binding(entry, below, role)
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
        index = next((part.index for part in parts if part.index), None)
        names = tuple(part.name for part in parts)
        if index is not None:
            help = "only `layers` has indices"
            self.faults.append(
                faults.misplaced_entry(index.span, "an index", "in this path", help)
            )
        elif check_path(self.name, list(names), self.faults):
            path = tuple(name.text for name in names)
            if path in self.bound:
                first = self.bound[path][0].path.span
                self.faults.append(
                    faults.duplicate_key(entry.path.span, first, ".".join(path))
                )
            else:
                self.bound[path] = (entry, names)

    def layer_binding(
        self, entry: s.Binding, parts: tuple[s.Part, ...], role: Role
    ) -> None:
        first, *rest = parts
        if first.index is None or not rest or any(part.index for part in rest):
            self.refuse_layers(entry, first.index is not None)
            return
        if not check_path("block", [part.name for part in rest], self.faults):
            return
        key = (
            role,
            first.index.span.text.replace(" ", ""),
            *(part.name.text for part in rest),
        )
        if key in self.layered:
            place = self.layered[key][0].path.span
            self.faults.append(
                faults.duplicate_key(entry.path.span, place, str(entry.path))
            )
            return
        self.layered[key] = (entry, role)

    def refuse_layers(self, entry: s.Binding, indexed: bool) -> None:
        what, help = "a value for `layers`", "write `layers { N * block }`"
        if indexed:
            what = "a value for a whole layer"
            help = "bind a key of the layer, such as `layers[3].ffn = ...`"
        elif len(entry.path.parts) > 1:
            what = "a path below `layers` without an index"
            help = "write `layers[3]...`, `layers[3..8]...` or `layers[*]...`"
        where = "in a model"
        self.faults.append(faults.misplaced_entry(entry.path.span, what, where, help))

    def tree(self, body: Span | None = None) -> Tree:
        """The bindings as a tree; `body` is where they stand."""
        bound = [(names, entry.value) for entry, names in self.bound.values()]
        return replace(make_tree(bound), faulty=has_faults(body, self.faults))

    def overrides(self) -> tuple[LayerOverride, ...]:
        """Bindings of `layers[...]`: whole values before what is below them."""
        made: list[LayerOverride] = []
        for (_, _, *below), (entry, role) in sorted(
            self.layered.items(), key=lambda item: len(item[0])
        ):
            first, *rest = entry.path.parts[-1 - len(below) :]
            assert first.index is not None
            tree = make_tree([(tuple(part.name for part in rest), entry.value)])
            made.append(LayerOverride(first.index, tree, entry.path.span, role))
        return tuple(made)


def split_role(parts: tuple[s.Part, ...]) -> tuple[Role, tuple[s.Part, ...]]:
    """The stack that a path of a model leads into, and its steps from `layers` on."""
    words = [part.name.text for part in parts[:2]]
    if words == ["encoder", "layers"] and parts[0].index is None:
        return "encoder", parts[1:]
    return "decoder", parts


def has_faults(body: Span | None, found: list[Diagnostic]) -> bool:
    """Whether an error was found in `body`."""
    if body is None:
        return False
    places = [fault.primary.span for fault in found if fault.primary and fault.is_error]
    return any(
        place.source is body.source and body.start <= place.start < body.end
        for place in places
    )


def make_tree(bound: list[Bound]) -> Tree:
    """A tree from paths and their values."""
    expr: s.Expr | None = None
    below: dict[str, list[Bound]] = {}
    keys: dict[str, Span] = {}
    for path, value in bound:
        if not path:
            expr = value
            continue
        first, *rest = path
        below.setdefault(first.text, []).append((tuple(rest), value))
        if not rest or first.text not in keys:
            keys[first.text] = first.span
    parts = {
        name: replace(make_tree(items), key=keys[name]) for name, items in below.items()
    }
    return Tree(expr, None, parts)


def check_path(section: str, names: list[s.Name], found: list[Diagnostic]) -> bool:
    """Whether the first key exists, through nested sections; below a component all is open."""
    name = names[0]
    if name.text in NESTED.get(section, ()):
        if len(names) == 1:
            help = f"write `{name.text} {{ ... }}`, or `{name.text}.key = ...`"
            what, where = "a value for a section", f"in `{section} {{ }}`"
            found.append(faults.misplaced_entry(name.span, what, where, help))
            return False
        return check_path(name.text, names[1:], found)
    if section == "model" and name.text == "recipe":
        return len(names) == 1 or check_path("recipe", names[1:], found)
    if name.text not in settings_of(SECTIONS[section]):
        refuse_key(section, name, found)
        return False
    setting = settings_of(SECTIONS[section])[name.text]
    if len(names) > 1 and not isinstance(setting.type, Part):
        found.append(faults.no_keys_below(names[1].span, name.text, names[1].text))
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
    own = {"model": ["layers", "recipe"], "encoder": ["layers"]}.get(section, [])
    return [*settings_of(SECTIONS[section]), *NESTED.get(section, ()), *own]


def propose_section(section: str, word: str) -> str | None:
    """How to write what looks like a section and is none; None if there is no such word."""
    if word in settings_of(SECTIONS[section]):
        return f"write `{word} = kind(...)`, or `{word}.key = ...`"
    if section == "model" and word == "recipe":
        return "declare `recipe NAME { ... }` outside, and write `recipe = NAME` here"
    if word == "layers":
        return "`layers { ... }` belongs in a model, or in its `encoder { }`"
    return None


def propose_entry(entry: s.Entry) -> str | None:
    """How the author may have meant an entry that cannot stand where it is."""
    match entry:
        case s.Import() | s.Param() | s.Declaration():
            return "move it out of all braces"
        case s.Labelled(label=label, entry=s.Item(head=head, body=None)):
            return f"write `{label.text} = {head.span.text}`"
        case s.Item(head=s.Name(text=text), body=None):
            return f"write `{text} = ...`"
        case s.Item(body=None):
            return "an entry is `name = value`"
        case s.Loop() | s.Use() | s.Labelled() | s.Item():
            return "layers are written in `layers { }` of a model"
        case _:
            return None


def head_span(entry: s.Entry) -> Span:
    """The part of an entry that a message points at: not its whole body."""
    match entry:
        case s.Binding():
            return entry.path.span
        case s.Item():
            return entry.head.span
        case s.Labelled():
            return entry.label.span
        case _:
            word = first_word(entry)
            return Span(
                entry.span.source, entry.span.start, entry.span.start + len(word)
            )


def first_word(entry: s.Entry) -> str:
    """The keyword that an entry starts with."""
    match entry:
        case s.Declaration() | s.Experiment():
            return entry.keyword
        case _:
            return type(entry).__name__.lower()


def describe_entry(entry: s.Entry) -> str:
    """An entry as a message names it."""
    match entry:
        case s.Binding():
            return f"`{entry.path} = ...`"
        case s.Item(head=s.Name(text=text), body=body):
            return f"`{text} {{ }}`" if body else f"the bare word `{text}`"
        case s.Item():
            return "this value"
        case s.Labelled():
            return "a label"
        case _:
            return f"`{first_word(entry)}`"
