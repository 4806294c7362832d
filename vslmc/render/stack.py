"""The `Model` class: embedding, the loop over the layers, head, loss and cache."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.cost.rows import write_ranges
from vslmc.plan.nodes import Attention, KernelName, Mla, Plan
from vslmc.plan.tensors import path_of
from vslmc.record import record
from vslmc.render.encoder import read_method
from vslmc.render.ends import (
    embed_text,
    embedding_parts,
    entry_lines,
    final_lines,
    head_parts,
    last_logits,
    logits_call,
    logits_method,
    loss_lines,
    norm_of,
)
from vslmc.render.escape import py_str
from vslmc.render.further import further_parts
from vslmc.render.initial import find_start
from vslmc.render.kernels.triton import log_lines
from vslmc.render.kernels.variants import form_of
from vslmc.render.layout import Call, lay_out, lay_out_comprehension
from vslmc.render.order import order_of
from vslmc.render.passing import hidden_parameters, names_of
from vslmc.render.python import list_parts, own_lines
from vslmc.render.signatures import (
    after_step,
    call_head,
    extend_lines,
    forward_doc,
    generate_parameters,
    hidden_call,
    hidden_head,
    loss_doc,
    loss_head,
    room_lines,
)
from vslmc.render.structure import Structure
from vslmc.render.tables import absolute_lines, place_lines, table_lines
from vslmc.render.walk import layer_lines, walk_lines
from vslmc.render.words import Words


@record
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
    loss_head: str
    """Head of `loss`."""
    loss_doc: str
    """Its docstring."""
    loss: Words
    """Lines of `loss`."""
    rebalance: Words
    """The method that evens the load of experts, if routers have corrections."""
    decodes: bool
    """Whether it continues tokens, with a cache."""
    slots: Words
    """Lines that make the cache's slots, if there are any."""
    cache: Call
    """The call that makes the cache."""
    generate_padded: Words
    """The parameters of `generate` that tell padding and the source."""
    generate_doc: str
    """Its docstring."""
    last_logits: Words
    """Lines that make the logits of the newest token."""
    known: Words
    """Lines after a step of `generate`: the new token is no padding, the source is read."""
    hidden: str
    """Head of `_hidden`."""
    hidden_doc: str
    """Its docstring."""
    room: Words
    """Lines that look whether the tokens fit into the context."""
    extend: Words
    """Lines that put padding behind that of earlier tokens, and read the source."""
    stream: Words
    """Lines that make the stream after the last layer."""
    result: str
    """What it returns."""
    normed: Words
    """Lines of `_hidden` behind `_stream`, where the two are apart."""
    read: Words
    """The method that reads the source, if there is an encoder beside the decoder."""
    init_doc: str
    """Docstring of `init_parameters`."""
    own: Words
    """Lines that find the parameters which it leaves alone, if there are any."""
    init: Words
    """The lines in its loop."""


def model_view(plan: Plan, structures: tuple[Structure, ...]) -> ModelView:
    """The view of the whole model."""
    structure, start = structures[-1], find_start(plan)
    apart = plan.head.mtp is not None
    name, what = ("_stream", "stream") if apart else ("_hidden", "normalised stream")
    after = f"(B, T, {plan.head.width})"
    return ModelView(
        doc="Tokens to logits.",
        parts=tuple(_parts(plan, structure)),
        logs=tuple(_logs(plan)),
        forward=call_head(plan, structure, "forward"),
        forward_doc=forward_doc(plan, structure),
        logits=lay_out(
            logits_call(plan, str(hidden_call(plan, structure, "tokens"))), 8, "return "
        ),
        capped=tuple(logits_method(plan)),
        loss_head=loss_head(plan, structure),
        loss_doc=loss_doc(plan),
        loss=tuple(loss_lines(plan, structure)),
        rebalance=tuple(_rebalance(structure)),
        decodes=plan.generates,
        slots=tuple(_slots(structure)),
        cache=_cache(structure),
        generate_padded=generate_parameters(plan, structure),
        generate_doc=GENERATE,
        last_logits=last_logits(plan, structure),
        known=after_step(plan, structure),
        hidden=hidden_head(plan, structure, name),
        hidden_doc=f"The {what} after the last layer, {after}.",
        room=room_lines(structure, "tokens"),
        extend=tuple(extend_lines(plan, structure)),
        stream=tuple(_stream(plan, structure)),
        result="x" if apart else norm_of(plan),
        normed=tuple(_normed(plan, structure)) if apart else (),
        read=read_method(plan, structures),
        init_doc=start.doc,
        own=tuple(own_lines(parts)) if (parts := list_parts(plan)) else (),
        init=start.lines,
    )


GENERATE = "Continue tokens (B, T); a sequence that drew one of `stop` repeats it."


