"""RoPE's parameters: `rope_parameters`, and the fields that older configs have for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log, sqrt
from typing import Any, cast

from vslmc.hf.config import Config, Refused
from vslmc.hf.fields import Field, Raw, is_number
from vslmc.hf.parts import (
    NONE,
    Leaf,
    Part,
    flag,
    make_part,
    number,
    numbers,
)
from vslmc.record import record

NESTED = ("full_attention", "sliding_attention")
"""Keys of parameters that differ by the type of a layer."""


@record
class Turn:
    """How a family turns its heads."""

    theta: float = 10_000.0
    """Its `default_theta`."""
    fraction: float | None = None
    """Its share of a head that turns; None turns all, whatever a config says."""
    interleaved: bool = False
    scaled: bool = True
    """Whether its code can scale at all."""
    preset: Mapping[str, Any] | None = None
    """Its parameters, where a config has none."""
    renamed: Mapping[str, str] | None = None
    """Types that it takes for others."""
    names: tuple[str, str] = ("rope_theta", "partial_rotary_factor")
    """Older names of base and share."""
    local: tuple[str | None, float] | None = None
    """Older name and default of the base of windowed layers, where they have their own."""
    everywhere: bool = False
    """Whether an older scaling holds for windowed layers too."""
    extra: Mapping[str, Any] | None = None
    """Further parameters, each with the one value that changes nothing."""
    alpha: bool = False
    """Whether `alpha` beside the type `dynamic` means NTK-aware scaling of all sequences."""
    unread: tuple[str, ...] = ()
    """Further parameters that its code does not read."""


def rope_fields(turn: Turn) -> dict[str, Field]:
    """The fields that `read_rope` looks at."""
    names = {"rope_parameters", "rope_scaling", *turn.names}
    if turn.local is not None and turn.local[0] is not None:
        names.add(turn.local[0])
    names.add("original_max_position_embeddings")
    return {name: Raw() for name in sorted(names)}


def read_rope(
    c: Config, turn: Turn, head_dim: int, kind: str | None = None, **given: Any
) -> Part:
    """RoPE of a head of `head_dim`; `kind` is the type of layer, if those may differ.

    `given` replaces parameters: a layer's own theta, for one.
    """
    name, own, nested = find_parameters(c, turn, kind)
    own = {**own, **given}
    rope_type = own.pop("rope_type", own.pop("type", "default"))
    own.pop("type", None)
    if turn.renamed and rope_type in turn.renamed:
        rope_type = turn.renamed[rope_type]
    reader = Reader(c, name, own)
    theta = reader.take("rope_theta", turn.theta, above=1.0)
    fraction = reader.take("partial_rotary_factor", turn.fraction or 1.0, above=0.0)
    if turn.fraction is None and fraction != 1.0:
        raise c.refuse(name, "a share of each head turns, which this type does not do")
    if fraction > 1.0:
        raise reader.wrong("partial_rotary_factor", "at most 1")
    size = int(head_dim * fraction)
    if size % 2 or size < 2:
        raise reader.wrong("partial_rotary_factor", f"{size} numbers of a head turn")
    for key, value in (turn.extra or {}).items():
        if own.pop(key, value) not in (value, None):
            raise c.refuse(name, f"`{key}` other than {value} scales queries by place")
    for key in turn.unread:
        own.pop(key, None)
    if is_ntk(turn, rope_type, own):
        rope_type = "ntk"
    scaling = read_scaling(c, turn, str(rope_type), reader, size, nested)
    reader.finish()
    return make_part(
        "rope",
        theta=number(theta, 10_000.0),
        fraction=spell_fraction(size, head_dim),
        interleaved=flag(turn.interleaved),
        scaling=scaling,
    )


def spell_fraction(size: int, head_dim: int) -> Leaf:
    """The share of a head, exactly as many numbers as turn."""
    for share in (1.0, 0.75, 0.5, 0.4, 0.25, 0.125):
        if share * head_dim == size:
            return number(share, 1.0)
    return Leaf(f"{size} / {head_dim}")


def find_parameters(
    c: Config, turn: Turn, kind: str | None
) -> tuple[str, dict[str, Any], bool]:
    """The field that has the parameters, a copy of them, and whether they are by layer type."""
    name = "rope_scaling" if c["rope_scaling"] else "rope_parameters"
    own = c[name]
    if c["rope_scaling"] and c["rope_parameters"] not in (None, c["rope_scaling"]):
        raise c.refuse(name, "`rope_parameters` says something else")
    if own is None:
        own = dict(turn.preset or {})
    if not isinstance(own, dict):
        raise c.wrong(name, "an object of parameters, or null")
    own = cast("dict[str, Any]", own)
    by_type = any(key in NESTED for key in own)
    nested = by_type and kind is not None
    local = turn.local if kind == "sliding_attention" else None
    if by_type and turn.local is None:
        raise c.refuse(name, "parameters for types of layers")
    if nested:
        if c["rope_scaling"] or any(key not in NESTED for key in own):
            raise c.refuse(name, "parameters for types of layers, and others beside")
        inner: object = own.get(str(kind)) or {}
        if not isinstance(inner, dict):
            raise c.wrong(name, "objects of parameters by the type of a layer")
        own = cast("dict[str, Any]", inner)
    elif by_type:
        own = {}
    elif turn.local is not None and name == "rope_parameters" and c[name]:
        raise c.wrong(name, "objects of parameters by the type of a layer")
    elif local is not None and not turn.everywhere:
        own = {}
    own = dict(own)
    theta, share = (local[0] if local else turn.names[0]), turn.names[1]
    for key, older in (("rope_theta", theta), ("partial_rotary_factor", share)):
        if own.get(key) is None:
            own.pop(key, None)
            if older is not None and c.values.get(older) is not None:
                own[key] = c[older]
    if local is not None:
        own.setdefault("rope_theta", local[1])
    return name, own, nested


class Reader:
    """Parameters that are taken one by one; what is left over is refused."""

    def __init__(self, c: Config, name: str, own: dict[str, Any]) -> None:
        self.c, self.name, self.own = c, name, own

    def take(self, key: str, default: float | None, above: float | None = None) -> Any:
        """A number; `null` counts as the default. Raises `Refused`."""
        value = self.own.pop(key, None)
        if value is None:
            value = default
        if value is None:
            raise self.wrong(key, "a number")
        if not is_number(value):
            raise self.wrong(key, "a number")
        if not abs(value) < 1e30 or (above is not None and not value > above):
            limit = "" if above is None else f" above {above:g}"
            raise self.wrong(key, f"a number{limit}")
        return value

    def maybe(self, key: str) -> Any:
        """A number, or None."""
        if self.own.get(key) is None:
            self.own.pop(key, None)
            return None
        return self.take(key, None)

    def tokens(self, key: str, default: int | None) -> int:
        """A whole number of tokens."""
        value = self.take(key, default, above=0.0)
        if not isinstance(value, int):
            raise self.wrong(key, "a whole number of tokens")
        return value

    def factors(self, key: str, count: int) -> tuple[float, ...]:
        """One number above zero for each pair that turns."""
        given = self.own.pop(key, None)
        values = cast("list[Any]", given) if isinstance(given, list) else []
        if len(values) != count or not all(is_positive(value) for value in values):
            raise self.wrong(key, f"{count} numbers above 0, one for each pair")
        return tuple(values)

    def wrong(self, key: str, takes: str) -> Refused:
        """The exception for one parameter."""
        return self.c.wrong(self.name, f"`{key}`: {takes}")

    def finish(self) -> None:
        """Refuse what nobody has taken."""
        for key, value in self.own.items():
            if value is not None:
                raise self.c.refuse(self.name, f"`{key}` has no meaning that is known")


def is_positive(value: Any) -> bool:
    """Whether it is a number above zero."""
    return is_number(value) and 0 < value < 1e30


def read_scaling(
    c: Config, turn: Turn, kind: str, reader: Reader, size: int, nested: bool
) -> Part | Leaf:
    """How frequencies are scaled."""
    if kind == "default":
        return NONE
    if kind not in SCALINGS or not turn.scaled or (kind == "ntk" and not turn.alpha):
        raise c.refuse(reader.name, f"RoPE of type {kind}")
    if size < 4 and kind in ("dynamic", "ntk"):
        raise reader.wrong("partial_rotary_factor", "at least 4 numbers must turn")
    return SCALINGS[kind](c, reader, size, nested)


def original_of(c: Config, reader: Reader) -> int:
    """Tokens of the first training: a field of the config goes before the parameter."""
    longest = context_of(c)
    own = reader.maybe("original_max_position_embeddings")
    field = c["original_max_position_embeddings"]
    value = longest if own is None else own
    value = value if field is None else field
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise reader.wrong("original_max_position_embeddings", "a whole number")
    return value


def context_of(c: Config) -> int:
    """The longest sequence, as the config has it."""
    for name in ("max_position_embeddings", "n_positions", "max_seq_len"):
        if name in c.values:
            return c[name]
    raise KeyError("no family turns without a context")


def original(tokens: int, context: int, factor: float) -> Leaf:
    """`original`, which is by default the context over the factor."""
    return Leaf(str(tokens), tokens == int(context / factor))


def linear(c: Config, reader: Reader, size: int, nested: bool) -> Part:
    """Position interpolation."""
    factor = reader.take("factor", None)
    return make_part("linear", factor=factor_leaf(c, reader, factor))


def dynamic(c: Config, reader: Reader, size: int, nested: bool) -> Part:
    """NTK-aware, beyond `max_position_embeddings`."""
    factor = reader.take("factor", None)
    leaf = factor_leaf(c, reader, factor)
    context = int(context_of(c) * factor)
    reader.maybe("original_max_position_embeddings")
    own = original(context_of(c), context, factor)
    return make_part("dynamic", factor=leaf, original=own)


def is_ntk(turn: Turn, rope_type: Any, own: Mapping[str, Any]) -> bool:
    """Whether `dynamic` stands for a larger base, from the first token on."""
    return turn.alpha and rope_type == "dynamic" and bool(own.get("alpha"))


def ntk(c: Config, reader: Reader, size: int, nested: bool) -> Part:
    """A base larger by a power of `alpha`; what a dynamic scaling has beside is not read."""
    alpha = reader.take("alpha", None)
    reader.own.clear()
    return make_part("ntk", factor=factor_leaf(c, reader, alpha))


def factor_leaf(c: Config, reader: Reader, factor: float) -> Leaf:
    """The factor, which the language wants to be at least 1."""
    if factor < 1:
        raise c.refuse(reader.name, "a factor below 1")
    return number(factor)


def get_mscale(factor: float, scale: float = 1.0) -> float:
    """YaRN's factor of cosines and sines (Peng et al. 2023, Eq. 22)."""
    return 0.1 * scale * log(factor) + 1.0 if factor > 1 else 1.0


