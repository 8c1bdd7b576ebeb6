// What the tests of the package share: the entries under test, orders to read, and ways to look inside.

import { build } from 'esbuild'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as worker from 'siyu'
import * as sync from 'siyu/sync'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const dist = join(root, 'pkg', 'dist')

/** Both ways to run the engine, for tests that must hold for each. */
export const entries = { siyu: worker, 'siyu/sync': sync }

/** Five orders of three customers. */
export const CSV = `buyer,paid_at,paid,order
A1,2025-01-05 09:30:00,10.50,o1
A1,2025-05-28 21:00:00,4.00,o2
B2,2025-05-29 00:10:00,120.00,o3
C3,2025-02-01 12:00:00,7.25,o4
B2,2025-05-30 08:00:00,-20.00,o3
`
export const ROLES = { customer: 'buyer', time: 'paid_at', amount: 'paid', order: 'order' }
export const READ = { roles: ROLES, zone: 'Asia/Shanghai', name: 'orders' }
export const AT = { at: '2025-06-01' }

/** A CSV file of so many orders, without a random source. */
export function orders(rows, customers = Math.ceil(rows / 5)) {
  const parts = ['buyer,paid_at,paid,order\n']
  let lines = []
  for (let row = 0; row < rows; row += 1) {
    const customer = (row * 7919) % customers
    const day = 1 + (row % 28)
    const month = 1 + (Math.floor(row / 28) % 12)
    lines.push(`C${customer},2024-${month < 10 ? '0' : ''}${month}-${day < 10 ? '0' : ''}${day} 10:00:00,${(row % 997) / 4},o${row}\n`)
    if (lines.length === 10000) {
      parts.push(lines.join(''))
      lines = []
    }
  }
  parts.push(lines.join(''))
  return new Blob(parts)
}

/** The error that a promise rejects with. */
export async function rejected(promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not reject')
}

/** Collects what nobody holds. */
export function collect() {
  setFlagsFromString('--expose_gc')
  runInNewContext('gc')()
}

/** A module of the package that no entry exports, for tests of its own. */
export async function inside(name) {
  const folder = join(root, 'target', 'pkg', 'inside')
  mkdirSync(folder, { recursive: true })
  const outfile = join(folder, `${name}.mjs`)
  await build({ entryPoints: [join(root, 'pkg', 'src', `${name}.ts`)], bundle: true, format: 'esm', platform: 'neutral', outfile, logLevel: 'warning' })
  return import(pathToFileURL(outfile).href)
}

/** Starts the package's own worker of Node, if `script` is given after that. */
export function workerAfter(script, workerData) {
  const real = JSON.stringify(pathToFileURL(join(dist, 'worker.node.js')).href)
  const first = script ? `await import(${JSON.stringify(new URL(script, import.meta.url).href)});` : ''
  return new Worker(`(async () => { ${first} await import(${real}) })()`, { eval: true, workerData })
}

/** A consent to segmentation, and a policy of one purpose for every column, with such consents. */
export const consent = (customer, more = {}) => ({ customer, purpose: 'segmentation', grantedAt: '2025-01-01', ...more })
export const policy = (...consents) => ({
  version: 1,
  name: 'shop',
  purposes: [{ name: 'segmentation' }],
  columns: ['customer', 'time', 'amount', 'order'].map(column => ({ column, purposes: ['segmentation'] })),
  consents,
})
