// One job: one way to drive three engines. A browser is started by `start(name)` and gives pages; a page
// has the few methods of `Page` below, whatever drives it:
//
//   chromium   Playwright over the DevTools protocol   chromium.mjs
//   firefox    WebDriver BiDi over a WebSocket         firefox.mjs
//   webkit     WebDriver over HTTP, in a virtual display   webkit.mjs
//
// What a driver cannot do it throws as `Limit`; tests skip by that name (see `limits.mjs`).

import { spawnSync } from 'node:child_process'
import * as chromium from './chromium.mjs'
import * as firefox from './firefox.mjs'
import * as webkit from './webkit.mjs'

const drivers = { chromium, firefox, webkit }

/** The engines, as tests name them. */
export const engines = Object.keys(drivers)

/** Why an engine cannot be started here, or null. */
export function absent(name) {
  return drivers[name].absent()
}

/**
 * Starts an engine; with `proxy`, a port, everything that is not on this machine is asked of that proxy. The
 * browser that is given has `name`, `version`,
 * `page()` and `close()`.
 */
export async function start(name, options = {}) {
  const browser = await drivers[name].start(options)
  return { name, ...browser }
}

/** Whether a program can be started. */
export function runs(program) {
  return spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0
}
