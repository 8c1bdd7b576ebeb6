"""The Hillstrom e-mail test by independent packages: the figures of docs/analyses/experiment.md.

    python benches/hillstrom.py hillstrom_email.csv    # statsmodels, scipy, tea-tasting, scikit-uplift

and of docs/analyses/uplift.md (scikit-learn, scikit-uplift): `--units units.csv` writes the rows with a
number each, `--scores scores.csv` judges what `uplift` gave for the women's mail (columns `customer` and
`position`), beside two models of scikit-learn.
"""

import sys

import numpy as np
import pandas as pd
import tea_tasting as tt
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep
import statsmodels.api as sm

data = pd.read_csv(sys.argv[1])


def by_scores(path):
    """Positions of `uplift`, and those of a two-model learner of scikit-learn, by scikit-uplift."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold
    from sklift.metrics import qini_auc_score, uplift_auc_score

    two = data[data.segment.isin([ARMS[1], NONE])]
    treated = (two.segment == ARMS[1]).astype(int)
    scores = -pd.read_csv(path).set_index("customer").position.reindex(two.index)
    print("uplift's order: Qini, AUUC", qini_auc_score(two.visit, scores, treated), uplift_auc_score(two.visit, scores, treated))
    columns = ["recency", "history", "mens", "womens", "zip_code", "newbie", "channel"]
    cells = two[columns].assign(**{name: two[name].astype("category") for name in ["zip_code", "channel"]})
    for seed in range(5):
        ranks = pd.Series(0.0, two.index)
        for learn, held in StratifiedKFold(5, shuffle=True, random_state=seed).split(two, treated):
            said = []
            for arm in [1, 0]:
                own = learn[treated.iloc[learn] == arm]
                model = HistGradientBoostingClassifier(max_depth=3, learning_rate=0.05, max_iter=100, early_stopping=True, categorical_features="from_dtype", random_state=seed)
                said.append(model.fit(cells.iloc[own], two.visit.iloc[own]).predict_proba(cells.iloc[held])[:, 1])
            ranks.iloc[held] = pd.Series(said[0] - said[1]).rank(pct=True).to_numpy()
        print(f"two models of scikit-learn, seed {seed}: Qini, AUUC", qini_auc_score(two.visit, ranks, treated), uplift_auc_score(two.visit, ranks, treated))


NONE, ARMS = "No E-Mail", ["Mens E-Mail", "Womens E-Mail"]
for flag, path in zip(sys.argv[2:], sys.argv[3:]):
    if flag == "--units":
        data.to_csv(path, index_label="customer")
        sys.exit()
    if flag == "--scores":
        by_scores(path)
        sys.exit()
of = {arm: data[data.segment == arm] for arm in [NONE, *ARMS]}


def say(what, *numbers):
    print(what, *(f"{number:.10g}" for number in numbers))


say("sample ratio: chi2, p", *stats.chisquare([len(part) for part in of.values()]))
for metric in ["visit", "conversion"]:
    for arm in ARMS:
        hits = [int(of[a][metric].sum()) for a in (arm, NONE)]
        sizes = [len(of[a]) for a in (arm, NONE)]
        low, high = confint_proportions_2indep(hits[0], sizes[0], hits[1], sizes[1], method="newcomb")
        table = [[h, n - h] for h, n in zip(hits, sizes)]
        p = stats.chi2_contingency(table, correction=False).pvalue
        say(f"{metric}, {arm}: effect, interval (Newcombe), p", hits[0] / sizes[0] - hits[1] / sizes[1], low, high, p)


def welch(treatment, control):
    found = stats.ttest_ind(treatment, control, equal_var=False)
    ends = found.confidence_interval(0.95)
    return treatment.mean() - control.mean(), ends.low, ends.high, found.pvalue


for arm in ARMS:
    say(f"spend, {arm}: effect, interval (Welch), p", *welch(of[arm].spend, of[NONE].spend))
theta = np.cov(data.spend, data.history)[0, 1] / data.history.var()
say("CUPED: explained share", np.corrcoef(data.spend, data.history)[0, 1] ** 2)
for arm in ARMS:
    adjusted = {a: of[a].spend - theta * (of[a].history - data.history.mean()) for a in (arm, NONE)}
    say(f"spend with CUPED, {arm}: effect, interval, p", *welch(adjusted[arm], adjusted[NONE]))
pair = data[data.segment != ARMS[1]].assign(variant=lambda rows: (rows.segment == ARMS[0]).astype(int))
found = tt.Experiment(spend=tt.Mean("spend", "history", use_t=True, equal_var=False)).analyze(pair)["spend"]
say(f"two arms alone, tea-tasting: effect, interval, p", found.effect_size, found.effect_size_ci_lower, found.effect_size_ci_upper, found.pvalue)
centred = pair.history - pair.history.mean()
design = np.column_stack([np.ones(len(pair)), pair.variant, centred, centred * pair.variant])
fit = sm.OLS(pair.spend, design).fit(cov_type="HC2")
say("two arms alone, Lin by statsmodels (HC2): effect, error", fit.params.iloc[1], fit.bse.iloc[1])
for arm in ARMS:
    parts = [(len(rows), rows[rows.segment == arm].spend, rows[rows.segment == NONE].spend) for _, rows in data.groupby("channel")]
    effect = sum(n * (t.mean() - c.mean()) for n, t, c in parts) / len(data)
    error = sum((n / len(data)) ** 2 * (t.var() / len(t) + c.var() / len(c)) for n, t, c in parts) ** 0.5
    say(f"spend by strata of channel, {arm}: effect, error", effect, error)
for arm in ARMS:
    found = stats.mannwhitneyu(of[arm].spend, of[NONE].spend, method="asymptotic")
    say(f"ranks of spend, {arm}: superiority, p", found.statistic / len(of[arm]) / len(of[NONE]), found.pvalue)
rows = []
for channel, part in data.groupby("channel"):
    for arm in ARMS:
        hits = [int(part[part.segment == a].visit.sum()) for a in (arm, NONE)]
        sizes = [int((part.segment == a).sum()) for a in (arm, NONE)]
        p = stats.chi2_contingency([[h, n - h] for h, n in zip(hits, sizes)], correction=False).pvalue
        rates = [h / n for h, n in zip(hits, sizes)]
        square = sum(r * (1 - r) / n for r, n in zip(rates, sizes))
        rows.append((channel, arm, rates[0] - rates[1], p, square))
for (channel, arm, effect, _, _), p in zip(rows, multipletests([row[3] for row in rows], method="holm")[1]):
    say(f"visit, {channel}, {arm}: effect, p (Holm over 6)", effect, p)
for arm in ARMS:
    effects = [(row[2], 1 / row[4]) for row in rows if row[1] == arm]
    mean = sum(e * w for e, w in effects) / sum(w for _, w in effects)
    q = sum(w * (e - mean) ** 2 for e, w in effects)
    say(f"visit, differs by channel, {arm}: Q, p", q, stats.chi2.sf(q, len(effects) - 1))
try:
    from sklift.metrics import qini_auc_score, uplift_auc_score

    for arm in ARMS:
        two = data[data.segment.isin([arm, NONE])]
        treated = (two.segment == arm).astype(int)
        say(f"visit by history, {arm}: Qini, uplift", qini_auc_score(two.visit, two.history, treated), uplift_auc_score(two.visit, two.history, treated))
except ImportError:
    print("scikit-uplift is not here: no Qini")
