"""The `Model` class: embedding, the loop over the layers, head, loss and cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vslmc.plan.nodes import Attention, KernelName, Plan, Resize
from vslmc.plan.tensors import stored_resizes, written_layers
from vslmc.render.blocks import keeps_width, layer_parameters
from vslmc.render.escape import py_num, py_str
from vslmc.render.initial import find_start
from vslmc.render.layout import (
    Call,
    lay_out,
    lay_out_comprehension,
    lay_out_def,
    lay_out_dict,
    lay_out_sum,
)
from vslmc.render.parts import norm_text
from vslmc.render.python import list_parts, own_lines
from vslmc.render.repeat import find_repeats, write_ranges
from vslmc.render.structure import Structure, Words


@dataclass(frozen=True, slots=True)
class ModelView:
    """The view of `model.py.jinja`."""

    doc: str
    """Its docstring."""
    parts: Words
    """Lines that make its parts."""
    logs: Words
    """Lines that log the choice of kernels."""
    logits: str
    """Logits of all tokens."""
    loss: Words
    """Lines of `loss`."""
    slots: Words
    """Lines that make the cache's slots, if there are any."""
    cache: str
    """The call that makes the cache."""
    last_logits: Words
    """Lines that make the logits of the newest token."""
    hidden: str
    """Head of `_hidden`."""
    width: int
    """Width of its result."""
    stream: Words
    """Its lines."""
    result: str
    """What it returns."""
    init_doc: str
    """Docstring of `init_parameters`."""
    own: Words
    """Lines that find the parameters which it leaves alone, if there are any."""
    init: Words
    """The lines in its loop."""


def model_view(plan: Plan, structure: Structure) -> ModelView:
    """The view of the whole model."""
    start = find_start(plan)
    balanced = structure.balanced
    hidden = (
        "self._hidden(tokens, cache, Losses())"
        if balanced
        else "self._hidden(tokens, cache)"
    )
    last = (
        "self._hidden(new, cache, Losses())" if balanced else "self._hidden(new, cache)"
    )
    cache = ("cache: Cache | None", "losses: Losses")
    parameters = cache if balanced else ("cache: Cache | None = None",)
    return ModelView(
        doc="Tokens to logits.",
        parts=tuple(_parts(plan, structure)),
        logs=tuple(_logs(plan)),
        logits=str(_logits(plan, hidden)),
        loss=tuple(_loss(plan, balanced)),
        slots=tuple(_slots(plan, structure)),
        cache="Cache(length, slots)" if structure.mixes else "Cache(length)",
        last_logits=lay_out(_logits(plan, f"{last}[:, -1]"), 12, before="logits = "),
        hidden=lay_out_def(
            "_hidden", ("self", "tokens: Tensor", *parameters), " -> Tensor", 4
        ),
        width=plan.head.width,
        stream=tuple(_stream(plan, structure)),
        result="self.norm(x)" if plan.head.norm else "x",
        init_doc=start.doc,
        own=tuple(own_lines(parts)) if (parts := list_parts(plan)) else (),
        init=start.lines,
    )


def chooses_kernels(plan: Plan) -> bool:
    """Whether some layer has more than one kernel to choose from."""
    mixers = [x.mixer for x in plan.decoder.layers if isinstance(x.mixer, Attention)]
    return any(len(mixer.kernel.candidates) > 1 for mixer in mixers)


def stack_constants(plan: Plan) -> Words:
    """The order of application and the places of resizing, where there are any."""
    lines: list[str] = []
    if _order(plan) is not None:
        lines += lay_out_sum("ORDER", _order_terms(_order(plan) or ()))
    for part in find_shared(plan):
        lines.append(f"# By layer, the one whose {part} it uses.")
        lines += _owner_lines(f"{part.upper()}S", part_owners(plan, part))
    turns = tuple(layer.turn for layer in plan.decoder.layers)
    if any(turn is not None for turn in turns):
        lines.append("# Which pass of its loop each applied layer is in.")
        lines += _owner_lines("TURNS", tuple(turn or 0 for turn in turns))
    if _placed(plan):
        entries = tuple(f"{place}: {module}" for place, module in _placed(plan).items())
        lines += lay_out_dict("RESIZES", entries)
    return tuple(lines)


def find_shared(plan: Plan) -> Words:
    """Parts that layers share while the rest is their own."""
    written = written_layers(plan.decoder)
    owners = {part: part_owners(plan, part) for part in ("mixer", "ffn")}
    own = tuple(layer.owner for layer in written)
    return tuple(part for part, found in owners.items() if found != own)


def part_owners(plan: Plan, part: str) -> tuple[int, ...]:
    """By written layer, the one whose part it uses."""
    return tuple(getattr(x, f"{part}_owner") for x in written_layers(plan.decoder))


def _owner_lines(name: str, owners: tuple[int, ...]) -> Words:
    terms = _order_terms(owners)
    if len(terms) <= 4:
        return tuple(lay_out_sum(name, terms))
    line = f"{name} = {_tuple_text(owners)}"
    if len(line) <= 88:
        return (line,)
    return (f"{name} = (", *(f"    {owner}," for owner in owners), ")")


