// One job: what WebAssembly costs. The same crate on the same file, natively (`siyu --repeat`) and in
// Node through the package: reading and RFM, each in CPU time of one thread.
//
//   node benches/native.mjs [--full]     20 MB, or 100 MB

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { open } from 'siyu/sync'
import { environment, root } from '../.ci/steps.mjs'
import { AT, purchases, writeCsv } from './data.mjs'
import { full, median, report, timed } from './measure.mjs'

const ROUNDS = 7
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
  const recipe = file('recipe.json', { analysis: 'rfm', version: 1, inputs: { log: 'log' }, options: { at: AT } })
  const options = file('read.json', { roles, zone: 'UTC' })
  const args = ['run', recipe, '--table', `log=${file('log.csv')}`, '--read', `log=${options}`, '--repeat', '3']
  const natively = () => JSON.parse(execFileSync(program, args, { encoding: 'utf8' }))

  const siyu = await open({ memoryLimit: 2 ** 31 })
  const bytes = readFileSync(file('log.csv'))
  const inWasm = async () => {
    const read = await timed(() => siyu.read(bytes, { roles, keep: 'loaded' }))
    const run = await timed(() => siyu.rfm(read.result, { at: AT }))
    read.result.close()
    return [read.ms, run.ms]
  }

  for (let warm = 0; warm < 3; warm += 1) await inWasm()
  const native = { read: [], run: [] }
  const wasm = { read: [], run: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    // The first of its rounds also faults its memory in, as the warm-up has done for the other.
    const { readMs, runMs } = natively()
    native.read.push(median(readMs.slice(1)))
    native.run.push(median(runMs.slice(1)))
    const [read, run] = await inWasm()
    wasm.read.push(read)
    wasm.run.push(run)
  }
  siyu.close()

  const ratio = (part) => median(wasm[part]) / median(native[part])
  const whole = (side) => median(side.read) + median(side.run)
  report({
    title: `WebAssembly against native code: ${(bytes.length / 1e6).toFixed(0)} MB, ${rows.toLocaleString('en')} rows`,
    rows: [
      { name: 'Native: reading', ms: native.read },
      { name: 'Native: RFM', ms: native.run },
      { name: 'WebAssembly: reading', ms: wasm.read },
      { name: 'WebAssembly: RFM', ms: wasm.run },
      { name: 'Reading, ratio', text: ratio('read').toFixed(2) },
      { name: 'RFM, ratio', text: ratio('run').toFixed(2) },
    ],
    ratios: [{ name: 'WebAssembly / native, both parts', value: whole(wasm) / whole(native), most: 1.5 }],
    notes: ['WebAssembly includes what the package does in JavaScript: copying bytes in and columns out.'],
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
