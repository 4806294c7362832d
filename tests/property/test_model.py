"""Laws of the generated model, over random plans."""

from __future__ import annotations

import math
from typing import Any

import pytest

pytest.importorskip("torch")

import black
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.property.experts import draws
from tests.property.laws import check_gradients, find_moved
from tests.property.module import (
    build_double,
    build_model,
    calm,
    draw_targets,
    draw_tokens,
    stir,
    with_kernel,
)
from tests.property.plans import plans
from tests.reference import interpreter
from vslmc.plan.kv import reach_of
from vslmc.plan.nodes import Attention, Plan
from vslmc.plan.passes import run_passes
from vslmc.plan.verify import verify_plan
from vslmc.render.model import render_model
from vslmc.render.structure import keeps_statistics
from vslmc.render.training import decay_lines


@given(plans())
def test_the_strategy_makes_plans_that_keep_the_laws(plan: Plan) -> None:
    assert verify_plan(plan) == []
    assert verify_plan(run_passes(plan)) == []


@settings(max_examples=settings().max_examples // 5)
@given(plans())
def test_the_text_is_as_black_would_lay_it_out(plan: Plan) -> None:
    text = render_model(plan)
    assert black.format_str(text, mode=black.Mode()) == text


def is_statistic(name: str) -> bool:
    """Whether it is what a norm over batches keeps beside its parameters."""
    return "query_norm.running" in name or "query_norm.num" in name


@given(plans())
def test_parameters_are_the_tensors_of_the_plan(plan: Plan) -> None:
    model = build_model(plan)
    found = {name: tuple(value.shape) for name, value in model.named_parameters()}
    trained = [(t.name, t.shape) for t in plan.tensors if t.trained]
    assert list(found.items()) == trained
    stored = [name for name in model.state_dict() if not is_statistic(name)]
    assert stored == [t.name for t in plan.tensors]
    assert sum(p.numel() for p in model.parameters()) == plan.parameters


@given(plans())
def test_parameters_start_as_the_plan_says(plan: Plan) -> None:
    state = build_model(plan).state_dict()
    for tensor in plan.tensors:
        value = state[tensor.name]
        match tensor.init.scheme:
            case "normal":
                tail = tensor.init.tail
                rows = len(value) - (tail.rows if tail else 0)
                assert_normal(value[:rows], tensor.init.std)
                if tail is not None:
                    assert_normal(value[rows:], tail.std)
            case "constant":
                wanted = torch.full_like(value, tensor.init.value)
                assert torch.equal(value, wanted), tensor.name
            case "zeros" | "ones":
                one = float(tensor.init.scheme == "ones")
                assert (value == one).all(), tensor.name


def assert_normal(value: Tensor, std: float) -> None:
    """Mean and variance within five standard errors; exact enough to tell two rules apart."""
    count = value.numel()
    assert abs(float(value.mean())) <= 5 * std / math.sqrt(count)
    assert float((value**2).mean()) <= std**2 * (1 + 8 * math.sqrt(2 / count))
    if count >= 200:
        assert float((value**2).mean()) >= std**2 * (1 - 5 * math.sqrt(2 / count))


@given(plans())
def test_logits_are_those_of_the_reference(plan: Plan) -> None:
    model = build_double(plan)
    stir(model)
    tokens = draw_tokens(plan)
    expected = interpreter.run(plan, model.state_dict(), tokens)
    with torch.no_grad():
        found = model(tokens)
    assert found.shape == (2, plan.context, plan.vocab)
    assert_close(found, expected, 1e-10)


@given(plans())
def test_the_code_as_it_is_agrees_in_fp32(plan: Plan) -> None:
    model = build_model(plan)
    calm(model)
    tokens, state = draw_tokens(plan), model.state_dict()
    expected = interpreter.run(plan, state, tokens)
    # Norms of tiny numbers amplify: then rounding the weights alone moves the logits so far.
    rounded = interpreter.run(plan, jitter(state), tokens)
    moved = float((rounded - expected).abs().max())
    with torch.no_grad():
        assert_close(model(tokens), expected, max(1e-4, 16 * moved))


def jitter(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The numbers in fp64, each moved by half a step of fp32, up or down."""
    generator = torch.Generator().manual_seed(7)

    def move(value: Tensor) -> Tensor:
        sign = torch.randint(2, value.shape, generator=generator) * 2 - 1
        return value.double() * (1 + sign * 2.0**-24)

    return {
        name: move(value) if value.is_floating_point() else value
        for name, value in state.items()
    }


@given(plans(), st.booleans())
def test_the_loss_is_that_of_the_reference(plan: Plan, training: bool) -> None:
    if plan.context == 1 or (training and draws(plan)):
        return
    # Statistics of a batch are a law of their own: the reference sees one token at a time.
    training &= not any(keeps_statistics(a.ffn) for a in plan.decoder.layers)
    model = build_double(plan).train(training)
    stir(model)
    tokens = draw_tokens(plan)
    targets = draw_targets(tokens)
    state = {name: value.detach() for name, value in model.state_dict().items()}
    expected = interpreter.loss(plan, state, tokens, targets, training)
    # Shares of tokens, an integer by an integer, are fp32 whatever the model is.
    assert_close(model.loss(tokens, targets).detach(), expected, 1e-7)
    with torch.no_grad():
        assert_close(model.loss(tokens, targets), expected, 1e-7)


def assert_close(found: Tensor, expected: Tensor, tolerance: float) -> None:
    """Equal within `tolerance`, relative to the largest number where that exceeds one."""
    scale = max(1.0, float(expected.abs().max()))
    assert float((found - expected).abs().max()) <= tolerance * scale


@given(plans())
def test_training_reaches_every_parameter(plan: Plan) -> None:
    model = build_model(plan).train()
    tokens = draw_tokens(plan)
    loss = model.loss(tokens, tokens.roll(-1, dims=1))
    check_gradients(model, loss)


@given(plans(), st.data())
def test_a_token_moves_nothing_outside_its_reach(
    plan: Plan, data: st.DataObject
) -> None:
    place, moved = find_moved(plan, data)
    assert not moved[:place].any()
    assert not moved[place + count_reach(plan) :].any()


def count_reach(plan: Plan) -> int:
    """Tokens that the logits of one position depend on, itself included."""
    reach = 1
    for layer in plan.decoder.layers:
        mixer = layer.mixer
        if mixer is not None:
            far = reach_of(mixer) if isinstance(mixer, Attention) else None
            reach += (plan.context if far is None else far) - 1
        if isinstance(mixer, Attention):
            reach += mixer.shift
    return min(reach, plan.context)


@given(plans(), st.data())
def test_decoding_in_pieces_is_the_full_forward(
    plan: Plan, data: st.DataObject
) -> None:
    ends = data.draw(st.sets(st.integers(1, plan.context)).map(sorted))
    exact, as_is = build_double(plan), build_model(plan)
    stir(exact)
    calm(as_is)
    for model, tolerance in ((exact, 1e-10), (as_is, 1e-5)):
        tokens = draw_tokens(plan)
        cache = model.make_cache(2, plan.context)
        with torch.no_grad():
            expected = model(tokens)
            steps = zip([0, *ends], [*ends, plan.context], strict=True)
            pieces = [model(tokens[:, a:b], cache) for a, b in steps if a < b]
        assert_close(torch.cat(pieces, dim=1), expected, tolerance)


@given(plans(), st.data())
def test_left_padding_changes_nothing(plan: Plan, data: st.DataObject) -> None:
    """With padding before them tokens stand at later places: relative positions must not tell,
    absolute ones be counted from the first token."""
    if all(layer.mixer is None for layer in plan.decoder.layers):
        return  # no token sees another
    before = data.draw(
        st.lists(st.integers(0, plan.context - 1), min_size=2, max_size=2)
    )
    end = data.draw(st.integers(1, plan.context))
    model = build_double(plan)
    stir(model)
    tokens = draw_tokens(plan)
    padding = torch.arange(plan.context) < torch.tensor(before)[:, None]
    cache = model.make_cache(2, plan.context)
    with torch.no_grad():
        whole = model(tokens, padding=padding)
        first, *rest = tokens.tensor_split(list(range(end, plan.context)), 1)
        pieces = [model(first, cache, padding[:, :end])]
        decoded = torch.cat([*pieces, *(model(token, cache) for token in rest)], dim=1)
        for row, count in enumerate(before):
            alone = tokens[row : row + 1, count:]
            longest = plan.context - min(before)
            assert_close(
                whole[row : row + 1, count:], in_cache(model, alone, longest), 1e-10
            )
            if count < end:
                expected = in_cache(model, alone, plan.context)
                assert_close(decoded[row : row + 1, count:], expected, 1e-10)


def in_cache(model: Any, tokens: Tensor, length: int) -> Tensor:
    """Logits of tokens that a cache takes at once; rotations may depend on its length."""
    return model(tokens, model.make_cache(len(tokens), length))


@settings(max_examples=settings().max_examples // 5)
@given(plans(), st.data())
def test_kernels_agree(plan: Plan, data: st.DataObject) -> None:
    """In training, and where there are more keys than queries."""
    eager, sdpa, flex = (
        build_model(with_kernel(plan, k)) for k in ("eager", "sdpa", "flex")
    )
    calm(eager)
    sdpa.load_state_dict(eager.state_dict(), strict=True)
    flex.load_state_dict(eager.state_dict(), strict=True)
    tokens = draw_tokens(plan)
    end = data.draw(st.integers(0, plan.context - 1))
    with torch.no_grad():
        expected = eager(tokens)
        for model in (sdpa, flex):
            assert_close(model(tokens), expected, 1e-5)
            cache = model.make_cache(2, plan.context)
            parts = [part for part in tokens.tensor_split([end], dim=1) if part.numel()]
            decoded = torch.cat([model(part, cache) for part in parts], dim=1)
            assert_close(decoded, in_cache(eager, tokens, plan.context), 1e-5)


@given(plans())
def test_weight_decay_is_that_of_the_plan(plan: Plan) -> None:
    script = "\n".join(line.removeprefix("    ") for line in decay_lines(plan))
    script += "\n    decayed[id(parameter)] = is_matrix"
    names: dict[str, Any] = {"model": build_model(plan), "decayed": {}}
    exec(script, names)
    parameters = list(names["model"].parameters())
    found = [names["decayed"].get(id(p)) for p in parameters]
    wanted = [tensor.decay for tensor in plan.tensors if tensor.trained]
    for own, decay, parameter in zip(found, wanted, parameters, strict=True):
        # What is frozen is in no group.
        assert own == (decay if parameter.requires_grad else None)


@given(plans())
def test_shared_layers_are_one_module(plan: Plan) -> None:
    model = build_model(plan)
    stored = {id(parameter) for parameter in model.parameters()}
    assert len(stored) == sum(tensor.trained for tensor in plan.tensors)
    if plan.head.tied:
        head: Any = getattr(model, "head", None)
        assert head is None or head.weight is model.embedding.weight


@given(plans(), st.integers(0, 3))
def test_generation_continues_with_tokens(plan: Plan, seed: int) -> None:
    model = build_model(plan)
    prompt = draw_tokens(plan, batch=2)[:, :1]
    new = plan.context - 1
    drawn = model.generate(prompt, new, temperature=0.8, top_k=3, top_p=0.9, seed=seed)
    again = model.generate(prompt, new, temperature=0.8, top_k=3, top_p=0.9, seed=seed)
    assert drawn.shape == (2, plan.context)
    assert torch.equal(drawn, again)
    assert torch.equal(drawn[:, :1], prompt)
    assert int(drawn.min()) >= 0 and int(drawn.max()) < plan.vocab
