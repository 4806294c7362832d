"""What is known of the word at a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vslmc.lsp import describe
from vslmc.lsp.analysis import Analysis
from vslmc.lsp.context import Arguments, Context, Section, context_at, setting_of
from vslmc.lsp.keys import find_setting
from vslmc.lsp.mentions import Mention
from vslmc.lsp.program import Program
from vslmc.lsp.script import Spot
from vslmc.lsp.symbols import find_definition, mention_at, symbol_of
from vslmc.lsp.values import (
    Item,
    Known,
    find_item,
    find_value,
    list_items,
    list_values,
    models_of,
)
from vslmc.record import record
from vslmc.resolve.nodes import ResolvedModel
from vslmc.source import Span
from vslmc.spec import vocabulary
from vslmc.spec.fields import KINDS, Setting, settings_of
from vslmc.syntax import nodes as s

LINES = 16
"""Most lines of a declaration that are shown."""
ROWS = 16
"""Most rows of resolved values."""


@record
class Hover:
    """A text in Markdown, and what it is about."""

    text: str
    span: Span


def hover(analyses: list[Analysis], spot: Spot) -> Hover | None:
    """What there is to say; the first analysis is that of the file itself."""
    context = context_at(spot, spot.chunk.limits)
    mention = mention_at(spot)
    told: str | None = None
    if mention is not None:
        told = show_definition(analyses[0].program, mention)
    if told is None and context is not None and context.word:
        told = describe_at(spot, context)
    if mention is not None:
        span = mention.span
    elif context is not None and context.word:
        span = word_span(spot, context)
    else:
        return None
    models = [m for analysis in analyses for m in models_of(analysis, spot.chunk)]
    text = describe.join_blocks((told, show_resolved(models, spot, mention)))
    return Hover(text, span) if text else None


def show_resolved(
    models: list[ResolvedModel], spot: Spot, mention: Mention | None
) -> str | None:
    """What the item or the value at a place has become."""
    document = spot.chunk.parsed.value
    entries = document.entries if document else ()
    if mention is not None and mention.defines:
        return None
    if mention is not None and mention.sort == "block":
        item = find_item(entries, spot.offset)
        return show_items(models, item) if item else None
    value = find_value(entries, spot.offset)
    return show_values(models, value) if value else None


def word_span(spot: Spot, context: Context) -> Span:
    """The place of the word."""
    end = context.start + len(context.word)
    return Span(spot.chunk.source, context.start, end)


# --- what a word is ----------------------------------------------------------------------


def show_definition(program: Program, mention: Mention) -> str | None:
    """The declaration of what is named."""
    symbol = symbol_of(program, mention)
    place = find_definition(program, symbol) if symbol else None
    if symbol is None or place is None:
        return None
    if symbol.sort == "label":
        return describe.show_code(place.source.line(place.line))
    for entry in entries_of(program, place):
        inside = entry.span.start <= place.start < entry.span.end
        if inside and isinstance(entry, s.Declaration | s.Param):
            lines = entry.span.text.splitlines()
            more = ["    # ...", "}"] if len(lines) > LINES else []
            where = program.owners[place.source].path.name
            code = describe.show_code("\n".join([*lines[:LINES], *more]))
            return f"{code}\n\nin `{where}`"
    return None


def entries_of(program: Program, place: Span) -> tuple[s.Entry, ...]:
    """The entries of the piece that holds a span."""
    document = program.piece(place.source).parsed.value
    return document.entries if document else ()


def describe_at(spot: Spot, context: Context) -> str | None:
    """A key, a kind, a section, a number or a word of the language."""
    setting = key_at(spot, context)
    if setting is not None:
        return describe.describe_setting(setting)
    number = number_at(spot)
    if number is not None:
        return describe.describe_number(number)
    scope, word = context.scope, context.word
    after = spot.chunk.text[context.start + len(word) :].lstrip(" \t")
    if after.startswith("{") and word in vocabulary.list_sections():
        return describe.describe_section(word)
    setting = setting_of(scope, list(context.entry))
    slot = vocabulary.slot_of(setting) if setting else None
    if slot and word in KINDS[slot]:
        return describe.describe_kind(KINDS[slot][word])
    if setting is not None and word in setting.type.choices():
        return describe.describe_setting(setting)
    return describe.describe_word(word)


def key_at(spot: Spot, context: Context) -> Setting | None:
    """The key that the word is."""
    word = context.word
    after = spot.chunk.text[context.start + len(word) :].lstrip(" \t")
    match context.scope:
        case Section(name=name) if not context.after_equal:
            if after.startswith("{"):
                return None
            return find_setting(name, (*context.path, word))
        case Arguments(kind=kind) if after.startswith("="):
            return settings_of(kind.cls).get(word)
        case _:
            return None


def number_at(spot: Spot) -> s.Number | None:
    """The literal at a place."""
    document = spot.chunk.parsed.value
    value = find_value(document.entries, spot.offset) if document else None
    stack = [value]
    while stack:
        match stack.pop():
            case s.Number() as number:
                if number.span.start <= spot.offset <= number.span.end:
                    return number
            case s.Binary(left=left, right=right):
                stack += (left, right)
            case s.Unary(operand=operand):
                stack.append(operand)
            case s.Call(arguments=arguments):
                stack += (argument.value for argument in arguments)
            case s.Sequence(items=items):
                stack += items
            case _:
                pass
    return None


# --- what it has become ------------------------------------------------------------------


def show_values(models: list[ResolvedModel], value: s.Expr) -> str | None:
    """The values that a text has given, and, of a component, all of its keys."""
    rows: dict[tuple[str, str, str], list[int]] = {}
    for model in models:
        for known in list_values(model):
            if known.owner == value.span or set_by(known, value.span):
                text = f"`{known.path} = {known.text}`"
                key = (known.model, text, reason_of(known, value.span))
                rows.setdefault(key, []).extend(known.layers)
    lines = [
        f"* {text}{in_layers(layers)} of `{model}`{reason}"
        for (model, text, reason), layers in rows.items()
    ]
    if not lines:
        return None
    more = [f"* and {len(lines) - ROWS} more"] if len(lines) > ROWS else []
    return "\n".join(["Resolved:", "", *lines[:ROWS], *more])


def set_by(known: Known, place: Span) -> bool:
    """Whether a value comes from the text at a place."""
    if known.origin.default is None and known.origin.span == place:
        return True
    return known.component == place


def reason_of(known: Known, place: Span) -> str:
    """Where the value comes from, in a few words; nothing if it is the text at `place`."""
    if known.origin.default is not None:
        return f", the default: {known.origin.default}"
    span = known.origin.span
    if span is None or span == place:
        return ""
    return f", from `{' '.join(span.text.split())[:60]}`"


def in_layers(layers: Iterable[int]) -> str:
    """` in layers 0..3, 6`, or nothing outside of the stack."""
    numbers = sorted(layers)
    words = ", ".join(
        str(first) if first == last else f"{first}..{last}"
        for first, last in join_runs(numbers)
    )
    return f" in layer{'s' if len(numbers) > 1 else ''} {words}" if words else ""


def join_runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Ranges of neighbours."""
    start = before = None
    for number in numbers:
        if before is None or start is None:
            start = number
        elif number > before + 1:
            yield start, before
            start = number
        before = number
    if start is not None and before is not None:
        yield start, before


def show_items(models: list[ResolvedModel], place: Span) -> str | None:
    """The layers of an item: which, how wide, how large."""
    items = [item for model in models if (item := list_items(model, place))]
    return "\n".join(show_item(item) for item in items[:ROWS]) or None


def show_item(item: Item) -> str:
    """One item in one model."""
    widths = join_values(item.widths)
    counts = join_values(item.parameters)
    layers = in_layers(item.layers).removeprefix(" in ")
    counts = f"{counts}{item.mark} parameters in each layer"
    return f"* `{item.model}`: {layers}, width {widths}, {counts}"


def join_values(values: tuple[int, ...]) -> str:
    """One number if all are equal, else both ends."""
    low, high = min(values), max(values)
    return f"{low:_}" if low == high else f"{low:_} to {high:_}"
