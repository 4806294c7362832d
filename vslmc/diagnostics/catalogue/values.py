"""Faults of values and expressions."""

from __future__ import annotations

from vslmc.diagnostics.catalogue.words import SLOTS, count_words
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span

BASE = "block base { mixer = attention(heads = 4), ffn = mlp }"


@diagnostic(
    "wrong-value",
    what="A value is not of the type, or out of the range, that its key takes.",
    why="Values are checked before anything is built; whole-number keys refuse fractions rather than round silently.",
    wrong="vocab = 256, context = 64, width = 100 / 3",
    right="vocab = 256, context = 64, width = round_to(100 / 3, 8)",
    form="sizes",
)
def wrong_value(
    place: Span, what: str, reason: str, help: str | None, layer: Span | None = None
) -> Diagnostic:
    """`what` takes the value, in words; `reason` for the caret; `layer` where it happens."""
    return fault(
        f"{what} cannot take this value",
        primary=Label(place, reason),
        secondary=in_layer(place, layer),
        help=help,
    )


def in_layer(place: Span, layer: Span | None) -> tuple[Label, ...]:
    """Points at the layer, unless it is around `place` anyway."""
    if layer is None or (
        layer.source is place.source and layer.start <= place.start < layer.end
    ):
        return ()
    return (Label(layer, "in this layer"),)


@diagnostic(
    "not-a-number",
    what="An operand of an expression is no number.",
    why="Arithmetic works on numbers only.",
    wrong='vocab = 256, context = 64, width = "a" * 2',
    right="vocab = 256, context = 64, width = 32 * 2",
    form="sizes",
)
def not_a_number(place: Span, found: str) -> Diagnostic:
    """`found` describes the operand."""
    return fault(
        "arithmetic needs numbers", primary=Label(place, f"{found} is no number")
    )


@diagnostic(
    "division-by-zero",
    what="An expression divides by zero.",
    why="It has no value.",
    wrong="vocab = 256, context = 64, width = 64 / 0",
    right="vocab = 256, context = 64, width = 64 / 2",
    form="sizes",
)
def division_by_zero(place: Span) -> Diagnostic:
    """`place` is the divisor."""
    return fault("division by zero", primary=Label(place, "this is 0"))


@diagnostic(
    "number-out-of-range",
    what="An expression grows beyond every number that a key could take.",
    why="Numbers are exact, and the size of intermediate ones is bounded.",
    wrong="vocab = 9 ** 9 ** 9, context = 64, width = 32",
    right="vocab = 9 ** 3, context = 64, width = 32",
    form="sizes",
)
def number_out_of_range(place: Span) -> Diagnostic:
    """`place` is the expression."""
    return fault(
        "the number is too large", primary=Label(place, "beyond every key's range")
    )


@diagnostic(
    "wrong-argument-count",
    what="A function is called with too many or too few arguments.",
    why="Each function takes a fixed number of them.",
    wrong="vocab = 256, context = 64, width = round_to(100)",
    right="vocab = 256, context = 64, width = round_to(100, 64)",
    form="sizes",
)
def wrong_arguments(place: Span, name: str, count: int) -> Diagnostic:
    """`count` arguments were given."""
    forms = {
        "min": "min(a, ...)", "max": "max(a, ...)", "floor": "floor(x)", "ceil": "ceil(x)",
        "sqrt": "sqrt(x)", "round_to": "round_to(x, multiple)", "round_up": "round_up(x, multiple)",
        "round_down": "round_down(x, multiple)", "ramp": "ramp(first, last, multiple = 1)",
        "geometric": "geometric(first, last, multiple = 1)", "cycle": "cycle(a, b, ...)",
        "pick": "pick([a, b, ...])",
    }  # fmt: skip
    return fault(
        f"`{name}` cannot be called with {count_words(count, 'argument')}",
        primary=Label(place, "called here"),
        help=f"it is `{forms[name]}`",
    )


@diagnostic(
    "function-without-value",
    what="A function has no value for its arguments.",
    why="A root of a negative number, a multiple of zero and a list of the wrong length mean nothing.",
    wrong="vocab = 256, context = 64, width = sqrt(-4)",
    right="vocab = 256, context = 64, width = sqrt(4096)",
    form="sizes",
)
def function_slip(place: Span, name: str, reason: str) -> Diagnostic:
    """`reason` says why there is no value."""
    return fault(f"`{name}` has no value here", primary=Label(place, reason))


@diagnostic(
    "no-layer-here",
    what="A schedule, or `i`, `n`, `layer` or `depth`, stands where there is no layer.",
    why="They differ from layer to layer; a model's own keys have one value.",
    wrong="layers { 2 * base }\nembedding { dropout = cycle(0.1, 0.2) }",
    right="layers { 2 * base { dropout = cycle(0.1, 0.2) } }",
    form="model",
)
def no_layer_here(place: Span, word: str) -> Diagnostic:
    """`word` is the schedule or variable."""
    return fault(
        f"`{word}` has a value only inside a layer",
        primary=Label(place, "no layer here"),
        help="use it in a block, or in the overrides of `N * block { ... }`",
    )


@diagnostic(
    "not-a-component",
    what="A key takes a component, and something else is bound to it.",
    why="Components are kinds with arguments, such as `swiglu(hidden = 512)`.",
    wrong="block base { mixer = attention(heads = 4), ffn = 512 }",
    right="block base { mixer = attention(heads = 4), ffn = mlp(hidden = 512) }",
    form="block",
)
def not_a_component(place: Span, slot: str, known: list[str]) -> Diagnostic:
    """`known` are the kinds of the slot."""
    kinds = ", ".join(f"`{name}`" for name in known)
    return fault(
        f"this is no {SLOTS.get(slot, slot)}",
        primary=Label(place, "not a component"),
        help=f"the kinds are {kinds}",
    )


@diagnostic(
    "wrong-default",
    what="A key that is not set has a default made from others, and here that has no value.",
    why="The default is a whole share of another value, and it does not divide.",
    wrong="block base { mixer = attention(heads = 5), ffn = mlp }",
    right="block base { mixer = attention(heads = 5, head_dim = 16), ffn = mlp }",
    form="block",
)
def wrong_default(
    place: Span, key: str, reason: str, help: str, layer: Span | None = None
) -> Diagnostic:
    """`place` is the component, `layer` where it happens."""
    return fault(
        f"the default of `{key}` has no value here",
        primary=Label(place, reason),
        secondary=in_layer(place, layer),
        help=help,
    )


@diagnostic(
    "too-much-work",
    what="The expressions of a model need more steps of evaluation than the limit.",
    why="The time of a check is bounded, however long lists are and however many layers read them.",
    wrong="vslmc check specs/moe.vslm --max-work 100",
    right="vslmc check specs/moe.vslm",
    form="command",
)
def too_much_work(place: Span | None, limit: int) -> Diagnostic:
    """`place` is what was being evaluated."""
    return fault(
        f"the model needs more than {limit:,} steps of evaluation",
        primary=Label(place, "the limit is passed here") if place else None,
        help="use shorter expressions or fewer layers, or raise the limit with `--max-work`",
    )
