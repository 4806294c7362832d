"""Configs with one field changed, and what an import makes of them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from tests.hf.support import build, error, perturb, reference
from tests.hf.zoo import Case
from vslmc.cli.app import run_cli
from vslmc.hf.config import COMMON
from vslmc.hf.families import FAMILIES
from vslmc.hf.fields import Field
from vslmc.hf.ignored import IGNORED

ODD: tuple[Any, ...] = (None, True, False, 0, 1, 2, 3, -1, 0.5, 1.5, 1e400, "x", [], {})
"""Values that some field takes, and most do not."""

LAYERS = ["full_attention", "sliding_attention", "full_attention", "sliding_attention"]

TELLING: dict[str, tuple[Any, ...]] = {
    "rope_scaling": (
        {"type": "linear", "factor": 2.0},
        {"rope_type": "dynamic", "factor": 2.0},
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 12},
        {"rope_type": "yarn", "factor": 4.0, "mscale": 0.7, "mscale_all_dim": 0.9},
        {"rope_type": "odd", "factor": 2.0},
        {"type": "yarn", "factor": 4.0, "beta_fast": 16, "truncate": False},
        {"rope_type": "default", "rope_theta": 500.0},
    ),
    "rope_parameters": (
        {"rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.5},
        {"rope_type": "linear", "rope_theta": 500.0, "factor": 3.0},
        {"sliding_attention": {"rope_type": "default", "rope_theta": 500.0}},
        {
            "full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 900},
            "sliding_attention": {"rope_type": "default", "rope_theta": 500.0},
        },
        {"rope_theta": "large"},
        "default",
    ),
    "layer_types": (LAYERS[:3], LAYERS, ["chunked_attention"] * 3, ["x"]),
    "hidden_act": ("gelu", "gelu_new", "silu", "relu", "relu2", "mish", "quick_gelu"),
    "hidden_activation": ("gelu", "gelu_pytorch_tanh", "silu", "mish"),
    "activation_function": ("gelu", "gelu_new", "silu", "relu", "tanh"),
    "rope_theta": (500, 1e6, 0.5),
    "partial_rotary_factor": (0.5, 0.3, 2.0),
    "sliding_window": (5, 100, 0),
    "per_layer_config": ({"0": {"sliding_window": 4}}, {"9": {}}, {"0": {"skip": 1}}),
    "text_config": ({"model_type": "llama"},),
    "quantization_config": ({"quant_method": "gptq"},),
}
"""Values that mean something."""


def mutate(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every config that differs from one in a field, with words for the difference."""
    family = FAMILIES[config["model_type"]]
    names = {*family.fields, *COMMON, *config, *family.aliases, *TELLING, "unheard_of"}
    for name in sorted(names - {"model_type", "architectures"}):
        given = config.get(name)
        values = [*TELLING.get(name, ()), *ODD]
        if name in IGNORED:
            values = ["x"]
        elif isinstance(given, bool):
            values = [not given, None, "x"]
        elif isinstance(given, int):
            values = [given + 1, 2 * given, given // 2, *ODD]
        elif isinstance(given, float):
            values = [given * 2, given / 2, *ODD]
        for value in values:
            if value != given or type(value) is not type(given):
                yield f"{name} = {value!r}", {**config, name: value}
        if name in config and not is_much_larger(family.fields.get(name), given):
            rest = {key: value for key, value in config.items() if key != name}
            yield f"without {name}", rest


def is_much_larger(field: Field | None, given: Any) -> bool:
    """Whether the default is a size that no test has time for."""
    default = None if field is None else field.default
    return type(given) is type(default) is int and default > 10 * given


def judge(config: dict[str, Any], case: Case, folder: Path) -> tuple[str, float]:
    """What becomes of a config: `refused`, `no reference`, `weights refused` or `compared`,
    and the error of the logits."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    spec, weights = folder / "spec.vslm", folder / "converted.safetensors"
    code = run_cli(["import", str(folder), "-o", str(spec)])
    assert code in (0, 1)
    if code == 1:
        assert sorted(path.name for path in folder.iterdir()) == ["config.json"]
        return "refused", 0.0
    model = model_of(folder)
    if model is None:
        return "no reference", 0.0
    tokens = tokens_for(config, case)
    try:
        wanted = reference(model, tokens)
    except Exception:
        return "no reference", 0.0
    if not bool(wanted.isfinite().all()):
        return "no reference", 0.0
    command = ["import", str(folder), "-o", str(spec), "--weights", str(weights)]
    code = run_cli([*command, "--force"])
    assert code in (0, 1)
    if code == 1:
        return "weights refused", 0.0
    ours = build(spec, weights)
    with torch.no_grad():
        return "compared", error(ours(tokens), wanted)


def model_of(folder: Path) -> Any:
    """The model that transformers makes of a config, with its weights saved; None if it fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import AutoConfig, AutoModelForCausalLM

        torch.manual_seed(0)
        try:
            config = AutoConfig.from_pretrained(folder)
            model = AutoModelForCausalLM.from_config(
                config, attn_implementation="eager"
            )
            perturb(model)
            model.float().eval().save_pretrained(folder / "saved")
        except Exception:
            return None
    (folder / "saved" / "model.safetensors").rename(folder / "model.safetensors")
    shutil.rmtree(folder / "saved")
    return model


def tokens_for(config: dict[str, Any], case: Case) -> torch.Tensor:
    """Two sequences that fit into the context."""
    generator = torch.Generator().manual_seed(1)
    limits = [config.get(name) for name in ("max_position_embeddings", "n_positions")]
    sizes = [limit for limit in limits if type(limit) is int and limit > 0]
    vocab = config.get("vocab_size")
    top = min(300, vocab) if type(vocab) is int and vocab > 4 else 300
    length = min([case.length, *sizes])
    return torch.randint(min(3, top - 1), top, (2, length), generator=generator)
