"""The table of `vslmc show` as text: plain, at most 100 columns for usual stacks."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from vslmc.cost.describe import (
    describe_layer,
    describe_norm,
    format_bytes,
    format_count,
)
from vslmc.cost.describe_ends import (
    describe_embedding,
    describe_head,
    describe_source,
)
from vslmc.cost.expert_kernels import describe_expert_choices
from vslmc.cost.kernels import describe_choices
from vslmc.cost.marks import mark_layer
from vslmc.cost.memory import count_plan_state, count_weights
from vslmc.cost.rows import Again, Run, list_runs
from vslmc.cost.stacks import Places, list_places
from vslmc.cost.table import Costs, count_costs
from vslmc.plan.nodes import EncoderEnds, Plan
from vslmc.record import record

COLUMNS = 100
FIXED = ("layers", "block", "width", "ffn", "parameters", "FLOPs")
"""Columns that always stand; others stand where layers differ in them."""
NUMBERS = frozenset({"width", "kv", "window", "parameters", "FLOPs"})
"""Columns that are aligned at the right."""
Row = dict[str, str]


@record
class _Layout:
    """Which columns stand in the table and which go into a line below each row."""

    columns: tuple[str, ...]
    below: tuple[str, ...]


def render_table(plan: Plan) -> str:
    """The stack, runs of equal layers merged, and the totals; ends in a newline."""
    costs = count_costs(plan)
    stacks = [_layer_rows(costs, places) for places in list_places(plan)]
    common = _common([row for rows in stacks for row in rows])
    rows = [_embedding_row(plan, costs), *stacks[-1], _head_row(plan, costs)]
    if plan.source is not None:
        rows = [_source_row(plan.source, costs), *map(_of_encoder, stacks[0]), *rows]
    layout = _choose_columns(rows, common)
    body = _align(rows, layout)
    return (
        "\n".join([*_heading(plan, common), "", *body, "", *_totals(plan, costs)])
        + "\n"
    )


# --- rows ------------------------------------------------------------------------------


def _layer_rows(costs: Costs, places: Places) -> list[Row]:
    return [_layer_row(costs, places, run) for run in list_runs(places.stack)]


def _layer_row(costs: Costs, places: Places, run: Run | Again) -> Row:
    layer = places.stack.layers[run.first]
    flops = sum(places.of(costs.flops.layers)[run.first : run.last + 1])
    marks = mark_layer(layer, stored=True)
    spent = f"{format_count(flops)}{marks.flops}"
    ends = {"layers": span_text(run.first, run.last), "FLOPs": spent}
    if isinstance(run, Again):
        times = f", {run.times} times" if run.times > 1 else ""
        which = "layer" if run.of[0] == run.of[1] else "layers"
        return ends | {"block": f"{which} {span_text(*run.of)} again{times}"}
    rows = places.stack.layers[run.first : run.last + 1]
    written = costs.parameters.written[places.written :]
    count = sum(written[owner] for owner in {row.owner for row in rows})
    often = f", each {run.times} times" if run.times > 1 else ""
    cells = {
        "block": f"{layer.block}{often}",
        "parameters": f"{count:,}{marks.parameters}",
    }
    return ends | cells | describe_layer(layer)


def _of_encoder(row: Row) -> Row:
    """A row of the encoder beside a decoder."""
    return {**row, "layers": f"encoder {row['layers']}"}


def _source_row(source: EncoderEnds, costs: Costs) -> Row:
    return {
        "layers": "encoder",
        "width": str(source.embedding.width),
        "parameters": f"{costs.parameters.source:,}",
    }


def _embedding_row(plan: Plan, costs: Costs) -> Row:
    return {
        "layers": "embedding",
        "width": str(plan.embedding.width),
        "parameters": f"{costs.parameters.embedding:,}",
    }


def _head_row(plan: Plan, costs: Costs) -> Row:
    return {
        "layers": "head",
        "width": str(plan.head.width),
        "parameters": f"{costs.parameters.head:,}",
        "FLOPs": format_count(costs.flops.head),
    }


def span_text(first: int, last: int) -> str:
    """`3`, or `3-8`."""
    return str(first) if first == last else f"{first}-{last}"


# --- columns ---------------------------------------------------------------------------


def _common(rows: list[Row]) -> Row:
    """What is the same in all layers that say it, and not a column anyway."""
    names = dict.fromkeys(name for row in rows for name in row if name not in FIXED)
    values = {name: {row[name] for row in rows if name in row} for name in names}
    return {name: found.pop() for name, found in values.items() if len(found) == 1}


def _choose_columns(rows: list[Row], common: Row) -> _Layout:
    """The fixed columns and those that differ; the last ones go below if it is too wide."""
    names = dict.fromkeys(name for row in rows for name in row)
    free = [name for name in names if name not in FIXED and name not in common]
    below: list[str] = []
    while (widths := _widths(rows, _order(free))) and sum(widths) > COLUMNS and free:
        below.insert(0, free.pop())
    return _Layout(_order(free), tuple(below))


def _order(free: list[str]) -> tuple[str, ...]:
    return (*FIXED[:3], *free, *FIXED[3:])


def _widths(rows: list[Row], columns: tuple[str, ...]) -> list[int]:
    """Width of each column, with two spaces behind it; `again` may run over its own."""
    texts = (
        [name, *(r.get(name, "") for r in rows if "width" in r)] for name in columns
    )
    return [max(map(len, column)) + 2 for column in texts]


def _align(rows: list[Row], layout: _Layout) -> list[str]:
    widths = dict(zip(layout.columns, _widths(rows, layout.columns), strict=True))
    lines = [_line({name: name for name in layout.columns}, widths)]
    for row in rows:
        lines.append(_line(row, widths) if "width" in row else _again_line(row, widths))
        more = [f"{name} {row[name]}" for name in layout.below if row.get(name)]
        if more:
            lines.append(f"{'':{widths['layers']}}{', '.join(more)}")
    return lines


def _line(row: Row, widths: dict[str, int]) -> str:
    cells = (_cell(name, row.get(name, ""), width) for name, width in widths.items())
    return "".join(cells).rstrip()


def _cell(name: str, text: str, width: int) -> str:
    return f"{text:>{width - 2}}  " if name in NUMBERS else f"{text:{width}}"


def _again_line(row: Row, widths: dict[str, int]) -> str:
    room = sum(widths.values()) - widths["layers"] - widths["FLOPs"]
    start = f"{row['layers']:{widths['layers']}}{row['block']:{room}}"
    return start + _cell("FLOPs", row["FLOPs"], widths["FLOPs"]).rstrip()


# --- around the table ------------------------------------------------------------------


def _heading(plan: Plan, common: Row) -> Iterable[str]:
    yield f"{plan.name}  ({plan.spec})"
    yield ", ".join(_sizes(plan))
    said = [f"{name} {value}" for name, value in common.items() if value]
    if said:
        yield from wrap(
            f"all layers: {', '.join(said)}", COLUMNS, subsequent_indent="    "
        )


def _sizes(plan: Plan) -> Iterable[str]:
    yield f"vocabulary {plan.vocab:,}"
    yield f"context {plan.context:,}"
    layers = [layer for stack in plan.stacks for layer in stack.layers]
    if kinds := {layer.resize.kind for layer in layers if layer.resize}:
        yield f"resize {' and '.join(sorted(kinds))}"
    if not plan.generates:
        yield "an encoder"
    yield from describe_embedding(plan.embedding)
    yield "tied head" if plan.head.tied else "head of its own"
    yield f"final norm {describe_norm(plan.head.norm)}"
    yield from describe_head(plan.head)
    if plan.source is not None:
        yield f"encoder: {', '.join(describe_source(plan.source))}"


def _totals(plan: Plan, costs: Costs) -> Iterable[str]:
    count, flops, cache = costs.parameters, costs.flops, costs.cache
    launch = plan.training.deepspeed
    state = count_plan_state(plan, count.total).total
    stored, spent = costs.marks.parameters, costs.marks.flops
    active = f", {count.active:,}{stored} active" if count.active != count.total else ""
    resizes = f", {count.resizes:,} in resizes" if count.resizes else ""
    weights = format_bytes(count_weights(count.total))
    size = f"{weights}{stored} in fp32"
    yield f"parameters  {count.total:,}{stored}{active}{resizes}; {size}"
    yield (
        f"FLOPs       {format_count(flops.forward)}{spent} forward, "
        f"{format_count(flops.training)}{spent} in training, for each token"
    )
    if plan.generates:
        yield (
            f"KV cache    {format_bytes(cache.token)} for each token, "
            f"{format_bytes(cache.total)} at {plan.context:,} tokens, in fp32"
        )
    on = ""
    if launch.processes > 1:
        on = f" on each of {launch.processes} devices, ZeRO {launch.zero}"
    if launch.expert_parallel > 1:
        on += f", experts spread over {launch.expert_parallel}"
    size = f"{format_bytes(state)}{stored}"
    yield f"training    {size} of weights, gradients and moments{on}"
    yield from _list("attention", describe_choices(plan.stacks))
    yield from _list("experts", describe_expert_choices(plan.stacks))


def _list(what: str, texts: Iterable[str]) -> Iterable[str]:
    """What runs the layers: a text for each choice."""
    for number, text in enumerate(texts):
        first = "" if number else what
        yield from wrap(
            text, COLUMNS, initial_indent=f"{first:12}", subsequent_indent=" " * 14
        )
