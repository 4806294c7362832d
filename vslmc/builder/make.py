"""Makes `kinds/` and `sections.py` from the field tables: `python -m vslmc.builder.make`.

Every kind becomes a function, every section a class, with a typed keyword for each key, so that
editors complete them and type checkers know them. The functions stand in files as the field tables
do. A test compares.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from vslmc.spec.fields import KINDS, Component, Derived, Kind, Setting, settings_of
from vslmc.spec.parts import PythonPart
from vslmc.spec.reference import write_value
from vslmc.spec.sections import SECTIONS
from vslmc.spec.tree import NESTED
from vslmc.spec.values import (
    Choice,
    FieldType,
    Flag,
    Or,
    Pair,
    Part,
    Plain,
    String,
)

HERE = Path(__file__).parent
HEAD = '''"""{}

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations
'''
SOURCES = {
    "typing": ("Literal",),
    "vslmc.builder.components": ("make_component",),
    "vslmc.builder.values": ("DEFAULT", "Default", "Numeric", "Term"),
}
"""Where the functions' names come from, beside those of the slots."""
SLOTS = """
from typing import NewType

from vslmc.builder.values import Value

"""
SECTION_IMPORTS = """
from collections.abc import Sequence
from typing import Literal

from vslmc.builder.entries import (
    Allow,
    Declared,
    Item,
    Layered,
    Overrides,
    Repeat,
    Section,
    Share,
    bind_overrides,
    list_bindings,
    list_entries,
    name_of,
)
from vslmc.builder.kinds import {}
from vslmc.builder.values import DEFAULT, Default, Numeric, Term
"""
CLASS_NAMES = {"deepspeed": "DeepSpeed"}
FUNCTION_NAMES = {
    ("mixer", "attention"): "attention",
    ("cross", "attention"): "cross_attention",
}
STACKED = frozenset({"model", "encoder"})
"""Sections with layers."""
DECLARED = {"block": "extends", "model": "extends", "recipe": "extends"}


def make_kinds() -> dict[str, str]:
    """The texts of the files of `kinds/`, by name."""
    modules: dict[str, list[Kind]] = {}
    for kinds in KINDS.values():
        for kind in kinds.values():
            if kind.name != "none":  # it is written None
                stem = kind.cls.__module__.rpartition(".")[2]
                modules.setdefault(stem, []).append(kind)
    texts = {f"{stem}.py": _module(stem, kinds) for stem, kinds in modules.items()}
    return {"__init__.py": _index(modules), "slots.py": _slots(), **texts}


def _slots() -> str:
    parts = [HEAD.format("What a component may stand for."), SLOTS]
    for slot in KINDS:
        name, doc = class_name(slot), f"A component of the slot `{slot}`."
        parts.append(f'{name} = NewType("{name}", Value)\n"""{doc}"""\n')
    return _layout("".join(parts))


def _module(stem: str, kinds: list[Kind]) -> str:
    """The functions of one file, and the imports of what they name."""
    body = "".join(map(_kind, kinds))
    names = (node for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name))
    used = {node.id for node in names}
    slots = {"vslmc.builder.kinds.slots": tuple(sorted(map(class_name, KINDS)))}
    lines = [HEAD.format(f"The kinds of `{stem}`, a function for each.")]
    for source, given in sorted((SOURCES | slots).items()):
        wanted = ", ".join(name for name in given if name in used)
        lines += [f"\nfrom {source} import {wanted}"] if wanted else []
        lines += ["\n"] if source == "typing" and wanted else []
    return _layout("".join([*lines, "\n", body]))


def _index(modules: dict[str, list[Kind]]) -> str:
    """All of them under one name."""
    names = {stem: sorted(map(function_name, kinds)) for stem, kinds in modules.items()}
    names["slots"] = sorted(map(class_name, KINDS))
    lines = [HEAD.format("A function for each kind of component.")]
    for stem in sorted(names):
        joined = ", ".join(names[stem])
        lines.append(f"\nfrom vslmc.builder.kinds.{stem} import {joined}")
    every = sorted(name for each in names.values() for name in each)
    return _layout("".join([*lines, f"\n\n__all__ = {every}\n"]))


def make_sections() -> str:
    """The text of `sections.py`."""
    slots = sorted({class_name(slot) for slot in _used_slots()})
    parts = [HEAD.format("A class for each section and declaration.")]
    parts.append(SECTION_IMPORTS.format(", ".join(slots)))
    names = [*map(class_name, SECTIONS), "Variant"]
    parts.append(f"\n__all__ = {sorted(names)}\n")
    for name in SECTIONS:
        parts.append(_declaration(name) if name in DECLARED else _section(name))
    parts.append(_variant())
    return _layout("".join(parts))


def _layout(text: str) -> str:
    import black

    # Annotations of the signatures are long: black alone knows how it breaks them.
    return black.format_str(text, mode=black.Mode())


def class_name(name: str) -> str:
    """The class of a section or slot: `Embedding`, `DeepSpeed`."""
    return CLASS_NAMES.get(name) or "".join(map(str.capitalize, name.split("_")))


def function_name(kind: Kind) -> str:
    """The function of a kind; of several of one name, each says its slot."""
    if (kind.slot, kind.name) in FUNCTION_NAMES:
        return FUNCTION_NAMES[kind.slot, kind.name]
    counts = Counter(name for kinds in KINDS.values() for name in kinds)
    return kind.name if counts[kind.name] == 1 else f"{kind.name}_{kind.slot}"


def _used_slots() -> Iterator[str]:
    for cls in SECTIONS.values():
        types = (setting.type for setting in settings_of(cls).values())
        yield from (type_.slot for type_ in types if isinstance(type_, Part))


# --- pieces -------------------------------------------------------------------------------------


def _kind(kind: Kind) -> str:
    settings = settings_of(kind.cls)
    named = [_parameter(s, s.required) for s in _rest(kind)]
    if issubclass(kind.cls, PythonPart):
        named.append(f"**arguments: {' | '.join(list_types(Plain()))}")
    placed = [_parameter(settings[key], True) for key in kind.positional]
    signature = ", ".join([*placed, *(["*", *named] if named else [])])
    slot = class_name(kind.slot)
    return (
        f"\n\ndef {function_name(kind)}({signature}) -> {slot}:\n"
        f"{_doc(kind.doc, kind.cls)}"
        f'    return {slot}(make_component("{kind.slot}", "{kind.name}", locals()))\n'
    )


def _rest(kind: Kind) -> list[Setting]:
    named = [s for s in settings_of(kind.cls).values() if s.name not in kind.positional]
    return sorted(named, key=lambda setting: not setting.required)


def _section(name: str) -> str:
    cls = SECTIONS[name]
    signature = ", ".join(["self", "*", *_keys(name), *_stack(name)])
    made = f'list_bindings("{name}", locals())'
    if _stack(name):
        made = f'list_entries("{name}", locals(), None)'
    return (
        f"\n\nclass {class_name(name)}(Section):\n{_doc(cls.__doc__ or '', cls)}"
        f"\n    def __init__({signature}) -> None:\n"
        f'        super().__init__("{name}", {made})\n'
    )


def _declaration(name: str) -> str:
    made, cls = class_name(name), SECTIONS[name]
    base = "Layered" if name == "block" else "Declared"
    joint = f"extends: {made} | str | None = None"
    first = "self, name: str, overrides: Overrides | None = None, *"
    signature = ", ".join([first, joint, *_keys(name), *_beside(name)])
    keyword = "" if name == "block" else f'\n    keyword = "{name}"\n'
    text = (
        f"\n\nclass {made}({base}):\n{_doc(cls.__doc__ or '', cls)}{keyword}"
        f"\n    def __init__({signature}) -> None:\n"
        f'        entries = list_entries("{name}", locals(), overrides)\n'
        f"        super().__init__(name, name_of(extends), entries)\n"
    )
    return text + _with() if name == "block" else text


def _with() -> str:
    signature = ", ".join(
        ["self", "overrides: Overrides | None = None", "*", *_keys("block")]
    )
    return (
        f"\n    def with_({signature}) -> Repeat:\n"
        '        """A layer of the block that overrides some of its keys."""\n'
        '        bound = (*list_bindings("block", locals()), *bind_overrides(overrides or {}))\n'
        "        return Repeat(None, self, bound)\n"
    )


def _variant() -> str:
    first = "self, name: str, of: Model | Variant | str, overrides: Overrides | None = None, *"
    signature = ", ".join([first, *_keys("model"), *_beside("model")])
    return (
        "\n\nclass Variant(Declared):\n"
        '    """A model that differs from another: overrides of parameters and keys."""\n'
        '\n    keyword = "variant"\n'
        f"\n    def __init__({signature}) -> None:\n"
        '        entries = list_entries("model", locals(), overrides)\n'
        "        super().__init__(name, name_of(of), entries)\n"
    )


def _beside(name: str) -> list[str]:
    """Parameters for what a declaration holds beside keys."""
    parts = [
        f"{part}: {class_name(part)} | None = None" for part in NESTED.get(name, ())
    ]
    parts += _stack(name)
    if name == "model":
        parts.append("recipe: Recipe | str | None = None")
    return parts


def _stack(name: str) -> list[str]:
    """Parameters for layers, where they can stand."""
    if name not in STACKED:
        return []
    layers = "layers: Sequence[Item | Layered] | None = None"
    return [layers, "shares: Sequence[Share] = ()"]


def _keys(name: str) -> list[str]:
    # No key is required here: what is extended may have it.
    keys = [_parameter(s, False) for s in settings_of(SECTIONS[name]).values()]
    return [*keys, "allow: Allow | None = None"]


def _parameter(setting: Setting, required: bool) -> str:
    taken = " | ".join(dict.fromkeys(list_types(setting.type)))
    if required:
        return f"{setting.name}: {taken}"
    return f"{setting.name}: {taken} | Default = DEFAULT"


def list_types(type_: FieldType) -> Iterator[str]:
    """The types of Python that a key of this type takes."""
    match type_:
        case Flag():
            yield from ("bool", "Term")
        case Choice(names):
            yield from (_literal(names), "Term")
        case String():
            yield "str"
        case Plain():
            yield from ("Numeric", "bool", "str", "None")
        case Pair(item):
            inner = " | ".join(list_types(item))
            yield f"tuple[{inner}, {inner}]"
        case Part(slot):
            yield class_name(slot)
            bare = [name for name in KINDS[slot] if _is_bare(slot, name)]
            yield from [_literal(bare)] if bare else []
        case Or(word, other):
            yield from (*list_types(other), _literal([word]))
        case _:
            yield "Numeric"


def _is_bare(slot: str, name: str) -> bool:
    """Whether a kind may stand as a word, without arguments."""
    return not any(s.required for s in settings_of(KINDS[slot][name].cls).values())


def _literal(words: list[str] | tuple[str, ...]) -> str:
    quoted = [f'"{word}"' for word in words]
    if "none" in words:
        quoted.append("None")
    return f"Literal[{', '.join(quoted)}]"


def _doc(doc: str, cls: type[Component]) -> str:
    lines = [" ".join(doc.split())]
    settings = settings_of(cls).values()
    if settings:
        lines += ["", *(f"{s.name}: {s.doc}; {_default(s)}." for s in settings)]
    if issubclass(cls, PythonPart):
        lines.append("arguments: what its constructor takes beside the width.")
    text = "\n    ".join(lines).replace("\\", "\\\\")
    end = "\n    " if settings else ""
    return f'    """{text}{end}"""\n'.replace("\n    \n", "\n\n")


def _default(setting: Setting) -> str:
    """What a key is if it is left out."""
    if setting.required:
        return "required"
    default = setting.default
    text = (
        default.text if isinstance(default, Derived) else write_value(default, setting)
    )
    reason = f" ({setting.reason})" if setting.reason else ""
    return f"default {text}{reason}"


if __name__ == "__main__":
    for name, text in make_kinds().items():
        (HERE / "kinds" / name).write_text(text, "utf-8")
    (HERE / "sections.py").write_text(make_sections(), "utf-8")
