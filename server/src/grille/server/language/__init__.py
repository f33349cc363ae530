"""Source text and syntax tree: grammar, typed tree with places, parser, binding. Imports text, errors, plan."""
