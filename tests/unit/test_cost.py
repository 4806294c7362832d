"""Costs against published counts and against counting by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.property.assemble import Shape, Sizes, assemble, build_moe
from tests.reference.attention import sees
from vslmc.cost.flops import count_flops
from vslmc.cost.memory import (
    count_cache,
    count_plan_state,
    count_training_state,
    count_weights,
)
from vslmc.cost.parameters import count_parameters
from vslmc.cost.visible import count_both_ways, count_causal, count_visible
from vslmc.plan.nodes import (
    Attention,
    Chunked,
    DeepSpeed,
    Dilated,
    Glu,
    Mlp,
    Pattern,
    Plan,
    Strided,
)


def gpt2(width: int, heads: int, depth: int) -> Plan:
    shape = Shape(
        width=width,
        norm="layernorm",
        norm_bias=True,
        heads=heads,
        kv_heads=heads,
        head_dim=width // heads,
        rope=None,
        bias=True,
        ffn=Mlp(4 * width, "gelu_tanh", True),
    )
    sizes = Sizes(
        vocab=50257,
        context=1024,
        learned_positions=True,
        tied=True,
        head_norm="layernorm",
    )
    return assemble([shape] * depth, None, replace(sizes, head_bias=True))


def llama(kv_heads: int, ffn: Glu, vocab: int = 32000) -> Plan:
    shape = Shape(width=4096, heads=32, kv_heads=kv_heads, head_dim=128, ffn=ffn)
    return assemble([shape] * 32, None, Sizes(vocab=vocab, context=2048))


def mixtral() -> Plan:
    moe = build_moe(Glu(14336, "silu", False), 8, 2, 0, True, 0.01)
    shape = Shape(width=4096, heads=32, kv_heads=8, head_dim=128, ffn=moe)
    return assemble([shape] * 32, None, Sizes(vocab=32000, context=4096))


@pytest.mark.parametrize(
    ("plan", "total"),
    [
        (gpt2(768, 12, 12), 124_439_808),
        (gpt2(1600, 25, 48), 1_557_611_200),
        (llama(32, Glu(11008, "silu", False)), 6_738_415_616),
        (llama(8, Glu(14336, "silu", False), 128256), 8_030_261_248),
        (mixtral(), 46_702_792_704),
    ],
    ids=["GPT-2 124M", "GPT-2 1.5B", "LLaMA 7B", "Llama 3 8B", "Mixtral 8x7B"],
)
def test_parameters_of_published_models(plan: Plan, total: int) -> None:
    count = count_parameters(plan)
    assert count.total == total == plan.parameters
    assert count.total == (
        count.embedding + count.head + count.resizes + sum(count.written)
    )


def test_active_parameters_of_mixtral() -> None:
    # 12.9 billion (Jiang et al. 2024, section 2): six of eight experts idle.
    count = count_parameters(mixtral())
    idle = 32 * 6 * 3 * 4096 * 14336
    assert count.active == count.total - idle == 12_879_925_248


@pytest.mark.parametrize("resize", ["carry", "pad", "learned", "project"])
def test_counts_agree_with_the_tensors(resize: str) -> None:
    shared = build_moe(Mlp(6, "relu", True), 4, 1, 2, False, 0.0)
    shapes = [
        Shape(width=4, qk_norm="layernorm", bias=True),
        Shape(width=10, norm="layernorm", norm_bias=True, ffn=shared),
        Shape(width=6, ffn=None, norm=None),
        Shape(width=10, mixer=False),
    ]
    sizes = replace(Sizes(learned_positions=True), resize=resize)
    plan = assemble(shapes, [0, 1, 2, 0, 1, 2, 3], sizes)
    count = count_parameters(plan)
    assert count.total == plan.parameters
    assert count.applied == tuple(count.written[a.owner] for a in plan.decoder.layers)


def test_shared_parts_and_keys_of_the_layer_before_are_stored_once() -> None:
    took = Shape(kv="from_previous", qk_norm="rmsnorm", bias=True, window=2)
    shapes = [Shape(bias=True), took, replace(took, mixer_owner=1), Shape(ffn_owner=0)]
    plan = assemble(shapes, [0, 1, 2, 3, 1])
    counted = count_parameters(plan)
    assert counted.total == plan.parameters
    looped = assemble([Shape(rank=3), Shape(ffn=None, rank=1)], [0, 0, 0, 1])
    assert count_parameters(looped).total == looped.parameters
    # Queries, a norm of them, and the output; then the FFN and its norm.
    assert counted.written[1] == (64 + 8 + 4 + 64 + 8) + 3 * 8 * 12 + 2 * 8
    assert counted.written[2] == counted.written[1] - (64 + 8 + 4 + 64 + 8)
    assert [size > 0 for size in count_cache(plan).layers] == [True, 0, 0, True, 0]


def test_visible_pairs_by_counting() -> None:
    for context in range(1, 9):
        for window in (None, *range(1, 12)):
            pairs = [
                (query, key)
                for query in range(context)
                for key in range(query + 1)
                if window is None or query - key < window
            ]
            assert count_causal(context, window) == len(pairs)
            both = len(pairs) * 2 - context  # the same to the other side
            assert count_both_ways(context, window) == both


@pytest.mark.parametrize(
    "pattern", [Strided(2), Strided(5), Dilated(2, 3), Dilated(9, 2), Chunked(3)]
)
def test_visible_pairs_of_patterns(pattern: Pattern) -> None:
    for context in range(1, 12):
        (layer,) = assemble(
            [Shape(attention=(("pattern", pattern), ("window", None)))],
            sizes=Sizes(context=context),
        ).decoder.layers
        assert isinstance(layer.mixer, Attention)
        pairs = [
            (query, key)
            for query in range(context)
            for key in range(context)
            if sees(layer.mixer, query, key)
        ]
        assert count_visible(layer.mixer, context) == len(pairs)


def test_flops_follow_chinchilla_but_for_what_is_not_seen() -> None:
    # Appendix F for T tokens: 6 T d^2 + 2 T^2 d + 2 T^2 d + 2 T d^2 + 16 T d^2, without
    # the softmax; the causal mask leaves (T + 1) / 2 keys of T on average.
    plan = gpt2(768, 12, 12)
    context, width = 1024, 768
    dense = 6 * width**2 + 2 * width**2 + 16 * width**2
    attention = 4 * width * (context + 1) / 2
    flops = count_flops(plan)
    assert flops.layers == (dense + attention,) * 12
    assert flops.head == 2 * 50257 * width
    assert flops.forward == 12 * (dense + attention) + flops.head
    assert flops.training == 3 * flops.forward


def test_flops_of_windows_resizes_experts_and_repeats() -> None:
    ffn = build_moe(Glu(6, "silu", False), 8, 2, 1, True, 0.0)
    shape = Shape(width=4, heads=1, kv_heads=1, head_dim=4, window=2, ffn=ffn)
    plan = assemble(
        [shape, replace(shape, width=6)], [0, 0, 1], Sizes(resize="project")
    )
    first, again, wide = count_flops(plan).layers
    keys = (1 + 2 * 7) / 8
    assert first == again == 2 * (4 * 12 + 4 * 4) + 4 * 4 * keys + 2 * (3 * 3 * 24 + 32)
    assert wide == (
        2 * 4 * 6 + 2 * (6 * 12 + 4 * 6) + 4 * 4 * keys + 2 * (3 * 3 * 36 + 48)
    )


def test_the_cache_keeps_a_window_for_every_applied_layer() -> None:
    shapes = [Shape(window=3), Shape(kv_heads=2), Shape(mixer=False)]
    cache = count_cache(assemble(shapes, [0, 1, 0, 2]), "bf16")
    assert cache.layers == (3 * 8 * 2, 8 * 16 * 2, 3 * 8 * 2, 0)
    assert cache.token == 2 * (8 + 16 + 8)
    assert cache.total == 48 + 256 + 48


@pytest.mark.parametrize(
    ("zero", "parts"),
    [
        (0, (4000, 4000, 8000)),
        (1, (4000, 4000, 2672)),
        (2, (4000, 1336, 2672)),
        (3, (1336, 1336, 2672)),
    ],
)
def test_training_state_shards_by_stage(zero: int, parts: tuple[int, int, int]) -> None:
    state = count_training_state(1000, zero, 3)
    assert (state.weights, state.gradients, state.moments) == parts
    assert state.total == sum(parts)


def test_a_process_leaves_experts_to_the_others_of_its_group() -> None:
    ffn = build_moe(Glu(6, "silu", True), 8, 2, 1, True, 0.0)
    base = assemble([Shape(width=4, ffn=ffn), Shape(width=4)], [0, 0, 1])
    expert = 3 * 4 * 6 + 2 * 6 + 4
    for zero, size in ((1, 2), (2, 4), (3, 4)):
        launch = DeepSpeed(zero, 4, 1, size)
        training = replace(base.training, deepspeed=launch)
        state = count_plan_state(replace(base, training=training), base.parameters)
        away = 8 * expert - 8 * expert // size
        assert state == count_training_state(base.parameters, zero, 4, away)
        here = base.parameters - away if zero < 3 else -(-base.parameters // 4)
        assert state.weights == 4 * here


def test_weights_in_bytes() -> None:
    assert count_weights(1000) == 4000
    assert count_weights(1000, "bf16") == 2000
