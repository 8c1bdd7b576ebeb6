/**
 * What an analysis returned, as the caller sees it: the fields of the result, `about`, and each
 * set of columns under its name.
 */
import { ColumnSet, type RawSet } from './columns.js'
import type { About, Report } from './types.js'

/** How a finished run crosses from the engine. */
export interface RawReport {
  report: { result: object; about: About }
  sets: RawSet[]
}

/** The caller's report. */
export function reportOf<R>({ report, sets }: RawReport): Report<R> {
  const columns = Object.fromEntries(sets.map(set => [set.name, new ColumnSet(set)]))
  return { ...report.result, ...columns, about: report.about } as Report<R>
}

/** The buffers of the sets, to be moved instead of copied. */
export function buffersOf(sets: RawSet[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  for (const { columns } of sets) {
    for (const column of columns) {
      const arrays = column.kind === 'text' ? [column.bytes, column.ends] : [column.data]
      for (const array of arrays) buffers.add(array.buffer as ArrayBuffer)
    }
  }
  return [...buffers]
}
