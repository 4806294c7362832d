"""What holds for every text: an answer, soon, whose places are in the text."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from time import process_time

from tests.fuzz.corpus import Seed
from vslmc.diagnostics.github import render_github
from vslmc.diagnostics.json import render_json
from vslmc.diagnostics.model import Diagnostic
from vslmc.diagnostics.sarif import render_sarif
from vslmc.diagnostics.text import render_text
from vslmc.driver.compile import Request, check_spec
from vslmc.source import Source, Span
from vslmc.syntax.fmt import format_text

SECONDS = 2.0
"""Longest answer, in processor time."""


def find_failure(seed: Seed) -> str | None:
    """What is wrong with the compiler's answer to a text; None for a good answer.

    A late answer is asked for again: something else may have held the processor.
    """
    slow = ""
    for _ in range(3):
        start = process_time()
        if (fault := find_fault(seed)) is not None:
            return fault
        if (seconds := process_time() - start) <= SECONDS:
            return None
        slow = f"it took {seconds:.1f} s"
    return slow


def find_fault(seed: Seed) -> str | None:
    """What is wrong with what the compiler says of a text, however long it takes."""
    try:
        found = check_spec(Request(seed.path, root=seed.path.parent, text=seed.text))
        for diagnostic in found:
            verify_places(diagnostic)
        render_all(found)
        verify_layout(seed.text)
    except Exception:
        return traceback.format_exc(limit=-6)
    return None


def render_all(found: tuple[Diagnostic, ...]) -> None:
    """Every form of the answer can be written, and read."""
    text = render_text(found, colour=True)
    assert all(diagnostic.name in text for diagnostic in found)
    assert len(json.loads(render_json(found))["diagnostics"]) == len(found)
    assert len(json.loads(render_sarif(found))["runs"][0]["results"]) == len(found)
    assert render_github(found).count("\n") == len(found)


def verify_layout(text: str) -> None:
    """The formatter has an answer too, and nothing to say against its own."""
    formatted = format_text(Source("fuzz", text)).value
    if formatted is not None:
        assert format_text(Source("fuzz", formatted)).value == formatted


def verify_places(diagnostic: Diagnostic) -> None:
    """All spans lie inside of their sources."""
    for span in list_spans(diagnostic):
        assert 0 <= span.start <= span.end <= len(span.source.text), diagnostic
        assert span.line >= 1 and span.column >= 1


def list_spans(diagnostic: Diagnostic) -> Iterator[Span]:
    """Every place that a diagnostic names."""
    labels = [*diagnostic.secondary]
    labels += [diagnostic.primary] if diagnostic.primary else []
    yield from (label.span for label in labels)
    if diagnostic.fix is not None:
        yield diagnostic.fix.span


def shrink(seed: Seed, fails: Callable[[Seed], bool], seconds: float = 20.0) -> Seed:
    """A smaller text that fails as well: parts are left out as long as that is so."""
    text, start = seed.text, process_time()
    size = max(1, len(text) // 2)
    while process_time() - start < seconds:
        for at in range(0, len(text), size):
            shorter = text[:at] + text[at + size :]
            if fails(Seed(seed.path, shorter)):
                text = shorter
                break
        else:
            if size == 1:
                break
            size = max(1, size // 2)
    return Seed(seed.path, text)


def report(number: int, seed: Seed, failure: str) -> str:
    """The words of a failing test: the smallest text, and what happens to it."""
    last = failure.strip().rsplit("\n", 1)[-1].split(":")[0]

    def fails(smaller: Seed) -> bool:
        found = find_failure(smaller)
        return found is not None and last in found

    small = shrink(seed, fails)
    failure = find_failure(small) or failure
    return f"seed {number}, from {seed.path}:\n{small.text!r}\n{failure}"