def _order(plan: Plan) -> tuple[int, ...] | None:
    owners = tuple(layer.owner for layer in plan.decoder.layers)
    return None if owners == tuple(range(len(owners))) else owners


def _order_terms(owners: Sequence[int]) -> Words:
    terms: list[str] = []
    single: list[int] = []
    for repeat in find_repeats(owners):
        stretch = owners[repeat.start : repeat.start + repeat.length]
        if repeat.times == 1:
            single += stretch
            continue
        terms += _single_terms(single)
        single = []
        terms.append(f"{_tuple_text(stretch)} * {repeat.times}")
    return (*terms, *_single_terms(single))


def _single_terms(numbers: list[int]) -> list[str]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [_tuple_text(run) for run in runs]


def _tuple_text(numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 8 and list(numbers) == list(range(first, last + 1)):
        return f"tuple(range({first}, {last + 1}))"
    inner = ", ".join(map(str, numbers))
    return f"({inner},)" if len(numbers) == 1 else f"({inner})"


def _placed(plan: Plan) -> dict[int, int]:
    """`resizes[R]` by the place of the layer before which it is applied."""
    return {
        layer.index: layer.resize.module
        for layer in plan.decoder.layers
        if layer.resize is not None and layer.resize.module is not None
    }


def _kind(plan: Plan) -> str:
    resizes = [layer.resize for layer in plan.decoder.layers] + [plan.decoder.exit]
    kinds = [resize.kind for resize in resizes if resize is not None]
    return kinds[0] if kinds else "none"


def _parts(plan: Plan, structure: Structure) -> Iterator[str]:
    width = plan.embedding.width
    yield f"self.embedding = nn.Embedding(VOCAB, {width})"
    if plan.embedding.learned_positions:
        yield f"self.position = nn.Embedding(CONTEXT, {width})"
    if plan.embedding.dropout > 0:
        yield f"self.dropout = nn.Dropout({py_num(plan.embedding.dropout)})"
    if keeps_width(plan):
        yield "layers = list(build_layers())"
        yield "self.widths = [layer.width for layer in layers]"
        yield "self.layers = nn.ModuleList(layers)"
    else:
        yield "self.layers = nn.ModuleList(build_layers())"
    stored = [resize for resize, _, _ in stored_resizes(plan.decoder)]
    if stored:
        yield from _resizes(stored)
    if plan.head.norm is not None:
        yield f"self.norm = {norm_text(plan.head.norm, str(plan.head.width), plan.head.norm.eps)}"
    if not plan.head.tied:
        yield f"self.head = nn.Linear({plan.head.width}, VOCAB, bias=False)"


def _resizes(stored: list[Resize]) -> Words:
    calls = tuple(
        (
            f"nn.Linear({r.before}, {r.after}, bias=False)"
            if r.kind == "project"
            else f"Fill({r.before}, {r.after})"
        )
        for r in stored
    )
    line = f"self.resizes = nn.ModuleList([{', '.join(calls)}])"
    if len(line) + 8 <= 88:
        return (line,)
    inner = f"    [{', '.join(calls)}]"
    if len(inner) + 8 <= 88:
        return ("self.resizes = nn.ModuleList(", inner, ")")
    each = (f"        {call}," for call in calls)
    return ("self.resizes = nn.ModuleList(", "    [", *each, "    ]", ")")


def _logits(plan: Plan, hidden: str) -> Call:
    if plan.head.tied:
        return Call("F.linear", (hidden, "self.embedding.weight"))
    return Call("self.head", (hidden,))


def _loss(plan: Plan, balanced: bool) -> Iterator[str]:
    weight = "self.embedding.weight" if plan.head.tied else "self.head.weight"
    if balanced:
        yield "losses = Losses()"
        yield "x = self._hidden(tokens, None, losses)"
    else:
        yield "x = self._hidden(tokens)"
    loss = f"head_loss(x, {weight}, targets)"
    factor = plan.losses[0].weight if plan.losses else 1.0
    loss = loss if factor == 1.0 else f"{py_num(factor)} * {loss}"
    yield f"return sum(losses.terms, start={loss})" if balanced else f"return {loss}"


def _stream(plan: Plan, structure: Structure) -> Iterator[str]:
    yield "x = self.embedding(tokens)  # (B, T, C)"
    if plan.embedding.learned_positions:
        yield "x = x + self.position(torch.arange(start, end, device=x.device))"
    if plan.embedding.dropout > 0:
        yield "x = self.dropout(x)"
    yield from _rope_lines(structure)
    kind = _kind(plan)
    if kind == "carry":
        yield "carried = x[..., :0]  # the coordinates above the stream's width"
    yield from _loop(plan, structure, kind)
    yield from _exit(plan)


def _rope_lines(structure: Structure) -> Iterator[str]:
    tables = [
        f"rope_table(start, tokens.size(1), {head_dim}, {py_num(theta)}, x.device)"
        for head_dim, theta in structure.ropes
    ]
    if len(tables) == 1:
        yield f"rope = {tables[0]}"
    elif tables:
        yield "ropes = ["
        yield from (f"    {table}," for table in tables)
        yield "]"


def _loop(plan: Plan, structure: Structure, kind: str) -> Iterator[str]:
    order = _order(plan) is not None
    names = ["index" if order else "layer"]
    values = ["ORDER" if order else "self.layers"]
    wide = keeps_width(plan)
    if wide and not order:
        names.append("width")
        values.append("self.widths")
    if structure.mixes:
        yield f"slots = [None] * {len(plan.decoder.layers)} if cache is None else cache.slots"
        names.append("slot")
        values.append("slots")
    owners = {part: f"{part.upper()}S[index]" for part in structure.shared}
    if not order:
        owners = {part: part for part in structure.shared}
        names += structure.shared
        values += [f"{part.upper()}S" for part in structure.shared]
    if structure.adapted:
        names.append("turn")
        values.append("TURNS")
    if structure.passes_kv:
        yield "kv = Kv()"
    yield from _loop_head(names, values, bool(_placed(plan)))
    if order and wide:
        yield "    width = self.widths[index]"
    yield from (f"    {line}" for line in _resize_lines(kind, bool(_placed(plan))))
    lent = (f"self.layers[{owner}].{part}" for part, owner in owners.items())
    arguments = (p.split(":")[0] for p in layer_parameters(structure))
    call = Call("self.layers[index]" if order else "layer", ("x", *lent, *arguments))
    yield from (line[8:] for line in lay_out(call, 12, before="x = "))


def _loop_head(names: list[str], values: list[str], placed: bool) -> Iterator[str]:
    name, value = ", ".join(names), values[0]
    if len(values) > 1:
        value = f"zip({', '.join(values)})"
    if placed and len(values) > 1:
        yield f"steps = {value}"
        yield f"for place, ({name}) in enumerate(steps):"
    elif placed:
        yield f"for place, {name} in enumerate({value}):"
    else:
        yield f"for {name} in {value}:"


def _resize_lines(kind: str, placed: bool) -> Iterator[str]:
    if kind == "carry":
        yield "x, carried = resize(x, carried, width)"
    if kind == "pad":
        yield "x = resize(x, width)"
    if placed:
        yield "if place in RESIZES:"
        yield "    x = self.resizes[RESIZES[place]](x).type_as(x)"
    if kind == "learned":
        yield "if x.size(-1) > width:"
        yield "    x = x[..., :width]"


def _exit(plan: Plan) -> Iterator[str]:
    resize = plan.decoder.exit
    if resize is None:
        return
    if resize.kind == "carry":
        yield f"x, _ = resize(x, carried, {resize.after})"
    elif resize.kind == "pad":
        yield f"x = resize(x, {resize.after})"
    elif resize.module is not None:
        yield f"x = self.resizes[{resize.module}](x).type_as(x)"
    else:
        yield f"x = x[..., :{resize.after}]"


def _logs(plan: Plan) -> Iterator[str]:
    """One line for each distinct list of candidates with something to choose."""
    layers: dict[tuple[KernelName, ...], list[int]] = {}
    for layer in plan.decoder.layers:
        mixer = layer.mixer
        if isinstance(mixer, Attention) and len(mixer.kernel.candidates) > 1:
            layers.setdefault(mixer.kernel.candidates, []).append(layer.index)
    for candidates, where in layers.items():
        *tried, last = candidates
        flex = "flex on CUDA and without gradients, else " if "flex" in tried else ""
        # What stands for flash depends on whether it is installed.
        flash = "%s" if "flash" in tried else ""
        text = f"attention of layers[{write_ranges(where)}]: {flash}{flex}{last}"
        arguments = (py_str(text), *(("FLASH",) if flash else ()))
        yield from lay_out(Call("logger.info", arguments), 8)


def _slots(plan: Plan, structure: Structure) -> Iterator[str]:
    if not structure.mixes:
        return
    mixer = "" if all(layer.mixer for layer in structure.layers) else "mixer and "
    if "mixer" in structure.shared:
        yield "layers: Any = self.layers"
        yield "mixers = [layers[owner].mixer for owner in MIXERS]"
    elif not mixer:
        own = ("Recomputed",) if structure.recomputes else ()
        classes = (*dict.fromkeys(structure.attentions.values()), *own)
        several = Call("", classes) if classes[1:] else classes[0]
        test = Call("isinstance", ("m", several))
        loop = "for m in self.modules()"
        yield from lay_out_comprehension("mixers", "m", loop, test, 8)
    else:
        yield 'mixers = [getattr(layer, "mixer", None) for layer in self.layers]'
    call = "mixer.make_slot(batch, length)"
    if _order(plan) is None:
        yield f"slots = [{mixer}{call} for mixer in mixers]"
    else:
        yield "used = [mixers[index] for index in ORDER]"
        yield f"slots = [{mixer}{call} for mixer in used]"
