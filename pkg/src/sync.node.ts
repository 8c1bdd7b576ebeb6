/** The package in Node without a worker thread: tests, scripts, the caller's own workers. */
import { readFile } from 'node:fs/promises'
import { openOn } from './client.js'
import { here } from './here.js'
import type { OpenOptions, Siyu } from './types.js'

export { SiyuError } from './errors.js'

const thread = /* @__PURE__ */ here(
  () => readFile(new URL('./siyu.wasm', import.meta.url)),
  () => new URL('./sheet.wasm', import.meta.url).href,
  () => new URL('./later.wasm', import.meta.url).href,
  { load: address => readFile(new URL(address)) },
)

/** Opens the engine. The same options give the same engine until it is closed. */
export function open(options?: OpenOptions): Promise<Siyu> {
  return openOn(thread, options)
}
