/**
 * What an analysis returned, as the caller sees it: the fields of the result, `about`, and each
 * set of columns under its name.
 */
import { ColumnSet, type RawSet } from './columns.js'
import type { About } from './generated.js'
import type { Report } from './types.js'

/** How a finished run crosses from the engine. */
export interface RawReport {
  report: { about: About } & Record<string, unknown>
  sets: RawSet[]
}

/** The caller's report. */
export function reportOf<R>({ report, sets }: RawReport): Report<R> {
  for (const set of sets) {
    Object.defineProperty(report, set.name, {
      value: new ColumnSet(set), enumerable: true, configurable: true, writable: true,
    })
  }
  return report as unknown as Report<R>
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
