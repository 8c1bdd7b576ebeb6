/** The engine on the caller's own thread. */
import makeGlue from '#glue'
import type { Platform } from './client.js'
import { type Files, serve } from './host.js'
import { pairOfPorts } from './ports.js'
import type { FromEngine, ToEngine } from './protocol.js'

/** A platform without a worker. */
export function here(wasm: Platform['wasm'], sheet: Platform['sheet'], later: Platform['later'], files?: Files): Platform {
  return {
    connect() {
      const [mine, engines] = pairOfPorts<ToEngine, FromEngine>()
      serve(engines, makeGlue, files)
      return mine
    },
    wasm, sheet, later,
  }
}
