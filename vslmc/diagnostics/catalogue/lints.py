"""Warnings: what compiles, and is most likely not what was meant.

Each can be silenced where it is meant, with a reason: `allow { head_dim_alignment = "..." }`.
"""

from __future__ import annotations

from vslmc.diagnostics.catalogue.names import near_names
from vslmc.diagnostics.catalogue.words import count_words
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span

LINTS = (
    "unused-block",
    "unused-param",
    "unused-recipe",
    "unused-label",
    "loop-of-one-pass",
    "override-without-effect",
    "resize-without-effect",
    "head-dim-alignment",
    "vocab-alignment",
    "window-beyond-context",
    "every-expert-chosen",
    "key-without-effect",
)
"""Warnings that `allow` silences."""


def spell_lint(name: str) -> str:
    """A warning as a spec names it: `head_dim_alignment`."""
    return name.replace("-", "_")


def unless_meant(help: str, name: str) -> str:
    """A proposal, and how to say that it is meant as it is."""
    return f'{help}; if it is meant: `allow {{ {spell_lint(name)} = "why" }}`'


@diagnostic(
    "unused-param",
    what="A parameter of the file is used by no expression.",
    why="It would be without effect; `--set` would change nothing.",
    wrong="param core = 64\nblock base { mixer = none, ffn = mlp }",
    right="param core = 64\nblock base { width = core, mixer = none, ffn = mlp }",
    severity="warning",
    form="block",
)
def unused_param(place: Span, name: str) -> Diagnostic:
    """`place` is the name in its declaration."""
    return fault(
        f"no expression uses the parameter `{name}`", primary=Label(place, "unused")
    )


@diagnostic(
    "unused-recipe",
    what="No model of the file trains by a recipe that the file declares.",
    why="It would be without effect.",
    wrong=(
        "block base { mixer = none, ffn = mlp }\n"
        "recipe long { train { steps = 10_000 } }"
    ),
    right=(
        "block base { mixer = none, ffn = mlp }\n"
        "recipe long { train { steps = 10_000 } }\n"
        "model n extends m { recipe = long }"
    ),
    severity="warning",
    form="block",
)
def unused_recipe(place: Span, name: str) -> Diagnostic:
    """`place` is the name in its declaration."""
    return fault(f"no model uses the recipe `{name}`", primary=Label(place, "unused"))


@diagnostic(
    "unused-label",
    what="A label of the stack is nowhere used again.",
    why="A label is there for `use`, which applies the same weights once more.",
    wrong="layers { door: base, 2 * base }",
    right="layers { door: base, 2 * base, use door }",
    severity="warning",
    form="model",
)
def unused_label(place: Span, name: str) -> Diagnostic:
    """`place` is the label."""
    return fault(
        f"the label `{name}` is never used", primary=Label(place, "no `use` of it")
    )


@diagnostic(
    "loop-of-one-pass",
    what="A loop makes one pass.",
    why="The same layers without the loop are the same model.",
    wrong="layers { loop 1 { 2 * base } }",
    right="layers { loop 3 { 2 * base } }",
    severity="warning",
    form="model",
)
def loop_of_one_pass(place: Span) -> Diagnostic:
    """`place` is the number of passes."""
    return fault(
        "the loop makes one pass",
        primary=Label(place, "without effect"),
        help="remove the loop, or let a parameter set its passes",
    )


@diagnostic(
    "override-without-effect",
    what="A binding of a layer is overridden, by the same model, in every layer it reaches.",
    why="It changes nothing, neither here nor in a variant.",
    wrong="layers { 2 * base { ffn.hidden = 96 } }\nlayers[*].ffn = swiglu",
    right="layers { 2 * base }\nlayers[*].ffn = swiglu(hidden = 96)",
    severity="warning",
    form="model",
)
def override_without_effect(place: Span, by: tuple[Span, ...]) -> Diagnostic:
    """`place` is the value, `by` are values that stand in its place."""
    return fault(
        "the binding is without effect",
        primary=Label(place, "overridden in every layer"),
        secondary=[Label(span, "by this") for span in by],
        help="remove it, or narrow what comes after it",
    )


@diagnostic(
    "resize-without-effect",
    what="A model says how its stream changes width, and no layer has a width of its own.",
    why="All layers have the model's width: there is nothing to resize.",
    wrong="resize = pad\nlayers { 2 * base }",
    right="resize = pad\nlayers { base, base { width = 32 } }",
    severity="warning",
    form="model",
)
def resize_without_effect(place: Span) -> Diagnostic:
    """`place` is the value."""
    return fault(
        "`resize` is without effect",
        primary=Label(place, "all layers have the model's width"),
        help="remove it, or give layers a `width`",
    )


