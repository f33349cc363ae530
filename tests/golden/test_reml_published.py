"""Published data sets give lme4's numbers at its exact optimum."""

from __future__ import annotations

import numpy as np
import pytest
from support.model_data import gathered, spec

from grille.server.statistics.reml import fit_mixed

# Box and Tiao (1973): yield of six batches of dyestuff, five preparations each (made up so that no variance shows).
DYESTUFF2 = """
    7.298 3.846 2.434 9.566 7.99 5.22 6.556 0.608 11.788 -0.892 0.11 10.386 13.434 5.51 8.166 2.212 4.852 7.092
    9.288 4.98 0.282 9.014 4.458 9.446 7.198 1.722 4.782 8.106 0.758 3.758
"""

# Davies and Goldsmith (1972): strength of paste; ten batches A-J, three casks a-c of each, two assays per cask.
PASTES = """
    62.8 62.6 60.1 62.3 62.7 63.1 60 61.4 57.5 56.9 61.1 58.9 58.7 57.5 63.9 63.1 65.4 63.7 57.1 56.4 56.9 58.6
    64.7 64.5 55.1 55.1 54.7 54.2 58.8 57.5 63.4 64.9 59.3 58.1 60.5 60 62.5 62.6 61 58.7 56.9 57.7 59.2 59.4 65.2
    66 64.8 64.1 54.8 54.8 64 64 57.7 56.8 58.3 59.3 59.2 59.2 58.9 56.6
"""

# Belenky et al. (2003): reaction time in ms of 18 subjects on days 0-9 of sleep deprivation.
SLEEPSTUDY = """
    249.56 258.7047 250.8006 321.4398 356.8519 414.6901 382.2038 290.1486 430.5853 466.3535 222.7339 205.2658
    202.9778 204.707 207.7161 215.9618 213.6303 217.7272 224.2957 237.3142 199.0539 194.3322 234.32 232.8416
    229.3074 220.4579 235.4208 255.7511 261.0125 247.5153 321.5426 300.4002 283.8565 285.133 285.7973 297.5855
    280.2396 318.2613 305.3495 354.0487 287.6079 285 301.8206 320.1153 316.2773 293.3187 290.075 334.8177 293.7469
    371.5811 234.8606 242.8118 272.9613 309.7688 317.4629 309.9976 454.1619 346.8311 330.3003 253.8644 283.8424
    289.555 276.7693 299.8097 297.171 338.1665 332.0265 348.8399 333.36 362.0428 265.4731 276.2012 243.3647
    254.6723 279.0244 284.1912 305.5248 331.5229 335.7469 377.299 241.6083 273.9472 254.4907 270.8021 251.4519
    254.6362 245.4523 235.311 235.7541 237.2466 312.3666 313.8058 291.6112 346.1222 365.7324 391.8385 404.2601
    416.6923 455.8643 458.9167 236.1032 230.3167 238.9256 254.922 250.7103 269.7744 281.5648 308.102 336.2806
    351.6451 256.2968 243.4543 256.2046 255.5271 268.9165 329.7247 379.4445 362.9184 394.4872 389.0527 250.5265
    300.0576 269.8939 280.5891 271.8274 304.6336 287.7466 266.5955 321.5418 347.5655 221.6771 298.1939 326.8785
    346.8555 348.7402 352.8287 354.4266 360.4326 375.6406 388.5417 271.9235 268.4369 257.2424 277.6566 314.8222
    317.2135 298.1353 348.1229 340.28 366.5131 225.264 234.5235 238.9008 240.473 267.5373 344.1937 281.1481
    347.5855 365.163 372.2288 269.8804 272.4428 277.8989 281.7895 279.1705 284.512 259.2658 304.6306 350.7807
    369.4692 269.4117 273.474 297.5968 310.6316 287.1726 329.6076 334.4818 343.2199 369.1417 364.1236
"""

