/**
 * Options and results of the analyses and of reading, as the Rust crate has them.
 *
 * Written by `npm run types --workspace pkg` from the JSON Schema of the Rust types. Not edited by hand.
 */

/** What a period without a row of a group means. */
export type Absent =
  /** Nothing is known: the group takes no part, and is counted. */
  | 'leave-out'
  /** Nothing happened: 0, as in a log of purchases. */
  | 'zero'

/** What a customer did. */
export type ActionKind =
  /** Passed something on. */
  | 'share'
  /** Invited somebody. */
  | 'inviteSent'
  /** Invited somebody who came. */
  | 'inviteAccepted'
  /** Commented or reviewed. */
  | 'comment'
  /** Wrote in a group. */
  | 'groupPost'

/** One kind of action. */
export interface ActionRow {
  /** By how many customers. */
  customers: number
  /** The kind. */
  kind: ActionKind
  /** How often. */
  times: number
  /** One usual measure: see `normalise`. Null if nobody did it. */
  unit: number | null
}

/** Options of `activation`. */
export interface ActivationOptions {
  /**
   * The events that are actions (role `event` of the input `events`); all of them if left out.
   * Name those that customers do themselves: a row that only says that they joined is none.
   */
  actions?: string[] | null
  /** Customers without an action so many days after joining are listed; 1 to 3,650. */
  alertDays?: number
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it are
   * left out, and what has not happened by then is not known.
   */
  at: string
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** A local day: customers who joined before it are left out. */
  from?: string | null
  /**
   * The share with an action is told within each of these days: 1 to 12 ascending numbers, 1 to
   * 3,650.
   */
  horizons?: number[]
  /** Customers who joined in one such period are a cohort. */
  period?: Unit
  /** Where weeks begin. */
  weekStart?: WeekStart
}

/**
 * Result of `activation`. The column set `customers` holds those to be greeted, who joined last first:
 * `customer` and `days` (since joining, without an action).
 */
export interface ActivationResult {
  /** All who joined: those with an action, when, and how many have one within each horizon. */
  all: CohortRates
  /** Each cohort, the earliest first. */
  cohorts: CohortRates[]
  /** The share without an action yet, from day 0 to the last horizon. */
  curve: CurvePoint[]
  /** The answer in one sentence. */
  sentence: Text
  /** Customers without an action who joined less than `alertDays` ago. */
  tooEarly: number
  /** Customers without an action `alertDays` after joining: those listed. */
  waiting: number
}

/** How p-values are adjusted. */
export type Adjustment =
  /**
   * Holm: the chance of even one false finding stays below the mark, whatever the tests have to
   * do with each other.
   */
  | 'holm'
  /**
   * Benjamini and Hochberg: of the findings at most this share is expected to be false. Finds
   * more; for tests that are independent or move together.
   */
  | 'bh'
  /** Bonferroni: each times their number. Simple, and never better than Holm. */
  | 'bonferroni'
  /** Šidák: as Bonferroni for tests that are independent; a little better. */
  | 'sidak'
  /** Holm's steps with Šidák's formula, for independent tests. */
  | 'holm-sidak'
  /** Hochberg: as Holm from the other end; for tests that are independent or move together. */
  | 'hochberg'
  /** Hommel: finds a little more than Hochberg, under the same condition. */
  | 'hommel'
  /** Benjamini and Yekutieli: as `bh`, whatever the tests have to do with each other. */
  | 'by'
  /**
   * Dunnett: arms against one control, by what their comparisons share; over several metrics each
   * times their number. Finds more than Holm. Plain lists of p-values are adjusted after Holm.
   */
  | 'dunnett'
  /** As they are. */
  | 'none'

/** Customers still there some days after the reference moment. */
export interface AliveLater {
  /** Of the customers of today, those expected to be still there: the sum of the column. */
  alive: number
  /** Days after `at`. */
  days: number
  /** Its interval; null without standard errors. */
  interval: Interval | null
}

/** Which side counts against "no effect". */
export type Alternative =
  /** Both. */
  | 'two-sided'
  /** Treatment above control. */
  | 'greater'
  /** Treatment below control. */
  | 'less'

/** The amounts of the used rows, as exact decimals. */
export interface AmountSummary {
  /** The largest amount, with `scale` decimals. */
  max: string
  /** The smallest amount, with `scale` decimals. */
  min: string
  /** Number of negative amounts. */
  refunds: number
  /** The most decimals of any amount, 0 to 6. */
  scale: number
  /** The sum, with `scale` decimals. */
  sum: string
  /** Number of amounts that are zero. */
  zeros: number
}

/** The figures. */
export interface Anonymity {
  /** How many classes there are. */
  classes: number
  /** The size of the smallest class. */
  k: number
  /** The fewest distinct sensitive values in a class. */
  lDistinct: number
  /** e to the smallest entropy of the sensitive values in a class. */
  lEntropy: number
  /** The largest share of one sensitive value in a class. */
  maxSensitiveShare: number
  /** Whether all that was demanded is reached. */
  passes: boolean
  /** The highest probability of finding a person who is known to be in the table: 1/k. */
  prosecutorRiskMax: number
  /** The mean of it: classes over rows. */
  prosecutorRiskMean: number
  /** How many of them hold one row. */
  singletons: number
  /** The largest distance of a class from the whole: half the sum of differences of shares. */
  tEqual: number
  /** The same for ordered values, from 0 to 1. */
  tOrdered: number | null
}

/** A table whose figures are asked for. */
export interface AnonymityOptions {
  /** What to demand. */
  demand?: Demand
  /** The values of that column in their order, if they have one. */
  orderedValues?: unknown[] | null
  /** The columns by which a person could be found. */
  quasiIdentifiers: string[]
  /** The rows, one for each person: objects of values by column. */
  rows: unknown[]
  /** The column that nobody should learn of a person. */
  sensitive: string
}

/** An arm against the control in one metric. */
export interface ArmComparison {
  /** The p-value that decides, adjusted for the arms and metrics; null of guardrails. */
  adjustedPValue: number | null
  /** Interval of the effect that holds at every look. */
  alwaysValidInterval: Interval | null
  /** p-value that may be looked at any time. */
  alwaysValidPValue: number | null
  /** The arm. */
  arm: string
  /**
   * With `resampling`: the interval of the effect by Poisson bootstrap; null where an arm may be
   * drawn empty.
   */
  bootstrapInterval: Interval | null
  /** The chance that the arm is better: of shares with the prior Beta(1, 1), else with a flat one. */
  chanceToBeat: number | null
  /** The arm's value less the control's; null where one is. */
  effect: number | null
  /** Standard error of the effect; null where nothing varies. */
  error: number | null
  /** What choosing the arm is expected to lose, in the unit of the metric. */
  expectedLoss: number | null
  /**
   * The same by Fieller's theorem, which holds for a noisy baseline too; null where it is
   * unbounded.
   */
  fiellerInterval: Interval | null
  /**
   * Interval of the effect at one look: Newcombe's of shares, else Welch's. Null where nothing
   * varies.
   */
  interval: Interval | null
  /**
   * Of a guardrail with a margin: how likely the data is if the arm is worse by the margin or
   * more, in the mode that decides; of one that stays the same, if it is off by the margin or more
   * on either side. Null otherwise.
   */
  marginPValue: number | null
  /** p-value at one look: Welch's; of shares Pearson's, or Fisher's for few. */
  pValue: number | null
  /**
   * With `resampling`, of means and shares: how often units that are shared out at random are at
   * least as far apart.
   */
  permutationPValue: number | null
  /** p-value of Mann and Whitney's test that this chance is one half. */
  rankPValue: number | null
  /** The effect over the control's value before adjustment; null unless that is above 0. */
  relative: number | null
  /** Interval of the relative effect by the delta method. */
  relativeInterval: Interval | null
  /**
   * Of a metric with `ranks`: the chance that a unit of the arm has more than one of the control,
   * equal values counting half.
   */
  superiority: number | null
}

/** An arm that is given by its counts and means. */
export interface ArmOptions {
  /** Its name. */
  arm: string
  /** Units that were assigned to it. */
  units: number
  /** What was measured, in the order of the metrics. */
  values: GivenValue[]
}

/** An arm, and its part of the next batch. */
export interface ArmOutlook {
  /** The arm. */
  arm: string
  /** Its units of the batch. */
  batch: number
  /**
   * The bound that the posterior passes, on the good side, with probability one over the units so
   * far.
   */
  bound: number
  /** The chance to be the best of all: its weight by Thompson. */
  chanceBest: number
  /** The equal-tailed interval of the posterior. */
  interval: Interval
  /** Its weight by top-two sampling. */
  topTwo: number
  /** What is believed of it: the mean of its posterior. */
  value: number
  /** Its share of the batch. */
  weight: number
}

/** The planned share of an arm. */
export interface ArmPlan {
  /** Its name. */
  arm: string
  /** Its weight, relative to those of the others. */
  weight: number
}

/** Units of an arm. */
export interface ArmUnits {
  /** Its name. */
  arm: string
  /** The planned share, 0 to 1. */
  planned: number
  /** Units. */
  units: number
}

/** A metric in an arm. */
export interface ArmValue {
  /** The arm. */
  arm: string
  /** Its interval: Wilson's of a share, else by Student's law; null below two units. */
  interval: Interval | null
  /** Units without one. */
  missing: number
  /** Units with a value. */
  units: number
  /** The estimate, adjusted if there is a covariate; null without units. */
  value: number | null
}

/** Options of `assign`. */
export interface AssignOptions {
  /** The share of units that take part, 0 to 1. */
  coverage?: number
  /** 2, or 1 to agree with assignments that were made so. */
  hashVersion?: number
  /** A part of the traffic that this experiment has for itself. */
  namespace?: NamespaceOptions | null
  /** What tells this experiment from others: its key. */
  seed: string
  /** Without a table: the ids of the units. */
  units?: string[]
  /** The variants, control first. */
  variants: VariantOptions[]
}

/**
 * Result of `assign`. The set `customers` has each unit with its `variant`, empty for units that do
 * not take part.
 */
export interface AssignResult {
  /** Units that do not take part. */
  outside: number
  /** Units of each variant, in the order of the options. */
  variants: VariantUnits[]
}

/** What has to be believed for the number to be the effect. */
export interface Assumption {
  /** `no-spillover`, `no-anticipation`, `parallel-trends`, `weights-carry-over` or `course-goes-on`. */
  code: string
  /** The same in words. */
  text: Text
}

/** Customers whose P(alive) is below `atRiskBelow`. */
export interface AtRisk {
  /** How many. */
  customers: number
  /** Their share of all customers, 0 to 1. */
  share: number
  /** What is still expected of them. */
  value: number
  /** What more they would be worth if all of them were surely there. */
  valueAtRisk: number
}

/** The column of an attribute: its header name, for texts, or `{ column, type }`. */
export type AttributeColumn = string | TypedAttribute

/** What an attribute holds. */
export type AttributeType =
  /** Texts: levels, cities, tags. Numbers are their decimal texts. */
  | 'text'
  /**
   * Numbers, read as amounts are. A cell that is none is a missing value, and counted
   * (`type`).
   */
  | 'number'

/** What is known of an arm. */
export interface BanditArm {
  /** Its name. */
  arm: string
  /** Mean per unit. */
  mean?: number | null
  /** Units that did. */
  successes?: number | null
  /** Units so far. */
  units: number
  /** Sample variance (n − 1) over the units. */
  variance?: number | null
}

/** Options of `bandit`. */
export interface BanditOptions {
  /** What is known of each arm: of all `successes`, or of all `mean` and `variance`. */
  arms: BanditArm[]
  /** Units of the next batch. */
  batch: number
  /** Of `top-two`: how often the best of a draw is taken, and not the next. */
  beta?: number
  /** Of the intervals, between 0 and 1. */
  confidence?: number
  /** The share of the batch that each arm gets at least: it keeps an arm in sight. */
  least?: number
  /** Whether less is better. */
  lower?: boolean
  /** How weights are chosen. */
  policy?: BanditPolicy
}

/** How the weights of a batch are chosen. */
export type BanditPolicy =
  /** Each arm by its chance to be the best: loses little. */
  | 'thompson'
  /** The best and its rivals about equally: learns soonest which is best. */
  | 'top-two'
  /** All to the arm with the highest upper bound. For small batches. */
  | 'ucb'

/** Result of `bandit`. */
export interface BanditResult {
  /** The arms, in the order of the options. */
  arms: ArmOutlook[]
  /** The same with equal weights. */
  evenRegret: number
  /**
   * What the batch is expected to lose against giving all of it to the arm that is truly best, with
   * the weights chosen; in the unit of the outcome.
   */
  regret: number
  /** The answer in one sentence. */
  sentence: Text
}

/** Groups that began together, at another time than `began`. */
export interface Beginning {
  /** A local day: the period that holds it is their first with the treatment. */
  began: string
  /** The groups, by name. */
  treated: string[]
}

/** The mean effect on those that began together. */
export interface BeginningEffect {
  /** The period in which they began. */
  began: string
  /** The mean effect since. */
  effect: PanelEstimate
  /** Its groups. */
  groups: number
}

/** The share to treat, among those of the curve and nobody. */
export interface BestShare {
  /**
   * What choosing gains over the better of nobody and all, as the mean says: nobody if treating
   * all costs more than it brings.
   */
  advantage: Estimate
  /** Value of treating all. */
  all: Estimate
  /** The share with the largest value over all units; 0 where treating nobody is best. */
  share: number
  /**
   * What choosing a share so brings, per unit: each fold takes the share that was best in the
   * others, so that it is not too good by choosing the largest.
   */
  value: Estimate
}

/** What Gaussian noise must reach. */
export interface CalibrateOptions {
  /** δ. */
  delta: number
  /** ε. */
  epsilon: number
  /** How much one customer changes the answer, in the root of squares. */
  sensitivity?: number
}

/** A fitted map from a score in log-odds to a probability. */
export type Calibration = 'none' | { platt: [number, number] } | { beta: [number, number, number] } | { isotonic: ([number, number])[] }

/** How scores become probabilities. */
export type CalibrationKind =
  /** As the model says. */
  | 'none'
  /** A line in log-odds: two numbers, for hundreds of customers. */
  | 'platt'
  /** Three numbers, for both ends apart. */
  | 'beta'
  /** Rising steps, for thousands. */
  | 'isotonic'

/** What a campaign against leaving costs and brings, in one unit of money. */
export interface CampaignOptions {
  /** The share of those who would leave that the offer keeps, between 0 and 1. */
  acceptance?: number
  /** What a contact costs. */
  contact?: number
  /** What the offer costs when it is taken; customers who would have stayed take it too. */
  incentive?: number
  /** What a customer who stays is worth. */
  value?: number
}

/** The share that has ended by one cause. */
export interface CauseCurve {
  /** Lives that it ended. */
  ended: number
  /** The intervals of the shares. */
  intervals: Interval[]
  /** The cause. */
  name: string
  /** At each of `times`, the share that has ended by it. */
  shares: number[]
}

/** The effect on those that began together in one period. */
export interface CellEffect {
  /** The period in which they began. */
  began: string
  /** The effect. */
  effect: PanelEstimate
  /** The period in which it is seen. */
  period: string
}

/** A model fitted to the days before a split, against the days after it. */
export interface Check {
  /** Days of purchase that came after the split. */
  actual: number
  /**
   * By repeats before the split, 7 standing for 7 and more: customers, mean days of purchase
   * after it, and those expected.
   */
  bins: CheckBin[]
  /** Customers who had bought before. */
  customers: number
  /** Days held out. */
  days: number
  /** Root of the mean squared difference of a customer. */
  error: number
  /** Those expected. */
  expected: number
  /** The same if everybody had gone on at their own pace. */
  naiveError: number
  /** In one word. */
  verdict: Verdict2
}

/** Customers with so many repeats before the split. */
export interface CheckBin {
  /** Mean days of purchase after it. */
  actual: number
  /** Customers. */
  customers: number
  /** Mean expected. */
  expected: number
  /** Repeats before the split. */
  repeats: number
}

