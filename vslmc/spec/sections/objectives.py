"""What a model is trained to tell: one kind for a decoder, an encoder, and both."""

from __future__ import annotations

from vslmc.spec.fields import Component, kind, setting
from vslmc.spec.values import Real

SHARE = Real(0.0, 1.0)
CHOSEN = Real(0.0, 1.0, above=True, below=True)


class Objective(Component):
    """Any objective."""


@kind("next_token", "objective")
class NextToken(Objective):
    """Every token from those before it: what a decoder is trained for."""


@kind("masked", "objective", "rate")
class Masked(Objective):
    """Hidden tokens from all around them: what an encoder is trained for (BERT, section 3.1)."""

    rate: float = setting(
        CHOSEN, "share of the tokens that are to be told", 0.15, "as BERT"
    )
    mask: float = setting(
        SHARE,
        "share of these that the mask token, the vocabulary's last, replaces",
        0.8,
        "as BERT",
    )
    random: float = setting(
        SHARE,
        "share of these that a random token replaces; the rest stay as they are",
        0.1,
        "as BERT",
    )


@kind("span_corruption", "objective", "rate")
class SpanCorruption(Objective):
    """Runs of tokens that the source lacks: what a decoder beside an encoder tells (T5).

    A sentinel, from the end of the vocabulary, stands for each run.
    """

    rate: float = setting(
        CHOSEN, "share of the tokens that are left out", 0.15, "as T5"
    )
    mean_length: float = setting(Real(1.0), "tokens of a run, on average", 3.0, "as T5")
