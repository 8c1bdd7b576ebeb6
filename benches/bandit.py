"""Chances to be the best, weights, Bayes-UCB and regret of bandits by quadrature: the figures of
docs/analyses/bandit.md and of tests/analyses/bandit.rs.

    python benches/bandit.py    # SciPy
"""

import numpy as np
from scipy import integrate, stats


def show(name, values):
    print(f"{name}: {', '.join(f'{value:.12g}' for value in np.atleast_1d(values))}")


def told(name, laws, units, low, high, points):
    def product(x, own):
        return np.prod([law.cdf(x) for at, law in enumerate(laws) if at != own])

    def over(of):
        parts = [integrate.quad(lambda x: of(x) * law.pdf(x) * product(x, own), low, high, points=points, limit=2000, epsabs=1e-14, epsrel=1e-13)[0] for own, law in enumerate(laws)]
        return np.array(parts)

    chances = over(lambda x: 1.0)
    best = over(lambda x: x).sum()
    odds = chances / (1 - chances)
    two = chances * (0.5 + 0.5 * (odds.sum() - odds))
    means = np.array([law.mean() for law in laws])
    show(f"{name}: chances", chances)
    show("top two", two)
    show("Bayes-UCB", [law.isf(1 / sum(units)) for law in laws])
    show("regret per unit: Thompson, top two, even", [best - weights @ means for weights in (chances, two, np.full(len(laws), 1 / len(laws)))])


shares = [(1000, 50), (1000, 62), (800, 55), (300, 12)]
told("shares", [stats.beta(1 + hits, 1 + units - hits) for units, hits in shares], [units for units, _ in shares], 0, 1, [0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1])
means = [(500, 10.0, 25.0), (480, 10.6, 36.0), (510, 9.5, 20.0)]
told("means", [stats.norm(mean, np.sqrt(variance / units)) for units, mean, variance in means], [units for units, *_ in means], 5, 15, [9, 9.5, 10, 10.5, 11, 11.5])
