"""Checkpoints: all of their forms are read, and what does not fit is refused by name."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.hf.cases import CASES
from tests.hf.support import build, error, make_model, reference, save, tokens_of
from tests.hf.zoo import LLAMA, Case
from vslmc.cli.app import run_cli

TIED = Case("llama", {**LLAMA, "tie_word_embeddings": True})
UNTIED = CASES["llama"]
Weights = dict[str, Tensor]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved model."""
    save(make_model(UNTIED), UNTIED, tmp_path)
    return tmp_path


def weights_of(folder: Path) -> Weights:
    """The tensors of a model in one file."""
    return load_file(folder / "model.safetensors")


def write(folder: Path, weights: Weights) -> None:
    """Another checkpoint."""
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def convert(folder: Path, *more: str) -> int:
    """The exit code of an import with weights."""
    spec, weights = folder / "spec.vslm", folder / "converted.safetensors"
    command = ["import", str(folder), "-o", str(spec), "--weights", str(weights)]
    return run_cli([*command, *more])


def wrong_by(case: Case, folder: Path) -> float:
    """The error of the logits of what is converted."""
    assert convert(folder) == 0
    ours = build(folder / "spec.vslm", folder / "converted.safetensors")
    tokens = tokens_of(case)
    with torch.no_grad():
        return error(ours(tokens), reference(make_model(case), tokens))


# --- forms ---------------------------------------------------------------------------------------


def test_several_files_with_an_index(folder: Path) -> None:
    weights = weights_of(folder)
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    places: dict[str, str] = {}
    for number in range(3):
        file = f"model-{number + 1:05}-of-00003.safetensors"
        part = {name: weights[name] for name in names[number::3]}
        save_file(part, folder / file)
        places |= dict.fromkeys(part, file)
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert wrong_by(UNTIED, folder) < 1e-5


def test_a_tied_head_that_is_stored_too(tmp_path: Path) -> None:
    save(make_model(TIED), TIED, tmp_path)
    weights = weights_of(tmp_path)
    assert "lm_head.weight" not in weights
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
    write(tmp_path, weights)
    assert wrong_by(TIED, tmp_path) < 1e-5


def test_a_tied_head_alone_stands_for_the_embedding(tmp_path: Path) -> None:
    save(make_model(TIED), TIED, tmp_path)
    weights = weights_of(tmp_path)
    weights["lm_head.weight"] = weights.pop("model.embed_tokens.weight")
    write(tmp_path, weights)
    assert wrong_by(TIED, tmp_path) < 1e-5


def test_names_of_the_bare_model(tmp_path: Path) -> None:
    save(make_model(TIED), TIED, tmp_path)
    weights = weights_of(tmp_path)
    write(tmp_path, {n.removeprefix("model."): w for n, w in weights.items()})
    assert wrong_by(TIED, tmp_path) < 1e-5


def test_buffers_of_older_versions_are_passed_over(folder: Path) -> None:
    weights = weights_of(folder)
    for layer in range(3):
        name = f"model.layers.{layer}.self_attn.rotary_emb.inv_freq"
        weights[name] = torch.ones(6)
    write(folder, weights)
    assert wrong_by(UNTIED, folder) < 1e-5


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_numbers_keep_their_type(dtype: torch.dtype, folder: Path) -> None:
    weights = {name: value.to(dtype) for name, value in weights_of(folder).items()}
    write(folder, weights)
    assert convert(folder) == 0
    made = load_file(folder / "converted.safetensors")
    assert {value.dtype for value in made.values()} == {dtype}
    rows = [f"model.layers.0.self_attn.{x}_proj.weight" for x in "qkv"]
    fused = torch.cat([weights[name] for name in rows])
    assert made["layers.0.mixer.qkv.weight"].equal(fused)


def test_parts_of_two_types_become_the_wider(folder: Path) -> None:
    weights = weights_of(folder)
    name = "model.layers.0.self_attn.q_proj.weight"
    weights[name] = weights[name].bfloat16()
    weights["model.layers.1.self_attn.q_proj.weight"] = weights[
        "model.layers.1.self_attn.q_proj.weight"
    ].bfloat16()
    for part in "kv":
        other = f"model.layers.1.self_attn.{part}_proj.weight"
        weights[other] = weights[other].half()
    write(folder, weights)
    assert convert(folder) == 0
    made = load_file(folder / "converted.safetensors")
    for layer in range(2):
        assert made[f"layers.{layer}.mixer.qkv.weight"].dtype == torch.float32


# --- faults --------------------------------------------------------------------------------------


def without(name: str) -> Callable[[Weights], None]:
    """Take a tensor out."""

    def change(weights: Weights) -> None:
        del weights[name]

    return change


def put(name: str, value: Tensor) -> Callable[[Weights], None]:
    """Put a tensor in, or another one in its place."""

    def change(weights: Weights) -> None:
        weights[name] = value

    return change