@diagnostic(
    "head-dim-alignment",
    what="The width of an attention head is no multiple of 8.",
    why="Tensor cores and the fused kernels work in multiples of 8: other widths are padded or refused.",
    wrong="block base { mixer = attention(heads = 4, head_dim = 12), ffn = mlp }",
    right="block base { mixer = attention(heads = 4, head_dim = 16), ffn = mlp }",
    severity="warning",
    form="block",
)
def head_dim_alignment(place: Span, head_dim: int) -> Diagnostic:
    """`place` is the value, or the mixer that it follows from."""
    near = [str(n) for n in (head_dim // 8 * 8, head_dim // 8 * 8 + 8) if n]
    return fault(
        f"heads of {head_dim} are no multiple of 8",
        primary=Label(place, f"`head_dim` is {head_dim}"),
        help=unless_meant(f"use head_dim = {' or '.join(near)}", "head-dim-alignment"),
    )


@diagnostic(
    "vocab-alignment",
    what="A vocabulary of 1,024 or more is no multiple of 64.",
    why="The largest matrix product of a small model is that of its head: padding its width to a multiple of 64 is faster.",
    wrong="vocab = 50_257, context = 64, width = 64",
    right="vocab = 50_304, context = 64, width = 64",
    severity="warning",
    form="sizes",
)
def vocab_alignment(place: Span, vocab: int) -> Diagnostic:
    """`place` is the value."""
    padded = -(-vocab // 64) * 64
    return fault(
        f"a vocabulary of {vocab:,} is no multiple of 64",
        primary=Label(place, "not padded"),
        help=unless_meant(f"use vocab = {padded}", "vocab-alignment"),
    )


@diagnostic(
    "window-beyond-context",
    what="A window is larger than the context.",
    why="No sequence is longer than the context: the window never ends.",
    wrong="block base { mixer = attention(heads = 4, window = 256), ffn = mlp }",
    right="block base { mixer = attention(heads = 4, window = 32), ffn = mlp }",
    severity="warning",
    form="block",
)
def window_beyond_context(
    place: Span, window: int, context: int, at: Span | None
) -> Diagnostic:
    """`place` is the window, `at` the context."""
    return fault(
        f"a window of {window:,} is larger than the context of {context:,}",
        primary=Label(place, "never reached"),
        secondary=() if at is None else (Label(at, "the context"),),
        help=unless_meant("use `full`, or a smaller window", "window-beyond-context"),
    )


@diagnostic(
    "every-expert-chosen",
    what="A mixture chooses all of its experts for each token.",
    why="The router only weighs them: a dense FFN of their size does the same at the same cost.",
    wrong="block base { mixer = none, ffn = moe(experts = 4, top_k = 4) }",
    right="block base { mixer = none, ffn = moe(experts = 4, top_k = 2) }",
    severity="warning",
    form="block",
)
def every_expert_chosen(place: Span, experts: int, at: Span | None) -> Diagnostic:
    """`place` is `experts` or `top_k`, `at` the other one where it is set."""
    return fault(
        "every token takes every expert",
        primary=Label(place, f"{count_words(experts, 'expert')}, all chosen"),
        secondary=() if at is None or at == place else (Label(at),),
        help=unless_meant("use more experts or a smaller top_k", "every-expert-chosen"),
    )


# --- allow ------------------------------------------------------------------------------------


@diagnostic(
    "unknown-lint",
    what="An `allow` names a warning that does not exist.",
    why="A misspelt name would silence nothing.",
    wrong='block base { allow { head_dim_alinment = "a test" }, mixer = none, ffn = mlp }',
    right="block base { mixer = none, ffn = mlp }",
    form="block",
)
def unknown_lint(place: Span, word: str) -> Diagnostic:
    """`place` is the name."""
    best, help = near_names(word, [spell_lint(name) for name in LINTS])
    return fault(
        f"there is no warning `{word}`",
        primary=Label(place, "unknown warning"),
        help=help if best else "known: " + ", ".join(map(spell_lint, LINTS)),
    )


@diagnostic(
    "allow-without-reason",
    what="An `allow` gives no reason.",
    why="Whoever reads the spec next has to know why the warning does not matter here.",
    wrong=(
        'allow { head_dim_alignment = "" }\n'
        "block base { mixer = attention(heads = 4, head_dim = 12), ffn = mlp }"
    ),
    right=(
        'allow { head_dim_alignment = "as in the paper" }\n'
        "block base { mixer = attention(heads = 4, head_dim = 12), ffn = mlp }"
    ),
    form="block",
)
def allow_without_reason(place: Span, name: str) -> Diagnostic:
    """`place` is what stands where the reason should."""
    return fault(
        "`allow` needs a reason",
        primary=Label(place, "no reason"),
        help=f'write `{name} = "why it does not matter here"`',
    )


@diagnostic(
    "unused-allow",
    what="An `allow` silences nothing.",
    why="What it was there for is gone; it would hide the next one.",
    wrong='block base { allow { head_dim_alignment = "a test" }, mixer = none, ffn = mlp }',
    right="block base { mixer = none, ffn = mlp }",
    severity="warning",
    form="block",
)
def unused_allow(place: Span, name: str) -> Diagnostic:
    """`place` is the name."""
    return fault(
        f"there is no `{name}` to allow here",
        primary=Label(place, "silences nothing"),
        help="remove it",
    )


@diagnostic(
    "key-without-effect",
    what="A key is set that means nothing beside the others.",
    why="Whoever wrote it expects a change that does not come.",
    wrong="block base { mixer = attention(heads = 2, head_dim = 8, qk_norm_over = all), ffn = mlp }",
    right="block base { mixer = attention(heads = 2, head_dim = 8, qk_norm = rmsnorm, qk_norm_over = all), ffn = mlp }",
    severity="warning",
    form="block",
)
def key_without_effect(place: Span, key: str, reason: str) -> Diagnostic:
    """`key` at `place` has no effect, for a `reason`."""
    return fault(
        f"`{key}` has no effect here",
        primary=Label(place, reason),
        help=unless_meant(f"leave `{key}` out", "key-without-effect"),
    )
