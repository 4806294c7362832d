"""Classes of the user's own on the way from the spec to what commands say of them."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vslmc.cli.app import run_cli
from vslmc.cost.flops import count_flops
from vslmc.cost.marks import mark_plan
from vslmc.cost.parameters import count_parameters
from vslmc.cost.table import table_to_json
from vslmc.cost.text import render_table
from vslmc.diagnostics.text import render_text
from vslmc.diff.json import diff_to_json
from vslmc.diff.plans import diff_plans
from vslmc.diff.text import render_diff
from vslmc.driver.build import build_packages, compare_packages
from vslmc.driver.compile import Request, check_spec, compile_one
from vslmc.driver.emit import emit_stage
from vslmc.driver.why import find_value
from vslmc.plan.json import BadPlan, plan_from_json, plan_to_json
from vslmc.plan.nodes import Layer, Plan
from vslmc.plan.python import Argument, PythonFfn, PythonMixer, list_python
from vslmc.plan.verify import verify_plan
from vslmc.render.card import render_card
from vslmc.render.manifest import parse_manifest
from vslmc.render.model import render_model
from vslmc.spec.python import list_classes, parse_python

CLASS = """\
class Ffn:
    def __init__(self, width, hidden, rate: float = 0.5, mode="plain"): ...


class Mixer:
    def __init__(self, width, **more): ...
"""
SPEC = """\
block base {{
    mixer = {mixer}
    ffn   = {ffn}
}}

