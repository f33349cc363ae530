"""drop: remove some variables, or some units."""

from __future__ import annotations

from grille.server.commands.subset import DROP

COMMAND = DROP