FAULTS: dict[str, tuple[Callable[[Weights], None], str]] = {
    "missing": (
        without("model.layers.1.mlp.up_proj.weight"),
        "`model.layers.1.mlp.up_proj.weight` of",
    ),
    "left over": (
        put("model.layers.1.mlp.up_proj.bias", torch.zeros(52)),
        "`model.layers.1.mlp.up_proj.bias` of",
    ),
    "a layer too many": (
        put("model.layers.3.mlp.up_proj.weight", torch.zeros(52, 48)),
        "`model.layers.3.mlp.up_proj.weight` of",
    ),
    "another shape": (
        put("model.layers.1.mlp.up_proj.weight", torch.zeros(51, 48)),
        "[51, 48], not [52, 48]",
    ),
    "another shape of a part": (
        put("model.layers.1.self_attn.k_proj.weight", torch.zeros(23, 48)),
        "`layers.1.mixer.qkv.weight` would be",
    ),
    "parts that cannot be joined": (
        put("model.layers.1.self_attn.k_proj.weight", torch.zeros(24)),
        "`layers.1.mixer.qkv.weight` would be",
    ),
    "few bits": (
        put(
            "model.layers.1.mlp.up_proj.weight",
            torch.zeros(52, 48, dtype=torch.int8),
        ),
        "stored in few bits",
    ),
    "no head": (without("lm_head.weight"), "`lm_head.weight` of"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_does_not_fit_is_refused(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, words = FAULTS[name]
    weights = weights_of(folder)
    change(weights)
    write(folder, weights)
    before = sorted(folder.iterdir())
    assert convert(folder) == 1
    message = capsys.readouterr().err
    assert message.startswith("error[weights-differ]: ")
    assert words in message.replace("\n", " ")
    assert sorted(folder.iterdir()) == before


def test_a_head_that_is_not_the_embedding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(make_model(TIED), TIED, tmp_path)
    weights = weights_of(tmp_path)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"] + 1
    write(tmp_path, weights)
    assert convert(tmp_path) == 1
    assert "the config ties them" in capsys.readouterr().err


def spoil_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:8] + b"{]" + path.read_bytes()[10:])


def cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-7])


def cut_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5])


def pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def index(value: Any) -> Callable[[Path], None]:
    """An index of this content."""

    def change(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        text = value if isinstance(value, str) else json.dumps(value)
        (folder / "model.safetensors.index.json").write_text(text)

    return change


UNREADABLE: dict[str, Callable[[Path], None]] = {
    "no JSON in the header": spoil_header,
    "cut": cut,
    "cut in the header": cut_header,
    "another format": pickle,
    "an index without JSON": index("{"),
    "an index of nothing": index({"weight_map": 3}),
    "an index that leads away": index({"weight_map": {"x": "../model.safetensors"}}),
    "an index of what is not there": index({"weight_map": {"x": "y.safetensors"}}),
    "an index of a name with a null": index(
        '{"weight_map": {"x": "a\\u0000.safetensors"}}'
    ),
    "an index of a name with a surrogate": index(
        '{"weight_map": {"x": "\\ud800.safetensors"}}'
    ),
    "an index of no safetensors": index({"weight_map": {"x": "config.json"}}),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    UNREADABLE[name](folder)
    before = sorted(folder.iterdir())
    assert convert(folder) == 1
    assert capsys.readouterr().err.startswith("error[weights-not-read]: ")
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 80]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2.5], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": "2", "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]},
        {"dtype": "F32", "shape": [10**30], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [float("inf")], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [float("-inf"), 8]},
        {"dtype": "F32", "shape": [1] * 10_000, "data_offsets": [0, 8]},
        {"dtype": 3, "shape": [2]},
        7,
        None,
    ],
)
def test_headers_of_anybody(entry: Any, folder: Path) -> None:
    header = json.dumps({"lm_head.weight": entry}).encode()
    data = len(header).to_bytes(8, "little") + header + bytes(8)
    (folder / "model.safetensors").write_bytes(data)
    assert convert(folder) == 1


ENTRIES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["dtype", "shape", "data_offsets", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(
    names=st.lists(st.text(max_size=9), max_size=3),
    entry=ENTRIES,
    length=st.none() | st.integers(0, 2**64 - 1),
    cut=st.integers(0, 30),
)
def test_files_of_anybody(
    names: list[str],
    entry: Any,
    length: int | None,
    cut: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    header = json.dumps(dict.fromkeys(names, entry)).encode()
    start = (len(header) if length is None else length).to_bytes(8, "little")
    data = start + header + bytes(8)
    (folder / "model.safetensors").write_bytes(data[: len(data) - cut])
    (folder / "config.json").write_text(json.dumps({**LLAMA, "model_type": "llama"}))
    assert convert(folder) == 1
    names_left = sorted(path.name for path in folder.iterdir())
    assert names_left == ["config.json", "model.safetensors"]
