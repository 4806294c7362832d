"""Files that lie beside this one."""

import importlib.util
import sys
from pathlib import Path
from typing import Any


def load_beside(name: str) -> Any:
    """The file `name.py` beside this one as a module, wherever this one is loaded from."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"{__name__}_{name}", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
