"""The steps of an attention's `forward`, in their order: input, heads, positions, kernel."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import (
    Alibi,
    Attention,
    KernelName,
    Mla,
    Rope,
    TransformerXl,
    Xpos,
)
from vslmc.render.kernels.variants import Form, Variant, form_of
from vslmc.render.layout import WIDTH, Call, lay_out_at
from vslmc.render.passing import slot_of
from vslmc.render.structure import Structure, borrows_kv, turning_of
from vslmc.render.words import Words


def input_lines(a: Attention) -> Iterator[str]:
    """What becomes of the input before it is projected."""
    yield "batch, tokens, _ = x.shape"
    if a.shift:
        yield "x = shift_tokens(x, self.shift, padding, slot)"


def head_lines(a: Attention, structure: Structure) -> Iterator[str]:
    """Queries, keys and values, normed and turned, with those that are kept, (B, H, T, D)."""
    yield from _project(a, structure)
    yield from () if a.qk_after else _norm(a)
    yield from _clip(a)
    yield from _turn(a, structure)
    yield from _norm(a) if a.qk_after else ()
    yield from _collect(a, structure)


def _names(a: Attention) -> Words:
    return ("q",) if borrows_kv(a) else ("q", "k")


def _project(a: Attention, structure: Structure) -> Iterator[str]:
    x = "x, turn" if a.lora else "x"
    if borrows_kv(a):
        yield f"q = self.q({x}).view(batch, tokens, self.heads, self.head_dim)"
        return
    yield f"qkv = self.qkv({x}).view(batch, tokens, -1, self.head_dim)"
    yield (
        "q, k, v = qkv.split((self.heads, self.kv_heads, self.kv_heads), dim=2)"
        if structure.grouped
        else "q, k, v = qkv.chunk(3, dim=2)  # (B, T, H, D)"
    )


def _norm(a: Attention) -> Iterator[str]:
    if a.qk_norm is None:
        return
    names = _names(a)
    if a.qk_over == "all":
        yield from (
            f"{n} = self.{n}_norm({n}.flatten(2).float()).type_as({n}).view_as({n})"
            for n in names
        )
    else:
        normed = [f"self.{n}_norm({n}.float()).type_as({n})" for n in names]
        yield from _assign(names, normed)


def _clip(a: Attention) -> Iterator[str]:
    if a.clip is None:
        return
    if borrows_kv(a):
        yield "q = q.clamp(-self.clip, self.clip)"
    else:
        yield "q, k, v = (x.clamp(-self.clip, self.clip) for x in (q, k, v))"


def _assign(names: Words, values: list[str]) -> Iterator[str]:
    """One line, if it fits, or one for each name."""
    line = f"{', '.join(names)} = {', '.join(values)}"
    if len(line) + 8 <= WIDTH:
        yield line
    else:
        yield from (f"{n} = {v}" for n, v in zip(names, values, strict=True))


def rope_name(structure: Structure) -> str:
    """The table of rotations of this mixer."""
    return "rope" if len(structure.ropes) < 2 else "ropes[self.rope]"


def rotation(mixer: Attention | Mla) -> str | None:
    """The function that turns the heads of a mixer."""
    turning = turning_of(mixer)
    if turning is None:
        return None
    whole = mixer.rope_dim if isinstance(mixer, Mla) else mixer.head_dim
    part = "_part" if turning.size != whole else ""
    rope = turning.position
    pairs = isinstance(rope, Rope) and rope.interleaved
    return f"rotate{part}{'_pairs' if pairs else ''}"


def slopes_leaf(position: Alibi) -> str:
    """The leaf module with the slopes of ALiBi: of a power of two of heads all are equal."""
    if position.heads & (position.heads - 1) == 0:
        return "alibi_slopes"
    return f"alibi_slopes_{position.spread}"


def _turn(a: Attention, structure: Structure) -> Iterator[str]:
    names = _names(a)
    rope = rope_name(structure)
    match a.position:
        case Rope():
            turn = rotation(a)
            yield from _assign(names, [f"{turn}({n}, {rope})" for n in names])
        case Xpos():
            turned = [f"rotate({n}, {rope}[{i}])" for i, n in enumerate(names)]
            yield from _assign(names, turned)
        case _:
            pass


def _collect(a: Attention, structure: Structure) -> Iterator[str]:
    if borrows_kv(a):
        yield "q, k, v = q.transpose(1, 2), kv.k, kv.v"
        if structure.limited:
            yield "padding = kv.padding"
        return
    yield "q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)"
    if a.state is not None:
        yield "if slot is not None:"
        limited = slot_of(a) in ("WindowSlot", "RecentSlot")
        padding = ", padding" if limited else ""
        yield f"    k, v{padding} = slot.append(k, v{padding})"
    if structure.passes_kv:
        yield "kv.k, kv.v = k, v"
        if structure.limited:
            yield "kv.padding = padding"


# --- the kernel ---------------------------------------------------------------------------


def attend_lines(a: Attention, structure: Structure) -> Iterator[str]:
    """The call of the first kernel that can run."""
    if isinstance(a.position, Alibi):
        yield from lay_out_at(_slopes(a.position, a.heads), 8, before="slopes = ")
    if isinstance(a.position, TransformerXl):
        yield from _far_lines(a, structure)
    if a.keep is not None:
        turn = ", turn" if a.lora else ""
        yield f"marks = self.dt(v.transpose(1, 2).flatten(2){turn}).float()  # (B, S, H)"
        yield "marks = (self.rate * F.softplus(marks)).exp().transpose(1, 2)"
    if a.dropout > 0:
        yield "dropout = self.dropout if self.training else 0.0"
    yield from choose_lines(a, structure, kernel_arguments(a, structure))


def _slopes(position: Alibi, heads: int) -> Call:
    call = Call(slopes_leaf(position), ("self.slopes", "self.steepest", "x.device"))
    if position.heads == heads:
        return call
    return Call("F.pad", (call, "(0, self.heads - self.slopes)"))


def _far_lines(a: Attention, structure: Structure) -> Iterator[str]:
    """Transformer-XL's second score: of a query and the distance of a key."""
    several = len(structure.distances) > 1
    table = "distances[x.size(-1)]" if several else "distance"
    turn = ", turn" if a.lora else ""
    yield f"far = self.far({table}{turn})  # (S, H * D)"
    yield "far = far.view(-1, self.heads, self.head_dim)"
    yield "far_q = q + self.position_bias[:, None]"
    yield 'bias = torch.einsum("bhtd,shd->bhts", far_q, far)  # by distance'
    scale = "self.scale" if a.scale is not None else "self.head_dim**-0.5"
    yield f"bias = by_key(bias, k.size(2)) * {scale}  # (B, H, T, S)"
    yield "q = q + self.content_bias[:, None]"


