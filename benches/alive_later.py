"""How likely a customer is still there some time after the end of what was seen: reference numbers.

    pip install mpmath
    python benches/alive_later.py

Integrates the individual model over its prior at 30 digits and uses none of the closed forms that the
crate uses: of somebody with purchase rate l and chance p to drop out after a purchase (or death rate m)
the chance of the history together with being there at T + t, over the chance of the history. Prints the
table of `src/churn/btyd/mod.rs`, tests.
"""

from mpmath import beta, exp, gamma, inf, mp, mpf, quad

mp.dps = 30

# Parameters as published for CDNOW, in weeks; purchases, last, age; later.
GEOMETRIC = {"bg-nbd": ("0.243", "4.414", "0.793", "2.426"), "mbg-nbd": ("0.525", "6.183", "0.891", "1.614")}
PARETO = ("0.553", "10.578", "0.606", "11.669")
HISTORIES = [(0, "0", "27.2"), (2, "30.43", "38.86"), (26, "30.86", "31")]
LATER = ["4", "52"]


def by_purchases(family, x, last, age, later):
    r, alpha, a, b = map(mpf, GEOMETRIC[family])
    tosses = x if family == "bg-nbd" else x + 1

    # The rate is integrated by the integral of the gamma function: int l^(r+x-1) e^(-l s) dl.
    def bought(span):
        return alpha**r / gamma(r) * gamma(r + x) / (alpha + span) ** (r + x)

    def there(t):
        return quad(lambda p: p ** (a - 1) * (1 - p) ** (b + tosses - 1) * bought(age + p * t), [0, 0.5, 1])

    gone = quad(lambda p: p**a * (1 - p) ** (b + tosses - 2), [0, 0.5, 1]) * bought(last) if tosses else 0
    return there(later) / (there(0) + gone)


def by_death(x, last, age, later):
    r, alpha, s, beta_ = map(mpf, PARETO)

    def bought(span):
        return alpha**r / gamma(r) * gamma(r + x) / (alpha + span) ** (r + x)

    def death(m):
        return beta_**s / gamma(s) * m ** (s - 1) * exp(-beta_ * m)

    def there(t):
        return quad(lambda m: death(m) * exp(-m * (age + t)), [0, 0.01, 0.1, 1, inf]) * bought(age)

    # Died at u after the last purchase and before the age.
    def died(u):
        return quad(lambda m: death(m) * m * exp(-m * u), [0, 0.01, 0.1, 1, inf]) * bought(u)

    gone = quad(died, [last, age])
    return there(later) / (there(0) + gone)


assert abs(beta(2, 3) - mpf(1) / 12) < mpf(10) ** -25
for family in ("bg-nbd", "mbg-nbd", "pareto-nbd"):
    for x, last, age in HISTORIES:
        values = []
        for later in LATER:
            arguments = (x, mpf(last), mpf(age), mpf(later))
            value = by_death(*arguments) if family == "pareto-nbd" else by_purchases(family, *arguments)
            values.append(mp.nstr(value, 15))
        print(family, x, last, age, *values)
