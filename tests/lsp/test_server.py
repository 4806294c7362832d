"""The server as an editor meets it: a process, and JSON-RPC over its pipes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.client import Client, Refused
from vslmc.source import Source
from vslmc.syntax.fmt import format_text

LIBRARY = """recipe quick {
    train { steps = 10, batch = 8 * context }
}
"""
MAIN = """edition = 2026
import "lib/recipes.vslm"
param core = 96
block base {   # 😋 the one block
    mixer = attention(heads = 4)  # 😋
    ffn = swiglu
}
model tiny {
    vocab = 256, context = 64, width = 64
    layers {
        door: 2 * base { width = core }
        use door
    }
    recipe = quick
}
variant wide of tiny { core = 128 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a library."""
    root = tmp_path_factory.mktemp("project").resolve()
    (root / "vslmc.toml").write_text("")
    (root / "lib").mkdir()
    (root / "lib/recipes.vslm").write_text(LIBRARY, "utf-8")
    (root / "main.vslm").write_text(MAIN, "utf-8")
    return root


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    """One server for all tests of this file."""
    with Client(folder) as made:
        yield made


@pytest.fixture
def main(client: Client, folder: Path) -> Iterator[str]:
    """The main file, opened, and its first diagnostics taken."""
    uri = client.open(folder / "main.vslm", MAIN)
    assert client.diagnostics(uri, client.versions[uri]) == []
    yield uri
    client.notify("textDocument/didClose", textDocument={"uri": uri})


def place(words: str, text: str = MAIN) -> tuple[int, int]:
    """Line and column (UTF-16) of the first character after some words."""
    at = text.index(words) + len(words)
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return text.count("\n", 0, at), len(line.encode("utf-16-le")) // 2


def span(words: str, text: str = MAIN) -> dict[str, Any]:
    """The range of some words."""
    line, column = place(words, text)
    return {
        "start": {"line": line, "character": column - len(words)},
        "end": {"line": line, "character": column},
    }


def apply(text: str, edits: list[Any]) -> str:
    """A text with edits made, whose columns are in UTF-16."""
    lines: list[str] = text.split("\n")
    ordered: list[Any] = sorted(edits, key=lambda e: -e["range"]["start"]["line"])
    for edit in ordered:
        start: dict[str, int] = edit["range"]["start"]
        end: dict[str, int] = edit["range"]["end"]
        head = lines[start["line"]].encode("utf-16-le")[: 2 * start["character"]]
        last = lines[end["line"]] if end["line"] < len(lines) else ""
        tail = last.encode("utf-16-le")[2 * end["character"] :]
        joined = head.decode("utf-16-le") + edit["newText"] + tail.decode("utf-16-le")
        lines[start["line"] : end["line"] + 1] = joined.split("\n")
    return "\n".join(lines)


def test_it_says_what_it_can(client: Client) -> None:
    offered = client.capabilities
    assert offered["positionEncoding"] == "utf-16"
    assert offered["textDocumentSync"]["change"] == 2
    for name in ("hover", "definition", "references", "documentFormatting"):
        assert offered[f"{name}Provider"]
    assert offered["renameProvider"]["prepareProvider"]
    assert offered["completionProvider"]["triggerCharacters"]


def test_diagnostics_follow_every_change(client: Client, main: str) -> None:
    line, column = place("heads = 4")
    here = {"line": line, "character": column}
    insert = {"range": {"start": here, "end": here}, "text": ", kv_heads = 3"}
    (fault,) = client.diagnostics(main, client.change(main, insert))
    assert fault["code"] == "kv-heads-must-divide"
    assert fault["severity"] == 1
    assert fault["source"] == "vslmc"
    assert fault["range"]["start"] == {"line": line, "character": column + 13}
    assert "help: " in fault["message"]
    (related,) = fault["relatedInformation"]
    assert related["location"]["range"] == span("4", MAIN.replace("256", "___"))

    after = {"line": line, "character": column + 14}
    remove = {"range": {"start": here, "end": after}, "text": ""}
    assert client.diagnostics(main, client.change(main, remove)) == []


def test_columns_after_astral_characters(client: Client, main: str) -> None:
    """The comment's sign has two code units: a fault behind it, on its line, is two columns on."""
    text = MAIN.replace("block base {   # 😋 the", "param 😋 = 1 # 😋 the")
    found = client.diagnostics(main, client.change(main, {"text": text}))
    line = place("param 😋", text)[0]
    starts = [one["range"]["start"] for one in found]
    assert {"line": line, "character": 6} in starts
    end = next(
        one["range"]["end"] for one in found if one["range"]["start"] in starts[:1]
    )
    assert end == {"line": line, "character": 8}
    # An edit behind such a character lands where the editor means it.
    client.change(main, {"text": MAIN})
    line, column = place("# 😋 the one")
    here = {"line": line, "character": column}
    rest = {"start": here, "end": {"line": line, "character": column + 6}}
    version = client.change(main, {"range": rest, "text": "\n    norm = nonsense"})
    (fault,) = client.diagnostics(main, version)
    assert fault["code"] == "unknown-kind"
    assert fault["range"]["start"] == {"line": line + 1, "character": 11}


def test_hover(client: Client, main: str) -> None:
    answer = client.at("hover", main, *place("heads"))
    value = answer["contents"]["value"]
    assert answer["contents"]["kind"] == "markdown"
    assert "query heads" in value
    assert "`mixer.heads = 4` in layers 0..3 of `tiny`" in value
    assert answer["range"] == span("heads")
    assert client.at("hover", main, *place("# 😋")) is None


def test_completion(client: Client, main: str) -> None:
    found = client.at("completion", main, *place("ffn = "))
    offers = {offer["label"]: offer for offer in found}
    assert {"swiglu", "mlp", "moe"} <= set(offers)
    assert offers["mlp"]["insertText"] == "mlp($0)"
    assert offers["mlp"]["insertTextFormat"] == 2
    assert "down(activation(up(x)))" in offers["mlp"]["documentation"]["value"]


@pytest.mark.parametrize(
    ("use", "declared"),
    [("2 * base", "base"), ("width = core", "core"), ("use door", "door")],
)
def test_definition(client: Client, main: str, use: str, declared: str) -> None:
    answer = client.at("definition", main, *place(use))
    assert answer == {"uri": main, "range": span(declared)}


def test_definition_in_another_file(client: Client, main: str, folder: Path) -> None:
    library = (folder / "lib/recipes.vslm").as_uri()
    answer = client.at("definition", main, *place("recipe = qu"))
    assert answer == {"uri": library, "range": span("quick", LIBRARY)}
    answer = client.at("definition", main, *place('"lib'))
    assert answer["uri"] == library


def test_definition_of_a_class_of_the_users_own(client: Client, folder: Path) -> None:
    (folder / "own.py").write_text("import torch\n\n\nclass Ffn: ...\n")
    text = 'block own { mixer = none, ffn = python("own.py:Ffn") }\n'
    uri = client.open(folder / "own.vslm", text)
    client.diagnostics(uri, 1)
    answer = client.at("definition", uri, 0, text.index("own.py"))
    line = {"line": 3, "character": 0}
    own = (folder / "own.py").as_uri()
    assert answer == {"uri": own, "range": {"start": line, "end": line}}
    with pytest.raises(Refused, match="renamed on disk"):
        client.at("rename", uri, 0, text.index("own.py"), newName="other")
    client.notify("textDocument/didClose", textDocument={"uri": uri})


def test_references(client: Client, main: str) -> None:
    asked = {"context": {"includeDeclaration": True}}
    found = client.at("references", main, *place("param core"), **asked)
    lines = sorted(one["range"]["start"]["line"] for one in found)
    assert lines == [place(words)[0] for words in ("param core", "= core", "{ core")]
    asked = {"context": {"includeDeclaration": False}}
    assert len(client.at("references", main, *place("param core"), **asked)) == 2


def test_rename_over_files(client: Client, main: str, folder: Path) -> None:
    library = (folder / "lib/recipes.vslm").as_uri()
    where = place("recipe = qu")
    assert client.at("prepareRename", main, *where) == span("quick")
    edit = client.at("rename", main, *where, newName="long")
    assert set(edit["changes"]) == {main, library}
    assert apply(MAIN, edit["changes"][main]) == MAIN.replace("quick", "long")
    assert apply(LIBRARY, edit["changes"][library]) == LIBRARY.replace("quick", "long")


@pytest.mark.parametrize(
    ("words", "name", "reason"),
    [
        ("block base", "model", "a word of the language"),
        ("block base", "two words", "is no name"),
        ("param core", "width", "a word of the language"),
        ("model tiny", "wide", "has a meaning already"),
        ("param core", "vocab", "a word of the language"),
    ],
)
def test_rename_refuses(
    client: Client, main: str, words: str, name: str, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        client.at("rename", main, *place(words), newName=name)


def test_formatting(client: Client, main: str) -> None:
    options = {"tabSize": 4, "insertSpaces": True}
    asked: dict[str, Any] = {"textDocument": {"uri": main}, "options": options}
    edits = client.ask("textDocument/formatting", **asked)
    wanted = format_text(Source("main.vslm", MAIN)).value
    assert wanted is not None
    assert wanted != MAIN
    assert apply(MAIN, edits) == wanted
    client.change(main, {"text": wanted})
    assert client.ask("textDocument/formatting", **asked) == []
    client.change(main, {"text": "block {"})
    assert client.ask("textDocument/formatting", **asked) == []


def test_symbols(client: Client, main: str) -> None:
    found = client.ask("textDocument/documentSymbol", textDocument={"uri": main})
    assert [one["name"] for one in found] == ["core", "base", "tiny", "wide"]
    layers = next(one for one in found[2]["children"] if one["name"] == "layers")
    assert [one["name"] for one in layers["children"]] == ["2 * base", "use door"]
    assert found[1]["selectionRange"] == span("base")


def test_fixes(client: Client, main: str) -> None:
    text = MAIN.replace("heads = 4", "haeds = 4")
    found = client.diagnostics(main, client.change(main, {"text": text}))
    fault = next(one for one in found if one["code"] == "unknown-key")
    asked: dict[str, Any] = {
        "textDocument": {"uri": main},
        "range": fault["range"],
        "context": {"diagnostics": [fault]},
    }
    (action,) = client.ask("textDocument/codeAction", **asked)
    assert action["kind"] == "quickfix"
    assert apply(text, action["edit"]["changes"][main]) == MAIN
    asked["context"]["only"] = ["source.fixAll"]
    (action,) = client.ask("textDocument/codeAction", **asked)
    assert apply(text, action["edit"]["changes"][main]) == MAIN


def test_an_open_library_counts(client: Client, main: str, folder: Path) -> None:
    library = client.open(folder / "lib/recipes.vslm", LIBRARY.replace("quick", "slow"))
    (fault,) = client.wait_for_faults(main, some=True)
    assert fault["code"] == "unknown-declaration"
    client.notify("textDocument/didClose", textDocument={"uri": library})
    client.wait_for_faults(main, some=False)


def test_a_fault_of_a_library_is_shown_there(
    client: Client, main: str, folder: Path
) -> None:
    broken = LIBRARY.replace("steps = 10", "stpes = 10")
    library = client.open(folder / "lib/recipes.vslm", broken)
    (fault,) = client.wait_for_faults(library, some=True)
    assert fault["code"] == "unknown-key"
    client.notify("textDocument/didClose", textDocument={"uri": library})
    client.wait_for_faults(main, some=False)


def test_units_of_the_client(folder: Path) -> None:
    with Client(folder, ("utf-8", "utf-16")) as client:
        assert client.capabilities["positionEncoding"] == "utf-8"
        uri = client.open(folder / "main.vslm", "param 😋 = 1\n")
        found = client.diagnostics(uri)
        assert found[0]["range"]["end"]["character"] == 10
        assert client.stop() == 0


def test_it_leaves_without_a_word(folder: Path) -> None:
    with Client(folder) as client:
        uri = client.open(folder / "main.vslm", MAIN)
        client.diagnostics(uri)
        assert client.stop() == 0
        assert b"".join(client.log) == b""
