"""Canonical layout of files."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

from vslmc.diagnostics.catalogue import use as faults
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.source import Source
from vslmc.syntax.fmt import format_text
from vslmc.syntax.limits import Limits
from vslmc.write.files import draft_of, write_durably


@record
class Formatted:
    """A text and its canonical layout."""

    name: str
    """Name of the file as shown."""
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """True if the text was not canonical."""
        return self.before != self.after

    def diff(self) -> str:
        """The unified diff from the text to its canonical layout; empty if there is none."""
        before, after = (t.splitlines(keepends=True) for t in (self.before, self.after))
        lines = unified_diff(before, after, f"a/{self.name}", f"b/{self.name}")
        marked = (
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )
        return "".join(marked)


def format_file(path: Path, limits: Limits) -> Outcome[Formatted]:
    """Lay out the file at `path`, without writing it."""
    name = path.as_posix()
    try:
        before = path.read_bytes().decode()
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
        return Outcome(None, (faults.file_not_read(None, name, reason),))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        return Outcome(None, (faults.file_not_read(None, name, reason),))
    return format_source(name, before, limits)


def format_source(name: str, text: str, limits: Limits) -> Outcome[Formatted]:
    """Lay out a text; `name` stands in messages."""
    outcome = format_text(Source(name, text.removeprefix("\ufeff")), limits)
    if outcome.value is None:
        return Outcome(None, outcome.diagnostics)
    return Outcome(Formatted(name, text, outcome.value), outcome.diagnostics)


def write_formatted(path: Path, formatted: Formatted) -> None:
    """Replace the file at once, its mode kept, links followed; raises OSError."""
    path = path.resolve()
    draft = draft_of(path)
    draft.unlink(missing_ok=True)
    write_durably(draft, formatted.after.encode())
    draft.chmod(path.stat().st_mode)
    draft.replace(path)
