"""Moments of a design out of those of one that has all its columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grille.server.statistics.design import Design, Part
from grille.server.statistics.moments import Moments


def selected_moments(moments: Moments, design: Design) -> Moments | None:
    """Return the moments of `design`, or None when its outcome or some of its columns are missing.

    Args:
        moments: Of the same rows and groups, and of a design over the same variables with the same levels.
        design: The design wanted.
    """
    places = {column.parts: place for place, column in enumerate(moments.design.columns)}
    # an outcome is a number like those of the regressors: either may take the other's place
    places.setdefault((Part(moments.design.outcome, None),), len(moments.design.columns))
    found = [places.get(parts) for parts in (*(one.parts for one in design.columns), (Part(design.outcome, None),))]
    chosen = np.array([place for place in found if place is not None], dtype=np.intp)
    if len(chosen) < len(found):
        return None
    groups = moments.groups
    return replace(
        moments,
        design=design,
        mean=moments.mean[chosen],
        cross=moments.cross[np.ix_(chosen, chosen)],
        ranges=tuple(moments.ranges[place] for place in chosen),
        outcome_ends=None,
        groups=None if groups is None else replace(groups, means=groups.means[chosen]),
    )
