/** The package without a worker: the engine runs on the thread that calls it, in short steps. */
import { openOn } from './client.js'
import { here } from './here.js'
import type { OpenOptions, Siyu } from './types.js'

export type { ColumnSet } from './columns.js'
export { SiyuError } from './errors.js'
export type * from './generated.js'
export type * from './types.js'

const thread = /* @__PURE__ */ here(
  () => new URL('./siyu.wasm', import.meta.url).href,
  () => new URL('./sheet.wasm', import.meta.url).href,
  () => new URL('./later.wasm', import.meta.url).href,
)

/** Opens the engine. The same options give the same engine until it is closed. */
export function open(options?: OpenOptions): Promise<Siyu> {
  return openOn(thread, options)
}
