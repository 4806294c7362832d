"""From a spec to a model with every value known: inheritance, overrides, evaluation per layer."""
