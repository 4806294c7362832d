"""The plan: the intermediate representation that everything after the front end reads."""
