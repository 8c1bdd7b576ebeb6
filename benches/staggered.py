"""What groups that began at several times gained, by NumPy, SciPy and csdid: the figures of
docs/analyses/panel-effect.md and of tests/analyses/panel_staggered.rs.

    python benches/staggered.py             # numpy, pandas, scipy, csdid
    python benches/staggered.py --write     # makes tests/data/staggered.csv anew
"""

import pathlib
import sys

import numpy as np
import pandas as pd
from scipy import stats

PATH = pathlib.Path(__file__).parent.parent / "tests/data/staggered.csv"
SHOPS, MONTHS = 24, 12
# Shops 1 to 5 began in month 4, 6 to 11 in month 6, 12 to 17 in month 9 (from 0); the others never.
BEGAN = {shop: 4 if shop <= 5 else 6 if shop <= 11 else 9 if shop <= 17 else 0 for shop in range(1, SHOPS + 1)}


def write():
    """Levels, a common course, local shocks, and an effect that grows by 3 each month since the beginning."""
    random = np.random.default_rng(11)
    months = pd.period_range("2024-01", periods=MONTHS, freq="M")
    rows = []
    for shop, began in BEGAN.items():
        level = random.uniform(60, 140)
        for at, month in enumerate(months):
            effect = 3 * (at - began + 1) if began and at >= began else 0
            rows.append((f"s{shop:02}", f"{month}-15", round(level + 1.5 * at + random.normal(0, 2) + effect, 2)))
    pd.DataFrame(rows, columns=["customer", "time", "sales#"]).to_csv(PATH, index=False)


def show(name, values):
    print(f"{name}: {', '.join(f'{value:.12g}' for value in np.atleast_1d(values))}")


if "--write" in sys.argv:
    write()
data = pd.read_csv(PATH).rename(columns={"customer": "shop", "sales#": "sales"})
data["at"] = data.groupby("shop").cumcount()
wide = data.pivot(index="shop", columns="at", values="sales").to_numpy()
began = np.array(list(BEGAN.values()))
starts = [4, 6, 9]
sizes = {g: (began == g).sum() for g in starts}

# Each beginning in each period: Welch's test of the changes.
for g, t in [(4, 4), (4, 11), (6, 2), (9, 10)]:
    change = wide[:, t] - wide[:, g - 1]
    found = stats.ttest_ind(change[began == g], change[began == 0], equal_var=False)
    interval = found.confidence_interval()
    effect = change[began == g].mean() - change[began == 0].mean()
    show(f"never treated: {g} in {t}: effect, error, p, interval", [effect, effect / found.statistic, found.pvalue, interval.low, interval.high])


def welch(numbers):
    """A sum of means, each of a sample of its own (Satterthwaite's degrees): its value, error, p and degrees."""
    value = sum(sample.mean() for sample in numbers)
    parts = np.array([sample.var(ddof=1) / len(sample) for sample in numbers])
    degrees = parts.sum() ** 2 / sum(part**2 / (len(sample) - 1) for part, sample in zip(parts, numbers))
    error = np.sqrt(parts.sum())
    return [value, error, 2 * stats.t.sf(abs(value / error), degrees), degrees]


def of(weights):
    """The mean of differences {(g, t): weight} against those never treated, as one number per shop."""
    total = sum(weights.values())
    own = {g: sum(w * (wide[began == g, t] - wide[began == g, g - 1]) for (h, t), w in weights.items() if h == g) / total for g in {g for g, _ in weights}}
    others = sum(-w * (wide[began == 0, t] - wide[began == 0, g - 1]) for (g, t), w in weights.items()) / total
    return welch([*own.values(), others])


after = {g: range(g, MONTHS) for g in starts}
show("never treated: all: effect, error, p, degrees", of({(g, t): sizes[g] / len(after[g]) for g in starts for t in after[g]}))
for g in starts:
    show(f"never treated: those of {g}", of({(g, t): 1 for t in after[g]}))
for e in [-4, 0, 3]:
    show(f"never treated: {e} periods since", of({(g, g + e): sizes[g] for g in starts if 0 <= g + e < MONTHS}))

# Against those who had not begun by then, too.
cells = {}
for g in starts:
    for t in range(MONTHS):
        if t == g - 1:
            continue
        change = wide[:, t] - wide[:, g - 1]
        controls = (began == 0) | ((began > max(t, g - 1)) & (began != g))
        cells[g, t] = change[began == g].mean() - change[controls].mean()
show("not yet treated: 4 in 5, 4 in 11, 9 in 2", [cells[4, 5], cells[4, 11], cells[9, 2]])
show("not yet treated: all", sum(sizes[g] * np.mean([cells[g, t] for t in after[g]]) for g in starts) / sum(sizes.values()))

# Two-way fixed effects of all together, and the weights that they give.
on = (began[:, None] > 0) & (np.arange(MONTHS) >= began[:, None])
rest = on - on.mean(axis=1, keepdims=True) - on.mean(axis=0, keepdims=True) + on.mean()
show("two-way fixed effects: effect, weight below 0", [(rest * wide).sum() / (rest**2).sum(), -rest[on & (rest < 0)].sum() / rest[on].sum()])
true = 3 * (np.arange(MONTHS) - began[:, None] + 1)
show("planted: all, by two-way weights", [np.mean([true[at][on[at]].mean() for at in range(SHOPS) if began[at]]), (rest * on * true).sum() / (rest * on).sum()])

try:
    from csdid.att_gt import ATTgt
except ImportError:
    print("csdid is not installed")
else:
    frame = data.assign(id=data.shop.str[1:].astype(int), time=data["at"] + 1.0)
    frame["g"] = frame.id.map(lambda shop: BEGAN[shop] + 1 if BEGAN[shop] else 0).astype(float)
    for group in ["nevertreated", "notyettreated"]:
        found = ATTgt(yname="sales", gname="g", idname="id", tname="time", data=frame, control_group=[group], xformla="sales~1").fit(est_method="reg")
        att = dict(zip(zip(found.results["group"], found.results["year"]), found.results["att"]))
        show(f"csdid, {group}: 4 in 5, 4 in 11, 9 in 10", [att[5, 6], att[5, 12], att[10, 11]])
        found.aggte(typec="group")
        show(f"csdid, {group}: all", found.atte["overall_att"])
