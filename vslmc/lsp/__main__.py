"""`python -m vslmc.lsp`: the language server over the standard streams."""

from vslmc.lsp.answers import main

raise SystemExit(main())
