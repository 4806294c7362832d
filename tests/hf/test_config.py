"""Configs are text of anybody: a spec with transformers' logits, or a refusal, and nothing else."""

# pyright: reportUnknownMemberType=false

from __future__ import annotations

import json
import os
import warnings
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hf.cases import CASES
from tests.hf.mutations import judge, mutate
from tests.hf.test_parity import LARGEST
from tests.hf.zoo import ELSEWHERE
from vslmc.cli.app import run_cli
from vslmc.driver.importing import name_model
from vslmc.hf.config import COMMON, LAYERED
from vslmc.hf.families import FAMILIES
from vslmc.hf.form import At, Form
from vslmc.hf.ignored import IGNORED
from vslmc.hf.places import find_places

# --- whole files ---------------------------------------------------------------------------------

TEXTS: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{'model_type': 'llama'}",
    "a list": b"[]",
    "a number": b"7",
    "no text": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "deep in an object": b'{"a":' * 100_000,
    "a long number": b'{"model_type": "llama", "hidden_size": ' + b"9" * 5000 + b"}",
    "too long": b'{"model_type": "' + b"x" * (5 << 20) + b'"}',
    "no type": b'{"hidden_size": 64}',
    "a type that is no text": b'{"model_type": ["llama"]}',
    "a type of control characters": b'{"model_type": "\\u001b[2J"}',
    "a null": b'{"model_type": null}',
    "a surrogate": b'{"model_type": "\\ud800"}',
    "not a number": b'{"model_type": "llama", "rms_norm_eps": NaN}',
    "no end": b'{"model_type": "llama", "rms_norm_eps": Infinity}',
    "a huge float": b'{"model_type": "llama", "rms_norm_eps": 1e999}',
    "many layers": b'{"model_type": "llama", "num_hidden_layers": 1000000000}',
    "wide": b'{"model_type": "llama", "hidden_size": 9007199254740992}',
    "twice": b'{"model_type": "llama", "model_type": "gpt3"}',
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_of_anybody(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_bytes(TEXTS[name])
    assert run_cli(["import", str(tmp_path), "-o", str(tmp_path / "x.vslm")]) == 1
    message = capsys.readouterr().err
    assert message.startswith("error[")
    assert "\x1b" not in message
    assert len(message) < 2000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json"]


def test_a_pipe_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "config.json")
    assert run_cli(["import", str(tmp_path), "-o", str(tmp_path / "x.vslm")]) == 1
    assert "it is no file" in capsys.readouterr().err


def test_a_config_with_too_many_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"model_type": "llama"} | {f"odd{i}": i for i in range(10_000)}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert run_cli(["import", str(tmp_path), "-o", str(tmp_path / "x.vslm")]) == 1
    message = capsys.readouterr().err
    assert "more than 200 of its fields are wrong" in message
    assert len(message) < 200 * 1000


DEEP = ("[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900)


@pytest.mark.parametrize("deep", DEEP, ids=["lists", "objects"])
@pytest.mark.parametrize(
    "text",
    [
        '{"model_type": DEEP}',
        '{"model_type": "llama", "hidden_size": [DEEP]}',
        '{"model_type": "llama", "rope_parameters": {"factor": DEEP}}',
        '{"model_type": "llama", "per_layer_config": {"0": {"head_dim": DEEP}}}',
        '{"model_type": "mpt", "attn_config": {"alibi": DEEP}}',
        '{"model_type": "internlm3", "bias": DEEP, "mlp_bias": DEEP}',
        '{"model_type": "nemotron-nas", "block_configs": [{"ffn": {"no_op": DEEP}}]}',
    ],
)
def test_nested_nonsense(text: str, deep: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text.replace("DEEP", deep))
    assert run_cli(["import", str(tmp_path), "-o", str(tmp_path / "x.vslm")]) == 1


PLACES = """{
  "per_layer_config": {"1": {"head_dim": "x", "sliding_window": 7}},
  "head_dim": "y", "a.b": 1,
  "deeper": {"a": {"b": {"c": {"d": 1}}}},
  "head_dim": 0
}"""


def test_places_of_fields() -> None:
    places = find_places(PLACES)
    shown = {".".join(path): PLACES[slice(*place)] for path, place in places.items()}
    assert shown == {
        "per_layer_config": '"per_layer_config"',
        "per_layer_config.1": '"1"',
        "per_layer_config.1.head_dim": '"x"',
        "per_layer_config.1.sliding_window": "7",
        "head_dim": "0",
        "a.b": "1",
        "deeper": '"deeper"',
        "deeper.a": '"a"',
        "deeper.a.b": '"b"',
    }


def test_a_fault_of_one_layer_is_shown_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {
        "model_type": "llama",
        "per_layer_config": {"2": {"num_key_value_heads": 5}},
        "num_key_value_heads": 8,
    }
    (tmp_path / "config.json").write_text(json.dumps(config, indent=1))
    assert run_cli(["import", str(tmp_path), "-o", str(tmp_path / "x.vslm")]) == 1
    message = capsys.readouterr().err
    assert "`per_layer_config.2.num_key_value_heads` is 5" in message
    assert "config.json:5:27" in message


def test_folders_of_anybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").mkdir()
    for folder in (tmp_path, tmp_path / "nowhere", tmp_path / "config.json"):
        assert run_cli(["import", str(folder), "-o", str(tmp_path / "x.vslm")]) == 1
        assert capsys.readouterr().err.startswith("error[config-not-read]: ")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("TinyLlama-1.1B", "tinyllama_1_1b"),
        ("7b", "model_7b"),
        ("---", "imported"),
        ("width", "width"),
        ("block", "model_block"),
        ("if", "model_if"),
        ("Ünï", "n"),
        ("x" * 300, "x" * 48),
    ],
)
def test_names_of_folders(folder: str, name: str, tmp_path: Path) -> None:
    assert name_model(tmp_path / folder) == name


