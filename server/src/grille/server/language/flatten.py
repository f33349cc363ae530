"""Repeated operators as one list, so that long sums and long conditions need no recursion."""

from __future__ import annotations

from typing import Final

from grille.server.language import ast

CHAINS: Final = {"+": "sum", "-": "sum", "*": "product", "&": "and", "|": "or"}
"""Operators whose repetition does not nest: `a + b - c` is one step deep."""


def flattened(node: ast.Binary) -> list[tuple[str, ast.Expr]]:
    """Return the operands of a chain from left to right, each with the sign before it.

    The first operand's sign is the chain's own operator, except in sums where it is `+`. Operators that form no chain
    give their two operands.
    """
    chain = CHAINS.get(node.operator)
    operands: list[tuple[str, ast.Expr]] = []
    current: ast.Expr = node
    while isinstance(current, ast.Binary) and (current is node or CHAINS.get(current.operator) == chain is not None):
        operands.append((current.operator, current.right))
        current = current.left
    operands.append(("+" if chain == "sum" else node.operator, current))
    operands.reverse()
    return operands