/** Options of `churn-risk`. */
export interface ChurnRiskOptions {
  /** With `log`: the reference moment; risks are those of the days after it. */
  at?: string | null
  /**
   * With `customers`: the attributes that may be used. What is known only once somebody has left
   * (a reason for leaving) must not be among them.
   */
  attributes?: string[]
  /** Whether those who left and those who stayed weigh the same, however few they are. */
  balanced?: boolean
  /** How scores become probabilities. */
  calibration?: CalibrationKind
  /** What a campaign costs and brings. */
  campaign?: CampaignOptions
  /**
   * Another model from an earlier report. With `model`, `customers` and `label` it is held against
   * that one on the customers with a label, who must be such as neither model learned from. Without
   * `model` it is held against the model fitted in this run, on the rows held out: each is scored by
   * a fit that did not learn from it, and must be such as the challenger did not learn from either.
   */
  challenger?: RiskModel | null
  /** Which model scores; both are always fitted. */
  choice?: RiskChoice
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** With `log`: earlier cut-offs that are learned from, 1 to 24; one more is held out. */
  cutoffs?: number
  /** Decisions on the way to a leaf of a tree at most, 1 to 6. */
  depth?: number
  /** Features of numbers with which the risk of the trees may only fall. */
  falling?: string[]
  /** With `log`: days between what is known and what is asked, the time to act, 0 to 365. */
  gapDays?: number
  /**
   * With `customers`: an attribute with groups of customers, at most 50, whose errors are compared;
   * it need not be among `attributes`.
   */
  groupsBy?: string | null
  /** With `log`: who buys nothing for so many days has left, 1 to 3,650. */
  horizonDays?: number
  /** With `customers`: the attribute that says who left. Customers without a value are only scored. */
  label?: string | null
  /**
   * The value of `label` of those who left; all others stayed. Default: 1 of numbers 0 and 1, or of
   * texts a usual word such as `yes`, and every other must be a usual word for having stayed.
   */
  left?: string | null
  /** With `log`: customers take part who bought in so many days before, 1 to 3,650. */
  lookbackDays?: number
  /** A model from an earlier report: customers are scored by it, and nothing is learned. */
  model?: RiskModel | null
  /** Customers who can be contacted at most; those most likely to leave come first. */
  mostContacts?: number | null
  /** Ridge penalty of the logistic model on standardised columns, above zero. */
  penalty?: number
  /** With `log`: what a negative amount does. */
  refunds?: Refunds
  /** Features of numbers with which the risk of the trees may only rise. */
  rising?: string[]
  /** Names the random stream that draws turns and samples. */
  seed?: number
  /** With `customers`: how many turns are drawn, 2 to 20. */
  turns?: number
  /**
   * With `customers`: an attribute that says in which turn each customer is held out. Default:
   * drawn by `seed`, with as many who left in each.
   */
  turnsBy?: string | null
  /** With `log`: what an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `churn-risk`. The column set `customers` holds, the most likely to leave first,
 * `customer`, `probability` (of leaving), `score` (in log-odds, before calibration), `label` (1 left,
 * 0 stayed, 2 unknown), `target` (1 if worth contacting), `reason1` to `reason3` (places in `reasons`),
 * `contribution1` to `contribution3` (what they add to the score), `others` (what all other features
 * add: `baseline` and these four are the score), and of a log `spend` (money up to `at`).
 */
export interface ChurnRiskResult {
  /** Score of the mean customer, in log-odds. */
  baseline: number
  /** The model that scores. */
  chosen: RiskMethod
  /** The model, imported or fitted in this run, against its challenger; null without one. */
  comparison: RiskComparison | null
  /** What contacting them is expected to earn, by their probabilities. */
  expectedProfit: number
  /** Those expected to leave: the sum of their probabilities. */
  expectedToLeave: number
  /** Features, the most important first. */
  features: FeatureRole[]
  /** The errors of the chosen model in each group of `groupsBy`, the largest first. */
  groups: RiskGroup[]
  /** How good the models are on rows held out; null with an imported model. */
  heldOut: RiskHeldOut | null
  /** Rows learned from: customers, or customers at cut-offs. */
  learnedFrom: number
  /** Of them, those who left. */
  left: number
  /** The model as plain data, for the option `model`; null if it came from there. */
  model: RiskModel | null
  /** Customers scored. */
  population: number
  /** Reasons. */
  reasons: RiskReason[]
  /** Population stability index of the scores against those of the customers learned from. */
  scoreDrift: number | null
  /** The answer in one sentence. */
  sentence: Text
  /** Customers worth contacting, as many as `mostContacts` allows. */
  targets: number
  /** From this probability on a contact pays. */
  threshold: number
  /** Trees that were grown; 0 with an imported model. */
  trees: number
}

/** How far a number may be taken for an effect, and under which assumptions. */
export interface Claim {
  /** What has to be believed. */
  assumptions: Assumption[]
  /** How far. */
  label: ClaimLabel
}

/** How far a number may be taken for an effect. */
export type ClaimLabel =
  /** Chance chose who was treated. */
  | 'causal-by-design'
  /** An effect if the assumptions hold, which the data cannot prove. */
  | 'under-assumptions'
  /** A change in time, which anything may have caused. */
  | 'before-after'

/** How far the shares of classes moved. */
export interface ClassDrift {
  /** Pearson's chi-squared of the two rows of counts, without a continuity correction. */
  chiSquared: number
  /** Cramér's V `√(χ²/N)`: the size of the effect, 0 to 1, whatever the number of rows. */
  cramersV: number
  /** Hellinger distance, 0 to 1. */
  hellinger: number
  /** Jensen–Shannon divergence in nats, 0 to ln 2. */
  jensenShannon: number
  /**
   * How likely so large a chi-squared is if nothing changed. Trust it where expected counts are
   * five or more.
   */
  pValue: number
  /**
   * Population stability index `Σ (q − p)·ln(q/p)`, with a share of zero as 0.0001. By custom
   * below 0.1 is stable and above 0.25 is a shift; it knows nothing of sample size.
   */
  psi: number
  /** Total variation: half the sum of absolute differences, the share that would have to move. */
  totalVariation: number
}

/** To which side a value that equals a fixed threshold belongs. */
export type Closed =
  /** To the side below: with the threshold 30, "30 days" still counts as "up to 30 days". */
  | 'right'
  /** To the side above: with the threshold 100, an amount of 100 counts as "100 and more". */
  | 'left'

/** One cluster. */
export interface Cluster {
  /** How many customers. */
  customers: number
  /** Their share of all customers, 0 to 1. */
  customersShare: number
  /** What sets it apart, the largest effect first. */
  features: FeatureEffect[]
  /**
   * Mean Jaccard similarity under resampling, 0 to 1: from 0.75 on the cluster is stable, below
   * 0.5 it dissolves. Null where a model was given.
   */
  jaccard: number | null
  /** A name by rule, from the two largest effects of half a standard deviation or more. */
  name: Text
  /** The same of attributes that are numbers. */
  numbers: NumberEffect[]
  /** Their money. */
  revenue: number
  /** Wilson interval of the share, 95 %. */
  shareInterval: Interval
  /** The same of attributes that are texts. */
  texts: TextEffect[]
}

/** How clusters are found. */
export type ClusterMethod =
  /** Round clusters of similar spread, over all customers. The default. */
  | 'kmeans'
  /** A Gaussian mixture: elliptic clusters that may overlap. Fitted to the sample. */
  | 'gmm'
  /** A tree of merges over the sample, cut; see `linkage`. */
  | 'hierarchical'
  /** Clusters of one density and any shape in the sample, and noise; finds their number. */
  | 'dbscan'
  /** Clusters of different densities in the sample, and noise; finds their number. */
  | 'hdbscan'
  /** Clusters of texts alone: the attributes that are texts. Fitted to the sample. */
  | 'kmodes'
  /** Clusters of measures and texts together. Fitted to the sample. */
  | 'kprototypes'

/** Options of `clusters`. */
export interface ClustersOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out.
   */
  at: string
  /**
   * Attributes of the log that are clustered too, by their names: each customer's latest value.
   * Texts with `kmodes` and `kprototypes` only. A number that is missing counts as the median; a
   * text that is missing is a category of its own.
   */
  attributes?: string[]
  /**
   * The number of clusters, 2 to 20. Default: chosen from the data, or none. Not with `dbscan`
   * and `hdbscan`, which find their own.
   */
  clusters?: number | null
  /** What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`. */
  count?: Count | null
  /** What is clustered, each measure once. Not used by `kmodes`. */
  features?: Feature[]
  /**
   * With `dbscan` and `hdbscan`: how many customers, counting itself, must be near for a
   * customer to be in a dense place. Default: twice the number of measures, at least 4.
   */
  leastNeighbours?: number | null
  /**
   * The mean silhouette from which clusters are clear. 0.5 is where Kaufman and Rousseeuw begin
   * to speak of a reasonable structure. Not asked of `dbscan` and `hdbscan`, whose clusters need
   * not be round.
   */
  leastSilhouette?: number
  /**
   * With `hdbscan`: the fewest sampled customers of a cluster. Default: a twentieth of the sample,
   * at least 10.
   */
  leastSize?: number | null
  /**
   * The stability from which clusters are clear: of the partition, the mean adjusted Rand index
   * with those found on resampled customers; and of every cluster, the mean Jaccard similarity
   * with the most similar one found there. 0.75 is where Hennig begins to speak of a stable
   * cluster.
   */
  leastStability?: number
  /** With `hierarchical`: the distance of two clusters. */
  linkage?: Linkage
  /** How clusters are found. */
  method?: ClusterMethod
  /**
   * With `kprototypes`: what a text that differs costs, in squared scaled units. Default: half the
   * mean standard deviation of the measures (Huang).
   */
  mismatchWeight?: number | null
  /**
   * A model of an earlier report: customers are assigned by it, and nothing is fitted. Its
   * measures count; `features`, `method` and the number of clusters are not used.
   */
  model?: Model | null
  /** The largest number of clusters to try, 2 to 20. */
  mostClusters?: number
  /**
   * With `dbscan`: the radius, in scaled units. Default: the distance within which 95 % of the
   * sample have `leastNeighbours` customers.
   */
  radius?: number | null
  /** What a negative amount does. */
  refunds?: Refunds
  /** Names the random streams: the same seed gives the same clusters. */
  seed?: number
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `clusters`. The column set `customers` holds `customer` and `cluster` (index into
 * `clusters`, 255 = in none); it is empty where no clusters are clear.
 */
export interface ClustersResult {
  /** The clusters, the largest money per customer first; empty where none are clear. */
  clusters: Cluster[]
  /**
   * Whether the clusters are clear. False with clusters means that their number was asked for.
   * Null where a model was given: nothing was tried.
   */
  isClear: boolean | null
  /** What assigns a new customer; null where there are no clusters. */
  model: Model | null
  /** What to make of it, in a sentence. */
  recommendation: Text
  /** Every number of clusters that was tried. */
  tried: Tried[]
  /** Customers who are in no cluster: noise, or out of the model's reach. */
  unassigned: number
  /** The gap statistic of one cluster, that is of none; null as in `tried`. */
  undivided: GapRow | null
}

/**
 * Coefficients of a yes-or-no outcome, with intervals by the normal law out of the
 * spread of 200 Poisson bootstraps over units, widened as the others are. Null where no order is better than chance.
 */
export interface Coefficients {
  /** Of the uplift curve. */
  auuc: Estimate | null
  /** Of the Qini curve. */
  qini: Estimate | null
}

/** How many of a cohort did it, and when. */
export interface CohortRates {
  /** Of them, those who have done it so far. */
  came: number
  /** The period in which its customers began, such as `2025-06`; null for all customers. */
  cohort: string | null
  /** Customers. */
  customers: number
  /** Days after which half of them have (Kaplan–Meier); null if that was not seen yet. */
  medianDays: number | null
  /** Upper end; null if it has none yet. */
  medianHigh: number | null
  /** Lower end of its interval; null if it was not seen yet. */
  medianLow: number | null
  /** The shares within each of the horizons, in their order. */
  rates: RateWithin[]
}

/** How a column is to be treated. */
export type ColumnClass =
  /** Names a person by itself: a phone number, a member number. */
  | 'identifier'
  /** Names a person together with others: a city, an age. */
  | 'quasi-identifier'
  /**
   * Its misuse harms: health, accounts, places, all of children under 14 (art. 28 of the
   * Personal Information Protection Law). Needs a consent of its own.
   */
  | 'sensitive'
  /** None of these. */
  | 'ordinary'

/** What one column is and may serve. */
export interface ColumnRule {
  /** How it is to be treated. */
  class?: ColumnClass
  /** A role such as `amount`, or `@` and the name of an attribute. */
  column: string
  /** The names of the purposes for which it may be read. */
  purposes: string[]
}

/** One column of the header. */
export interface ColumnUse {
  /** The attribute that it was read as, if it was. Of several the first. */
  attribute: string | null
  /** The name in the header, without outer blanks. */
  name: string
  /**
   * What it was read as; null for a column that was dropped. A column that is mapped to
   * several roles shows the first.
   */
  role: Role | null
}

/** What several rows of a group in a period make. */
export type Combine =
  /** Their sum. */
  | 'sum'
  /** Their mean. */
  | 'mean'

/** Options of `compare-segments`. */
export interface CompareOptions {
  /** How p-values are adjusted, over all tests of the report. */
  adjustment?: Adjustment
  /** With a log: the reference moment of recency, frequency, money and tenure. */
  at?: string | null
  /** Attributes of `customers` that are compared: numbers by their means, texts by their shares. */
  attributes?: string[]
  /**
   * Confidence of the intervals, between 0 and 1. A difference is named in a sentence if its
   * adjusted p-value is below 1 less this.
   */
  confidence?: number
  /** With a log: what counts as one purchase. */
  count?: Count | null
  /** With a log: what a negative amount does. */
  refunds?: Refunds
  /**
   * The attribute of `segments` (and of `before`) that names the segment. A customer with
   * several rows may be in several segments.
   */
  segment?: string
  /** With a log: what an amount of exactly zero does. */
  zeros?: Zeros
}

/** Result of `compare-segments`. */
export interface CompareResult {
  /** Customers of all tables together. */
  customers: number
  /** How the segments moved since the earlier date; null without `before`. */
  drift: SegmentDrift | null
  /** Every two segments that share a customer, by index into `segments`. */
  overlaps: Overlap[]
  /** The segments, the largest first. */
  segments: SegmentProfile[]
  /** Tests that were made. */
  tests: number
}

/** What several beginnings are held against. */
export type Comparison =
  /** Groups that were never treated. */
  | 'never-treated'
  /** These, and in each period those that had not begun by then. */
  | 'not-yet-treated'

/** Options of `competing-risks`. Columns are attributes of the input `lives`. */
export interface CompetingRisksOptions {
  /** The column of why it ended then, texts of at most 20 values; empty where it had not ended. */
  cause: string
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** The column of how long each life was followed, numbers of any unit of time. */
  duration: string
  /** The column of the time from which on each life was seen, numbers; without it, from the start. */
  entry?: string | null
  /** The text of `cause` that says that it had not ended, besides an empty one. */
  stillHere?: string | null
  /** The times of the curves' points; without them 25 from 0 to the last time. */
  times?: number[]
}

/** Result of `competing-risks`. */
export interface CompetingRisksResult {
  /** The causes, by their names. */
  causes: CauseCurve[]
  /** Lives that were followed. */
  lives: number
  /** The share that goes on beyond each time: with the shares of all causes it sums to 1. */
  survival: number[]
  /** The times of the curves' points. */
  times: number[]
}

/** Equal answers. */
export interface CompositionOptions {
  /** How many. */
  count: number
  /** The probability with which the sum need not hold. */
  delta: number
  /** ε of each. */
  epsilon: number
}

/** Options of `concentration`. */
export interface ConcentrationOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out.
   */
  at: string
  /** What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`. */
  count?: Count | null
  /** What is held. */
  measure?: Held
  /** The parts of the total for which the fewest holders are counted; each above 0 and at most 1. */
  parts?: number[]
  /** What a negative amount does. */
  refunds?: Refunds
  /**
   * The shares of customers, largest first, whose part of the total is reported; each above 0
   * and at most 1.
   */
  top?: number[]
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/** Result of `concentration`. */
export interface ConcentrationResult {
  /** Customers who hold 0 or more. */
  customers: number
  /** Gini coefficient: 0 if all hold the same, near 1 if one holds all. */
  gini: number
  /** How few customers hold a part of the total. */
  holders: Holders[]
  /**
   * The Lorenz curve at every hundredth of the customers, from 0 to 1: part of the total held
   * by the smallest so many.
   */
  lorenz: number[]
  /** What the largest customers hold. */
  top: TopShare[]
  /** What they hold together. */
  total: number
}

/** Two tags that nobody should have together. */
export interface Conflict {
  /** How many customers have both. */
  customers: number
  /** How many have one or both. */
  either: number
  /** The pair. */
  tags: [string, string]
}

/**
 * One record of consent: for one purpose. Instants are such as `2025-06-01T12:00:00+08:00`; a
 * date is its first instant in UTC.
 */
export interface Consent {
  /** Whether the customer refused automated decisions. */
  admOptOut?: boolean
  /** `consent`, or another legal basis such as `contract`. */
  basis?: string
  /** The customer's date of birth, where it decides: under 14 a guardian must agree. */
  birth?: string | null
  /** Whether it was one tick for several things. Such a record is refused. */
  bundled?: boolean
  /** The columns that it covers; all if left out. */
  columns?: string[] | null
  /** The customer's id, as in the tables. */
  customer: string
  /** When it ends by itself. */
  expiresAt?: string | null
  /** From when on. */
  grantedAt: string
  /** Whether a guardian agreed. */
  guardian?: boolean
  /** The day of the customer's last activity, where a retention is set. */
  lastActivity?: string | null
  /** Whether the tick was there before the customer came. Such a record is refused. */
  preTicked?: boolean
  /** The purpose: one. Consent to several at once is none. */
  purpose: string
  /** The sensitive columns that were agreed to one by one; `*` stands for all. */
  separate?: string[]
  /** Where the record comes from. */
  source?: string | null
  /** The version of the text that was agreed to. */
  text?: string | null
  /** When it was withdrawn. */
  withdrawnAt?: string | null
}

/** What a policy says of customers. */
export interface ConsentCoverage {
  /** How many may be used. */
  allowed: number
  /** Of each customer the reason, for or against. */
  reasons: string[]
  /** How many may not, by reason. */
  refused: Refused[]
}

/** Customers and a purpose, to be held against a policy before anything is computed. */
export interface ConsentCoverageOptions {
  /** The instant at which consent must hold. */
  at: string
  /** The columns that would be read: roles, and attributes with an `@` before their names. */
  columns: string[]
  /** The customers. */
  customers: string[]
  /** The policy. */
  policy: PolicyDocument
  /** The purpose. */
  purpose: string
}

/** How a value becomes a score. `n` is the number of customers, `bins` the number of scores. */
export type Convention =
  /**
   * `1 + floor(bins · w / n)`, where `w` customers are strictly worse. Equal customers share
   * the lowest of their ranks: if most bought once, one purchase scores 1, as one would say
   * in words. Scores in the middle can stay empty then. Computed in integers; does not
   * change when all amounts are scaled.
   */
  | 'rank-min'
  /**
   * `ceil(bins · c / n)`, where `c` customers are equal or worse (SQL `CUME_DIST`). Equal
   * customers share the highest of their ranks: if most bought once, one purchase can
   * score 4 of 5.
   */
  | 'cume-dist'
  /**
   * Between quantiles (type 7), each bin closed above: what `qcut(duplicates="drop")` of
   * pandas gives. Equal edges are merged, so that fewer than `bins` scores may exist.
   */
  | 'quantile'
  /**
   * As `quantile`, on ranks 1 … n with ties in row order: what `qcut` of pandas on
   * `rank(method="first")` gives. Equal customers can get different scores.
   */
  | 'rank-first'
  /**
   * SQL `NTILE`: sorted from worst to best with ties in row order, cut into `bins` tiles of
   * equal size, the first `n mod bins` of them one larger. Equal customers can get different
   * scores.
   */
  | 'ntile'
  /**
   * The rule of the R package rfm: cut points are the inner quantiles (type 7) **plus one**,
   * bins closed below. The one is a day, an order and a unit of money, so that this score
   * changes when amounts are given in another unit: give it whole currency units, as R does.
   */
  | 'r-rfm'
  /**
   * Thresholds that you set, one list for each measure. Scores then mean the same in every
   * month and every shop.
   */
  | 'fixed'

/** Answers to be accounted. */
export interface CostOptions {
  /** The answers. */
  answers: NoisyAnswers[]
  /** The probability with which ε need not hold. */
  delta: number
}

/** What counts as one purchase. */
export type Count =
  /** Each row. */
  | 'row'
  /** Each distinct order id of a customer; rows without an order id count one by one. */
  | 'order'
  /** Each local calendar day on which the customer bought. */
  | 'day'

/** How a covariate from before takes part. */
export type CovariateUse =
  /** With the one slope of all arms together (CUPED). */
  | 'cuped'
  /** With a slope for each arm (Lin): never less precise in large arms, whatever their sizes. */
  | 'by-arm'
  /**
   * As it is, with slope 1: the difference of the changes (difference in differences), for arms
   * that were not alike before.
   */
  | 'difference'

/** Names of attributes. */
export interface CoverageAttributes {
  /** Whether the person holds an account, in the contacts or in the book. */
  account?: string
  /** Who added the contact, and in the book whose customer it is. */
  manager?: string
  /** Where the contact came from, in the contacts. */
  province?: string
  /** The customer's segment, in the book. */
  segment?: string
  /** Whether the person is verified, in the contacts or in the book. */
  verified?: string
}

/** One segment of one manager. */
export interface CoverageCell {
  /** Their share; null without customers. */
  coverage: number | null
  /** Of them, those with a contact that counts. */
  covered: number
  /** Customers in the book. */
  customers: number
  /** Wilson interval of the share; null without customers. */
  interval: Interval | null
  /** Whether the share reaches the target; null without customers. */
  isOnTarget: boolean | null
  /** The manager. */
  manager: string
  /** The segment. */
  segment: string
}

/** Options of `coverage`. */
export interface CoverageOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Contacts after
   * it are left out.
   */
  at: string
  /** The names of the attributes. */
  attributes?: CoverageAttributes
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /**
   * The first moment that counts: contacts before it make later ones of the same customer
   * second, and count for nobody. Default: all count.
   */
  from?: string | null
  /** The managers' own provinces. Contacts from others come from outside. */
  homeProvinces?: string[]
  /** The largest share from outside that a manager may have. */
  mostOutside?: number
  /** The rules that hold. */
  rules?: CoverageRules
  /** The share of each segment to be reached. */
  target?: number
  /** Values of `verified` and `account` that mean yes, without regard to case. */
  yes?: string[]
}

/**
 * Result of `coverage`. The column set `notCounted` holds each contact that did not count:
 * `customer`, `manager`, `time` (ms UTC) and `reason` (index into `reasons`).
 */
export interface CoverageResult {
  /** Each manager's segments. */
  cells: CoverageCell[]
  /** Contacts of the period. */
  contacts: number
  /** Of them, those that count. */
  counted: number
  /** Managers in the order of their names. */
  managers: ManagerRow[]
  /** Why the others do not, in the order in which reasons are looked for. */
  reasons: ReasonRow[]
  /** Segments of all managers together, in the order of their names. */
  segments: CoverageRow[]
  /** The answer in one sentence. */
  sentence: Text
}

/** One segment. */
export interface CoverageRow {
  /** Their share; null without customers. */
  coverage: number | null
  /** Of them, those with a contact that counts. */
  covered: number
  /** Customers in the book. */
  customers: number
  /** Wilson interval of the share; null without customers. */
  interval: Interval | null
  /** Whether the share reaches the target; null without customers. */
  isOnTarget: boolean | null
  /** The segment. */
  segment: string
}

/** The rules that hold. A rule whose attribute is not mapped cannot be checked and says so. */
export interface CoverageRules {
  /** The person must hold an account. */
  account?: boolean
  /** Only the first contact of a customer can count, whoever made it. */
  first?: boolean
  /** The customer must stand in the manager's book. */
  own?: boolean
  /** The person must be verified. */
  verified?: boolean
}

/** One curve. */
export interface Curve {
  /** Customers. */
  customers: number
  /** Of them, those whose time has ended. */
  ended: number
  /**
   * Mean days within the first `withinDays` (the area under the curve, restricted mean): comparable
   * between groups whatever their curves do. Null if nobody was followed for so long.
   */
  meanDays: number | null
  /** Its interval. */
  meanInterval: Interval | null
  /** Days after which half of them have ended; null if fewer ever do while they are followed. */
  medianDays: number | null
  /** The value of the attribute; null for all, and for customers without one. */
  name: string | null
  /** The curve, from day 0 to the last day that anybody was followed. */
  points: CurvePoint[]
}

/** A day of a curve. */
export interface CurvePoint {
  /** Customers followed for so long, still without an end before this day. */
  atRisk: number
  /** Days since the first purchase. */
  day: number
  /** Cumulative hazard (Nelson–Aalen). */
  hazard: number
  /** Upper end. */
  high: number
  /** Lower end of its interval. */
  low: number
  /** Share of customers whose time goes on beyond this day, 0 to 1 (Kaplan–Meier). */
  survival: number
}

/** What treating the best part of the units brings. */
export interface CurvePoint2 {
  /** The mean effect among them: the uplift curve. */
  effect: Estimate
  /** Outcomes gained per unit of all, treated or not: the Qini curve. */
  gain: Estimate
  /** The part, 0 to 1. */
  share: number
  /** Money gained per unit of all, after the cost: the policy's value. */
  value: Estimate
}

/**
 * The cut points of a scoring, in the unit of the measure.
 *
 * A customer's score is 1 plus the number of cut points passed: the first entry of `points`
 * leads to score 2, the next to 3, and so on. Equal entries mean that a score cannot occur.
 */
export interface Cuts {
  /** What passing means. */
  passes: Passes
  /**
   * From the cut between the two worst scores to that between the two best: rising where
   * higher values are better, falling for recency.
   */
  points: number[]
}

/** The order of year, month and day. */
export type DateOrder =
  /** Year, month, day. */
  | 'ymd'
  /** Day, month, year. */
  | 'dmy'
  /** Month, day, year. */
  | 'mdy'

/**
 * Dates that could mean several days, and what they mean in this table. Nothing of it is
 * guessed: a cell that needs a field that is absent leaves its row out (`date` or
 * `date-ambiguous`).
 */
export interface Dates {
  /** Numbers of at least nine digits are instants, counted from 1970-01-01T00:00Z. */
  epoch?: Epoch | null
  /**
   * The order of year, month and day where the year does not come first with four digits.
   * With it, English names of months are read too.
   */
  order?: DateOrder | null
  /**
   * The first of the hundred years that two-digit years stand for, 1900 to 2001: with 1970,
   * `69` is 2069 and `70` is 1970. Where the order is not said in words, `order` is needed
   * too.
   */
  pivot?: number | null
  /** Numbers below 100,000 are day numbers of a spreadsheet; decimals are the time of day. */
  serial?: Serial | null
}

/** Which interval decides. */
export type DecideBy =
  /** That of one look, at the planned end. */
  | 'fixed'
  /** That which holds at every look: for experiments that are watched. */
  | 'always-valid'

/** A tenth of the customers by value. */
export interface Decile {
  /** Their mean P(alive). */
  alive: number
  /** Customers in it. */
  customers: number
  /** Purchases expected of them together. */
  expectedPurchases: number
  /** Part of the value of all, 0 to 1; 0 if nobody is worth anything. */
  share: number
  /** Their value together. */
  value: number
}

/** The decimal mark. */
export type Decimal =
  /** `1,234.56` */
  | '.'
  /** `1.234,56` */
  | ','

/** What to do, and why. */
export interface Decision {
  /** The arm to ship; null unless one is. */
  arm: string | null
  /** What to do. */
  call: DecisionCall
  /** Why, the weightiest first. */
  reasons: DecisionReason[]
}

/** What to do. */
export type DecisionCall =
  /** Give the arm to everybody. */
  | 'ship'
  /** Change nothing before what the reasons name is settled. */
  | 'hold'
  /** End it without shipping. */
  | 'stop'
  /** The data does not decide yet. */
  | 'run-longer'

/** Why. */
export interface DecisionReason {
  /** The arm, where it is about one. */
  arm: string | null
  /**
   * `sample-ratio-mismatch`, `guardrail-harmed`, `guardrail-unproven`, `primary-better`,
   * `primary-worse`, `primary-undecided`, `effect-too-small`, `planned-units-missing`,
   * `no-primary` or `no-comparison`.
   */
  code: string
  /** The metric, where it is about one. */
  metric: string | null
}

/** What a table must reach; what is not named is not demanded. */
export interface Demand {
  /** At least so many in each class. */
  k?: number | null
  /** At least so many distinct sensitive values in each class. */
  l?: number | null
  /** At most this distance of a class from the whole: ordered where values have an order. */
  t?: number | null
}

/** Options of `describe`. */
export interface DescribeOptions {
  /** The role of the column: `amount` or `quantity`. */
  column: Role
  /**
   * The definition of a quantile, after Hyndman and Fan: 1 to 9. 7 is the default of most
   * tools.
   */
  quantileType?: QuantileType
  /** The quantiles to report, each from 0 to 1. */
  quantiles?: number[]
}

/** Result of `describe`. */
export interface DescribeResult {
  /** Rows without a value. */
  missing: number
  /** Count, mean, spread, shape and range, in the unit of the column. */
  moments: MomentSummary
  /** The quantiles, in the order asked for; empty without a value. */
  quantiles: Quantile[]
}

/** Texts to look through: the cells of a column, or free text. */
export interface DetectOptions {
  /** The texts. */
  texts: string[]
  /** Today's date. A resident number with a later date of birth is none. */
  today?: string | null
}

/** What was found. */
export interface Detected {
  /** Every find, in order. */
  finds: Find[]
  /** By kind. */
  kinds: KindFound[]
}

/** A departure from the plan. */
export interface Deviation {
  /** The arm, where it is about one. */
  arm: string | null
  /**
   * `primary-changed`, `purpose-changed`, `margin-changed`, `direction-changed`, `metric-added`,
   * `metric-missing`, `metric-changed`, `control-changed`, `arm-added`, `arm-missing`,
   * `weights-changed`, `decide-changed`, `adjustment-changed`, `confidence-changed`,
   * `planned-units-changed` or `worthwhile-changed`.
   */
  code: string
  /** The metric, where it is about one. */
  metric: string | null
}

/** The change of the treated less that of the controls. */
export interface DiffInDiff {
  /** How far it may be taken for an effect. */
  claim: Claim
  /** The mean effect over the periods with the treatment, per group and period. */
  effect: PanelEstimate
  /**
   * Whether all differences before are 0: Wald's F, which with few groups and many periods says no
   * far too often; null where they are too many for the groups.
   */
  leads: LeadsTest | null
  /**
   * How often groups chosen by chance differ from the others at least as much over all periods
   * before (squared, around the mean before).
   */
  leadsPermutationPValue: number | null
  /**
   * The share of the ways to choose as many groups that differ at least as much: needs no formula,
   * and holds for few groups.
   */
  permutationPValue: number
  /** The effect over what the treated would have had; null unless that is above 0. */
  relative: number | null
  /** Before the treatment: by how much more the treated rose per period; null with one period. */
  slopeBefore: PanelEstimate | null
  /** The permutation's p-value of that. */
  slopePermutationPValue: number | null
}

/**
 * Weights of the dimensions. Those without data are left out, and the others keep their
 * proportions.
 */
export interface DimensionWeights {
  /** Of what they look at. */
  behaviour: number
  /** Of what they think. */
  sentiment: number
  /** Of whom they bring. */
  social: number
  /** Of what they buy. */
  transaction: number
}

/** A control. */
export interface Donor {
  /** Its name. */
  group: string
  /** Its own ratio when it is taken for treated; null where its fit before is perfect. */
  ratio: number | null
  /** Its weight, 0 to 1; 1 in all. */
  weight: number
}

/** Customers who are silent. */
export interface Dormancy {
  /** How many. */
  customers: number
  /** Wilson interval of the share. */
  interval: Interval
  /** Their share of all customers, 0 to 1. */
  share: number
}

/** What becomes of a record that stands in the file again. */
export type Duplicates =
  /**
   * A record of an order that is equal to an earlier one in every cell counts once; the
   * copies are left out and counted (`duplicate-order`).
   */
  | 'once'
  /** Every record counts. */
  | 'keep'

/** How a search ended. */
export type Ending =
  /** At a maximum that the function determines. */
  | 'converged'
  /** The function rises towards an end of a variable's range: the data ask for a simpler model. */
  | 'boundary'
  /** The function hardly changes along some direction: the data do not tell the variables apart. */
  | 'flat'
  /** Neither a maximum nor a reason was found within the steps allowed. */
  | 'step-limit'

/**
 * The unit of numbers that are instants. The number of digits must fit, so that no unit can be
 * taken for another.
 */
export type Epoch =
  /** Seconds: 9 or 10 digits, from 1973-03-03 on. */
  | 's'
  /** Milliseconds: 12 or 13 digits. */
  | 'ms'
  /** Microseconds: 15 or 16 digits. */
  | 'us'

/** A number that was measured. */
export interface Estimate {
  /** Its interval by the normal law. */
  interval: Interval
  /** The estimate. */
  value: number
}

/** What ends a customer's time. */
export type Event =
  /** The first silence of `silenceDays`: the curve is the share of customers who stayed. */
  | 'silence'
  /** The second day of purchase: the curve is the share who have not come back yet. */
  | 'repeat'

/** The mean effect so many periods since the beginning. */
export interface EventEffect {
  /** The band within which the effects at all times lie together; null without an error. */
  band: Interval | null
  /** The effect. */
  effect: PanelEstimate
  /** Groups behind it. */
  groups: number
  /** Periods since the beginning; the last one before it (−1) is what all are held against. */
  offset: number
}

/**
 * Which values of the role `event` count as what. Compared without regard to case and to blanks
 * at the ends; a value in two lists counts as the first kind.
 */
export interface EventNames {
  /** Comments and reviews. */
  comment?: string[]
  /** Posts in groups. */
  groupPost?: string[]
  /** Invitations accepted, counted for the customer who invited. */
  inviteAccepted?: string[]
  /** Invitations sent. */
  inviteSent?: string[]
  /** Shares. */
  share?: string[]
}

/** What a find rests on, from the weakest to the strongest. */
export type Evidence =
  /** Its shape alone. */
  | 'shape'
  /** Its check digit, or a form that little else has. */
  | 'checksum'
  /** A word before it. */
  | 'context'

/** Options of `experiment`. */
export interface ExperimentOptions {
  /** How p-values are adjusted, over the arms and all metrics that are no guardrails. */
  adjustment?: Adjustment
  /** Without a table: each arm with its counts and means. */
  arms?: ArmOptions[]
  /** With a table that has times: shows the effects by the local day on which units came in. */
  byDay?: boolean
  /**
   * With a table: the attribute with the group (shop, city, school) that was given its arm as a
   * whole. Intervals then count groups, not units.
   */
  clusters?: string | null
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** The arm that the others are held against. */
  control: string
  /** Which interval decides. */
  decide?: DecideBy
  /** What is measured, the weightiest first. */
  metrics: MetricOptions[]
  /** The planned share of each arm. Default: all the same. */
  plan?: ArmPlan[]
  /**
   * Units that were planned in all. Until they are there, an interval of fixed horizon does not
   * decide.
   */
  plannedUnits?: number | null
  /** The plan that was registered before: the report says where the analysis departs from it. */
  registered?: Registered | null
  /**
   * With a table: draws units again, for an interval by Poisson bootstrap of each effect, and for
   * the p-value of a permutation test of means and shares. Shown beside the others; decides nothing.
   */
  resampling?: ResamplingOptions | null
  /**
   * With a table: attributes with numbers that were known before, by which one could choose whom
   * to treat: how well each finds those whom an arm changes, in every share.
   */
  scores?: string[]
  /**
   * With a table: attributes with texts that were known before. The effects within each of their
   * values are shown as well; they decide nothing.
   */
  segments?: string[]
  /**
   * With a table: an attribute with texts that were known before. Arms are compared within each
   * of its values, weighted by all units (post-stratification).
   */
  strata?: string | null
  /** Units in all at which the always-valid interval is tightest. Default: `plannedUnits`, or 5000. */
  tuning?: number | null
  /** With a table: the attribute with the name of each unit's arm. */
  variant?: string
  /**
   * The smallest effect of a primary metric that is worth while, relative to the control: 0.02
   * for 2 %. Below it an experiment ends.
   */
  worthwhile?: number | null
}

