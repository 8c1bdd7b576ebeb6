/** The package in Node: a worker thread holds the engine. */
import { readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { openOn, type Platform } from './client.js'
import { portOf } from './ports.js'
import type { OpenOptions, Siyu } from './types.js'

export { SiyuError } from './errors.js'

const node: Platform = {
  connect(worker) {
    if (typeof worker === 'function') return portOf(worker())
    const thread = new Worker(new URL(worker ?? new URL('./worker.node.js', import.meta.url)), { name: 'siyu' })
    return portOf(thread)
  },
  wasm: () => readFile(new URL('./siyu.wasm', import.meta.url)),
  sheet: () => new URL('./sheet.wasm', import.meta.url).href,
  later: () => new URL('./later.wasm', import.meta.url).href,
}

/** Opens the engine. The same options give the same engine until it is closed. */
export function open(options?: OpenOptions): Promise<Siyu> {
  return openOn(node, options)
}
