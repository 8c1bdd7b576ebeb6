// What is asked of the table beside its groups: one answer per view, asked when the view is first seen and
// again when the table, the date or a choice has changed. Nothing is asked for a view that nobody looks at.
import { SiyuError, type Analyses, type ColumnSet, type Report, type Table } from 'siyu'
import { gate, type Rule } from './gate.svelte'
import { session } from './session.svelte'

/** The analyses that a view shows, and the columns that come with the result of each. */
interface Sets {
  rfms: { customers: ColumnSet }
  /** `reasons` only where a segment was to be explained. */
  segments: { customers: ColumnSet; reasons?: ColumnSet }
  lifecycle: { customers: ColumnSet }
  migration: { customers: ColumnSet }
  clusters: { customers: ColumnSet }
  concentration: object
  'compare-segments': object
  'look-alike': { customers: ColumnSet }
  'value-score': { customers: ColumnSet }
  tiers: { customers: ColumnSet }
  coverage: { notCounted: ColumnSet }
  'churn-risk': { customers: ColumnSet }
  'lifetime-value': { customers: ColumnSet }
  experiment: object
  uplift: { customers: ColumnSet }
  'meta-analysis': object
  bandit: object
  'repeat-purchase': { customers: ColumnSet }
  /** Of these two the set has the name of a count of the result, and takes its place in the report. */
  activation: { customers: ColumnSet }
  replenishment: { reminders: ColumnSet }
}
export type Name = keyof Sets
export type Answer<A extends Name> = Report<Omit<Analyses[A]['result'], keyof Sets[A]> & Sets[A]>

export class View<A extends Name> {
  /** The answer that is shown; null before the first and after a failure. */
  answer = $state.raw<Answer<A> | null>(null)
  /** Whether the last question had no answer. */
  failed = $state(false)
  /** Why the last question was refused, where the view tells that itself. */
  refusal = $state.raw<SiyuError | null>(null)
  #table: Table | null = null
  #others: readonly Table[] = []
  #asked = ''
  #rule: Rule | null = null

  /**
   * `own` are the codes of errors that the view tells beside what caused them; `log` is the input that the orders
   * are, null where they are none.
   */
  constructor(
    readonly analysis: A,
    readonly own: readonly string[] = [],
    readonly log: 'log' | null = 'log',
  ) {}

  /** Asks, unless this was the last question or other work goes on. Call it in an effect: it follows both. */
  want(options: Analyses[A]['options'], others: Record<string, Table> = {}) {
    const table = session.table
    if (table === null || session.busy !== null) return
    const asked = JSON.stringify(options)
    const tables = Object.values(others)
    const same = tables.length === this.#others.length && tables.every((other, i) => other === this.#others[i])
    if (table === this.#table && asked === this.#asked && same && gate.rule === this.#rule) return
    this.#others = tables
    // Numbers of another table must not stand under this one's name, nor those of another policy under this one.
    if (table !== this.#table || !same || gate.rule !== this.#rule) this.answer = null
    this.#rule = gate.rule
    this.#table = table
    this.#asked = asked
    void this.#ask(options, others)
  }

  async #ask(options: Analyses[A]['options'], others: Record<string, Table>): Promise<void> {
    const inputs = this.log === null || this.#table === null ? others : { [this.log]: this.#table, ...others }
    this.failed = false
    let refusal: SiyuError | null = null as SiyuError | null
    const isOwn = (error: unknown) => {
      if (!(error instanceof SiyuError && this.own.includes(error.code))) return false
      refusal = error
      return true
    }
    const answer = await session.ask<Answer<A>>(this.analysis, options, inputs, () => this.#ask(options, others), isOwn)
    if (answer === null && refusal === null && session.busy !== null) {
      // Other work took its place: it is asked again after that.
      this.#asked = ''
      return
    }
    this.refusal = refusal
    this.failed = answer === null && refusal === null
    // What was answered before stays beside a refusal: the reader is still writing.
    if (answer !== null || refusal === null) this.answer = answer
  }

  /** Asks the last question again. */
  again() {
    this.#asked = ''
    this.failed = false
    this.#table = null
  }
}

/** The rows of a column set whose value in `column` is `value`. */
export function rowsWith(set: ColumnSet, column: string, value: number): Uint32Array {
  const values = set.column(column)
  const rows = new Uint32Array(values.length)
  let count = 0
  for (let i = 0; i < values.length; i++) if (values[i] === value) rows[count++] = i
  return rows.slice(0, count)
}
