"""The gallery has the parameters that are published, counted without making one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.gallery.plans import ROOT, SPECS, gallery_plans
from tests.gallery.published import PUBLISHED, Published
from vslmc.driver.compile import Request
from vslmc.driver.format import format_file
from vslmc.shrink import shrink_spec
from vslmc.syntax.limits import Limits

PAGE = ROOT / "docs" / "gallery.md"


def test_every_model_has_a_published_count() -> None:
    assert set(gallery_plans()) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_are_those_published(name: str) -> None:
    plan = gallery_plans()[name]
    assert PUBLISHED[name].agrees(plan.parameters), f"{plan.parameters:,}"


def test_specs_are_laid_out() -> None:
    for path in SPECS:
        formatted = format_file(path, Limits()).value
        assert formatted is not None, path.name
        assert not formatted.changed, path.name


def test_digits_can_disagree() -> None:
    assert Published("116,534,784", "").agrees(116_534_784)
    assert not Published("116,534,784", "").agrees(116_534_783)
    assert Published("345.3M", "").agrees(345_355_200)
    assert not Published("345.3M", "").agrees(345_400_000)
    assert not Published("7.50B", "").agrees(7_490_000_000)
    assert Published("7.50B", "", 10).agrees(7_504_999_999 + 10)


def test_they_are_counted_without_torch() -> None:
    script = (
        "import sys\n"
        "from tests.gallery.plans import gallery_plans\n"
        "assert sum(plan.parameters for plan in gallery_plans().values()) > 10**12\n"
        "assert 'torch' not in sys.modules\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def row_of(name: str) -> str:
    """The line of the page about one model."""
    plan, published = gallery_plans()[name], PUBLISHED[name]
    layers = " + ".join(f"{len(stack.layers)}" for stack in plan.stacks)
    width = max(layer.width for layer in plan.decoder.layers)
    sizes = f"{layers} | {width:,} | {plan.parameters:,} | {published.count}"
    return f"| `{name}` | {sizes} | {published.source} |"


def test_the_page_has_every_model_as_it_is() -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert rows == [row_of(name) for name in gallery_plans()]


def test_the_twin_on_the_page_is_what_shrink_writes() -> None:
    twin = shrink_spec(Request(ROOT / "specs/gallery/gpt3.vslm", variant="b175")).value
    assert twin is not None
    assert f"```vslm\n{twin}```" in PAGE.read_text("utf-8")