def yarn(c: Config, reader: Reader, size: int, nested: bool) -> Part:
    """Interpolation by parts."""
    tokens, context = original_of(c, reader), context_of(c)
    factor = reader.maybe("factor")
    factor = context / tokens if factor is None else factor
    leaf = factor_leaf(c, reader, factor)
    attention = reader.maybe("attention_factor")
    one, all_dim = reader.maybe("mscale"), reader.maybe("mscale_all_dim")
    usual = get_mscale(factor)
    if attention is None:
        attention = usual
        if one and all_dim:
            attention = get_mscale(factor, one) / get_mscale(factor, all_dim)
    if not attention > 0:
        raise reader.wrong("attention_factor", "a number above 0")
    truncate = reader.own.pop("truncate", None)
    if truncate not in (None, True, False):
        raise reader.wrong("truncate", "`true` or `false`")
    if nested and truncate is False:
        # transformers looks for it beside the types of layers, where it cannot be.
        raise c.refuse(reader.name, "`truncate` for one type of layers")
    return make_part(
        "yarn",
        factor=leaf,
        original=original(tokens, context, factor),
        beta_fast=number(reader.take("beta_fast", 32.0) or 32.0, 32.0),
        beta_slow=number(reader.take("beta_slow", 1.0) or 1.0, 1.0),
        attention=number(attention, usual),
        truncate=flag(truncate is not False, True),
    )


