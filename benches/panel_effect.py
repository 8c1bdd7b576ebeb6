"""What a treatment of some shops did, by independent packages: the figures of docs/analyses/panel-effect.md
and of tests/analyses/panel_effect.rs.

    python benches/panel_effect.py             # statsmodels, cvxpy
    python benches/panel_effect.py --write     # makes tests/data/panel.csv anew
"""

import pathlib
import sys
from itertools import combinations

import cvxpy as cp
import numpy as np
import pandas as pd
import statsmodels.api as sm

PATH = pathlib.Path(__file__).parent.parent / "tests/data/panel.csv"
SHOPS, MONTHS, FIRST, TREATED = 20, 14, 9, ["s03", "s08", "s12", "s17"]


def write():
    """Twenty shops over 14 months with levels, a common season, local shocks, and an effect of 6 from February 2024 on."""
    random = np.random.default_rng(5)
    months = pd.period_range("2023-05", periods=MONTHS, freq="M")
    season = 5 * np.sin(2 * np.pi * np.arange(MONTHS) / 12) + 0.8 * np.arange(MONTHS)
    rows = []
    for shop in range(SHOPS):
        name, level, slope = f"s{shop + 1:02}", random.uniform(60, 140), random.uniform(0.9, 1.1)
        shock = 0.0
        for at, month in enumerate(months):
            shock = 0.5 * shock + random.normal(0, 2)
            effect = 6 if name in TREATED and at >= FIRST else 0
            rows.append((name, f"{month}-15", round(level + slope * season[at] + shock + effect, 2)))
    pd.DataFrame(rows, columns=["customer", "time", "sales#"]).to_csv(PATH, index=False)


def show(name, values):
    print(f"{name}: {', '.join(f'{value:.12g}' for value in np.atleast_1d(values))}")


def weights_of(target, donors):
    """Weights of the donors, by a quadratic program."""
    w = cp.Variable(donors.shape[1], nonneg=True)
    problem = cp.Problem(cp.Minimize(cp.sum_squares(donors @ w - target)), [cp.sum(w) == 1])
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-13, tol_gap_rel=1e-13, tol_feas=1e-13)
    return w.value


def rmspe(gap):
    return np.sqrt(np.mean(gap**2))


def ratio(target, donors):
    gap = target - donors @ weights_of(target[:FIRST], donors[:FIRST])
    return rmspe(gap[FIRST:]) / rmspe(gap[:FIRST])


if "--write" in sys.argv:
    write()
data = pd.read_csv(PATH).rename(columns={"customer": "shop", "sales#": "sales"})
data["at"] = data.groupby("shop").cumcount()
treated = data.shop.isin(TREATED)
clusters = {"groups": data.shop.astype("category").cat.codes, "use_correction": True}
fixed = pd.get_dummies(data[["shop", "at"]], columns=["shop", "at"], dtype=float).drop(columns="at_0")

# Difference in differences with two-way fixed effects.
x = fixed.assign(effect=(treated & (data["at"] >= FIRST)).astype(float))
fit = sm.OLS(data.sales, x).fit(cov_type="cluster", cov_kwds=clusters, use_t=True)
show("effect, error, p, interval", [fit.params.effect, fit.bse.effect, fit.pvalues.effect, *fit.conf_int().loc["effect"]])

# Event study: every period but the last before the treatment.
others = [at for at in range(MONTHS) if at != FIRST - 1]
x = fixed.assign(**{f"p{at}": (treated & (data["at"] == at)).astype(float) for at in others})
fit = sm.OLS(data.sales, x).fit(cov_type="cluster", cov_kwds=clusters, use_t=True)
show("leads and lags", [fit.params[f"p{at}"] for at in others])
show("their errors", [fit.bse[f"p{at}"] for at in others])
test = fit.f_test(np.eye(x.shape[1])[[x.columns.get_loc(f"p{at}") for at in range(FIRST - 1)]])
print("leads: F, p, degrees", float(test.fvalue), float(test.pvalue), test.df_num, test.df_denom)

# Whether the treated were on another course before.
early = data["at"] < FIRST
x = fixed[early].loc[:, lambda f: f.any()].assign(slope=(treated * data["at"])[early].astype(float))
fit = sm.OLS(data.sales[early], x).fit(cov_type="cluster", cov_kwds={**clusters, "groups": clusters["groups"][early]}, use_t=True)
show("slope before, error, p", [fit.params.slope, fit.bse.slope, fit.pvalues.slope])

# All ways to choose four of twenty shops.
wide = data.pivot(index="at", columns="shop", values="sales")
change = (wide.loc[FIRST:].mean() - wide.loc[: FIRST - 1].mean()).to_numpy()
sums = np.array([change[list(chosen)].sum() for chosen in combinations(range(SHOPS), len(TREATED))])
apart = np.abs(sums - len(TREATED) * change.mean())
own = abs(change[[list(wide.columns).index(shop) for shop in TREATED]].sum() - len(TREATED) * change.mean())
show("permutation p", (apart >= own * (1 - 1e-10)).mean())
shops = [list(wide.columns).index(shop) for shop in TREATED]
course = (wide.loc[: FIRST - 1] - wide.loc[: FIRST - 1].mean()).to_numpy()
course = course - course.mean(axis=1, keepdims=True)
steps = np.arange(FIRST) - (FIRST - 1) / 2
for name, rows in [("slope", steps[None] @ course), ("leads", course)]:
    apart = np.array([(rows[:, list(chosen)].sum(axis=1) ** 2).sum() for chosen in combinations(range(SHOPS), len(TREATED))])
    show(f"permutation p of the {name} before", (apart >= (rows[:, shops].sum(axis=1) ** 2).sum() * (1 - 1e-10)).mean())

# Synthetic control.
target, donors = wide[TREATED].mean(axis=1).to_numpy(), wide.drop(columns=TREATED)
weights = weights_of(target[:FIRST], donors.to_numpy()[:FIRST])
show("weights " + " ".join(donors.columns), np.where(weights < 1e-8, 0, weights))
gap = target - donors.to_numpy() @ weights
show("gap", gap)
show("RMSPE before, after, mean gap", [rmspe(gap[:FIRST]), rmspe(gap[FIRST:]), gap[FIRST:].mean()])
ratios = [ratio(donors.to_numpy()[:, at], np.delete(donors.to_numpy(), at, axis=1)) for at in range(donors.shape[1])]
own = rmspe(gap[FIRST:]) / rmspe(gap[:FIRST])
show("ratio, and of the others", [own, *ratios])
show("p", (1 + sum(other >= own for other in ratios)) / (1 + len(ratios)))

# Interrupted time series of the treated alone.
for series, name in [(target, "the treated"), (wide["s03"].to_numpy(), "s03")]:
    at, after = np.arange(MONTHS) - FIRST, (np.arange(MONTHS) >= FIRST).astype(float)
    lags = int(4 * (MONTHS / 100) ** (2 / 9))
    for shift in [0.0, (MONTHS - FIRST - 1) / 2]:
        x = np.column_stack([np.ones(MONTHS), at, after, (at - shift) * after])
        fit = sm.OLS(series, x).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True)
        show(f"{name}: coefficients with {lags} lags", fit.params)
        show("errors, p of the level and the slope", [*fit.bse, *fit.pvalues[2:]])
