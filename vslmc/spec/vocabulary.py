"""The words of the language, for editors: what each is, and what it means in a line.

Keys, kinds and choices come from the field tables, units and keywords from the tokens; only what
has no table of its own is described here.
"""

from __future__ import annotations

from vslmc.record import record
from vslmc.spec.fields import KINDS, Component, Setting, settings_of
from vslmc.spec.sections import NOT_YET, SECTIONS
from vslmc.spec.values import Or, Part
from vslmc.syntax.numbers import UNITS

KEYWORDS: dict[str, str] = {
    "import": 'Read another file: `import "lib/recipes.vslm"`.',
    "param": "A number with a name, which variants and `--set` may change: `param core = 512`.",
    "block": "The bindings of one layer: `block base { ... }`, `block wide extends base { ... }`.",
    "model": "A model: its sizes and its stack: `model tiny { ... }`.",
    "variant": "A model that differs from another: `variant slim of tiny { ... }`.",
    "recipe": "What a model is trained on, and how: `recipe quick { ... }`.",
    "loop": "Layers applied several times over the same weights: `loop 3 { 2 * base }`.",
    "use": "Apply the layers of a label again: `use door`.",
    "share": "Layers that share a part's weights: `share ffn in layers[0..3]`.",
    "ablate": "Variants without a part, under one budget.",
    "sweep": "Variants over values of a key.",
    "without": "What an ablation takes away.",
    "extends": "Inherit the bindings of another declaration.",
    "of": "The model that a variant differs from.",
    "in": "The layers that share a part.",
    "every": "How many neighbours share a part.",
    "each": "Every layer of a loop several times in a row: `loop 2 each { 4 * base }`.",
    "with": "What makes the passes of a loop differ.",
    "match": "The budget that variants have in common.",
    "within": "How near to the budget a variant comes.",
}
"""Words that start a declaration, or join its parts."""

SECTION_DOCS: dict[str, str] = {
    "layers": "The stack: `N * block { overrides }`, `loop N { ... }`, `label: ...`, `use label`.",
    "encoder": "A stack beside the decoder's.",
    "allow": 'Warnings that are meant, each with its reason: `unused_label = "why"`.',
}
"""Sections without keys of their own."""


@record
class Function:
    """A function of expressions."""

    parameters: tuple[str, ...]
    doc: str

    def sign(self, name: str) -> str:
        """As it is called: `round_to(x, step)`."""
        return f"{name}({', '.join(self.parameters)})"


FUNCTIONS: dict[str, Function] = {
    "min": Function(("a", "b", "..."), "The least of its arguments."),
    "max": Function(("a", "b", "..."), "The greatest of its arguments."),
    "ceil": Function(("x",), "The next whole number, upwards."),
    "floor": Function(("x",), "The next whole number, downwards."),
    "sqrt": Function(("x",), "The square root; no longer exact."),
    "round_to": Function(
        ("x", "step"), "The nearest multiple of `step`, ties upwards."
    ),
    "round_up": Function(("x", "step"), "The next multiple of `step`, upwards."),
    "round_down": Function(("x", "step"), "The next multiple of `step`, downwards."),
    "ramp": Function(
        ("first", "last", "multiple = 1"),
        "From `first` to `last` over the layers of the item, linear, both ends included.",
    ),
    "geometric": Function(
        ("first", "last", "multiple = 1"),
        "From `first` to `last` over the layers of the item, by equal factors.",
    ),
    "cycle": Function(
        ("v0", "v1", "..."),
        "One value after the other over the layers of the item, again and again.",
    ),
    "pick": Function(("[v0, v1, ...]",), "One value for each layer of the item."),
}
"""Functions of numbers, and schedules over the layers of an item."""

VARIABLES: dict[str, str] = {
    "width": "Width of the stream: in a block that of its layer, else the model's.",
    "context": "The longest sequence, in tokens.",
    "vocab": "Size of the vocabulary.",
    "i": "Index of the layer in its item, from 0.",
    "n": "How many layers the item writes.",
    "layer": "Index of the written layer in the stack, from 0.",
    "depth": "How many layers the stack writes.",
    "parameters": "Parameters of the model; known in recipes.",
}
"""Names that expressions may use."""

CONSTANTS: dict[str, str] = {
    "true": "Yes.",
    "false": "No.",
    "none": "Leave the part out, or set no limit.",
    "full": "All tokens before the query.",
    "all": "All of them.",
    "auto": "Decided by the compiler.",
    "edition": "The version of the language: `edition = 2026`.",
}
"""Fixed words."""

UNIT_DOCS: dict[str, str] = {
    name: f"times {value}" if value >= 1 else "percent" for name, value in UNITS.items()
}
"""Units of numbers."""


def list_classes() -> list[type[Component]]:
    """Every section and every kind of component."""
    kinds = [kind.cls for slot in KINDS.values() for kind in slot.values()]
    return [*SECTIONS.values(), *kinds]


def list_settings() -> list[Setting]:
    """Every key of every section and component."""
    return [setting for cls in list_classes() for setting in settings_of(cls).values()]


def list_sections() -> list[str]:
    """Words before `{`, declarations left out."""
    declared = {"block", "model", "recipe"}
    return sorted({*SECTIONS, *SECTION_DOCS} - declared)


def list_keys() -> list[str]:
    """Every key; those that are not built yet are words of the language too."""
    slots = {*KINDS, "kernel", "declaration", "item"}
    later = {
        word for place, words in NOT_YET.items() if place not in slots for word in words
    }
    return sorted({setting.name for setting in list_settings()} | later)


def list_kinds() -> list[str]:
    """Every kind of component."""
    built = {name for kinds in KINDS.values() for name in kinds}
    later = {word for slot in KINDS for word in NOT_YET.get(slot, ())}
    return sorted((built | later) - set(CONSTANTS))


def list_choices() -> list[str]:
    """Words that some key accepts, fixed words and kinds left out."""
    words = {word for setting in list_settings() for word in setting.type.choices()}
    return sorted(words - set(CONSTANTS) - set(list_kinds()))


def slot_of(setting: Setting) -> str | None:
    """The slot of a key that takes a component."""
    type_ = setting.type.other if isinstance(setting.type, Or) else setting.type
    return type_.slot if isinstance(type_, Part) else None
