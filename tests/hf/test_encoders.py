"""Encoders, and encoders beside decoders: an import gives transformers' logits."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.hf.support import error, import_folder, perturb
from tests.hf.test_parity import LARGEST, Record, check_text, note
from tests.hf.zoo_encoders import BERT, CONTEXT, ENCODERS, PAIRS, T5, VOCAB, Case
from vslmc.cli.app import run_cli

_there: Any = transformers


def make_model(case: Case) -> Any:
    """A random model, no norm, bias or buffer of which is ones or zeros."""
    torch.manual_seed(0)
    config = getattr(_there, case.config)(**case.fields, attn_implementation="eager")
    model = getattr(_there, case.model)(config)
    perturb(model)
    restore_places(model)
    if hasattr(model, "final_logits_bias"):
        model.final_logits_bias.normal_()
    return model.float().eval()


def restore_places(model: Any) -> None:
    """Tables of fixed places as they were."""
    for module in model.modules():
        if hasattr(module, "create_weight"):
            module.weight.data.copy_(module.create_weight())


def save(model: Any, folder: Path) -> None:
    """The model as a folder of Hugging Face."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(folder)


def draw(count: int, seed: int = 1) -> Tensor:
    """Two sequences."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(3, 300, (2, count), generator=generator)


@pytest.mark.parametrize("name", ENCODERS)
@torch.no_grad()
def test_logits_of_an_encoder(
    name: str, tmp_path: Path, record_property: Record
) -> None:
    model = make_model(ENCODERS[name])
    save(model, tmp_path)
    ours, tokens = import_folder(tmp_path), draw(CONTEXT)
    wrong = error(ours(tokens), model(tokens).logits)
    assert wrong < LARGEST
    note(record_property, model.config.model_type, name, wrong, 0.0)
    if hasattr(model.config, "type_vocab_size"):
        types = draw(CONTEXT, seed=2) % model.config.type_vocab_size
        wanted = model(tokens, token_type_ids=types).logits
        assert error(ours(tokens, types=types), wanted) < LARGEST
    check_text(tmp_path / "spec.vslm")


@pytest.mark.parametrize("name", PAIRS)
@torch.no_grad()
def test_logits_of_a_pair(name: str, tmp_path: Path, record_property: Record) -> None:
    model = make_model(PAIRS[name])
    save(model, tmp_path)
    ours, source, tokens = import_folder(tmp_path), draw(CONTEXT), draw(29, seed=2)
    wanted = model(source, decoder_input_ids=tokens, use_cache=False).logits
    found = ours(tokens, source=source)
    cached = error(decode(ours, tokens, source), found)
    assert error(found, wanted) < LARGEST and cached < LARGEST
    note(record_property, model.config.model_type, name, error(found, wanted), cached)
    check_text(tmp_path / "spec.vslm")


def decode(model: Any, tokens: Tensor, source: Tensor) -> Tensor:
    """Logits by a cache, which the first token fills with what the source makes."""
    cache = model.make_cache(*tokens.shape)
    rows = [model(tokens[:, :1], cache, source=source)]
    rows += [model(token, cache) for token in tokens[:, 1:].split(1, dim=1)]
    return torch.cat(rows, dim=1)


@torch.no_grad()
def test_a_t5_with_a_head_of_its_own(tmp_path: Path) -> None:
    model = make_model(PAIRS["t5-gated"])
    save(model, tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["lm_head.weight"] = torch.randn(VOCAB, T5["d_model"])
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    change(tmp_path, tie_word_embeddings=False, scale_decoder_outputs=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there = _there.T5ForConditionalGeneration.from_pretrained(tmp_path)
    ours, source, tokens = import_folder(tmp_path), draw(CONTEXT), draw(29, seed=2)
    wanted = there.eval()(source, decoder_input_ids=tokens).logits
    assert error(ours(tokens, source=source), wanted) < LARGEST


def change(folder: Path, **fields: Any) -> None:
    """Other fields of a config; None takes one away."""
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **fields}
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("bert", {"is_decoder": True}),
        ("bert", {"tie_word_embeddings": False}),
        ("bert", {"position_embedding_type": "relative_key"}),
        ("roberta", {"pad_token_id": 0}),
        ("roberta", {"max_position_embeddings": 2}),
        ("t5", {"feed_forward_proj": "gated-tanh"}),
        ("t5", {"is_encoder_decoder": False}),
        ("t5", {"scale_decoder_outputs": False}),
        ("bart", {"normalize_before": True}),
        ("bart", {"tie_word_embeddings": False}),
        ("electra", {"embedding_size": 24}),
        ("ernie", {"use_task_id": True}),
        ("roformer", {"rotary_value": True}),
        ("roformer", {"embedding_size": 24}),
        ("xlm-roberta", {"pad_token_id": 0}),
        ("mbart", {"normalize_before": False}),
        ("mbart", {"add_final_layer_norm": False}),
        ("blenderbot", {"normalize_embedding": True}),
        ("pegasus", {"static_position_embeddings": False}),
        ("marian", {"decoder_vocab_size": 99}),
        ("marian", {"share_encoder_decoder_embeddings": False}),
        ("mvp", {"use_prompt": True}),
    ],
)
def test_what_the_language_cannot_say_names_its_field(
    name: str, fields: dict[str, Any], tmp_path: Path, capsys: Any
) -> None:
    save(make_model({**ENCODERS, **PAIRS}[name]), tmp_path)
    change(tmp_path, **fields)
    spec = str(tmp_path / "spec.vslm")
    assert run_cli(["import", str(tmp_path), "-o", spec]) == 1
    (field_name,) = fields
    assert field_name in capsys.readouterr().err


@pytest.mark.parametrize("more", [{}, {"is_decoder": False}])
def test_a_decoder_of_berts_layers_must_say_so(
    more: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {**BERT, "model_type": "bert-generation"}
    (tmp_path / "config.json").write_text(json.dumps({**config, **more}))
    spec = str(tmp_path / "spec.vslm")
    assert run_cli(["import", str(tmp_path), "-o", spec]) == 1
    assert "`is_decoder`" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["roformer", "pegasus"])
def test_places_that_are_stored_must_be_those_of_the_language(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(make_model({**ENCODERS, **PAIRS}[name]), tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    place, *_ = sorted(key for key in tensors if key.endswith("positions.weight"))
    tensors[place][3, 5] += 0.1
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    spec, weights = str(tmp_path / "spec.vslm"), str(tmp_path / "converted.safetensors")
    assert run_cli(["import", str(tmp_path), "-o", spec, "--weights", weights]) == 1
    message = capsys.readouterr().err
    assert place in message and "of another value than the language has" in message
