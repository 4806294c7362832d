"""Files, roots and names: what a spec may read, and what it may leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from vslmc.driver.compile import Request, check_spec, compile_one, compile_spec
from vslmc.spec.load import find_root

LIBRARY = "block base {\n    mixer = attention(heads = 4)\n    ffn   = mlp\n}\n"
MODEL = "model tiny { vocab = 256, context = 64, width = 32, layers { 2 * base } }\n"


def names_of(request: Request) -> list[str]:
    """Names of what a check finds."""
    return [found.name for found in check_spec(request)]


def test_the_root_is_the_nearest_folder_with_a_marker(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    spec = inner / "spec.vslm"
    (tmp_path / ".git").mkdir()
    assert find_root(spec) == tmp_path
    (tmp_path / "a" / "vslmc.toml").touch()
    assert find_root(spec) == tmp_path / "a"


def test_imports_may_go_up_to_the_root(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "lib.vslm").write_text(LIBRARY)
    spec = tmp_path / "specs" / "tiny.vslm"
    spec.write_text('import "../lib.vslm"\n' + MODEL)
    assert names_of(Request(spec, root=tmp_path / "specs"))[0] == "import-outside-root"
    (tmp_path / "vslmc.toml").touch()
    assert names_of(Request(spec)) == []


def test_links_are_resolved_before_the_check(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "lib.vslm").write_text(LIBRARY)
    (root / "lib.vslm").symlink_to(tmp_path / "lib.vslm")
    spec = root / "tiny.vslm"
    spec.write_text('import "lib.vslm"\n' + MODEL)
    assert names_of(Request(spec, root=root)) == ["import-outside-root"]


def test_a_file_is_read_once_by_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "lib.vslm").write_text(LIBRARY)
    (tmp_path / "same.vslm").symlink_to(tmp_path / "lib.vslm")
    spec = tmp_path / "tiny.vslm"
    imports = 'import "lib.vslm"\nimport "./lib.vslm"\nimport "same.vslm"\n'
    spec.write_text(imports + MODEL)
    assert names_of(Request(spec, root=tmp_path)) == []


def test_a_library_passes_the_check_and_cannot_be_built(tmp_path: Path) -> None:
    request = Request(tmp_path / "lib.vslm", text=LIBRARY)
    assert names_of(request) == []
    assert [found.name for found in compile_one(request).diagnostics] == ["no-model"]


def test_imported_models_are_not_built(tmp_path: Path) -> None:
    (tmp_path / "lib.vslm").write_text(LIBRARY + MODEL)
    text = 'import "lib.vslm"\nmodel big extends tiny { width = 64 }\n'
    request = Request(tmp_path / "spec.vslm", root=tmp_path, text=text, every=True)
    compiled = compile_spec(request).value
    assert compiled is not None
    assert [plan.name for plan in compiled.plans] == ["big"]


def test_all_takes_models_and_variants(tmp_path: Path) -> None:
    text = LIBRARY + MODEL + "variant slim of tiny { width = 16 }\n"
    request = Request(tmp_path / "spec.vslm", text=text, every=True)
    compiled = compile_spec(request).value
    assert compiled is not None
    assert [plan.name for plan in compiled.plans] == ["tiny", "tiny-slim"]


def test_the_text_of_a_recipe_is_not_opened(tmp_path: Path) -> None:
    recipe = 'recipe quick { data = text("/no/such/corpus.txt") }\n'
    text = recipe + LIBRARY + MODEL.replace("layers", "recipe = quick, layers")
    assert names_of(Request(tmp_path / "spec.vslm", text=text)) == []


@pytest.mark.parametrize("text", ["use door { dropout = 10% }", "use"])
def test_a_use_has_a_label_and_no_body(text: str, tmp_path: Path) -> None:
    layers = f"door: 1 * base\n{text}"
    spec = LIBRARY + MODEL.replace("2 * base", layers)
    assert len(names_of(Request(tmp_path / "spec.vslm", text=spec))) == 1


def test_line_ends_and_a_byte_order_mark_are_free(tmp_path: Path) -> None:
    spec = tmp_path / "spec.vslm"
    spec.write_bytes(b"\xef\xbb\xbf" + (LIBRARY + MODEL).replace("\n", "\r\n").encode())
    assert names_of(Request(spec)) == []


def test_what_several_variants_share_is_said_once(tmp_path: Path) -> None:
    text = LIBRARY.replace("mlp", "mpl") + MODEL
    text += "variant a of tiny { width = 16 }\nvariant b of tiny { width = 64 }\n"
    assert names_of(Request(tmp_path / "spec.vslm", text=text)) == ["unknown-kind"]
