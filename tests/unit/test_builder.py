"""The builder: what its objects print, what they become, and how they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import vslmc
from tests.case_essence import describe_plan
from vslmc import builder as b
from vslmc.builder import make
from vslmc.driver.compile import Request, compile_one
from vslmc.spec.reserved import FUNCTIONS, VARIABLES
from vslmc.spec.sections import SECTIONS

ROOT = Path(__file__).parents[2]

base = b.Block("base", mixer=b.attention(heads=4), ffn=b.swiglu())
sizes: dict[str, Any] = {"vocab": 256, "context": 64, "width": 64}


def stack(*items: Any) -> str:
    """What the items of a stack are printed as, on one line."""
    text = b.Spec(base, b.Model("m", **sizes, layers=items)).text()
    body = text.partition("layers {")[2].rpartition("}\n")[0]
    return " ".join(body.rpartition("}")[0].split())


def value(given: b.Input) -> str:
    """What a value is printed as."""
    return b.Spec(b.Param("x", given)).text().removeprefix("param x = ").rstrip("\n")


WIDTH, INDEX = b.width, b.i
VALUES: list[tuple[b.Input, str]] = [
    (WIDTH // 64, "width // 64"),
    (b.round_to(b.number(8) / 3 * WIDTH, 64), "round_to(8/3 * width, 64)"),
    (Fraction(8, 3) * WIDTH, "8/3 * width"),
    ((WIDTH + 1) * 2 - -INDEX, "(width + 1) * 2 - -i"),
    (2 - (INDEX - 1), "2 - (i - 1)"),
    ((-INDEX) ** 2, "(-i)**2"),
    (2 ** (INDEX**2), "2**i**2"),
    (-(INDEX**2), "-i**2"),
    (1 - INDEX % 3 / +INDEX, "1 - i % 3 / +i"),
    (3e-4, "0.0003"),
    (1e-8, "1e-8"),
    (0.1, "0.1"),
    (-0.5, "-0.5"),
    (10**7, "10M"),
    (2**20, "1Mi"),
    (Fraction(-1, 3), "-1/3"),
    (True, "true"),
    (None, "none"),
    ("full", "full"),
    ([1, "full", None], "[1, full, none]"),
    ((0.9, 0.95), "(0.9, 0.95)"),
    (b.cycle(16, 16, "full"), "cycle(16, 16, full)"),
    (b.cycle(b.swiglu(), b.moe(experts=8)), "cycle(swiglu, moe(experts = 8))"),
    (b.pick([4, 8]), "pick([4, 8])"),
    (b.ramp(1, 4), "ramp(1, 4)"),
    (b.geometric(1, 4, multiple=2), "geometric(1, 4, multiple = 2)"),
    (b.min_(1, b.max_(INDEX, b.sqrt(4))), "min(1, max(i, sqrt(4)))"),
    (b.Param("core", 4) * 2, "core * 2"),
    (b.Text('a "b"\n\\'), '"a \\"b\\"\\n\\\\"'),
]


@pytest.mark.parametrize(("given", "text"), VALUES, ids=[text for _, text in VALUES])
def test_values(given: b.Input, text: str) -> None:
    assert value(given) == text


def test_items_of_the_stack() -> None:
    door = b.label("door", 1 * base)
    narrow = base.with_({"mixer.window": 64}, width=32)
    assert stack(base, 2 * base, base * INDEX) == "base 2 * base i * base"
    assert stack(2 * narrow) == "2 * base { width = 32, mixer.window = 64 }"
    assert stack(b.Repeat(3, base, {"dropout": 0.1})) == "3 * base { dropout = 0.1 }"
    assert stack(door, b.use(door), b.use("door")) == "door: 1 * base use door use door"
    assert stack(b.loop(3, base)) == "loop 3 { base }"
    assert stack(b.loop(2, base, each=True)) == "loop 2 each { base }"
    assert stack(b.loop(3, [base, door])).startswith("loop 3 { base door: 1 * base")
    assert stack(b.Allow(unused_label="mine"), base).startswith("allow { unused_label")


def test_an_encoder_has_layers_of_its_own() -> None:
    target = b.Block("target", extends=base, cross=b.cross_attention(heads=4))
    encoder = b.Encoder(
        tie=False, layers=[2 * base], shares=[b.share("ffn", "layers[*]")]
    )
    model = b.Model("m", **sizes, encoder=encoder, layers=[2 * target])
    spec = b.Spec(base, target, model)
    said = "encoder { tie = false layers { 2 * base } share ffn in layers[*] }"
    assert said in " ".join(spec.text().split())
    assert b.parse(spec.text()) == spec
    stacks = spec.plan(sets={"vocab": 320}).stacks
    assert [stack.role for stack in stacks] == ["encoder", "decoder"]


DECLARATIONS = """\
edition = 2026

import "lib/l.vslm"

recipe quick {
    data = text("a.txt")
    train { steps = 3, optimizer = adamw(lr = 0.001, betas = (0.9, 0.95)) }
    deepspeed.zero = 1
}

