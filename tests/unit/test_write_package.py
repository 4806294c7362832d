"""Writing packages: whose files are touched, and what the result says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.write_support import package, tree
from vslmc.write.files import digest_text
from vslmc.write.guard import read_manifest
from vslmc.write.package import Package, compare_package, write_package


def names(package_: Package, directory: Path, *, force: bool = False) -> list[str]:
    """Names of what `write_package` reports."""
    found = write_package(package_, directory, force=force).diagnostics
    return [diagnostic.name for diagnostic in found]


def test_the_first_build(tmp_path: Path) -> None:
    one = package(model="1", train="2")
    outcome = write_package(one, tmp_path / "out" / "deep")
    assert outcome.ok
    assert outcome.value is not None
    assert outcome.value.written == ("model.py", "train.py", "manifest.json")
    assert tree(tmp_path) == {f"out/deep/a/{k}": v for k, v in one.files.items()}


def test_a_second_build_touches_nothing(tmp_path: Path) -> None:
    one = package(model="1")
    write_package(one, tmp_path)
    before = (tmp_path / "a" / "model.py").stat()
    outcome = write_package(one, tmp_path)
    after = (tmp_path / "a" / "model.py").stat()
    assert outcome.value is not None
    assert outcome.value.written == outcome.value.removed == ()
    assert outcome.value.unchanged == ("model.py", "manifest.json")
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_a_new_version_keeps_what_is_not_the_packages(tmp_path: Path) -> None:
    write_package(package(model="1", old="x"), tmp_path)
    (tmp_path / "a" / "runs").mkdir()
    (tmp_path / "a" / "runs" / "log.csv").write_text("1")
    (tmp_path / "a" / "notes.txt").write_text("mine")
    two = package(model="2", train="3")
    outcome = write_package(two, tmp_path)
    assert outcome.value is not None
    assert outcome.value.written == ("model.py", "train.py", "manifest.json")
    assert outcome.value.removed == ("old.py",)
    assert tree(tmp_path / "a") == {
        **two.files,
        "runs/log.csv": "1",
        "notes.txt": "mine",
    }


def test_edited_files_are_refused_each_by_name(tmp_path: Path) -> None:
    write_package(package(model="1", train="1", data="1"), tmp_path)
    (tmp_path / "a" / "model.py").write_text("mine")
    (tmp_path / "a" / "data.py").write_text("mine")
    before = tree(tmp_path)
    outcome = write_package(package(model="2", train="2", data="2"), tmp_path)
    assert outcome.value is None
    assert [d.message for d in outcome.diagnostics] == [
        f"`{tmp_path}/a/model.py` was edited since the last build",
        f"`{tmp_path}/a/data.py` was edited since the last build",
    ]
    assert tree(tmp_path) == before


def test_an_edited_file_that_a_build_would_not_change_is_refused_too(
    tmp_path: Path,
) -> None:
    one = package(model="1", train="1")
    write_package(one, tmp_path)
    (tmp_path / "a" / "model.py").write_text("mine")
    assert names(one, tmp_path) == ["generated-file-edited"]


def test_force_overwrites_edits(tmp_path: Path) -> None:
    write_package(package(model="1"), tmp_path)
    (tmp_path / "a" / "model.py").write_text("mine")
    two = package(model="2")
    assert names(two, tmp_path, force=True) == []
    assert tree(tmp_path / "a") == two.files


def test_a_file_that_no_build_wrote_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "model.py").write_text("mine")
    assert names(package(model="1"), tmp_path) == ["file-not-generated"]
    assert tree(tmp_path / "a") == {"model.py": "mine"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"generator": "web"}', "[" * 100_000, "\x00"]
)
def test_somebody_elses_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "manifest.json").write_text(text)
    assert names(package(model="1"), tmp_path) == ["file-not-generated"]
    assert read_manifest(tmp_path / "a") is None


def test_an_edited_stale_file_is_kept_with_a_warning(tmp_path: Path) -> None:
    write_package(package(model="1", old="x", gone="y"), tmp_path)
    (tmp_path / "a" / "old.py").write_text("mine")
    (tmp_path / "a" / "gone.py").unlink()
    outcome = write_package(package(model="1"), tmp_path)
    assert outcome.ok
    assert [d.name for d in outcome.diagnostics] == ["generated-file-kept"]
    assert (tmp_path / "a" / "old.py").read_text() == "mine"


def test_a_folder_in_the_place_of_a_file_is_refused_even_by_force(
    tmp_path: Path,
) -> None:
    (tmp_path / "a" / "model.py").mkdir(parents=True)
    assert names(package(model="1"), tmp_path, force=True) == ["file-not-generated"]


def test_a_link_in_the_place_of_a_file_is_never_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "a" / "model.py").symlink_to(tmp_path / "precious")
    one = package(model="1")
    assert names(one, tmp_path) == ["file-not-generated"]
    assert names(one, tmp_path, force=True) == []
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "a" / "model.py").is_symlink()
    assert tree(tmp_path / "a") == one.files


@pytest.mark.parametrize(
    "name",
    [
        "/etc/x",
        "../x",
        "x/../../y",
        "./x",
        "x//y",
        "",
        "x/",
        "..",
        "C:/x",
        "x\\y",
        "x\ny",
        ".vslmc-staging/x",
        "MODEL.py",
    ],
)
def test_names_that_leave_the_package_are_refused(tmp_path: Path, name: str) -> None:
    bad = Package("a", {"model.py": "1", name: "2"})
    assert names(bad, tmp_path, force=True) == ["file-outside-package"]
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("name", ["..", "/tmp/x", "a/../..", ""])
def test_packages_whose_name_leaves_the_output_folder_are_refused(
    tmp_path: Path, name: str
) -> None:
    assert names(package(name, model="1"), tmp_path) == ["file-outside-package"]


def test_links_that_leave_the_package_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "out" / "a").mkdir(parents=True)
    (tmp_path / "out" / "a" / "sub").symlink_to(outside)
    inner = Package("a", {"sub/x.py": "1"})
    assert names(inner, tmp_path / "out", force=True) == ["file-outside-package"]
    (tmp_path / "out" / "b").symlink_to(outside)
    assert names(package("b", model="1"), tmp_path / "out") == ["file-outside-package"]
    assert tree(outside) == {}


def test_the_output_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    assert names(package(model="1"), tmp_path / "out") == []
    assert (tmp_path / "real" / "a" / "model.py").is_file()


def test_a_manifest_cannot_make_a_build_remove_files_outside(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "a").mkdir()
    files = {"../victim": digest_text("mine"), str(victim): digest_text("mine")}
    forged = json.dumps({"generator": "vslmc", "files": files})
    (tmp_path / "a" / "manifest.json").write_text(forged)
    assert names(package(model="1"), tmp_path) == []
    assert victim.read_text() == "mine"


def test_scripts_are_executable(tmp_path: Path) -> None:
    write_package(Package("a", {"launch.sh": "#!/bin/sh\n", "x.py": ""}), tmp_path)
    assert (tmp_path / "a" / "launch.sh").stat().st_mode & 0o111
    assert not (tmp_path / "a" / "x.py").stat().st_mode & 0o111


def test_files_in_folders(tmp_path: Path) -> None:
    one = Package("a", {"sub/deep/x.py": "1"})
    write_package(one, tmp_path)
    assert names(Package("a", {"sub/deep/x.py": "2"}), tmp_path, force=True) == []
    assert tree(tmp_path / "a") == {"sub/deep/x.py": "2"}


def test_an_output_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    outcome = write_package(package(model="1"), tmp_path / "out")
    assert [d.name for d in outcome.diagnostics] == ["cannot-write-package"]
    assert (tmp_path / "out").read_text() == "mine"


def test_compare_writes_nothing(tmp_path: Path) -> None:
    write_package(package(model="1", old="1"), tmp_path)
    two = package(model="2", train="1")
    before = tree(tmp_path)
    assert [d.message for d in compare_package(two, tmp_path)] == [
        f"`{tmp_path}/a/model.py` is different",
        f"`{tmp_path}/a/train.py` is missing",
        f"`{tmp_path}/a/manifest.json` is different",
        f"`{tmp_path}/a/old.py` is no longer part of the package",
    ]
    assert tree(tmp_path) == before
    write_package(two, tmp_path)
    assert compare_package(two, tmp_path) == ()
