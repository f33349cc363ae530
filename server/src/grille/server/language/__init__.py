"""Source text and syntax tree: the grammar, the typed frozen tree with spans, the parser, binding of expressions.
Imports text, errors and plan."""