model m {
    vocab   = 256
    context = 64
    width   = 64
    embedding { tie = true }
    recipe = quick
}

model child extends m {
    layers[0..1].ffn.hidden = 64
}

variant slim of child {
    width = 32
    head { norm = none }
    core = 8
}
"""


def test_declarations() -> None:
    quick = b.Recipe(
        "quick",
        data=b.text(path="a.txt"),
        train=b.Train(steps=3, optimizer=b.adamw(lr=1e-3, betas=(0.9, 0.95))),
        overrides={"deepspeed.zero": 1},
    )
    model = b.Model("m", **sizes, embedding=b.Embedding(tie=True), recipe=quick)
    child = b.Model("child", {"layers[0..1].ffn.hidden": 64}, extends=model)
    slim = b.Variant("slim", child, {"core": 8}, width=32, head=b.Head(norm="none"))
    spec = b.Spec(quick, model, child, slim, edition=2026, imports=["lib/l.vslm"])
    assert spec.text() == DECLARATIONS


def test_warnings_are_silenced_where_they_are_meant() -> None:
    allow = b.Allow(head_dim_alignment="as in the paper")
    mixer = b.attention(heads=4, head_dim=12)
    loud = b.Block("quiet", mixer=mixer, ffn="mlp")
    quiet = b.Block("quiet", mixer=mixer, ffn="mlp", allow=allow)
    model = b.Model("m", **sizes, layers=[2 * quiet])
    names = [found.name for found in b.Spec(loud, model).check()]
    assert names == ["head-dim-alignment"]
    assert b.Spec(quiet, model).check() == b.Spec(allow, loud, model).check() == ()
    assert stack(base.with_(allow=allow)).startswith("base { allow { head_dim")


def test_overrides_that_take_a_text_take_a_str() -> None:
    text = b.Spec(b.Recipe("r", {"data.path": "a b", "tokenizer": "byte"})).text()
    assert 'data.path = "a b"' in text and "= byte" in text


PATHS = ["", "a b", "a = 1 #", "a\nb", "a.b = 2, c", "layers[", "1", "a.", "a # b", "é"]


@pytest.mark.parametrize("path", PATHS)
def test_keys_that_are_no_path_are_refused(path: str) -> None:
    with pytest.raises(ValueError):
        b.Block("base", {path: 1})


def deep() -> b.Term:
    term = b.width
    for _ in range(2000):
        term = term + 1
    return term


def deep_loop() -> Any:
    item: Any = base
    for _ in range(2000):
        item = b.loop(2, item)
    return item


REFUSED: list[Callable[[], object]] = [
    lambda: b.Block("a b"),
    lambda: b.Block("x {}\nmodel y"),
    lambda: b.Block("a" * 65),
    lambda: b.Block("é"),
    lambda: b.Param("x", "a b"),
    lambda: b.Param("x", float("inf")),
    lambda: b.Param("x", float("nan")),
    lambda: b.Param("x", 10**400),
    lambda: b.Param("x", Fraction(1, 3**400)),
    lambda: b.Param("x", 1e-300),
    lambda: b.Text("a\rb"),
    lambda: b.Text("\ud800"),
    lambda: b.Import("\r"),
    lambda: b.use("a b"),
    lambda: b.label("a b", base),
    deep,
    deep_loop,
]


@pytest.mark.parametrize("make_it", REFUSED)
def test_what_the_language_cannot_write_is_refused(
    make_it: Callable[[], object],
) -> None:
    with pytest.raises(ValueError):
        make_it()


def test_what_is_no_value_is_a_type_error() -> None:
    given: Any = {1: 2}
    with pytest.raises(TypeError, match="dict is no value"):
        b.Param("x", given)
    with pytest.raises(TypeError):
        _ = b.width * given
    with pytest.raises(TypeError):
        _ = 2 * (2 * base)
    keys: dict[str, Any] = {"step": 1}
    with pytest.raises(TypeError):
        b.Train(**keys)


def test_faults_are_shown_in_the_printed_text() -> None:
    wrong = b.Block("base", {"ffn.hiden": 3}, mixer=b.attention(heads=5), ffn="mlp")
    spec = b.Spec(wrong, b.Model("m", **sizes, layers=[2 * wrong]), path="my.vslm")
    with pytest.raises(b.SpecError) as caught:
        spec.plan()
    names = [found.name for found in caught.value.diagnostics]
    assert names == [found.name for found in spec.check()] and "unknown-key" in names
    assert "my.vslm:4:" in str(caught.value) and "ffn.hiden = 3" in str(caught.value)
    with pytest.raises(b.SpecError, match=r"ffn\.hiden = 3"):
        spec.build("nowhere")


def test_keywords_as_names_are_faults_of_the_text() -> None:
    spec = b.Spec(b.Param("of", 3))
    assert [found.name for found in spec.check()] == ["unexpected-token"]
    with pytest.raises(b.SpecError, match="param of = 3"):
        spec.text()


@pytest.mark.parametrize(
    "text", ["model {", "share ffn in layers[*]", "foo", "block b { 3 }"]
)
def test_texts_that_are_no_spec_have_the_faults_of_the_compiler(text: str) -> None:
    with pytest.raises(b.SpecError) as caught:
        b.parse(text)
    assert any(found.is_error for found in caught.value.diagnostics)


def test_plans_are_those_of_the_text() -> None:
    path = ROOT / "specs" / "moe.vslm"
    spec = b.parse(path.read_text("utf-8"), path, ROOT)
    expected = compile_one(Request(path, root=ROOT)).value
    assert expected is not None and spec.check() == ()
    assert describe_plan(spec.plan()) == describe_plan(expected)
    sets: dict[str, b.Input] = {"embedding.tie": True, "recipe.train.steps": 7}
    changed = spec.plan(sets=sets)
    assert changed.training.steps == 7 and expected.training.steps != 7


def test_a_variant_is_named_by_its_object(tmp_path: Path) -> None:
    model = b.Model("m", **sizes, layers=[base])
    wide = b.Variant("wide", model, width=96)
    spec = b.Spec(base, model, wide)
    assert spec.plan(variant=wide).name == "m-wide"
    written = spec.build(tmp_path, every=True)
    assert [done.folder.name for done in written] == ["m", "m-wide"]
    assert (tmp_path / "m" / "model.py").exists()


def test_the_modules_are_those_of_the_field_tables() -> None:
    hint = "run `python -m vslmc.builder.make`"
    found = (make.HERE / "kinds").glob("*.py")
    texts = {path.name: path.read_text("utf-8") for path in found}
    assert texts == make.make_kinds(), hint
    assert (make.HERE / "sections.py").read_text("utf-8") == make.make_sections(), hint


def test_every_word_has_its_name() -> None:
    names = set(b.__all__)
    assert len(b.__all__) == len(names)
    assert {make.class_name(name) for name in SECTIONS} <= names
    functions = {f"{name}_" if name in ("min", "max") else name for name in FUNCTIONS}
    assert functions | set(VARIABLES) <= names
    assert all(getattr(vslmc, name) is getattr(b, name) for name in names)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = vslmc.nothing  # type: ignore[attr-defined]


def test_commands_do_not_load_the_builder() -> None:
    script = (
        "import sys; from vslmc.cli.app import run_cli\n"
        "assert run_cli(['check', 'specs/diamond.vslm']) == 0\n"
        "assert 'vslmc.builder' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=600)
    assert done.returncode == 0


TYPED = """\
from vslmc import Block, Param, Train, attention, cycle, mlp, moe, rope, swiglu, width

