"""Laws of generated encoders, and of decoders that look at one, over random plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import black
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.property.assemble import build_kernel
from tests.property.experts import draws
from tests.property.laws import check_gradients, find_moved
from tests.property.module import (
    beside,
    build_double,
    build_model,
    calm,
    draw_targets,
    draw_tokens,
    keep_all,
    stir,
)
from tests.property.pairs import encoders, needs_of, pairs
from tests.property.test_model import assert_close, is_statistic
from tests.reference import interpreter
from vslmc.driver.compile import Request, compile_one
from vslmc.plan.json import plan_from_json, plan_to_json
from vslmc.plan.nodes import Attention, KernelName, Layer, Plan
from vslmc.plan.passes import run_passes
from vslmc.plan.verify import verify_plan
from vslmc.render.model import render_model
from vslmc.render.structure import keeps_statistics

BOTH = st.one_of(encoders(), pairs())
"""Encoders, alone or beside a decoder."""


@given(BOTH)
def test_the_strategies_make_plans_that_keep_the_laws(plan: Plan) -> None:
    assert verify_plan(plan) == []
    assert verify_plan(run_passes(plan)) == []


@settings(max_examples=settings().max_examples // 5)
@given(BOTH)
def test_plans_survive_json(plan: Plan) -> None:
    data = plan_to_json(plan)
    assert plan_to_json(plan_from_json(data)) == data


@settings(max_examples=settings().max_examples // 5)
@given(BOTH)
def test_the_text_is_as_black_would_lay_it_out(plan: Plan) -> None:
    text = render_model(plan)
    assert black.format_str(text, mode=black.Mode()) == text


@given(BOTH)
def test_parameters_are_the_tensors_of_the_plan(plan: Plan) -> None:
    model = build_model(plan)
    found = {name: tuple(value.shape) for name, value in model.named_parameters()}
    trained = [(t.name, t.shape) for t in plan.tensors if t.trained]
    assert list(found.items()) == trained
    stored = [name for name in model.state_dict() if not is_statistic(name)]
    assert stored == [t.name for t in plan.tensors]


@given(BOTH)
def test_logits_are_those_of_the_reference(plan: Plan) -> None:
    model, given = build_double(plan), beside(plan)
    stir(model)
    tokens = draw_tokens(plan)
    expected = interpreter.run(plan, model.state_dict(), tokens, **given)
    with torch.no_grad():
        found = model(tokens, **given)
    assert found.shape == (2, plan.context, plan.vocab)
    assert_close(found, expected, 1e-10)


@given(BOTH, st.booleans())
def test_the_loss_is_that_of_the_reference(plan: Plan, training: bool) -> None:
    if plan.context == 1 or (training and draws(plan)):
        return
    layers = [layer for stack in plan.stacks for layer in stack.layers]
    # The reference sees one token at a time, not the statistics of a batch.
    training &= not any(keeps_statistics(layer.ffn) for layer in layers)
    model, given = build_double(plan).train(training), beside(plan)
    stir(model)
    tokens = draw_tokens(plan)
    targets = draw_targets(tokens)
    targets[1, 0] = -100
    state = {name: value.detach() for name, value in model.state_dict().items()}
    expected = interpreter.loss(plan, state, tokens, targets, training, **given)
    assert_close(model.loss(tokens, targets, **given).detach(), expected, 1e-7)
    with torch.no_grad():
        assert_close(model.loss(tokens, targets, **given), expected, 1e-7)


@given(BOTH)
def test_training_reaches_every_parameter(plan: Plan) -> None:
    model = build_model(plan).train()
    tokens = draw_tokens(plan)
    loss = model.loss(tokens, tokens.roll(-1, dims=1), **beside(plan))
    check_gradients(model, loss)


@given(encoders(), st.data())
def test_a_token_moves_what_is_near_on_both_sides(
    plan: Plan, data: st.DataObject
) -> None:
    place, moved = find_moved(plan, data)
    far = (torch.arange(plan.context) - place).abs() >= count_reach(plan)
    assert not moved[far].any()


def count_reach(plan: Plan) -> int:
    """From how far away on no token is seen through all layers."""
    reach = 1
    for layer in plan.decoder.layers:
        if isinstance(layer.mixer, Attention):
            reach += (layer.mixer.window or plan.context) - 1
    return reach


@given(BOTH, st.booleans(), st.data())
def test_padding_changes_nothing(plan: Plan, left: bool, data: st.DataObject) -> None:
    """Of an encoder's tokens, and of a decoder's source."""
    if plan.context < 3 or not (mixes(plan) or plan.source):
        return
    model, given = build_double(plan), beside(plan)
    stir(model)
    tokens = draw_tokens(plan)
    read = given.get("source", tokens)
    count = read.size(1)
    less = data.draw(st.integers(1, count - 1))
    kept = slice(less, count) if left else slice(0, count - less)
    padding = torch.ones_like(read, dtype=torch.bool)
    padding[0, kept] = False
    padding[1] = False
    with torch.no_grad():
        if plan.source is not None:
            alone = model(tokens[:1], source=read[:1, kept])
            both = model(tokens, source=read, source_padding=padding)[:1]
        else:
            own = {name: value[:1, kept] for name, value in given.items()}
            alone = model(tokens[:1, kept], **own)
            both = model(tokens, padding, **given)[:1, kept]
    if not stretches(plan):
        assert_close(both, alone, 1e-9)


@pytest.mark.parametrize("position", ["rope", "xpos"])
def test_padding_moves_no_norm_of_what_was_turned(position: str) -> None:
    """Such scores depend on places, not on distances alone: padding has none."""
    text = f"""