def llama3(c: Config, reader: Reader, size: int, nested: bool) -> Part:
    """Interpolation of low frequencies."""
    tokens, context = original_of(c, reader), context_of(c)
    factor = reader.take("factor", None)
    low = reader.take("low_freq_factor", None, above=0.0)
    high = reader.take("high_freq_factor", None, above=low)
    return make_part(
        "llama3",
        factor=factor_leaf(c, reader, factor),
        original=original(tokens, context, factor),
        low=number(low, 1.0),
        high=number(high, 4.0),
    )


def longrope(c: Config, reader: Reader, size: int, nested: bool) -> Part:
    """Every frequency by a factor of its own."""
    tokens, context = original_of(c, reader), context_of(c)
    factor = reader.maybe("factor")
    factor = context / tokens if factor is None else factor
    attention = reader.maybe("attention_factor")
    if attention is None:
        attention = 1.0
        if factor > 1 and tokens > 1:
            attention = sqrt(1 + log(factor) / log(tokens))
    if not attention > 0:
        raise reader.wrong("attention_factor", "a number above 0")
    times = context / tokens
    usual = sqrt(1 + log(times) / log(tokens)) if times > 1 and tokens > 1 else 1.0
    return make_part(
        "longrope",
        short=numbers(reader.factors("short_factor", size // 2)),
        long=numbers(reader.factors("long_factor", size // 2)),
        original=Leaf(str(tokens)),
        attention=number(attention, usual),
    )


SCALINGS: dict[str, Callable[[Config, Reader, int, bool], Part]] = {
    "linear": linear,
    "dynamic": dynamic,
    "ntk": ntk,
    "yarn": yarn,
    "llama3": llama3,
    "longrope": longrope,
}
"""Types of RoPE that the language has, beside the default."""


def longest_context(c: Config, turn: Turn) -> int:
    """Tokens of the context: as many as a dynamic scaling allows."""
    name, own, _ = find_parameters(c, turn, None)
    kind = own.get("rope_type", own.get("type", "default"))
    context = context_of(c)
    if kind != "dynamic" or is_ntk(turn, kind, own):
        return context
    reader = Reader(c, name, own)
    return max(1, int(context * reader.take("factor", None, above=0.0)))
