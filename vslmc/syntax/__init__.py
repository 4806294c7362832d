"""From text to a document: tokens, grammar, parser with recovery, and the formatter."""