block base {{
    mixer = attention(heads = 2, position = {position}, qk_norm = rmsnorm, qk_norm_after = true)
    ffn   = none
}}
model made {{ vocab = 256, context = 16, width = 8, layers {{ 2 * base }} }}
"""
    plan = compile_one(Request(Path("made.vslm"), text=text)).value
    assert plan is not None
    model = build_double(plan)
    stir(model)
    tokens = draw_tokens(plan)[:1, :9]
    padding = torch.arange(9)[None] < 4
    with torch.no_grad():
        alone, both = model(tokens[:, 4:]), model(tokens, padding=padding)[:, 4:]
        assert_close(both, alone, 1e-9)
        cache = model.make_cache(1, 9)
        first = model(tokens[:, :6], cache, padding[:, :6])
        rest = model(tokens[:, 6:], cache, padding[:, 6:])
    assert_close(torch.cat((first, rest), dim=1)[:, 4:], alone, 1e-9)


def mixes(plan: Plan) -> bool:
    """Whether tokens look at others at all."""
    return any(layer.mixer is not None for layer in plan.decoder.layers)


def stretches(plan: Plan) -> bool:
    """Whether some rotation depends on the longest sequence of a batch."""
    names = ("DynamicScaling", "LongScaling")
    layers = [layer for stack in plan.stacks for layer in stack.layers]
    positions = [getattr(layer.mixer, "position", None) for layer in layers]
    scalings = [getattr(position, "scaling", None) for position in positions]
    return any(type(scaling).__name__ in names for scaling in scalings)


@given(encoders())
def test_a_sequence_of_padding_alone_has_numbers(plan: Plan) -> None:
    if not mixes(plan):
        return
    model, given = build_model(plan), beside(plan)
    calm(model)
    tokens = draw_tokens(plan)
    padding = torch.zeros_like(tokens, dtype=torch.bool)
    padding[0] = True
    with torch.no_grad():
        assert model(tokens, padding, **given).isfinite().all()


@given(pairs(), st.data())
def test_decoding_in_pieces_is_the_full_forward(
    plan: Plan, data: st.DataObject
) -> None:
    """The source is given with the first piece alone."""
    ends = data.draw(st.sets(st.integers(1, plan.context)).map(sorted))
    exact, as_is = build_double(plan), build_model(keep_all(plan))
    stir(exact)
    calm(as_is)
    tokens, given = draw_tokens(plan), beside(plan)
    padding = torch.zeros_like(given["source"], dtype=torch.bool)
    padding[0, :-1] = data.draw(st.booleans())
    for model, tolerance in ((exact, 1e-10), (as_is, 1e-5)):
        cache = model.make_cache(2, plan.context)
        first: dict[str, Any] = {**given, "source_padding": padding}
        with torch.no_grad():
            expected = model(tokens, **first)
            pieces: list[Tensor] = []
            for a, b in zip([0, *ends], [*ends, plan.context], strict=True):
                if a < b:
                    pieces.append(model(tokens[:, a:b], cache, **first))
                    first = {}
        assert_close(torch.cat(pieces, dim=1), expected, tolerance)


@given(pairs())
def test_the_source_is_asked_for(plan: Plan) -> None:
    model = build_model(plan)
    with pytest.raises(ValueError, match="need a source"):
        model(draw_tokens(plan))


@settings(max_examples=settings().max_examples // 5)
@given(BOTH)
def test_kernels_agree(plan: Plan) -> None:
    plan = keep_all(plan)
    eager, sdpa, flex = (
        build_model(with_kernel(plan, k)) for k in ("eager", "sdpa", "flex")
    )
    calm(eager)
    sdpa.load_state_dict(eager.state_dict(), strict=True)
    flex.load_state_dict(eager.state_dict(), strict=True)
    tokens, given = draw_tokens(plan), beside(plan)
    with torch.no_grad():
        expected = eager(tokens, **given)
        assert_close(sdpa(tokens, **given), expected, 1e-5)
        assert_close(flex(tokens, **given), expected, 1e-5)


def with_kernel(plan: Plan, name: KernelName) -> Plan:
    """The same model with one kernel in all layers."""

    def change(part: Attention) -> Attention:
        # Heads are too small for compiled kernels; the plain ones take any.
        needs = replace(needs_of(part), head_dim=16, v_dim=16)
        return replace(part, kernel=build_kernel(name, needs))

    def change_layer(layer: Layer) -> Layer:
        mixer, cross = layer.mixer, layer.cross
        if isinstance(mixer, Attention):
            mixer = change(mixer)
        return replace(layer, mixer=mixer, cross=cross and change(cross))

    stacks = tuple(
        replace(stack, layers=tuple(map(change_layer, stack.layers)))
        for stack in plan.stacks
    )
    return replace(plan, stacks=stacks)


@given(pairs(), st.integers(0, 3))
def test_generation_continues_with_tokens(plan: Plan, seed: int) -> None:
    model, given = build_model(plan), beside(plan)
    prompt = draw_tokens(plan)[:, :1]
    new = plan.context - 1
    options = {"temperature": 0.8, "top_k": 3, "top_p": 0.9, "seed": seed}
    drawn = model.generate(prompt, new, **options, **given)
    again = model.generate(prompt, new, **options, **given)
    assert drawn.shape == (2, plan.context)
    assert torch.equal(drawn, again)
    assert torch.equal(drawn[:, :1], prompt)
