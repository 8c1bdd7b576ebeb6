// One job: what WebAssembly costs. The same crate does the same calls on the same file, natively
// (`siyu --repeat`) and as the package's WebAssembly in Node; beside it, the same through the package,
// with all that its JavaScript adds. Reading and RFM, each in CPU time of one thread.
//
//   node benches/native.mjs [--full]     20 MB, or 100 MB

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { open } from 'siyu/sync'
import { environment, root } from '../.ci/steps.mjs'
import { AT, purchases, writeCsv } from './data.mjs'
import { collect, full, median, report, timed } from './measure.mjs'

const ROUNDS = 7
/** Bytes per push and rows per step, as in `src/bin/siyu.rs`. */
const PUSH = 1 << 16
const STEP = 1 << 20
const LIMIT = 2 ** 31
const rows = full ? 2_430_000 : 490_000
const roles = { customer: 'customer', time: 'time', amount: 'amount' }

const cargo = ['build', '--locked', '--quiet', '--release', '--features', 'cli', '--bin', 'siyu']
execFileSync('cargo', cargo, { cwd: root, env: environment(), stdio: 'inherit' })
const program = join(resolve(root, process.env.CARGO_TARGET_DIR ?? 'target'), 'release', 'siyu')

const folder = mkdtempSync(join(tmpdir(), 'siyu-bench-'))
try {
  const file = (name, content) => {
    const path = join(folder, name)
    if (content) writeFileSync(path, JSON.stringify(content))
    return path
  }
  writeCsv(file('log.csv'), purchases(rows))
  const request = { analysis: 'rfm', version: 1, inputs: { log: 'log' }, options: { at: AT } }
  const recipe = file('recipe.json', request)
  const options = file('read.json', { roles, zone: 'UTC' })
  const args = ['run', recipe, '--table', `log=${file('log.csv')}`, '--read', `log=${options}`, '--repeat', '3']
  const inNative = async () => {
    const { readMs, runMs } = JSON.parse(execFileSync(program, args, { encoding: 'utf8' }))
    // Its first round also faults its memory in, as the warm-up does for the others.
    return [median(readMs.slice(1)), median(runMs.slice(1))]
  }

  const bytes = readFileSync(file('log.csv'))
  const { default: makeGlue } = await import(pathToFileURL(join(root, 'target', 'pkg', 'siyu-glue.js')))
  const engine = makeGlue()
  engine.initSync({ module: new WebAssembly.Module(readFileSync(join(root, 'pkg', 'dist', 'siyu.wasm'))) })
  const inWasm = async () => {
    const read = await timed(() => {
      // UTC: one offset since 1900.
      const reader = engine.readBegin({ roles }, 'UTC', Float64Array.of(-2_208_988_800_000), Int32Array.of(0), 'loaded', LIMIT)
      for (let at = 0; at < bytes.length; at += PUSH) engine.readPush(reader, bytes.subarray(at, at + PUSH))
      return engine.readFinish(reader).table
    })
    const run = await timed(() => {
      const job = engine.runBegin(request, ['log'], Uint32Array.of(read.result), LIMIT)
      while (engine.runStep(job, STEP));
      return engine.runFinish(job)
    })
    engine.drop(read.result)
    return [read.ms, run.ms]
  }

  const siyu = await open({ memoryLimit: LIMIT })
  const inPackage = async () => {
    const read = await timed(() => siyu.read(bytes, { roles, keep: 'loaded' }))
    const run = await timed(() => siyu.rfm(read.result, { at: AT }))
    read.result.close()
    return [read.ms, run.ms]
  }

  const sides = { native: inNative, wasm: inWasm, package: inPackage }
  const times = Object.fromEntries(Object.keys(sides).map((name) => [name, { read: [], run: [] }]))
  for (let round = -4; round < ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(sides)) {
      collect()
      const [read, run] = await measure()
      if (round < 0) continue
      times[name].read.push(read)
      times[name].run.push(run)
    }
  }
  siyu.close()

  const whole = (name) => median(times[name].read) + median(times[name].run)
  const ratio = (part, name) => (median(times[name][part]) / median(times.native[part])).toFixed(2)
  report({
    title: `WebAssembly against native code: ${(bytes.length / 1e6).toFixed(0)} MB, ${rows.toLocaleString('en')} rows`,
    rows: [
      { name: 'Native: reading', ms: times.native.read },
      { name: 'Native: RFM', ms: times.native.run },
      { name: 'WebAssembly, the same calls: reading', ms: times.wasm.read },
      { name: 'WebAssembly, the same calls: RFM', ms: times.wasm.run },
      { name: 'Through the package: reading', ms: times.package.read },
      { name: 'Through the package: RFM', ms: times.package.run },
      { name: 'WebAssembly / native: reading', text: ratio('read', 'wasm') },
      { name: 'WebAssembly / native: RFM', text: ratio('run', 'wasm') },
      { name: 'Package / native: both parts', text: (whole('package') / whole('native')).toFixed(2) },
    ],
    ratios: [{ name: 'WebAssembly / native, both parts', value: whole('wasm') / whole('native'), most: 1.5 }],
    notes: ['The package also copies each piece of the file, tells its encoding, and takes steps of at most 30 ms.'],
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
