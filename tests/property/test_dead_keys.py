"""No key is without effect: change any one, and the plan or the generated text changes.

The list of keys is the field tables themselves, so that a new key without a line here fails.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.property.compiling import compile_text
from vslmc.plan.json import plan_to_json
from vslmc.plan.nodes import Plan
from vslmc.render.launch import render_ds_config, render_launch_sh, render_launch_slurm
from vslmc.render.model import render_model
from vslmc.render.training import render_data, render_train
from vslmc.source import Origin
from vslmc.spec.fields import KINDS, settings_of
from vslmc.spec.sections import SECTIONS

BASE = """block base {{
    width = 16
    norm = rmsnorm
    mixer = attention(heads = 4, head_dim = 16{attention})
    ffn = {ffn}
    {block}
}}
model m {{
    vocab = 256, context = 16, width = 32
    {model}
    embedding {{ {embedding} }}
    head {{ {head} }}
    layers {{ 2 * base }}
    recipe = r
}}
recipe r {{
    {recipe}
    train {{ {train} }}
    deepspeed {{ {deepspeed} }}
}}
"""

SLOTS = (
    "attention",
    "ffn",
    "block",
    "model",
    "embedding",
    "head",
    "recipe",
    "train",
    "deepspeed",
)
MOE = "moe(experts = 4, expert = mlp(hidden = 8){})"

# Each key: the slot of BASE, and two texts that must differ in effect.
KEYS: dict[str, tuple[str, str, str]] = {
    "rmsnorm.eps": (
        "block",
        "norm = rmsnorm(eps = 1e-5)",
        "norm = rmsnorm(eps = 1e-6)",
    ),
    "layernorm.eps": ("head", "norm = layernorm", "norm = layernorm(eps = 1e-6)"),
    "layernorm.bias": ("head", "norm = layernorm", "norm = layernorm(bias = false)"),
    "rope.theta": ("attention", ", position = rope", ", position = rope(theta = 500)"),
    "attention.heads": ("block", "", "mixer.heads = 2"),
    "attention.head_dim": ("block", "", "mixer.head_dim = 8"),
    "attention.kv_heads": ("attention", "", ", kv_heads = 2"),
    "attention.kv": ("layers", "1 * base", "1 * base { mixer.kv = from_previous }"),
    "lora.rank": ("layers", "lora(rank = 1)", "lora(rank = 2)"),
    "attention.window": ("attention", "", ", window = 4"),
    "attention.position": ("attention", "", ", position = rope"),
    "attention.qk_norm": ("attention", "", ", qk_norm = rmsnorm"),
    "attention.qk_norm_after": (
        "attention",
        ", position = rope, qk_norm = rmsnorm",
        ", position = rope, qk_norm = rmsnorm, qk_norm_after = true",
    ),
    "attention.clip": ("attention", "", ", clip = 8"),
    "attention.bias": ("attention", "", ", bias = true"),
    "attention.dropout": ("attention", "", ", dropout = 0.1"),
    "attention.kernel": ("attention", "", ", kernel = eager"),
    "mlp.hidden": ("ffn", "mlp(hidden = 8)", "mlp(hidden = 12)"),
    "mlp.activation": ("ffn", "mlp", "mlp(activation = relu)"),
    "mlp.bias": ("ffn", "mlp", "mlp(bias = true)"),
    "moe.experts": (
        "ffn",
        "moe(experts = 3, expert = mlp)",
        "moe(experts = 4, expert = mlp)",
    ),
    "moe.top_k": ("ffn", MOE.format(""), MOE.format(", top_k = 1")),
    "moe.expert": ("ffn", MOE.format(""), "moe(experts = 4)"),
    "moe.shared": ("ffn", MOE.format(""), MOE.format(", shared = 1")),
    "moe.normalise": ("ffn", MOE.format(""), MOE.format(", normalise = false")),
    "moe.balance": ("ffn", MOE.format(""), MOE.format(", balance = 0.1")),
    "normal.std": ("model", "", "init = normal(std = 0.1)"),
    "normal.residual": ("model", "", "init = normal(residual = plain)"),
    "builtin.name": (
        "recipe",
        'data = text("a.txt")',
        "data = builtin(python_reference)",
    ),
    "text.path": ("recipe", 'data = text("a.txt")', 'data = text("b.txt")'),
    "adamw.lr": ("train", "", "optimizer = adamw(lr = 2e-3)"),
    "adamw.betas": ("train", "", "optimizer = adamw(betas = (0.8, 0.9))"),
    "adamw.eps": ("train", "", "optimizer = adamw(eps = 1e-6)"),
    "adamw.weight_decay": ("train", "", "optimizer = adamw(weight_decay = 0)"),
    "cosine.warmup": ("train", "", "schedule = cosine(warmup = 50)"),
    "cosine.final": ("train", "", "schedule = cosine(final = 0)"),
    "constant.warmup": (
        "train",
        "schedule = constant",
        "schedule = constant(warmup = 50)",
    ),
    "block.width": (
        "block",
        "",
        "mixer.head_dim = 16\n}\nblock other extends base { width = 24",
    ),
    "block.norm": ("block", "", "norm = none"),
    "block.mixer": ("block", "", "mixer = none"),
    "block.ffn": ("ffn", "mlp", "none"),
    "block.dropout": ("block", "", "dropout = 0.1"),
    "model.vocab": ("model", "", "vocab = 300"),
    "model.context": ("model", "", "context = 32"),
    "model.width": ("block", "ffn.hidden = 8", ""),
    "model.resize": ("model", "", "resize = pad"),
    "model.init": ("model", "", "init = normal(std = 0.5)"),
    "embedding.tie": ("embedding", "", "tie = true"),
    "embedding.position": ("embedding", "", "position = learned"),
    "embedding.dropout": ("embedding", "", "dropout = 0.1"),
    "head.norm": ("head", "", "norm = none"),
    "recipe.data": ("recipe", "", 'data = text("a.txt")'),
    "recipe.tokenizer": ("recipe", "", "tokenizer = char"),
    "train.steps": ("train", "", "steps = 7"),
    "train.tokens": ("train", "", "tokens = 100k"),
    "train.batch": ("train", "", "batch = 64"),
    "train.micro_batch": ("train", "", "micro_batch = 2"),
    "train.optimizer": ("train", "", "optimizer = adamw(lr = 1)"),
    "train.schedule": ("train", "", "schedule = constant"),
    "train.clip": ("train", "", "clip = none"),
    "train.precision": ("train", "", "precision = bf16"),
    "train.seed": ("train", "", "seed = 1"),
    "train.validation": ("train", "", "validation = 5%"),
    "train.evaluate_every": ("train", "", "evaluate_every = 3"),
    "train.evaluate_batches": ("train", "", "evaluate_batches = all"),
    "train.checkpoint_every": ("train", "", "checkpoint_every = 3"),
    "train.log_every": ("train", "", "log_every = 3"),
    "train.device": ("train", "", "device = cpu"),
    "deepspeed.zero": ("deepspeed", "", "zero = 2"),
    "deepspeed.gpus": ("deepspeed", "", "gpus = 2"),
    "deepspeed.nodes": ("deepspeed", "", "nodes = 2"),
}
for _gate in ("swiglu", "geglu", "reglu"):
    KEYS[f"{_gate}.hidden"] = ("ffn", f"{_gate}(hidden = 8)", f"{_gate}(hidden = 12)")
    KEYS[f"{_gate}.bias"] = ("ffn", _gate, f"{_gate}(bias = true)")
# Keys of the model's own body that BASE sets, changed by a variant's text instead.
REPLACED = {
    "attention.head_dim",
    "attention.heads",
    "block.mixer",
    "block.norm",
    "model.context",
    "model.vocab",
    "rmsnorm.eps",
}


def all_keys() -> list[str]:
    """Every key of the language, by the field tables."""
    found = [
        f"{name}.{key}"
        for kinds in KINDS.values()
        for name, kind in kinds.items()
        for key in settings_of(kind.cls)
    ]
    return found + [
        f"{name}.{key}" for name, cls in SECTIONS.items() for key in settings_of(cls)
    ]


def texts(key: str) -> tuple[str, str]:
    """Two specs that differ in the key alone."""
    if key == "model.width":
        text = spec({"ffn": "mlp(hidden = 8)"}).replace("    width = 16\n", "", 1)
        return text, text.replace("width = 32", "width = 64")
    if key == "model.resize":  # it speaks of changes of width: there must be one
        text = spec({}).replace("2 * base", "base, base { width = 24 }")
        return text, text.replace("width = 32\n", "width = 32\n resize = pad", 1)
    if key == "attention.kv":  # the first layer has keys of its own
        text = spec({}).replace("2 * base", "1 * base, 1 * base")
        return text, text.replace(KEYS[key][1] + " }", KEYS[key][2] + " }", 1)
    if key == "lora.rank":
        text = spec({}).replace("2 * base", f"loop 2 {{ base }} with {KEYS[key][1]}")
        return text, text.replace(KEYS[key][1], KEYS[key][2])
    if key == "block.width":
        text = spec({})
        return text, text.replace("    width = 16\n", "    width = 24\n", 1)
    slot, before, after = KEYS[key]
    if key not in REPLACED:
        return spec({slot: before}), spec({slot: after})
    name = after.split("=")[0].strip()
    if "." in name:
        name, _, argument = name.partition(".")
        value = after.split("=")[1].strip()
        old = {"heads": "heads = 4", "head_dim": "head_dim = 16"}[argument]
        return spec({}), spec({}).replace(old, f"{argument} = {value}")
    text = spec({})
    line = next(
        item
        for item in ("vocab = 256", "context = 16", "norm = rmsnorm\n", MIXER)
        if item.startswith(name)
    )
    return text, text.replace(line, after + ("\n" if line.endswith("\n") else ""), 1)


MIXER = "mixer = attention(heads = 4, head_dim = 16)"


def spec(filled: dict[str, str]) -> str:
    """BASE with some slots filled."""
    slots = dict.fromkeys(SLOTS, "") | {"ffn": "mlp(hidden = 8)"} | filled
    return BASE.format(**slots)


def effect(plan: Plan) -> tuple[object, ...]:
    """What a plan is, and what is generated from it, without its origins."""
    renderers = (render_model, render_train, render_data, render_ds_config)
    texts = [
        render(plan) for render in (*renderers, render_launch_sh, render_launch_slurm)
    ]
    nowhere = replace(plan, origin=Origin())
    return (strip(plan_to_json(nowhere)), *texts)


def strip(data: Any) -> Any:
    """Plain data without origins."""
    if isinstance(data, dict):
        items = cast("dict[str, Any]", data)
        return {key: strip(value) for key, value in items.items() if key != "origin"}
    if isinstance(data, list):
        return [strip(item) for item in cast("list[Any]", data)]
    return data


def test_every_key_has_a_line() -> None:
    assert sorted(set(all_keys())) == sorted(KEYS)


@pytest.mark.parametrize("key", sorted(KEYS))
def test_key_has_an_effect(key: str, tmp_path: Path) -> None:
    before, after = texts(key)
    assert before != after
    one, other = compile_text(before, tmp_path), compile_text(after, tmp_path)
    if key == "builtin.name":
        assert (
            one.training.data != other.training.data
        )  # one legal name: compared with a file
    assert effect(one) != effect(other)
