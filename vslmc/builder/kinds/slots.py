"""What a component may stand for.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import NewType

from vslmc.builder.values import Value

Norm = NewType("Norm", Value)
"""A component of the slot `norm`."""
Scaling = NewType("Scaling", Value)
"""A component of the slot `scaling`."""
Position = NewType("Position", Value)
"""A component of the slot `position`."""
Pattern = NewType("Pattern", Value)
"""A component of the slot `pattern`."""
Mixer = NewType("Mixer", Value)
"""A component of the slot `mixer`."""
Adapter = NewType("Adapter", Value)
"""A component of the slot `adapter`."""
Cross = NewType("Cross", Value)
"""A component of the slot `cross`."""
Ffn = NewType("Ffn", Value)
"""A component of the slot `ffn`."""
Router = NewType("Router", Value)
"""A component of the slot `router`."""
Balance = NewType("Balance", Value)
"""A component of the slot `balance`."""
Groups = NewType("Groups", Value)
"""A component of the slot `groups`."""
Residual = NewType("Residual", Value)
"""A component of the slot `residual`."""
Absolute = NewType("Absolute", Value)
"""A component of the slot `absolute`."""
Mtp = NewType("Mtp", Value)
"""A component of the slot `mtp`."""
Init = NewType("Init", Value)
"""A component of the slot `init`."""
Objective = NewType("Objective", Value)
"""A component of the slot `objective`."""
Data = NewType("Data", Value)
"""A component of the slot `data`."""
Tokenizer = NewType("Tokenizer", Value)
"""A component of the slot `tokenizer`."""
Optimizer = NewType("Optimizer", Value)
"""A component of the slot `optimizer`."""
Schedule = NewType("Schedule", Value)
"""A component of the slot `schedule`."""
