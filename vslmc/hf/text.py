"""A draft as a spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vslmc.hf.compact import Stack, compact
from vslmc.hf.draft import Draft
from vslmc.hf.parts import Keys, Part, Value
from vslmc.outcome import Outcome
from vslmc.source import Source
from vslmc.syntax.fmt import format_text

REASON = "as in the imported model"
BYTES = 256
"""Tokens of the byte tokenizer, which a recipe has by default."""

WIDE = 88
"""Longest call on one line."""


def write_spec(name: str, model_type: str, draft: Draft, lints: Iterable[str]) -> str:
    """The spec in canonical layout; `lints` are warnings that cannot be avoided."""
    lines = list(list_lines(name, model_type, draft, sorted(lints)))
    outcome: Outcome[str] = format_text(Source(f"{name}.vslm", "\n".join(lines)))
    assert outcome.value is not None, outcome.diagnostics
    return outcome.value


def list_lines(
    name: str, model_type: str, draft: Draft, lints: list[str]
) -> Iterator[str]:
    """The entries of the file, in a layout that is not yet canonical."""
    yield f"# Imported from a Hugging Face model of type {model_type}."
    yield "edition = 2026"
    if lints:
        yield ""
        silenced = ", ".join(f'{lint} = "{REASON}"' for lint in lints)
        yield f"allow {{ {silenced} }}"
    stack = compact(draft.layers)
    source = compact(draft.source) if draft.source else None
    if source is not None:
        yield from list_block("read", source.base)
    name_of_block = "base" if source is None else "write"
    yield from list_block(name_of_block, stack.base, source and source.base)
    yield ""
    yield f"model {name} {{"
    yield from list_keys(draft.sizes)
    yield ""
    yield from list_section("embedding", draft.embedding)
    if source is not None:
        yield from list_encoder(source, "read", draft.encoder)
    if draft.role == "encoder":
        yield from list_encoder(stack, name_of_block, ())
    else:
        yield from list_stack(stack, name_of_block)
    yield from list_section("head", draft.head)
    if draft.vocab < BYTES + draft.room:
        yield "recipe = imported"
    yield "}"
    if draft.vocab < BYTES + draft.room:
        yield ""
        yield "recipe imported { tokenizer = char }  # fewer tokens than bytes"


def list_block(name: str, keys: Keys, read: Keys | None = None) -> Iterator[str]:
    """A block, perhaps by what differs from the block `read`."""
    if read is None:
        yield from ("", f"block {name} {{", *list_keys(keys), "}")
        return
    before = {key: write_value(value) for key, value in read}
    own = [(key, write_value(value)) for key, value in keys]
    lines = [f"{key} = {text}" for key, text in own if before.get(key) != text]
    yield from ("", f"block {name} extends read {{", *lines, "}")


def list_encoder(stack: Stack, block: str, keys: Keys) -> Iterator[str]:
    """The section `encoder`, with its layers."""
    yield from ("", "encoder {", *list_keys(keys), *list_stack(stack, block), "}", "")


def list_stack(stack: Stack, block: str) -> Iterator[str]:
    """The section `layers`."""
    yield ""
    if len(stack.items) == 1 and not stack.items[0].keys:
        yield f"layers {{ {stack.items[0].count} * {block} }}"
        yield ""
        return
    yield "layers {"
    for item in stack.items:
        keys = [f"{path} = {value}" for path, value in item.keys]
        line = f"{item.count} * {block}"
        if not keys:
            yield line
        elif len(keys) <= 3 and len(", ".join(keys)) <= WIDE:
            yield f"{line} {{ {', '.join(keys)} }}"
        else:
            yield from (f"{line} {{", *keys, "}")
    yield "}"
    yield ""


def list_keys(keys: Keys) -> Iterator[str]:
    """One line for each key that is not a default."""
    for key, value in keys:
        if not value.default:
            yield f"{key} = {write_value(value)}"


def list_section(name: str, keys: Keys) -> Iterator[str]:
    """A section, if it has anything to say."""
    lines = list(list_keys(keys))
    if not lines:
        return
    if len(", ".join(lines)) <= WIDE:
        yield f"{name} {{ {', '.join(lines)} }}"
    else:
        yield from (f"{name} {{", *lines, "}")


def write_value(value: Value) -> str:
    """A value; a component with much to say has a line for each key."""
    return value.write() if isinstance(value, Part) else value.text
