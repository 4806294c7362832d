"""The kinds of `objectives`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Objective
from vslmc.builder.values import DEFAULT, Default, Numeric


def next_token() -> Objective:
    """Every token from those before it: what a decoder is trained for."""
    return Objective(make_component("objective", "next_token", locals()))


def masked(
    rate: Numeric,
    *,
    mask: Numeric | Default = DEFAULT,
    random: Numeric | Default = DEFAULT,
) -> Objective:
    """Hidden tokens from all around them: what an encoder is trained for (BERT, section 3.1).

    rate: share of the tokens that are to be told; default 0.15 (as BERT).
    mask: share of these that the mask token, the vocabulary's last, replaces; default 0.8 (as BERT).
    random: share of these that a random token replaces; the rest stay as they are; default 0.1 (as BERT).
    """
    return Objective(make_component("objective", "masked", locals()))


def span_corruption(
    rate: Numeric, *, mean_length: Numeric | Default = DEFAULT
) -> Objective:
    """Runs of tokens that the source lacks: what a decoder beside an encoder tells (T5). A sentinel, from the end of the vocabulary, stands for each run.

    rate: share of the tokens that are left out; default 0.15 (as T5).
    mean_length: tokens of a run, on average; default 3 (as T5).
    """
    return Objective(make_component("objective", "span_corruption", locals()))