def test_the_name_is_a_name_of_the_language(tmp_path: Path) -> None:
    for word in ("model", "block", "layer", "true", "none", "n", "i", "8", "_", "été"):
        folder = tmp_path / word
        folder.mkdir()
        config = {"model_type": "llama", "num_hidden_layers": 2}
        (folder / "config.json").write_text(json.dumps(config))
        assert run_cli(["import", str(folder), "-o", str(folder / "x.vslm")]) == 0


# --- fields --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The config of every case, as transformers saves it."""
    found: dict[str, dict[str, Any]] = {}
    for name, case in CASES.items():
        folder = tmp_path_factory.mktemp("config")
        found[name] = config_of(case.type, case.fields, folder) | case.written
    return found


def config_of(kind: str, fields: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The saved config of a type."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import AutoConfig

        AutoConfig.for_model(kind, **fields).save_pretrained(folder)
    return json.loads((folder / "config.json").read_text())


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10)
    | st.integers()
    | st.floats(allow_nan=True)
    | st.sampled_from(["gelu", "silu", "full_attention", "yarn", "default", ""])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "rope_type",
                    "type",
                    "factor",
                    "rope_theta",
                    "full_attention",
                    "0",
                    "x",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(data=st.data())
def test_any_config_is_a_spec_or_a_refusal(
    data: st.DataObject,
    configs: dict[str, dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    config = dict(configs[data.draw(st.sampled_from(sorted(configs)))])
    family = FAMILIES[config["model_type"]]
    names = sorted({*family.fields, *config, *COMMON, "per_layer_config"})
    for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3)):
        config[name] = data.draw(VALUES)
    folder = tmp_path_factory.mktemp("any")
    (folder / "config.json").write_text(json.dumps(config))
    spec = folder / "x.vslm"
    code = run_cli(["import", str(folder), "-o", str(spec)])
    assert code in (0, 1)
    assert spec.exists() == (code == 0)
    if code == 0:
        assert run_cli(["fmt", "--check", str(spec)]) == 0
        assert run_cli(["check", "--strict", str(spec)]) == 0


SAMPLE = 40


@pytest.mark.parametrize("number", range(SAMPLE))
def test_a_changed_field_changes_the_logits_alike(number: int, tmp_path: Path) -> None:
    dice = Random(number)
    name = dice.choice(sorted(CASES))
    case = CASES[name]
    config = config_of(case.type, case.fields, tmp_path) | case.written
    changes = [
        (words, changed)
        for words, changed in mutate(config)
        if words.split()[0] not in IGNORED
    ]
    dice.shuffle(changes)
    for words, changed in changes[:12]:
        what, wrong = judge(changed, case, tmp_path / "model")
        print(f"{name}: {words}: {what} {wrong:.1e}")
        assert wrong < LARGEST
        if what == "compared":
            return


def test_a_field_is_never_passed_over_and_read(tmp_path: Path) -> None:
    for family in FAMILIES.values():
        both = set(family.fields) & (family.ignored | set(family.aliases))
        assert both == set(), family.type
        # Those that some type reads must be named where others pass them over.
        assert not set(family.aliases.values()) - set(family.fields), family.type


def test_what_a_form_reads_is_a_field() -> None:
    for family in FAMILIES.values():
        for name in names_in(family.form):
            assert name in family.fields, (family.type, name)


def names_in(form: Form) -> list[str]:
    """The fields that a form looks at by name alone."""
    found: list[str] = []
    if form.latent is not None:
        form = form.but(head_dim=None, kv_heads=None)
    for part in (form, form.norm, form.qk_norm, form.latent, form.experts):
        if part is not None:
            values = (getattr(part, each.name) for each in fields(part))
            found += [value.name for value in values if isinstance(value, At)]
    return found


def test_fields_of_one_layer_are_fields_of_families() -> None:
    known = {name for family in FAMILIES.values() for name in family.fields}
    assert set(LAYERED) <= known


def test_types_that_are_compared_elsewhere_are_families() -> None:
    assert set(ELSEWHERE) <= set(FAMILIES)