# Goldstein (1987), as in nlme: standardised age and height in cm of 26 Oxford boys on nine occasions.
OXBOYS_AGE = """
    -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562
    0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027
    0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.4493 -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9973 -1 -0.7479 -0.463
    -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.4493 -0.1643 0 0.2466 0.5562 0.7945 0.9945 -1 -0.7479
    -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7945 1.0055 -1 -0.7479 -0.4493 -0.1643 -0.0027 0.2466 0.5562 0.7945
    0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466
    0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 0 0.2466 0.5562 0.7781 0.9945 -1 -0.715 -0.463 -0.1643 -0.0027
    0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 0 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643
    -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479
    -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7781
    0.9945 -1 -0.7479 -0.463 -0.1643 0 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562
    0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027
    0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463
    -0.1643 -0.0027 0.2466 0.5562 0.7781 0.9945 -1 -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7808 0.9945 -1
    -0.7479 -0.463 -0.1643 -0.0027 0.2466 0.5562 0.7781 1.0055
"""
OXBOYS_HEIGHT = """
    140.5 143.4 144.8 147.1 147.7 150.2 151.7 153.3 155.8 136.9 139.1 140.1 142.6 143.2 144 145.8 146.8 148.3 150
    152.1 153.9 155.8 156 156.9 157.4 159.1 160.6 155.7 158.7 160.6 163.3 164.4 167.3 170.7 172 174.8 145.8 147.3
    148.7 149.78 150.22 152.5 154.8 156.4 158.7 142.4 143.8 145.2 146.3 147.1 148.1 148.9 149.1 151 141.3 142.4
    144.3 145.2 146.1 146.8 147.9 150.5 151.8 141.7 143.7 145.1 147.9 148.1 149.6 150.99 154.1 154.9 132.7 134.1
    135.3 136.6 137.5 139.1 140.9 143.7 144.7 126.2 128.2 129 129.4 129.59 130.6 132.5 133.4 134.2 142.5 143.8
    145.6 148.3 149.4 151.6 154.8 156.9 159.2 149.9 151.7 153.3 156.1 156.7 157.8 160.7 162.7 163.8 148.9 149.8
    151.7 154.4 155.5 156.4 161.4 163.9 164.6 151.6 153.2 155.2 157.3 159.1 160.9 164.4 166.9 168.4 137.5 139.3
    140.9 142.7 144.2 145.7 147.09 150.2 152.3 142.8 144.9 145 146.7 147.2 148.9 150.1 151 152.2 134.9 137.4 138.2
    140.2 143.6 144.2 147.9 150.3 151.8 145.5 146.2 148.2 150.3 152 152.3 154.3 156.2 156.8 156.9 157.9 160.3 161.9
    163.8 165.5 169.9 172.4 174.4 146.5 148.4 149.3 151.2 152.1 152.4 153.9 154.9 155.4 143.9 145.1 147 149.2 149.8
    151.5 153.17 156.9 159.6 147.4 148.8 150.1 152.5 154.7 156 158.4 161.5 163.3 144.5 146 147.4 149.2 150.8 152.5
    155 156.8 158.8 147.8 148.2 150.2 151 152.2 153.6 155.8 159.2 161.6 135.5 136.6 137.3 138.2 139 139.5 141 142.7
    143.9 132.2 134.3 135.1 136.7 138.4 138.9 141.8 142.6 143.1
"""


