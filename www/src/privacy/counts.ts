// The table of counts that may leave: customers by how often and how recently they bought, as numbers and as the lines of a CSV file.
import type { RfmReport, Suppressed } from 'siyu'

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

/** The lines of the file, headed by words of the page: a hidden count is an asterisk. */
export function linesOf({ counts, rowTotals, columnTotals }: Suppressed, words: { frequency: (n: number) => string; recency: (n: number) => string; total: string }): string {
  return [
    ['', ...columnTotals.map((_, at) => words.recency(at + 1)), words.total],
    ...counts.map((row, at) => [words.frequency(at + 1), ...row.map(count => count ?? '*'), rowTotals[at] ?? '']),
    [words.total, ...columnTotals, columnTotals.reduce((sum, each) => sum + each, 0)],
  ].map(cells => `${cells.join(',')}\r\n`).join('')
}
