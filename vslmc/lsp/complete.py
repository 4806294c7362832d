"""What may be written at a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from vslmc.lsp import describe
from vslmc.lsp.context import Arguments, Context, Section, Value, context_at, setting_of
from vslmc.lsp.keys import ALIASES, classes_at, kind_in_block
from vslmc.lsp.program import Program
from vslmc.lsp.python import class_before
from vslmc.lsp.script import Spot
from vslmc.record import record
from vslmc.spec import vocabulary
from vslmc.spec.fields import KINDS, Setting, settings_of
from vslmc.spec.parts import PythonPart
from vslmc.spec.tree import NESTED
from vslmc.spec.values import Choice, Flag, String
from vslmc.syntax.limits import Limits

Sort = Literal[
    "keyword", "key", "section", "kind", "function", "variable", "constant", "name"
]


@record
class Offer:
    """One completion."""

    label: str
    sort: Sort
    detail: str = ""
    """In a few words, on the same line."""
    doc: str = ""
    """In Markdown."""
    snippet: str = ""
    """What is inserted, with `$1` where the cursor goes; the label if empty."""
    rank: int = 1
    """Lower ones come first."""


HEADS = {
    "import": 'import "$1"',
    "param": "param ${1:name} = $0",
    "block": "block ${1:name} {\n    $0\n}",
    "model": "model ${1:name} {\n    $0\n}",
    "variant": "variant ${1:name} of ${2:model} { $0 }",
    "recipe": "recipe ${1:name} {\n    $0\n}",
}


def complete(program: Program, spot: Spot, limits: Limits) -> list[Offer]:
    """All that may stand at a place; empty inside comments and texts."""
    context = context_at(spot, limits)
    if context is None:
        return []
    offers = {offer.label: offer for offer in _offers(program, context)}
    scope = context.scope
    if isinstance(scope, Arguments) and issubclass(scope.kind.cls, PythonPart):
        own = _of_class(program, spot, context)
        offers = {offer.label: offer for offer in own} | offers
    return list(offers.values())


def _of_class(program: Program, spot: Spot, context: Context) -> Iterator[Offer]:
    """Arguments of the constructor of a class of the user's own."""
    found = None if context.after_equal else class_before(program, spot)
    for name in found.arguments if found else ():
        if name not in context.bound:
            detail = f"of {found.name}" if found else ""
            yield Offer(name, "key", detail, "", f"{name} = $0", 0)


def _offers(program: Program, context: Context) -> Iterator[Offer]:
    match context.scope:
        case Section(name="file"):
            yield from _of_file(program, context)
        case Section(name="layers"):
            yield from _of_layers(program, context)
        case Section() as section:
            yield from _of_section(program, context, section)
        case Arguments() as arguments:
            if not context.after_equal:
                settings = settings_of(arguments.kind.cls).values()
                yield from _keys(settings, context.bound)
                if not arguments.kind.positional:
                    return
            setting = setting_of(arguments, list(context.entry))
            yield from values_of(program, setting, context)
        case Value() as value:
            yield from values_of(program, value.setting, context)


def _of_file(program: Program, context: Context) -> Iterator[Offer]:
    if context.after_equal:
        yield from values_of(program, None, context)
        return
    words = [token.text for token in context.entry]
    match words:
        case []:
            for word, snippet in HEADS.items():
                yield Offer(word, "keyword", "", vocabulary.KEYWORDS[word], snippet)
            yield Offer("edition", "key", "2026", snippet="edition = 2026")
        case [keyword, _, "extends"] if keyword in ("block", "model", "recipe"):
            yield from _names(program, keyword)
        case ["variant", _, "of"] | ["ablate" | "sweep"]:
            yield from _names(program, "model")
        case ["block" | "model" | "recipe", _]:
            yield Offer("extends", "keyword", "", vocabulary.KEYWORDS["extends"])
        case ["variant", _]:
            yield Offer("of", "keyword", "", vocabulary.KEYWORDS["of"])
        case _:
            pass


