"""Where values come from: paths, origins, overridden places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vslmc.cli.app import run_cli
from vslmc.diagnostics.text import render_text
from vslmc.driver.compile import Request
from vslmc.driver.why import Answer, find_value

SPEC = """\
param core = 64
block base { mixer = attention(heads = 4), ffn = mlp(hidden = 2 * width) }
block gated extends base { ffn = swiglu(hidden = 96) }
model m {
    vocab = 256, context = 64, width = 64
    embedding { position = learned }
    layers {
        2 * base { ffn.hidden = 32 }
        2 * gated { width = core }
    }
    layers[1].ffn.hidden = 48
    recipe = quick
}
variant v of m { core = 128, layers[1].ffn.hidden = 56, embedding.position = none }
recipe quick { train { tokens = 2 * parameters, batch = 4 * 64 } }
"""


def ask(path: str, variant: str | None = None, *sets: tuple[str, str]) -> Answer:
    """The answer for a path of `SPEC`."""
    request = Request(Path("m.vslm"), variant=variant, sets=sets, text=SPEC)
    outcome = find_value(request, path)
    assert outcome.value is not None, render_text(outcome.diagnostics)
    return outcome.value


def places(answer: Answer) -> list[str]:
    """Texts of the place that counts and of the overridden ones."""
    origin = answer.origin
    assert origin.span is not None
    return [origin.span.text, *(span.text for span in origin.replaced)]


def test_every_override_is_remembered_the_last_one_first() -> None:
    path = "layers[1].ffn.hidden"
    assert places(ask(path)) == ["48", "32", "2 * width"]
    assert places(ask(path, "v")) == ["56", "48", "32", "2 * width"]
    answer = ask(path, "v", (path, "60"))
    assert answer.value == 60
    assert places(answer) == ["60", "56", "48", "32", "2 * width"]


def test_a_whole_component_replaces_that_of_the_parent() -> None:
    answer = ask("layers[2].ffn")
    assert places(answer) == ["swiglu(hidden = 96)", "mlp(hidden = 2 * width)"]
    assert answer.layer is not None and answer.layer.name == "gated"
    assert places(ask("layers[2].ffn.hidden")) == ["96"]


def test_a_width_from_a_parameter_remembers_its_place() -> None:
    answer = ask("layers[3].width", "v", ("layers[3].width", "2 * core"))
    assert answer.value == 256
    assert places(answer) == ["2 * core", "core"]


def test_parameters_and_their_overrides() -> None:
    assert ask("core").value == 64
    assert places(ask("core", "v", ("core", "32"))) == ["32", "128", "64"]


def test_defaults_have_their_reason() -> None:
    answer = ask("layers[0].mixer.head_dim")
    assert (answer.value, answer.default) == (16, "width / heads")
    assert answer.setting is not None
    assert answer.setting.reason == "the heads share the width"
    assert places(answer) == ["attention(heads = 4)"]


def test_sections_and_the_recipe_with_the_count_of_parameters() -> None:
    assert places(ask("embedding.position", "v")) == ["none", "learned"]
    assert places(ask("width")) == ["64"]
    tokens = ask("recipe.train.tokens")
    assert tokens.value > 10_000
    assert places(tokens) == ["2 * parameters"]
    steps = ask("recipe.train.batch", None, ("recipe.train.batch", "512"))
    assert places(steps) == ["512", "4 * 64"]
    assert ask("recipe.deepspeed.zero").default == "0"


FAULTS = {
    "layers[9].width": ("no-such-layers", "layers 0 to 3"),
    "layers": ("wrong-path", "counted from 0 to 3"),
    "layers[x].width": ("wrong-path", "no name of a key"),
    "width[3]": ("wrong-path", "only `layers` has indices"),
    "width.of": ("wrong-path", "without keys below it"),
    "": ("wrong-path", "no name of a key"),
    "layers[0].ffn.hiden": ("unknown-key", "did you mean `hidden`?"),
    "layers[0].mixr.heads": ("unknown-key", "did you mean `mixer`?"),
    "cor": ("unknown-key", "did you mean `core`?"),
    "recipe.trian.steps": ("unknown-key", "did you mean `train`?"),
    f"layers[{'9' * 5000}]": ("wrong-path", "no name of a key"),
}


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path[:20])
def test_a_path_that_leads_nowhere_says_so(path: str) -> None:
    outcome = find_value(Request(Path("m.vslm"), text=SPEC), path)
    name, words = FAULTS[path]
    assert outcome.value is None
    assert [found.name for found in outcome.diagnostics] == [name]
    assert words in render_text(outcome.diagnostics)


def test_faults_of_the_spec_come_first() -> None:
    text = SPEC.replace("heads = 4", "heads = 3")
    outcome = find_value(Request(Path("m.vslm"), text=text), "layers[0].mixer.heads")
    assert outcome.value is None
    assert {found.name for found in outcome.diagnostics} == {"wrong-default"}


def test_the_command_shows_the_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.vslm"
    path.write_text(SPEC)
    assert run_cli(["why", str(path), "layers[1].ffn.hidden"]) == 0
    assert capsys.readouterr().out == (
        "layers[1].ffn.hidden = 48\n"
        "   --> m.vslm:11:28\n"
        "    |\n"
        "  2 | block base { mixer = attention(heads = 4), ffn = mlp(hidden = 2 * width) }\n"
        "    |                                                               --------- overridden\n"
        "...\n"
        "  8 |         2 * base { ffn.hidden = 32 }\n"
        "    |                                 -- overridden\n"
        "...\n"
        " 11 |     layers[1].ffn.hidden = 48\n"
        "    |                            ^^ set here\n"
        "  = layer 1: `base`, written at m.vslm:8:9\n"
    )
    assert run_cli(["why", str(path), "layers[1].ffn.bias", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["value"] is False
    assert answer["set"] is None
    assert answer["default"]["value"] == "false"
    assert run_cli(["why", str(path), "layers[1].fnn"]) == 1
    assert "did you mean `ffn`?" in capsys.readouterr().err


PAIR = """\
block read { mixer = attention(heads = 4), ffn = mlp }
block write extends read { cross = attention(heads = 2) }
model m {
    vocab = 300, context = 64, width = 64
    encoder {
        tie = false
        layers { 3 * read }
    }
    layers { 2 * write }
}
"""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("encoder.layers[2].mixer.heads", 4),
        ("layers[1].cross.heads", 2),
        ("encoder.tie", False),
    ],
)
def test_paths_lead_into_both_stacks(path: str, value: object) -> None:
    outcome = find_value(Request(Path("m.vslm"), text=PAIR), path)
    assert outcome.value is not None, render_text(outcome.diagnostics)
    assert outcome.value.value == value


@pytest.mark.parametrize("path", ["encoder.layers[3].ffn", "encoder.layers", "head[0]"])
def test_paths_end_with_their_stack(path: str) -> None:
    outcome = find_value(Request(Path("m.vslm"), text=PAIR), path)
    assert outcome.value is None and outcome.diagnostics
