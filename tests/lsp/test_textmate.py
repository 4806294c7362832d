"""The committed extension: its grammar is the vocabulary's, its packages are pinned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.lsp.support import ROOT, SPECS
from vslmc.lsp.textmate import make_grammar, write_grammar
from vslmc.spec import vocabulary

FOLDER = ROOT / "editors/vscode"
GRAMMAR = FOLDER / "syntaxes/vslm.tmLanguage.json"


def read(name: str) -> Any:
    """A file of the extension."""
    return json.loads((FOLDER / name).read_text("utf-8"))


def rules() -> Iterator[tuple[str, str]]:
    """Every pattern in the order in which it is tried, with the name of its group."""
    grammar = make_grammar()
    for include in grammar["patterns"]:
        group = include["include"].removeprefix("#")
        for rule in grammar["repository"][group]["patterns"]:
            yield group, rule.get("match") or rule["begin"]


def group_of(text: str, word: str) -> str:
    """The group of the first pattern that begins at a word; what Python's `re` can tell."""
    at = text.index(word)
    for group, pattern in rules():
        if re.compile(pattern).match(text, at):
            return group
    return ""


def test_the_grammar_is_up_to_date(tmp_path: Path) -> None:
    fresh = tmp_path / "grammar.json"
    write_grammar(fresh)
    assert GRAMMAR.read_text("utf-8") == fresh.read_text("utf-8"), "run `make editors`"


def test_words_fall_into_their_groups() -> None:
    assert group_of("# note", "#") == "comments"
    assert group_of('path = "a#b"', '"') == "strings"
    assert group_of("block base {", "block") == "declarations"
    assert group_of("recipe = quick", "recipe") == "keys"
    assert group_of("layers {", "layers") == "sections"
    assert group_of("x = 1Ki", "1Ki") == "numbers"
    for word in vocabulary.list_kinds() + vocabulary.list_choices():
        assert group_of(f"x = {word}", word) == "words"
    for word in vocabulary.list_keys():
        assert group_of(f"{word} = 1", word) == "keys"


def test_every_character_of_the_specs_belongs_to_a_group() -> None:
    patterns = [re.compile(pattern) for _, pattern in rules()]
    for path in SPECS:
        for line in path.read_text("utf-8").splitlines():
            at = 0
            while at < len(line):
                found = [m for p in patterns if (m := p.match(line, at)) and m.group()]
                assert found or line[at].isspace(), (path.name, line, at)
                at = found[0].end() if found else at + 1


def test_packages_are_pinned_and_name_no_host() -> None:
    package, lock = read("package.json"), read("package-lock.json")
    wanted = {**package["dependencies"], **package["devDependencies"]}
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    for entry in lock["packages"].values():
        assert "resolved" not in entry


def test_the_extension_names_what_it_holds() -> None:
    package = read("package.json")
    (language,) = package["contributes"]["languages"]
    (grammar,) = package["contributes"]["grammars"]
    assert language["extensions"] == [".vslm"]
    assert grammar["scopeName"] == make_grammar()["scopeName"]
    for path in (language["configuration"], grammar["path"], package["main"]):
        assert (FOLDER / path).is_file()
