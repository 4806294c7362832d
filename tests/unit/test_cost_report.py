"""`vslmc cost`: what layers cost, what further tokens add, and the number that meets a budget."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.property.assemble import Shape, Sizes, assemble, build_moe
from vslmc.cli.app import run_cli
from vslmc.cost.flops import count_flops
from vslmc.cost.report import count_report, render_report
from vslmc.cost.rules import layer_cost
from vslmc.driver.compile import Request, compile_one
from vslmc.driver.solve import Goal, measure_plan, solve
from vslmc.plan.nodes import Glu, Head, Mtp, Transform

SPEC = """
param core = 64

block base { mixer = attention(heads = 4), ffn = moe(experts = 8, expert = swiglu(hidden = core)) }

model tiny {
    vocab   = 256
    context = 64
    width   = 64
    layers { 2 * base, loop 2 { base } }
}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.vslm"
    path.write_text(SPEC, "utf-8")
    return path


def test_further_tokens_and_the_map_of_the_head_count() -> None:
    plain = assemble([Shape(width=8)], [0], Sizes(context=16))
    base = count_flops(plain)
    assert base.further == 0
    head: Head = replace(plain.head, transform=Transform("gelu"), mtp=Mtp(2, 0.3))
    flops = count_flops(replace(plain, head=head))
    assert flops.head == base.head + 2 * 8 * 8
    layer = plain.decoder.layers[0]
    expected = sum(
        layer_cost(layer, tokens).flops + tokens * (4 * 8 * 8 + 2 * plain.vocab * 8)
        for tokens in (15, 14)
    )
    assert flops.further == expected / 16
    assert flops.training == 3 * (flops.forward + flops.further)
    assert "further" in render_report(replace(plain, head=head))


def test_active_parameters_are_those_of_a_token() -> None:
    moe = build_moe(Glu(6, "silu", False), 8, 2, 1, True, 0.0)
    report = count_report(assemble([Shape(width=4, ffn=moe)], [0, 0]))
    first, again = report.layers
    assert first.total - first.active == 6 * 3 * 6 * 4
    assert (first.again, again.again) == (False, True)
    assert report.total - report.active == first.total - first.active
    assert (
        report.forward_flops == sum(x.flops for x in report.layers) + report.head_flops
    )


def test_the_report_as_text_and_as_json(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(["cost", str(spec)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["layers", "block", "parameters", "active", "FLOPs"]
    assert lines[3].split()[:2] == ["0-2", "base"]
    assert lines[4].split()[:3] == ["3", "base,", "again"]
    assert run_cli(["cost", str(spec), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [layer["layer"] for layer in data["layers"]] == [0, 1, 2, 3]
    plan = compile_one(Request(spec)).value
    assert plan is not None
    assert data["total"] == plan.parameters
    assert data["complete"] is True


@pytest.mark.parametrize("measure", ["flops", "parameters", "active"])
def test_the_number_found_is_the_nearest_of_all(spec: Path, measure: str) -> None:
    def cost(value: int) -> float:
        sets = (("core", str(value)),)
        plan = compile_one(Request(spec, sets=sets)).value
        assert plan is not None
        return measure_plan(plan, measure)

    target = cost(37) + 1
    found = solve(Request(spec), Goal("core", measure, target)).value
    assert found is not None and found.value == 37
    assert found.reached == cost(37)
    even = solve(Request(spec), Goal("core", measure, target, 8)).value
    assert even is not None
    costs = {value: abs(cost(value) - target) for value in range(8, 80, 8)}
    assert costs[even.value] == min(costs.values())


def test_numbers_that_make_no_model_are_passed_over(spec: Path) -> None:
    goal = Goal("width", "parameters", 150_000)
    found = solve(Request(spec), goal).value
    assert found is not None and found.value % 4 == 0  # four heads


def test_budgets_on_the_command_line(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["cost", str(spec), "--solve", "core", "--active", "100k", "--json"]
    assert run_cli(words) == 0
    solved = json.loads(capsys.readouterr().out)["solved"]
    assert solved["target"] == 100_000 and solved["name"] == "core"
    assert abs(solved["reached"] / 100_000 - 1) < 0.05
    assert run_cli([*words[:-3], "--flops", "1G"]) == 0
    assert capsys.readouterr().out.startswith("--set core=")
    for wrong in (["--solve", "core"], ["--flops", "1G"], ["--multiple", "8"]):
        assert run_cli(["cost", str(spec), *wrong]) == 2
    assert run_cli([*words[:4], "--flops", "many"]) == 2
    assert "budgets are numbers" in capsys.readouterr().err
    assert run_cli(["cost", str(spec), "--solve", "nothing", "--flops", "1M"]) == 1
    assert "no key `nothing`" in capsys.readouterr().err
