"""What commands share: printing diagnostics, colours, settings, requests."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from vslmc.cli.values import Values
from vslmc.diagnostics.model import Diagnostic
from vslmc.diagnostics.text import render_text
from vslmc.driver.compile import Request
from vslmc.outcome import Outcome
from vslmc.settings import Settings, load_settings
from vslmc.syntax.limits import Limits


def wants_colour(stream: TextIO) -> bool:
    """Colours on a terminal, unless NO_COLOR says no or FORCE_COLOR yes."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def write_text(text: str, stream: TextIO | None = None) -> None:
    """Print `text`; what the stream's encoding lacks is escaped."""
    target = sys.stdout if stream is None else stream
    encoding = target.encoding or "utf-8"
    target.write(text.encode(encoding, "backslashreplace").decode(encoding))


def print_findings(found: Sequence[Diagnostic]) -> bool:
    """Print diagnostics to the error stream; True if there is an error among them."""
    text = render_text(found, colour=wants_colour(sys.stderr))
    write_text(text, sys.stderr)
    return any(diagnostic.is_error for diagnostic in found)


def settings_for(spec: str) -> Outcome[Settings]:
    """Settings that hold for a spec, or for the input (`-`)."""
    return load_settings(Path() if spec == "-" else Path(spec).parent)


def request_for(spec: str, values: Values, settings: Settings) -> Request:
    """The request of a command line about one spec; `-` reads the input."""
    return Request(
        path=Path("input.vslm") if spec == "-" else Path(spec),
        model=values.text("model"),
        variant=values.text("variant"),
        every=values.flag("all"),
        sets=values.sets(),
        root=values.path("root") or settings.root,
        limits=values.limits(),
        text=read_input(values.limits()) if spec == "-" else None,
    )


def read_request(values: Values) -> tuple[Request, Settings] | None:
    """What a command line asks of its one spec, and its settings; None if their faults are printed."""
    spec = values.needed("spec")
    settings = settings_for(spec)
    if settings.value is None:
        print_findings(settings.diagnostics)
        return None
    return request_for(spec, values, settings.value), settings.value


def read_input(limits: Limits) -> str:
    """The input, as UTF-8; of one beyond the limit a beginning that is refused for its length."""
    content = sys.stdin.buffer.read(4 * limits.source + 1)
    text = content.decode("utf-8", "replace")
    return text.ljust(limits.source + 1) if len(content) > 4 * limits.source else text
