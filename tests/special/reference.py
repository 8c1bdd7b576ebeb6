"""Writes tests/special/reference.csv: special functions at 40 digits or more, by mpmath.

    python3 tests/special/reference.py > tests/special/reference.csv

Columns: function, two parameters, argument, value. The arguments are exact binary numbers (written
with repr), and the reference is computed for exactly those.
"""

import random

from mpmath import mp, mpf, digamma, erf, erfc, gammainc, log, loggamma, sqrt

mp.dps = 80
random.seed(20261122)


def out(name, a, b, x, value):
    if value == 0 or abs(value) < mpf("1e-290"):
        return
    print(f"{name},{a!r},{b!r},{x!r},{mp.nstr(value, 25)}")


def beta_lower(a, b, x):
    """The regularized incomplete beta function by its series in the smaller of x and 1 - x."""
    a, b, x = mpf(a), mpf(b), mpf(x)
    if x > 0.5:
        return 1 - beta_lower(b, a, 1 - x)
    front = mp.exp(a * log(x) + b * mp.log1p(-x) - (loggamma(a) + loggamma(b) - loggamma(a + b))) / a
    term, total, k = mpf(1), mpf(1), 0
    while term > total * mpf("1e-70"):
        term *= (a + b + k) * x / (a + 1 + k)
        total += term
        k += 1
    return front * total


def gamma_lower(a, x):
    a, x = mpf(a), mpf(x)
    term, total, k = 1 / a, 1 / a, 0
    while term > total * mpf("1e-70"):
        k += 1
        term *= x / (a + k)
        total += term
    return mp.exp(a * log(x) - x - loggamma(a)) * total


for x in [1e-300, 1e-10, 0.001, 0.3, 0.9, 1.0000001, 1.5, 1.999, 2.5, 7.7, 33.3, 1e3, 1e6, 1e15]:
    out("ln_gamma", 0.0, 0.0, x, loggamma(mpf(x)))
for x in [1e-8, 0.01, 0.5, 0.95, 1.2, 1.46, 1.4616, 1.46163214, 1.461632145, 1.5, 1.9, 2.3, 5.0, 11.9, 100.0, 1e8]:
    out("digamma", 0.0, 0.0, x, digamma(mpf(x)))
for x in [1e-20, 0.1, 0.5, 0.84, 1.3, 2.0, 3.5, 6.0, 10.0, 25.0]:
    out("erf", 0.0, 0.0, x, erf(mpf(x)))
    out("erfc", 0.0, 0.0, x, erfc(mpf(x)))
    out("erfc", 0.0, 0.0, -x, erfc(-mpf(x)))
for a, b in [(0.001, 0.002), (0.5, 0.5), (3.0, 4.0), (0.1, 1e5), (1e5, 1e5), (25.0, 1e8), (12.0, 11.0)]:
    out("ln_beta", a, b, 0.0, loggamma(mpf(a)) + loggamma(mpf(b)) - loggamma(mpf(a) + mpf(b)))

shapes = [0.001, 0.1, 0.5, 1.0, 2.5, 10.0, 100.0, 1e3, 9e3, 1.1e4, 1e5, 1e6]
for a in shapes:
    for sd in [-6.0, -3.0, -1.0, -0.01, 0.02, 1.0, 3.0, 6.0, 12.0]:
        x = a + sd * a**0.5
        if x > 0:
            value = gamma_lower(a, x)
            out("gamma_lower", a, 0.0, x, value)
            out("gamma_upper", a, 0.0, x, gammainc(mpf(a), mpf(x), regularized=True) if a < 200 else 1 - value)
    for x in [1e-12, 1e-3, 0.2, 0.6, 0.99]:
        x *= a
        out("gamma_lower", a, 0.0, x, gamma_lower(a, x))
        if a < 200:
            out("gamma_upper", a, 0.0, x, gammainc(mpf(a), mpf(x), regularized=True))

sizes = [0.1, 0.5, 1.0, 3.0, 20.0, 300.0, 1e4, 1e5]
for a in sizes:
    for b in sizes:
        mean = a / (a + b)
        sd = (a * b / (a + b + 1)) ** 0.5 / (a + b)
        for z in [-6.0, -2.0, -0.3, 0.4, 2.0, 6.0]:
            x = mean + z * sd
            if 1e-9 < x < 1 - 1e-9:
                out("beta_lower", a, b, x, beta_lower(a, b, x))
                out("beta_upper", a, b, x, beta_lower(b, a, 1 - mpf(x)))
        out("beta_lower", a, b, 1e-9, beta_lower(a, b, 1e-9))

# Quantiles: a tail is computed from an x and rounded to binary; two Newton steps lead from x to the
# quantile of the rounded tail.
for a in [0.05, 0.5, 1.0, 3.3, 40.0, 2e3, 1e5]:
    for z in [-5.0, -1.0, 0.0, 2.0, 5.0]:
        x = a + z * a**0.5 if a + z * a**0.5 > 0 else a * 10.0**z
        lower = gamma_lower(a, x)
        of_lower = lower < 0.5
        p = float(lower if of_lower else 1 - lower)
        target = mpf(p) if of_lower else 1 - mpf(p)
        u = mpf(x)
        for _ in range(2):
            u -= (gamma_lower(a, u) - target) / mp.exp((mpf(a) - 1) * log(u) - u - loggamma(mpf(a)))
        out("gamma_quantile_" + ("lower" if of_lower else "upper"), a, 0.0, p, u)
for a in [0.1, 0.5, 2.0, 30.0, 1e3, 1e5]:
    for b in [0.3, 1.0, 5.0, 200.0, 1e5]:
        mean = a / (a + b)
        sd = (a * b / (a + b + 1)) ** 0.5 / (a + b)
        for x in [mean * 1e-60, mean * 1e-3, mean - 4 * sd, mean - sd, mean + sd, mean + 4 * sd, 1 - (1 - mean) * 1e-3]:
            if not 0 < x < 1:
                continue
            lower = beta_lower(a, b, x) if x < mean else 1 - beta_lower(b, a, 1 - mpf(x))
            of_lower = lower < 0.5
            if not of_lower:
                lower = 1 - beta_lower(b, a, 1 - mpf(x))
            p = float(lower) if of_lower else float(beta_lower(b, a, 1 - mpf(x)))
            if p < 1e-290:
                continue
            u = mpf(x)
            for _ in range(2):
                gap = beta_lower(a, b, u) - mpf(p) if of_lower else mpf(p) - beta_lower(b, a, 1 - u)
                log_density = (mpf(a) - 1) * log(u) + (mpf(b) - 1) * mp.log1p(-u)
                u -= gap / mp.exp(log_density - loggamma(a) - loggamma(b) + loggamma(mpf(a) + b))
            out("beta_quantile_" + ("lower" if of_lower else "upper"), a, b, p, u)
for p in [1e-300, 1e-100, 1e-20, 1e-10, 1e-5, 0.001, 0.025, 0.0749, 0.0751, 0.2, 0.4, 0.49999, 0.7, 0.95]:
    u = mpf(0)
    goal = mpf(p)
    low, high = mpf(-40), mpf(40)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if erfc(-middle / sqrt(2)) / 2 < goal else (low, middle)
    out("normal_quantile", 0.0, 0.0, p, low)