def _of_layers(program: Program, context: Context) -> Iterator[Offer]:
    words = [token.text for token in context.entry]
    if words[-1:] == ["use"]:
        yield from _labels(program, context)
        return
    if words and words[-1] not in (":", "*"):
        yield from values_of(program, None, context)
        return
    yield from _names(program, "block")
    if words[-1:] != ["*"]:
        loop = "loop ${1:2} { $0 }"
        yield Offer("loop", "keyword", "", vocabulary.KEYWORDS["loop"], loop)
        yield Offer("use", "keyword", "", vocabulary.KEYWORDS["use"], "use $0")


def _labels(program: Program, context: Context) -> Iterator[Offer]:
    for script in program.scripts.values():
        for chunk in script.chunks:
            for mention in chunk.mentions:
                if (
                    mention.sort == "label"
                    and mention.defines
                    and mention.within == context.section.owner
                ):
                    yield Offer(mention.name, "name", "label")


def _of_section(
    program: Program, context: Context, section: Section
) -> Iterator[Offer]:
    name = ALIASES.get(section.name, section.name)
    if context.after_equal:
        if (name, context.path) == ("model", ("recipe",)):
            yield from _names(program, "recipe")
            return
        setting = setting_of(section, list(context.entry))
        yield from values_of(program, setting, context)
        return
    narrow = kind_in_block(program.spec, section.block)
    bound = context.bound if not context.entry else frozenset[str]()
    for cls in classes_at(section.name, context.path, narrow):
        yield from _keys(settings_of(cls).values(), bound)
    if context.entry:
        return
    yield from _nested(name, section.name)
    if section.name in ("variant", "sweep"):
        for param in program.spec.params.values():
            yield Offer(
                param.name.text, "name", "param", snippet=f"{param.name.text} = $0"
            )


def _nested(name: str, written: str) -> Iterator[Offer]:
    """Sections of a section."""
    inner = [*NESTED.get(name, ()), *(("layers",) if name == "model" else ())]
    for word in inner:
        doc = describe.describe_section(word)
        yield Offer(word, "section", "", doc, f"{word} {{\n    $0\n}}")
    if name == "model":
        yield Offer("recipe", "key", "the name of a recipe", snippet="recipe = $0")
    if written in ("variant", "sweep"):
        yield Offer("layers", "key", "keys of some layers", snippet="layers[$1].$0")


def _keys(settings: Iterable[Setting], bound: Iterable[str]) -> Iterator[Offer]:
    taken = set(bound)
    for setting in settings:
        if setting.name not in taken:
            detail, doc = setting.type.describe(), describe.describe_setting(setting)
            rank = 0 if setting.required else 1
            yield Offer(setting.name, "key", detail, doc, f"{setting.name} = $0", rank)


def _names(program: Program, sort: str) -> Iterator[Offer]:
    for name in program.declared(sort):
        yield Offer(name, "name", sort)


def values_of(
    program: Program, setting: Setting | None, context: Context
) -> Iterator[Offer]:
    """What a value may begin with: kinds or choices of the key, then all of expressions."""
    slot = vocabulary.slot_of(setting) if setting else None
    for kind in KINDS.get(slot, {}).values() if slot else ():
        call = f"{kind.name}($0)" if settings_of(kind.cls) else ""
        doc = describe.describe_kind(kind)
        yield Offer(kind.name, "kind", slot or "", doc, call, rank=0)
    for word in setting.type.choices() if setting else ():
        doc = vocabulary.CONSTANTS.get(word, "")
        yield Offer(word, "constant", setting.name if setting else "", doc, rank=0)
    closed = slot or (setting and isinstance(setting.type, Choice | Flag | String))
    if not closed:
        yield from _numbers(program, context)
    elif slot:
        for name in ("cycle", "pick"):
            yield _function(name)


def _numbers(program: Program, context: Context) -> Iterator[Offer]:
    for param in program.spec.params.values():
        detail = f"param = {param.value.span.text}"
        yield Offer(param.name.text, "name", detail)
    outside = context.around == (Section("file"),)
    for name, doc in vocabulary.VARIABLES.items() if not outside else ():
        yield Offer(name, "variable", "", doc)
    for name in vocabulary.FUNCTIONS:
        yield _function(name)


def _function(name: str) -> Offer:
    function = vocabulary.FUNCTIONS[name]
    return Offer(
        name, "function", function.sign(name), function.doc, f"{name}($0)", rank=2
    )