/** The plan of an experiment. What it does not say has the default of `experiment`. */
export interface ExperimentPlan {
  /** How p-values are adjusted. */
  adjustment?: Adjustment
  /** All arms with their weights. */
  arms: ArmPlan[]
  /** Confidence of the intervals. */
  confidence?: number
  /** The arm that the others are held against. */
  control: string
  /** The local day of the entry, as `2026-01-31`. */
  date: string
  /** Which interval decides. */
  decide?: DecideBy
  /** What is expected, and why. */
  hypothesis: string
  /** What will be measured, the weightiest first, with its purpose and margin. */
  metrics: MetricOptions[]
  /** The name of the experiment. */
  name: string
  /** Units planned in all. */
  plannedUnits?: number | null
  /** The smallest relative effect of a primary metric that is worth while. */
  worthwhile?: number | null
}

/** Options of `experiment-register`. */
export interface ExperimentRegisterOptions {
  /** The last hash as it was kept elsewhere: without it a cut tail does not show. */
  head?: string | null
  /** A plan to be added. A second one of the same name amends it; the first still counts. */
  plan?: ExperimentPlan | null
  /** The register; empty at first. */
  register?: Ledger
  /** A result to be added, of an experiment that has a plan. */
  result?: RegisteredResult | null
}

/** Result of `experiment-register`. */
export interface ExperimentRegisterResult {
  /** The experiments in it, in the order of their plans. */
  experiments: RegisteredExperiment[]
  /** Its last hash, to be kept elsewhere; null of an empty one. */
  head: string | null
  /** The register with what was added. */
  register: Ledger
}

/** Result of `experiment`. */
export interface ExperimentResult {
  /** The arms, control first, then by name. */
  arms: ArmUnits[]
  /** What to do. */
  decision: Decision
  /** Whether effects differ between the segments of an attribute, or between days. */
  differences: SegmentDifference[]
  /** The metrics, in the order of the options. */
  metrics: MetricResult[]
  /** Where it departs from its registered plan; null without one. */
  registered: PlanCheck | null
  /** Whether the units were shared out as planned; null without units. */
  sampleRatio: SampleRatio | null
  /** How well each score finds those whom an arm changes. */
  scores: ScoreResult[]
  /** The same within each value of the segments, and of each day; these decide nothing. */
  segments: SegmentResult[]
}

/** Why customers are in a segment, or not. */
export interface Explained {
  /** Its conditions, in the order of the rule. Those of segments that it refers to are theirs. */
  conditions: ExplainedCondition[]
  /** The segment. */
  segment: string
}

/** One condition of a rule. */
export interface ExplainedCondition {
  /** The condition in its usual writing. */
  condition: string
  /** The column that says whether it holds: 0 no, 1 yes, 2 no because a value is missing. */
  holds: string
  /**
   * What the value was compared with, where that is one number for all: of a percentile the
   * value that it has among these customers.
   */
  threshold: number | null
  /**
   * The column with the value that was compared: a number (0 where it is missing) or a text;
   * null for conditions without one.
   */
  value: string | null
}

/** A family of models of purchases. */
export type Family =
  /** A toss to drop out after each repeat purchase: customers without any are surely there. */
  | 'bg-nbd'
  /** A toss after each purchase, the first one included. */
  | 'mbg-nbd'
  /** A death at a rate of one's own. */
  | 'pareto-nbd'
  /** A toss to buy on each of given occasions, and before it a toss to drop out. */
  | 'bg-bb'

/** What is clustered. */
export type Feature =
  /** Days since the last purchase. */
  | 'recency'
  /** Purchases; clustered as `ln`. */
  | 'frequency'
  /**
   * Money; clustered as `sign(m)·ln(1 + |m|/u)`, where the unit `u` is a twentieth of the median
   * amount, so that the currency does not matter.
   */
  | 'monetary'
  /** Money per purchase; clustered as `monetary` is. */
  | 'mean'
  /** Days since the first purchase. */
  | 'tenure'

/** How a cluster differs from all other customers in one measure. */
export interface FeatureEffect {
  /**
   * Cohen's d on the scale that was clustered: the difference of the means of cluster and rest
   * over their pooled standard deviation. 0.2 is small, 0.8 large. Null if nothing varies within
   * both, or there is no rest.
   */
  effect: number | null
  /** The measure. */
  feature: Feature
  /** Mean in the cluster, in the measure's own unit. */
  mean: number
}

/** A feature, and what it has to do with the risk. */
export interface FeatureRole {
  /** Area under the ROC curve of this feature alone, 0.5 to 1; null without labels of both kinds. */
  alone: number | null
  /**
   * Population stability index of the customers scored against those learned from; by custom
   * above 0.25 is a shift.
   */
  drift: number | null
  /**
   * How the mean probability goes with this feature, others as they are, for the eight that
   * matter most by `heldOut`; a number from its 5 % quantile to that of 95 %. No proof of a cause.
   */
  effects: RiskEffect[]
  /**
   * By how much the log-loss of rows held out rises if the values of this feature are exchanged
   * between them at random (nats; of at most 4,000 rows); null with an imported model.
   */
  heldOut: Measured | null
  /** Mean size of what it adds to the score of a customer, in log-odds. */
  importance: number
  /** Its name. */
  name: string
  /** In plain words. */
  words: Text
}

/** What a feature tells of the foretold effects. */
export interface FeatureSpread {
  /** The feature. */
  feature: string
  /**
   * Share of the variance of foretold effects between its values (numbers in up to 64 bins), 0 to
   * 1, freed of what chance alone gives.
   */
  share: number
}

/** One file of a table. */
export interface FileUse {
  /** Its header. */
  columns: ColumnUse[]
  /** As in `Quality`. */
  delimiter: string | null
  /** As in `Quality`. */
  encoding: string | null
  /** As in `Quality`. */
  format: string
  /** As in `Quality`. */
  headerLine: number | null
  /** The kind of export that it is, as in a guess. */
  kind: string
  /** Its name; empty if it has none. */
  name: string
  /** How many of its records were read, used and skipped. */
  rows: RowCounts
  /** As in `Quality`. */
  sheet: string | null
  /** First and last instant of its used rows; null without that role or without such rows. */
  time: TimeRange | null
}

/** One find. */
export interface Find {
  /** Where it ends, exclusive. */
  end: number
  /** What it rests on. */
  evidence: Evidence
  /** What it is. */
  kind: PersonalKind
  /** Where it begins, in Unicode scalar values. */
  start: number
  /** Which text, from 0. */
  text: number
}

/** How a fit ended. */
export type FitStatus =
  /** At the optimum, as far as floats go. */
  | 'converged'
  /** The number of steps was reached before. */
  | 'step-limit'
  /**
   * No step made it better, though it was not at an optimum: without a penalty, groups that can
   * be told apart perfectly have none.
   */
  | 'no-step'
  /** Columns say the same, and there is no penalty to choose between them. */
  | 'singular'
  /** Without a penalty, and some rows can be told apart perfectly: coefficients grow without end. */
  | 'separated'

/** A flag. */
export type Flag =
  /** Joined and never interacted: greet again. */
  | 'activation-alert'
  /** Interacted, but not for long. */
  | 'sleeping'
  /** Joined long ago and never interacted. */
  | 'zombie'
  /** Meets the standard. */
  | 'valid'

/** How many followers have a flag. */
export interface FlagRow {
  /** Of them, those who bought; null without a log. */
  buyers: number | null
  /** The flag. */
  flag: Flag
  /** Followers with it. */
  followers: number
  /** Wilson interval of the share. */
  interval: Interval
  /** Their money; null without a log. */
  revenue: number | null
  /** Their share of all. */
  share: number
}

/** The format of a file. */
export type Format =
  /** Told from the first bytes. */
  | 'auto'
  /** Separated values, by commas unless the header or the options say otherwise. */
  | 'csv'
  /** Separated values, by tabs unless the options say otherwise. */
  | 'tsv'
  /** JSON: an array of objects, whose keys are the columns. */
  | 'json'
  /** JSON: one object per line. */
  | 'ndjson'
  /**
   * A sheet of a workbook. The bytes that come here are its text, as `sheet` (or the package)
   * made it: separated by commas, a record for each row.
   */
  | 'xlsx'
  /** Not read: `unsupported`. */
  | 'parquet'
  /** Not read: `unsupported`. */
  | 'arrow'

/** What stands at one place. */
export interface FoundRow {
  /**
   * The cells as they stand in the file, outer blanks included; each at most 200 characters
   * and a `…` where more follow, and at most 256 of them.
   */
  cells: string[]
  /** Whether a cell was shortened or cells were left out. */
  cut: boolean
  /** The place as it was asked for: the line or record number that a quality report gives. */
  row: number
}

/** How old tags are. */
export interface Freshness {
  /** Fresh ones of those that hold and have a time. */
  fresh: TagShare
  /** The median age in calendar days: half are at most so old. */
  medianDays: number
  /** The age of the oldest. */
  oldestDays: number
}

/**
 * Days between one day of purchase and the next. Those that have not ended by the reference moment
 * are not among them: in a short log they are too short.
 */
export interface GapQuantiles {
  /** How many. */
  gaps: number
  /** Half. */
  median: number
  /** A quarter is at or below (type 7). */
  q1: number
  /** Three quarters. */
  q3: number
}

/** How much tighter customers are clustered than uniform ones would be. */
export interface GapRow {
  /** Its standard error. */
  error: number
  /** Mean of `ln W` over reference sets less that of the customers. */
  value: number
}

/**
 * What is given of a metric in an arm: of a share `successes`; else `mean` and `variance`, of a
 * ratio also those of the denominator.
 */
export interface GivenValue {
  /** Mean per unit. */
  mean?: number | null
  /** Of a ratio: the number below the line, or of a mean: the covariate. */
  second?: SecondValue | null
  /** Units that did. */
  successes?: number | null
  /** Sample variance (n − 1) over the units. */
  variance?: number | null
}

/** Customers by recency and frequency score. */
export interface Grid {
  /** Scores run from 1 to this. */
  bins: number
  /** Every cell, by `r`, then `f`; those without customers too. */
  cells: GridCell[]
}

/** One cell of the grid. */
export interface GridCell {
  /** How many customers. */
  customers: number
  /** Frequency score. */
  f: number
  /** Index into `groups` if all customers of the cell are in one group. */
  group: number | null
  /** Money, mean; null for an empty cell. */
  monetaryMean: number | null
  /** Recency score. */
  r: number
  /** Their money. */
  revenue: number
}

/** A group of customers: what to call it, who is in it, what to do. */
export interface Group {
  /** What to do about it, in one sentence. `None` in a map that does not say. */
  action: Text | null
  /**
   * Stable name for programs, such as `important-value`; in a map of your own, the name
   * that you gave.
   */
  key: string
  /** Who is in it, in one plain sentence. `None` in a map that does not say. */
  meaning: Text | null
  /** Display name. */
  name: Text
}

/** One group at both dates. */
export interface GroupChange {
  /** What to do about it, in one sentence. `None` in a map that does not say. */
  action: Text | null
  /** Customers at the second date. */
  after: number
  /** Customers at the first date. */
  before: number
  /** Of those at the second date, customers without a purchase up to the first. */
  entered: number
  /**
   * Stable name for programs, such as `important-value`; in a map of your own, the name
   * that you gave.
   */
  key: string
  /** Who is in it, in one plain sentence. `None` in a map that does not say. */
  meaning: Text | null
  /** Display name. */
  name: Text
}

/** A group and its customers. With noise the number may be below 0. */
export interface GroupCount {
  /** How many customers. */
  customers: number
  /** Its name. */
  name: string
}

/** How customers are grouped. */
export interface GroupOptions {
  /** With `map`: the rules, in order. The first that fits decides. */
  map?: MapRule[]
  /** With `map`: the group of those whom no rule fits. */
  otherwise?: string
  /** Which kind of groups. */
  scheme?: Scheme
  /** With `eight`: what is high and what is low. */
  split?: Split
}

/** One group. */
export interface GroupRow {
  /** What to do about it, in one sentence. `None` in a map that does not say. */
  action: Text | null
  /** How many customers. */
  customers: number
  /** Their share of all customers, 0 to 1. */
  customersShare: number
  /** Purchases, mean; null for an empty group. */
  frequencyMean: number | null
  /**
   * Stable name for programs, such as `important-value`; in a map of your own, the name
   * that you gave.
   */
  key: string
  /** Who is in it, in one plain sentence. `None` in a map that does not say. */
  meaning: Text | null
  /** Money, mean; null for an empty group. */
  monetaryMean: number | null
  /** Display name. */
  name: Text
  /** Days, mean; null for an empty group. */
  recencyMean: number | null
  /** Their money. */
  revenue: number
  /** Their share of all money; null if all money together is not positive. */
  revenueShare: number | null
}

/** The log-rank test. */
export interface GroupTest {
  /** Its degrees of freedom. */
  degrees: number
  /** How likely so large a difference is where there is none. */
  p: number
  /** Chi-squared. */
  statistic: number
}

/** A proposed mapping, and what reading needs besides. */
export interface Guess {
  /** The columns, in the order of the file. */
  columns: GuessColumn[]
  /** The field separator, where there is one. */
  delimiter: string | null
  /** `utf-8`, `utf-16le` or `utf-16be`. */
  encoding: string
  /** `csv`, `tsv`, `json`, `ndjson` or `xlsx`. */
  format: string
  /**
   * The line of the header if it is not the first that is not blank: hand it on as the
   * option `header`.
   */
  header: number | null
  /**
   * The kind of export: 16 hexadecimal digits that are equal for files of one format with the
   * same header names, in any order.
   */
  kind: string
  /** What would be left out with this mapping. */
  problems: GuessProblem[]
  /**
   * Which of the given profiles was recognised, from 0; its options then say how to read the
   * file. Null if none was.
   */
  profile: number | null
  /** Why it was. */
  profileMatch: ProfileMatch | null
  /**
   * Options that would read what would be left out. None where a profile was recognised: its
   * options say how to read.
   */
  proposals: Proposal[]
  /** The proposals. */
  roles: GuessRoles
  /** Rows looked at. */
  rowsSampled: number
  /** The sheets of a workbook, by name in its order; empty for other files. */
  sheets: string[]
}

/** One column of the file. */
export interface GuessColumn {
  /** The name in the header. */
  name: string
  /**
   * Personal information that was found in its values, the most frequent first: how the column
   * is to be treated.
   */
  personal: KindFound[]
  /**
   * Its first values that are not empty, at most five and each at most 60 characters: cells
   * of the file, for the eyes of its owner only.
   */
  samples: string[]
}

/** Values of a proposed column that reading would leave out. */
export interface GuessProblem {
  /** `date`, `date-ambiguous`, `amount` or `missing-id`. */
  code: string
  /** The role of the column. */
  role: Role
  /** How many of the rows looked at. */
  rows: number
}

/** The column proposed for a role. */
export interface GuessRole {
  /** The column's name. */
  column: string
  /** 0 to 1. From 0.8 it may be used without asking. */
  confidence: number
  /** What it rests on. */
  reason: Reason
}

/** The proposals by role; null where no column fits. */
export interface GuessRoles {
  /** How much. */
  amount: GuessRole | null
  /** Through which channel. */
  channel: GuessRole | null
  /** In which currency. */
  currency: GuessRole | null
  /** Who. */
  customer: GuessRole | null
  /** In or out. */
  direction: GuessRole | null
  /** What happened. */
  event: GuessRole | null
  /** Which order. */
  order: GuessRole | null
  /** Which product. */
  product: GuessRole | null
  /** How many pieces. */
  quantity: GuessRole | null
  /** When. */
  time: GuessRole | null
}

/** What customers hold. */
export type Held =
  /** Money. */
  | 'money'
  /** Purchases. */
  | 'purchases'

/** The ranking of customers who took no part in the fit. */
export interface HeldOut {
  /** How likely a member is ranked above another customer, ties counting half: 0.5 is chance. */
  area: number
  /** Their share: what a random choice would find. */
  baseRate: number
  /** Customers held out. */
  customers: number
  /** Of them, members of the starting segment. */
  members: number
  /** Each tenth of the ranking, the best first. */
  tenths: Tenth[]
}

/**
 * Whether effects differ as foretold: the line of measured over foretold effects, each fold around
 * its mean.
 */
export interface Heterogeneity {
  /** Whether the p-value is below half of what the confidence leaves: 0.025 of 0.95. */
  differs: boolean
  /** How likely so large a slope is if effects do not differ that way (one-sided). */
  pValue: number
  /** 1 if effects differ as much as foretold, 0 if they do not differ that way. */
  slope: Estimate
}

/** What another may work out of a hidden cell. */
export interface HiddenCell {
  /** Its column, from 0. */
  column: number
  /** Whether it is hidden for the sake of others. */
  complementary: boolean
  /** The least that it can be. */
  least: number
  /** The most. */
  most: number
  /** Its row, from 0. */
  row: number
}

/** How few customers hold a part of the total. */
export interface Holders {
  /** The fewest customers who hold it. */
  customers: number
  /** The part of the total that was asked for. */
  part: number
  /** Their share of all customers. */
  share: number
}

/** What a number is. Several may be true of one. */
export interface Identified {
  /** A payment card by its check digit; blanks and hyphens are left out. */
  card: boolean
  /** A unified social credit code. */
  creditCode: boolean
  /** An e-mail address. */
  email: boolean
  /** A mobile number of mainland China. */
  mobile: boolean
  /** A resident identity number. */
  resident: ResidentFacts | null
}

/** A number, as a person typed it. */
export interface IdentifyOptions {
  /** Whether blanks inside are left out first. */
  lenient?: boolean
  /** Whether full-width and other forms of digits count as digits. */
  normalise?: boolean
  /** The number. */
  text: string
  /** Today's date. A resident number with a later date of birth is none. */
  today?: string | null
}

/** After how many days without interaction a flag is raised; the day itself counts. */
export interface InactivityLimits {
  /** Joined so many days ago and never interacted: greet again. */
  activationDays?: number
  /** Last interacted so many days ago: asleep. */
  sleepingDays?: number
  /** Joined so many days ago and never interacted: does not count as a follower. */
  zombieDays?: number
}

/** Options of `inactivity`. */
export interface InactivityOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out.
   */
  at: string
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** Which values of `event` are interactions, without regard to case. Default: all. */
  interactions?: string[] | null
  /** After how many days a flag is raised. */
  limits?: InactivityLimits
  /** What a negative amount of the purchases does. */
  refunds?: Refunds
  /** Who is a valid follower. */
  valid?: ValidRule
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `inactivity`. The column set `customers` holds `customer`, `joined` (days since),
 * `lastInteraction` (days since, −1 = never), `interactions` (within the days of the standard),
 * and 0 or 1 for `activationAlert`, `sleeping`, `zombie`, `valid`, `isBuyer`.
 */
export interface InactivityResult {
  /** Each flag. */
  flags: FlagRow[]
  /** Followers. */
  followers: number
  /** The figures with all followers, and without some of them. */
  scenarios: Scenario[]
  /** The answer in one sentence. */
  sentence: Text
}

/** One input, as the report names it. */
export interface InputAbout {
  /** Hash of all typed values, 16 hexadecimal digits. */
  fingerprint: string
  /** The analysis's name for the input. */
  name: string
  /** How many customers the policy refused, by reason; empty without a policy. */
  refused: Refused[]
  /** Usable rows in the table. */
  rows: number
  /** The caller's name for the table. */
  table: string
  /** The zone in which days were counted. */
  zone: string
}

/** A series before and after, with nothing to compare with. */
export interface InterruptedSeries {
  /** It is none. */
  claim: Claim
  /** The mean of what it has above its former course. */
  effect: PanelEstimate
  /** Periods up to which errors may go together. */
  lags: number
  /** The step at the beginning. */
  level: PanelEstimate
  /** By how much more it rises per period since. */
  slope: PanelEstimate
  /** By how much it rose per period before. */
  slopeBefore: number
}

/** A confidence interval. */
export interface Interval {
  /** Its upper end. */
  high: number
  /** Its lower end. */
  low: number
}

/** One kind of problem in one column. */
export interface Issue {
  /** The name of the attribute, if the problem is one's. */
  attribute: string | null
  /** The error code, in kebab case. */
  code: string
  /** The role of the column, or null if the problem is the whole row's or an attribute's. */
  column: Role | null
  /** Number of rows. */
  count: number
  /** For each of `rows` the file that it is in, as an index into `files`. */
  files: number[]
  /**
   * Read options that would read values of these rows, the one that reads most first. What
   * they make of the values is for somebody to confirm who knows the data.
   */
  remedies: Remedy[]
  /**
   * The first lines of the file (from 1), rows of the sheet (from 1) or rows of the columns
   * (from 1) that have it, at most five.
   */
  rows: number[]
  /** What was done. */
  severity: Severity
}

/** Who is kept. */
export type Kept =
  /** Everybody. */
  | 'all'
  /** All but zombies. */
  | 'without-zombies'
  /** All but zombies and sleepers. */
  | 'awake'
  /** Valid followers. */
  | 'valid'

/** One kind over the texts of a column. */
export interface KindFound {
  /** How a column of it is to be treated, as a proposal. */
  class: ColumnClass
  /** What it is. */
  kind: PersonalKind
  /** The share of them among texts that are not empty. */
  share: number
  /** How many texts hold it. */
  texts: number
}

/** The joint test of the differences before the treatment. */
export interface LeadsTest {
  /** Groups less one. */
  denominator: number
  /** F. */
  f: number
  /** How many differences. */
  numerator: number
  /** How likely so large an F is where trends are parallel. */
  pValue: number
}

/** How effects are learned; all with the same boosted trees. */
export type Learner =
  /**
   * A model of doubly robust effects of single units, themselves out of models of the other half
   * (Kennedy). Loses least where arms differ in size or outcomes are noisy.
   */
  | 'dr'
  /** Two models of the outcome, one in each arm; the effect is their difference. */
  | 't'
  /** One model of the outcome that knows the arm; the effect is what changing the arm changes. */
  | 's'
  /**
   * Effects of single units out of the other arm's model, learned in each arm and weighed by its
   * size (Künzel and others). For arms of very different size.
   */
  | 'x'
  /**
   * A model of the outcome over the chance of its arm, below zero for the control
   * (Jaskowski and Jaroszewicz). Needs no other model, and is the noisiest.
   */
  | 'transformed'

/** A log: entries and the hash of each, in their order. */
export interface Ledger {
  /** The entries: objects with a number `seq` each. */
  entries: unknown[]
  /** The hashes, in hexadecimal digits. */
  hashes: string[]
}

/** A log and what is to be added. */
export interface LedgerAppendOptions {
  /**
   * What happened, as an object. What names a person does not belong into it: an entry in
   * which personal information is found is refused.
   */
  entry: Record<string, unknown>
  /** The log; empty at first. */
  ledger?: Ledger
}

/** What a check of a log found. */
export interface LedgerCheck {
  /** `seq` of the first entry whose hash is another, if there is one. */
  firstBad: number | null
  /** Whether nothing was found. */
  intact: boolean
  /** Whether the last hash is not the one that was kept elsewhere: entries were cut off. */
  isCut: boolean
}

/** A log to be checked. */
export interface LedgerCheckOptions {
  /** The last hash as it was kept elsewhere: without it a cut tail does not show. */
  head?: string | null
  /** The log. */
  ledger: Ledger
}

/** Rows or customers that did not enter the answer. */
export interface LeftOut {
  /** How many customers, where customers as a whole were left out. */
  customers: number
  /** Why, as a stable kebab-case name. */
  reason: string
  /** How many rows. */
  rows: number
}

/** A life as described; what it does not name has the mean, or the reference. */
export interface LifeProfile {
  /** What to call it. */
  name: string
  /** Values of columns of numbers. */
  numbers?: Record<string, number>
  /** Values of columns of texts, and of the strata. */
  texts?: Record<string, string>
}

/** Options of `lifecycle`. */
export interface LifecycleOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out.
   */
  at: string
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** Silent for so many days or more is dormant, for the wake-up rate. */
  dormantDays?: number
  /** For how many periods, that of `at` included, the customers of each stage are told: 1 to 120. */
  history?: number
  /**
   * Where stages end, in days since the last purchase, ascending: active, at risk, dormant.
   * Beyond is lost. Default: the days between purchases that 75 %, 90 % and 97.5 % of all
   * repeat purchases stay within.
   */
  limits?: [number, number, number] | null
  /** Active with so many days of purchase or more: loyal. */
  loyalDays?: number
  /** A first purchase so many days ago or fewer, and no second day of purchase: new. */
  newDays?: number
  /** What a negative amount does to the money; it is never a purchase, except with `keep`. */
  refunds?: Refunds
  /** Whether the limits hold for all customers alike or follow each customer's own rhythm. */
  rhythm?: Rhythm
  /** The periods of growth accounting. */
  unit?: Unit
  /** Where weeks begin. */
  weekStart?: WeekStart
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `lifecycle`. The column set `customers` holds `customer`, `stage` (index into
 * `stages`), `recency` (days since the last purchase), `days` (days with a purchase) and `limit`
 * (days up to which this customer counts as active).
 */
