/**
 * Option and result types of the analyses and of reading.
 *
 * Written by `npm run types` from the JSON Schema of the Rust types; not edited by hand.
 */

/** What a column means. */
export type Role = 'customer' | 'time' | 'amount' | 'order' | 'event' | 'product' | 'quantity' | 'channel'

/** Which column of the file has which role. */
export interface Roles {
  customer?: string
  time?: string
  amount?: string
  order?: string
  event?: string
  product?: string
  quantity?: string
  channel?: string
}

/** Upper bounds while reading; each has a safe default. */
export interface ReadLimits {
  rows?: number
  bytes?: number
  columns?: number
  fieldBytes?: number
}

/** How a table is read. */
export interface ReadOptions {
  /** Role → header name. Without it the guess is used, if it is sure enough. */
  roles?: Roles
  /** `auto` tells CSV from TSV by the header. */
  format?: 'auto' | 'csv' | 'tsv'
  /** The field separator; told from the header if absent. */
  delimiter?: string
  /** A label such as `utf-8` or `gb18030`; told from the bytes if absent. A BOM wins over it. */
  encoding?: string
  /** The zone of times without an offset: an IANA name or `+08:00`. Default `UTC`. */
  zone?: string
  /** Upper bounds. */
  limits?: ReadLimits
  /** The table's name in errors and reports. Default: the file's name. */
  name?: string
}

/** One column of a guess. */
export interface GuessColumn {
  name: string
  samples: string[]
}

/** What a role was guessed to be. */
export interface GuessRole {
  column: string
  /** 0 to 1. */
  confidence: number
  reason: string
}

/** A proposed mapping. */
export interface Guess {
  columns: GuessColumn[]
  roles: { [role in Role]?: GuessRole | null }
  delimiter: string
  encoding: string
  rowsSampled: number
}

/** One kind of problem in one column. */
export interface Issue {
  /** The error code. */
  code: string
  /** What was done with the rows. */
  severity: 'rejected' | 'changed' | 'doubtful' | 'note'
  /** Number of rows. */
  count: number
  /** The role of the column; null if the whole row has the problem. */
  column: Role | null
  /** The first lines that have it, at most five. */
  rows: number[]
}

/** What reading found. */
export interface Quality {
  format: string
  encoding: string | null
  delimiter: string | null
  headerLine: number | null
  zone: { name: string; hash: string }
  columns: { name: string; role: Role | null }[]
  rows: { read: number; used: number; skipped: number }
  customers: number | null
  time: { first: number; last: number } | null
  amount: { scale: number; sum: string; min: string; max: string; refunds: number; zeros: number } | null
  issues: Issue[]
}

/** A request as plain data. */
export interface Recipe {
  analysis: string
  version?: number
  inputs: { [input: string]: string }
  options?: object
  purpose?: string
}

/** What a report says about itself. */
export interface About {
  analysis: string
  version: number
  engine: string
  method: { name: string; reference: string }
  options: Record<string, unknown>
  inputs: { name: string; table: string; rows: number; fingerprint: string; zone: string }[]
  used: { rows: number; customers: number }
  leftOut: { reason: string; rows: number; customers: number }[]
  warnings: { code: string; count: number; hint: string }[]
  policy: string
  purpose: string | null
}

/** Text in both languages. */
export interface Bilingual {
  en: string
  zh: string
}

/** A rule of a user's own group map: inclusive ranges of scores. */
export interface GroupRule {
  name: string
  r?: [number, number]
  f?: [number, number]
  m?: [number, number]
  meaning?: string
  action?: string
}

/** Options of `rfm`. */
export interface RfmOptions {
  /** The day (`2025-06-01`) or instant (with an offset) at which recency is measured. */
  at: string
  /** What counts as one purchase. Default: the order id if mapped, else the row. */
  count?: 'row' | 'order' | 'day'
  /** What negative amounts do. Default `net`. */
  refunds?: 'net' | 'drop' | 'keep'
  /** What amounts of zero do. Default `keep`. */
  zeros?: 'keep' | 'drop'
  /** 2 to 10 classes per score. Default 5. */
  bins?: number
  /** The scoring convention. Default: equal customers get equal scores. */
  scoring?:
    | 'rank-min' | 'cume-dist' | 'quantile' | 'rank-first' | 'ntile' | 'r-rfm'
    | { fixed: { recency: number[]; frequency: number[]; monetary: number[]; closed?: 'right' | 'left' } }
  /** Weights of the combined score. */
  weights?: { r: number; f: number; m: number }
  /** Named groups. Default `eleven`. */
  groups?: 'eight' | 'eleven' | { map: GroupRule[]; otherwise?: string }
  /** What `high` means for the eight groups. */
  split?: 'mean' | 'score'
}

/** One named group of customers. */
export interface RfmGroup {
  key: string
  name: Bilingual
  meaning: Bilingual
  action: Bilingual
  customers: number
  customersShare: number
  revenue: number
  /** Null if the total revenue is not positive. */
  revenueShare: number | null
  recencyMean: number | null
  frequencyMean: number | null
  monetaryMean: number | null
}

/** One cell of the recency × frequency grid. */
export interface RfmCell {
  r: number
  f: number
  customers: number
  revenue: number
  monetaryMean: number | null
  /** Index into the groups if the whole cell lies in one. */
  group: number | null
}

/** Result of `rfm`; the customers come beside it as columns. */
export interface RfmResult {
  totals: {
    customers: number
    purchases: number
    revenue: number
    /** The exact decimal. */
    revenueText: string
    recencyMean: number | null
    frequencyMean: number | null
    monetaryMean: number | null
  }
  groups: RfmGroup[]
  cuts: { recency: number[]; frequency: number[]; monetary: number[] }
  grid: { bins: number; cells: RfmCell[] }
}

/** Options of `describe`. */
export interface DescribeOptions {
  /** The role whose column is described. */
  column: Role
  /** Probabilities of the quantiles. */
  quantiles?: number[]
}

/** Result of `describe`. */
export interface DescribeResult {
  count: number
  mean: number | null
  variance: number | null
  skewness: number | null
  kurtosis: number | null
  min: number | null
  max: number | null
  quantiles: { p: number; value: number | null }[]
}
