"""The quick parser against typer: where it gives values, typer gives the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vslmc.cli import full
from vslmc.cli.app import Runner, find_runner
from vslmc.cli.table import COMMANDS, Command
from vslmc.cli.values import Values, parse_words
from vslmc.syntax.limits import Limits

BY_NAME = {command.name: command for command in COMMANDS}


def parse(*words: str) -> Values | None:
    """The values of a command line."""
    return parse_words(BY_NAME[words[0]], words[1:])


def test_a_plain_line() -> None:
    values = parse(
        "build", "a.vslm", "-o", "out", "--set=x=1", "--set", "y = 2 * x", "--force"
    )
    assert values is not None
    assert values.needed("spec") == "a.vslm"
    assert values.path("output") == Path("out")
    assert values.sets() == (("x", "1"), ("y", "2 * x"))
    assert values.flag("force")
    assert not values.flag("check")
    assert values.text("model") is None
    assert values.limits() == Limits()


def test_limits_and_many_specs() -> None:
    values = parse(
        "check", "a", "--max-layers", "7", "-", "--format", "json", "--", "-x"
    )
    assert values is not None
    assert values.texts("specs") == ("a", "-", "-x")
    assert values.limits() == Limits(layers=7)
    assert values.text("format") == "json"


@pytest.mark.parametrize(
    "line",
    [
        "check",
        "build",
        "build a b",
        "build a --nonsense",
        "build a --force=yes",
        "build a --model",
        "build a -oout",
        "build a -o=out",
        "check a --format yaml",
        "check a --max-layers many",
        "check a --max-layers -1",
        "check a --max-layers \u0663",
        "check --help",
        "diff a",
    ],
)
def test_what_is_not_plain_is_left_to_typer(line: str) -> None:
    assert parse(*line.split()) is None


def words_of(command: Command) -> st.SearchStrategy[list[str]]:
    """Command lines of a command, most of them right."""
    word = st.sampled_from(["a", "b=c", "-", "1", "text", "json", "x = 1", ""])
    names = [o.name for o in command.options]
    names += [o.short for o in command.options if o.short]
    option = st.sampled_from(names) if names else st.nothing()
    joined = st.tuples(option, word).map("=".join)
    return st.lists(st.one_of(word, option, joined), max_size=7)


LINES = st.sampled_from(COMMANDS).flatmap(
    lambda command: st.tuples(st.just(command), words_of(command))
)


@given(LINES)
def test_typer_reads_a_plain_line_alike(line: tuple[Command, list[str]]) -> None:
    command, words = line
    values = parse_words(command, words)
    if values is None:
        return
    seen: list[Values] = []

    def record(given_: Values) -> int:
        seen.append(given_)
        return 0

    def find_recorder(_: Command) -> Runner:
        return record

    original = full.find_runner
    full.find_runner = find_recorder
    try:
        assert full.run_full([command.name, *words]) == 0
    finally:
        full.find_runner = original
    absent = (None, False, ())
    said = {k: v for k, v in seen[0].by_key.items() if v not in absent}
    assert said == {k: v for k, v in values.by_key.items() if v not in absent}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_its_function(command: Command) -> None:
    assert callable(find_runner(command))
