"""The kinds of `recipe`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Data, Optimizer, Schedule, Tokenizer
from vslmc.builder.values import DEFAULT, Default, Numeric, Term


def builtin(name: Literal["python_reference"] | Term) -> Data:
    """A text that needs no download.

    name: which text: the language reference that ships inside Python; required.
    """
    return Data(make_component("data", "builtin", locals()))


def text(path: str) -> Data:
    """A UTF-8 text file.

    path: path of the file, relative to where training is started; required.
    """
    return Data(make_component("data", "text", locals()))


def byte() -> Tokenizer:
    """One token for each byte of UTF-8: 256 tokens."""
    return Tokenizer(make_component("tokenizer", "byte", locals()))


def char() -> Tokenizer:
    """One token for each character of the training text."""
    return Tokenizer(make_component("tokenizer", "char", locals()))


def adamw(
    *,
    lr: Numeric | Default = DEFAULT,
    betas: tuple[Numeric, Numeric] | Default = DEFAULT,
    eps: Numeric | Default = DEFAULT,
    weight_decay: Numeric | Default = DEFAULT,
) -> Optimizer:
    """AdamW (Loshchilov & Hutter 2019).

    lr: peak learning rate; default 0.001 (fits models below 100 M parameters).
    betas: decay of the two moments; default (0.9, 0.95) (as Llama).
    eps: added to the root of the second moment; default 1e-08 (the published value).
    weight_decay: decoupled decay of matrices; default 0.1 (as GPT-3 and Llama).
    """
    return Optimizer(make_component("optimizer", "adamw", locals()))


def cosine(
    *, warmup: Numeric | Default = DEFAULT, final: Numeric | Default = DEFAULT
) -> Schedule:
    """Half a cosine from lr to final * lr at the last step.

    warmup: linear warm-up: below 1 a share of the steps, else a number of steps; default 0.02 (2% of the steps).
    final: share of lr that is left at the end; default 0.1 (as Chinchilla).
    """
    return Schedule(make_component("schedule", "cosine", locals()))


def constant(*, warmup: Numeric | Default = DEFAULT) -> Schedule:
    """The peak learning rate after the warm-up.

    warmup: linear warm-up: below 1 a share of the steps, else a number of steps; default 0.02 (2% of the steps).
    """
    return Schedule(make_component("schedule", "constant", locals()))
