"""`vslmc build`."""

from __future__ import annotations

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import print_findings, read_request, write_text
from vslmc.cli.values import Values
from vslmc.driver.build import build_packages, compare_packages
from vslmc.write.package import Written


def run_build(values: Values) -> int:
    """Write the packages of a spec, or with `--check` say what would change."""
    asked = read_request(values)
    if asked is None:
        return FAULTS
    request, settings = asked
    directory = values.path("output") or settings.output
    if values.flag("check"):
        found = compare_packages(request, directory)
        return FAULTS if print_findings(found) else OK
    outcome = build_packages(request, directory, force=values.flag("force"))
    for written in outcome.value or ():
        write_text(_describe(written))
    return FAULTS if print_findings(outcome.diagnostics) else OK


def _describe(written: Written) -> str:
    changed, removed = len(written.written), len(written.removed)
    if not changed and not removed:
        return f"{written.folder}: up to date\n"
    parts = [f"{changed} file{'s' if changed != 1 else ''} written"]
    parts += [f"{removed} removed"] if removed else []
    parts += [f"{len(written.unchanged)} unchanged"] if written.unchanged else []
    return f"{written.folder}: {', '.join(parts)}\n"
