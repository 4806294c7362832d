"""The vocabulary of the language as typed field tables, and binding documents to it."""