Block("a", mixer=attention(heads=width // 64, window=cycle(16, "full")), ffn="swiglu")
Block("a", ffn=cycle(swiglu(), moe(experts=8)), norm=None, width=Param("x", 8))
Train(steps="auto", clip=None, precision="bf16")
attention(heads=4, position=rope(thetta=1.0))
attention(kv_heads=2)
Block("b", mixer=swiglu())
Block("b", ffn=attention(heads=4))
mlp(activation="gelo")
Train(steps="all")
Train(batch=swiglu())
"""


def test_type_checkers_know_the_keys(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(TYPED)
    (tmp_path / "pyrightconfig.json").write_text(
        json.dumps({"include": ["page.py"], "extraPaths": [str(ROOT)]})
    )
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "-p", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    lines = {1 + entry["range"]["start"]["line"] for entry in found}
    assert lines == set(range(6, 13)), found


def test_classes_of_the_users_own_take_any_argument(tmp_path: Path) -> None:
    ffn = b.python_ffn(
        "own.py:Ffn",
        parameters=8 * b.width,
        hidden=4 * b.width,
        rate=b.ramp(0, 1),
        mode="fast",
        bias=True,
        seed=None,
    )
    mixer = b.python_mixer("own.py:Mixer")
    block = b.Block("own", mixer=mixer, ffn=ffn)
    overridden = block.with_({"ffn.mode": b.Text("slow"), "mixer.path": "own.py:Other"})
    spec = b.Spec(
        block,
        b.Model("m", **sizes, layers=[2 * overridden]),
        path=tmp_path / "spec.vslm",
        root=tmp_path,
    )
    text = spec.text()
    words = "hidden = 4 * width, rate = ramp(0, 1)" in " ".join(text.split())
    assert (
        words
        and "mode" in text
        and '"fast"' in text
        and 'python("own.py:Mixer")' in text
    )
    assert '{ ffn.mode = "slow", mixer.path = "own.py:Other" }' in text
    assert b.parse(text) == spec
    assert {found.name for found in spec.check()} == {"python-file-not-read"}
    (tmp_path / "own.py").write_text(
        "class Ffn:\n    def __init__(self, width, **more): ...\n\n\n"
        "class Mixer: ...\n\n\nclass Other: ...\n"
    )
    made = describe_plan(spec.plan())["layers"]
    assert "python own.py:Other()" in made[0]
    assert (
        "hidden=256, rate=0, mode='slow', bias=True, seed=None) declared 512" in made[0]
    )
    assert "rate=1," in made[1]
