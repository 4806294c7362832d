"""Each law of plans, broken once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.property.assemble import Shape, Sizes, assemble, build_moe
from vslmc.plan.nodes import (
    Attention,
    ExpertChoice,
    Glu,
    Groups,
    Init,
    Kernel,
    KvState,
    Lora,
    Loss,
    LossFree,
    Mlp,
    Moe,
    Norm,
    Plan,
    Resize,
    Rope,
    Sinkhorn,
    SparseMixer,
    Strided,
    SwitchBalance,
    Xpos,
)
from vslmc.plan.passes import PASSES, run_passes
from vslmc.plan.verify import verify_plan


def good_plan(**sizes: Any) -> Plan:
    moe = build_moe(Mlp(6, "gelu", True), 4, 2, 1, True, 0.01)
    shapes = [
        Shape(width=8, qk_norm="layernorm"),
        Shape(width=4, window=3, ffn=moe),
        Shape(width=8),
    ]
    return assemble(shapes, [0, 1, 1, 2, 0], replace(Sizes(resize="project"), **sizes))


def edit_layer(place: int, /, **fields: Any) -> Callable[[Plan], Plan]:
    def edit(plan: Plan) -> Plan:
        layers = list(plan.decoder.layers)
        layers[place] = replace(layers[place], **fields)
        return replace(plan, stacks=(replace(plan.decoder, layers=tuple(layers)),))

    return edit


def edit_mixer(**fields: Any) -> Callable[[Plan], Plan]:
    def edit(plan: Plan) -> Plan:
        mixer = plan.decoder.layers[3].mixer
        assert isinstance(mixer, Attention)
        return edit_layer(3, mixer=replace(mixer, **fields))(plan)

    return edit


def edit_moe(**fields: Any) -> Callable[[Plan], Plan]:
    def edit(plan: Plan) -> Plan:
        ffn = plan.decoder.layers[1].ffn
        assert isinstance(ffn, Moe)
        ffn = replace(ffn, **fields)
        return edit_layer(1, ffn=ffn)(edit_layer(2, ffn=ffn)(plan))

    return edit


def edit_router(**fields: Any) -> Callable[[Plan], Plan]:
    def edit(plan: Plan) -> Plan:
        ffn = plan.decoder.layers[1].ffn
        assert isinstance(ffn, Moe)
        return edit_moe(router=replace(ffn.router, **fields))(plan)

    return edit


def edit_training(**fields: Any) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, training=replace(plan.training, **fields))


def edit_launch(**fields: Any) -> Callable[[Plan], Plan]:
    def edit(plan: Plan) -> Plan:
        launch = replace(plan.training.deepspeed, **fields)
        return edit_training(deepspeed=launch)(plan)

    return edit


def edit_tensor(index: int, **fields: Any) -> Callable[[Plan], Plan]:
    def edit(plan: Plan) -> Plan:
        tensors = list(plan.tensors)
        tensors[index] = replace(tensors[index], **fields)
        return replace(plan, tensors=tuple(tensors))

    return edit


@pytest.mark.parametrize("resize", ["carry", "pad", "learned", "project"])
def test_good_plans_break_no_law(resize: str) -> None:
    assert verify_plan(good_plan(resize=resize)) == []
    assert verify_plan(good_plan(resize=resize, residual=True, tied=True)) == []


RESIZE = Resize("project", 8, 4, 0)

BROKEN: list[tuple[Callable[[Plan], Plan], str]] = [
    (lambda p: replace(p, stacks=()), "stacks: a plan needs a stack"),
    (lambda p: replace(p, vocab=0), "plan.vocab: 0 is not positive"),
    (edit_layer(1, index=7), "stacks[0].layers[1].index: 7"),
    (edit_layer(3, owner=5), "stacks[0].layers[3].owner: 5 comes before 2"),
    (edit_layer(2, ffn=None), "stacks[0].layers[2]: differs from layers[1], its owner"),
    (edit_layer(1, resize=None), "layers[1].resize: missing between widths 8 and 4"),
    (edit_layer(2, resize=RESIZE), "goes from 8 to 4, the stream from 4 to 4"),
    (edit_layer(1, resize=Resize("project", 8, 4, None)), "module: None for project"),
    (edit_layer(1, resize=Resize("carry", 8, 4, 0)), "module: 0 for carry"),
    (edit_layer(1, resize=Resize("learned", 8, 4, 0)), "module: 0 for learned"),
    (edit_layer(3, resize=Resize("project", 4, 8, 2)), "module: 2 comes before 1"),
    (edit_layer(3, resize=Resize("project", 4, 8, 0)), "first use of module 0"),
    (edit_layer(3, dropout=1.0), "layers[3].dropout: 1.0 is not in [0, 1)"),
    (
        edit_layer(3, norm=Norm("rmsnorm", 4, 1e-5)),
        "norm.width: 4 where the stream has 8",
    ),
    (edit_layer(3, norm=Norm("rmsnorm", 8, 0.0)), "norm.eps: 0.0 is not positive"),
    (edit_layer(3, norm=Norm("rmsnorm", 8, 1e-5, True)), "norm.bias: rmsnorm has none"),
    (edit_layer(3, ffn=Glu(0, "silu", False)), "ffn.hidden: 0 is not positive"),
    (edit_mixer(kv_heads=3), "layers[3].mixer.kv_heads: 3 does not divide 2"),
    (edit_mixer(heads=0), "mixer.heads: {'heads': 0"),
    (edit_mixer(window=0), "mixer.window: 0 does not reach"),
    (edit_mixer(position=Rope(0.0)), "mixer.position: Rope(theta=0.0"),
    (edit_mixer(position=Rope(1e4, 3)), "Rope(theta=10000.0, size=3) with heads of 4"),
    (edit_mixer(position=Xpos(1e4, 512.0), head_dim=3), "512.0) with heads of 3"),
    (edit_mixer(head_dim=3), "with heads of 3"),
    (edit_mixer(memory=8), "mixer.memory: 8 for keys of kv = own"),
    (edit_mixer(window=2, pattern=Strided(2)), "mixer.pattern: Strided(stride=2) "),
    (edit_mixer(shift=1, kv="from_previous"), "mixer.shift: 1 with keys of kv ="),
    (edit_layer(3, norm=Norm("layernorm", 8, 1e-5, offset=True)), "norm.offset: layer"),
    (edit_mixer(qk_norm=Norm("rmsnorm", 8, 1e-5)), "qk_norm.width: 8"),
    (edit_mixer(dropout=-0.1), "mixer.dropout: -0.1"),
    (edit_mixer(state=KvState(3, 8, "all")), "mixer.state: KvState(slots=3, "),
    (edit_mixer(state=KvState(8, 9, "all")), "mixer.state: KvState(slots=8, width=9"),
    (edit_mixer(kv="from_previous"), "mixer.state: KvState(slots=8"),
    (edit_layer(3, mixer_owner=3), "layers[3].mixer_owner: 3 has none of its own"),
    (edit_layer(3, mixer_owner=1), "layers[3].mixer_owner: 1 of another width"),
    (edit_layer(3, mixer_owner=0), "layers[3].mixer_owner: 0 has another mixer"),
    (edit_layer(3, ffn=None, ffn_owner=0), "layers[3].ffn_owner: 0 of another width"),
    (edit_mixer(kernel=Kernel("auto", ())), "kernel.candidates: () does not end"),
    (edit_mixer(kernel=Kernel("auto", ("flash",))), "does not end in one that always"),
    (edit_mixer(kernel=Kernel("flex", ("sdpa",))), "does not begin with flex"),
    (edit_mixer(kernel=Kernel("sdpa", ("sdpa", "sdpa"))), "repeats itself"),
    (edit_router(top_k=5), "layers[1].ffn.router.top_k: 5 of 4 experts"),
    (edit_router(balance=SwitchBalance(-1.0)), "balance: -1.0 is not positive"),
    (edit_router(balance=LossFree(0.0)), "balance: 0.0 is not positive"),
    (edit_router(scale=0.0), "router.scale: 0.0"),
    (edit_router(capacity=0.0), "router.capacity: 0.0 is not positive"),
    (edit_router(kind=Sinkhorn(0)), "router.kind.rounds: 0 is not positive"),
    (edit_router(kind=SparseMixer(0.0)), "router.kind.jitter: 0.0 is not positive"),
    (
        edit_router(kind=Sinkhorn(2), balance=LossFree(0.1)),
        "router.kind: Sinkhorn(rounds=2) with groups or a correction",
    ),
    (edit_router(kind=ExpertChoice()), "router.kind: expert choice with a balance"),
    (edit_router(groups=Groups(3, 1, 1)), "router.groups: 3 of 4 experts"),
    (edit_router(groups=Groups(4, 1, 1)), "router.groups.keep: 1 of 4 for 2"),
    (edit_router(groups=Groups(2, 1, 3)), "router.groups.best: 3 of 2"),
    (edit_moe(shared=None, shared_gate=True), "ffn.shared_gate: there is nothing"),
    (edit_moe(shared=Glu(6, "gelu", True)), "ffn.shared: is not of the expert's kind"),
    (edit_moe(expert=Mlp(0, "gelu", True)), "ffn.expert.ffn.hidden: 0"),
    (edit_moe(kernel="loop", triton="rest"), "ffn.triton: before a kernel that is"),
    (edit_moe(kernel="loop", scattermoe=True), "ffn.scattermoe: before loop"),
    (edit_moe(triton="rest", scattermoe=True), "ffn.scattermoe: before grouped, and"),
    (
        lambda p: replace(p, head=replace(p.head, tied=True, width=6)),
        "head.tied: width 6",
    ),
    (edit_tensor(3, shape=(1,)), "tensors[3]: layers.0.mixer.q_norm.weight"),
    (edit_tensor(3, init=Init("normal", 0.5)), "tensors[3]"),
    (edit_tensor(3, name="norm.weight"), "tensors.names: 1 occur twice"),
    (edit_tensor(0, name="wte"), "tensors[0]: wte where the nodes imply embedding"),
    (
        lambda p: replace(p, tensors=p.tensors[:-1]),
        "None where the nodes imply head.weight",
    ),
    (lambda p: replace(p, tensors=p.tensors + p.tensors[-1:]), "tensors.length: "),
    (lambda p: replace(p, losses=()), "losses.weight: nothing is trained"),
    (lambda p: replace(p, losses=(Loss("next_token", 0.0),)), "losses.weight"),
    (edit_training(batch=33), "training.batch: 33 tokens are no multiple"),
    (edit_training(micro_batch=3), "training.batch: 32 tokens are no multiple of 6"),
    (edit_training(steps=0), "training.steps: 0 is not positive"),
    (edit_training(validation=1.0), "training.validation: 1.0"),
    (edit_training(clip=0.0), "training.clip: 0.0 is not positive"),
    (edit_training(steps=1), "training.schedule.warmup: 2 of 1 steps"),
    (edit_training(evaluate_batches=-1), "training.evaluate_batches: -1 is negative"),
    (edit_launch(zero=4), "training.deepspeed.zero: 4 is no stage"),
    (edit_launch(zero=0, expert_parallel=2), "expert_parallel: it needs ZeRO"),
    (edit_launch(expert_parallel=3), "deepspeed.expert_parallel: 2 processes"),
    (edit_launch(gpus=3), "training.batch: 32 tokens are no multiple of 6"),
]


@pytest.mark.parametrize(("edit", "message"), BROKEN, ids=[m for _, m in BROKEN])
def test_a_broken_law_is_named(edit: Callable[[Plan], Plan], message: str) -> None:
    found = verify_plan(edit(good_plan()))
    assert any(message in line for line in found), found


LORA = [
    ({"turn": None}, "turn: None with Lora"),
    ({"turn": 2}, "turn: 2 of 2 passes"),
    ({"mixer_owner": 1}, "lora: stands beside a shared part"),
    ({"ffn": Glu(12, "silu", False)}, "lora: stands beside some linear maps only"),
    ({"ffn": Glu(12, "silu", False, Lora(0, 2)), "mixer": None}, "lora.rank: 0"),
]


@pytest.mark.parametrize(("fields", "message"), LORA, ids=[m for _, m in LORA])
def test_passes_of_a_loop_keep_their_laws(fields: Any, message: str) -> None:
    plan = assemble([Shape(rank=2), Shape()], [0, 0, 1])
    assert verify_plan(plan) == []
    found = verify_plan(edit_layer(1, **fields)(plan))
    assert any(message in line for line in found), found


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([Shape(kv="from_previous")], "kv: there is no attention before it"),
        ([Shape(mixer=False), Shape(kv="from_previous")], "there is no attention"),
        ([Shape(), Shape(kv="from_previous", head_dim=2)], "of the keys (1, 4,"),
        ([Shape(), Shape(kv="from_previous", rope=None)], "of the keys (1, 4,"),
    ],
)
def test_keys_of_the_layer_before_are_there_and_fit(
    shapes: list[Shape], message: str
) -> None:
    found = verify_plan(assemble(shapes))
    assert any(message in line for line in found), found


def test_inits_follow_one_rule() -> None:
    plain, scaled = good_plan(), good_plan(residual=True)
    mixed = replace(plain, tensors=plain.tensors[:-5] + scaled.tensors[-5:])
    assert mixed.tensors not in (plain.tensors, scaled.tensors)
    assert verify_plan(mixed)


@pytest.mark.parametrize("window", [8, 9, 100])
def test_windows_of_the_whole_context_fold(window: int) -> None:
    plan = run_passes(assemble([Shape(window=window), Shape(window=7)]))
    first, second = (layer.mixer for layer in plan.decoder.layers)
    assert isinstance(first, Attention) and isinstance(second, Attention)
    assert first.state is not None and second.state is not None
    assert (first.window, first.state.slots) == (None, 8)
    assert (second.window, second.state.slots) == (7, 7)


def test_passes_keep_the_laws_and_settle() -> None:
    plan = assemble([Shape(window=20)], [0, 0])
    for rewrite in PASSES:
        plan = rewrite(plan)
        assert verify_plan(plan) == []
        assert rewrite(plan) is plan
