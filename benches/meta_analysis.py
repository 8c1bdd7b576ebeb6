"""Thirteen trials of the BCG vaccine against tuberculosis (Colditz et al. 1994) by independent packages: the
figures of docs/analyses/meta-analysis.md and of tests/analyses/meta_analysis.rs.

    python benches/meta_analysis.py    # statsmodels, SciPy
"""

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.meta_analysis import combine_effects

# Vaccinated with and without the disease, others with and without.
TRIALS = np.array([
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
    (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
    (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
], float)
a, b, c, d = TRIALS.T
y = np.log(a / (a + b) / (c / (c + d)))
v = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
k = len(y)


def show(name, values):
    print(f"{name}: {', '.join(f'{value:.12g}' for value in np.atleast_1d(values))}")


def told(name, tau2):
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    error = np.sqrt(max(1, (w * (y - mean) ** 2).sum() / (k - 1)) / w.sum())
    t = stats.t.ppf(0.975, k - 1)
    show(f"{name}: tau2, mean, error, p, interval", [tau2, mean, error, 2 * stats.t.sf(abs(mean / error), k - 1), mean - t * error, mean + t * error])
    reach = stats.t.ppf(0.975, k - 2) * np.sqrt(tau2 + error**2)
    show("prediction", [mean - reach, mean + reach])
    typical = (k - 1) * (1 / v).sum() / ((1 / v).sum() ** 2 - (1 / v**2).sum())
    show("I2", tau2 / (tau2 + typical))
    share = tau2 / (tau2 + v)
    show("shrunken", share * y + (1 - share) * mean)
    show("their errors", np.sqrt(share * v + (1 - share) ** 2 * error**2))


def restricted(tau2):
    """Minus the restricted log-likelihood."""
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    return 0.5 * (np.log(v + tau2).sum() + np.log(w.sum()) + (w * (y - mean) ** 2).sum())


show("effects", y)
show("errors", np.sqrt(v))
found = combine_effects(y, v, method_re="chi2", use_t=True)
show("Q, p", [found.q, stats.chi2.sf(found.q, k - 1)])
show("statsmodels: tau2, I2, mean, Hartung and Knapp's error", [found.tau2, found.i2, found.mean_effect_re, found.sd_eff_w_re_hksj])
told("DerSimonian and Laird", found.tau2)
told("REML", optimize.minimize_scalar(restricted, bounds=(0, 5), method="bounded", options={"xatol": 1e-14}).x)
