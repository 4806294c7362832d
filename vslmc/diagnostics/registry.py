"""The catalogue's frame: every diagnostic is a named constructor with a page.

    @diagnostic(
        "kv-heads-must-divide",
        what="`kv_heads` does not divide `heads`.",
        why="Every key-value head serves the same number of query heads.",
        wrong="block base { mixer = attention(heads = 8, kv_heads = 3), ffn = mlp }",
        right="block base { mixer = attention(heads = 8, kv_heads = 2), ffn = mlp }",
        form="block",
    )
    def kv_heads_must_divide(heads: Label, kv_heads: Span) -> Diagnostic:
        return fault("`kv_heads` must divide `heads`", primary=kv_heads, secondary=[heads])

The constructors live in `vslmc.diagnostics.catalogue`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import wraps
from typing import ParamSpec

from vslmc.diagnostics.frames import Form
from vslmc.diagnostics.model import Diagnostic, Fix, Label, Severity
from vslmc.record import record
from vslmc.source import Span

P = ParamSpec("P")

_KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_UNNAMED = ""


@record
class Page:
    """What `vslmc explain NAME` prints about one diagnostic."""

    name: str
    """Stable kebab-case name."""
    severity: Severity
    what: str
    """What is found, in general."""
    why: str
    """Why it is a fault, or deserves a warning."""
    wrong: str
    """A spec, or a piece of one, that has it."""
    right: str
    """The same, put right."""
    form: Form = "file"
    """What the two examples are."""


PAGES: dict[str, Page] = {}
"""Every diagnostic there is, by name, once `vslmc.diagnostics.catalogue` is imported."""


def diagnostic(
    name: str,
    *,
    what: str,
    why: str,
    wrong: str,
    right: str,
    severity: Severity = "error",
    form: Form = "file",
) -> Callable[[Callable[P, Diagnostic]], Callable[P, Diagnostic]]:
    """Register a constructor under `name`; what it returns gets name and severity.

    Raises AssertionError, when the catalogue is imported, for a name that is not
    kebab-case, is taken, or has an empty page.
    """
    page = Page(name, severity, what, why, wrong, right, form)
    assert _KEBAB.fullmatch(name), f"diagnostic name {name!r} is not kebab-case"
    assert name not in PAGES, f"diagnostic {name!r} is registered twice"
    assert all((what, why, wrong, right)), f"the page of {name!r} has an empty part"
    PAGES[name] = page

    def register(
        constructor: Callable[P, Diagnostic],
    ) -> Callable[P, Diagnostic]:
        @wraps(constructor)
        def construct(*args: P.args, **kwargs: P.kwargs) -> Diagnostic:
            return _complete(constructor(*args, **kwargs), page)

        return construct

    return register


def fault(
    message: str,
    *,
    primary: Label | Span | None = None,
    secondary: Iterable[Label] = (),
    help: str | None = None,
    fix: Fix | None = None,
) -> Diagnostic:
    """The body of a constructor: all but name and severity, which `diagnostic` adds.

    A plain span as `primary` stands for a caret without words.
    """
    label = Label(primary) if isinstance(primary, Span) else primary
    said, advice = crop(message), crop(help) if help else help
    return Diagnostic(_UNNAMED, "error", said, label, tuple(secondary), advice, fix)


def crop(text: str, longest: int = 500) -> str:
    """`text` without its middle, if it is longer: a name may be a megabyte."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]} ... {text[-half:]}"


def load_pages() -> dict[str, Page]:
    """All pages by name, after importing the whole catalogue."""
    # Imported here: the catalogue is made with what stands above.
    from importlib import import_module
    from pkgutil import iter_modules

    from vslmc.diagnostics import catalogue

    for module in iter_modules(catalogue.__path__):
        import_module(f"{catalogue.__name__}.{module.name}")
    return PAGES


def _complete(found: Diagnostic, page: Page) -> Diagnostic:
    if found.name == _UNNAMED:
        return replace(found, name=page.name, severity=page.severity)
    assert (found.name, found.severity) == (page.name, page.severity), (
        f"the constructor of {page.name!r} returned "
        f"{found.severity}[{found.name}] instead of {page.severity}[{page.name}]"
    )
    return found
