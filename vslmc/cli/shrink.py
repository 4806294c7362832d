"""`vslmc shrink`."""

from __future__ import annotations

from pathlib import Path

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import print_findings, read_request, write_text
from vslmc.cli.values import Values
from vslmc.diagnostics.catalogue import settings as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.shrink import shrink_spec
from vslmc.write.files import create_file


def run_shrink(values: Values) -> int:
    """Print the spec of a twin, or write it to a new file."""
    asked = read_request(values)
    if asked is None:
        return FAULTS
    request, _ = asked
    outcome = shrink_spec(request)
    print_findings(outcome.diagnostics)
    if outcome.value is None:
        return FAULTS
    path = values.path("output")
    if path is None:
        write_text(outcome.value)
        return OK
    return FAULTS if print_findings(_create(path, outcome.value)) else OK


def _create(path: Path, text: str) -> tuple[Diagnostic, ...]:
    name = path.as_posix()
    try:
        create_file(path, text.encode())
    except FileExistsError:
        return (faults.file_exists(name),)
    except OSError as error:
        return (faults.cannot_write_file(name, error.strerror or str(error)),)
    write_text(f"{name}: written; next: vslmc build {name}\n")
    return ()
