// One job: buy-till-you-die models of 1 M customers on one thread: the fit of BG/NBD against the Python
// package `lifetimes`, natively and as WebAssembly, and P(alive), purchases and value with an interval for
// each customer. Each side is a process of its own, in turn, and times itself in CPU time.
//
//   SIYU_PYTHON=/path/to/python node benches/btyd.mjs     a Python with lifetimes; default python3
//
// Without lifetimes there is no ratio with it. The WebAssembly is compiled with the flags of the package.

import { execFileSync, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environment, root } from '../.ci/steps.mjs'
import { SEED } from './data.mjs'
import { median, report, timed } from './measure.mjs'

const [CUSTOMERS, ROUNDS] = [1_000_000, 3]
const WASM = 'wasm32-unknown-unknown'
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target')
// One thread for whatever the linear algebra is built with.
const alone = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }

/** The work in WebAssembly, in a process of its own. */
async function inWasm([library, file]) {
  const module = new WebAssembly.Module(readFileSync(library))
  // What the rest of the crate would ask of JavaScript is never called here.
  const none = () => {
    throw new Error('not of this bench')
  }
  const imports = {}
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = none
  const { memory, room, prepare, fit, predict, parameter, value } = new WebAssembly.Instance(module, imports).exports
  const bytes = readFileSync(file)
  const at = room(bytes.length)
  new Uint8Array(memory.buffer).set(bytes, at)
  prepare()
  const told = { fit: (await timed(() => fit())).ms, predict: (await timed(() => predict())).ms }
  process.send({ ...told, parameters: [0, 1, 2, 3].map((which) => parameter(which)), value: value() })
}

function forked(...args) {
  return new Promise((done, fail) => {
    let told = null
    const child = fork(fileURLToPath(import.meta.url), ['wasm', ...args])
    child.on('message', (message) => (told = message))
    child.on('exit', (code) => (code === 0 && told ? done(told) : fail(new Error(`ended with code ${code}`))))
  })
}

async function main() {
  const cargo = (...args) => execFileSync('cargo', args, { cwd: root, env: environment(), stdio: 'inherit' })
  cargo('build', '--locked', '--quiet', '--release', '--example', 'btyd_speed')
  cargo('build', '--locked', '--quiet', '--release', '--lib', '--target', WASM)
  const program = join(target, 'release', 'examples', 'btyd_speed')
  const python = process.env.SIYU_PYTHON ?? 'python3'
  let version = null
  try {
    const ask = ['-c', 'import lifetimes; print(lifetimes.__version__)']
    version = execFileSync(python, ask, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    // Told by a note.
  }
  const folder = mkdtempSync(join(tmpdir(), 'siyu-bench-'))
  try {
    const file = join(folder, 'customers.f64')
    // By the compiler itself: cargo would first build what examples need natively.
    const library = join(folder, 'btyd_speed.wasm')
    const built = join(target, WASM, 'release')
    const flags = ['--edition=2024', '--crate-type=cdylib', `--target=${WASM}`, '-Copt-level=2', '-Cpanic=abort', '-Adead_code']
    // Macros are natively built.
    const folders = [built, join(target, 'release')].map((folder) => `-Ldependency=${join(folder, 'deps')}`)
    const crates = [`--extern=siyu=${join(built, 'libsiyu.rlib')}`, ...folders]
    execFileSync('rustc', [...flags, ...crates, join(root, 'examples', 'btyd_speed.rs'), '-o', library], {
      cwd: root,
      env: environment(),
      stdio: 'inherit',
    })
    execFileSync(program, ['data', file, CUSTOMERS, SEED].map(String))
    const parse = (file, args) => JSON.parse(execFileSync(file, args, { encoding: 'utf8', env: alone }))
    const sides = {
      native: () => parse(program, ['run', file]),
      wasm: () => forked(library, file),
    }
    if (version) sides.peer = () => parse(python, ['-W', 'ignore', join(root, 'benches', 'btyd.py'), file])
    const names = Object.keys(sides)
    const runs = Object.fromEntries(names.map((name) => [name, []]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of round % 2 ? names.toReversed() : names) runs[name].push(await sides[name]())
    }
    const times = (name, part) => runs[name].map((run) => run[part])
    const [native, wasm, peer] = names.map((name) => runs[name][0])
    const same = ({ parameters, value }) => JSON.stringify([parameters, value])
    if (same(native) !== same(wasm)) throw new Error(`native and WebAssembly differ: ${same(native)} ${same(wasm)}`)
    const isFar = (parameter, at) => Math.abs(parameter / native.parameters[at] - 1) > 1e-4
    if (peer?.parameters.some(isFar)) throw new Error(`not the same fit: ${native.parameters} ${peer.parameters}`)
    const rows = [
      { name: 'Siyu, native: fit', ms: times('native', 'fit') },
      { name: 'Siyu, WebAssembly: fit', ms: times('wasm', 'fit') },
    ]
    const ratios = []
    if (peer) {
      rows.push({ name: `lifetimes ${version}: fit`, ms: times('peer', 'fit') })
      rows.push({ name: `  on ${peer.distinct.toLocaleString('en')} distinct rows, found by hand`, ms: times('peer', 'compressed') })
      const than = (part, name) => median(times('peer', part)) / median(times(name, 'fit'))
      ratios.push({ name: 'lifetimes / Siyu native', value: than('fit', 'native'), least: 10 })
      ratios.push({ name: 'lifetimes / Siyu WebAssembly', value: than('fit', 'wasm'), least: 10 })
      rows.push({ name: 'lifetimes on distinct rows / Siyu native, which looks for them', text: than('compressed', 'native').toFixed(2) })
    }
    rows.push({ name: 'Siyu, native: predictions with intervals', ms: times('native', 'predict') })
    rows.push({ name: 'Siyu, WebAssembly: predictions with intervals', ms: times('wasm', 'predict') })
    ratios.push({ name: 'predictions in WebAssembly, seconds', value: median(times('wasm', 'predict')) / 1000, most: 5 })
    report({
      title: `BG/NBD of ${CUSTOMERS.toLocaleString('en')} customers, one thread`,
      rows,
      ratios,
      notes: version ? [] : ['lifetimes is not installed here: no ratio with it'],
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await (process.argv[2] === 'wasm' ? inWasm(process.argv.slice(3)) : main())
