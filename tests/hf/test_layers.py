"""Layers that differ from each other, compared with transformers' layers one by one.

transformers reads `per_layer_config` and has no model that follows it; the code of some types
does not come with it at all. Their layers are transformers' own all the same.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
# pyright: reportUnknownParameterType=false

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.hf.support import (
    decode,
    error,
    import_folder,
    perturb,
)
from tests.hf.test_parity import LARGEST, Record, check_text, note
from tests.hf.zoo import LLAMA, WIDE_HEADS
from vslmc.cli.app import run_cli

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformers import LlamaConfig, Qwen3Config
    from transformers.models.llama import modeling_llama as llama
    from transformers.models.qwen3 import modeling_qwen3 as qwen3

WIDTH, VOCAB = LLAMA["hidden_size"], LLAMA["vocab_size"]
TOKENS = torch.randint(0, 300, (2, 40), generator=torch.Generator().manual_seed(1))


def make_config(kind: Any, fields: dict[str, Any]) -> Any:
    """A config of transformers for one layer."""
    return kind(**fields, attn_implementation="eager")


class Layered:
    """A stack of transformers' own layers, each with its own config."""

    def __init__(self, code: Any, layers: list[Any], windows: list[int | None]) -> None:
        torch.manual_seed(0)
        prefix = "Llama" if code is llama else "Qwen3"
        make_layer = getattr(code, f"{prefix}DecoderLayer")
        self.turn = getattr(code, f"{prefix}RotaryEmbedding")
        self.configs, self.windows = layers, windows
        self.layers = [make_layer(config, i) for i, config in enumerate(layers)]
        eps = layers[0].rms_norm_eps
        self.norm = getattr(code, f"{prefix}RMSNorm")(WIDTH, eps)
        self.embedding = torch.nn.Embedding(VOCAB, WIDTH)
        self.head = torch.nn.Linear(WIDTH, VOCAB, bias=False)
        for module in (*self.layers, self.norm, self.embedding, self.head):
            perturb(module)

    def run(self, tokens: Tensor, attends: list[bool], feeds: list[bool]) -> Tensor:
        """The logits; layers may lack their attention, or their FFN."""
        length = tokens.size(1)
        places = torch.arange(length)
        hidden = self.embedding(tokens)
        for i, layer in enumerate(self.layers):
            behind = places[:, None] - places
            seen = behind >= 0
            window = self.windows[i]
            if window is not None:
                seen &= behind < window
            mask = torch.zeros(length, length).masked_fill(~seen, -torch.inf)
            turn = self.turn(self.configs[i])(hidden, places[None])
            if attends[i]:
                normed = layer.input_layernorm(hidden)
                mixed, _ = layer.self_attn(
                    hidden_states=normed,
                    position_embeddings=turn,
                    attention_mask=mask[None, None],
                )
                hidden = hidden + mixed
            if feeds[i]:
                hidden = hidden + layer.mlp(layer.post_attention_layernorm(hidden))
        return self.head(self.norm(hidden))

    def weights(self) -> dict[str, Tensor]:
        """All weights under Llama's names."""
        named = {
            "model.embed_tokens.weight": self.embedding.weight,
            "model.norm.weight": self.norm.weight,
            "lm_head.weight": self.head.weight,
        }
        for i, layer in enumerate(self.layers):
            for name, value in layer.state_dict().items():
                named[f"model.layers.{i}.{name}"] = value
        return {name: value.detach().clone() for name, value in named.items()}


def compare(
    folder: Path,
    config: dict[str, Any],
    weights: Any,
    wanted: Tensor,
    record: Record,
    form: str,
) -> str:
    """Import, build, compare, decode; the spec."""
    (folder / "config.json").write_text(json.dumps(config))
    save_file(weights, folder / "model.safetensors")
    ours = import_folder(folder)
    with torch.no_grad():
        found = ours(TOKENS)
        wrong, cached = error(found, wanted), error(decode(ours, TOKENS, 5), found)
    note(record, config["model_type"], form, wrong, cached)
    assert wrong < LARGEST
    assert cached < LARGEST
    check_text(folder / "spec.vslm")
    return (folder / "spec.vslm").read_text()


