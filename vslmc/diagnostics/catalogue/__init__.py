"""All diagnostics, by subject. Importing this package registers every one of them."""
