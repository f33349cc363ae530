"""Small symmetric systems. numpy's LAPACK alone: a second BLAS would bring threads of its own, slower at this size."""

from __future__ import annotations

import numpy as np

from grille.server.statistics.design import Floats

LinAlgError = np.linalg.LinAlgError


def inverse_factor(cross: Floats) -> Floats:
    """Return the inverse of the lower Cholesky factor of a positive definite matrix, (p, p).

    Raises:
        LinAlgError: When the matrix is not positive definite or not finite.
    """
    if not np.isfinite(cross).all():
        raise LinAlgError("not finite")
    inverse: Floats = np.tril(np.linalg.inv(np.linalg.cholesky(cross)))
    return inverse


def inverse_definite(matrix: Floats) -> Floats:
    """Return the inverse of a positive definite matrix, scaled to unit diagonal on the way.

    Raises:
        LinAlgError: When the matrix is not positive definite or not finite.
    """
    diagonal = np.diagonal(matrix)
    if not (diagonal > 0.0).all():
        raise LinAlgError("not positive definite")
    scale = 1.0 / np.sqrt(diagonal)
    factor = inverse_factor(matrix * np.outer(scale, scale)) * scale
    inverse: Floats = factor.T @ factor
    return inverse
