"""`vslmc explain`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import print_findings, write_text
from vslmc.cli.values import Values
from vslmc.diagnostics.catalogue.use import no_such_diagnostic
from vslmc.diagnostics.frames import PLACES
from vslmc.diagnostics.registry import Page, load_pages


def run_explain(values: Values) -> int:
    """Print the page of one diagnostic, or a line of each."""
    pages = load_pages()
    name = values.text("name")
    if name is None:
        write_text("".join(f"{line}\n" for line in list_pages(pages.values())))
        return OK
    # As a message writes it, `error[unknown-key]`, and as `allow { }` does.
    word = name.partition("[")[2].rstrip("]:") or name
    page = pages.get(word.replace("_", "-"))
    if page is None:
        print_findings([no_such_diagnostic(word, list(pages))])
        return FAULTS
    write_text("".join(f"{line}\n" for line in write_page(page)))
    return OK


def list_pages(pages: Iterable[Page]) -> Iterator[str]:
    """One line for each diagnostic, by name."""
    ordered = sorted(pages, key=lambda page: page.name)
    width = max(len(page.name) for page in ordered)
    for page in ordered:
        yield f"{page.name:{width}}  {page.severity:7}  {page.what}"


def write_page(page: Page) -> Iterator[str]:
    """A page as lines."""
    place = PLACES.get(page.form)
    where = f", {place}" if place else ""
    yield f"{page.severity}[{page.name}]"
    yield from ("", *_wrap(page.what), "", *_wrap(page.why))
    yield from ("", f"Wrong{where}:", "", *_indent(page.wrong))
    yield from ("", f"Right{where}:", "", *_indent(page.right))


def _wrap(text: str) -> list[str]:
    # Only an explanation pays for importing it.
    from textwrap import wrap

    return wrap(text, 80)


def _indent(text: str) -> Iterator[str]:
    return (f"    {line}" for line in text.split("\n"))
