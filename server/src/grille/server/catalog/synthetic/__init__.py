"""The synthetic register: invented persons whose lives hang together, made inside DuckDB, one file per topic.

`synthesize` makes a bank version from a seed; `TRUTH` holds the effects that its wages were made with.
"""

from grille.server.catalog.synthetic.build import synthesize
from grille.server.catalog.synthetic.truth import TRUTH

__all__ = ["TRUTH", "synthesize"]
