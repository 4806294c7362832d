"""The language server: diagnostics while typing, hover, completion, navigation, renaming."""
