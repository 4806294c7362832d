"""The model card of a package, `README.md`: what the model is, costs, and how to run it."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.cost.describe import format_bytes
from vslmc.cost.describe_ends import describe_embedding, describe_head, describe_source
from vslmc.cost.flops import count_flops
from vslmc.cost.marks import Mark, mark_plan
from vslmc.cost.memory import (
    Cache,
    count_cache,
    count_plan_state,
    count_weights,
)
from vslmc.cost.parameters import count_parameters
from vslmc.plan.nodes import BuiltinText, Masking, Plan, Spans, Training
from vslmc.record import record
from vslmc.render.card_layers import list_layer_rows
from vslmc.render.engine import render
from vslmc.render.escape import html_comment, md_text
from vslmc.render.python import list_parts


@record
class CardView:
    """The finished cells of the card's tables."""

    spec: str
    """The spec's file, inside an HTML comment."""
    name: str
    """The package's name as Markdown text."""
    summary: str
    """One sentence on the shape of the model."""
    layers: tuple[str, ...]
    """Rows of the layer table."""
    costs: tuple[str, ...]
    """Rows of the cost table."""
    recipe: tuple[str, ...]
    """Rows of the recipe table."""
    processes: str
    """Processes of one machine, for the commands."""
    launcher: str
    """What `launch.sh` starts."""
    char: bool
    """Whether a checkpoint carries the tokenizer's alphabet."""
    sample: str
    """The line that samples."""
    spreads: bool
    """Whether processes share the experts."""
    python: tuple[str, ...]
    """Files of the user's own, as code."""


def render_card(plan: Plan) -> str:
    """`README.md`; every number comes from the plan and its cost rules."""
    launch = plan.training.deepspeed
    several = launch.zero > 0 or launch.nodes > 1
    view = CardView(
        spec=html_comment(plan.spec),
        name=md_text(plan.name),
        summary=_summarise(plan),
        layers=list_layer_rows(plan),
        costs=tuple(_row(*cells) for cells in _list_costs(plan)),
        recipe=tuple(_row(*cells) for cells in _list_recipe(plan)),
        processes=str(launch.gpus),
        launcher="DeepSpeed" if several else "PyTorch alone, by torchrun",
        char=plan.training.tokenizer == "char",
        sample=_describe_sample(plan),
        spreads=launch.expert_parallel > 1,
        python=tuple(dict.fromkeys(f"`{part.file}`" for part in list_parts(plan))),
    )
    return render("launch/card.md.jinja", view)


def _describe_sample(plan: Plan) -> str:
    """How `sample.py` is called, and what it does."""
    prompt, what = "The", "continue a text by the last checkpoint"
    if plan.losses and plan.losses[0].corruption is not None:
        prompt, what = "The l_st", "fill the gaps of a text by the last checkpoint"
    command = f'python sample.py --prompt "{prompt}"'
    return f"{command:<49} # {what}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _summarise(plan: Plan) -> str:
    tied = "tied to the embedding" if plan.head.tied else "with weights of its own"
    norm = "no final norm" if plan.head.norm is None else plan.head.norm.kind
    kinds = {a.resize.kind for stack in plan.stacks for a in stack.layers if a.resize}
    resize = f" The stream changes its width by {kinds.pop()}." if kinds else ""
    more = "".join(f", {text}" for text in describe_embedding(plan.embedding))
    ends = "".join(f", {text}" for text in describe_head(plan.head))
    return (
        f"{_name_stacks(plan)}: vocabulary {plan.vocab:,}, context "
        f"{plan.context:,} tokens. Embedding of width {plan.embedding.width}{more}. "
        f"{_describe_source(plan)}"
        f"Head: {norm}, projection {tied}{ends}.{resize}"
    )


def _name_stacks(plan: Plan) -> str:
    said = [f"{s.role} of {_plural(len(s.layers), 'layer')}" for s in plan.stacks]
    words = " and a ".join(said)
    return f"{'A' if words.startswith('decoder') else 'An'} {words}"


def _describe_source(plan: Plan) -> str:
    if plan.source is None:
        return ""
    tied = "the same embedding" if plan.source.tied else "an embedding of its own"
    ends = [text for text in describe_source(plan.source) if "of its own" not in text]
    return f"The encoder has {tied}; {', '.join(ends)}. "


