"""The scripts as text: formatted, without findings, without what the recipe lacks."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import black
import pytest

from tests.output.train_support import (
    char_plan,
    recipe,
    render_scripts,
    small_plan,
    stack_plan,
)
from tests.plans import chosen_rows, gpt2, moe, odd_moe
from vslmc.plan.nodes import BuiltinText, DeepSpeed, Plan, Schedule, TextFile

LOCAL = {"checkpoint", "data", "expert_parallel", "log", "model"}
OPTIONAL = {"deepspeed", "matplotlib", "rich", "safetensors"}


def list_recipes() -> dict[str, Plan]:
    """Every way in which a recipe changes the text of a script."""
    sources = (BuiltinText("python_reference"), TextFile('odd "name".txt'))
    choices = itertools.product(("byte", "char"), sources, (0.0, 0.1), (0, 2))
    found: dict[str, Plan] = {}
    for number, (tokenizer, data, validation, warmup) in enumerate(choices):
        found[f"{number}"] = recipe(
            replace(gpt2(), vocab=256),
            tokenizer=tokenizer,
            data=data,
            validation=validation,
            evaluate_batches=number % 2,
            schedule=Schedule("cosine" if number % 3 else "constant", warmup, 0.1),
            clip=None if number % 4 else 0.5,
            precision=("fp32", "bf16", "fp16")[number % 3],
            deepspeed=DeepSpeed(number % 4, 2, 1 + number % 2),
        )
    return found


OBJECTIVES = {
    "masked": (
        "",
        "masked(mask = 1, random = 0)",
        "masked(mask = 0, random = 1)",
        "masked(mask = 50%, random = 50%)",
        "masked(mask = 50%, random = 0)",
        "masked(mask = 0, random = 50%)",
    ),
    "spans": ("", "span_corruption(50%, mean_length = 1)"),
}


def list_objectives() -> dict[str, Plan]:
    """Every way in which an objective changes the text of a script."""
    found: dict[str, Plan] = {}
    for name, objectives in OBJECTIVES.items():
        for number, objective in enumerate(objectives):
            tokenizer = ("byte", "char")[number % 2]
            made = stack_plan(name, Path(), objective, tokenizer=tokenizer)
            found[f"{name}_{number}"] = made
    return found


def list_spread() -> dict[str, Plan]:
    """Experts on several processes, in one class of mixtures and in two."""
    expert, odd = moe().decoder.layers[1].ffn, odd_moe()
    first, *rest = odd.decoder.layers
    both = replace(odd.decoder, layers=(replace(first, ffn=expert), *rest))
    plans = {"spread": moe(), "spread_two": replace(odd, stacks=(both,))}
    launch = DeepSpeed(2, 4, 1, 2)
    return {n: recipe(made, deepspeed=launch) for n, made in plans.items()}


def list_tables() -> dict[str, Plan]:
    """Gradients of chosen rows alone: sparse, in their factors, and both."""
    plans = (
        chosen_rows("sparse"),
        chosen_rows("factored"),
        chosen_rows("sparse", "factored"),
    )
    return {made.name: recipe(made) for made in plans}


RECIPES = list_recipes() | list_objectives() | list_spread() | list_tables()


def python_files(made: Plan) -> dict[str, str]:
    """The scripts; the model has tests of its own."""
    files = render_scripts(made)
    return {n: t for n, t in files.items() if n.endswith(".py") and n != "model.py"}


@pytest.mark.parametrize("name", RECIPES)
def test_black_leaves_the_scripts_as_they_are(name: str) -> None:
    for file, text in python_files(RECIPES[name]).items():
        assert black.format_str(text, mode=black.Mode()) == text, file


@pytest.mark.parametrize("name", RECIPES)
def test_scripts_import_torch_the_library_and_each_other(name: str) -> None:
    allowed = set(sys.stdlib_module_names) | LOCAL | OPTIONAL | {"torch"}
    for file, text in python_files(RECIPES[name]).items():
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Import(names=names):
                    modules = {alias.name for alias in names}
                case ast.ImportFrom(module=str(module)):
                    modules = {module}
                case _:
                    continue
            assert {module.split(".")[0] for module in modules} <= allowed, file


def test_ruff_and_pyright_find_nothing(tmp_path: Path) -> None:
    for name, made in RECIPES.items():
        (tmp_path / name).mkdir()
        for file, text in render_scripts(made).items():
            if file.endswith(".py"):
                (tmp_path / name / file).write_text(text, "utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pyright]\ntypeCheckingMode = "basic"\n'
    )
    tools = Path(sys.executable).parent
    for folder in (tmp_path, tmp_path / "0"):
        ruff = (tools / "ruff", "check", "--isolated", "--no-cache", ".")
        check(folder, *map(str, ruff))
    python = ("--pythonpath", sys.executable)
    check(tmp_path, str(tools / "pyright"), *python, "-p", str(tmp_path))


def check(folder: Path, *command: str) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_functions_stay_short() -> None:
    lengths: list[int] = []
    for file, text in python_files(small_plan()).items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= 45, f"{file}: {node.name}"
                lengths.append(length)
    assert sorted(lengths)[len(lengths) // 2] <= 12


def test_constants_are_the_recipe() -> None:
    text = python_files(small_plan(seed=7))["train.py"]
    for line in (
        "STEPS = 4",
        "BATCH = 512",
        "MICRO_BATCH = 2",
        "SEED = 7",
        "CLIP = 1.0",
    ):
        assert f"\n{line}" in text


def test_what_a_recipe_lacks_is_not_in_the_text() -> None:
    files = python_files(
        char_plan(validation=0.0, schedule=Schedule("constant", 0, 1.0))
    )
    for word in ("evaluate", "EVALUATE", "WARMUP", "FINAL", "CLIP", "cosine"):
        assert word not in files["train.py"]
    for word in ("VALIDATION", "cut_windows", "codecs", "utf-8 bytes"):
        assert word not in files["data.py"]
    files = python_files(small_plan(data=TextFile("a.txt")))
    for word in ("pydoc_data", "code_points", "VOCAB", "load_text"):
        assert word not in files["data.py"]