def values(text: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(text.split(), dtype=np.float64)


def test_dyestuff2_has_no_variance_between_batches() -> None:
    numbers = {"y": values(DYESTUFF2)}
    fit = fit_mixed(gathered(spec("y", []), numbers, {"batch": np.arange(30) // 5}, ("batch",))[0])
    assert fit.levels[0].variance == 0.0
    assert fit.levels[0].at_zero
    assert fit.residual_variance == pytest.approx(13.8063096275862, rel=1e-12)
    assert fit.coefficients[0] == pytest.approx(5.6656, rel=1e-12)
    assert fit.std_errors[0] == pytest.approx(0.678388031232524, rel=1e-12)
    assert fit.log_likelihood == pytest.approx(-80.9141389061442, rel=1e-13)
    assert fit.lr_test.chi2 == 0.0
    assert fit.wald_coef is None
    assert fit.wald_total is None


def test_pastes_has_three_levels_with_reused_labels() -> None:
    row = np.arange(60)
    factors = {"batch": row // 6, "cask": row // 2 % 3}
    moments = gathered(spec("y", []), {"y": values(PASTES)}, factors, ("batch", "cask"))[0]
    fit = fit_mixed(moments)
    batch, cask = fit.levels
    assert moments.groups is not None
    assert moments.groups.crossed == 3
    assert (batch.n_groups, batch.smallest, batch.largest, batch.mean) == (10, 6, 6, 6.0)
    assert (cask.n_groups, cask.smallest, cask.largest, cask.mean) == (30, 2, 2, 2.0)
    # Balanced: analysis of variance gives the variances in closed form, 8.43366666... and 0.678.
    assert cask.variance == pytest.approx(8.43366666686654, rel=1e-8)
    assert batch.variance == pytest.approx(1.65730864284561, rel=1e-8)
    assert fit.residual_variance == pytest.approx(0.677999999949772, rel=1e-8)
    assert fit.coefficients[0] == pytest.approx(60.0533333333325, rel=1e-12)
    assert fit.std_errors[0] == pytest.approx(0.676870066196313, rel=1e-8)
    assert fit.log_likelihood == pytest.approx(-123.495372926743, rel=1e-12)
    assert fit.lr_test.chi2 == pytest.approx(63.1884142520559, rel=1e-10)
    assert batch.icc == pytest.approx(0.153896596026056, rel=1e-7)
    assert cask.icc == pytest.approx(0.783144767664186, rel=1e-7)
    assert cask.icc_cumulative == pytest.approx(0.153896596026056 + 0.783144767664186, rel=1e-7)
    assert cask.variance_error == pytest.approx(2.775541288661468, rel=1e-6)
    assert batch.variance_error == pytest.approx(2.3493927867590987, rel=1e-6)
    assert fit.residual_variance_error == pytest.approx(0.17505884723560727, rel=1e-6)


def test_sleepstudy() -> None:
    row = np.arange(180)
    numbers = {"days": (row % 10).astype(float), "y": values(SLEEPSTUDY)}
    moments = gathered(spec("y", ["days"]), numbers, {"subject": row // 10}, ("subject",))[0]
    fit = fit_mixed(moments)
    np.testing.assert_allclose(fit.coefficients, [10.467285959596, 251.405104848485], rtol=1e-12)
    gls = fit_mixed(moments, errors="gls").std_errors
    np.testing.assert_allclose(gls, [0.804221429558449, 9.74671620955445], rtol=1e-8)
    assert fit.levels[0].variance == pytest.approx(1378.17849237123, rel=2e-8)
    assert fit.residual_variance == pytest.approx(960.45658002514, rel=1e-8)
    assert fit.log_likelihood == pytest.approx(-893.23254269746, rel=1e-12)
    assert fit.lr_test.chi2 == pytest.approx(107.198578077187, rel=1e-10)
    assert fit.wald_coef is not None
    assert fit.wald_coef.chi2 == pytest.approx(169.401361074829, rel=1e-8)
    assert fit.levels[0].variance_error == pytest.approx(505.7680056521113, rel=1e-7)


def test_oxboys_has_an_icc_near_one() -> None:
    numbers = {"age": values(OXBOYS_AGE), "y": values(OXBOYS_HEIGHT)}
    moments = gathered(spec("y", ["age"]), numbers, {"boy": np.arange(234) // 9}, ("boy",))[0]
    fit = fit_mixed(moments)
    np.testing.assert_allclose(fit.coefficients, [6.52391878248159, 149.371735316967], rtol=1e-12)
    np.testing.assert_allclose(fit.std_errors, [0.132524289105617, 1.590187287750717], rtol=1e-10)
    assert fit.levels[0].variance == pytest.approx(65.554955749899, rel=1e-9)
    assert fit.levels[0].icc == pytest.approx(0.97446129967372, rel=1e-10)
    assert fit.residual_variance == pytest.approx(1.71806553052417, rel=1e-9)
    assert fit.log_likelihood == pytest.approx(-470.014846567637, rel=1e-12)
    assert fit.lr_test.chi2 == pytest.approx(697.904912423927, rel=1e-10)
    assert fit.levels[0].variance_error == pytest.approx(18.595744560245365, rel=1e-8)
