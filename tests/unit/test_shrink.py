"""Every size of every kind becomes small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vslmc.driver.compile import Request, compile_one
from vslmc.plan.nodes import Moe
from vslmc.shrink import shrink_spec
from vslmc.shrink.kinds import shape_of
from vslmc.spec.fields import KINDS, settings_of
from vslmc.spec.values import FieldType, Or, Whole

MOST = 320
"""No number of a twin is larger: it is the vocabulary beside an encoder."""
SLOTS = ("mixer", "cross", "pattern", "position", "scaling", "ffn")
FACTORS = ", ".join(["1.5"] * 64)
ROPE = "mixer = attention(heads = 32, position = rope(scaling = {}))"
LARGE = {
    "mixer attention": "mixer = attention(heads = 64, head_dim = 512, kv_heads = 16, "
    "window = 2048, shift_tokens = 511)",
    "mixer mla": "mixer = mla(heads = 64, kv_rank = 512, q_rank = 1536, nope_dim = 512, "
    "rope_dim = 512, v_dim = 1024)",
    "cross attention": "cross = attention(heads = 64, head_dim = 512, kv_heads = 16)",
    "pattern local": "mixer.pattern = local(2048)",
    "pattern strided": "mixer.pattern = strided(512)",
    "pattern dilated": "mixer.pattern = dilated(window = 512, dilation = 512)",
    "pattern chunked": "mixer.pattern = chunked(2048)",
    "position alibi": "mixer = attention(heads = 1024, position = alibi(heads = 512))",
    "position t5_bias": "mixer.position = t5_bias(buckets = 512, distance = 1024)",
    "scaling dynamic": ROPE.format("dynamic(4, original = 1024)"),
    "scaling yarn": ROPE.format("yarn(4, original = 1024)"),
    "scaling llama3": ROPE.format("llama3(4, original = 1024)"),
    "scaling longrope": ROPE.format(
        f"longrope(short = [{FACTORS}], long = [{FACTORS}], original = 1024)"
    ),
    "ffn mlp": "ffn = mlp(hidden = 16384)",
    "ffn swiglu": "ffn = swiglu(hidden = 16384)",
    "ffn geglu": "ffn = geglu(hidden = 16384)",
    "ffn reglu": "ffn = reglu(hidden = 16384)",
    "ffn glu": "ffn = glu(hidden = 16384)",
    "ffn moe": "ffn = moe(experts = 512, top_k = 400, shared = 400, "
    "shared_hidden = 8192, groups = limited(16, keep = 14), expert = swiglu(hidden = 16384))",
    "ffn peer": "ffn = peer(experts = 1024**2, heads = 16, top_k = 64, key_dim = 512)",
    "ffn pkm": "ffn = pkm(memories = 512**2, heads = 16, top_k = 64, key_dim = 512)",
    "ffn cdmoe": "ffn = cdmoe(experts = 512**2, heads = 16, top_k = 64, key_dim = 512, "
    "shared = swiglu(hidden = 16384))",
}
"""A layer for every kind that has sizes, all of them large."""


def has_sizes(type_: FieldType) -> bool:
    """Whether a key takes a whole number."""
    return isinstance(type_, Whole) or (
        isinstance(type_, Or) and has_sizes(type_.other)
    )


def test_every_kind_with_sizes_is_here() -> None:
    found = {
        f"{slot} {kind.name}"
        for slot in SLOTS
        for kind in KINDS[slot].values()
        if any(has_sizes(setting.type) for setting in settings_of(kind.cls).values())
    }
    # Parts of the user's own have no twin.
    assert found - set(LARGE) == {"mixer python", "ffn python"}


@pytest.mark.parametrize("kind", LARGE)
def test_no_number_of_a_twin_is_large(kind: str) -> None:
    encoder = "encoder { layers { 2 * side } }" if kind.startswith("cross") else ""
    text = f"""
block side {{ mixer = attention(heads = 32), ffn = swiglu }}
block base extends side {{ {LARGE[kind]} }}
model large {{
    vocab = 32k, context = 4096, width = 4096
    {encoder}
    layers {{ 40 * base }}
}}"""
    request = Request(Path("large.vslm"), text=text)
    plan, twin = compile_one(request).value, shrink_spec(request).value
    assert plan is not None
    assert twin is not None
    numbers = [int(number) for number in re.findall(r"(?<![\w.])\d+", twin)]
    assert max(number for number in numbers if number != 2026) <= MOST, twin
    small = compile_one(Request(Path("twin.vslm"), text=twin)).value
    assert small is not None
    assert shape_of(small) == shape_of(plan)
    assert small.parameters < 400_000


def test_a_twin_of_spread_experts_has_them_in_one_process() -> None:
    text = """
recipe spread { deepspeed { zero = 1, gpus = 2, expert_parallel = 2 } }
block few { mixer = attention(heads = 4), ffn = moe(experts = 4) }
model large {
    vocab = 256, context = 64, width = 64, recipe = spread
    layers { few, few { ffn.experts = 8 } }
}"""
    request = Request(Path("large.vslm"), text=text)
    twin = shrink_spec(request).value
    assert twin is not None
    assert "expert_parallel" not in twin
    small = compile_one(Request(Path("twin.vslm"), text=twin)).value
    assert small is not None
    ffns = [layer.ffn for layer in small.decoder.layers]
    kernels = [ffn.kernel for ffn in ffns if isinstance(ffn, Moe)]
    assert kernels == ["grouped"]  # of one structure
