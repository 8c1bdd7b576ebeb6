/** The package on a page: one module worker holds the engine. */
import { openOn, type Platform } from './client.js'
import { fail } from './errors.js'
import { portOf } from './ports.js'
import type { OpenOptions, Siyu } from './types.js'
import { workerAt } from './trust.js'

export type { ColumnSet } from './columns.js'
export { SiyuError } from './errors.js'
export type * from './generated.js'
export type * from './types.js'

const page: Platform = {
  connect(worker) {
    if (typeof worker === 'function') return portOf(worker())
    if (typeof Worker !== 'function') throw fail('unsupported', 'There are no workers here: use siyu/sync.')
    return portOf(workerAt(worker ?? new URL('./worker.js', import.meta.url)))
  },
  wasm: () => new URL('./siyu.wasm', import.meta.url).href,
  sheet: () => new URL('./sheet.wasm', import.meta.url).href,
  later: () => new URL('./later.wasm', import.meta.url).href,
}

/** Opens the engine. The same options give the same engine until it is closed. */
export function open(options?: OpenOptions): Promise<Siyu> {
  return openOn(page, options)
}
