/** The package where a policy forbids fetching: the scripts hold the wasm modules. */
import { openOn, type Platform } from './client.js'
import { fail } from './errors.js'
import { portOf } from './ports.js'
import { workerAt } from './trust.js'
import type { OpenOptions, Siyu } from './types.js'

export type { ColumnSet } from './columns.js'
export { SiyuError } from './errors.js'
export type * from './generated.js'
export type * from './types.js'

const page: Platform = {
  connect(worker) {
    if (typeof worker === 'function') return portOf(worker())
    if (typeof Worker !== 'function') throw fail('unsupported', 'There are no workers here: use siyu/sync.')
    return portOf(workerAt(worker ?? new URL('./worker-inline.js', import.meta.url)))
  },
  wasm: () => null,
  sheet: () => new URL('./sheet-inline.js', import.meta.url).href,
  later: () => new URL('./later-inline.js', import.meta.url).href,
}

/** Opens the engine. The same options give the same engine until it is closed. */
export function open(options?: OpenOptions): Promise<Siyu> {
  return openOn(page, options)
}
