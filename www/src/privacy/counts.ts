// The tables of counts and of coarse rows that may leave, made of the customers of a report.
import type { RfmReport, Suppressed } from 'siyu'
import type { AnonymiseOptions } from 'siyu/compliance'

/** Whole numbers from `from` up to `to`, both included; without an end above the last. */
export interface Class {
  from: number
  to: number | null
}

const classes = (...starts: number[]): Class[] => starts.map((from, at) => ({ from, to: starts[at + 1] === undefined ? null : (starts[at + 1] as number) - 1 }))
/** Classes that are known without the data: days since the last order, and orders. */
export const CLASSES = { recency: classes(0, 31, 91, 181, 366), frequency: classes(1, 2, 3, 5, 10) }

const place = (all: readonly Class[], value: number) => Math.max(0, all.findLastIndex(({ from }) => value >= from))

/** Customers by frequency score (rows) and recency score (columns), lowest first: always all scores, so that the table keeps its shape. */
export function countsOf(report: RfmReport): number[][] {
  const frequency = report.customers.column('f') as Uint8Array
  const recency = report.customers.column('r') as Uint8Array
  const bins = frequency.reduce((most, score) => Math.max(most, score), recency.reduce((most, score) => Math.max(most, score), 1))
  const counts = Array.from({ length: bins }, () => new Array<number>(bins).fill(0))
  for (let row = 0; row < frequency.length; row++) {
    const line = counts[(frequency[row] ?? 1) - 1]
    const at = (recency[row] ?? 1) - 1
    if (line !== undefined) line[at] = (line[at] ?? 0) + 1
  }
  return counts
}

/** Customers by classes of orders and, within them, of days since the last. */
export function gridOf(report: RfmReport): number[] {
  const frequency = report.customers.column('frequency') as Float64Array
  const recency = report.customers.column('recency') as Float64Array
  const counts = new Array<number>(CLASSES.frequency.length * CLASSES.recency.length).fill(0)
  for (let row = 0; row < report.customers.length; row++) {
    const cell = place(CLASSES.frequency, frequency[row] ?? 0) * CLASSES.recency.length + place(CLASSES.recency, recency[row] ?? 0)
    counts[cell] = (counts[cell] ?? 0) + 1
  }
  return counts
}

/** The size of a class of money: 1, 2 or 5 times a power of ten, so that about ten classes hold most customers. */
function stepOf(report: RfmReport): number {
  const amounts = (report.customers.column('monetary') as Float64Array).slice().sort()
  const most = amounts[Math.floor(amounts.length * 0.95)] ?? 0
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most / 10)))
  return power * ([1, 2, 5].find(times => times * power * 10 >= most) ?? 10)
}

/** Each customer as a row without a name, with money as a class. */
export function rowsOf(report: RfmReport): { recency: number; frequency: number; monetary: string }[] {
  const [recency, frequency, monetary] = (['recency', 'frequency', 'monetary'] as const).map(name => report.customers.column(name) as Float64Array)
  const step = stepOf(report)
  return Array.from({ length: report.customers.length }, (_, row) => {
    const from = Math.floor((monetary?.[row] ?? 0) / step) * step
    return { recency: recency?.[row] ?? 0, frequency: frequency?.[row] ?? 0, monetary: `[${from}, ${from + step})` }
  })
}

/** By what a customer could be found in these rows, and what should not be learned of one. */
export const COARSER: Pick<AnonymiseOptions, 'quasiIdentifiers' | 'sensitive'> = {
  quasiIdentifiers: [{ column: 'recency', widths: [7, 28, 84, 168, 336] }, { column: 'frequency', widths: [2, 4, 12, 48] }],
  sensitive: 'monetary',
}

/** The lines of the file, headed by words of the page: a hidden count is an asterisk. */
export function linesOf({ counts, rowTotals, columnTotals }: Suppressed, words: { frequency: (n: number) => string; recency: (n: number) => string; total: string }): string {
  return [
    ['', ...columnTotals.map((_, at) => words.recency(at + 1)), words.total],
    ...counts.map((row, at) => [words.frequency(at + 1), ...row.map(count => count ?? '*'), rowTotals[at] ?? '']),
    [words.total, ...columnTotals, columnTotals.reduce((sum, each) => sum + each, 0)],
  ].map(cells => `${cells.join(',')}\r\n`).join('')
}
