// One job: run every golden case as WebAssembly in Node, in a test-only build of this commit (feature
// `golden`), and close with `golden in wasm: N passed, N failed, N unknown`. What is pending is judged
// by the native run; here each case only has to come out as it did there, and no case may fail.
//
//   node tests/golden/wasm.mjs <folder of the wasm-bindgen output>

import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../../.ci/steps.mjs'

const built = resolve(process.argv[2])
const folder = resolve(process.env.SIYU_GOLDEN ?? join(root, 'tests/golden'))
const pending = new Set(
  readFileSync(join(root, 'tests/golden/pending.txt'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#')),
)

const module = await import(pathToFileURL(join(built, 'siyu.js')))
module.initSync({ module: readFileSync(join(built, 'siyu_bg.wasm')) })

const sum = { passed: 0, failed: 0, unknown: 0 }
for (const name of readdirSync(folder).filter((each) => each.endsWith('.json')).sort()) {
  const text = readFileSync(join(folder, name), 'utf8')
  const data = (path) => readFileSync(resolve(folder, path), 'utf8')
  for (const { method, id, status, reasons } of JSON.parse(module.goldenFile(name.slice(0, -5), text, data))) {
    const missing = status === 'unknown' && !pending.has(method)
    sum[missing ? 'failed' : status] += 1
    if (status === 'failed') console.log(`failed ${method} ${id}: ${reasons.join('; ')}`)
    if (missing) console.log(`unknown ${method} ${id} is neither here nor pending`)
  }
}
console.log(`golden in wasm: ${sum.passed} passed, ${sum.failed} failed, ${sum.unknown} unknown`)
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0
