"""The two ends of a model in words: what is unusual about its embedding and its head."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.cost.describe_mixer import describe_norm, short
from vslmc.plan.nodes import Embedding, EncoderEnds, Head


def describe_embedding(embedding: Embedding) -> Iterator[str]:
    """What is done to the tokens' vectors."""
    if embedding.scale != 1.0:
        yield f"embedding times {short(embedding.scale)}"
    if embedding.learned_positions:
        yield "learned positions"
    if embedding.sinusoids:
        yield f"sinusoidal positions ({embedding.sinusoids})"
    if embedding.types:
        yield f"{embedding.types} types of tokens"
    if embedding.norm is not None:
        yield f"embedding norm {describe_norm(embedding.norm)}"
    if embedding.dropout:
        yield f"embedding dropout {short(embedding.dropout)}"


def describe_source(source: EncoderEnds) -> Iterator[str]:
    """The ends of an encoder beside a decoder."""
    if not source.tied:
        yield "embedding of its own"
    yield from describe_embedding(source.embedding)
    yield f"final norm {describe_norm(source.norm)}"


def describe_head(head: Head) -> Iterator[str]:
    """What is done beside the projection."""
    if head.transform is not None:
        yield f"{head.transform.activation} before the final norm"
    if head.bias:
        yield "head bias"
    if head.scale != 1.0:
        yield f"logits times {short(head.scale)}"
    if head.softcap is not None:
        yield f"logits capped at {short(head.softcap)}"
    if head.mtp is not None:
        yield f"{head.mtp.depth} more tokens, weight {short(head.mtp.weight)}"
