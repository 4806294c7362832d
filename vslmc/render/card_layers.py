"""The layer table of the model card: the rows of `vslmc show`, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from vslmc.cost.describe import (
    describe_cross,
    describe_ffn,
    describe_form,
    describe_lora,
    describe_mixer,
    describe_norm,
    describe_shared,
    name_mixer,
)
from vslmc.cost.marks import mark_layer
from vslmc.cost.parameters import count_parameters
from vslmc.cost.rows import Again, Run, list_runs
from vslmc.cost.stacks import Places, list_places
from vslmc.cost.text import span_text
from vslmc.plan.nodes import Layer, Plan
from vslmc.plan.python import PythonFfn, PythonMixer
from vslmc.render.escape import md_text


def list_layer_rows(plan: Plan) -> tuple[str, ...]:
    """Rows `| layers | width | norm | mixer | FFN | parameters |`, the encoder's first."""
    counts = count_parameters(plan).applied
    return tuple(
        _row(places, places.of(counts), run)
        for places in list_places(plan)
        for run in list_runs(places.stack)
    )


def _row(places: Places, counts: Sequence[int], run: Run | Again) -> str:
    stack = places.stack
    place, layer = span_text(run.first, run.last), stack.layers[run.first]
    place = f"encoder {place}" if stack.role == "encoder" else place
    if isinstance(run, Again):
        times = f", {run.times} times" if run.times > 1 else ""
        again = f"the weights of {span_text(*run.of)} again{times}"
        return f"| {place} | | | {again} | | |"
    count, size = counts[run.first], (run.last - run.first + 1) // run.times
    number = f"{count:,}{mark_layer(layer).parameters}"
    number = number if size == 1 else f"{size} x {number}"
    place = place if run.times == 1 else f"{place}, each {run.times} times"
    return f"| {' | '.join([place, *_cells(layer), number])} |"


def _cells(layer: Layer) -> tuple[str, ...]:
    mixer = "none"
    if layer.mixer is not None:
        columns = describe_mixer(layer.mixer)
        said = [f"{name} {text}" for name, text in columns.items() if text]
        mixer = ": ".join(
            [name_mixer(layer.mixer), *([", ".join(said)] if said else [])]
        )
        # The user's own may be given any text.
        mixer = md_text(mixer) if isinstance(layer.mixer, PythonMixer) else mixer
    ffn = "none" if layer.ffn is None else describe_ffn(layer.ffn)
    if layer.cross is not None:
        mixer += f"; to the encoder {describe_cross(layer.cross)}"
    ffn = md_text(ffn) if isinstance(layer.ffn, PythonFfn) else ffn
    extra = [text for text in (describe_shared(layer), describe_lora(layer)) if text]
    ffn = "; ".join([ffn, *extra])
    words = [
        f"{name} {text}" for name, text in describe_form(layer.form).items() if text
    ]
    return str(layer.width), ", ".join([describe_norm(layer.norm), *words]), mixer, ffn
