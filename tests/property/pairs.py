"""Encoders, and encoders beside decoders, from plans of decoders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from hypothesis import strategies as st

from tests.property.assemble import (
    Choice,
    build_kernel,
    build_norm,
    needs_of,
    number_tables,
)
from tests.property.plans import QUICK, RESIZES, plans
from vslmc.plan.kv import memory_state, place_states
from vslmc.plan.nodes import (
    Attention,
    EncoderEnds,
    Kernel,
    Layer,
    Loss,
    Masking,
    Mixer,
    Mla,
    Plan,
    Spans,
    Stack,
    TransformerXl,
    Xpos,
)
from vslmc.plan.tensors import list_tensors

NormKind = Literal["rmsnorm", "layernorm"]


def finish(plan: Plan) -> Plan:
    """The plan with the tensors that follow from its nodes."""
    parts = (plan.embedding, plan.stacks, plan.head, plan.vocab, plan.context)
    return replace(plan, tensors=list_tensors(*parts, plan.init, plan.source))


# --- encoders ------------------------------------------------------------------------------


def as_encoder(plan: Plan, types: int = 0) -> Plan:
    """The same layers as an encoder: what looks back only is left out."""
    stack = Stack("encoder", see_both(plan), plan.decoder.exit)
    masking = Masking(0.15, 1, 0.8, 0.1)
    return finish(
        replace(
            plan,
            stacks=(stack,),
            embedding=replace(plan.embedding, types=types),
            head=replace(plan.head, mtp=None),
            losses=(Loss("masked", corruption=masking),),
        )
    )


def see_both(plan: Plan) -> tuple[Layer, ...]:
    """The layers of a decoder with mixers that see both sides."""
    layers = [
        replace(layer, mixer=turn_around(layer.mixer)) for layer in plan.decoder.layers
    ]
    return place_states(number_tables(layers), plan.context)


def turn_around(mixer: Mixer | None) -> Attention | None:
    """A mixer as attention to both sides."""
    if mixer is None:
        return None
    if isinstance(mixer, Mla):
        heads = mixer.heads
        kernel = Kernel("eager", ("eager",))
        numbers = (heads, heads, 4, None, None, None, mixer.bias, mixer.bias, 0.0)
        return Attention(*numbers, "own", kernel, None, causal=False)
    assert isinstance(mixer, Attention)
    position = mixer.position
    one_sided = isinstance(position, Xpos | TransformerXl)
    made = replace(
        mixer,
        causal=False,
        state=None,
        kv="own",
        pattern=None,
        shift=0,
        keep=None,
        position=None if one_sided else position,
    )
    return replace(made, kernel=build_kernel(mixer.kernel.choice, needs_of(made)))


@st.composite
def encoders(draw: st.DrawFn, kernels: list[Choice] | None = None) -> Plan:
    """An encoder alone."""
    plan = draw(plans(kernels))
    return as_encoder(plan, draw(st.sampled_from([0, 0, 1, 3])))


# --- pairs ---------------------------------------------------------------------------------


@st.composite
def crosses(draw: st.DrawFn, width: int, context: int, kinds: list[Choice]) -> Any:
    """Attention to an encoder of a width, which layers may share as a node."""
    kv_heads = draw(st.integers(1, 3))
    size = draw(st.integers(1, 8))
    kind: NormKind | None = draw(st.sampled_from([None, "rmsnorm", "layernorm"]))
    bias = draw(st.booleans())
    made = Attention(
        heads=kv_heads * draw(st.integers(1, 3)),
        kv_heads=kv_heads,
        head_dim=size,
        window=None,
        position=None,
        qk_norm=build_norm(kind, size, False) if kind else None,
        bias=bias,
        out_bias=draw(st.booleans()),
        dropout=0.0,
        kv="memory",
        kernel=Kernel("eager", ("eager",)),
        state=None,
        scale=draw(st.none() | st.just(0.3)),
        causal=False,
        memory=width,
    )
    kernel = build_kernel(draw(st.sampled_from(kinds)), needs_of(made))
    return replace(made, kernel=kernel, state=memory_state(made, context))


@st.composite
def pairs(draw: st.DrawFn, kernels: list[Choice] | None = None) -> Plan:
    """A decoder beside an encoder."""
    resize = draw(st.sampled_from(RESIZES))
    decoder = draw(plans(kernels, resize).filter(can_look))
    encoder = as_encoder(draw(plans(kernels, resize)))
    ends = (encoder.embedding, encoder.head.width)
    found = EncoderEnds(
        replace(ends[0], scale=decoder.embedding.scale),
        ends[0].width == decoder.embedding.width and draw(st.booleans()),
        encoder.head.norm,
        ends[1],
    )
    return pair(decoder, encoder, found, draw(looks(decoder, ends[1], kernels)))


def can_look(plan: Plan) -> bool:
    """Whether some layer may have attention to an encoder, and there is something to tell."""
    large = plan.context > 1 and plan.vocab > 1
    return large and any(
        layer.form.parallel is None and layer.turn is None
        for layer in plan.decoder.layers
    )


@st.composite
def looks(
    draw: st.DrawFn, plan: Plan, width: int, kernels: list[Choice] | None
) -> dict[int, Attention]:
    """By written layer, its attention to the encoder; at least one has some."""
    kinds = kernels or QUICK
    able = dict.fromkeys(
        layer.owner
        for layer in plan.decoder.layers
        if layer.form.parallel is None and layer.turn is None
    )
    some = draw(crosses(width, plan.context, kinds))
    first = draw(st.sampled_from(list(able)))
    found: dict[int, Attention] = {first: some}
    for owner in able:
        if owner != first and draw(st.integers(0, 3)):
            equal = draw(st.booleans())
            other = some if equal else draw(crosses(width, plan.context, kinds))
            found[owner] = other
    return found


def pair(
    decoder: Plan, encoder: Plan, ends: EncoderEnds, looks: dict[int, Attention]
) -> Plan:
    """Both stacks in one plan: the decoder's, whose context and starts hold for both."""
    layers = tuple(
        replace(layer, cross=looks.get(layer.owner)) for layer in decoder.decoder.layers
    )
    before = Stack(
        "encoder",
        place_states(encoder.decoder.layers, decoder.context),
        encoder.decoder.exit,
    )
    stack = replace(decoder.decoder, layers=layers)
    head = replace(decoder.head, mtp=None if layers[-1].cross else decoder.head.mtp)
    spans = Spans(0.5, 1.0, 2, 1, 1)
    return finish(
        replace(
            decoder,
            stacks=(before, stack),
            head=head,
            source=ends,
            losses=(Loss("span_corruption", corruption=spans),),
        )
    )


ALL = st.one_of(plans(), encoders(), pairs())
"""Plans of every kind."""
