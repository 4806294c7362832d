"""Settings of every test run."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Hosts with few cores: one thread is faster than two that fight, and repeatable.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_PATIENT = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "default",
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=_PATIENT,
)
settings.register_profile("prove", settings.get_profile("default"), max_examples=10_000)
settings.load_profile(os.environ.get("VSLMC_PROFILE", "default"))


# Importing FlexAttention, torch calls its own deprecated function.
_TORCH_OWN = "ignore:.torch.jit.script_method. is deprecated:DeprecationWarning"


def pytest_configure(config: pytest.Config) -> None:
    """Keep torch, where a test uses it, on one thread."""
    config.addinivalue_line("filterwarnings", _TORCH_OWN)
    # Imported here: the compiler's own tests must be able to run without torch.
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)
