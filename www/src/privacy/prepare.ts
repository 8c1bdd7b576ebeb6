// The file that would leave, made in full before anybody decides: a list, counts with small ones hidden, counts with noise, or a table in which nobody is found.
import type { Ledger, PolicyDocument, RfmReport, Siyu } from 'siyu'
import { anonymise, manifestOf, type Manifest, type Recipient, type ReleaseMode } from 'siyu/compliance'
import { CLASSES, COARSER, countsOf, gridOf, linesOf, rowsOf, type Class } from './counts'

/** What may be chosen, in the order in which it is offered. */
export const MODES = ['own-list', 'aggregate', 'differentially-private', 'anonymised-table'] as const satisfies readonly ReleaseMode[]
/** A table in which nobody is found is made of at most so many customers: it is made of rows. */
export const MOST_ROWS = 100_000

export interface Prepared {
  bytes: Uint8Array
  name: string
  manifest: Manifest
  /** What is told of it besides: hidden cells, how far a count may be off, rows left out. */
  told: { key: 'hidden' | 'within' | 'leftOut'; value: number } | null
  /** The log before, and with what the engine added for a table. */
  from: Ledger
  next: Ledger
}

/** What was chosen for a file. */
export interface Choice {
  mode: (typeof MODES)[number]
  purpose: string
  recipient: Recipient
  at: string
  /** The day from which recency counts. */
  day: string
  k: number
  epsilon: string
  budget: string
  withNumbers: boolean
  pseudonyms: boolean
  rows: Uint32Array
  policy: PolicyDocument | null
  ledger: Ledger
}

/** Words of the page that stand in the file. */
export interface Words {
  column: (name: 'customer' | 'recency' | 'frequency' | 'monetary') => string
  score: (of: 'frequency' | 'recency', n: number) => string
  total: string
  days: (of: Class) => string
  orders: (of: Class) => string
}

/** What it is that would leave; `infeasible` where small counts cannot be hidden. Errors are those of the engine. */
export async function prepare(siyu: Siyu, report: RfmReport, choice: Choice, words: Words): Promise<Prepared | 'infeasible'> {
  const { mode, purpose, at, recipient, day, ledger: from } = choice
  const persons = mode === 'own-list' ? choice.rows.length : report.customers.length
  const file = (lines: string | Uint8Array, name: string, columns: string[], parameters: Record<string, unknown>, told: Prepared['told'], next = from, of = persons): Prepared => ({
    bytes: typeof lines === 'string' ? new TextEncoder().encode(lines) : lines,
    name: `siyu-${name}-${day}.csv`,
    manifest: manifestOf({ mode, purpose, at, recipient, persons: of, columns, parameters }, { policy: choice.policy, ledger: from }),
    told, from, next,
  })
  switch (mode) {
    case 'own-list': {
      const columns = choice.withNumbers ? (['customer', 'recency', 'frequency', 'monetary'] as const) : (['customer'] as const)
      const header = Object.fromEntries(columns.map(name => [name, words.column(name)]))
      const key = choice.pseudonyms ? { pseudonyms: { key: (await siyu.privacy('newKey', {})).key, purpose, version: 1 } } : {}
      const bytes = await siyu.exportCsv(report.customers, { columns: [...columns], header, rows: choice.rows, ...key })
      return file(bytes, 'release', [...columns], { pseudonyms: choice.pseudonyms }, null)
    }
    case 'aggregate': {
      const table = await siyu.privacy('suppress', { counts: countsOf(report), k: choice.k, table: 'frequency by recency', ledger: from })
      if (!table.feasible) return 'infeasible'
      const lines = linesOf(table, { frequency: n => words.score('frequency', n), recency: n => words.score('recency', n), total: words.total })
      return file(lines, 'counts', ['f', 'r'], { k: choice.k }, { key: 'hidden', value: table.hidden.length }, table.ledger ?? from)
    }
    case 'differentially-private': {
      // Classes that are fixed beforehand: scores and groups have borders that come from all customers, which this noise would not hide.
      const cells = gridOf(report)
      const { groups, within95, receipt } = await siyu.privacy('noisyCounts', {
        query: `orders and days since the last, of ${report.about.inputs.map(({ fingerprint }) => fingerprint).join(' ')}, on ${day}`,
        groups: cells.map((customers, cell) => ({ name: String(cell), customers })),
        namesKnown: true, epsilon: choice.epsilon, budget: { epsilon: choice.budget }, ledger: from,
      })
      const width = CLASSES.recency.length
      const lines = [
        ['', ...CLASSES.recency.map(words.days)],
        ...CLASSES.frequency.map((of, row) => [words.orders(of), ...groups.slice(row * width, (row + 1) * width).map(({ customers }) => customers)]),
      ].map(row => `${row.join(',')}\r\n`).join('')
      // The manifest goes with the counts: how many customers there are in truth would undo their noise.
      const about = Math.max(0, groups.reduce((sum, { customers }) => sum + customers, 0))
      return file(lines, 'noisy-counts', ['frequency', 'recency'], { epsilon: choice.epsilon }, { key: 'within', value: within95 }, receipt.ledger, about)
    }
    case 'anonymised-table': {
      const { rows, leftOut, levels, figures } = await anonymise(siyu, { rows: rowsOf(report), ...COARSER, demand: { k: choice.k } })
      const columns = ['recency', 'frequency', 'monetary'] as const
      const lines = [columns.map(words.column), ...rows.map(row => columns.map(name => `"${String(row[name])}"`))].map(row => `${row.join(',')}\r\n`).join('')
      return file(lines, 'table', [...columns], { k: figures.k, levels }, { key: 'leftOut', value: leftOut })
    }
  }
}
