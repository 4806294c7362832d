"""Small sizes, in the relations in which the large ones stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import count
from math import floor
from typing import Any

from vslmc.record import record
from vslmc.resolve.nodes import ResolvedModel
from vslmc.shrink.kinds import compare, group_heads
from vslmc.shrink.parts import Part, make_part, say
from vslmc.spec import parts as p
from vslmc.spec.sections import Block

SMALL = 128
"""Widths and contexts up to this one stay as they are."""
WIDTH = 64
"""The narrowest of widths that do not."""
WIDTH_STEP = 32
CONTEXT = 64
HEAD_STEP = 8
WINDOW = 16
WINDOW_STEP = 8
HIDDEN_STEP = 8
EXPERTS = 6  # more than run one after the other
ROWS = {2: 16**2, 3: 6**3, 4: 4**4}  # by the factors of product keys
RANK = 2
LATENT = 16


@record
class Sizes:
    """What becomes of the sizes that layers have in common."""

    widths: Mapping[int, int]
    context: int
    before: int
    """The context that it was."""
    windows: Mapping[int, int]


def choose_sizes(model: ResolvedModel, blocks: Iterable[Block]) -> Sizes:
    """Small sizes for some blocks of a model; the order of widths and windows is kept."""
    blocks = list(blocks)
    before = model.section.context
    context = before if before <= SMALL else CONTEXT
    widths = sorted({block.width for block in blocks})
    if max(widths) <= SMALL:
        smaller = {width: width for width in widths}
    else:
        smaller = dict(zip(widths, count(WIDTH, WIDTH_STEP), strict=False))
    return Sizes(smaller, context, before, _windows(blocks, before, context))


def _windows(blocks: list[Block], before: int, context: int) -> dict[int, int]:
    found = {reach for block in blocks if (reach := _reach(block.mixer)) is not None}
    if before == context:
        return {reach: reach for reach in found}
    most = context - WINDOW_STEP
    below = sorted(reach for reach in found if reach < before)
    ranks = zip(below, count(WINDOW, WINDOW_STEP), strict=False)
    windows = {reach: min(small, most) for reach, small in ranks}
    return dict.fromkeys(found, context) | windows


def _reach(mixer: p.Mixer) -> int | None:
    """Tokens of a mixer's window or chunk."""
    if not isinstance(mixer, p.Attention):
        return None
    if isinstance(mixer.pattern, p.LocalPattern):
        return mixer.pattern.window
    if isinstance(mixer.pattern, p.ChunkedPattern):
        return mixer.pattern.size
    return mixer.window


