"""The `Model` class: embedding, the loop over the layers, head, loss and cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vslmc.cost.rows import write_ranges
from vslmc.plan.nodes import Attention, KernelName, Mla, Plan, Resize
from vslmc.plan.tensors import bias_tables, stored_resizes
from vslmc.render.blocks import keeps_width
from vslmc.render.ends import (
    embed_text,
    embedding_parts,
    final_lines,
    head_parts,
    hidden_call,
    last_logits,
    logits_call,
    logits_method,
    loss_lines,
    norm_of,
)
from vslmc.render.escape import py_str
from vslmc.render.further import further_parts
from vslmc.render.initial import find_start
from vslmc.render.kernels.variants import form_of
from vslmc.render.layout import (
    Call,
    lay_out,
    lay_out_comprehension,
    lay_out_def,
)
from vslmc.render.order import order_of, places_of
from vslmc.render.passing import layer_parameters, names_of
from vslmc.render.python import list_parts, own_lines
from vslmc.render.structure import Structure
from vslmc.render.tables import absolute_lines, place_lines, table_lines
from vslmc.render.words import Words


@dataclass(frozen=True, slots=True)
class ModelView:
    """The view of `model.py.jinja`."""

    doc: str
    """Its docstring."""
    parts: Words
    """Lines that make its parts."""
    logs: Words
    """Lines that log the choice of kernels."""
    forward: str
    """Head of `forward`."""
    forward_doc: Words
    """Lines of its docstring."""
    logits: Words
    """Lines that return the logits of all tokens."""
    capped: Words
    """The method `_logits`, where logits are more than a product."""
    loss: Words
    """Lines of `loss`."""
    slots: Words
    """Lines that make the cache's slots, if there are any."""
    cache: str
    """The call that makes the cache."""
    generate_padded: Words
    """The parameter of `generate` that tells padding."""
    generate_doc: str
    """Its docstring."""
    last_logits: Words
    """Lines that make the logits of the newest token."""
    known: Words
    """Lines after a step of `generate`: the new token is no padding."""
    hidden: str
    """Head of `_hidden`."""
    hidden_doc: str
    """Its docstring."""
    extend: Words
    """Lines that put padding behind that of earlier tokens."""
    stream: Words
    """Lines that make the stream after the last layer."""
    result: str
    """What it returns."""
    normed: Words
    """Lines of `_hidden` behind `_stream`, where the two are apart."""
    init_doc: str
    """Docstring of `init_parameters`."""
    own: Words
    """Lines that find the parameters which it leaves alone, if there are any."""
    init: Words
    """The lines in its loop."""


def model_view(plan: Plan, structure: Structure) -> ModelView:
    """The view of the whole model."""
    start = find_start(plan)
    mixes, width = structure.mixes, plan.head.width
    apart = plan.head.mtp is not None
    after = f"(B, T, {width})"
    return ModelView(
        doc="Tokens to logits.",
        parts=tuple(_parts(plan, structure)),
        logs=tuple(_logs(plan)),
        forward=_forward_head(structure),
        forward_doc=(LOGITS, *PADDED) if mixes else (f'{LOGITS}"""',),
        logits=lay_out(
            logits_call(plan, str(hidden_call(structure, "tokens"))), 8, "return "
        ),
        capped=tuple(logits_method(plan)),
        loss=tuple(loss_lines(plan, structure)),
        slots=tuple(_slots(plan, structure)),
        cache="Cache(length, slots)" if mixes else "Cache(length)",
        generate_padded=("padding: Tensor | None = None,",) if mixes else (),
        generate_doc=GENERATE,
        last_logits=last_logits(plan, structure),
        known=("padding = None",) if mixes else (),
        hidden=_hidden_head("_stream" if apart else "_hidden", structure),
        hidden_doc=f"The {'stream' if apart else 'normalised stream'} after the last layer, {after}.",
        extend=EXTEND if mixes else (),
        stream=tuple(_stream(plan, structure)),
        result="x" if apart else norm_of(plan),
        normed=tuple(_normed(plan, structure)) if apart else (),
        init_doc=start.doc,
        own=tuple(own_lines(parts)) if (parts := list_parts(plan)) else (),
        init=start.lines,
    )


LOGITS = '        """Logits (B, T, V) of tokens (B, T); with a cache, they continue what it holds.'
PADDED = (
    "",
    "        `padding` (B, T) is True where a token is none: no other sees it.",
    '        """',
)
EXTEND = ("if cache is not None:", "    padding = cache.extend(tokens, padding)")
GENERATE = (
    "Continue tokens (B, T); a sequence that drew `stop` goes on with `stop` only."
)


def _forward_head(structure: Structure) -> str:
    padding = ("padding: Tensor | None = None",) if structure.mixes else ()
    parameters = ("self", "tokens: Tensor", "cache: Cache | None = None", *padding)
    return lay_out_def("forward", parameters, " -> Tensor", 4)


def _hidden_head(name: str, structure: Structure) -> str:
    cache, padding = "cache: Cache | None", "padding: Tensor | None"
    parameters = (cache, *((padding,) if structure.mixes else ()))
    if structure.balanced:
        parameters = (*parameters, "losses: Losses")
    else:
        parameters = tuple(f"{parameter} = None" for parameter in parameters)
    return lay_out_def(name, ("self", "tokens: Tensor", *parameters), " -> Tensor", 4)


def _normed(plan: Plan, structure: Structure) -> Iterator[str]:
    """`_hidden` where `loss` wants the stream as it is."""
    yield _hidden_head("_hidden", structure)
    yield f'        """The normalised stream after the last layer, (B, T, {plan.head.width})."""'
    padding = ("padding",) if structure.mixes else ()
    losses = ("losses",) if structure.balanced else ()
    call = Call("self._stream", ("tokens", "cache", *padding, *losses))
    yield f"        return {norm_of(plan, str(call))}"
    yield ""


