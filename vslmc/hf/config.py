"""A config as a family reads it: typed, complete, and as it holds in one layer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any, cast

from vslmc.diagnostics.bounded import Bounded, Overflow
from vslmc.diagnostics.catalogue import hf as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.hf.fields import Field, Fields, UnsupportedValue, WrongValue, only
from vslmc.hf.ignored import IGNORED
from vslmc.hf.read import ConfigFile
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.syntax.limits import Limits

COMMON: Fields = {
    **only(
        ["is_encoder_decoder", "add_cross_attention", "tie_encoder_decoder"],
        False,
        "an encoder beside the decoder",
    ),
    **only(["quantization_config"], None, "weights that are stored in fewer bits"),
    **only(["use_bidirectional_attention"], False, "attention to tokens that follow"),
    **only(["cross_attention_hidden_size"], None, "an encoder beside the decoder"),
    **only(["pruned_heads"], {}, "heads that are taken out"),
    **only(["text_config"], None, "a language model inside another one"),
}
"""Fields of every config of transformers that change what is computed."""

LAYERED = frozenset(
    {
        "intermediate_size",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "sliding_window",
        "hidden_act",
        "hidden_activation",
        "attention_bias",
        "mlp_bias",
        "use_bias",
        "rms_norm_eps",
        "layer_norm_eps",
        "norm_eps",
        "norm_epsilon",
        "attention_dropout",
        "attention_multiplier",
        "residual_multiplier",
        "query_pre_attn_scalar",
        "attn_logit_softcapping",
        "num_experts",
        "num_local_experts",
        "num_experts_per_tok",
        "moe_intermediate_size",
        "norm_topk_prob",
        "qk_layernorm",
        "use_qk_norm",
    }
)
"""What `per_layer_config` may set: fields of one layer alone."""

EMPTY: Mapping[Any, Any] = MappingProxyType({})
CHANGES = "per_layer_config"
LAYER = re.compile("[0-9]{1,6}")
"""A layer's number, as a key."""


class Refused(Exception):
    """A model that the language cannot say, found while its parts were made."""

    def __init__(self, name: str, value: Any, why: str, *, wrong: bool = False) -> None:
        super().__init__(name)
        self.name = name
        self.value = value
        self.why = why
        self.wrong = wrong
        """Whether the value is none that transformers takes."""


@record
class Config:
    """Fields by their names; of one layer, or of the whole model."""

    values: Mapping[str, Any]
    layer: int | None = None
    """Which layer, from 0; None for the model."""
    changes: Mapping[int, Mapping[str, Any]] = field(default_factory=lambda: EMPTY)
    """What `per_layer_config` sets, by layer."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def at(self, layer: int) -> Config:
        """The config as it holds in one layer."""
        values = {**self.values, **self.changes.get(layer, {})}
        return replace(self, values=values, layer=layer)

    def each(self, name: str) -> Any:
        """This layer's entry of a list; None if there is no list."""
        entries = self.values[name]
        return None if entries is None else entries[self.layer or 0]

    def refuse(self, name: str, why: str) -> Refused:
        """The exception for a field's value."""
        return Refused(self.path(name), self.values.get(name), why)

    def wrong(self, name: str, why: str) -> Refused:
        """The exception for a value that transformers refuses too."""
        return Refused(self.path(name), self.values.get(name), why, wrong=True)

    def path(self, name: str) -> str:
        """Where a field's value is said: perhaps for this layer alone."""
        own = self.layer is not None and name in self.changes.get(self.layer, {})
        return f"{CHANGES}.{self.layer}.{name}" if own else name


def read_fields(
    file: ConfigFile,
    fields: Fields,
    aliases: Mapping[str, str] = EMPTY,
    ignored: frozenset[str] = frozenset(),
) -> Outcome[Config]:
    """All fields of a family. Faults: `wrong-config-field`, `unsupported-config-field`,
    `unknown-config-field`; each field has its own."""
    found = Bounded((), Limits().faults)
    try:
        config = read_all(file, fields, aliases, ignored, found)
    except Overflow:
        reason = f"more than {found.limit} of its fields are wrong"
        return Outcome(None, (*found, faults.config_not_read(file.source.name, reason)))
    return Outcome(None if found else config, tuple(found))


