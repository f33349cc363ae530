"""The wages of the synthetic register give their true effects back, to least squares and to REML."""

import numpy as np
import pytest
from support.model_data import gathered, spec
from support.synthetic_register import BANK, GROUP_OF_LEVEL, KEY, SEED, VERSION, WAGES_2022, make

from grille.server.catalog import bank_file
from grille.server.catalog.synthetic import TRUTH
from grille.server.catalog.synthetic.calendar import Years
from grille.server.catalog.synthetic.truth import effects
from grille.server.statistics.reml import fit_mixed


@pytest.fixture(scope="module")
def wages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    folder = make(tmp_path_factory.mktemp("register"), years=Years(2022, 2022))
    with bank_file.open_version(folder, BANK, VERSION, KEY) as connection:
        connection.execute("USE bank")
        return connection.execute(WAGES_2022).fetchnumpy()


def _design(wages: dict[str, np.ndarray]) -> tuple[np.ndarray, list[float]]:
    """Return the columns of the researcher's model and their true coefficients."""
    group = np.array([GROUP_OF_LEVEL[level] for level in wages["level"]])
    names = ["man", "married", "children", "high_background", "age"]
    schools = [name for name in TRUTH.education if name != "low"]
    columns = [wages[name] for name in names] + [group == name for name in schools]
    truth = [getattr(TRUTH, name) for name in names] + [TRUTH.education[name] for name in schools]
    return np.column_stack(columns).astype(np.float64), truth


def _least_squares(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    residual = y - x @ beta
    covariance = np.linalg.inv(x.T @ x) * (residual @ residual) / (len(y) - x.shape[1])
    return beta, np.sqrt(np.diag(covariance))


@pytest.mark.parametrize("groups", ["none", "county", "level", "major", "occupation"])
def test_least_squares_recovers_the_true_coefficients(wages: dict[str, np.ndarray], groups: str) -> None:
    """Whatever group variable the model has, dummies for its groups or not, the documented effects come back."""
    x, truth = _design(wages)
    known = np.ones(len(x), dtype=bool)
    if groups == "none":
        dummies = np.ones((len(x), 1))
    else:
        name = "occupation" if groups in {"major", "occupation"} else groups
        labels = np.array([str(value) for value in wages[name]])
        known = labels != ""
        if groups == "major":
            labels = np.array([label[:1] for label in labels])
        dummies = (labels[:, None] == np.unique(labels[known])).astype(np.float64)
    if groups == "level":
        # the education group is a function of the level: its dummies are in the span of the levels'
        x, truth = x[:, :5], truth[:5]
    beta, error = _least_squares(np.column_stack([x, dummies])[known], wages["wage"][known])
    z = (beta[: len(truth)] - truth) / error[: len(truth)]
    assert np.abs(z).max() < 4, z
    assert error[0] < 1_000  # the test can tell 62 000 from 66 000


def test_the_counties_differ_as_the_seed_says(wages: dict[str, np.ndarray]) -> None:
    x, truth = _design(wages)
    left = wages["wage"] - x @ np.array(truth)
    drawn = effects(SEED).county
    for code, effect in drawn.items():
        inside = left[wages["county"] == code]
        assert inside.mean() - TRUTH.constant == pytest.approx(effect, abs=4.5 * inside.std() / np.sqrt(len(inside)))


def test_occupations_differ_as_the_seed_says(wages: dict[str, np.ndarray]) -> None:
    x, truth = _design(wages)
    left = wages["wage"] - x @ np.array(truth) - TRUTH.constant
    drawn = effects(SEED)
    occupation = np.array([str(value) for value in wages["occupation"]])
    for code, effect in drawn.detail.items():
        inside = left[occupation == code]
        error = inside.std() / np.sqrt(len(inside))
        assert inside.mean() == pytest.approx(drawn.major[code[0]] + effect, abs=5 * error)


def test_wages_are_not_too_clean(wages: dict[str, np.ndarray]) -> None:
    wage = wages["wage"]
    p99 = np.quantile(wage, 0.99)
    assert wage.max() > 1.8 * p99  # a tail that winsorising cuts
    assert 0.2 < np.mean(wage % 1000 == 0) < 0.3  # heaping
    assert np.mean(wages["occupation"] == "") == pytest.approx(0.04, abs=0.015)  # wages without an occupation
    assert np.mean(wage == 1000) < 0.001  # what was cut off below hardly matters


@pytest.mark.parametrize("groups", ["county", "occupation"])
def test_reml_recovers_the_coefficients_and_the_realised_variance(wages: dict[str, np.ndarray], groups: str) -> None:
    labels = np.array([str(value) for value in wages[groups]])
    known = labels != ""
    x, truth = _design(wages)
    names = [f"x{column}" for column in range(x.shape[1])]
    numbers = {name: x[known, column] for column, name in enumerate(names)} | {"wage": wages["wage"][known]}
    moments, *_ = gathered(spec("wage", names), numbers, {groups: labels[known]}, (groups,), rows=1 << 16)
    fit = fit_mixed(moments)
    slopes = len(truth)
    assert np.abs((fit.coefficients[:slopes] - truth) / fit.std_errors[:slopes]).max() < 4
    drawn = effects(SEED)
    if groups == "county":
        realised = np.array(list(drawn.county.values()))
    else:
        realised = np.array([drawn.major[code[0]] + effect for code, effect in drawn.detail.items()])
    # the groups are large: the estimate is the variance of these very numbers, but for their errors
    assert fit.levels[0].n_groups == len(realised)
    assert np.sqrt(fit.levels[0].variance) == pytest.approx(np.std(realised, ddof=1), rel=0.08)
