"""Encoders, and encoders beside decoders: an import gives transformers' logits."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.hf.support import error, import_folder, perturb
from tests.hf.test_parity import LARGEST, Record, check_text, note
from vslmc.cli.app import run_cli

_there: Any = transformers
VOCAB, CONTEXT = 307, 40
BERT: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 52,
    "max_position_embeddings": CONTEXT,
}
T5: dict[str, Any] = {
    "vocab_size": VOCAB,
    "d_model": 48,
    "d_kv": 10,
    "num_heads": 3,
    "d_ff": 52,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "relative_attention_num_buckets": 12,
    "relative_attention_max_distance": 20,
}
BART: dict[str, Any] = {
    "vocab_size": VOCAB,
    "d_model": 48,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 3,
    "encoder_ffn_dim": 52,
    "decoder_ffn_dim": 56,
    "max_position_embeddings": CONTEXT,
    "bos_token_id": 0,
    "eos_token_id": 2,
}


@dataclass(frozen=True, slots=True)
class Case:
    """A model: the classes of transformers, and fields of its config."""

    config: str
    model: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])


ENCODERS = {
    "bert": Case("BertConfig", "BertForMaskedLM", BERT),
    "bert-relu-one-type": Case(
        "BertConfig",
        "BertForMaskedLM",
        {**BERT, "hidden_act": "relu", "type_vocab_size": 1, "layer_norm_eps": 1e-3},
    ),
    "roberta": Case(
        "RobertaConfig",
        "RobertaForMaskedLM",
        {**BERT, "max_position_embeddings": CONTEXT + 2, "hidden_act": "gelu_new"},
    ),
}
PAIRS = {
    "t5": Case("T5Config", "T5ForConditionalGeneration", T5),
    "t5-gated": Case(
        "T5Config",
        "T5ForConditionalGeneration",
        {**T5, "feed_forward_proj": "gated-gelu", "num_decoder_layers": 2},
    ),
    "bart": Case("BartConfig", "BartForConditionalGeneration", BART),
    "bart-scaled": Case(
        "BartConfig",
        "BartForConditionalGeneration",
        {**BART, "scale_embedding": True, "activation_function": "relu"},
    ),
}


def make_model(case: Case) -> Any:
    """A random model, no norm, bias or buffer of which is ones or zeros."""
    torch.manual_seed(0)
    config = getattr(_there, case.config)(**case.fields, attn_implementation="eager")
    model = getattr(_there, case.model)(config)
    perturb(model)
    if hasattr(model, "final_logits_bias"):
        model.final_logits_bias.normal_()
    return model.float().eval()


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