def read_all(
    file: ConfigFile,
    fields: Fields,
    aliases: Mapping[str, str],
    ignored: frozenset[str],
    found: list[Diagnostic],
) -> Config:
    """All fields; what is wrong with them goes to `found`."""
    raw = dict(file.fields)
    changes = raw.pop(CHANGES, None)
    for alias, name in aliases.items():
        if alias in raw:
            value = raw.pop(alias)
            if raw.setdefault(name, value) != value:
                found.append(contradiction(file, alias, value, name, raw[name]))
    known = {**COMMON, **fields}
    values: dict[str, Any] = {}
    for name, entry in known.items():
        given = raw.pop(name) if name in raw else entry.default
        values[name] = read_value(file, name, entry, given, found)
    for name, value in raw.items():
        if value is not None and name not in IGNORED and name not in ignored:
            label = file.label(name, "has no meaning here")
            found.append(faults.unknown_config_field(name, show(value), label))
    return Config(values, changes=read_changes(file, changes, known, found))


def read_value(
    file: ConfigFile, name: str, entry: Field, given: Any, found: list[Diagnostic]
) -> Any:
    """One field; what is wrong with it goes to `found`."""
    try:
        return entry.read(given)
    except (WrongValue, UnsupportedValue) as error:
        found.append(describe(file, name, given, error))
        return None


def describe(file: ConfigFile, name: str, given: Any, error: Exception) -> Diagnostic:
    """The diagnostic of a value that is refused."""
    value, words = show(given), str(error)
    if isinstance(error, WrongValue):
        label = file.label(name, f"takes {words}")
        return faults.wrong_config_field(name, value, words, label)
    label = file.label(name, "")
    return faults.unsupported_config_field(name, value, words, label)


def describe_refusal(file: ConfigFile, refused: Refused) -> Diagnostic:
    """The diagnostic of a model that is refused while its parts are made."""
    kind = WrongValue if refused.wrong else UnsupportedValue
    return describe(file, refused.name, refused.value, kind(refused.why))


def contradiction(
    file: ConfigFile, alias: str, value: Any, name: str, other: Any
) -> Diagnostic:
    """The diagnostic of two names of one field that differ."""
    words = f"what `{name}` says: {show(other)}"
    return faults.wrong_config_field(
        alias, show(value), words, file.label(alias, f"`{name}` differs")
    )


def read_changes(
    file: ConfigFile, given: Any, fields: Fields, found: list[Diagnostic]
) -> dict[int, dict[str, Any]]:
    """`per_layer_config`: fields by the number of their layer."""
    name = CHANGES
    changes: dict[int, dict[str, Any]] = {}
    if given is None:
        return changes
    if not isinstance(given, dict):
        wrong = WrongValue("an object of layers")
        found.append(describe(file, name, given, wrong))
        return changes
    for layer, fields_of in cast("dict[str, Any]", given).items():
        if not LAYER.fullmatch(layer) or not isinstance(fields_of, dict):
            wrong = WrongValue("objects of fields by the number of a layer")
            found.append(describe(file, name, layer, wrong))
            continue
        if int(layer) in changes:
            wrong = WrongValue("each layer once")
            found.append(describe(file, name, layer, wrong))
        own = cast("dict[str, Any]", fields_of)
        changes[int(layer)] = read_layer(file, f"{name}.{layer}", own, fields, found)
    return changes


def read_layer(
    file: ConfigFile,
    path: str,
    given: dict[str, Any],
    fields: Fields,
    found: list[Diagnostic],
) -> dict[str, Any]:
    """The fields of one layer."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name == "skip" and value == []:
            continue
        if name not in LAYERED or name not in fields:
            why = UnsupportedValue("layers of this type cannot differ in it")
            found.append(describe(file, f"{path}.{name}", value, why))
            continue
        entry = fields[name]
        values[name] = read_value(file, f"{path}.{name}", entry, value, found)
    return values


def show(value: Any) -> str:
    """A value as a config writes it, not longer than a line."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else f"{text[:40]} ... {text[-15:]}"
