"""Checks of encoders: what looks back only, who looks at them, and keys for other stacks."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.diagnostics.catalogue import encoders as faults
from vslmc.diagnostics.catalogue import forms
from vslmc.diagnostics.catalogue import layers as layer_faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import AppliedLayer, ResolvedModel
from vslmc.resolve.widths import source_widths, stem_width
from vslmc.source import Span
from vslmc.spec import parts as p
from vslmc.spec.fields import kind_of, set_at
from vslmc.spec.sections import MtpHead

ENCODER_KEYS = {
    "tie": "leave it out",
    "position": "write `embedding { position = ... }`",
    "norm": "write `head { norm = ... }`",
}
"""Keys of `encoder { }`, with what to write where it stands alone."""


def verify_stacks(model: ResolvedModel) -> Iterator[Diagnostic]:
    """Faults of the encoder, and of a decoder that needs one."""
    for role, layers in model.stacks:
        if role == "encoder":
            yield from verify_encoder_layers(layers)
        elif not model.encoder_layers:
            yield from verify_alone(layers)
    if model.encoder_layers:
        yield from verify_pair(model)
    elif model.role == "encoder":
        yield from verify_encoder_alone(model)
    if model.embedding.types and (model.role == "decoder"):
        place = model.embedding.place("types")
        reason = "types are told apart where an encoder stands alone"
        yield faults.wrong_stack(place, "types", reason, "leave it out")


def verify_encoder_layers(layers: tuple[AppliedLayer, ...]) -> Iterator[Diagnostic]:
    """Its mixers see both sides, and it does not look at its own result."""
    for layer in layers:
        cross = layer.block.cross
        if isinstance(cross, p.CrossAttention):
            yield faults.cross_in_encoder(cross.span, layer.span)
        for place, what, help in find_one_sided(layer.block.mixer):
            yield faults.one_sided_in_encoder(place or layer.span, what, help)
        mixer = layer.block.mixer
        if isinstance(mixer, p.Attention) and mixer.dynamic_mask is not None:
            place, reason = (
                mixer.place("dynamic_mask"),
                "it is of attention that looks back",
            )
            yield faults.wrong_stack(place, "dynamic_mask", reason, "leave it out")


POSITIONS = "use `rope`, `alibi` or `t5_bias`"
PATTERNS = "use `window`, which reaches to both sides"


def find_one_sided(mixer: p.Mixer) -> Iterator[tuple[Span | None, str, str]]:
    """What of a mixer looks back only: its place, how it is written, and what to do."""
    if isinstance(mixer, p.Mla):
        yield mixer.span, "mla", "use `attention`"
    if isinstance(mixer, p.PythonMixer):
        yield mixer.span, "python", "use `attention`, or `python` as an FFN"
    if not isinstance(mixer, p.Attention):
        return
    pattern = mixer.pattern
    if not isinstance(pattern, p.FullPattern | p.LocalPattern):
        yield pattern.span, name_of(pattern), PATTERNS
    if isinstance(mixer.position, p.Xpos | p.TransformerXl):
        yield mixer.position.span, name_of(mixer.position), POSITIONS
    if mixer.kv != "own":
        yield mixer.place("kv"), mixer.kv, "give the layer keys of its own"
    if mixer.shift_tokens:
        yield mixer.place("shift_tokens"), "shift_tokens", "leave it out"


def name_of(part: p.Pattern | p.Position) -> str:
    """The kind of a part."""
    kind = kind_of(part)
    return kind.name if kind else "none"


def verify_alone(layers: tuple[AppliedLayer, ...]) -> Iterator[Diagnostic]:
    """A decoder without an encoder looks at none."""
    for layer in layers:
        cross = layer.block.cross
        if isinstance(cross, p.CrossAttention):
            yield faults.cross_without_encoder(cross.span, layer.span)


def verify_pair(model: ResolvedModel) -> Iterator[Diagnostic]:
    """A decoder that looks at the encoder beside it, and embeddings that fit."""
    crosses = [layer.block.cross for layer in model.layers]
    if not any(isinstance(cross, p.CrossAttention) for cross in crosses):
        place = model.encoder_layers[0].span
        yield faults.encoder_not_used(place, model.layers[0].span)
    stem, own = stem_width(model), source_widths(model)[0]
    encoder = model.encoder
    if encoder is not None and encoder.tie and stem != own:
        place = set_at(encoder, "tie") or encoder.span or model.span
        yield layer_faults.encoder_tie_needs_equal_widths(place, own, stem)
    last = model.layers[-1]
    looks = isinstance(last.block.cross, p.CrossAttention)
    if isinstance(model.head.mtp, MtpHead) and looks:
        reason = "looks at the encoder"
        yield forms.mtp_not_possible(model.head.mtp.span, reason, last.span)


def verify_encoder_alone(model: ResolvedModel) -> Iterator[Diagnostic]:
    """It begins and ends as the model says, and does not tell what comes next."""
    assert model.encoder is not None
    for key, help in ENCODER_KEYS.items():
        place = set_at(model.encoder, key)
        if place is not None:
            reason = "the encoder stands alone"
            yield faults.wrong_stack(place, key, reason, help)
    if isinstance(model.head.mtp, MtpHead):
        reason = "an encoder's tokens see those that it would tell"
        yield faults.wrong_stack(model.head.mtp.span, "mtp", reason, "leave it out")
