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
    yield ""
    yield "block base {"
    yield from list_keys(stack.base)
    yield "}"
    yield ""
    yield f"model {name} {{"
    yield from list_keys(draft.sizes)
    yield ""
    yield from list_section("embedding", draft.embedding)
    yield from list_stack(stack)
    yield from list_section("head", draft.head)
    if draft.vocab < BYTES:
        yield "recipe = imported"
    yield "}"
    if draft.vocab < BYTES:
        yield ""
        yield "recipe imported { tokenizer = char }  # fewer tokens than bytes"


def list_stack(stack: Stack) -> Iterator[str]:
    """The section `layers`."""
    yield ""
    if len(stack.items) == 1 and not stack.items[0].keys:
        yield f"layers {{ {stack.items[0].count} * base }}"
        yield ""
        return
    yield "layers {"
    for item in stack.items:
        keys = [f"{path} = {value}" for path, value in item.keys]
        line = f"{item.count} * base"
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