def _list_costs(plan: Plan) -> list[tuple[str, str]]:
    parameters, flops = count_parameters(plan), count_flops(plan)
    marks = mark_plan(plan)
    stored, spent = marks.parameters, marks.flops
    rows = [("Parameters", f"{parameters.total:,}{stored}")]
    if parameters.active != parameters.total:
        active = f"{parameters.active:,}{stored}"
        rows.append(("of them active for one token", active))
    if parameters.resizes:
        rows.append(("of them between widths", f"{parameters.resizes:,}"))
    caches: list[tuple[str, str]] = []
    for precision in ("fp32", "bf16") if plan.generates else ():
        cache = _describe_cache(count_cache(plan, precision))
        caches.append((f"KV cache, {precision}", cache))
    source = ("of them the encoder's ends", f"{parameters.source:,}")
    return [
        *rows,
        ("of them embeddings", f"{parameters.embedding:,}"),
        *((source,) if plan.source is not None else ()),
        ("of them head and final norm", f"{parameters.head:,}"),
        ("FLOPs of a forward pass, per token", f"{flops.forward:,.0f}{spent}"),
        ("FLOPs of training, per token", f"{flops.training:,.0f}{spent}"),
        *caches,
        ("Weights, fp32", f"{format_bytes(count_weights(parameters.total))}{stored}"),
        (
            "Weights, bf16",
            f"{format_bytes(count_weights(parameters.total, 'bf16'))}{stored}",
        ),
        (_training_label(plan), _describe_training(plan, parameters.total, stored)),
    ]


def _describe_cache(cache: Cache) -> str:
    return f"{cache.token:,} B per token, {format_bytes(cache.total)} at full context"


def _training_label(plan: Plan) -> str:
    launch = plan.training.deepspeed
    words = f"ZeRO {launch.zero}, {_plural(launch.processes, 'process', 'processes')}"
    if launch.expert_parallel > 1:
        words += f", {launch.expert_parallel} of them for the experts"
    return f"Training state of each process ({words})"


def _describe_training(plan: Plan, parameters: int, mark: Mark) -> str:
    state = count_plan_state(plan, parameters)
    parts = {
        "weights": state.weights,
        "gradients": state.gradients,
        "AdamW": state.moments,
    }
    listed = ", ".join(f"{name} {format_bytes(size)}" for name, size in parts.items())
    return f"{format_bytes(state.total)}{mark} ({listed}), and the activations"


def _list_recipe(plan: Plan) -> list[tuple[str, str]]:
    recipe, adam = plan.training, plan.training.optimizer
    tokens = recipe.steps * recipe.batch
    optimizer = (
        f"AdamW, learning rate {adam.lr:g}, betas {adam.betas[0]:g} and "
        f"{adam.betas[1]:g}, eps {adam.eps:g}, weight decay {adam.weight_decay:g}"
    )
    sequences = _plural(recipe.micro_batch, "sequence")
    return [
        ("Data", _describe_data(recipe)),
        ("Tokenizer", "characters" if recipe.tokenizer == "char" else "bytes"),
        *_describe_objective(plan),
        ("Steps", f"{recipe.steps:,} ({tokens:,} tokens)"),
        ("Batch", f"{recipe.batch:,} tokens, {sequences} in a forward pass"),
        ("Optimizer", optimizer),
        ("Schedule", _describe_schedule(recipe)),
        ("Clip", "none" if recipe.clip is None else f"gradient norm {recipe.clip:g}"),
        ("Precision", recipe.precision),
        ("Seed", str(recipe.seed)),
    ]


def _describe_objective(plan: Plan) -> Iterator[tuple[str, str]]:
    """What is trained, if that is not the next token."""
    for loss in plan.losses:
        match loss.corruption:
            case Masking(rate, places, mask, random):
                shares = f"{100 * mask:g} % become the mask token, {100 * random:g} % a random one"
                text = f"{100 * rate:g} % of the tokens ({places} of a sequence), of which {shares}"
                yield "Objective", f"masked tokens: {text}"
            case Spans(rate, length, window, noise, spans):
                text = f"{noise} of {window} tokens ({100 * rate:g} %) in {_plural(spans, 'run')}"
                yield "Objective", f"left-out spans: {text}, {length:g} tokens each on average"
            case None:
                pass


def _describe_data(recipe: Training) -> str:
    text = (
        "the language reference inside Python (`pydoc_data.topics`)"
        if isinstance(recipe.data, BuiltinText)
        else md_text(recipe.data.path)
    )
    if recipe.validation > 0:
        text += f", the last {100 * recipe.validation:g} % held out"
    return text


def _describe_schedule(recipe: Training) -> str:
    schedule = recipe.schedule
    text = "constant"
    if schedule.kind == "cosine":
        text = f"cosine to {100 * schedule.final:g} % of the learning rate"
    if schedule.warmup:
        text = f"{_plural(schedule.warmup, 'step')} of warm-up, {text}"
    return text


def _plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
