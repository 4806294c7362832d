"""No key is without effect: change any one, and the plan or the generated text changes.

The list of keys is the field tables themselves, so that a new key without a line here fails.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.property.compiling import compile_text
from tests.property.encoder_keys import ENCODER_KEYS, encoder_texts
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

Line = tuple[str, str, str]
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
OWN = 'python("a.py:A"{})'
PEER = "peer(experts = 4**2, heads = 2, top_k = 4, key_dim = 8{})"
PKM = "pkm(memories = 4**2, heads = 2, top_k = 4, key_dim = 8{})"
CDMOE = "cdmoe(experts = 4**2, key_dim = 8{})"
MOE = "moe(experts = 4, expert = mlp(hidden = 8){})"

SPREAD = "zero = 1, gpus = 2"

LONG = "longrope(short = {}, long = {}, original = {})"
ONES = "[1, 1, 1, 1, 1, 1, 1, 1]"
TWOS = "[1, 1, 1, 1, 2, 2, 2, 2]"


def position(before: str, after: str) -> Line:
    """Two positions of the attention."""
    return ("attention", f", position = {before}", f", position = {after}")


def rope(before: str, after: str) -> Line:
    """Two arguments of RoPE."""
    return position(f"rope({before})", f"rope({after})")


def scaling(before: str, after: str) -> Line:
    """Two scalings of RoPE."""
    return rope(f"scaling = {before}", f"scaling = {after}")


def pattern(before: str, after: str) -> Line:
    """Two patterns of the attention."""
    return ("attention", f", pattern = {before}", f", pattern = {after}")


def block(before: str, after: str) -> Line:
    """Two lines of the block."""
    return ("block", before, after)


def mla(before: str, after: str) -> Line:
    """Two latent attentions; what is not said of them is small."""

    def write(changes: str) -> str:
        usual = {"heads": "heads = 2", "kv_rank": "kv_rank = 16"}
        more = [word for word in changes.split(", ") if word]
        kept = [u for k, u in usual.items() if not any(m.startswith(k) for m in more)]
        return f"mla({', '.join([*kept, *more])})"

    return ("mixer", write(before), write(after))


# Each key: the slot of BASE, and two texts that must differ in effect.
KEYS: dict[str, Line] = {
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
    "rmsnorm.weight": ("head", "norm = rmsnorm", "norm = rmsnorm(weight = false)"),
    "rmsnorm.unit_offset": (
        "head",
        "norm = rmsnorm",
        "norm = rmsnorm(unit_offset = true)",
    ),
    "layernorm.weight": (
        "head",
        "norm = layernorm(bias = false)",
        "norm = layernorm(bias = false, weight = false)",
    ),
    "l2norm.eps": ("head", "norm = l2norm", "norm = l2norm(eps = 1e-3)"),
    "l2norm.weight": ("head", "norm = l2norm", "norm = l2norm(weight = false)"),
    "rope.fraction": rope("", "fraction = 1/2"),
    "rope.interleaved": rope("", "interleaved = true"),
    "rope.scaling": rope("", "scaling = linear(2)"),
    "linear.factor": scaling("linear(2)", "linear(3)"),
    "ntk.factor": scaling("ntk(2)", "ntk(3)"),
    "dynamic.factor": scaling("dynamic(2)", "dynamic(3)"),
    "dynamic.original": scaling("dynamic(2)", "dynamic(2, original = 4)"),
    "yarn.factor": scaling("yarn(2)", "yarn(3)"),
    "yarn.original": scaling("yarn(2)", "yarn(2, original = 4)"),
    "yarn.beta_fast": scaling("yarn(2)", "yarn(2, beta_fast = 2)"),
    "yarn.beta_slow": scaling("yarn(2)", "yarn(2, beta_slow = 0.1)"),
    "yarn.attention": scaling("yarn(2)", "yarn(2, attention = 1)"),
    "yarn.truncate": scaling("yarn(2)", "yarn(2, truncate = false)"),
    "llama3.factor": scaling("llama3(2)", "llama3(3)"),
    "llama3.original": scaling("llama3(2)", "llama3(2, original = 4)"),
    "llama3.low": scaling("llama3(2)", "llama3(2, low = 2)"),
    "llama3.high": scaling("llama3(2)", "llama3(2, high = 8)"),
    "longrope.short": scaling(LONG.format(ONES, ONES, 4), LONG.format(TWOS, ONES, 4)),
    "longrope.long": scaling(LONG.format(ONES, ONES, 4), LONG.format(ONES, TWOS, 4)),
    "longrope.original": scaling(
        LONG.format(ONES, TWOS, 4), LONG.format(ONES, TWOS, 8)
    ),
    "longrope.attention": scaling(
        LONG.format(ONES, TWOS, 4), LONG.format(ONES, TWOS, "4, attention = 2")
    ),
    "xpos.theta": position("xpos", "xpos(theta = 500)"),
    "xpos.scale_base": position("xpos", "xpos(scale_base = 64)"),
    "alibi.heads": position("alibi", "alibi(heads = 2)"),
    "alibi.spread": position("alibi(heads = 3)", "alibi(heads = 3, spread = above)"),
    "alibi.steepest": position("alibi", "alibi(steepest = 4)"),
    "t5_bias.buckets": position("t5_bias", "t5_bias(buckets = 8)"),
    "t5_bias.distance": position("t5_bias", "t5_bias(distance = 64)"),
    "t5_bias.shared": position("t5_bias", "t5_bias(shared = false)"),
    "local.window": pattern("local(4)", "local(8)"),
    "strided.stride": pattern("strided(4)", "strided(8)"),
    "dilated.window": pattern(
        "dilated(window = 2, dilation = 3)", "dilated(window = 4, dilation = 3)"
    ),
    "dilated.dilation": pattern(
        "dilated(window = 2, dilation = 3)", "dilated(window = 2, dilation = 4)"
    ),
    "chunked.size": pattern("chunked(4)", "chunked(8)"),
    "attention.pattern": ("attention", "", ", pattern = strided(4)"),
    "attention.qk_norm_over": (
        "attention",
        ", qk_norm = rmsnorm",
        ", qk_norm = rmsnorm, qk_norm_over = all",
    ),
    "attention.scale": ("attention", "", ", scale = 1"),
    "attention.softcap": ("attention", "", ", softcap = 30"),
    "attention.sink": ("attention", "", ", sink = learned"),
    "attention.softmax_power": ("attention", "", ", softmax_power = 0.9"),
    "attention.dynamic_mask": ("attention", "", ", dynamic_mask = 4"),
    "attention.gate": ("attention", "", ", gate = headwise"),
    "attention.shift_tokens": ("attention", "", ", shift_tokens = 1"),
    "attention.out_bias": ("attention", "", ", out_bias = true"),
    "mla.heads": mla("", "heads = 4"),
    "mla.kv_rank": mla("", "kv_rank = 24"),
    "mla.q_rank": mla("", "q_rank = 8"),
    "mla.nope_dim": mla("nope_dim = 8, v_dim = 8", "nope_dim = 16, v_dim = 8"),
    "mla.rope_dim": mla("", "rope_dim = 8"),
    "mla.v_dim": mla("", "v_dim = 8"),
    "mla.position": mla("", "position = rope"),
    "mla.norm": mla("", "norm = layernorm"),
    "mla.scale": mla("", "scale = 1"),
    "mla.bias": mla("", "bias = true"),
    "mla.dropout": mla("", "dropout = 0.1"),
    "mla.kernel": mla("", "kernel = eager"),
    "scaled.branch": block("residual = scaled", "residual = scaled(branch = 2)"),
    "scaled.stream": block("residual = scaled", "residual = scaled(stream = 2)"),
    "learned.on": block("residual = learned", "residual = learned(on = branch)"),
    "block.placement": block("", "placement = sandwich"),
    "block.parallel": block("", "parallel = true"),
    "block.parallel_norms": block(
        "parallel = true", "parallel = true, parallel_norms = 2"
    ),
    "block.residual": block("", "residual = scaled(branch = 1/2)"),
    "sinusoidal.layout": (
        "embedding",
        "position = sinusoidal",
        "position = sinusoidal(layout = interleaved)",
    ),
    "embedding.scale": ("embedding", "", "scale = 2"),
    "embedding.norm": ("embedding", "", "norm = rmsnorm"),
    "mtp.depth": ("head", "mtp = mtp(1)", "mtp = mtp(2)"),
    "mtp.weight": ("head", "mtp = mtp(1)", "mtp = mtp(1, weight = 1)"),
    "head.transform": ("head", "", "transform = gelu"),
    "head.bias": ("head", "", "bias = true"),
    "head.scale": ("head", "", "scale = 2"),
    "head.softcap": ("head", "", "softcap = 30"),
    "head.mtp": ("head", "", "mtp = mtp(1)"),
    "glu.activation": ("ffn", "glu", "glu(activation = tanh)"),
    "normal.embedding": ("model", "", "init = normal(embedding = 1)"),
    "xavier.embedding": ("model", "init = xavier", "init = xavier(embedding = 1)"),
    "fan_in.embedding": ("model", "init = fan_in", "init = fan_in(embedding = 2)"),
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
    "moe.top_k": ("ffn", MOE.format(""), MOE.format(", top_k = 3")),
    "moe.expert": ("ffn", MOE.format(""), "moe(experts = 4)"),
    "moe.router": ("ffn", MOE.format(""), MOE.format(", router = sigmoid")),
    "moe.shared": ("ffn", MOE.format(""), MOE.format(", shared = 1")),
    "moe.shared_hidden": (
        "ffn",
        MOE.format(", shared = 1"),
        MOE.format(", shared = 1, shared_hidden = 12"),
    ),
    "moe.shared_gate": (
        "ffn",
        MOE.format(", shared = 1"),
        MOE.format(", shared = 1, shared_gate = true"),
    ),
    "moe.normalise": ("ffn", MOE.format(""), MOE.format(", normalise = false")),
    "moe.scale": ("ffn", MOE.format(""), MOE.format(", scale = 2.5")),
    "moe.bias": ("ffn", MOE.format(""), MOE.format(", bias = true")),
    "moe.groups": ("ffn", MOE.format(""), MOE.format(", groups = limited(2, 1)")),
    "moe.balance": ("ffn", MOE.format(""), MOE.format(", balance = none")),
    "moe.z_loss": ("ffn", MOE.format(""), MOE.format(", z_loss = 0.1")),
    "moe.capacity": ("ffn", MOE.format(""), MOE.format(", capacity = 1.25")),
    "moe.clamp": (
        "ffn",
        "moe(experts = 4)",
        "moe(experts = 4, clamp = 7)",
    ),
    "moe.kernel": (
        "ffn",
        MOE.format(", kernel = loop"),
        MOE.format(", kernel = triton"),
    ),
    "sinkhorn.rounds": (
        "ffn",
        MOE.format(", router = sinkhorn"),
        MOE.format(", router = sinkhorn(3)"),
    ),
    "sparsemixer.jitter": (
        "ffn",
        MOE.format(", router = sparsemixer"),
        MOE.format(", router = sparsemixer(0.1)"),
    ),
    "expert_choice.sees_later_tokens": (
        "ffn",
        MOE.format(", router = expert_choice(sees_later_tokens = false)"),
        MOE.format(", router = expert_choice(sees_later_tokens = true)"),
    ),
    "switch.weight": (
        "ffn",
        MOE.format(", balance = switch"),
        MOE.format(", balance = switch(0.1)"),
    ),
    "loss_free.rate": (
        "ffn",
        MOE.format(", balance = loss_free"),
        MOE.format(", balance = loss_free(0.1)"),
    ),
    "limited.count": (
        "ffn",
        MOE.format(", groups = limited(2, 2)"),
        MOE.format(", groups = limited(4, 2, score = max)"),
    ),
    "limited.keep": (
        "ffn",
        MOE.format(", groups = limited(2, 1)"),
        MOE.format(", groups = limited(2, 2)"),
    ),
    "limited.score": (
        "ffn",
        MOE.format(", groups = limited(2, 1)"),
        MOE.format(", groups = limited(2, 1, score = max)"),
    ),
    "peer.experts": ("ffn", PEER.format(""), PEER.format("").replace("4**2", "5**2")),
    "peer.heads": (
        "ffn",
        PEER.format(""),
        PEER.format("").replace("heads = 2", "heads = 3"),
    ),
    "peer.top_k": (
        "ffn",
        PEER.format(""),
        PEER.format("").replace("top_k = 4", "top_k = 5"),
    ),
    "peer.key_dim": (
        "ffn",
        PEER.format(""),
        PEER.format("").replace("key_dim = 8", "key_dim = 6"),
    ),
    "peer.query_norm": (
        "ffn",
        PEER.format(""),
        PEER.format(", query_norm = layernorm"),
    ),
    "peer.scores": ("ffn", PEER.format(""), PEER.format(", scores = sigmoid")),
    "peer.share_keys": ("ffn", PEER.format(""), PEER.format(", share_keys = false")),
    "peer.kernel": ("ffn", PEER.format(""), PEER.format(", kernel = gather")),
    "peer.activation": ("ffn", PEER.format(""), PEER.format(", activation = relu")),
    "peer.glu": ("ffn", PEER.format(""), PEER.format(", glu = true")),
    "pkm.memories": ("ffn", PKM.format(""), PKM.format("").replace("4**2", "5**2")),
    "pkm.heads": (
        "ffn",
        PKM.format(""),
        PKM.format("").replace("heads = 2", "heads = 3"),
    ),
    "pkm.top_k": (
        "ffn",
        PKM.format(""),
        PKM.format("").replace("top_k = 4", "top_k = 5"),
    ),
    "pkm.key_dim": (
        "ffn",
        PKM.format(""),
        PKM.format("").replace("key_dim = 8", "key_dim = 6"),
    ),
    "pkm.query_norm": ("ffn", PKM.format(""), PKM.format(", query_norm = layernorm")),
    "pkm.scores": ("ffn", PKM.format(""), PKM.format(", scores = sigmoid")),
    "pkm.share_keys": ("ffn", PKM.format(""), PKM.format(", share_keys = true")),
    "pkm.kernel": ("ffn", PKM.format(""), PKM.format(", kernel = fused")),
    "cdmoe.experts": (
        "ffn",
        CDMOE.format(""),
        CDMOE.format("").replace("4**2", "5**2"),
    ),
    "cdmoe.heads": ("ffn", CDMOE.format(""), CDMOE.format(", heads = 3")),
    "cdmoe.top_k": ("ffn", CDMOE.format(""), CDMOE.format(", top_k = 5")),
    "cdmoe.key_dim": (
        "ffn",
        CDMOE.format(""),
        CDMOE.format("").replace("key_dim = 8", "key_dim = 6"),
    ),
    "cdmoe.query_norm": (
        "ffn",
        CDMOE.format(""),
        CDMOE.format(", query_norm = layernorm"),
    ),
    "cdmoe.scores": ("ffn", CDMOE.format(""), CDMOE.format(", scores = sigmoid")),
    "cdmoe.share_keys": ("ffn", CDMOE.format(""), CDMOE.format(", share_keys = true")),
    "cdmoe.kernel": ("ffn", CDMOE.format(""), CDMOE.format(", kernel = gather")),
    "cdmoe.activation": ("ffn", CDMOE.format(""), CDMOE.format(", activation = relu")),
    "cdmoe.shared": ("ffn", CDMOE.format(""), CDMOE.format(", shared = mlp")),
    "python.path": ("ffn", 'python("a.py:A")', 'python("a.py:B")'),
    "python.parameters": ("ffn", OWN.format(""), OWN.format(", parameters = 5")),
    "python.flops": ("ffn", OWN.format(""), OWN.format(", flops = 5")),
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
    "deepspeed.expert_parallel": (
        "deepspeed",
        SPREAD,
        f"{SPREAD}, expert_parallel = 2",
    ),
}

for _kind, _text in (("peer", PEER), ("pkm", PKM), ("cdmoe", CDMOE)):
    _grown = _text.replace("4**2", "6**2").format(", grow_from = 4**2{}")
    _pairs = {
        "factors": (_text.replace("4**2", "64"), "", ", factors = 3"),
        "gradients": (_text, "", ", gradients = sparse"),
        "grow_from": (_text.replace("4**2", "6**2"), "", ", grow_from = 4**2"),
        "freeze": (_grown, "", ", freeze = old"),
    }
    for _key, (_base, _before, _after) in _pairs.items():
        if _key == "factors":
            _base = _base.replace("key_dim = 8", "key_dim = 6")
        KEYS[f"{_kind}.{_key}"] = ("ffn", _base.format(_before), _base.format(_after))
for _gate in ("swiglu", "geglu", "reglu", "glu"):
    KEYS[f"{_gate}.hidden"] = ("ffn", f"{_gate}(hidden = 8)", f"{_gate}(hidden = 12)")
    KEYS[f"{_gate}.bias"] = ("ffn", _gate, f"{_gate}(bias = true)")
    KEYS[f"{_gate}.unit_offset"] = ("ffn", _gate, f"{_gate}(unit_offset = true)")
CONSENTS = {"expert_choice.sees_later_tokens"}
"""Keys that accept what is an error without them."""
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
        for slot, kinds in KINDS.items()
        for name, kind in (
            ("cross" if slot == "cross" else n, k) for n, k in kinds.items()
        )
        for key in settings_of(kind.cls)
    ]
    return found + [
        f"{name}.{key}" for name, cls in SECTIONS.items() for key in settings_of(cls)
    ]


def texts(key: str) -> tuple[str, str]:
    """Two specs that differ in the key alone."""
    if key in ENCODER_KEYS:
        return encoder_texts(key)
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
    if key == "deepspeed.expert_parallel":  # there must be experts
        text = spec({"deepspeed": KEYS[key][1], "ffn": MOE.format("")})
        return text, text.replace(KEYS[key][1], KEYS[key][2], 1)
    slot, before, after = KEYS[key]
    if slot == "mixer":
        text = spec({})
        return text.replace(MIXER, f"mixer = {before}", 1), text.replace(
            MIXER, f"mixer = {after}", 1
        )
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


def write_classes(folder: Path) -> None:
    """What specs with classes of their own name."""
    text = "class A:\n    def __init__(self, width, **more): ...\n\n\nclass B(A): ...\n"
    for name in ("a.py", "b.py"):
        (folder / name).write_text(f"# {name}\n{text}", "utf-8")


def test_every_key_has_a_line() -> None:
    assert sorted(set(all_keys())) == sorted([*KEYS, *ENCODER_KEYS])


@pytest.mark.parametrize("key", sorted(CONSENTS))
def test_consent_turns_an_error_into_a_model(key: str, tmp_path: Path) -> None:
    before, after = texts(key)
    with pytest.raises(AssertionError, match="expert-choice-sees-ahead"):
        compile_text(before, tmp_path)
    compile_text(after, tmp_path)


@pytest.mark.parametrize("key", sorted({*KEYS, *ENCODER_KEYS} - CONSENTS))
def test_key_has_an_effect(key: str, tmp_path: Path) -> None:
    before, after = texts(key)
    assert before != after
    write_classes(tmp_path)
    one, other = compile_text(before, tmp_path), compile_text(after, tmp_path)
    if key == "builtin.name":
        assert (
            one.training.data != other.training.data
        )  # one legal name: compared with a file
    assert effect(one) != effect(other)


FREE = [
    "",
    ", x = 1",
    ", y = 1",
    ", x = 2",
    ", x = true",
    ", x = 1.5",
    ', x = "1"',
    ", x = none",
]


def test_every_argument_of_a_class_has_an_effect(tmp_path: Path) -> None:
    """Free keys go to the constructor: no two of these calls are the same model."""
    write_classes(tmp_path)
    for slot in ("ffn", "mixer"):
        made = {
            compile_own(slot, f'python("a.py:A"{arguments})', tmp_path)
            for arguments in FREE
        }
        assert len(made) == len(FREE)


def test_the_file_and_its_text_have_an_effect(tmp_path: Path) -> None:
    write_classes(tmp_path)
    texts = [compile_own("ffn", f'python("{name}.py:A")', tmp_path) for name in "ab"]
    (tmp_path / "a.py").write_text("class A: ...\n", "utf-8")
    texts.append(compile_own("ffn", 'python("a.py:A")', tmp_path))
    assert len(set(texts)) == 3


def compile_own(slot: str, value: str, folder: Path) -> str:
    """The effect of a part of the user's own."""
    text = spec({"block": f"{slot} = {value}"} if slot == "ffn" else {})
    if slot == "ffn":
        text = text.replace("    ffn = mlp(hidden = 8)\n", "", 1)
    else:
        text = text.replace(MIXER, f"mixer = {value}", 1)
    return repr(effect(compile_text(text, folder)))
