"""Layers become few items: runs, cycles and lists, and never a list of equal layers."""

from __future__ import annotations

import json
import re
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vslmc.driver.compile import Request, compile_one
from vslmc.driver.importing import make_text
from vslmc.hf.compact import Item, compact, get
from vslmc.hf.parts import Keys, Leaf, Part, write

ENTRIES = re.compile(r"(?:cycle\((.*)\)|pick\(\[(.*)\]\))$")


def layer(window: str, kind: str = "attention", hidden: str = "8") -> Keys:
    """The keys of a layer."""
    mixer = Part(kind, (("heads", Leaf("2")), ("window", Leaf(window))))
    return (("mixer", mixer), ("hidden", Leaf(hidden)))


def expand(item: Item) -> list[dict[str, str]]:
    """The differences of every layer of an item, as the language takes them."""
    rows: list[dict[str, str]] = []
    for i in range(item.count):
        row: dict[str, str] = {}
        for path, value in item.keys:
            found = ENTRIES.match(value)
            if found is not None:
                entries = (found.group(1) or found.group(2)).split(", ")
                value = entries[i % len(entries)]
            row[path] = value
        rows.append(row)
    return rows


def items_of(windows: str) -> list[tuple[int, str]]:
    """The items of layers with these windows."""
    stack = compact([layer(window) for window in windows])
    return [
        (item.count, dict(item.keys).get("mixer.window", "")) for item in stack.items
    ]


def test_equal_layers_are_one_item() -> None:
    assert items_of("8888888") == [(7, "")]


def test_runs() -> None:
    assert items_of("88888444") == [(5, ""), (3, "4")]


def test_a_layer_out_of_line() -> None:
    assert items_of("8888888488888") == [(7, ""), (1, "4"), (5, "")]


def test_cycles() -> None:
    assert items_of("84848484") == [(8, "cycle(8, 4)")]
    assert items_of("444844484448") == [(12, "cycle(4, 4, 4, 8)")]
    # The last turn of a cycle may stop half-way.
    assert items_of("44484448444") == [(11, "cycle(4, 4, 4, 8)")]


def test_a_run_before_a_cycle() -> None:
    assert items_of("888888" + "4142" * 4) == [(6, "8"), (16, "cycle(4, 1, 4, 2)")]


def test_what_has_no_pattern_is_a_list() -> None:
    assert items_of("1759382") == [(7, "pick([1, 7, 5, 9, 3, 8, 2])")]


def test_components_of_several_kinds_differ_as_a_whole() -> None:
    layers = [layer("4"), layer("4"), layer("4", kind="mla")]
    first, last = compact(layers).items
    assert first == Item(2, ())
    assert last == Item(1, (("mixer", "mla(heads = 2, window = 4)"),))


WINDOWS = st.lists(st.sampled_from("1248"), min_size=1, max_size=40)
RUNS = st.lists(
    st.tuples(st.sampled_from("1248"), st.integers(1, 9)), min_size=1, max_size=6
).map(lambda runs: [window for window, count in runs for _ in range(count)])
CYCLES = st.tuples(WINDOWS, st.integers(1, 5)).map(lambda x: (x[0] * x[1])[:60])


@given(WINDOWS | RUNS | CYCLES, st.data())
def test_items_make_the_layers_again(windows: list[str], data: st.DataObject) -> None:
    sizes = data.draw(
        st.lists(st.sampled_from("89"), min_size=len(windows), max_size=len(windows))
    )
    layers = [layer(w, hidden=h) for w, h in zip(windows, sizes, strict=True)]
    stack = compact(layers)
    usual = {
        "mixer.window": write(get(stack.base, "mixer.window")),
        "hidden": write(get(stack.base, "hidden")),
    }
    made = [{**usual, **row} for item in stack.items for row in expand(item)]
    wanted = [
        {"mixer.window": w, "hidden": h} for w, h in zip(windows, sizes, strict=True)
    ]
    assert made == wanted
    runs = [list(same) for _, same in groupby(zip(windows, sizes, strict=True))]
    assert len(stack.items) <= len(runs)
    for item in stack.items:
        # Never a list of equal layers.
        rows = expand(item)
        listed = any("pick(" in value for _, value in item.keys)
        assert not listed or any(row != rows[0] for row in rows)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 9))
def test_windows_of_a_config_arrive_in_the_plan(
    slides: list[bool], window: int
) -> None:
    kinds = ["sliding_attention" if s else "full_attention" for s in slides]
    config: dict[str, Any] = {
        "model_type": "gemma2",
        "hidden_size": 16,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "intermediate_size": 8,
        "vocab_size": 320,
        "max_position_embeddings": 32,
        "num_hidden_layers": len(kinds),
        "sliding_window": window,
        "layer_types": kinds,
    }
    text = text_of(config)
    plan = compile_one(Request(Path("x.vslm"), text=text)).value
    assert plan is not None
    found = [getattr(layer.mixer, "window", None) for layer in plan.decoder.layers]
    assert found == [window if s else None for s in slides]


def text_of(config: dict[str, Any]) -> str:
    """The spec of a config."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config))
        made = make_text(Path(folder), "x", Path(folder) / "x.vslm")
    assert made.value is not None, made.diagnostics
    return made.value[1]