def kernel_arguments(a: Attention, structure: Structure) -> Words:
    """What a kernel of this attention is called with after q, k and v."""
    local = {"slopes", "bias", "dropout", "table", "marks"}
    several = len(structure.tables) > 1
    found: list[str] = []
    for name, _ in form_of(a).parameters:
        if name == "table" and several:
            found.append("tables[self.table]")
        else:
            found.append(name if name in local else f"self.{name}")
    return tuple(found)


def choose_lines(
    mixer: Attention | Mla, structure: Structure, arguments: Words
) -> Iterator[str]:
    """`y` by the first candidate that runs; padding is for those of PyTorch alone."""
    form = form_of(mixer)
    *tests, last = mixer.kernel.candidates

    def call(kernel: KernelName, padding: Words, deeper: int, note: str) -> Words:
        function = structure.kernels[Variant(kernel, form)]
        whole = Call(function, ("q", "k", "v", *arguments, *padding))
        return lay_out_at(whole, 8 + deeper, before="y = ", after=note)

    if not tests:
        yield from call(last, ("padding",), 0, SHAPE)
        return
    # A cache holds latent vectors, which are no values of a head's size.
    plain = "slot is None and " if isinstance(mixer, Mla) else ""
    for place, kernel in enumerate(tests):
        runs = _runs_text(mixer, kernel, form)
        yield f"{'elif' if place else 'if'} {plain}padding is None and {runs}:"
        yield from (f"    {line}" for line in call(kernel, (), 4, SHAPE))
    yield "else:"
    yield from (f"    {line}" for line in call(last, ("padding",), 4, ""))


SHAPE = "  # (B, H, T, D)"


def _runs_text(mixer: Attention | Mla, kernel: KernelName, form: Form) -> str:
    """Whether a kernel runs, as a test of the generated code."""
    if _needs_cuda(mixer, kernel):
        return "q.is_cuda"
    old = kernel == "flash" and form.flash_2
    return "flash_2_runs(q)" if old else f"{kernel}_runs(q)"


def _needs_cuda(mixer: Attention | Mla, kernel: str) -> bool:
    """Whether a kernel is only tried where it is compiled: it was not asked for by name."""
    return kernel == "flex" and mixer.kernel.choice == "auto"