model m {{
    vocab = 256, context = 16, width = 8
    layers {{ {layers} }}
}}
"""
FFN = 'python("own.py:Ffn", hidden = 2 * width)'
DECLARED = FFN.replace(")", ", parameters = 100, flops = 30)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(CLASS)
    return tmp_path


def write(
    folder: Path, ffn: str = FFN, mixer: str = "none", layers: str = "2 * base"
) -> Path:
    path = folder / "m.vslm"
    path.write_text(SPEC.format(ffn=ffn, mixer=mixer, layers=layers))
    return path


def compiled(folder: Path, **holes: str) -> Plan:
    outcome = compile_one(Request(write(folder, **holes), root=folder))
    assert outcome.value is not None, render_text(outcome.diagnostics)
    assert verify_plan(outcome.value) == []
    return outcome.value


# --- numbers ------------------------------------------------------------------------------------

EMBEDDING = 2 * 256 * 8 + 8  # with head and final norm


def test_what_is_not_declared_is_left_out_and_said(folder: Path) -> None:
    plan = compiled(folder)
    known = EMBEDDING + 2 * 8  # the norms
    assert plan.parameters == count_parameters(plan).total == known
    assert str(mark_plan(plan).parameters) == " + python"
    assert f"{known:,} + python parameters." in render_model(plan)
    assert f"| Parameters | {known:,} + python |" in render_card(plan)
    table = render_table(plan)
    assert f"parameters  {known:,} + python; 16.1 KiB + python in fp32" in table
    assert "FLOPs       4.10 k + python forward, 12.3 k + python in training" in table
    assert "training    64.4 KiB + python of weights" in table


def test_what_is_declared_is_counted_and_said(folder: Path) -> None:
    plan = compiled(folder, ffn=DECLARED)
    known = EMBEDDING + 2 * (8 + 100)
    assert plan.parameters == count_parameters(plan).total == known
    assert count_flops(plan).layers == (30.0, 30.0)
    assert f"{known:,} (declared) parameters." in render_model(plan)
    assert f"| Parameters | {known:,} (declared) |" in render_card(plan)
    assert "4.16 k (declared) forward" in render_table(plan)


def test_some_of_both(folder: Path) -> None:
    layers = "1 * base, 1 * base { ffn.parameters = 7 }"
    plan = compiled(folder, layers=layers)
    assert f"{EMBEDDING + 2 * 8 + 7:,} (declared) + python parameters." in render_model(
        plan
    )
    totals = table_to_json(plan)["totals"]["python"]
    assert totals == {
        "parameters": {"declared": 1, "measured": 1},
        "flops": {"declared": 0, "measured": 2},
    }


def test_a_model_without_them_says_nothing_of_them(folder: Path) -> None:
    plan = compiled(folder, ffn="mlp")
    assert table_to_json(plan)["totals"]["python"] is None
    assert "python" not in render_table(plan) and "declared" not in render_table(plan)


def test_shared_parts_count_once_and_spend_in_every_layer(folder: Path) -> None:
    plan = compiled(
        folder, ffn=DECLARED, layers="2 * base }\n share ffn in layers[*]\n embedding {"
    )
    assert count_parameters(plan).total == EMBEDDING + 2 * 8 + 100
    assert count_flops(plan).layers == (30.0, 30.0)
    assert list(list_python(plan.stacks)) == ["layers.0.ffn"]
    table = render_table(plan)
    assert re.search(
        r"^0 .*\) +108 \(declared\) +30 \(declared\)$", table, re.MULTILINE
    )
    assert re.search(r"^1 .*\) +8 +30 \(declared\)$", table, re.MULTILINE)


def test_the_cache_of_a_mixer_holds_its_inputs(folder: Path) -> None:
    plan = compiled(folder, mixer='python("own.py:Mixer")', ffn="none")
    costs = table_to_json(plan)
    assert [layer["cache_bytes"] for layer in costs["layers"]] == [4 * 8 * 16] * 2
    assert costs["totals"]["cache_bytes"] == {
        "token": 4 * 8 * 2,
        "context": 4 * 8 * 16 * 2,
    }


def test_the_count_is_known_to_recipes_once_it_is_declared(folder: Path) -> None:
    sets = (("recipe.train.tokens", "20 * parameters"),)
    path = write(folder, ffn=DECLARED)
    plan = compile_one(Request(path, root=folder, sets=sets)).value
    assert plan is not None
    steps = 20 * plan.parameters / plan.training.batch
    assert plan.training.steps == pytest.approx(steps, abs=1)
    for stage in ("resolved", "plan"):
        assert emit_stage(stage, Request(path, root=folder, sets=sets)).ok  # type: ignore[arg-type]
    found = compile_one(Request(write(folder), root=folder, sets=sets)).diagnostics
    assert [each.name for each in found] == ["parameters-not-declared"]


# --- plans --------------------------------------------------------------------------------------


def test_plans_come_back_with_every_sort_of_argument(folder: Path) -> None:
    given = ', a = 1, b = 1.5, c = true, d = none, e = "x", f = 1e30 / 7)'
    plan = compiled(folder, mixer='python("own.py:Mixer"' + given)
    data = json.loads(json.dumps(plan_to_json(plan)))
    mixers = [
        plan.decoder.layers[0].mixer,
        plan_from_json(data).decoder.layers[0].mixer,
    ]
    for mixer in mixers:
        assert isinstance(mixer, PythonMixer)
        values = {each.name: each.value for each in mixer.arguments}
        assert list(values.values()) == [1, 1.5, True, None, "x", 1e30 / 7]
        kinds = [type(value) for value in values.values()]
        assert kinds == [int, float, bool, type(None), str, float]
    assert mixers[0] == mixers[1]
    data["stacks"][0]["layers"][0]["mixer"]["arguments"][0]["value"] = [1]
    with pytest.raises(BadPlan, match=r"mixer\.arguments\[0\]\.value: expected one of"):
        plan_from_json(data)


def test_arguments_that_python_calls_equal_are_not() -> None:
    values = [1, 1.0, True, "1", None, 0, False, 0.0]
    assert len({Argument("x", value) for value in values}) == len(values)
    assert Argument("x", 1) != 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"file": "../own.py"}, "ffn.file: '../own' is no name"),
        ({"file": "own"}, "ffn.file: 'own' is no name"),
        ({"name": "a b"}, "ffn.name: 'a b' is no name"),
        ({"arguments": (Argument("if", 1),)}, "ffn.arguments: 'if' is no name"),
        ({"arguments": (Argument("a=1,b", 1),)}, "ffn.arguments: 'a=1,b' is no name"),
        ({"parameters": -1}, "ffn.parameters: -1 is negative"),
        ({"flops": -1}, "ffn.flops: -1 is negative"),
    ],
)
def test_plans_that_were_changed_are_refused(
    changes: dict[str, Any], message: str, folder: Path
) -> None:
    plan = compiled(folder)
    first, *rest = plan.decoder.layers
    assert isinstance(first.ffn, PythonFfn)
    changed: Layer = replace(first, ffn=replace(first.ffn, **changes))
    stack = replace(plan.decoder, layers=(changed, *rest))
    assert any(
        message in found for found in verify_plan(replace(plan, stacks=(stack,)))
    )


def test_a_difference_names_the_file_and_the_arguments(folder: Path) -> None:
    old = compiled(folder)
    new = compiled(folder, ffn=DECLARED.replace("2 *", "3 *"))
    text = render_diff(diff_plans(old, new))
    assert "ffn.arguments (hidden = 16) -> (hidden = 24)" in text
    assert "ffn.parameters measured -> 100" in text
    assert re.search(r"~ parameters +4,120 \+ python -> +4,320 \(declared\)\n", text)
    costs = diff_to_json(diff_plans(old, new))["costs"]
    assert costs["parameters"]["old_mark"] == "+ python"
    assert costs["parameters"]["new_mark"] == "(declared)"
    assert "old_mark" not in costs["KV cache per token"]
    (folder / "own.py").write_text(f"# changed\n{CLASS}")
    diff = diff_plans(old, compiled(folder))
    assert not diff.same
    assert "0-1: ffn.digest " in render_diff(diff)
    mixed = diff_plans(old, compiled(folder, mixer='python("own.py:Mixer", a = "b")'))
    assert 'mixer none -> python own.py:Mixer(a = "b")' in render_diff(mixed)
    added = diff_plans(old, compiled(folder, layers="3 * base"))
    assert "+ 2: base, width 8, python own.py:Ffn(hidden = 16)" in render_diff(added)


# --- files --------------------------------------------------------------------------------------


def names_of(path: Path, folder: Path) -> list[str]:
    return [found.name for found in check_spec(Request(path, root=folder))]


def build(folder: Path, *, force: bool = False) -> list[str]:
    request = Request(folder / "m.vslm", root=folder)
    outcome = build_packages(request, folder / "out", force=force)
    return [found.name for found in outcome.diagnostics]


def test_a_copy_that_was_edited_is_not_overwritten(folder: Path) -> None:
    write(folder)
    assert build(folder) == []
    copy = folder / "out" / "m" / "own.py"
    copy.write_text(f"{CLASS}# an edit\n")
    (folder / "own.py").write_text(f"{CLASS}# another\n")
    assert build(folder) == ["generated-file-edited"]
    assert "an edit" in copy.read_text()
    request = Request(folder / "m.vslm", root=folder)
    assert [f.name for f in compare_packages(request, folder / "out")] != []
    assert build(folder, force=True) == []
    assert "another" in copy.read_text()


def test_a_build_takes_the_copy_away_with_the_part(folder: Path) -> None:
    write(folder)
    build(folder)
    write(folder, ffn="mlp")
    assert build(folder) == []
    assert not (folder / "out" / "m" / "own.py").exists()
    assert (folder / "own.py").exists()


def test_a_file_of_somebody_is_not_overwritten(folder: Path) -> None:
    write(folder, ffn="mlp")
    build(folder)
    (folder / "out" / "m" / "own.py").write_text("mine")
    write(folder)
    assert build(folder) == ["file-not-generated"]


def test_no_build_may_take_the_source_for_its_copy(tmp_path: Path) -> None:
    """A spec inside the folder of its own package: the source would go with the part."""
    inside = tmp_path / "m"
    inside.mkdir()
    (inside / "own.py").write_text(CLASS)
    path = write(inside)
    outcome = build_packages(Request(path, root=inside), tmp_path)
    assert [found.name for found in outcome.diagnostics] == ["file-not-generated"]
    assert sorted(item.name for item in inside.iterdir()) == ["m.vslm", "own.py"]


def test_the_manifest_reads_back(folder: Path) -> None:
    write(folder)
    build(folder)
    manifest = json.loads((folder / "out" / "m" / "manifest.json").read_text())
    assert "own.py" in manifest["files"]
    assert (
        parse_manifest(manifest).decoder.layers[0].ffn
        == compiled(folder).decoder.layers[0].ffn
    )


def test_code_of_two_sides_holds_the_copies(folder: Path, capsys: Any) -> None:
    path = write(folder)
    build(folder)
    (folder / "own.py").write_text(f"{CLASS}# changed\n")
    package = str(folder / "out" / "m")
    assert run_cli(["diff", package, str(path), "--root", str(folder), "--code"]) == 1
    assert "+# changed" in capsys.readouterr().out


def test_links_are_followed_and_judged_where_they_lead(folder: Path) -> None:
    root = folder / "root"
    root.mkdir()
    (root / "real.py").write_text(CLASS)
    path = write(root, ffn='python("link.py:Ffn", hidden = 4)')
    (root / "link.py").symlink_to("real.py")
    assert names_of(path, root) == []
    plan = compile_one(Request(path, root=root)).value
    assert plan is not None
    assert [placed.part.file for placed in list_python(plan.stacks).values()] == [
        "link.py"
    ] * 2
    for target in ("../own.py", str(folder / "own.py"), "/dev/zero", "/etc/passwd"):
        (root / "link.py").unlink()
        (root / "link.py").symlink_to(target)
        assert names_of(path, root) == ["python-outside-root"]
    (root / "link.py").unlink()
    (root / "link.py").symlink_to("link.py")
    assert names_of(path, root) == ["python-file-not-read"]
    (root / "inner").symlink_to(folder)
    path = write(root, ffn='python("inner/own.py:Ffn", hidden = 4)')
    assert names_of(path, root) == ["python-outside-root"]


def test_what_is_no_plain_file_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    path = write(folder, ffn='python("pipe.py:Ffn", hidden = 4)')
    assert names_of(path, folder) == ["python-file-not-read"]


def test_paths_are_relative_to_the_file_in_which_they_stand(folder: Path) -> None:
    (folder / "lib").mkdir()
    (folder / "own.py").rename(folder / "lib" / "own.py")
    text = write(folder).read_text()
    block, _, model = text.partition("\nmodel")
    (folder / "lib" / "blocks.vslm").write_text(block)
    path = folder / "m.vslm"
    path.write_text(f'import "lib/blocks.vslm"\nmodel{model}')
    assert names_of(path, folder) == []
    # What a setting says stands in no file: it counts as standing in the spec.
    sets = (("layers[0].ffn.path", '"lib/own.py:Ffn"'),)
    assert compile_one(Request(path, root=folder, sets=sets)).ok
    sets = (("layers[0].ffn.path", '"own.py:Ffn"'),)
    found = compile_one(Request(path, root=folder, sets=sets)).diagnostics
    assert [each.name for each in found] == ["python-file-not-read"]


def test_a_file_is_read_once_however_many_layers_and_variants(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def count(text: str) -> Any:
        read.append(text)
        return parse_python(text)

    monkeypatch.setattr("vslmc.spec.python.parse_python", count)
    path = write(folder, layers="500 * base { ffn.rate = i }")
    variants = "".join(
        f"variant v{k} of m {{ layers[0].ffn.hidden = {k + 1} }}\n" for k in range(9)
    )
    path.write_text(path.read_text() + variants)
    assert names_of(path, folder) == []
    assert len(read) == 1


def test_reading_counts_as_work(folder: Path) -> None:
    for number in range(9):
        (folder / f"own{number}.py").write_text(CLASS + "# x\n" * 40_000)
    items = ", ".join(
        f'base {{ ffn = python("own{number}.py:Ffn", hidden = 4) }}'
        for number in range(9)
    )
    assert names_of(write(folder, layers=items), folder) == ["too-much-work"]


# --- constructors -------------------------------------------------------------------------------

SIGNATURES = {
    "self, width": ("width", (), (), False),
    "self, width, a, b=1, *, c, d=2": (
        "width",
        ("a", "b", "c", "d"),
        ("a", "c"),
        False,
    ),
    "self, width, /, a": ("width", ("a",), ("a",), False),
    "self, *args, a=1": ("", ("a",), (), False),
    "self, **more": (None, (), (), True),
    "self": (None, (), (), False),
    "self, *, width": (None, ("width",), ("width",), False),
    "self, width=8, **more": ("width", (), (), True),
}


@pytest.mark.parametrize("text", SIGNATURES)
def test_what_a_constructor_takes_is_read_off_its_definition(text: str) -> None:
    tree = parse_python(
        f"class A:\n    def __init__({text}): ...\n\n\nclass B(A): ...\n"
    )
    found = list_classes(tree)
    made = found["A"]
    assert made is not None and found["B"] is None
    assert (made.width, made.names, made.required, made.open) == SIGNATURES[text]


@pytest.mark.parametrize(
    ("annotation", "whole"),
    [
        ("float", False),
        ("float | None", False),
        ("Optional[float]", False),
        ("int", True),
        ("int | float", True),
        ("object", True),
        ("'float'", True),
    ],
)
def test_a_whole_number_becomes_what_the_argument_takes(
    annotation: str, whole: bool, folder: Path
) -> None:
    text = f"class Ffn:\n    def __init__(self, width, hidden: {annotation}): ...\n"
    (folder / "own.py").write_text(text)
    layer = compiled(folder, layers="2 * base { ffn.hidden = i }").decoder.layers[1]
    assert isinstance(layer.ffn, PythonFfn)
    assert type(layer.ffn.arguments[0].value) is (int if whole else float)


# --- where values come from ---------------------------------------------------------------------


def test_why_and_emit_know_the_arguments(folder: Path, capsys: Any) -> None:
    path = write(folder, layers='2 * base { ffn.mode = "it\'s" }')
    request = Request(path, root=folder)
    answer = find_value(request, "layers[1].ffn.mode").value
    assert answer is not None and answer.value == "it's"
    assert answer.origin.span is not None and answer.origin.span.text == '"it\'s"'
    assert run_cli(["why", str(path), "layers[0].ffn.mode"]) == 0
    assert 'layers[0].ffn.mode = "it\'s"\n' in capsys.readouterr().out
    assert run_cli(["why", str(path), "layers[0].ffn"]) == 0
    said = capsys.readouterr().out
    assert (
        'python(path = "own.py:Ffn", parameters = measured, flops = measured, ' in said
    )
    assert "hidden = 16, mode = " in said
    found = find_value(request, "layers[0].ffn.mod").diagnostics
    assert found[0].help == "did you mean `mode`?"
    resolved = emit_stage("resolved", request).value
    assert resolved is not None
    keys = resolved["blocks"][0]["keys"]["ffn"]["value"]["keys"]
    assert keys["hidden"]["value"] == 16 and keys["mode"]["value"] == "it's"


def test_names_that_are_new_are_words_of_the_kind_alone(folder: Path) -> None:
    """A key `path`, `parameters` or `flops` of another class is out of reach; all else is free."""
    free = ", ".join(
        f"{word} = 1" for word in ("window", "kernel", "bias", "match", "file", "type")
    )
    plan = compiled(folder, mixer=f'python("own.py:Mixer", {free})')
    mixer = plan.decoder.layers[0].mixer
    assert isinstance(mixer, PythonMixer) and len(mixer.arguments) == 6
    assert "match=1" in render_model(plan)
