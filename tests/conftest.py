"""Settings of every test run."""

from __future__ import annotations

import os

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


def pytest_configure() -> None:
    """Keep torch, where a test uses it, on one thread."""
    # Imported here: the compiler's own tests must be able to run without torch.
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)
