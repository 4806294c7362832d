"""What the methods of a model take: with a decoder, an encoder, or both."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Plan
from vslmc.render.layout import Call, lay_out_def
from vslmc.render.passing import hidden_parameters, names_of
from vslmc.render.structure import Structure
from vslmc.render.words import Words

CONTINUES = '        """Logits (B, T, V) of tokens (B, T); with a cache, they continue what it holds.'
READS = '        """Logits (B, T, V) of tokens (B, T), each of which sees all.'
PADDED = "        `padding` (B, T) is True where a token is none: no other sees it."
SOURCED = (
    "        `source` (B, S) are the tokens that the encoder reads; with a cache, the first",
    "        call gives them.",
)
TYPED = (
    "        `types` (B, T) are the types of the tokens; all are 0 if none are given."
)


def forward_doc(plan: Plan, structure: Structure) -> Words:
    """The docstring of `forward`."""
    first = CONTINUES if plan.generates else READS
    more = (PADDED,) if structure.mixes else ()
    more += SOURCED if plan.source else ()
    more += (TYPED,) if plan.embedding.types else ()
    return (first, "", *more, '        """') if more else (f'{first}"""',)


def call_head(plan: Plan, structure: Structure, name: str) -> str:
    """The head of a method that is called with tokens, and with all that may go with them."""
    rest = (f"{p} = None" for p in hidden_parameters(plan, structure))
    return lay_out_def(name, ("self", "tokens: Tensor", *rest), " -> Tensor", 4)


def hidden_head(plan: Plan, structure: Structure, name: str) -> str:
    """The head of the way to the last layer; layers may leave losses."""
    if not structure.losses:
        return call_head(plan, structure, name)
    rest = (*hidden_parameters(plan, structure), "losses: Losses")
    return lay_out_def(name, ("self", "tokens: Tensor", *rest), " -> Tensor", 4)


def hidden_call(
    plan: Plan,
    structure: Structure,
    tokens: str,
    name: str = "_hidden",
    loss: bool = False,
) -> Call:
    """The call of that from `forward`, or from `loss`, which has no cache."""
    names = list(names_of(hidden_parameters(plan, structure)))
    if loss and plan.generates:
        names = [n if n.startswith("source") else "None" for n in names]
    if structure.losses:
        names.append("losses" if loss else "Losses()")
    while names and names[-1] == "None":
        names.pop()
    return Call(f"self.{name}", (tokens, *names))


def loss_head(plan: Plan, structure: Structure) -> str:
    """The head of `loss`."""
    rest: Words = ()
    if plan.source is not None:
        rest = ("source: Tensor", "source_padding: Tensor | None = None")
    elif not plan.generates:
        rest = tuple(f"{p} = None" for p in hidden_parameters(plan, structure))
    parameters = ("self", "tokens: Tensor", "targets: Tensor", *rest)
    return lay_out_def("loss", parameters, " -> Tensor", 4)


def loss_doc(plan: Plan) -> str:
    """The docstring of `loss`."""
    if not plan.generates:
        return (
            "Mean cross-entropy of hidden tokens in nats; targets of -100 are left out."
        )
    return (
        "Mean cross-entropy in nats; `targets` are the next tokens, -100 is left out."
    )


def generate_parameters(plan: Plan, structure: Structure) -> Words:
    """What `generate` takes beside tokens and choices."""
    if not plan.generates:
        return ()
    _, *rest = hidden_parameters(plan, structure)
    return tuple(f"{parameter} = None," for parameter in rest)


def after_step(plan: Plan, structure: Structure) -> Words:
    """Lines after a step of `generate`: what belongs to the first tokens alone."""
    if not plan.generates:
        return ()
    _, *rest = names_of(hidden_parameters(plan, structure))
    return (" = ".join((*rest, "None")),) if rest else ()


def room_lines(structure: Structure, tokens: str) -> Words:
    """Lines that name the places of tokens, and refuse more than fit."""
    if structure.decodes:
        return (
            "start, length = (0, CONTEXT) if cache is None else (cache.seen, cache.length)",
            f"end = start + {tokens}.size(1)",
            "if end > length:",
            '    raise ValueError(f"{end} tokens, there is room for {length}")',
        )
    return (
        f"end = {tokens}.size(1)",
        "if end > CONTEXT:",
        '    raise ValueError(f"{end} tokens, there is room for {CONTEXT}")',
    )


ALONE = (
    "if padding is not None:  # a sequence of padding alone sees itself",
    "    padding = padding & ~padding.all(dim=1, keepdim=True)",
)


def extend_lines(plan: Plan, structure: Structure) -> Iterator[str]:
    """Lines for padding, and for what the encoder has made of the source."""
    if not plan.generates:
        yield from ALONE if structure.mixes else ()
        return
    if structure.mixes:
        yield "if cache is not None:"
        yield "    padding = cache.extend(tokens, padding)"
    if plan.source is not None:
        losses = ("losses",) if structure.losses else ()
        call = Call("self._read", ("cache", "source", "source_padding", *losses))
        yield f"memory, memory_padding = {call}"