def _rebalance(structure: Structure) -> Iterator[str]:
    """The method that moves the corrections of routers."""
    if not structure.rebalances:
        return
    yield "    @torch.no_grad()"
    yield "    def rebalance(self) -> None:"
    yield '        """Even the load of the experts: call it after each step of training."""'
    yield "        for module in self.modules():"
    names = structure.rebalances
    several = Call("", names) if names[1:] else names[0]
    test = Call("isinstance", ("module", several))
    yield from lay_out(test, 12, before="if ", after=":")
    yield "                module.rebalance()"
    yield ""


def _cache(structure: Structure) -> Call:
    slots = ("slots",) if structure.mixes else ()
    memory = ("memory",) if structure.crosses else ()
    return Call("Cache", ("length", *slots, *memory))


def _normed(plan: Plan, structure: Structure) -> Iterator[str]:
    """`_hidden` where `loss` wants the stream as it is."""
    yield hidden_head(plan, structure, "_hidden")
    yield f'        """The normalised stream after the last layer, (B, T, {plan.head.width})."""'
    losses = ("losses",) if structure.losses else ()
    names = names_of(hidden_parameters(plan, structure))
    call = Call("self._stream", ("tokens", *names, *losses))
    yield f"        return {norm_of(plan, str(call))}"
    yield ""


def list_kernels(plan: Plan) -> Iterator[tuple[str, int, Attention | Mla]]:
    """Every applied attention with kernels: whose it is, and the index of its layer."""
    for stack in plan.stacks:
        layers = f"{path_of(stack)}layers"
        for layer in stack.layers:
            if isinstance(layer.mixer, Attention | Mla):
                yield f"attention of {layers}", layer.index, layer.mixer
        for layer in stack.layers:
            if layer.cross is not None:
                yield f"cross-attention of {layers}", layer.index, layer.cross


def chooses_kernels(plan: Plan) -> bool:
    """Whether some layer has more than one kernel to choose from."""
    several = (len(mixer.kernel.candidates) > 1 for _, _, mixer in list_kernels(plan))
    return any(several) or any(log_lines(plan))


def _parts(plan: Plan, structure: Structure) -> Iterator[str]:
    yield from embedding_parts(plan.embedding)
    if plan.source is not None:
        yield "self.encoder = Encoder()"
    yield from layer_lines(structure)
    yield from head_parts(plan)
    if plan.head.mtp is not None:
        yield from further_parts(plan, structure)


def _stream(plan: Plan, structure: Structure) -> Iterator[str]:
    yield f"x = {embed_text(plan, 'tokens')}  # (B, T, C)"
    yield from place_lines(plan, structure)
    yield from absolute_lines(plan, structure)
    yield from entry_lines(plan.embedding)
    yield from table_lines(plan, structure)
    yield from walk_lines(structure)
    yield from final_lines(plan)


@record
class _Choice:
    """What the log of a kernel's choice depends on."""

    what: str
    candidates: tuple[KernelName, ...]
    asked: bool
    """Whether the spec asks for flex by name."""
    flash_2: bool
    """Whether flash is its second version alone."""


def _logs(plan: Plan) -> Iterator[str]:
    """One line for each distinct choice with something to choose."""
    groups: dict[_Choice, list[int]] = {}
    for what, index, mixer in list_kernels(plan):
        kernel = mixer.kernel
        if len(kernel.candidates) > 1:
            asked, old = kernel.choice == "flex", form_of(mixer).flash_2
            choice = _Choice(what, kernel.candidates, asked, old)
            groups.setdefault(choice, []).append(index)
    for choice, where in groups.items():
        *tried, last = choice.candidates
        flex = ""
        if "flex" in tried:
            rest = " and without gradients" if choice.asked else ""
            flex = f"flex on CUDA{rest}, else "
        # What stands for flash depends on whether it is installed.
        flash = "%s" if "flash" in tried else ""
        text = f"{choice.what}[{write_ranges(where)}]: {flash}{flex}{last}"
        installed = "FLASH_2_FIRST" if choice.flash_2 else "FLASH_FIRST"
        arguments = (py_str(text), *((installed,) if flash else ()))
        yield from lay_out(Call("logger.info", arguments), 8)
    yield from log_lines(plan)


def _slots(structure: Structure) -> Iterator[str]:
    if structure.mixes:
        yield from _mixer_slots(structure)
    if structure.crosses:
        count = len(structure.stack.layers)
        yield f"memory = [MemorySlot() for _ in range({count})]"


def _mixer_slots(structure: Structure) -> Iterator[str]:
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
    if order_of(structure.stack) is None:
        yield f"slots = [{mixer}{call} for mixer in mixers]"
    else:
        yield "used = [mixers[index] for index in ORDER]"
        yield f"slots = [{mixer}{call} for mixer in used]"
