"""Safe fixes of a spec: applied while the faults become no more, and written at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from vslmc.diagnostics.model import Diagnostic, Fix
from vslmc.driver.compile import Request, check_spec
from vslmc.driver.format import Formatted
from vslmc.record import record
from vslmc.spec.load import read_text

ROUNDS = 10
"""A fix may bring another fault to light, which has a fix of its own."""
TRIES = 20
"""Fixes that are tried one by one, where all of a round together do harm."""
ENDINGS = re.compile(r"\r\n|\r|\n")


@record
class Fixed:
    """A spec and its text with all fixes."""

    text: Formatted
    """The text before and after; unchanged if there was nothing to fix."""
    applied: tuple[Diagnostic, ...]
    """What was fixed, in the order of fixing; places are those of the text at that time."""
    left: tuple[Diagnostic, ...]
    """What is wrong with the text after it."""


def fix_spec(request: Request) -> Fixed:
    """Fix the text of a spec as far as it goes, without writing it.

    A round that adds faults is not taken; imported files are left as they are.
    """
    name = request.path.as_posix()
    text = request.text if request.text is not None else _read(request)
    if text is None or len(text) > request.limits.source:
        return Fixed(Formatted(name, "", ""), (), check_spec(request))
    plain = ENDINGS.sub("\n", text.removeprefix("\ufeff"))
    applied: list[Diagnostic] = []
    left = check_spec(replace(request, text=plain))
    seen = {plain}
    for _ in range(ROUNDS):
        taken = _improve(request, plain, left)
        if taken is None or taken[0] in seen:
            break
        seen.add(taken[0])
        plain, left, done = taken
        applied += done
    return Fixed(
        Formatted(name, text, restore_endings(plain, text)), tuple(applied), left
    )


def _read(request: Request) -> str | None:
    """The text with the line endings of the file; None if it cannot be read as a spec."""
    try:
        # Only what is no longer than the limit is read as it stands.
        if len(read_text(request.path, request.limits)) > request.limits.source:
            return None
        return request.path.read_bytes().decode("utf-8")
    except (OSError, ValueError):
        return None


def _improve(
    request: Request, text: str, found: tuple[Diagnostic, ...]
) -> tuple[str, tuple[Diagnostic, ...], list[Diagnostic]] | None:
    """The text after one round, what is left to say of it, and what was fixed."""
    fixable = choose_fixes(text, found)
    alone = [[one] for one in fixable[:TRIES]] if len(fixable) > 1 else []
    for chosen in ([fixable] if fixable else []) + alone:
        fixes = [one.fix for one in chosen if one.fix is not None]
        after = apply_fixes(text, fixes)
        left = check_spec(replace(request, text=after))
        gain = _weigh(found) > _weigh(left)
        even = _weigh(found) == _weigh(left) and not _still_wrong(fixes, after, left)
        if after != text and (gain or even):
            return after, left, chosen
    return None


def _still_wrong(fixes: list[Fix], text: str, left: Iterable[Diagnostic]) -> bool:
    """Whether something is said of a place that was fixed."""
    shift, places = 0, list[tuple[int, int]]()
    for fix in fixes:
        start = fix.span.start + shift
        places.append((start, start + len(fix.text)))
        shift += len(fix.text) - (fix.span.end - fix.span.start)
    spans = [found.primary.span for found in left if found.primary is not None]
    return any(
        span.source.text == text and span.start <= end and start <= span.end
        for span in spans
        for start, end in places
    )


def _weigh(found: Iterable[Diagnostic]) -> tuple[int, int]:
    """Errors count more than warnings."""
    errors = [diagnostic.is_error for diagnostic in found]
    return sum(errors), len(errors)


def choose_fixes(text: str, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics whose fixes change this text, in its order, none into another."""
    own = [d for d in found if d.fix is not None and d.fix.span.source.text == text]
    chosen: list[Diagnostic] = []
    end = -1
    for one in sorted(own, key=_start):
        if one.fix is not None and one.fix.span.start >= end:
            chosen.append(one)
            end = max(one.fix.span.end, one.fix.span.start + 1)
    return chosen


def _start(found: Diagnostic) -> int:
    return -1 if found.fix is None else found.fix.span.start


def apply_fixes(text: str, fixes: Iterable[Fix]) -> str:
    """The text with its fixes, which stand in its order."""
    parts: list[str] = []
    at = 0
    for fix in fixes:
        parts += (text[at : fix.span.start], fix.text)
        at = fix.span.end
    return "".join((*parts, text[at:]))


def restore_endings(text: str, original: str) -> str:
    """A fixed text with the line endings, and the mark at the start, of the original."""
    mark = "\ufeff" if original.startswith("\ufeff") else ""
    endings: list[str] = ENDINGS.findall(original)
    lines = text.split("\n")
    if len(endings) != len(lines) - 1:
        return mark + text
    pairs = zip(lines, (*endings, ""), strict=True)
    return mark + "".join(line + ending for line, ending in pairs)
