"""Models of Hugging Face: their configs as specs, their weights under the names of generated models.

read        config.json as a table of fields, whatever it holds
fields      what each field may hold; what a family does not know is refused
config      the fields as they hold in one layer
form        what a family says of its layers and ends, as data
families/   the table of families
draft       a form under a config: the parts of every layer
compact     layers as few items of a stack
text        the spec
rules       where each tensor comes from
convert     the weights (the one place that imports torch)
"""