def test_per_layer_config(tmp_path: Path, record_property: Record) -> None:
    base = {**WIDE_HEADS, "num_hidden_layers": 5, "sliding_window": None}
    narrow = {"intermediate_size": 36, "num_key_value_heads": 4}
    changes: dict[int, dict[str, Any]] = {
        1: {**narrow, "sliding_window": 6},
        2: {**narrow, "sliding_window": 6},
        3: {"num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 8},
    }
    layers = [
        make_config(LlamaConfig, {**base, **changes.get(i, {})}) for i in range(5)
    ]
    windows = [changes.get(i, base).get("sliding_window") for i in range(5)]
    model = Layered(llama, layers, windows)
    with torch.no_grad():
        wanted = model.run(TOKENS, [True] * 5, [True] * 5)
    config = {
        **base,
        "model_type": "mistral",
        "per_layer_config": {str(i): keys for i, keys in changes.items()},
    }
    form = "per_layer_config"
    text = compare(tmp_path, config, model.weights(), wanted, record_property, form)
    assert "2 * base {" in text


def test_per_layer_config_that_takes_a_layer_out_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"model_type": "llama", "per_layer_config": {"1": {"skip": ["mlp"]}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert run_cli(["import", str(tmp_path), "-o", str(tmp_path / "x.vslm")]) == 1
    assert "skip" in capsys.readouterr().err


def test_block_configs(tmp_path: Path, record_property: Record) -> None:
    # Query heads of a group, and the inner width as a multiple of the width.
    blocks = [(2, 2.0), (4, 2.0), (None, 1.0), (1, None), (2, 2.0)]
    base = {**LLAMA, "num_hidden_layers": 5, "rms_norm_eps": 1e-5}
    layers = [
        make_config(
            LlamaConfig,
            {
                **base,
                "num_key_value_heads": 4 // (group or 4),
                "intermediate_size": 256,
            },
        )
        for group, _ in blocks
    ]
    model = Layered(llama, layers, [None] * 5)
    attends = [group is not None for group, _ in blocks]
    feeds = [times is not None for _, times in blocks]
    with torch.no_grad():
        wanted = model.run(TOKENS, attends, feeds)
    weights = model.weights()
    for i, (attend, feed) in enumerate(zip(attends, feeds, strict=True)):
        for part, there in (
            ("self_attn", attend),
            ("input_layernorm", attend),
            ("mlp", feed),
            ("post_attention_layernorm", feed),
        ):
            if not there:
                drop(weights, f"model.layers.{i}.{part}.")
    own = [
        {
            "attention": {"n_heads_in_group": group, "no_op": group is None},
            "ffn": {"ffn_mult": times, "no_op": times is None},
        }
        for group, times in blocks
    ]
    config = {
        **{key: base[key] for key in base if key not in UNSAID},
        "model_type": "nemotron-nas",
        "block_configs": own,
    }
    compare(tmp_path, config, weights, wanted, record_property, "block_configs")


UNSAID = ("num_key_value_heads", "intermediate_size")
"""Fields that each block has for itself."""


def drop(weights: dict[str, Tensor], prefix: str) -> None:
    """Take the tensors below a prefix out."""
    for name in [name for name in weights if name.startswith(prefix)]:
        del weights[name]


@pytest.mark.parametrize("normed", [True, False])
def test_fields_that_are_lists(
    normed: bool, tmp_path: Path, record_property: Record
) -> None:
    heads, kv_heads, hidden = [4, 6, 6], [2, 2, 3], [48, 96, 144]
    code = qwen3 if normed else llama
    layers = [
        make_config(
            Qwen3Config if normed else LlamaConfig,
            {
                **LLAMA,
                "head_dim": 8,
                "num_attention_heads": heads[i],
                "num_key_value_heads": kv_heads[i],
                "intermediate_size": hidden[i],
                "rms_norm_eps": 1e-6,
            },
        )
        for i in range(3)
    ]
    model = Layered(code, layers, [None] * 3)
    model.head.weight = model.embedding.weight
    with torch.no_grad():
        wanted = model.run(TOKENS, [True] * 3, [True] * 3)
    config = {
        "model_type": "openelm",
        "vocab_size": VOCAB,
        "max_context_length": 48,
        "model_dim": WIDTH,
        "num_transformer_layers": 3,
        "head_dim": 8,
        "num_query_heads": heads,
        "num_kv_heads": kv_heads,
        "ffn_multipliers": [1.0, 2.1, 2.9],
        "ffn_dim_divisor": 48,
        "normalize_qk_projections": normed,
        "share_input_output_layers": True,
    }
    weights = rename_openelm(model.weights())
    form = "qk-norm" if normed else "usual"
    compare(tmp_path, config, weights, wanted, record_property, form)


def rename_openelm(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Llama's weights as OpenELM stores them."""
    renamed = {
        "transformer.token_embeddings.weight": weights["model.embed_tokens.weight"],
        "transformer.norm.weight": weights["model.norm.weight"],
    }
    for i in range(3):
        old, new = f"model.layers.{i}", f"transformer.layers.{i}"
        rows = [weights[f"{old}.self_attn.{x}_proj.weight"] for x in "qkv"]
        renamed[f"{new}.attn.qkv_proj.weight"] = torch.cat(rows)
        gate = [weights[f"{old}.mlp.{x}_proj.weight"] for x in ("gate", "up")]
        renamed[f"{new}.ffn.proj_1.weight"] = torch.cat(gate)
        for there, here in (
            ("attn.out_proj", "self_attn.o_proj"),
            ("ffn.proj_2", "mlp.down_proj"),
            ("attn_norm", "input_layernorm"),
            ("ffn_norm", "post_attention_layernorm"),
            ("attn.q_norm", "self_attn.q_norm"),
            ("attn.k_norm", "self_attn.k_norm"),
        ):
            if f"{old}.{here}.weight" in weights:
                renamed[f"{new}.{there}.weight"] = weights[f"{old}.{here}.weight"]
    return renamed
