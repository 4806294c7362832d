"""Diagnostics for programs: JSON, SARIF, workflow commands."""

from __future__ import annotations

import json

from vslmc import __version__
from vslmc.diagnostics.github import render_github
from vslmc.diagnostics.json import render_json
from vslmc.diagnostics.model import Diagnostic, Fix, Label
from vslmc.diagnostics.registry import PAGES, Page
from vslmc.diagnostics.sarif import render_sarif
from vslmc.source import Source, Span

SOURCE = Source("specs/my file.vslm", "heads = 8\nkv_heads = 3\n")
HEADS = Span(SOURCE, 8, 9)
KV_HEADS = Span(SOURCE, 21, 22)
FOUND = Diagnostic(
    "test-divide",
    "error",
    "`kv_heads` must divide `heads`",
    Label(KV_HEADS, "3 does not divide 8"),
    (Label(HEADS, "`heads` is set here"),),
    "use 1, 2, 4 or 8",
    Fix(KV_HEADS, "4"),
)
BARE = Diagnostic("test-bare", "warning", "no place", None)


def test_json() -> None:
    position = {
        "start": {"line": 2, "column": 12, "offset": 21},
        "end": {"line": 2, "column": 13, "offset": 22},
    }
    file = {"file": "specs/my file.vslm"}
    first = {
        "start": {"line": 1, "column": 9, "offset": 8},
        "end": {"line": 1, "column": 10, "offset": 9},
    }
    assert json.loads(render_json([FOUND, BARE])) == {
        "format": 1,
        "tool": "vslmc",
        "version": __version__,
        "diagnostics": [
            {
                "name": "test-divide",
                "severity": "error",
                "message": "`kv_heads` must divide `heads`",
                "primary": {**file, **position, "text": "3 does not divide 8"},
                "secondary": [{**file, **first, "text": "`heads` is set here"}],
                "help": "use 1, 2, 4 or 8",
                "fix": {**file, **position, "replacement": "4"},
            },
            {
                "name": "test-bare",
                "severity": "warning",
                "message": "no place",
                "primary": None,
                "secondary": [],
                "help": None,
                "fix": None,
            },
        ],
        "summary": {"errors": 1, "warnings": 1},
    }


def test_json_of_nothing() -> None:
    report = json.loads(render_json([]))
    assert report["diagnostics"] == []
    assert report["summary"] == {"errors": 0, "warnings": 0}


def test_sarif() -> None:
    PAGES["test-divide"] = Page("test-divide", "error", "what", "why", "bad", "good")
    try:
        log = json.loads(render_sarif([FOUND, BARE, FOUND]))
    finally:
        del PAGES["test-divide"]
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["version"] == __version__
    assert run["tool"]["driver"]["rules"] == [
        {"id": "test-bare"},
        {
            "id": "test-divide",
            "shortDescription": {"text": "what"},
            "fullDescription": {"text": "why"},
            "help": {"text": "Wrong:\n\nbad\n\nRight:\n\ngood"},
            "defaultConfiguration": {"level": "error"},
        },
    ]
    artifact = {"uri": "specs/my%20file.vslm"}
    region = {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 13}
    first = {"startLine": 1, "startColumn": 9, "endLine": 1, "endColumn": 10}
    result = {
        "ruleId": "test-divide",
        "ruleIndex": 1,
        "level": "error",
        "message": {"text": "`kv_heads` must divide `heads`\nhelp: use 1, 2, 4 or 8"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": artifact, "region": region},
                "message": {"text": "3 does not divide 8"},
            }
        ],
        "relatedLocations": [
            {
                "id": 1,
                "physicalLocation": {"artifactLocation": artifact, "region": first},
                "message": {"text": "`heads` is set here"},
            }
        ],
        "fixes": [
            {
                "artifactChanges": [
                    {
                        "artifactLocation": artifact,
                        "replacements": [
                            {"deletedRegion": region, "insertedContent": {"text": "4"}}
                        ],
                    }
                ]
            }
        ],
    }
    bare = {
        "ruleId": "test-bare",
        "ruleIndex": 0,
        "level": "warning",
        "message": {"text": "no place"},
    }
    assert run["results"] == [result, bare, result]


def test_github() -> None:
    assert render_github([FOUND, BARE]) == (
        "::error file=specs/my file.vslm,line=2,col=12,endLine=2,endColumn=13,"
        "title=error[test-divide]::`kv_heads` must divide `heads`%0A"
        "3 does not divide 8%0A"
        "specs/my file.vslm:1:9: `heads` is set here%0A"
        "help: use 1, 2, 4 or 8\n"
        "::warning title=warning[test-bare]::no place\n"
    )


def test_github_escapes_what_would_end_a_property_or_the_command() -> None:
    source = Source("a:b,c%\n.vslm", "x\ny")
    found = Diagnostic(
        "test-odd", "error", "50%\r\n::error::b,c", Label(Span(source, 0, 3))
    )
    # A span of several lines goes without columns.
    assert render_github([found]) == (
        "::error file=a%3Ab%2Cc%25%0A.vslm,line=1,endLine=2,title=error[test-odd]"
        "::50%25%0D%0A::error::b,c\n"
    )