@record
class Shrinker:
    """Makes blocks small."""

    sizes: Sizes

    def block(self, block: Block) -> Part:
        """A layer, its width always written."""
        width, small = block.width, self.sizes.widths[block.width]
        changes: dict[str, Any] = {
            "width": small,
            "mixer": self.mixer(block.mixer, width, small),
            "ffn": self.ffn(block.ffn, width, small),
            "cross": self.mixer(block.cross, width, small),
        }
        return make_part(block, changes)

    def mixer(self, mixer: p.Mixer, width: int, small: int) -> Part:
        """For a stream that was `width` wide and becomes `small`."""
        match mixer:
            case p.Attention():
                return self.attention(mixer, width, small)
            case p.Mla() if small != width:
                return self.latent(mixer)
            case p.CrossAttention() if small != width:
                return make_part(mixer, *self.heads(mixer, width, small))
            case _:
                return make_part(mixer, {})

    def attention(self, mixer: p.Attention, width: int, small: int) -> Part:
        """Heads, window, pattern and positions."""
        heads, head_dim, changes, silent = mixer.heads, mixer.head_dim, {}, set[str]()
        if small != width:
            changes, silent = self.heads(mixer, width, small)
            heads, head_dim = changes["heads"], changes["head_dim"]
            changes["shift_tokens"] = _shift(mixer.shift_tokens)
        whole = mixer.heads, mixer.head_dim
        changes |= {
            "window": mixer.window and self.sizes.windows[mixer.window],
            "position": self.position(mixer.position, whole, (heads, head_dim)),
            "pattern": self.pattern(mixer.pattern),
        }
        return make_part(mixer, changes, silent)

    def heads(
        self, mixer: p.Heads, width: int, small: int
    ) -> tuple[dict[str, Any], set[str]]:
        """Heads of a small layer, and which of their keys are the defaults.

        Heads that do not fill the width are alike at every width: layers may share keys.
        """
        heads, kv_heads = group_heads(mixer.heads, mixer.kv_heads)
        match compare(mixer.heads * mixer.head_dim, width):
            case 0:
                head_dim = small // heads
            case -1:
                head_dim = HEAD_STEP
            case _:
                head_dim = max(self.sizes.widths.values()) // heads + HEAD_STEP
        silent = {"kv_heads"} if kv_heads == heads else set[str]()
        silent |= {"head_dim"} if heads * head_dim == small else set()
        return {"heads": heads, "kv_heads": kv_heads, "head_dim": head_dim}, silent

    def latent(self, mixer: p.Mla) -> Part:
        """Two heads, and latents of their size."""
        wider = compare(mixer.v_dim, mixer.nope_dim)
        changes = {
            "heads": min(mixer.heads, 2),
            "kv_rank": LATENT,
            "q_rank": mixer.q_rank and LATENT + HEAD_STEP,
            "nope_dim": LATENT,
            "rope_dim": HEAD_STEP,
            "v_dim": LATENT + HEAD_STEP * wider,
            "position": self.position(mixer.position, (1, mixer.rope_dim), (1, 8)),
        }
        made = make_part(mixer, changes)
        return say(made, "nope_dim", "rope_dim")

    def position(
        self, position: p.Position, before: tuple[int, int], after: tuple[int, int]
    ) -> Part:
        """For heads and width of a head before and after."""
        heads, size = after
        match position:
            case p.Rope():
                turning = position.fraction
                if before != after and turning < 1:
                    pairs = max(1, floor(position.fraction * size / 2))
                    turning = Fraction(2 * pairs, size)
                scaling = self.scaling(position.scaling, floor(turning * size) // 2)
                return make_part(position, {"fraction": turning, "scaling": scaling})
            case p.Alibi(heads=int() as sloped) if before != after:
                few = heads if sloped >= before[0] else max(1, heads // 2)
                return make_part(position, {"heads": few})
            case p.T5Bias() if self.sizes.before != self.sizes.context:
                buckets, distance = min(position.buckets, 8), min(position.distance, 16)
                made = make_part(position, {"buckets": buckets, "distance": distance})
                return say(made, "buckets", "distance")
            case _:
                return make_part(position, {})

    def scaling(self, scaling: p.Scaling, pairs: int) -> Part:
        """For so many turning pairs."""
        share = Fraction(self.sizes.context, self.sizes.before)
        changes: dict[str, Any] = {}
        if isinstance(scaling, p.OriginalScaling | p.LongScaling):
            changes["original"] = max(1, floor(scaling.original * share))
        if isinstance(scaling, p.LongScaling):
            changes["short"] = thin_out(scaling.short, pairs)
            changes["long"] = thin_out(scaling.long, pairs)
        return make_part(scaling, changes)

    def pattern(self, pattern: p.Pattern) -> Part:
        """Windows and strides that fit the small context."""
        windows, changes = self.sizes.windows, dict[str, Any]()
        match pattern:
            case p.LocalPattern():
                changes["window"] = windows[pattern.window]
            case p.ChunkedPattern():
                changes["size"] = windows[pattern.size]
            case p.StridedPattern():
                changes["stride"] = min(pattern.stride, 8)
            case p.DilatedPattern():
                changes["window"] = min(pattern.window, 8)
                changes["dilation"] = min(pattern.dilation, 4)
            case _:
                pass
        return make_part(pattern, changes)

    def ffn(self, ffn: p.Ffn, width: int, small: int) -> Part:
        """The same share of the width inside, in steps."""
        match ffn:
            case p.Mlp() | p.Glu() if small != width:
                steps = Fraction(ffn.hidden * small, width * HIDDEN_STEP)
                hidden = HIDDEN_STEP * max(1, round(steps))
                if ffn.origin("hidden").default is not None:
                    return make_part(ffn, {"hidden": default_hidden(ffn, small)})
                return make_part(ffn, {"hidden": hidden})
            case p.Moe():
                return self.mixture(ffn, width, small)
            case p.Retrieval():
                return self.retrieval(ffn, width, small)
            case _:
                return make_part(ffn, {})

    def mixture(self, ffn: p.Moe, width: int, small: int) -> Part:
        """Few experts; all of them chosen if all were."""
        experts, groups = min(ffn.experts, EXPERTS), dict[str, Any]()
        if isinstance(ffn.groups, p.LimitedGroups):
            keep = 1 if ffn.groups.keep < ffn.groups.count else 2
            groups = {"groups": make_part(ffn.groups, {"count": 2, "keep": keep})}
        every = ffn.top_k == ffn.experts
        beside = Fraction(ffn.shared_hidden * small, width * HIDDEN_STEP)
        changes: dict[str, Any] = {
            "experts": experts,
            "top_k": experts if every else min(ffn.top_k, 2),
            "expert": self.ffn(ffn.expert, width, small),
            "shared": min(ffn.shared, 1),
            "shared_hidden": min(
                ffn.shared_hidden, HIDDEN_STEP * max(1, round(beside))
            ),
            **groups,
        }
        made = make_part(ffn, changes)
        return say(made, "top_k") if every else made

    def retrieval(self, ffn: p.Retrieval, width: int, small: int) -> Part:
        """Few rows, of which each head chooses some."""
        rows = "memories" if isinstance(ffn, p.Pkm) else "experts"
        changes: dict[str, Any] = {
            rows: min(getattr(ffn, rows), ROWS[ffn.factors]),
            "heads": min(ffn.heads, 2),
            "top_k": min(ffn.top_k, 8),
            "key_dim": min(ffn.key_dim, 32 // ffn.factors * ffn.factors),
        }
        if isinstance(ffn, p.CdMoe):
            changes["shared"] = self.ffn(ffn.shared, width, small)
        return make_part(ffn, changes)


def default_hidden(ffn: p.Mlp | p.Glu, width: int) -> int:
    """The inner width that an FFN has if nothing is said."""
    derived = ffn.all_settings()["hidden"].default
    return int(derived.make({}, {"width": width}))


def thin_out(values: tuple[float, ...], left: int) -> tuple[float, ...]:
    """So many of the values, evenly taken, the last one among them."""
    return tuple(values[(place + 1) * len(values) // left - 1] for place in range(left))


def _shift(groups: int) -> int:
    """One delayed half, or three of four quarters."""
    return min(groups, 1) if groups < 2 else 3


def follow_keys(part: Part, source: Part) -> Part:
    """An attention that uses the keys of another one, with heads like those."""
    keys = dict(part.keys)
    changed = {key for key in ("kv_heads", "head_dim") if keys[key] != source.keys[key]}
    keys |= {key: source.keys[key] for key in changed}
    return Part(part.form, keys, part.said | changed)