def chooses_kernels(plan: Plan) -> bool:
    """Whether some layer has more than one kernel to choose from."""
    mixers = [
        layer.mixer
        for layer in plan.decoder.layers
        if isinstance(layer.mixer, Attention | Mla)
    ]
    return any(len(mixer.kernel.candidates) > 1 for mixer in mixers)


def _kind(plan: Plan) -> str:
    resizes = [layer.resize for layer in plan.decoder.layers] + [plan.decoder.exit]
    kinds = [resize.kind for resize in resizes if resize is not None]
    return kinds[0] if kinds else "none"


def _parts(plan: Plan, structure: Structure) -> Iterator[str]:
    yield from embedding_parts(plan)
    if keeps_width(plan):
        yield "layers = list(build_layers())"
        yield "self.widths = [layer.width for layer in layers]"
        yield "self.layers = nn.ModuleList(layers)"
    else:
        yield "self.layers = nn.ModuleList(build_layers())"
    stored = [resize for resize, _, _ in stored_resizes(plan.decoder)]
    if stored:
        yield from _resizes(stored)
    tables = bias_tables(plan.decoder)
    if tables:
        calls = [
            f"nn.Embedding({bias.buckets}, {heads})"
            for _, (bias, heads, _) in sorted(tables.items())
        ]
        yield from _module_list("biases", calls)
    yield from head_parts(plan)
    if plan.head.mtp is not None:
        yield from further_parts(plan, structure)


def _resizes(stored: list[Resize]) -> Words:
    calls = [
        (
            f"nn.Linear({r.before}, {r.after}, bias=False)"
            if r.kind == "project"
            else f"Fill({r.before}, {r.after})"
        )
        for r in stored
    ]
    return _module_list("resizes", calls)


def _module_list(name: str, calls: list[str]) -> Words:
    line = f"self.{name} = nn.ModuleList([{', '.join(calls)}])"
    if len(line) + 8 <= 88:
        return (line,)
    inner = f"    [{', '.join(calls)}]"
    if len(inner) + 8 <= 88:
        return (f"self.{name} = nn.ModuleList(", inner, ")")
    each = (f"        {call}," for call in calls)
    return (f"self.{name} = nn.ModuleList(", "    [", *each, "    ]", ")")


def _stream(plan: Plan, structure: Structure) -> Iterator[str]:
    yield f"x = {embed_text(plan, 'tokens')}  # (B, T, C)"
    yield from place_lines(plan, structure)
    yield from absolute_lines(plan, structure)
    if plan.embedding.norm is not None:
        yield "x = self.embedding_norm(x)"
    if plan.embedding.dropout > 0:
        yield "x = self.dropout(x)"
    yield from table_lines(plan, structure)
    kind = _kind(plan)
    if kind == "carry":
        yield "carried = x[..., :0]  # the coordinates above the stream's width"
    yield from _loop(plan, structure, kind)
    yield from _exit(plan)
    yield from final_lines(plan)


def _loop(plan: Plan, structure: Structure, kind: str) -> Iterator[str]:
    order = order_of(plan) is not None
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
    yield from _loop_head(names, values, bool(places_of(plan)))
    if order and wide:
        yield "    width = self.widths[index]"
    yield from (f"    {line}" for line in _resize_lines(kind, bool(places_of(plan))))
    lent = (f"self.layers[{owner}].{part}" for part, owner in owners.items())
    arguments = names_of(layer_parameters(structure))
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


@dataclass(frozen=True, slots=True)
class _Choice:
    """What the log of a kernel's choice depends on."""

    candidates: tuple[KernelName, ...]
    asked: bool
    """Whether the spec asks for flex by name."""
    flash_2: bool
    """Whether flash is its second version alone."""


def _logs(plan: Plan) -> Iterator[str]:
    """One line for each distinct choice with something to choose."""
    layers: dict[_Choice, list[int]] = {}
    for layer in plan.decoder.layers:
        mixer = layer.mixer
        if isinstance(mixer, Attention | Mla) and len(mixer.kernel.candidates) > 1:
            kernel, old = mixer.kernel, form_of(mixer).flash_2
            choice = _Choice(kernel.candidates, kernel.choice == "flex", old)
            layers.setdefault(choice, []).append(layer.index)
    for choice, where in layers.items():
        *tried, last = choice.candidates
        flex = ""
        if "flex" in tried:
            rest = " and without gradients" if choice.asked else ""
            flex = f"flex on CUDA{rest}, else "
        # What stands for flash depends on whether it is installed.
        flash = "%s" if "flash" in tried else ""
        text = f"attention of layers[{write_ranges(where)}]: {flash}{flex}{last}"
        installed = "FLASH_2_FIRST" if choice.flash_2 else "FLASH_FIRST"
        arguments = (py_str(text), *((installed,) if flash else ()))
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
        classes = (*dict.fromkeys(structure.mixers.values()), *own)
        several = Call("", classes) if classes[1:] else classes[0]
        test = Call("isinstance", ("m", several))
        loop = "for m in self.modules()"
        yield from lay_out_comprehension("mixers", "m", loop, test, 8)
    else:
        yield 'mixers = [getattr(layer, "mixer", None) for layer in self.layers]'
    call = "mixer.make_slot(batch, length)"
    if order_of(plan) is None:
        yield f"slots = [{mixer}{call} for mixer in mixers]"
    else:
        yield "used = [mixers[index] for index in ORDER]"
        yield f"slots = [{mixer}{call} for mixer in used]"
