"""The stages put together: what each command does, without printing anything."""
