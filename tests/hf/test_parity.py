"""Every type that can be imported gives transformers' logits, and decodes them with a cache."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.hf.cases import CASES
from tests.hf.support import (
    decode,
    error,
    import_folder,
    make_model,
    reference,
    save,
    tokens_of,
)
from tests.hf.zoo import ELSEWHERE, type_of
from tests.hf.zoo_encoders import ENCODERS, PAIRS
from vslmc.cli.app import run_cli
from vslmc.hf.families import FAMILIES, MISSING

LARGEST = 1e-4
"""Relative error that is allowed: summing in another order alone makes 1e-6."""

Record = Callable[[str, object], None]

INHERENT = {"vocab-alignment", "head-dim-alignment", "every-expert-chosen"}
"""Warnings about numbers of a model, which an import must silence."""


@pytest.mark.parametrize("name", CASES)
def test_logits_are_those_of_transformers(
    name: str, tmp_path: Path, record_property: Record
) -> None:
    case = CASES[name]
    model = make_model(case)
    save(model, case, tmp_path)
    ours = import_folder(tmp_path)
    tokens = tokens_of(case)
    wanted = reference(model, tokens)
    with torch.no_grad():
        found = ours(tokens)
        wrong = error(found, wanted)
        wrong_cached = error(decode(ours, tokens, 5), found) if case.cached else 0.0
    print(f"{name}: relative error {wrong:.1e}, with a cache {wrong_cached:.1e}")
    note(record_property, type_of(case), name, wrong, wrong_cached)
    assert wrong < LARGEST
    assert wrong_cached < LARGEST
    check_text(tmp_path / "spec.vslm")


def note(record: Record, kind: str, form: str, wrong: float, cached: float) -> None:
    """Leave an error in the report, for the table of `benchmarks/parity.py`."""
    record("type", kind)
    record("form", form.removeprefix(kind).lstrip("-") or "usual")
    record("error", wrong)
    record("cached", cached)


def check_text(spec: Path) -> None:
    """An import is canonical, has no warning, and silences no avoidable one."""
    assert run_cli(["fmt", "--check", str(spec)]) == 0
    assert run_cli(["check", "--strict", str(spec)]) == 0
    allowed = re.findall(r"([a-z_]+) = \"as in", spec.read_text())
    assert {name.replace("_", "-") for name in allowed} <= INHERENT


def test_every_family_has_a_case() -> None:
    tried = {type_of(case) for case in CASES.values()}
    tried |= {name for name in {**ENCODERS, **PAIRS} if name in FAMILIES}
    assert tried | set(ELSEWHERE) == set(FAMILIES)
    assert not tried & set(ELSEWHERE)


def test_names_of_cases_start_with_their_type() -> None:
    wrong = [name for name, case in CASES.items() if not name.startswith(type_of(case))]
    assert wrong == []


@pytest.mark.filterwarnings("ignore")
def test_every_causal_type_of_transformers_is_covered_or_says_why_not() -> None:
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    )

    types = set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
    assert types == (types & set(FAMILIES)) | set(MISSING)
    assert not set(FAMILIES) & set(MISSING)