export interface LifecycleResult {
  /** Customers who have been silent for `dormantDays` or more at `at`. */
  dormancy: Dormancy
  /** Days between two purchases that the limits were taken from; 0 if they were given. */
  gaps: number
  /** The customers of each stage at the end of each of the last periods, by the same limits. */
  history: StagesAt[]
  /** The limits that were used, in days: active, at risk, dormant. */
  limits: [number, number, number]
  /**
   * Who moved from which stage to which between the last two rows of `history`, staying
   * included.
   */
  moves: StageMove[]
  /** Growth accounting, from the period of the first purchase to that of `at`. */
  periods: PeriodRow[]
  /** The stages, in the order of a life. */
  stages: StageRow[]
}

/** The occasions of BG/BB. */
export interface LifetimeOccasions {
  /** Occasions ahead over which purchases and value are told. */
  ahead: number
  /** Local day on which the last occasion ended that was over at `at`; what is known ends here. */
  until: string
}

/** Options of `lifetime-value`. */
export interface LifetimeValueOptions {
  /**
   * Days after `at` for which P(alive) is told too, in ascending order, 12 at most, each 1 to 3,650:
   * a customer's curve. It is the chance to be still there then, whatever they buy until then; the
   * more days, the lower.
   */
  aliveAfterDays?: number[]
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out, and predictions begin there.
   */
  at: string
  /** Customers whose P(alive) is below count as at risk; between 0 and 1. */
  atRiskBelow?: number
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** What money loses in value in a year: 0.1 makes 110 of next year 100 of today. From 0 to 10. */
  discountPerYear?: number
  /**
   * How many days before `at` are held out to check the model; 0 for no check. Default: a third of
   * the days since the first purchase.
   */
  holdoutDays?: number | null
  /** How many days ahead purchases and value are told, 1 to 3,650. */
  horizonDays?: number
  /** The part of the money that is earned, above 0 and at most 1. With 1, value is discounted money. */
  margin?: number
  /** The model of purchases. */
  model?: Family
  /**
   * With the model `bg-bb`: the period in which there is one occasion to buy, `week`, `month` (the
   * default), `quarter` or `year` of the calendar. Purchases of one period are one. Days in a period
   * that has not ended at `at` are left out; days of other options are rounded to whole occasions.
   */
  occasion?: Unit | null
  /**
   * What a negative amount does: netted, it lowers the money of the purchase before it, and is no
   * purchase.
   */
  refunds?: Refunds
  /**
   * The unit of time of parameters and of the columns `last` and `age`: `day`, `week`, `month`
   * of 30.4375 days, or `quarter` and `year` of so many months. It changes no prediction. With
   * `bg-bb` it is the `occasion`.
   */
  unit?: Unit
  /** With the occasion `week`: the first day of weeks. */
  weekStart?: WeekStart
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `lifetime-value`. The column set `customers` holds `customer`, `repeats` (days of purchase
 * after the first; with `bg-bb` occasions), `last` and `age` (units from the first purchase to the last and to `at`),
 * `meanSpend` (money of a repeat), `alive`, `expectedPurchases`, `expectedSpend` (of each of them),
 * `value`, and where the model has standard errors also `aliveLow`, `aliveHigh`, `expectedPurchasesLow`,
 * `expectedPurchasesHigh`, `valueLow`, `valueHigh`. For each of `aliveAfterDays` there are `aliveLater1`
 * (P(alive) after the first of them), `aliveLater1Low`, `aliveLater1High`, and so on.
 */
export interface LifetimeValueResult {
  /** Customers still there, expected: the sum of P(alive). */
  alive: number
  /** The same after each of `aliveAfterDays`. */
  aliveLater: AliveLater[]
  /** Customers at risk, and what hangs on them. */
  atRisk: AtRisk
  /** Whether the model foresaw what came. */
  check: Check
  /** Customers in tenths by value, the most valuable first. */
  deciles: Decile[]
  /** Purchases expected of all over the horizon. */
  expectedPurchases: number
  /** With the model `bg-bb`: the occasions; else null. */
  occasions: LifetimeOccasions | null
  /** Customers with a purchase. */
  population: number
  /** The model of purchases. */
  purchases: ModelFit
  /** Of them, those who bought on more than one day. */
  repeaters: number
  /** The model of money. */
  spend: SpendFit
  /** Discounted worth of all customers over the horizon. */
  value: number
  /** Interval of the value; null without standard errors. */
  valueInterval: Interval | null
}

/**
 * How far reading may go. Reaching a limit is an error (`limit`), except for `idBytes`, where
 * only the row is left out. The defaults let every honest file through and keep a hostile one
 * from taking the machine.
 */
export interface Limits {
  /** Bytes of the file after decompression. Default 16 GiB. */
  bytes?: number
  /** Columns of the header. Default 16,384, the most that a spreadsheet has. */
  columns?: number
  /**
   * Levels of arrays and objects in JSON, of which the array of records and the record are
   * two. Default 64.
   */
  depth?: number
  /**
   * Bytes of an id or another text that is kept. A row with a longer one is left out.
   * Default 1,024.
   */
  idBytes?: number
  /**
   * How many times longer than the compressed file its content may be, once that is longer
   * than 4 MiB; of a workbook each part, once it is longer than 64 MiB, and the text of the
   * sheet against the file likewise. Default 200; exports have 5 to 40.
   */
  ratio?: number
  /**
   * Bytes of one record with all its fields. Default 16 MiB. This bounds the memory that
   * streaming needs.
   */
  recordBytes?: number
  /** Records, used or not. Default 500 million. */
  rows?: number
}

/** The distance between two clusters. */
export type Linkage =
  /**
   * By how much the squared distances to the means grow: round clusters of similar size. The
   * default.
   */
  | 'ward'
  /** The mean distance over all pairs. */
  | 'average'
  /** The farthest pair: compact clusters. */
  | 'complete'
  /** The nearest pair: follows chains. */
  | 'single'

/** What came of it. */
export interface LocalAnswer {
  /** The answers, changed. */
  changed: number[]
  /**
   * How many customers have each choice, without bias: it may be below 0. Empty if nothing
   * was collected.
   */
  estimates: number[]
  /** The probabilities. */
  plan: LocalPlan
}

/** Answers that each customer changes by chance. */
export interface LocalOptions {
  /** True answers to be changed, each a choice from 0. */
  answers?: number[]
  /** How many choices there are. */
  choices: number
  /** Changed answers that were collected, from which the whole is estimated. */
  collected?: number[]
  /** ε, as exact decimal digits. */
  epsilon: string
}

/** What randomised answers among `k` choices are like, and optimised unary encoding. */
export interface LocalPlan {
  /** Probability of each other answer: 1 / (e^ε + k − 1). */
  other: number
  /** Probability of the true answer: e^ε / (e^ε + k − 1). */
  truth: number
  /** Unary encoding: probability that another bit is: 1 / (e^ε + 1). */
  unaryOther: number
  /** Unary encoding: probability that the customer's own bit is sent as set. */
  unaryOwn: number
  /** The same for unary encoding: better where k > 3e^ε + 2. */
  unaryVariance: number
  /** Variance for each customer of the estimated count of a choice that nobody has. */
  variance: number
}

/** A measure of the log. */
export type LogMeasure =
  /** Days since the last purchase. */
  | 'recency'
  /** `ln` of one more than the number of purchases. */
  | 'frequency'
  /** `sign(m)·ln(1 + |m|)` of the money. */
  | 'monetary'
  /** Days since the first purchase. */
  | 'tenure'

/** Options of `look-alike`. */
export interface LookAlikeOptions {
  /** With a log: the reference moment. */
  at?: string | null
  /** Attributes of `customers` that may be used. */
  attributes?: string[]
  /** Confidence of the interval, between 0 and 1. */
  confidence?: number
  /** With a log: what counts as one purchase. */
  count?: Count | null
  /** The share of customers held out to measure the ranking, above 0 and at most 0.5. */
  heldOut?: number
  /**
   * Measures of the log that are used: of `recency`, `frequency`, `monetary`, `tenure`. Default:
   * all.
   */
  measures?: LogMeasure[] | null
  /** Ridge penalty on standardised columns, above zero. */
  penalty?: number
  /** With a log: what a negative amount does. */
  refunds?: Refunds
  /** Names the random stream that draws them. */
  seed?: number
  /** With a log: what an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `look-alike`. The column set `customers` holds everybody outside the starting segment,
 * the most alike first: `customer`, `score` (0 to 1, a resemblance), `rank` (from 1; equal scores
 * share the best of their ranks) and `tenth` (1 to 10).
 */
export interface LookAlikeResult {
  /** The columns of the model, the strongest first. */
  columns: ModelColumn[]
  /** How the ranking does on customers who were held out; null with too few of them. */
  heldOut: HeldOut | null
  /** Customers of the starting segment. */
  members: number
  /** All others. */
  prospects: number
  /** The answer in one sentence. */
  sentence: Text
  /** How the fit over all customers ended. */
  status: FitStatus
  /** The steps it took. */
  steps: number
}

/** The cut points of one group. */
export interface LrfmCuts {
  /** Of frequency, in purchases. */
  frequency: Cuts | null
  /** Of length, in days. */
  length: Cuts | null
  /** Of money. */
  monetary: Cuts | null
  /** Of recency, in days. */
  recency: Cuts | null
  /** Of tenure, in days. */
  tenure: Cuts | null
}

/** Customers who were scored together. */
export interface LrfmGroup {
  /** How many customers. */
  customers: number
  /** Where each measure was cut into scores; null where values alone do not decide. */
  cuts: LrfmCuts
  /** Their money. */
  revenue: number
  /** The value of the attribute; null for customers without one. */
  value: string | null
}

/** Options of `lrfm`. */
export interface LrfmOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out.
   */
  at: string
  /** How many scores there are: 1 is worst, this number is best. From 2 to 10. */
  bins?: number
  /** How a value becomes a score; not `fixed`, and not those that the order of rows decides. */
  convention?: Convention
  /** What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`. */
  count?: Count | null
  /** What a negative amount does. */
  refunds?: Refunds
  /** How much each score counts in the total. */
  weights?: LrfmWeights
  /**
   * An attribute of `customers`: scores are taken among customers with the same value; those
   * without a value are a group of their own.
   */
  within?: string | null
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/** Customers with the same pattern. */
export interface LrfmPattern {
  /** How many customers. */
  customers: number
  /** Their share of all. */
  customersShare: number
  /** The frequency score is above the middle. */
  isFrequent: boolean
  /** The length score is above the middle. */
  isLong: boolean
  /** The recency score is above the middle. */
  isRecent: boolean
  /** The monetary score is above the middle. */
  isValuable: boolean
  /** Their money. */
  revenue: number
}

/**
 * Result of `lrfm`. The column set `customers` holds `customer`, `length`, `recency`, `tenure`
 * (days), `frequency`, `monetary`, the scores `l`, `r`, `f`, `m`, `t` (0 = not scored), their
 * weighted mean `score` (0 = not scored) and `within` (index into `groups`).
 */
export interface LrfmResult {
  /**
   * The groups within which scores were taken, the largest first; one without a name for all
   * customers where nothing was asked for.
   */
  groups: LrfmGroup[]
  /**
   * Customers by pattern: length, recency, frequency and money each above the middle of the
   * scores or not.
   */
  patterns: LrfmPattern[]
}

/** Weights of the five scores. */
export interface LrfmWeights {
  /** Of frequency. */
  frequency?: number
  /** Of length. */
  length?: number
  /** Of money. */
  monetary?: number
  /** Of recency. */
  recency?: number
  /** Of tenure. */
  tenure?: number
}

/** One manager. */
export interface ManagerRow {
  /** Contacts that the manager added in the period. */
  added: number
  /** Of them, those that count. */
  counted: number
  /** Their share; null without customers. */
  coverage: number | null
  /** Of them, those with a contact that counts. */
  covered: number
  /** Customers in the book. */
  customers: number
  /** How many from outside are too many. */
  excess: number
  /** Wilson interval of the share; null without customers. */
  interval: Interval | null
  /** Whether the share reaches the target; null without customers. */
  isOnTarget: boolean | null
  /** Whether that share is larger than allowed. */
  isOverLimit: boolean
  /** The manager. */
  manager: string
  /** Of those that count, those from outside the home provinces; null if no province is known. */
  outside: number | null
  /** Their share; null if none counts. */
  outsideShare: number | null
}

/** One rule of your own map: a customer fits if each given range holds its score. */
export interface MapRule {
  /** What to do about it, for the report. */
  action?: string | null
  /** Lowest and highest frequency score, both included. Left out: any. */
  f?: [number, number] | null
  /** Lowest and highest monetary score, both included. Left out: any. */
  m?: [number, number] | null
  /** Who is in the group, for the report. */
  meaning?: string | null
  /** The group's name. Two rules may have the same name and then fill the same group. */
  name: string
  /** Lowest and highest recency score, both included. Left out: any. */
  r?: [number, number] | null
}

/** Texts to be shown. */
export interface MaskOptions {
  /** What each text is as a whole. Without it, what is found in the texts is masked. */
  kind?: PersonalKind | null
  /** The texts. */
  texts: string[]
}

/** Texts as they may be shown. */
export interface Masked {
  /** The texts, as long as before. */
  texts: string[]
}

/** Welch's comparison of two means. */
export interface MeanDifference {
  /** The first mean less the second. */
  difference: number
  /** Confidence interval of the difference. */
  interval: Interval
  /** How likely so large a difference is, either way, if the means are equal. */
  pValue: number
}

/** The cut points of the three measures. */
export interface MeasureCuts {
  /** Of frequency, in purchases. */
  frequency: Cuts | null
  /** Of money. */
  monetary: Cuts | null
  /** Of recency, in days. */
  recency: Cuts | null
}

/** A measure in a segment and among all others. */
export interface MeasureProfile {
  /** The p-value adjusted for all tests of the report. */
  adjustedPValue: number | null
  /** Welch's comparison; null where one side has fewer than two values or nothing varies. */
  difference: MeanDifference | null
  /**
   * Cohen's d: the difference over the pooled standard deviation. 0.2 is small, 0.8 large. Null
   * as above.
   */
  effect: number | null
  /** Student's interval of the mean; null below two values. */
  interval: Interval | null
  /** Customers of the segment with a value. */
  known: number
  /** Their mean; null without a value. */
  mean: number | null
  /** The measure: `recency`, `frequency`, `monetary`, `tenure` of the log, or an attribute. */
  measure: string
  /** The mean of all others; null without a value. */
  othersMean: number | null
}

/** A number and its interval. */
export interface Measured {
  /** Its interval. */
  interval: Interval
  /** The number. */
  value: number
}

/** Options of `meta-analysis`. */
export interface MetaAnalysisOptions {
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** The effects, all in one unit of measure: with those of `registered` two or more. */
  effects?: PastEffect[]
  /** The effects of a metric that stand in a register of experiments; they come after `effects`. */
  registered?: RegisteredMetric | null
  /** How the spread of the true effects is estimated. */
  spread?: SpreadMethod
}

/** Result of `meta-analysis`. */
export interface MetaAnalysisResult {
  /** Each effect in the light of all, in the order of the options. */
  effects: ShrunkenEffect[]
  /** Its standard error after Hartung and Knapp, never below the usual one. */
  error: number
  /** I²: the part of the variation that is no chance, 0 to 1. */
  iSquared: number
  /** Its interval by Student's law, one degree less than effects. */
  interval: Interval
  /** The mean of the true effects. */
  mean: number
  /** How likely a mean so far from 0 is if it is 0. */
  pValue: number
  /** Where the true effect of the next such experiment is expected; null with two effects. */
  prediction: Interval | null
  /** Cochran's Q. */
  q: number
  /** How likely so large a Q is if all true effects are the same. */
  qPValue: number
  /** The answer in one sentence. */
  sentence: Text
  /** τ², the variance of the true effects. */
  tauSquared: number
  /** Effects of the register that have no error, and so take no part. */
  withoutError: number
}

/** The method that was used. */
export interface Method {
  /** Its name in the field. */
  name: string
  /** Where it is described. */
  reference: string
}

/** Which way is good. */
export type MetricDirection =
  /** More. */
  | 'higher'
  /** Less. */
  | 'lower'
  /** Neither: within its margin it is the same (equivalence, two one-sided tests). */
  | 'same'

/** What kind of number a metric is. */
export type MetricKind =
  /** The mean per unit. */
  | 'mean'
  /** The share of units that did: 0 or 1 per unit. */
  | 'share'
  /** The sum of one number over the sum of another, such as spend per order. */
  | 'ratio'
  /** A quantile of the units' numbers, such as the median. */
  | 'quantile'

/** A metric. */
export interface MetricOptions {
  /** How the covariate takes part. */
  adjust?: CovariateUse
  /** Which way is good. */
  better?: MetricDirection
  /**
   * Values above this quantile of all arms count as that quantile (winsorizing): 0.99 or so for
   * revenue with a long tail.
   */
  cap?: number | null
  /** The attribute that holds it. Default: `name`. */
  column?: string | null
  /**
   * An attribute from before the experiment (CUPED): the part of the metric that it explains is
   * taken out of the noise. Units without it count with its mean.
   */
  covariate?: string | null
  /** Of a ratio: the attribute below the line of the covariate. Default: the covariate is a mean. */
  covariateDenominator?: string | null
  /** Of a ratio: the attribute below the line. */
  denominator?: string | null
  /** What kind of number it is. */
  kind?: MetricKind
  /**
   * Of a guardrail: how much worse it may be, relative to the control: 0.02 for 2 %. An arm is
   * shipped only if that is proven. 0 by default: only harm beyond chance is looked for.
   */
  margin?: number
  /** Its name; with a table the attribute that holds it, unless `column` says another. */
  name: string
  /** What it is for. */
  purpose?: MetricPurpose
  /** Of a quantile: which, between 0 and 1. Default: 0.5, the median. */
  quantile?: number | null
  /** With a table: also compares ranks (Mann and Whitney). */
  ranks?: boolean
}

/** What a metric is for. */
export type MetricPurpose =
  /** It decides. */
  | 'primary'
  /** It is shown. */
  | 'secondary'
  /** It must not get worse. */
  | 'guardrail'

/** A metric. */
export interface MetricResult {
  /** Each arm, in the order of `arms`. */
  arms: ArmValue[]
  /** The value at which it was capped; null if it was not. */
  cap: number | null
  /** Each other arm against the control, in the order of `arms`. */
  comparisons: ArmComparison[]
  /** Its share of variance that the covariate explains; null without one. */
  explained: number | null
  /** Its name. */
  metric: string
}

/** Options of `migration`. */
export interface MigrationOptions {
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`. */
  count?: Count | null
  /** The first date: a local day, which still counts whole, or an instant. */
  from: string
  /** How scores become named groups, at both dates. */
  groups?: GroupOptions
  /** What a negative amount does. */
  refunds?: Refunds
  /** How measures become scores, at both dates. */
  scoring?: ScoreOptions
  /** The second date, after the first. */
  to: string
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `migration`. The column set `customers` holds `customer`, `from` and `to` (indices into
 * `groups`, 255 = none) for everybody with a purchase up to the second date.
 */
export interface MigrationResult {
  /** Customers in a group at both dates. */
  compared: number
  /** The groups in display order. */
  groups: GroupChange[]
  /** Every move that at least one customer made, staying included, by `from`, then `to`. */
  moves: Move[]
  /** Of them, those who are in the group they were in. */
  stayed: number
  /** Wilson interval of that share. */
  stayedInterval: Interval | null
  /** Share of those who stayed; null if nobody could be compared. */
  stayedShare: number | null
}

/**
 * What assigns a customer: transform the measures as `Feature` says, scale them, then take the
 * nearest point; with `covariances` the most likely component.
 */
export interface Model {
  /** Covariance of each component, a square in row order. */
  covariances?: number[][] | null
  /** The measures: the first columns, in this order. */
  features: Feature[]
  /** The cluster of each point, where a cluster has many. */
  members?: number[] | null
  /** What a text that differs costs. */
  mismatchWeight?: number | null
  /**
   * The text of each attribute of `texts` at each point; null is a missing text. The distance is
   * that of the numbers, squared, and `mismatchWeight` for each text that differs.
   */
  modes?: ((string | null)[])[] | null
  /** The unit of money in their transform. */
  moneyUnit: number
  /** The attributes that are numbers: the columns after these. */
  numbers?: NumberAttribute[]
  /**
   * Scaled centres or means of the clusters, in the order of `clusters`; with `members` those
   * customers of the sample who are in a cluster.
   */
  points: number[][]
  /** Whoever is farther than this from every point is in no cluster. */
  reach?: number | null
  /** What is subtracted from each column, and what it is divided by. */
  scaler: Scaler
  /** The attributes that are texts. */
  texts?: string[]
  /** Share of each component of a mixture. */
  weights?: number[] | null
}

/** A column of the model. */
export interface ModelColumn {
  /** Change of the logit per standard deviation: above 0 resembles the segment. */
  coefficient: number
  /** Its standard deviation. */
  deviation: number
  /** The measure or attribute. */
  feature: string
  /** Whether it marks customers of whom the feature is not known. */
  isMissing: boolean
  /** The mean of the column. */
  mean: number
  /** The value of an attribute of texts; null for numbers. */
  value: string | null
}

/** A feature that a model asks. */
export interface ModelFeature {
  /** Mean and standard deviation of each column that the logistic model sees. */
  columns: ([number, number])[]
  /** Values of a text; left out for numbers. */
  levels?: string[] | null
  /** The median size of a number: its unit under the logarithm. */
  middle: number
  /** Its name. */
  name: string
  /** Its values among those that it learned from. */
  spread: ModelSpread
}

/** A fitted model. */
export interface ModelFit {
  /**
   * Condition number of the Hessian by these logarithms: from about a million on the parameters can
   * hardly be told apart.
   */
  condition: number | null
  /** The parameter that the data do not determine, where the search ended without a maximum. */
  culprit: string | null
  /** How the search ended. Without `converged` there are no standard errors. */
  ending: Ending
  /** Evaluations of the likelihood. */
  evaluations: number
  /** Largest entry of the gradient of the mean log-likelihood by the logarithms of the parameters. */
  gradient: number
  /** Logarithm of the likelihood of all customers, natural. */
  logLikelihood: number
  /** Its parameters; rates are per `unit`. */
  parameters: Parameter[]
}

/** Shares between cuts. Of a text, of each value; the last one is of what is missing or unknown. */
export interface ModelSpread {
  /** How many fell into each. */
  counts: number[]
  /** Ascending cuts of numbers, each belonging to the bin above. */
  cuts: number[]
}

/**
 * What `Moments` answers. A field is `None` where it is not defined, or lies beyond the
 * range of a float.
 */
export interface MomentSummary {
  /** How many values, `n`. */
  count: number
  /**
   * Excess kurtosis `n·M₄/M₂² − 3`, without a correction for small samples: 0 for a normal
   * distribution. Undefined if all values are equal.
   */
  excessKurtosis: number | null
  /** Largest value. */
  max: number | null
  /** Arithmetic mean. From one value on. */
  mean: number | null
  /** Smallest value. */
  min: number | null
  /** Population variance, `M₂/n`: when the values are all there are. From one value on. */
  populationVariance: number | null
  /**
   * Skewness `√n·M₃/M₂^1.5`, without a correction for small samples: 0 for a symmetric
   * column, positive for a long tail of large values. Undefined if all values are equal.
   * A handful of extreme values decides it: with money, look at quantiles too.
   */
  skewness: number | null
  /** Sample standard deviation, the root of `variance`, in the unit of the values. */
  standardDeviation: number | null
  /** Sample variance, `M₂/(n−1)`: unbiased when the values are a sample. From two values on. */
  variance: number | null
}

/** Customers who were in one group and are in another, or the same. */
export interface Move {
  /** How many customers. */
  customers: number
  /** Index into `groups` at the first date. */
  from: number
  /** Wilson interval of the share. */
  interval: Interval
  /** What they spent between the two dates, in units of money. */
  revenue: number
  /**
   * That, as a share of what all compared customers of `from` spent between the dates; null
   * where that is not positive.
   */
  revenueShare: number | null
  /** Their share of the compared customers of `from`, 0 to 1. */
  share: number
  /** Index into `groups` at the second date. */
  to: number
}

/** A part of a namespace: units whose place in it lies from `from` to below `to`. */
export interface NamespaceOptions {
  /** Where the part begins, 0 to 1. */
  from: number
  /** Its name; experiments that exclude each other have the same. */
  name: string
  /** Where it ends. */
  to: number
}

/** Which data sets count as neighbours. */
export type Neighbours =
  /** One customer more or less. */
  | 'add-remove'
  /** One customer in the place of another. */
  | 'substitute'

/** A new key. */
export interface NewKey {
  /**
   * 32 random bytes of the platform as 64 hexadecimal digits. Who has it can tell whose a
   * pseudonym is: keep it apart from the data.
   */
  key: string
}

/** Nothing to choose. */
export type NoOptions = Record<string, never>

/** Gaussian noise for ε and δ. */
export interface NoiseCalibration {
  /** Whether that holds: for ε below 1 only. */
  classicHolds: boolean
  /** The exact δ of it. */
  delta: number
  /** ε that follows from ρ by ρ + 2√(ρ ln(1/δ)). */
  epsilonSimple: number
  /** ε that follows from ρ by the tight conversion. */
  epsilonTight: number
  /** The order at which it is reached. */
  order: number
  /** ρ of zero-concentrated privacy. */
  rho: number
  /** The smallest σ (Balle and Wang 2018). */
  sigma: number
  /** √(2 ln(1.25/δ))Δ/ε, as textbooks have it. */
  sigmaClassic: number
}

/** How noise is distributed. */
export interface NoiseLaw {
  /** The accuracy of discrete noise. */
  accuracy: number
  /** The accuracy of continuous noise of the same scale. */
  accuracyContinuous: number
  /** P(|X| ≥ 10), of Laplace noise. */
  beyondTen: number | null
  /** P(X = k) for k from 0 to 10; the law is symmetric. */
  mass: number[]
  /** The variance. */
  variance: number
}

/** What makes an answer private. */
export type NoiseMechanism =
  /** Gaussian noise. */
  | 'gaussian'
  /** Laplace noise. */
  | 'laplace'

/** Noise. */
export interface NoiseOptions {
  /** An answer is off by the accuracy or more in this share of cases. */
  alpha?: number
  /** The kind. */
  mechanism: NoiseMechanism
  /** Its scale: σ, or the sensitivity over ε. */
  scale: number
}

/** Several equal answers, to be accounted. */
export interface NoisyAnswers {
  /** How many such answers. */
  count: number
  /** The noise. */
  mechanism: NoiseMechanism
  /** Its scale (σ, or b) over the sensitivity of the answer. */
  noiseMultiplier: number
  /** The rate of a Poisson sample of customers that each answer is over, for Gaussian noise. */
  sampling?: number | null
}

/** Counts that may be published, and the log with this answer in it. */
export interface NoisyCounts {
  /** The groups with noisy counts: integers, below 0 where the noise is larger than the count. */
  groups: GroupCount[]
  /** What it cost, and the log with this answer in it. */
  receipt: Receipt
  /** Noisy counts below this were left out with their names, if names come from the data. */
  threshold: number | null
  /** In 95 of 100 cases a count is off by less than this. */
  within95: number
}

/** Counts to be published. */
export interface NoisyCountsOptions {
  /** What may be spent in all. */
  budget: PrivacyBudget
  /** δ of this answer: for Gaussian noise and for names that come from the data. */
  delta?: string | null
  /** ε of this answer, as exact decimal digits. */
  epsilon: string
  /** The groups and how many customers each has. */
  groups: GroupCount[]
  /** How many groups one customer is in at most. */
  groupsPerCustomer?: number
  /** The log of what was published before; empty at first. */
  ledger?: Ledger
  /** The noise. */
  mechanism?: NoiseMechanism
  /**
   * Whether the names of the groups are known without the data, as those of segments are. If
   * not, groups with few customers are left out, for which `delta` is needed.
   */
  namesKnown?: boolean
  /** The question, and the data it is asked of: the same words get the same answer from the log. */
  query: string
}

/** An experiment as it may be published. */
export interface NoisyExperiment {
  /** What was measured. */
  metrics: NoisyResult[]
  /** What it cost, and the log with this answer in it. */
  receipt: Receipt
  /** Of each arm its units, with noise: the number may be below 0. */
  units: number[]
  /** In 95 of 100 cases a number of units is off by less than this. */
  unitsWithin95: number
}

/** An experiment whose summary is to be published. Rows are given as lists of one length. */
export interface NoisyExperimentOptions {
  /** The arm of each row, from 0; at most 1,000,000 rows. */
  arm: number[]
  /** The names of the arms; the first is the control. They are known without the data. */
  arms: string[]
  /** What may be spent in all. */
  budget: PrivacyBudget
  /** How sure intervals are. */
  confidence?: number
  /**
   * The customer of each row, as any number. Of a customer the first row counts, and none if
   * there are rows in two arms. Each row is a customer if this is left out.
   */
  customer?: number[] | null
  /** ε of this answer, as exact decimal digits. */
  epsilon: string
  /** The log of what was published before; empty at first. */
  ledger?: Ledger
  /** What is measured. */
  metrics: NoisyMetric[]
  /** The question, and the data it is asked of: the same words get the same answer from the log. */
  query: string
}

/** A mean or a difference of means. */
export interface NoisyMean {
  /** Its interval, for chance and noise together. */
  interval: Interval | null
  /** How likely at least so far from 0 would be, were the truth 0. Of differences only. */
  pValue: number | null
  /** The estimate; null where the noise leaves fewer than 2 units. */
  value: number | null
}

/** One number of each row. */
export interface NoisyMetric {
  /**
   * Places behind the point of values, 0 to 4. With 0, and bounds of 0 and 1, a metric is a
   * share.
   */
  decimals?: number
  /** The least value that counts, known without the data. Lower ones count as this. */
  lower: number
  /** Its name. */
  name: string
  /** The largest value that counts, known without the data. Higher ones count as this. */
  upper: number
  /** The values. They are rounded to `decimals`. */
  values: number[]
}

/** A quantile that may be published. */
export interface NoisyQuantile {
  /** What it cost, and the log with this answer in it. */
  receipt: Receipt
  /** The quantile. */
  value: number
}

/** A quantile to be published: one value of each customer. */
export interface NoisyQuantileOptions {
  /** What may be spent in all. */
  budget: PrivacyBudget
  /** Places behind the point of the answer, 0 to 4. */
  decimals?: number
  /** ε of this answer, as exact decimal digits. */
  epsilon: string
  /** The log of what was published before; empty at first. */
  ledger?: Ledger
  /** The least value that is possible, known without the data. Lower ones count as this. */
  lower: number
  /** Which quantile: 0.5 is the median. Four places count. */
  q: number
  /** The question, and the data it is asked of: the same words get the same answer from the log. */
  query: string
  /** The largest value that is possible, known without the data. */
  upper: number
  /** The values, one of each customer, at most 200,000. They are rounded to `decimals`. */
  values: number[]
}

/** A metric as it may be published. */
export interface NoisyResult {
  /** Of each arm its mean. */
  arms: NoisyMean[]
  /** Of each arm but the control its mean minus that of the control. */
  effects: NoisyMean[]
  /** Its name. */
  name: string
}

/** A group as it may be published. */
export interface NoisySum {
  /** Its customers, with noise: it may be below 0. */
  customers: number
  /** The sum for each customer: one over the other, null below one customer. */
  mean: number | null
  /** Its name. */
  name: string
  /** The sum of their amounts, with noise. */
  sum: number
}

/** Sums that may be published. */
export interface NoisySums {
  /** In 95 of 100 cases a number of customers is off by less than this. */
  customersWithin95: number
  /** The groups. */
  groups: NoisySum[]
  /** What it cost, and the log with this answer in it. */
  receipt: Receipt
  /** In 95 of 100 cases a sum is off by less than this. */
  sumWithin95: number
}

/** Sums to be published. Rows are given as lists of one length. */
export interface NoisySumsOptions {
  /** The amount of each row, at most 1,000,000 rows. They are rounded to `decimals`. */
  amounts: number[]
  /** What may be spent in all. */
  budget: PrivacyBudget
  /** The customer of each row, as any number. Each row is a customer if this is left out. */
  customer?: number[] | null
  /** Places behind the point of amounts, 0 to 4. */
  decimals?: number
  /** ε of this answer, as exact decimal digits. */
  epsilon: string
  /** The group of each row, from 0. All rows are in the first if this is left out. */
  group?: number[] | null
  /** The groups. Their names are known without the data, as those of segments are. */
  groups: string[]
  /** In how many groups one customer counts at most: the first ones. */
  groupsPerCustomer?: number
  /** The log of what was published before; empty at first. */
  ledger?: Ledger
  /** The least amount that counts, known without the data. Lower ones count as this. */
  lower: number
  /** The question, and the data it is asked of: the same words get the same answer from the log. */
  query: string
  /** How many rows of a customer count at most, in all groups together: the first ones. */
  rowsPerCustomer?: number
  /** The largest amount that counts, known without the data. Higher ones count as this. */
  upper: number
}

/** What becomes of customers without a purchase. */
export type NonBuyers =
  /** They are in a group: not valuable, and recent by their last action. */
  | 'group'
  /** They are left out, and counted. */
  | 'leave-out'

/** How counts of one kind become comparable with those of another. */
export type Normalise =
  /**
   * `ln(1 + count)` over its median among the customers with at least one action of the kind:
   * the middle one of those has 1. One busy customer moves it little.
   */
  | 'typical'
  /**
   * The share of the customers with at least one action of the kind who have as many or fewer:
   * above 0, at most 1. Equal counts have equal shares.
   */
  | 'rank'
  /** The count itself: points, as a membership programme gives them. */
  | 'points'

/** Why an added contact does not count: the first reason that holds, in this order. */
export type NotCounted =
  /** The customer was added before, by anybody, whether that counted or not. */
  | 'not-first'
  /** Not verified. */
  | 'not-verified'
  /** Without an account. */
  | 'no-account'
  /** Not in the manager's book. */
  | 'not-own'

/** An attribute of numbers in a model. */
export interface NumberAttribute {
  /** What stands for a number that is missing: the median. */
  fill: number
  /** Its name. */
  name: string
}

/** How a cluster differs from all other customers in an attribute of numbers. */
export interface NumberEffect {
  /** As in `features`. */
  effect: number | null
  /** Mean in the cluster, with the median for what is missing. */
  mean: number
  /** The attribute. */
  name: string
}

/** The value of a read option. */
export type OptionValue = boolean | number | Decimal | DateOrder | Serial | Epoch | OrderAndPivot

/** The fields of `dates` that two-digit years need. */
export interface OrderAndPivot {
  /** The order of year, month and day. */
  order: DateOrder
  /** The first of the hundred years that two-digit years stand for. */
  pivot: number
}

/** Further header names of the column that has each role. */
export interface OtherNames {
  /** How much. */
  amount?: string[]
  /** Through which channel. */
  channel?: string[]
  /** In which currency. */
  currency?: string[]
  /** Who. */
  customer?: string[]
  /** In or out. */
  direction?: string[]
  /** What happened. */
  event?: string[]
  /** Which order. */
  order?: string[]
  /** Which product. */
  product?: string[]
  /** How many pieces. */
  quantity?: string[]
  /** When. */
  time?: string[]
}

/** Two segments. */
export interface Overlap {
  /** Customers in both. */
  both: number
  /** Index of the first. */
  first: number
  /** Share of the first who are in the second. */
  firstShare: number
  /** Jaccard: customers in both over customers in either. */
  jaccard: number
  /** Index of the second. */
  second: number
  /** Share of the second who are in the first. */
  secondShare: number
}

/** Options of `panel-effect`. */
export interface PanelEffectOptions {
  /** What a period without a row of a group means. */
  absent?: Absent
  /** A local day, which still counts whole, or an instant: periods that end after it are left out. */
  at?: string | null
  /** A local day: the period that holds it is the first with the treatment. */
  began: string
  /**
   * Groups that began at other times. They are no controls of the others; `staggered` has the effects
   * of all beginnings.
   */
  beginnings?: Beginning[]
  /** What several rows of a group in a period make. */
  combine?: Combine
  /** What several beginnings are held against. */
  comparison?: Comparison
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** A local day: periods that begin before it are left out. */
  from?: string | null
  /** The attribute with the group, a text; without it each customer is a group. */
  group?: string | null
  /** Periods up to which errors of a single series may go together; `⌊4·(T/100)^(2/9)⌋` if left out. */
  lags?: number | null
  /** The attribute with the outcome, a number; without it the amount. */
  outcome?: string | null
  /** The length of a period. */
  period?: Unit
  /** Whether chance chose the treated groups. */
  randomized?: boolean
  /** Names the random numbers of the permutation, where there are too many ways to try all. */
  seed?: number
  /** The groups that were treated, by name. */
  treated: string[]
  /** Where weeks begin. */
  weekStart?: WeekStart
}

/** Result of `panel-effect`. */
export interface PanelEffectResult {
  /** Periods from its beginning on. */
  after: number
  /** Periods before the treatment, and with it. */
  before: number
  /** Groups without the treatment that take part. */
  controls: number
  /** Against the controls, each with a level of its own; null without controls. */
  diffInDiff: DiffInDiff | null
  /** The periods, in their order. */
  periods: PanelPeriod[]
  /** The answer in one sentence. */
  sentence: Text
  /** Against its own course; of the treated alone, null with controls and where periods are few. */
  series: InterruptedSeries | null
  /** Of several beginnings; null of one. */
  staggered: Staggered | null
  /** Against a weighted mean of controls; null with fewer than two, or one period before. */
  synthetic: SyntheticControl | null
  /** Groups of `treated` that take part. */
  treated: number
  /** Groups that take no part, since periods of theirs have no row. */
  unbalanced: number
}

/** An estimate with what is known of its error. */
export interface PanelEstimate {
  /** Standard error; null with fewer than two groups on a side, and where nothing varies. */
  error: number | null
  /** Interval by Student's law. */
  interval: Interval | null
  /** How likely an estimate so far from 0 is where there is no effect. */
  pValue: number | null
  /** The estimate, in the unit of the outcome. */
  value: number
}

/** A period. */
export interface PanelPeriod {
  /** Mean of the controls; null without. */
  controls: number | null
  /** The difference of the two less that of the last period before (lead or lag); null there. */
  difference: PanelEstimate | null
  /** The synthetic control, or the former course of a single series; null without either. */
  expected: number | null
  /** The treated less what was expected. */
  gap: number | null
  /** Periods since the beginning, below 0 before it. */
  offset: number
  /** Its name. */
  period: string
  /** Mean of the treated groups. */
  treated: number
}

/** A parameter. */
export interface Parameter {
  /** Its interval, from that of its logarithm. */
  interval: Interval | null
  /** Its name in the papers. */
  name: string
  /** Its standard error. */
  standardError: number | null
  /** Its value. */
  value: number
}

/** What a value must do to pass a cut point. */
export type Passes =
  /** Lie above it. */
  | 'above'
  /** Lie on it or above. */
  | 'at-least'
  /** Lie below it. */
  | 'below'
  /** Lie on it or below. */
  | 'at-most'

/** The effect of an experiment that is over. */
export interface PastEffect {
  /** The effect: of shares and means relative ones, or logarithms of ratios, go together best. */
  effect: number
  /** Its standard error, above 0. */
  error: number
  /** Its name. */
  name: string
}

/** All customers together, those who never bought included. */
export interface PeopleTotals {
  /** Of them, those with a purchase. */
  buyers: number
  /** Customers in the answer. */
  customers: number
  /** Their money. */
  revenue: number
}

/** One period. */
export interface PeriodRow {
  /** Customers with a purchase. */
  active: number
  /** Customers who had been silent for `dormantDays` or more when the period began. */
  asleep: number
  /** Active in the period before, not now. */
  dormant: number
  /**
   * Whether `at` is its last day or later. In a period that goes on, dormant customers may still
   * come.
   */
  isComplete: boolean
  /** Active for the first time. */
  new: number
  /** Its name: a date, or a month. */
  period: string
  /** `(new + resurrecting)/dormant`: above 1 the base grows. Null where nobody was lost. */
  quickRatio: number | null
  /** Active now, not in the period before, and some time earlier. */
  resurrecting: number
  /** Active now and in the period before. */
  returning: number
  /** Wilson interval of the rate. */
  wakeUpInterval: Interval | null
  /** `woken/asleep`; null where nobody was asleep. */
  wakeUpRate: number | null
  /** Of them, those who bought in the period. */
  woken: number
}

/** A kind of personal information. */
export type PersonalKind =
  /** A mobile number of mainland China. */
  | 'cn-mobile'
  /** A landline number of mainland China, with its area code. */
  | 'cn-landline'
  /** A resident identity number of 18 characters. */
  | 'cn-resident-id'
  /** A unified social credit code: of an organisation, and of a person in business. */
  | 'cn-uscc'
  /** A payment card. */
  | 'bank-card'
  /** The number of a mobile device. */
  | 'imei'
  /** A passport. */
  | 'cn-passport'
  /** A travel permit for Hong Kong and Macau. */
  | 'hk-macau-permit'
  /** A plate of a car. */
  | 'cn-plate'
  /** A postal address with road and number. */
  | 'cn-address'
  /** An e-mail address. */
  | 'email'
  /** An internet address. */
  | 'ip'
  /** A place: latitude and longitude inside China. */
  | 'geo'
  /** A WeChat openid: one customer in one account. */
  | 'wechat-openid'
  /** A WeChat unionid: one customer in all accounts of one owner. */
  | 'wechat-unionid'
  /** One of the two, without a word that says which. */
  | 'wechat-id'
  /** A WeChat account. */
  | 'wechat-wxid'
  /** A QQ number. */
  | 'qq'
  /** A name. Never found; to be masked where the caller knows it. */
  | 'name'

/** An experiment held against its plan. */
export interface PlanCheck {
  /** How often it was planned anew afterwards; the first plan counts. */
  amendments: number
  /** When it was planned, by its entry. */
  date: string
  /** Where the analysis departs from the plan; empty if nowhere. */
  deviations: Deviation[]
  /** The hash of its plan's entry. */
  hash: string
  /** The experiment. */
  name: string
}

/** A planned look. */
export interface PlannedLook {
  /** The p-value of one look that this is, two-sided. */
  pValue: number
  /** The share of the units that is there. */
  share: number
  /** α that is spent up to here. */
  spent: number
  /** The statistic beyond which to stop. */
  z: number
}

/** Units of a plan, rounded up. */
export interface PlannedUnits {
  /** Of the control. */
  control: number
  /** Days until they are there; null without `unitsPerDay`. */
  days: number | null
  /** In all. */
  total: number
  /** Of each other arm. */
  treatment: number
}

/**
 * A policy. Without one every column of every customer may be used for anything, and reports
 * say so.
 */
export interface PolicyDocument {
  /** The columns that may be read. One that is not listed is refused. */
  columns: ColumnRule[]
  /** Who agreed to what. */
  consents?: Consent[]
  /** Whether that text changed so much that consent to an older one does not hold. */
  materialChange?: boolean
  /** The name that reports show. */
  name: string
  /** What computations may be for. A request names one of them. */
  purposes: Purpose[]
  /** The version of the text that customers agree to. */
  text?: string | null
  /** The version of this form: 1. */
  version: number
}

/** Options of `power`. */
export interface PowerOptions {
  /** Chance to see one where there is none. */
  alpha?: number
  /** Which side counts. */
  alternative?: Alternative
  /** The metric without the change: the share of units that do, or the mean per unit. */
  baseline: number
  /** How alike units of a cluster are (intraclass correlation), 0 to 1. */
  clusterCorrelation?: number
  /** Units per cluster, where clusters are assigned. */
  clusterSize?: number
  /** Standard deviation of a mean over the units. Without it the baseline is a share. */
  deviation?: number | null
  /** The effect to be seen, relative to the baseline: 0.05 for 5 % more. */
  effect?: number | null
  /** The share of the variance that a covariate explains (CUPED), 0 to below 1. */
  explained?: number
  /** Planned looks; their bounds are then in the report. */
  looks?: number | null
  /**
   * The margin of a test of non-inferiority, relative to the baseline, in place of `effect`: the
   * arms are taken for equal.
   */
  margin?: number | null
  /** Chance to see the effect where there is one. */
  power?: number
  /** Units of each of these over those of the control. */
  ratio?: number
  /** Arms beside the control; α is shared between them (Bonferroni). */
  treatments?: number
  /** Units in all that there will be. */
  units?: number | null
  /** Units that enter per day. */
  unitsPerDay?: number | null
}

/** Result of `power`. */
export interface PowerResult {
  /** α of one arm against the control. */
  alpha: number
  /**
   * The smallest relative effect that `units` see with `power`; null without units, and where no
   * effect up to the largest share is seen.
   */
  detectable: number | null
  /**
   * The bounds of each look after O'Brien and Fleming's spending; empty without looks. They cost
   * a few per cent more units than `needed`.
   */
  looks: PlannedLook[]
  /** Units that see `effect` with `power`; null without an effect. */
  needed: PlannedUnits | null
  /** The power of `units` to see `effect`; null without both. */
  power: number | null
  /** How often the variance of independent units there is: by clusters more, by a covariate less. */
  varianceFactor: number
}

/** The names of the ready rules. */
export type Preset =
  /** No row of any kind for 30 days. */
  | 'sleeper'
  /** Awake, and at least three shares in 90 days. */
  | 'sharer'
  /** Awake, no sharer, and bought within 90 days. */
  | 'decider'
  /** Followed within 30 days. */
  | 'newly-followed'
  /** More active than half of the customers, and spends no more than half of them. */
  | 'high-activity-low-spend'
  /** No more active than half of the customers, and spends more than half of them. */
  | 'low-activity-high-spend'
  /** At least three purchases in a month. */
  | 'loyal'
  /** Viewed within 30 days and did not buy in that time. */
  | 'viewed-not-bought'
  /** Put something into the cart and did not buy within 48 hours. */
  | 'cart-left'
  /** At least two purchases in a year, of which at least 60 % with a discount. */
  | 'price-sensitive'
  /** Spends more than nine of ten customers. */
  | 'top-spender'

/** What a ready rule is called, means and suggests. */
export interface PresetWords {
  /** What to do. */
  action: RuleWords
  /** What people call it. */
  called: RuleWords
  /** What it means. */
  meaning: RuleWords
}

/** What may be spent in all. */
export interface PrivacyBudget {
  /** δ, as exact decimal digits; `0` if left out. */
  delta?: string | null
  /** ε, as exact decimal digits. */
  epsilon: string
}

/** What all answers cost together. */
export interface PrivacyCost {
  /** The sum of ε, if all noise is Laplace: holds with δ = 0. */
  basic: number | null
  /** The failure probability asked for. */
  delta: number
  /** The smallest bound on ε at this δ: what may be claimed. */
  epsilon: number
  /** Through RDP. */
  rdp: number | null
  /** Through zCDP, if nothing is sampled. */
  zcdp: number | null
}

/** How long customers wait before they buy a product again. */
export interface ProductGaps {
  /**
   * The share of the spread of gaps that lies between customers, 0 to 1; the rest is chance from one
   * gap of a customer to the next.
   */
  between: number
  /** Customers with two days of purchase or more. */
  customers: number
  /** The interval of that customer's next gap, in days. */
  interval: Interval
  /** The median gap of a customer of whom nothing is known, in days. */
  median: number
}

/** One product. */
export interface ProductRhythm {
  /** Customers who bought it. */
  customers: number
  /** Customers for whom it is due. */
  due: number
  /** Its gaps; null if too few bought it again, so that all products together stand in for it. */
  gaps: ProductGaps | null
  /** Customers for whom it is late. */
  late: number
  /** Its name. */
  product: string
  /** The share of them that bought it on another day again. */
  repeated: number
  /** Wilson's interval of that share. */
  repeatedInterval: Interval
}

/** How one kind of export is read. */
export interface Profile {
  /** The kind of export, as in `Guess::kind`. */
  kind: string
  /** A name for people. */
  name: string
  /** The options that were confirmed, with the roles. */
  options: ReadOptions
  /** The version of this form: 1. */
  version: number
}

/** The curve of a profile. */
export interface ProfileCurve {
  /** The time by which half of such lives have ended; null if they have not while lives are followed. */
  median: number | null
  /** Upper end. */
  medianHigh: number | null
  /** Lower end of its interval. */
  medianLow: number | null
  /** Its name. */
  name: string
  /** The curve. */
  points: ProfilePoint[]
}

/** Why a profile was recognised. */
export type ProfileMatch =
  /** The kind is equal: the same format with the same header names, in any order. */
  | 'kind'
  /** Every column that the profile maps is there, among others than those of its kind. */
  | 'columns'

/** A point of a profile's curve. */
export interface ProfilePoint {
  /** Its interval: how well it is known. */
  interval: Interval
  /** The probability to go on beyond. */
  survival: number
  /** The time. */
  time: number
}

/** Whether ratios of hazards stay the same over time. */
export type Proportionality =
  /** Nothing speaks against it. */
  | 'holds'
  /** One column or more changes its effect with time: its ratio is a mean over the time followed. */
  | 'changes'
  /** It was not tested. */
  | 'untested'

/** An option that reading needs besides the roles. To be confirmed, like them. */
export interface Proposal {
  /**
   * 0 to 1; a rank, not a probability. At most 0.5 where the values fit something else as
   * well.
   */
  confidence: number
  /**
   * The path of the option: `decimal`, `units`, `accounting`, `dates.order`,
   * `dates.serial`, `dates.epoch`, `dates.pivot` or `dates`.
   */
  option: string
  /** Why, in a sentence without any cell. */
  reason: string
  /**
   * Another value of the option that reads as many, where there is one: nothing in the file
   * tells the two apart, and only somebody who knows it can.
   */
  rival: OptionValue | null
  /** Its value. */
  value: OptionValue
}

/** Pseudonyms. */
export interface PseudonymList {
  /** What they are: `de-identified, still personal information`. */
  label: string
  /** Of each id its pseudonym, 64 hexadecimal digits. */
  pseudonyms: string[]
}

/** Ids to be replaced. */
export interface PseudonymOptions {
  /** The ids, taken as they are. */
  ids: string[]
  /** The secret key: 64 hexadecimal digits, as `newKey` makes them. */
  key: string
  /** What they are for: each purpose has pseudonyms of its own. */
  purpose: string
  /** The version of the key: a new one gives new pseudonyms. */
  version?: number
}

/** Which columns of a file get pseudonyms, and with which key. */
export interface PseudonymousExport {
  /** The secret key: 64 hexadecimal digits, as the task `newKey` makes them. */
  key: string
  /** What the file is for: each purpose has pseudonyms of its own. */
  purpose: string
  /** The version of the key: a new one gives new pseudonyms. */
  version?: number
}

/** The composition of `count` ε-private answers. */
export interface PureComposition {
  /** ε√(2n ln(1/δ)) + nε(e^ε − 1) (Dwork, Rothblum, Vadhan 2010). */
  advanced: number
  /** nε, with δ = 0. */
  basic: number
  /** The same with (e^ε − 1)/(e^ε + 1) (as Kairouz, Oh, Viswanath 2015). */
  optimalStyle: number
  /** ρ = nε²/2. */
  rho: number
  /** By ρ and the tight conversion. */
  throughZcdp: number
}

/** What a computation may be for. */
export interface Purpose {
  /** Whether it decides about customers without a person: then a refusal wins over consent. */
  automated?: boolean
  /** Whether it needs a record of each customer. Without, all customers are used. */
  consent?: boolean
  /** Its name in requests. */
  name: string
  /** Days after a customer's last activity for which the data may serve it. */
  retentionDays?: number | null
}

/**
 * What reading found; of a table of several files, `format`, `encoding`, `delimiter`,
 * `headerLine` and `columns` are those of the first. Equal for equal bytes, however they arrived.
 */
export interface Quality {
  /** Exact sum and range of the amounts; null without that role. */
  amount: AmountSummary | null
  /** The header. */
  columns: ColumnUse[]
  /** Distinct customers of the used rows; null without that role. */
  customers: number | null
  /** The field separator; null for workbooks and columns in memory. */
  delimiter: string | null
  /**
   * The encoding of the file: as found, or as declared; null for workbooks and columns in
   * memory.
   */
  encoding: string | null
  /** The files, in the order in which they were read; columns in memory count as one. */
  files: FileUse[]
  /** `csv`, `tsv`, `xlsx` or `columns`. */
  format: string
  /** The line of the header (from 1), or its row in the sheet; null for columns in memory. */
  headerLine: number | null
  /** Problems: rejected rows first, then changed, doubtful, notes; by code and column within. */
  issues: Issue[]
  /** How many records were read, used and skipped. */
  rows: RowCounts
  /** The sheet of a workbook; null for other formats. */
  sheet: string | null
  /** First and last instant; null without that role. */
  time: TimeRange | null
  /** The zone of naive times. */
  zone: ZoneUse
}

/** One quantile. */
export interface Quantile {
  /** The probability. */
  p: number
  /** The value, in the unit of the column. */
  value: number
}

/**
 * Which sample quantile: the nine types of Hyndman and Fan (1996), written as their numbers.
 *
 * With `n` sorted values `x[1] ≤ … ≤ x[n]` each type turns a probability `p` into a position
 * `n·p + m`; types 1–3 pick a value there, types 4–9 interpolate between its neighbours.
 *
 * Which one? 7 is what spreadsheets, NumPy and R do by default. 1 always returns a value that
 * occurs. 8 is nearly unbiased for the median whatever the distribution, and is what the paper
 * recommends. Types 4 and 6 put quantiles of small samples at the extremes: with 9 values or
 * fewer the 0.9-quantile of type 6 is the maximum.
 */
export type QuantileType = number

/** A share of a cohort within so many days. */
export interface RateWithin {
  /** Its interval. */
  interval: Interval | null
  /** Customers whose answer is known: they did it within the days, or were seen for all of them. */
  known: number
  /** The share that does it within the days, 0 to 1; null if nobody was seen for so long. */
  rate: number | null
  /** The days. */
  withinDays: number
}

/** How to read one table. */
export interface ReadOptions {
  /**
   * Read what accountants write for negative amounts: `(5.00)`, `5.00-`, and the minus sign
   * U+2212. Otherwise such cells are left out.
   */
  accounting?: boolean
  /**
   * Further columns by names of your own choice, such as `city` or `level`: attributes, which
   * rules, profiles and tests read by these names. An empty cell is a missing value.
   */
  attributes?: Record<string, AttributeColumn>
  /** Which dates are read besides those that begin with a four-digit year. */
  dates?: Dates
  /**
   * The decimal mark of amounts and quantities. With the comma, groups of thousands are
   * parted by points, blanks or apostrophes.
   */
  decimal?: Decimal
  /**
   * The field separator, one ASCII character. Absent: what a `sep=` line says, else a tab
   * for `tsv`, else the comma, or if the header has none the first of `;`, tab and `|` that
   * it has.
   */
  delimiter?: string | null
  /**
   * What becomes of a record that stands in the file again. Matters only with a column for
   * the role `order`.
   */
  duplicates?: Duplicates
  /**
   * The encoding that the file was decoded from before it came here, for the report. The
   * reader itself accepts UTF-8, and UTF-16 with a byte order mark.
   */
  encoding?: string | null
  /** The format of the bytes. `auto` tells it from the bytes. */
  format?: Format
  /**
   * The line of the header, from 1. Lines before it are skipped and counted. Absent: the
   * first line that is not blank.
   */
  header?: number | null
  /** How far reading may go. */
  limits?: Limits
  /**
   * Other header names of mapped columns, for files that do not have the name in `roles`: the
   * first that a header has counts. For tables of several files whose headers differ.
   */
  otherNames?: OtherNames
  /** Which column has which meaning. Columns that are not named here are dropped. */
  roles?: Roles
  /**
   * The sheet of a workbook, by its name. Absent: the first that holds data. Other formats
   * have none.
   */
  sheet?: string | null
  /**
   * Read the units 万 (ten thousand) and 亿 (a hundred million) behind a number: `1.2万` is
   * 12000. Otherwise such cells are left out.
   */
  units?: boolean
  /**
   * The name of the zone of times that have no offset. Whoever opens the table makes the
   * zone of it; the reader gets that as a value and only reports the name.
   */
  zone?: string | null
}

/** What a proposal rests on. */
export type Reason =
  /** The header names it, and the values say nothing against it. */
  | 'header'
  /** Only the values look like it. */
  | 'values'
  /** The header names it and the values agree. */
  | 'both'
  /** A profile that was recognised says so. */
  | 'profile'

/** A reason not to count. */
export interface ReasonRow {
  /** Contacts that it holds for first. */
  contacts: number
  /** The reason. */
  reason: NotCounted
}

/** What an answer costs, and the log with it. */
export interface Receipt {
  /** δ spent so far. */
  deltaSpent: number
  /** ε spent so far. */
  epsilonSpent: number
  /** The log: keep it, and give it with the next question. */
  ledger: Ledger
  /** Whether the answer is that of an earlier, equal question. */
  repeated: boolean
}

/** What a negative amount does. */
export type Refunds =
  /** It reduces the money, and is no purchase: frequency, first and last stay. */
  | 'net'
  /** The row is ignored. */
  | 'drop'
  /** It is a row like any other. */
  | 'keep'

/** Customers whom a policy refused. */
export interface Refused {
  /** How many. */
  customers: number
  /** Why, as a stable kebab-case name. */
  reason: string
}

/** Where an experiment finds its plan. */
export interface Registered {
  /** The last hash as it was kept elsewhere: without it a cut tail does not show. */
  head?: string | null
  /** The name of the experiment in it. */
  name: string
  /** The register. */
  register: Ledger
}

/** An effect of an experiment that is over. */
export interface RegisteredEffect {
  /** The arm. */
  arm: string
  /** The effect. */
  effect: number
  /** Its standard error. */
  error?: number | null
  /** The metric. */
  metric: string
}

/** An experiment in the register. */
export interface RegisteredExperiment {
  /** How often it was planned anew. */
  amendments: number
  /** When it was first planned. */
  date: string
  /** What was expected. */
  hypothesis: string
  /** Its name. */
  name: string
  /** Its results, the earliest first. */
  results: RegisteredResult[]
}

/** A metric of the experiments in a register. */
export interface RegisteredMetric {
  /** The last hash as it was kept elsewhere: without it a cut tail does not show. */
  head?: string | null
  /** The metric, as the results name it. */
  metric: string
  /** The register. */
  register: Ledger
}

/** What an experiment came to. */
export interface RegisteredResult {
  /** What was decided: `ship`, `hold`, `stop` or `run-longer`. */
  call: string
  /** The local day of the entry. */
  date: string
  /** Departures from the plan, by code. */
  deviations?: string[]
  /** The effects with their errors. */
  effects: RegisteredEffect[]
  /** The name of the experiment, as in its plan. */
  name: string
}

/** An option that would read cells that were left out. */
export interface Remedy {
  /**
   * The path of the option: `decimal`, `units`, `accounting`, `dates.order`, `dates.serial`,
   * `dates.epoch`, `dates.pivot` or `dates`.
   */
  option: string
  /** Of the rows that were left out, how many have a value here that it would read. */
  rows: number
  /** Its value. */
  value: OptionValue
}

/** One renewal. Intervals have no width where the fit did not converge. */
export interface Renewal {
  /**
   * Renewals to come of a customer just before this one, discounted, the next one not
   * (discounted expected residual lifetime, DERL). Times the margin of a contract it is what the
   * customer is worth.
   */
  discountedRenewals: number
  /** Share of those there who renew, by the model. */
  retention: Measured
  /** Share of the cohort that was there after it; null for renewals to come. */
  seen: number | null
  /** The same by the model. */
  survival: Measured
}

/** Options of `repeat-purchase`. */
export interface RepeatPurchaseOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it are
   * left out, and what has not happened by then is not known.
   */
  at: string
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /**
   * A local day: customers with a purchase before it are left out. Set it where the log begins in
   * the middle of customers' lives.
   */
  from?: string | null
  /**
   * The share that buys again is told within each of these days: 1 to 12 ascending numbers, 1 to
   * 3,650.
   */
  horizons?: number[]
  /** Customers whose first purchase is in one such period are a cohort. */
  period?: Unit
  /** What a negative amount does: netted, it is no purchase. */
  refunds?: Refunds
  /** Where weeks begin. */
  weekStart?: WeekStart
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `repeat-purchase`. The column set `customers` holds `customer`, `cohort` (its place in
 * `cohorts`), `days` (until the second day of purchase, or so far) and `repeated` (1 if it came).
 */
export interface RepeatPurchaseResult {
  /** All customers: those who bought again, when, and how many do within each horizon. */
  all: CohortRates
  /** The same of each cohort, in the order of `cohorts`. */
  cohortGaps: (GapQuantiles | null)[]
  /** Each cohort, the earliest first. */
  cohorts: CohortRates[]
  /** The share that has not bought again yet, from day 0 to the last horizon. */
  curve: CurvePoint[]
  /** Days between two days of purchase of all customers; null if nobody bought on two. */
  gaps: GapQuantiles | null
  /** The answer in one sentence. */
  sentence: Text
}

/** Options of `replenishment`. */
export interface ReplenishmentOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it are
   * left out.
   */
  at: string
  /**
   * The share of next purchases that the time of being due is to hold, and the confidence of the
   * intervals of shares, between 0 and 1.
   */
  confidence?: number
}

/**
 * Result of `replenishment`. The column set `reminders` has a row for each customer and product, those that
 * are due first, then those that will be, the soonest first, then those that are late, the latest to
 * have become so first: `customer`, `product`, `purchases` (days with one), `since` (days since the
 * last), `ownGap` (the median of the customer's own days between them; 0 with one day), `gap` (expected days between purchases), `dueIn` (days from `at` to the day at which the next
 * purchase is as likely before as after; below 0 it has passed), `dueFrom` and `dueTo` (the same of the
 * ends of its interval), `state` (0 not yet, 1 due: within the interval, 2 late: beyond it).
 */
export interface ReplenishmentResult {
  /** The gaps of all products together. */
  all: ProductGaps
  /** Those that are due. */
  due: number
  /** Those that are late. */
  late: number
  /** Products beyond them. */
  moreProducts: number
  /** Of them, those that are not due yet. */
  notYet: number
  /** Pairs of a customer and a product. */
  pairs: number
  /** The products that most customers bought, 200 at most. */
  products: ProductRhythm[]
  /** The answer in one sentence. */
  sentence: Text
}

/** How often is drawn again. */
export interface ResamplingOptions {
  /** How often, from 100 to 100,000. */
  replicates?: number
  /** Names the random numbers: the same seed on the same rows gives the same answer. */
  seed: number
}

/** What a resident number says. */
export interface ResidentFacts {
  /** The date of birth. */
  birth: string
  /** Whether it has the older form of 15 digits, which has no check digit. */
  legacy: boolean
  /** Whether the person is recorded as male; not told of 15 digits. */
  male: boolean | null
}

/** What is over. */
export interface Retained {
  /** How many are. */
  count: number
  /** Of each whether its time is over. */
  expired: boolean[]
}

/** Options of `retention-curve`. */
export interface RetentionCurveOptions {
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** Discount rate from one renewal to the next, 0.001 to 10. */
  discount?: number
  /** Renewals that are told, those seen included: 1 to 200. Default: as many again as were seen. */
  renewals?: number | null
  /**
   * How many customers were there at the start and after each renewal; it does not rise. 3 to 200
   * numbers.
   */
  survivors: number[]
}

/** Result of `retention-curve`. */
export interface RetentionCurveResult {
  /** Customers of the cohort. */
  customers: number
  /** sBG: chances to leave at a renewal are beta with `alpha` and `beta` among customers. */
  model: ModelFit
  /** Renewal by renewal, the first one first. */
  renewals: Renewal[]
}

/** Days on which something was last used, and how long it may be kept. */
export interface RetentionOptions {
  /** The days of last activity. */
  lastActivity: string[]
  /** For how many days it may be kept. */
  retentionDays: number
  /** The day from which is counted. */
  today: string
}

/** Options of `rfm`. */
export interface RfmOptions {
  /**
   * The reference moment: a local day (`2025-06-01`, which still counts whole) or an instant.
   * Rows after it are left out; recency and tenure count calendar days to it.
   */
  at: string
  /** What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`. */
  count?: Count | null
  /** How scores become named groups. */
  groups?: GroupOptions
  /** What a negative amount does. */
  refunds?: Refunds
  /** How measures become scores. */
  scoring?: ScoreOptions
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/** One period. */
export interface RfmPeriod {
  /** Customers with a purchase up to that day. */
  customers: number
  /** The day from which it was looked at. */
  day: string
  /**
   * How far the shares of the groups moved since the period before; null for the first, and
   * where one of the two has nobody in a group.
   */
  drift: ClassDrift | null
  /** Each group, in the order of `groups`; empty where nobody had bought yet. */
  groups: RfmPeriodGroup[]
  /** Its name: a date, or a month. */
  period: string
  /** Purchases within the period; of the first period, up to its end. */
  purchases: number
  /** Money within the period; of the first period, up to its end. */
  revenue: number
}

/** One group in one period. */
export interface RfmPeriodGroup {
  /** How many customers. */
  customers: number
  /** Wilson interval of the share. */
  interval: Interval
  /** Their money so far. */
  revenue: number
  /** Their share of all customers. */
  share: number
}

/** Options of `rfm-periods`. */
export interface RfmPeriodsOptions {
  /**
   * The reference moment of the last period: a local day, which still counts whole, or an
   * instant.
   */
  at: string
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`. */
  count?: Count | null
  /** How scores become named groups, in every period. */
  groups?: GroupOptions
  /** How many periods, that of `at` included: 2 to 36. */
  periods?: number
  /** What a negative amount does. */
  refunds?: Refunds
  /** How measures become scores, in every period. */
  scoring?: ScoreOptions
  /** The length of a period. Earlier periods are looked at from their last local day. */
  unit?: Unit
  /** Where weeks begin. */
  weekStart?: WeekStart
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/** Result of `rfm-periods`. */
export interface RfmPeriodsResult {
  /** The groups in display order. */
  groups: Group[]
  /** The periods, the earliest first. */
  periods: RfmPeriod[]
}

/**
 * Result of `rfm`. The customers themselves are the column set `customers`: `customer`,
 * `recency` and `tenure` (calendar days from the last and the first purchase), `frequency`
 * (purchases), `monetary` and `mean` (money in all and per purchase), `first` and `last` (ms
 * UTC), the scores `r`, `f`, `m` (0 = not scored), the weighted total `score` (0 = not scored),
 * and `group` (index into `groups`, 255 = none).
 */
export interface RfmResult {
  /** Where each measure was cut into scores; null where values alone do not decide. */
  cuts: MeasureCuts
  /** Customers by recency and frequency score. */
  grid: Grid
  /** The groups in display order, empty ones included. */
  groups: GroupRow[]
  /** All customers together. */
  totals: Totals
}

/** RfmsMarks of the three traits. Default of each: the middle of the scores, 3 of five. */
export interface RfmsAbove {
  /** A recency score above this is recent. */
  recency?: number | null
  /** A social score above this is social. */
  social?: number | null
  /** A value score above this is valuable. */
  value?: number | null
}

/** One group. */
export interface RfmsGroup {
  /** What to do about it, in one sentence. `None` in a map that does not say. */
  action: Text | null
  /** Of them, those with a purchase. */
  buyers: number
  /** How many customers. */
  customers: number
  /** Their share of all customers, 0 to 1. */
  customersShare: number
  /** Wilson interval of the share, as of customers drawn from many. */
  interval: Interval
  /** Its customers are recent. */
  isRecent: boolean
  /** Its customers are social. */
  isSocial: boolean
  /** Its customers are valuable. */
  isValuable: boolean
  /**
   * Stable name for programs, such as `important-value`; in a map of your own, the name
   * that you gave.
   */
  key: string
  /** Who is in it, in one plain sentence. `None` in a map that does not say. */
  meaning: Text | null
  /** Student's interval of the mean; null below two customers. */
  monetaryInterval: Interval | null
  /** Money per customer; null for an empty group. */
  monetaryMean: number | null
  /** Display name. */
  name: Text
  /** Their money. */
  revenue: number
  /** Their share of all money; null if all money together is not positive. */
  revenueShare: number | null
  /** The rule and the figures in one sentence. */
  sentence: Text
  /** Sum of the social measure. */
  social: number
  /** Its share of the social measure of all; null if nobody did anything. */
  socialShare: number | null
}

/** The marks of the three traits. */
export interface RfmsMarks {
  /** Recent is a recency score above this. */
  recencyAbove: number
  /** Recent is at most so many days; null if nobody or everybody can be. */
  recencyDays: number | null
  /** Social is a social score above this. */
  socialAbove: number
  /** Social is at least this measure; null if nobody or everybody can be. */
  socialLeast: number | null
  /** Valuable is a value score above this. */
  valueAbove: number
}

/** Options of `rfms`. */
export interface RfmsOptions {
  /** RfmsAbove which scores a customer is recent, valuable, social. */
  above?: RfmsAbove
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out.
   */
  at: string
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`. */
  count?: Count | null
  /** What becomes of customers who stand in the events or referrals and never bought. */
  nonBuyers?: NonBuyers
  /** What a negative amount does. */
  refunds?: Refunds
  /**
   * How recency, frequency and money become scores. The conventions that are decided by the
   * order of rows, and `r-rfm`, are not allowed here. Of the weights, those of frequency and
   * money make the value score.
   */
  scoring?: ScoreOptions
  /** How actions become the social score. */
  social?: SocialOptions
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `rfms`. The column set `customers` holds `customer`, `isBuyer`, `recency` (days since
 * the last purchase, of others since the last action), `frequency`, `monetary`, the scores `r`,
 * `f`, `m` (0 = never bought), `value` (the weighted mean of `f` and `m`, 0 = never bought), the
 * counts `shares`, `invitesSent`, `invitesAccepted`, `comments`, `groupPosts`, their weighted
 * parts `sharePart` … `groupPostPart`, their sum `social`, the score `s`, the answers `isRecent`,
 * `isValuable`, `isSocial`, and `group` (index into `groups`).
 */
export interface RfmsResult {
  /** Each kind of action. */
  actions: ActionRow[]
  /** The eight groups in display order, empty ones included. */
  groups: RfmsGroup[]
  /** The marks that decided, in the units of the measures. */
  marks: RfmsMarks
  /** All customers together. */
  totals: PeopleTotals
}

/** Whose rhythm the limits follow. */
export type Rhythm =
  /** The same limits for everybody. */
  | 'population'
  /**
   * The limits times the customer's own mean days between purchases over those of all. The own
   * mean counts two gaps of the population's mean in addition, the posterior mean of an
   * exponential gap under a gamma prior worth two gaps: a customer with one purchase has the
   * limits of all, one with twenty their own.
   */
  | 'own'

/** Which model scores. */
export type RiskChoice =
  /** The one with less log-loss on rows held out. */
  | 'auto'
  /** Penalised logistic regression. */
  | 'logistic'
  /** Gradient-boosted trees. */
  | 'trees'

/**
 * Two models on the same rows. Differences are those of the challenger minus the champion, on the
 * same bootstrap samples.
 */
export interface RiskComparison {
  /** Of the area under the ROC curve; above 0 the challenger is better. */
  areaDifference: Measured
  /** Of the Brier score; below 0 the challenger is better. */
  brierDifference: Measured
  /** The option `challenger`. */
  challenger: RiskContender
  /** The option `model`; without it the model fitted in this run, on rows that its fit did not see. */
  champion: RiskContender
  /** Customers with a label; of a fit of this run, rows held out. */
  customers: number
  /** Of them, those who left. */
  left: number
  /** Of the log-loss; below 0 the challenger is better. */
  logLossDifference: Measured
  /** The answer in one sentence. */
  sentence: Text
  /** Whether the challenger is better. */
  verdict: RiskVerdict
}

/** A model on rows with a label. */
export interface RiskContender {
  /** Expected calibration error over these bins. */
  calibrationError: number
  /** How good it is. */
  quality: RiskQuality
  /** Mean probability and share who left in ten bins of equal size. */
  reliability: RiskReliability[]
  /**
   * Population stability index of its scores against those of the customers it learned from; null
   * for a model fitted in this run, which learned from the same table.
   */
  scoreDrift: number | null
}

/** The mean probability of leaving if all customers had one value of a feature. */
export interface RiskEffect {
  /** The value of a text; null for a number. */
  level: string | null
  /** The mean probability. */
  probability: number
  /** The value of a number; null for a text. */
  value: number | null
}

/**
 * What the model does to one group of customers held out. Whoever is to be treated alike looks
 * whether the rates of the groups differ by more than their intervals.
 */
export interface RiskGroup {
  /** The share of them that left. */
  actual: Measured
  /** The share that a contact pays for. */
  contacted: Measured
  /** How many are held out. */
  customers: number
  /** Their mean probability. */
  expected: number
  /** The same of those who stayed; null if nobody did. */
  falseAlarms: Measured | null
  /**
   * That share minus their mean probability: above 0 the model promises too little risk. An
   * interval beyond 0 says that the probabilities of this group are off.
   */
  gap: Measured
  /** The value of the group; null where it is missing. */
  group: string | null
  /** Whether fewer than ten of them left or fewer than ten stayed: too few to judge the model by. */
  isSmall: boolean
  /** Of those for whom a contact pays, the share that left; null if there are none. */
  precision: Measured | null
  /** Of those who left, the share that a contact pays for; null if nobody left. */
  recall: Measured | null
}

/** The models on rows that they did not learn from. */
export interface RiskHeldOut {
  /** Area of the trees minus that of the logistic model: an interval beyond 0 is a difference. */
  areaDifference: Measured
  /** The choice that earns most; null if to contact nobody does. */
  best: RiskReach | null
  /** Expected calibration error over these bins: how far probabilities are off on average. */
  calibrationError: number
  /** The share of customers that it contacts. */
  contacted: number
  /** Rows held out: customers, or customers at the newest cut-off. */
  customers: number
  /**
   * Expected maximum profit for each customer, over how likely an offer is accepted (Verbraken and
   * others 2013).
   */
  expectedMaximumProfit: number
  /** Of them, those who left. */
  left: number
  /** The same of the log-loss; below 0 the trees are better. */
  logLossDifference: Measured
  /** Penalised logistic regression. */
  logistic: RiskQuality
  /** The best by score, in twentieths. */
  reaches: RiskReach[]
  /** Of the chosen model: mean probability and share who left in ten bins of equal size. */
  reliability: RiskReliability[]
  /** Of a log: days since the last purchase alone, and BG/NBD alone (the purchases that it expects). */
  rivals: RiskRival[]
  /** Gradient-boosted trees. */
  trees: RiskQuality
}

/** Which of the two models. */
export type RiskMethod =
  /** Penalised logistic regression. */
  | 'logistic'
  /** Gradient-boosted trees. */
  | 'trees'

/** A model as plain data. Its numbers say nothing of any one customer. */
export interface RiskModel {
  /** Score before any feature: the logistic intercept, or the trees' start. */
  base: number
  /** From the score to the probability. */
  calibration: Calibration
  /** Which model it is. */
  chosen: RiskMethod
  /** Of the logistic model: change of the score per standard deviation of each column. */
  coefficients?: number[]
  /** What it asks, in the order of the columns. */
  features: ModelFeature[]
  /** `siyu-churn-risk`. */
  format: string
  /** Scores of those that it learned from, for their drift. */
  scores: ModelSpread
  /** The trees. */
  trees?: TreeNode[][]
  /** 1. */
  version: number
}

/** How good one model is. */
export interface RiskQuality {
  /**
   * Area under the ROC curve: how likely somebody who left scores above somebody who stayed; 0.5
   * is chance.
   */
  area: Measured
  /** Average precision: area under the precision–recall curve; chance is the share who left. */
  averagePrecision: Measured
  /** Brier score: mean squared error of the probabilities. */
  brier: Measured
  /** How many times as many leave among the best tenth as among all. */
  lift: Measured
  /** Mean log-loss of the probabilities, in nats; less is better. */
  logLoss: Measured
}

/** The best by score, down to a share of all. */
export interface RiskReach {
  /** Precision over the share who left of all. */
  lift: number
  /** Of them, the share that left; equal scores by expectation. */
  precision: Measured
  /** What contacting them earns for each customer there is. */
  profit: number
  /** Of those who left, the share that is among them. */
  recall: Measured
  /** Share of the customers, the most likely to leave first. */
  share: number
  /** The least probability among them. */
  threshold: number
}

/** A reason, to which columns of the customers point. */
export interface RiskReason {
  /** Place of its feature in `features`. */
  feature: number
  /** Whether it raises the risk. */
  raises: boolean
  /** In plain words. */
  text: Text
}

/** Customers of like probability: what was foretold, and what came. */
export interface RiskReliability {
  /** The share of them that left. */
  actual: Measured
  /** How many. */
  customers: number
  /** Their mean probability. */
  expected: number
}

/** One feature alone, which the model must beat to be worth its while. */
export interface RiskRival {
  /** Area under the ROC curve of a ranking by it. */
  area: Measured
  /**
   * Area of the chosen model minus that, on the same samples: an interval above 0 says that the
   * model is better.
   */
  difference: Measured
  /** Its name. */
  feature: string
}

/** Whether a challenger is better than the champion, by the log-loss and the area under the ROC curve. */
export type RiskVerdict =
  /** By one or both its interval is beyond 0, and by none the champion is. */
  | 'better'
  /** Neither interval is beyond 0. */
  | 'no-difference'
  /** By one or both the champion is better, and by none the challenger. */
  | 'worse'
  /** By one the challenger is better, by the other the champion. */
  | 'mixed'

/** The meaning of a column of a log (one row per order line, order or event). */
export type Role =
  /** Who: the customer's id, always text. */
  | 'customer'
  /** When: the instant of the row. */
  | 'time'
  /** How much: money, exact. Negative is a refund. */
  | 'amount'
  /** Which order the row belongs to. */
  | 'order'
  /** What happened (for event logs). */
  | 'event'
  /** Which product. */
  | 'product'
  /** How many pieces. */
  | 'quantity'
  /** Through which channel. */
  | 'channel'
  /** In which currency the amount is. */
  | 'currency'
  /** Whether the amount came in or went out. */
  | 'direction'

/** The header name of the column that has each role. */
export interface Roles {
  /** How much: money. A row without a readable one is left out. */
  amount?: string | null
  /** Through which channel. May be empty. */
  channel?: string | null
  /**
   * In which currency the amount is. Rows in another currency than the first row that is
   * used are left out (`amount`).
   */
  currency?: string | null
  /** Who: the customer's id, always text. A row without it is left out. */
  customer?: string | null
  /**
   * Whether the amount came in or went out, as bills say it (`收/支`). What went out counts
   * as negative, like a refund; a row that says neither is left out (`amount`).
   */
  direction?: string | null
  /** What happened. May be empty. */
  event?: string | null
  /** Which order the row belongs to. May be empty. */
  order?: string | null
  /** Which product. May be empty. */
  product?: string | null
  /** How many pieces. May be empty. */
  quantity?: string | null
  /** When: a date or a date with time. A row without a readable one is left out. */
  time?: string | null
}

/** Numbers of records, the header not counted. */
export interface RowCounts {
  /** Records found; blank lines are none. */
  read: number
  /** Records left out: `read - used`. */
  skipped: number
  /** Records that became rows of the table. */
  used: number
}

/** A condition on a row of the log. */
export interface RowFilter {
  /** `event`, `product`, `channel`, `order`, `quantity`, `amount`, or an attribute of the log. */
  field: string
  /** What it must be. A missing value passes no test. */
  test: ValueTest
}

/** A condition on a customer. */
export type Rule = { all: Rule[] } | { any: Rule[] } | { not: Rule } | { segment: string } | { tag: string } | { compare: RuleComparison } | { text: RuleTextTest } | { missing: RuleQuantity } | { sequence: SequenceStep[] }

/** A number compared with another. */
export interface RuleComparison {
  /** What is compared. */
  left: RuleQuantity
  /** How. */
  op: RuleOp
  /** With what. */
  right: RuleOperand
}

/** Something counted or summed over rows of the log. */
export interface RuleMeasure {
  /** What. */
  of: RuleMeasureOf
  /**
   * Only rows for which all of these hold. With one on `event` all rows of those events count,
   * without one only purchases (and for money refunds).
   */
  where?: RowFilter[]
  /** Only rows of this time. Absent: all up to the reference moment. */
  window?: RuleWindow | null
}

/** What is counted or summed. */
export type RuleMeasureOf =
  /** Purchases. */
  | 'orders'
  /** Rows of the log, whatever they are. */
  | 'events'
  /** Money, refunds taken off. */
  | 'amount'
  /** Money for each purchase; missing without one. */
  | 'avg'
  /** The smallest amount of one row, refunds apart; missing without one. */
  | 'min'
  /** The largest amount of one row; missing without one. */
  | 'max'
  /** Distinct products. */
  | 'products'
  /** Distinct channels. */
  | 'channels'
  /** Distinct local days. */
  | 'days'
  /** Calendar days from the first row to the reference day; missing without one. */
  | 'sinceFirst'
  /** Calendar days from the last row to the reference day; missing without one. */
  | 'sinceLast'

/** A number compared with a fixed one. */
export interface RuleNumberTest {
  /** How. */
  op: RuleOp
  /** With what. */
  value: number
}

/** A comparison. */
export type RuleOp =
  /** Equal. */
  | '='
  /** Not equal. */
  | '!='
  /** Less. */
  | '<'
  /** Less or equal. */
  | '<='
  /** More. */
  | '>'
  /** More or equal. */
  | '>='

/** The right side of a comparison. */
export type RuleOperand = { number: number } | { percentile: number } | { quantity: RuleQuantity }

/** A number of a customer. */
export type RuleQuantity = { measure: RuleMeasure } | { attribute: string } | { ratio: [RuleQuantity, RuleQuantity] }

/** A rule as a request has it: text, or the tree as JSON. */
export type RuleSource = string | Rule

/** A test of a text attribute. */
export interface RuleTextTest {
  /** The attribute. */
  attribute: string
  /** What it must be. */
  test: ValueTest
}

/** A stretch of time before the reference moment. */
export type RuleWindow = { last: string } | { ago: [string, string] } | { dates: [string, string] } | { since: string } | { before: string }

/** A text in Chinese and English. */
export interface RuleWords {
  /** English. */
  en: string
  /** Chinese. */
  zh: string
}

/** Units against the plan. */
export interface SampleRatio {
  /** The p-value that may be looked at any time; null where an arm has no planned share. */
  alwaysValidPValue: number | null
  /** Pearson's statistic. */
  chiSquared: number
  /** Whether the p-value is below 0.001: then no other number can be trusted. */
  isMismatch: boolean
  /** Its p-value. */
  pValue: number
}

/**
 * Centre and spread of each column. A spread of zero (all values equal, or half of them, under
 * `Robust`) counts as 1, so that such a column is only moved.
 */
export interface Scaler {
  /** What is subtracted, per column. */
  centres: number[]
  /** What is divided by, per column; never zero. */
  spreads: number[]
}

/** The figures of some of the followers. */
export interface Scenario {
  /**
   * Share of those kept with an interaction within the days of the standard; null if nobody is
   * kept.
   */
  activeShare: number | null
  /** Of those kept, those who bought; null without a log. */
  buyers: number | null
  /** Their share; null without a log, or if nobody is kept. */
  buyersShare: number | null
  /** Followers who are dropped. */
  dropped: number
  /** Followers who are kept. */
  followers: number
  /** Interactions within those days per follower kept; null if nobody is kept. */
  interactionsMean: number | null
  /** Who is kept. */
  kept: Kept
  /** Money of those kept; null without a log. */
  revenue: number | null
  /** Money per follower kept; null without a log, or if nobody is kept. */
  revenueMean: number | null
}

/** Which kind of groups. */
export type Scheme =
  /** The classic eight: recency, frequency and monetary value each high or low. */
  | 'eight'
  /** Eleven groups over the recency and frequency scores; money does not decide. */
  | 'eleven'
  /** Your own rules, in `map`. */
  | 'map'

/** Customers with scores in a range. */
export interface ScoreBand {
  /** How many customers. */
  customers: number
  /** Their lowest score; null for an empty band. */
  least: number | null
  /** Their highest score; null for an empty band. */
  most: number | null
  /** Their money. */
  revenue: number
  /** Their share of all money; null if all money together is not positive. */
  revenueShare: number | null
}

/** How customers are scored. */
export interface ScoreOptions {
  /** How many scores there are: 1 is worst, this number is best. From 2 to 10. */
  bins?: number
  /** With `fixed`: to which side a value that equals a threshold belongs. */
  closed?: Closed
  /** How a value becomes a score, above all how equal values are treated. */
  convention?: Convention
  /** The thresholds, needed with the convention `fixed` and allowed only there. */
  thresholds?: Thresholds | null
  /** How much each measure counts in the total score. */
  weights?: Weights
}

/** How well a score finds those whom an arm changes. */
export interface ScoreResult {
  /** The arm. */
  arm: string
  /** The metric, a share. */
  metric: string
  /** Qini coefficient: 1 is the best order there can be, 0 as good as chance. */
  qini: number | null
  /** The score. */
  score: string
  /** Effect among the 30 % with the largest scores. */
  topEffect: number | null
  /** Units of the arm and the control that have both. */
  units: number
  /** The same of the uplift curve. */
  uplift: number | null
}

/** How scores lie. */
export interface ScoreSpread {
  /** The lowest. */
  least: number
  /** A quarter is at or below (type 7). */
  lower: number
  /** The mean. */
  mean: number
  /** Half is at or below. */
  median: number
  /** The highest. */
  most: number
  /** Three quarters are at or below. */
  upper: number
}

/** A second number of each unit: the denominator of a ratio, or the covariate of a mean. */
export interface SecondValue {
  /** Sample covariance (n − 1) with the metric's own number. */
  covariance: number
  /** Mean per unit. */
  mean: number
  /** Sample variance (n − 1) over the units. */
  variance: number
}

/** A segment at two dates. */
export interface SegmentChange {
  /** Customers now. */
  after: number
  /** Customers at the earlier date. */
  before: number
  /** Jaccard of its customers at the two dates; null if it has none at either. */
  jaccard: number | null
  /** Its name. */
  segment: string
  /** Customers at both. */
  stayed: number
}

/** Whether an effect differs between segments: Cochran's Q over their effects. */
export interface SegmentDifference {
  /** The same, adjusted for all rows of this table. */
  adjustedPValue: number
  /** The arm. */
  arm: string
  /** The attribute; null of days. */
  by: string | null
  /** Cochran's Q. */
  chiSquared: number
  /** Segments with an interval, less one. */
  degrees: number
  /** The metric. */
  metric: string
  /** How likely it is if the effect is the same everywhere. */
  pValue: number
}

/** Two dates. */
export interface SegmentDrift {
  /** Each segment at both dates, in the order of names. */
  segments: SegmentChange[]
  /** How far the sizes of the segments are apart; null if one date has no customer. */
  sizes: ClassDrift | null
}

/** One segment. */
export interface SegmentOf {
  /** The column of the set `customers` that is 1 for those in it. */
  column: string
  /** How many are in it. */
  customers: number
  /** What the request says of it. */
  description: string | null
  /** Wilson's interval of the share, for customers like these. */
  interval: Interval
  /** Its name. */
  name: string
  /** What a ready rule is called, means and suggests; null for others. */
  preset: PresetWords | null
  /** Their money; null if no amount is mapped or granted. */
  revenue: number | null
  /** Their share of all money; null without money, or if all money is not above 0. */
  revenueShare: number | null
  /** The rule in its usual writing. */
  rule: string
  /** The rule as a sentence. */
  sentence: RuleWords
  /** Their share of all customers. */
  share: number
}

/** One segment. */
export interface SegmentProfile {
  /** How many customers. */
  customers: number
  /** Wilson interval of the share. */
  interval: Interval
  /** Each measure, the largest effect first. */
  measures: MeasureProfile[]
  /** Its name. */
  segment: string
  /** What sets it apart, in one sentence. */
  sentence: Text
  /** Their share of all customers. */
  share: number
  /** Each value of each attribute, the smallest p-value first. */
  values: ValueProfile[]
}

/** The effects within a segment. */
export interface SegmentResult {
  /** The attribute; null of days. */
  by: string | null
  /**
   * The metrics, in the order of the options. Adjusted p-values count all segments, arms and
   * metrics that are no guardrails.
   */
  metrics: MetricResult[]
  /** Whether they were shared out as planned. */
  sampleRatio: SampleRatio | null
  /** Units. */
  units: number
  /** Its value, or the day; null of units without one. */
  value: string | null
}

/** One segment. */
export interface SegmentRule {
  /** What it is for, in your words. */
  description?: string | null
  /** Its name, by which other rules refer to it. */
  name: string
  /** The rule: text, or the tree. */
  rule: RuleSource
}

/** Options of `segments`. */
export interface SegmentsOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out.
   */
  at: string
  /** The confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`. */
  count?: Count | null
  /** The name of a segment to explain: for every customer each condition with its value. */
  explain?: string | null
  /** Ready rules to add. Those that they refer to are added too. */
  presets?: Preset[]
  /**
   * The events that are purchases, where the role `event` is mapped. Without it every row is
   * one. A negative amount is a refund and never a purchase.
   */
  purchaseEvents?: string[]
  /** The segments; at most 64 with the ready ones. */
  segments?: SegmentRule[]
}

/** Result of `segments`. */
export interface SegmentsResult {
  /** The conditions of the segment that was to be explained, as columns of the set `reasons`. */
  explain: Explained | null
  /** Everyone with a row in the log up to the reference moment, or in the table of customers. */
  population: number
  /** Their money, refunds taken off; null if no amount is mapped or granted. */
  revenue: number | null
  /** One for each segment, in the order of the request, ready ones last. */
  segments: SegmentOf[]
}

/** How much one customer can change an answer. */
export interface Sensitivity {
  /** In the sum of differences: for Laplace noise. */
  l1: number
  /** In the root of squares: for Gaussian noise. */
  l2: number
}

/** An answer and its bounds. */
export interface SensitivityOptions {
  /** The least value of a row, of a sum. */
  lower?: number
  /** Which data sets count as neighbours. */
  neighbours?: Neighbours
  /** What is asked. */
  query: SensitivityQuery
  /** How many rows of a customer count at most. */
  rowsPerCustomer?: number
  /** How many of them in one group. */
  rowsPerGroup?: number | null
  /** The largest value of a row, of a sum. */
  upper?: number
}

/** What is asked. */
export type SensitivityQuery =
  /** How many rows. */
  | 'count'
  /** The sum of a value. */
  | 'sum'
  /** How many rows in each group. */
  | 'histogram'

/** One step of a sequence. */
export interface SequenceStep {
  /** The event. Absent: a purchase. */
  event?: string | null
  /** Whether it must not happen. The first step must happen. */
  not?: boolean
  /** Only rows for which all of these hold. */
  where?: RowFilter[]
  /** Only rows of this time. */
  window?: RuleWindow | null
  /** How long after the step before, at most. Absent: any time. */
  within?: string | null
}

/** The first day of a spreadsheet's day numbers. */
export type Serial =
  /** 1 is 1900-01-01, and 60 the 29 February 1900 that never was (and is left out). */
  | '1900'
  /** 0 is 1904-01-01. */
  | '1904'

/** What reading did with the rows that an `Issue` counts. */
export type Severity =
  /** The row was left out. */
  | 'rejected'
  /** The row was used with an altered value, as the rule of the code says. */
  | 'changed'
  /** The row was used as it is, but somebody should look at it. */
  | 'doubtful'
  /** For information; alone it does not make the outcome a warning. */
  | 'note'

/** Two shares compared. */
export interface ShareDifference {
  /** The first share less the second. */
  difference: number
  /** Newcombe's interval of the difference, out of the Wilson intervals of both. */
  interval: Interval
  /**
   * How likely so large a difference is, either way, if the shares are equal: Pearson's test
   * where five or more are expected in every cell, else Fisher's.
   */
  pValue: number
}

/** An effect in the light of the others. */
export interface ShrunkenEffect {
  /** The chance that it is above 0. */
  chanceAboveZero: number
  /** As it was found. */
  effect: number
  /** The error of that, that of the mean counted. */
  error: number
  /** The interval by the normal law. */
  interval: Interval
  /** Its name. */
  name: string
  /** What it is expected to be: drawn towards the mean. */
  shrunken: number
  /** Its weight in the mean, 0 to 1; 1 in all. */
  weight: number
}

/** Options of the social dimension. */
export interface SocialOptions {
  /** Only actions of the last so many days count, the day of `at` included. Default: all. */
  days?: number | null
  /** Which events count as what. */
  events?: EventNames
  /** How kinds are made comparable. */
  normalise?: Normalise
  /**
   * Social measures from which on the score is 2, 3, …: one fewer than there are bins, rising.
   * Default: who did nothing scores 1, and the others are cut into groups of equal size.
   */
  thresholds?: number[] | null
  /** How much each kind counts. */
  weights?: SocialWeights
}

/** How much one usual measure of each kind counts. */
export interface SocialWeights {
  /** Of comments. */
  comment?: number
  /** Of posts in groups. */
  groupPost?: number
  /** Of invitations accepted. */
  inviteAccepted?: number
  /** Of invitations sent. */
  inviteSent?: number
  /** Of shares. */
  share?: number
}

/** The model of money. */
export interface SpendFit {
  /**
   * Pearson correlation of repeats and their mean money among repeat buyers: the model supposes 0.
   * Null with fewer than three of them, or without spread.
   */
  correlation: number | null
  /** Mean over repeat buyers of the mean money of a repeat. */
  mean: number
  /** Gamma-Gamma; null where it cannot be had. */
  model: ModelFit | null
  /**
   * Why not: `not-enough-data`, `not-identifiable` (all spend the same), `not-converged`, or
   * `no-mean` (`q` is 1 or less). Each customer's own mean then takes its place, and that of all
   * where there is none.
   */
  reason: string | null
}

/** What is high and what is low in the scheme `eight`. */
export type Split =
  /**
   * Against the mean of all customers, compared exactly: more orders or more money than the
   * mean, fewer days than the mean; equal to the mean is low. The textbook rule. A few very
   * large customers pull the mean up, so that most count as low.
   */
  | 'mean'
  /** By score: above the middle of the bins is high (4 and 5 of five). */
  | 'score'

/** How the spread of the true effects is estimated. */
export type SpreadMethod =
  /** The restricted likelihood at its height. */
  | 'reml'
  /** DerSimonian and Laird's, out of Q. */
  | 'dersimonian-laird'

/** A stage of the life of a customer. */
export type Stage =
  /** Came lately and bought on one day only. */
  | 'new'
  /** Active again after a silence that had reached `lost`. */
  | 'returned'
  /** Active, and bought on many days. */
  | 'loyal'
  /** Bought within the usual rhythm. */
  | 'active'
  /** Longer silent than most customers between two purchases. */
  | 'at-risk'
  /** Silent for very long. */
  | 'dormant'
  /** Silent for longer than nearly anybody who came back. */
  | 'lost'

/** Customers who were in one stage and are in another, or the same. */
export interface StageMove {
  /** How many customers. */
  customers: number
  /** At the end of the period before. */
  from: Stage
  /** Wilson interval of the share. */
  interval: Interval
  /** Their share of the customers of `from`, 0 to 1. */
  share: number
  /** At `at`. */
  to: Stage
}

/** One stage. */
export interface StageRow {
  /** How many customers. */
  customers: number
  /** Their share of all customers, 0 to 1. */
  customersShare: number
  /** Display name. */
  name: Text
  /** Their money so far. */
  revenue: number
  /** The stage. */
  stage: Stage
}

/** The stages at the end of one period. */
export interface StagesAt {
  /** Customers of each stage, in the order of `stages`. */
  customers: number[]
  /** The period's name; of the last one, `at` is the end. */
  period: string
}

/** The effects of several beginnings, each held against groups without the treatment alone. */
export interface Staggered {
  /** By beginning. */
  beginnings: BeginningEffect[]
  /** By beginning and period. */
  cells: CellEffect[]
  /** How far it may be taken for an effect. */
  claim: Claim
  /** The mean of the beginnings' effects, weighted by their groups. */
  effect: PanelEstimate
  /** By periods since the beginning; those below 0 show whether the groups went on alike before. */
  events: EventEffect[]
  /** What the usual regression would say of all together, and why not to believe it. */
  twoWay: TwoWay | null
}

/** Counts by two attributes. */
export interface SuppressOptions {
  /** The counts of customers, row by row. */
  counts: number[][]
  /** Counts from 1 to k − 1 are hidden. */
  k: number
  /** The log of what was published before; empty at first. Only asked if `table` is named. */
  ledger?: Ledger
  /** Which table this is: what was published of it before may not differ by fewer than k customers. */
  table?: string | null
}

/** A table that may be published. */
export interface Suppressed {
  /** The sums of the columns. */
  columnTotals: number[]
  /** The counts; null where hidden. Empty if nothing protects the small cells. */
  counts: ((number | null)[])[]
  /** Whether the small cells are protected. If not, the totals must stay hidden too. */
  feasible: boolean
  /** The hidden cells. */
  hidden: HiddenCell[]
  /**
   * The log with this table in it, if `table` was named and there is something to publish: keep
   * it, and give it with the next table.
   */
  ledger: Ledger | null
  /** The sums of the rows; empty if nothing protects the small cells. */
  rowTotals: number[]
}

/** A regression of lives. */
export type SurvivalModel =
  /** Cox: ratios of hazards, whatever the hazard's course. */
  | 'cox'
  /** Times are Weibull; its ratios are of times, as of the next two. */
  | 'weibull'
  /** Times are log-normal. */
  | 'log-normal'
  /** Times are log-logistic. */
  | 'log-logistic'

/** Options of `survival`. */
export interface SurvivalOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out, and what has not happened by then is not known.
   */
  at: string
  /**
   * An attribute of the input `customers`, a text: a curve for each of its values, and a test
   * whether they differ.
   */
  by?: string | null
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** What ends a customer's time. */
  event?: Event
  /** What a negative amount does: netted, it is no purchase. */
  refunds?: Refunds
  /** So many days without a purchase are a silence, for `event` `silence`; 1 to 3,650. */
  silenceDays?: number
  /** Curves are told at every so many days, 1 to 365. */
  stepDays?: number
  /** The mean days within the first so many are told, 1 to 3,650. */
  withinDays?: number
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/** A number that was estimated. */
export interface SurvivalParameter {
  /** Its standard error. */
  error: number
  /** The estimate. */
  estimate: number
  /** Its interval. */
  interval: Interval
}

/** Options of `survival-regression`. Columns are attributes of the input `lives`. */
export interface SurvivalRegressionOptions {
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** What is held against the ends: numbers, or texts of at most 50 values; 1 to 50 columns. */
  covariates: string[]
  /** The column of how long each life was followed, numbers of any unit of time. */
  duration: string
  /**
   * The column of the time from which on each life was seen, numbers; without it, from the start. A
   * life may stand in several rows, one for each span in which the columns stay the same (`cox`).
   */
  entry?: string | null
  /** The column of whether it ended then: numbers, of which 0 is no, or texts with `eventValue`. */
  event: string
  /** The text of `event` that says that it ended. */
  eventValue?: string | null
  /** Which regression. */
  model?: SurvivalModel
  /**
   * Ridge penalty on columns with a spread of 1, zero or more (`cox`): the larger, the closer to 0
   * are all coefficients.
   */
  penalty?: number
  /** Lives to draw a curve for. */
  profiles?: LifeProfile[]
  /**
   * Errors that hold also where rows of one customer hang together, or the model is not quite right
   * (`cox`).
   */
  robust?: boolean
  /** A column of texts: the hazard of each value has a course of its own (`cox`). */
  strata?: string | null
  /** What is done with ends at the same time (`cox`). */
  ties?: Ties
  /** The times of the curves' points; without them 25 from 0 to the last end. */
  times?: number[]
}

/**
 * Result of `survival-regression`. The column set `lives` holds `customer` and `ratio`: the hazard
 * (Cox) or the time of each row over those of a life with the mean of every column. By Cox the set
 * `baseline` holds `stratum` (an index into `strata`), `time` and `hazard`, cumulative, where all columns
 * are 0.
 */
export interface SurvivalRegressionResult {
  /** Share of pairs of lives that end in the order told, 0.5 by chance; null without such pairs. */
  concordance: number | null
  /** Ends among them. */
  events: number
  /** `ln T` where all columns are 0; null for Cox. */
  intercept: SurvivalParameter | null
  /** Logarithm of the likelihood, for Cox of the partial one. */
  logLikelihood: number
  /** The logarithm of the scale σ of `ln T`; null for Cox. */
  logScale: SurvivalParameter | null
  /** The same without the columns. */
  nullLogLikelihood: number
  /** The curves of the profiles, in their order. */
  profiles: ProfileCurve[]
  /**
   * Whether the ratios of hazards stay the same over time, all together; null but for Cox without a
   * penalty.
   */
  proportional: GroupTest | null
  /** Rows that were fitted. */
  rows: number
  /** The values of the column `strata`. */
  strata: string[]
  /** What each column does. */
  terms: SurvivalTerm[]
  /** Whether the columns together say anything: the ratio of likelihoods; null with a penalty. */
  test: GroupTest | null
  /** The answer to that in a word. */
  verdict: Proportionality
}

/**
 * Result of `survival`. The column set `customers` holds `customer`, `days` (how long they were
 * followed) and `ended` (1 if what was waited for came then).
 */
export interface SurvivalResult {
  /** All customers. */
  all: Curve
  /**
   * Those of each value of the attribute, by the value; the last one, without a name, those
   * without a value. Empty without `by`.
   */
  groups: Curve[]
  /** Whether the groups with a value differ; null with fewer than two, or where nothing tells. */
  test: GroupTest | null
}

/** What a column does, or a value of a column of texts. */
export interface SurvivalTerm {
  /**
   * Change of the logarithm of the hazard (Cox: above 0 ends sooner) or of the time (the others:
   * above 0 lasts longer), per unit of the column.
   */
  coefficient: SurvivalParameter
  /** The column. */
  column: string
  /** How likely so large a coefficient is where the column does nothing (Wald's test). */
  p: number
  /** Whether the ratio of the column stays the same over time; for a text all its values together. */
  proportional: GroupTest | null
  /** `exp` of it: the ratio of hazards or of times; null beyond all numbers. */
  ratio: number | null
  /** Its interval. */
  ratioInterval: Interval | null
  /** The value it is held against; null for numbers. */
  reference: string | null
  /** The value; null for numbers. */
  value: string | null
}

/** The treated less a weighted mean of controls that was like them before. */
export interface SyntheticControl {
  /** How far it may be taken for an effect. */
  claim: Claim
  /** The controls, the weightiest first. */
  donors: Donor[]
  /** The mean gap over the periods with the treatment. */
  effect: number
  /**
   * The rank of the ratio among those of the controls, each taken for treated: never below one over
   * the groups.
   */
  pValue: number | null
  /** The one over the other; null where the fit before is perfect. */
  ratio: number | null
  /** The effect over the synthetic control; null unless that is above 0. */
  relative: number | null
  /** The same from the beginning on. */
  rmspeAfter: number
  /** Root of the mean squared gap before: how well the control fits. */
  rmspeBefore: number
}

/** One tag. */
export interface TagOf {
  /** How often the audit found it right; null if it was not audited. */
  accuracy: TagShare | null
  /** Whether a rule computes it. */
  computed: boolean
  /** How many customers have it. */
  customers: number
  /** Its name. */
  name: string
  /** Their share of all customers; null if nothing says how many there are. */
  share: number | null
}

/** A tag that is computed by a rule. */
export interface TagRule {
  /** Who has it. Other computed tags are segments to it. */
  rule: RuleSource
  /** The tag's name. */
  tag: string
}

/** A share with its interval and its target. */
export interface TagShare {
  /** So many … */
  count: number
  /** Wilson's interval. */
  interval: Interval
  /** … of so many. */
  of: number
  /** `count / of`. */
  share: number
  /** What is aimed at; null where nothing is. */
  target: number | null
  /** Whether the target is met; null without one. */
  verdict: Verdict | null
}

/** What is aimed at. */
export interface TagTargets {
  /** The share of tags that are right. Default 0.95. */
  accuracy?: number
  /** The share of customers who have a tag. Default 0.9. */
  coverage?: number
}

/** Options of `tags`. */
export interface TagsOptions {
  /** The reference moment: a local day, which still counts whole, or an instant. */
  at: string
  /** Tags that are computed by rules, as of the reference moment; they need the input `log`. */
  computed?: TagRule[]
  /** The confidence of the intervals, between 0 and 1. */
  confidence?: number
  /**
   * What counts as one purchase, for computed tags. Default: `order` if the role `order` is
   * mapped, else `row`.
   */
  count?: Count | null
  /** Pairs of tags that nobody can have together. */
  exclusive?: ([string, string])[]
  /** A tag is fresh if it was assigned at most so many calendar days ago. */
  freshDays?: number
  /** How many customers there are, if neither `log` nor `customers` says so. */
  population?: number | null
  /** The events that are purchases, for computed tags. */
  purchaseEvents?: string[]
  /** What is aimed at. */
  targets?: TagTargets
}

/** Result of `tags`. */
export interface TagsResult {
  /**
   * The share of audited tags that are right, over all tags. The target is met if the whole
   * interval is above it, missed if the whole interval is below. Null without an audit.
   */
  accuracy: TagShare | null
  /** The pairs that nobody should have together. */
  conflicts: Conflict[]
  /**
   * Their share, against the target. Everyone is counted, so the target is met or not by the
   * share itself. Null without the number of customers.
   */
  coverage: TagShare | null
  /** Rows of tags that have expired. */
  expired: number
  /** How old the tags are; null if no time of assignment is mapped. */
  freshness: Freshness | null
  /** Further tags that are not listed. */
  furtherTags: number
  /** Rows of tags that are assigned only after the reference moment. */
  later: number
  /**
   * How many customers there are: those of the log and of the table of customers, or what the
   * request says; null if nothing says so.
   */
  population: number | null
  /** How many of them have a tag that holds. */
  tagged: number
  /** Tags that hold, by the number of customers who have them; at most 1,000. */
  tags: TagOf[]
}

/** The best customers by rank, up to a share of all held out. */
export interface Tenth {
  /** Members among them over all members held out. */
  captured: number
  /** Customers from the best down to the end of this tenth. */
  customers: number
  /** Interval of the lift, out of the Wilson interval of the members per customer. */
  interval: Interval
  /** Members per customer, over the base rate: 2 is twice as good as chance. */
  lift: number
  /** Members among them, equal scores by expectation. */
  members: number
}

/** The units of a tenth. */
export interface Tenth2 {
  /** The mean effect measured. */
  effect: Estimate
  /** The mean of the effects foretold. */
  foretold: number
  /** 1 is the best. */
  tenth: number
}

/** The same text in both languages. */
export interface Text {
  /** English. */
  en: string
  /** Simplified Chinese. */
  zh: string
}

/** How a cluster differs from all other customers in an attribute of texts. */
export interface TextEffect {
  /** The same share among all other customers; null if there are none. */
  elsewhere: number | null
  /**
   * The most frequent text of the cluster, the first by its bytes of equally frequent ones; null
   * where it is missing most often.
   */
  mode: string | null
  /** The attribute. */
  name: string
  /** Share of the cluster's customers who have it, 0 to 1. */
  share: number
}

/**
 * Thresholds of the convention `fixed`, ascending. Each list has one entry fewer than there
 * are bins.
 */
export interface Thresholds {
  /** Number of purchases, for example `[1, 2, 5, 10]`: one purchase scores 1. */
  frequency?: number[]
  /** Sum of money in whole currency units, for example `[100, 500, 2000, 10000]`. */
  monetary?: number[]
  /** Days since the last purchase, for example `[7, 30, 90, 180]`: up to 7 days score 5. */
  recency?: number[]
}

/** One level. */
export interface Tier {
  /** The spend from which on a customer has it. */
  from: number
  /** Its name. */
  name: string
}

/** One level, or what is below the first. */
export interface TierOf {
  /** How many have it. */
  customers: number
  /** The spend from which on a customer has it; null below the first level. */
  from: number | null
  /** Wilson's interval of the share. */
  interval: Interval
  /** Its name; null below the first level. */
  name: string | null
  /** How many of them are near the next level; null in the highest. */
  near: number | null
  /** Their share of all customers. */
  share: number
  /** Their spend. */
  spend: number
  /** Their share of all spend; null if that is not above 0. */
  spendShare: number | null
}

/** Options of `tiers`. */
export interface TiersOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out.
   */
  at: string
  /** The confidence of the intervals, between 0 and 1. */
  confidence?: number
  /**
   * A customer is near the next level if so much spend is missing at most. Default: a tenth of
   * what the next level asks for.
   */
  near?: number | null
  /** The events that are purchases, where the role `event` is mapped. */
  purchaseEvents?: string[]
  /** The levels, lowest first; at most 100. */
  tiers: Tier[]
  /** The time whose spend counts, such as `{ "last": "12mo" }`. Absent: all up to the moment. */
  window?: RuleWindow | null
}

/** Result of `tiers`. */
export interface TiersResult {
  /** Customers with a row up to the reference moment. */
  population: number
  /** Their spend in the time that counts, refunds taken off. */
  spend: number
  /** Those below the first level, then one for each level, lowest first. */
  tiers: TierOf[]
}

/** What is done where several lives end at the same time. */
export type Ties =
  /** As if they had ended one after the other, in a middling order: close to the exact likelihood. */
  | 'efron'
  /** As if all of them were still at risk at each end. */
  | 'breslow'

/** First and last instant. */
export interface TimeRange {
  /** Earliest instant, milliseconds since 1970-01-01T00:00Z. */
  first: number
  /** Latest instant, milliseconds since 1970-01-01T00:00Z. */
  last: number
}

/** What the largest customers hold. */
export interface TopShare {
  /** So many customers, rounded up. */
  customers: number
  /** Their part of the total, 0 to 1. */
  part: number
  /** The share of customers that was asked for. */
  share: number
}

/** All customers together. */
export interface Totals {
  /** Customers with at least one purchase. */
  customers: number
  /** Purchases, mean over customers. */
  frequencyMean: number
  /** Money, mean over customers. */
  monetaryMean: number
  /** Their purchases. */
  purchases: number
  /** Days, mean over customers. */
  recencyMean: number
  /** Their money, refunds as asked. */
  revenue: number
  /** The same, exact to the last digit. */
  revenueText: string
}

/** Weights within the transaction dimension. */
export interface TransactionWeights {
  /** Of the number of purchases. */
  frequency?: number
  /** Of the money. */
  monetary?: number
  /** Of a recent last purchase. */
  recency?: number
}

/** A node: a leaf, or a decision whose children stand behind it in the tree. */
export interface TreeNode {
  /** Codes of categories that go left; where there are any, `threshold` is not asked. */
  codes?: number[]
  /** Weight of the rows that came through here when it was grown. */
  cover: number
  /** The column that is asked; left out of a leaf. */
  feature?: number | null
  /** Place of the left child. */
  left: number
  /** Whether what is missing goes left. */
  missingLeft: boolean
  /** Place of the right child. */
  right: number
  /** Numbers at or below it go left. */
  threshold: number
  /** What a leaf adds. */
  value: number
}

/** One number of clusters. */
export interface Tried {
  /** Bayesian information criterion of a mixture, lower is better; null for other methods. */
  bic: number | null
  /** How many clusters. */
  clusters: number
  /**
   * The gap statistic of k-means with so many clusters; null with `dbscan` and `hdbscan`, and
   * where there are no more distinct customers than clusters.
   */
  gap: GapRow | null
  /** Mean Jaccard similarity of the least stable cluster under resampling, 0 to 1. */
  jaccard: number
  /** Mean silhouette of the sample without noise, −1 to 1; null for fewer than two clusters. */
  silhouette: number | null
  /** Mean adjusted Rand index under resampling, about 0 to 1. */
  stability: number
}

/** A regression with a constant for each group and each period over several beginnings. */
export interface TwoWay {
  /** Its effect. */
  effect: number
  /** How much weight below 0 it gives to effects of some groups and periods, of 1 in all. */
  negativeWeight: number
}

/** The column of an attribute and what it holds. */
export interface TypedAttribute {
  /** The header name of the column. */
  column: string
  /** Other header names of the column, as in `otherNames`. */
  otherNames?: string[]
  /** What it holds. */
  type?: AttributeType
}

/** The length of a period. */
export type Unit =
  /** A local date. */
  | 'day'
  /** Seven local dates, from `weekStart` on. */
  | 'week'
  /** A calendar month. */
  | 'month'
  /** Three calendar months, the first from January on. */
  | 'quarter'
  /** A calendar year. */
  | 'year'

/** The units of an arm. */
export interface UpliftArm {
  /** Its name. */
  arm: string
  /** Their mean outcome. */
  mean: number
  /** Units. */
  units: number
}

/** Options of `uplift`. */
export interface UpliftOptions {
  /** Confidence of the intervals, between 0 and 1. */
  confidence?: number
  /** The arm without the treatment. */
  control: string
  /** What treating one unit costs, in the same money. */
  cost?: number
  /**
   * Attributes, numbers or texts, that were known before the treatment. What was written down
   * later foretells effects that nobody can choose by.
   */
  features: string[]
  /** Parts into which the units are dealt, 2 to 20. Each is scored by models of the others. */
  folds?: number
  /** How effects are learned. */
  learner?: Learner
  /**
   * The attribute with what is to be changed, a number: 0 or 1 where it is yes or no, else an
   * amount. More is better.
   */
  outcome: string
  /**
   * The planned share of the treated among the units of both arms, between 0 and 1. Default: the
   * share there is.
   */
  propensity?: number | null
  /** Names the random stream that deals them. */
  seed?: number
  /**
   * The shares of units, best first, at which the curves are told, above 0 and at most 1, rising;
   * at most 100. Default: each twentieth.
   */
  shares?: number[]
  /** The arm with it. Default: the only other one there is. */
  treatment?: string | null
  /** What one more of the outcome is worth: 1 where the outcome is the money itself. */
  value?: number
  /** The attribute with the name of each unit's arm. */
  variant?: string
}

/**
 * Result of `uplift`. The column set `customers` holds every unit of both arms, the best of
 * each fold first: `customer`, `effect` (foretold by models that did not see the unit), `tenth` (1 to
 * 10) and `position` (share of the units of its fold that are before it, equal ones counting half).
 */
export interface UpliftResult {
  /** Control and treatment. */
  arms: UpliftArm[]
  /**
   * Area under the gain curve over the share of units, in outcomes per unit: half the mean effect
   * if units are chosen by chance.
   */
  auuc: Estimate
  /** The best share to treat. */
  best: BestShare
  /**
   * The usual coefficients out of counts: 1 is the best order there can be, 0 chance. Null for
   * amounts.
   */
  coefficients: Coefficients | null
  /** What treating the best part of the units brings, at each share. */
  curve: CurvePoint2[]
  /** The mean effect of treating a unit. */
  effect: Estimate
  /** The features by how much of the spread of foretold effects each tells alone, most first. */
  features: FeatureSpread[]
  /**
   * Whether effects differ between units as foretold; null where the models foretell the same
   * for all.
   */
  heterogeneity: Heterogeneity | null
  /** Whether the outcome is yes or no. */
  isShare: boolean
  /** Area between the gain curve and the line of chance, in outcomes per unit: 0 is chance. */
  qini: Estimate
  /** The answer in one sentence. */
  sentence: Text
  /** The effect within each tenth by score, the best first. */
  tenths: Tenth2[]
}

/** How many rows and customers entered the answer. */
export interface Used {
  /** Customers. */
  customers: number
  /** Rows. */
  rows: number
}

/**
 * The standard of a valid follower: so many interactions within so many days up to the reference
 * day, or joined too lately to tell.
 */
export interface ValidRule {
  /** Whether a purchase ever makes valid too. */
  buyers?: boolean
  /** Within so many days, the reference day included. */
  days?: number
  /** Whoever joined at most so many days ago is valid without any. */
  graceDays?: number
  /** Interactions at least. */
  least?: number
}

/** A dimension of the score. */
export type ValueDimension =
  /** What they buy. */
  | 'transaction'
  /** What they look at. */
  | 'behaviour'
  /** Whom they bring. */
  | 'social'
  /** What they think. */
  | 'sentiment'

/** One dimension. */
export interface ValueDimensionRow {
  /** Which. */
  dimension: ValueDimension
  /**
   * Shannon's entropy of how it is spread over customers, over its largest value: 1 if all
   * have the same, near 0 if one has all. Null where nobody has any, and for one customer.
   */
  entropy: number | null
  /** Whether there is data for it. */
  hasData: boolean
  /** Its mean over all customers, 0 to 1. */
  mean: number
  /** Its weight; all weights together are 1. */
  weight: number
}

/** A value of an attribute in a segment and among all others. */
export interface ValueProfile {
  /** The p-value adjusted for all tests of the report. */
  adjustedPValue: number | null
  /** The attribute. */
  attribute: string
  /** Customers of the segment with this value. */
  customers: number
  /** The comparison of the shares; null where one side knows nobody's. */
  difference: ShareDifference | null
  /** Wilson interval of the share. */
  interval: Interval | null
  /** The share among all others; null if known of none. */
  othersShare: number | null
  /** Their share of those of whom the attribute is known; null if of none. */
  share: number | null
  /** The value. */
  value: string
}

/** Options of `value-score`. */
export interface ValueScoreOptions {
  /**
   * The reference moment: a local day, which still counts whole, or an instant. Rows after it
   * are left out.
   */
  at: string
  /** What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`. */
  count?: Count | null
  /** What becomes of customers who never bought. */
  nonBuyers?: NonBuyers
  /** What a negative amount does. */
  refunds?: Refunds
  /** How actions become the social measure. `days` bounds the behaviour dimension too. */
  social?: SocialOptions
  /** How much recency, frequency and money count within the transaction dimension. */
  transaction?: TransactionWeights
  /** The sentiment of customers without a rating, 0 to 1. */
  unrated?: number
  /** Where the weights of the dimensions come from. */
  weighting?: Weighting
  /** The weights, needed with `given` and allowed only there. Only their proportions count. */
  weights?: DimensionWeights | null
  /** What an amount of exactly zero does. */
  zeros?: Zeros
}

/**
 * Result of `value-score`. The column set `customers` holds `customer`, `isBuyer`, `isRated`; the
 * dimensions `transaction`, `behaviour`, `social`, `sentiment` (each 0 to 1); the parts
 * `recencyPart`, `frequencyPart`, `monetaryPart`, `behaviourPart`, `socialPart`, `sentimentPart`;
 * their sum in this order, `score` (0 to 100); and `band` (index into `bands`).
 */
export interface ValueScoreResult {
  /** The customers by score: the best fifth first. Equal scores are in one band. */
  bands: ScoreBand[]
  /** The dimensions and their weights. */
  dimensions: ValueDimensionRow[]
  /** How scores lie. */
  scores: ScoreSpread
  /** What the score says, in one sentence. */
  sentence: Text
}

/** A test of a text or a number. */
export type ValueTest = { in: string[] } | { notIn: string[] } | { contains: string } | { startsWith: string } | { number: RuleNumberTest }

/** A variant. */
export interface VariantOptions {
  /** Its name. */
  name: string
  /** Its weight, relative to those of the others. Default: 1. */
  weight?: number
}

/** Units of a variant. */
export interface VariantUnits {
  /** Its name. */
  name: string
  /** How many. */
  units: number
}

/** Whether a target is met. */
export type Verdict =
  /** It is. */
  | 'met'
  /** It is not. */
  | 'missed'
  /** The sample is too small to tell. */
  | 'unclear'

/** Whether the model may be believed. */
export type Verdict2 =
  /**
   * The purchases of the days held out are within 10 % of those expected, and customers are
   * foreseen better than by their own pace so far.
   */
  | 'good'
  /** Within 25 %, and better than by their own pace. */
  | 'fair'
  /** Farther off, or worse than by their own pace. */
  | 'poor'
  /** Nothing was held out, or too little came to tell. */
  | 'unknown'

/** Something that is not an error but changes how the numbers read. */
export interface Warning {
  /** A stable kebab-case code. */
  code: string
  /** How often. */
  count: number
  /** One sentence. */
  hint: string
}

/** The first day of a week. */
export type WeekStart =
  /** As ISO 8601 has it. */
  | 'monday'
  /** Saturday comes last. */
  | 'sunday'

/** Where weights come from. */
export type Weighting =
  /** Every dimension that has data counts the same. */
  | 'equal'
  /** Yours, in `weights`. */
  | 'given'
  /**
   * By entropy: a dimension in which customers differ more counts more. A dimension that few
   * customers have at all differs most, whether it matters or not.
   */
  | 'entropy'

/** How much each measure counts in the total score. */
export interface Weights {
  /** Weight of the frequency score, zero or more. */
  frequency?: number
  /** Weight of the monetary score, zero or more. */
  monetary?: number
  /** Weight of the recency score, zero or more. */
  recency?: number
}

/** What an amount of exactly zero does. */
export type Zeros =
  /** It is a purchase (a gift, a sample, a full voucher). */
  | 'keep'
  /** The row is ignored. */
  | 'drop'

/** The zone in which naive times were read. */
export interface ZoneUse {
  /** The hash of its table of offset changes, 16 hexadecimal digits. */
  hash: string
  /** Its name as given. */
  name: string
}

/** Every analysis: its version, its inputs, its options and its result. */
export interface Analyses {
  rfm: { version: 1; inputs: 'log'; options: RfmOptions; result: RfmResult }
  describe: { version: 1; inputs: 'log'; options: DescribeOptions; result: DescribeResult }
  lifecycle: { version: 1; inputs: 'log'; options: LifecycleOptions; result: LifecycleResult }
  migration: { version: 1; inputs: 'log'; options: MigrationOptions; result: MigrationResult }
  concentration: { version: 1; inputs: 'log'; options: ConcentrationOptions; result: ConcentrationResult }
  rfms: { version: 1; inputs: 'log' | 'events' | 'referrals'; options: RfmsOptions; result: RfmsResult }
  'value-score': { version: 1; inputs: 'log' | 'events' | 'referrals' | 'ratings'; options: ValueScoreOptions; result: ValueScoreResult }
  inactivity: { version: 1; inputs: 'followers' | 'events' | 'log'; options: InactivityOptions; result: InactivityResult }
  lrfm: { version: 1; inputs: 'log' | 'customers'; options: LrfmOptions; result: LrfmResult }
  'rfm-periods': { version: 1; inputs: 'log'; options: RfmPeriodsOptions; result: RfmPeriodsResult }
  clusters: { version: 2; inputs: 'log'; options: ClustersOptions; result: ClustersResult }
  coverage: { version: 1; inputs: 'contacts' | 'book'; options: CoverageOptions; result: CoverageResult }
  'compare-segments': { version: 1; inputs: 'segments' | 'customers' | 'log' | 'before'; options: CompareOptions; result: CompareResult }
  segments: { version: 1; inputs: 'log' | 'customers' | 'tags'; options: SegmentsOptions; result: SegmentsResult }
  tags: { version: 1; inputs: 'tags' | 'log' | 'customers' | 'audit'; options: TagsOptions; result: TagsResult }
  tiers: { version: 1; inputs: 'log'; options: TiersOptions; result: TiersResult }
  'look-alike': { version: 1; inputs: 'members' | 'customers' | 'log'; options: LookAlikeOptions; result: LookAlikeResult }
  'churn-risk': { version: 1; inputs: 'customers' | 'log'; options: ChurnRiskOptions; result: ChurnRiskResult }
  'lifetime-value': { version: 1; inputs: 'log'; options: LifetimeValueOptions; result: LifetimeValueResult }
  survival: { version: 1; inputs: 'log' | 'customers'; options: SurvivalOptions; result: SurvivalResult }
  'survival-regression': { version: 1; inputs: 'lives'; options: SurvivalRegressionOptions; result: SurvivalRegressionResult }
  'competing-risks': { version: 1; inputs: 'lives'; options: CompetingRisksOptions; result: CompetingRisksResult }
  experiment: { version: 1; inputs: 'units'; options: ExperimentOptions; result: ExperimentResult }
  uplift: { version: 1; inputs: 'units'; options: UpliftOptions; result: UpliftResult }
  'experiment-register': { version: 1; inputs: never; options: ExperimentRegisterOptions; result: ExperimentRegisterResult }
  bandit: { version: 1; inputs: never; options: BanditOptions; result: BanditResult }
  'meta-analysis': { version: 1; inputs: never; options: MetaAnalysisOptions; result: MetaAnalysisResult }
  'panel-effect': { version: 1; inputs: 'panel'; options: PanelEffectOptions; result: PanelEffectResult }
  replenishment: { version: 1; inputs: 'log'; options: ReplenishmentOptions; result: ReplenishmentResult }
  'repeat-purchase': { version: 1; inputs: 'log'; options: RepeatPurchaseOptions; result: RepeatPurchaseResult }
  activation: { version: 1; inputs: 'joined' | 'events' | 'log'; options: ActivationOptions; result: ActivationResult }
  'retention-curve': { version: 1; inputs: never; options: RetentionCurveOptions; result: RetentionCurveResult }
  power: { version: 1; inputs: never; options: PowerOptions; result: PowerResult }
  assign: { version: 1; inputs: 'units'; options: AssignOptions; result: AssignResult }
}

/** What `privacy` does: options and answer of each task. */
export interface PrivacyTasks {
  /** Finds personal information in texts. */
  detect: { options: DetectOptions; result: Detected }
  /** Hides the inner part of personal information in texts, for display. */
  mask: { options: MaskOptions; result: Masked }
  /** What a number says of itself by its own rules. */
  identify: { options: IdentifyOptions; result: Identified }
  /** Which customers a policy lets through for a purpose, and why not the others. */
  coverage: { options: ConsentCoverageOptions; result: ConsentCoverage }
  /** What has been kept for its time. */
  retention: { options: RetentionOptions; result: Retained }
  /** A new secret key for pseudonyms. */
  newKey: { options: NoOptions; result: NewKey }
  /** Keyed pseudonyms of ids, for one purpose. */
  pseudonyms: { options: PseudonymOptions; result: PseudonymList }
  /** A two-way table of counts in which small ones are hidden so that totals do not give them away. */
  suppress: { options: SuppressOptions; result: Suppressed }
  /** How well people hide in a table: k, l, t and the risk of being found. */
  anonymity: { options: AnonymityOptions; result: Anonymity }
  /** Counts of groups with noise that hides each customer, paid from a budget. */
  noisyCounts: { options: NoisyCountsOptions; result: NoisyCounts }
  /** Sums and means by group with noise that hides each customer, paid from a budget. */
  noisySums: { options: NoisySumsOptions; result: NoisySums }
  /** A quantile with noise that hides each customer, paid from a budget. */
  noisyQuantile: { options: NoisyQuantileOptions; result: NoisyQuantile }
  /** The summary of an experiment with noise that hides each customer, paid from a budget. */
  noisyExperiment: { options: NoisyExperimentOptions; result: NoisyExperiment }
  /** What several noisy answers cost together. */
  privacyCost: { options: CostOptions; result: PrivacyCost }
  /** What equal answers of a pure ε cost together, by each bound. */
  composition: { options: CompositionOptions; result: PureComposition }
  /** How much Gaussian noise an ε and δ need. */
  calibrate: { options: CalibrateOptions; result: NoiseCalibration }
  /** How noise of a scale is distributed, and how far an answer may be off. */
  noise: { options: NoiseOptions; result: NoiseLaw }
  /** How much one customer can change an answer. */
  sensitivity: { options: SensitivityOptions; result: Sensitivity }
  /** What answers are like that each customer changes by chance. */
  localNoise: { options: LocalOptions; result: LocalAnswer }
  /** Adds an entry to a log that shows whether it was changed. */
  ledgerAppend: { options: LedgerAppendOptions; result: Ledger }
  /** Whether a log was changed. */
  ledgerCheck: { options: LedgerCheckOptions; result: LedgerCheck }
}

/** The codes of the errors that the crate raises. */
export type ErrorCode =
  | 'encoding'
  | 'encoding-surrogate'
  | 'parse'
  | 'delimiter'
  | 'ragged'
  | 'empty'
  | 'no-rows'
  | 'missing-column'
  | 'missing-sheet'
  | 'duplicate-column'
  | 'repeated-header'
  | 'preamble'
  | 'amount'
  | 'overflow'
  | 'precision'
  | 'refund'
  | 'date'
  | 'date-ambiguous'
  | 'date-gap'
  | 'date-fold'
  | 'date-future'
  | 'missing-id'
  | 'mangled-id'
  | 'lookalike-id'
  | 'control-char'
  | 'pii'
  | 'duplicate-order'
  | 'overlap'
  | 'type'
  | 'limit'
  | 'limit-memory'
  | 'unsupported'
  | 'unknown-analysis'
  | 'unknown-version'
  | 'unknown-field'
  | 'missing-field'
  | 'invalid-option'
  | 'unknown-table'
  | 'missing-role'
  | 'denied'
  | 'not-enough-data'
  | 'not-identifiable'
  | 'cancelled'
  | 'closed'
  | 'engine-restarted'
  | 'engine-load'
  | 'decode'
