// One job: boosted trees against LightGBM, natively and on one thread, and the same code as WebAssembly
// against native code: 100,000 rows of 30 columns, 200 trees of three decisions (and 50 of six). Bins and
// trees count; each side is a process of its own, in turn, and times itself in CPU time after a warm-up.
//
//   SIYU_PYTHON=/path/to/python node benches/boost.mjs     a Python with lightgbm; default python3
//
// Without LightGBM there is no ratio with it. The WebAssembly is compiled with the flags of the package.

import { execFileSync, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environment, root } from '../.ci/steps.mjs'
import { SEED } from './data.mjs'
import { median, report, timed } from './measure.mjs'

const [ROWS, COLUMNS, ROUNDS] = [100_000, 30, 5]
const SHAPES = [
  [200, 3],
  [50, 6],
]
const WASM = 'wasm32-unknown-unknown'
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target')

/** The work in WebAssembly, in a process of its own. */
async function inWasm([library, file, trees, depth]) {
  const module = new WebAssembly.Module(readFileSync(library))
  // What the rest of the crate would ask of JavaScript is never called here.
  const none = () => {
    throw new Error('not of this bench')
  }
  const imports = {}
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = none
  const { memory, room, prepare, bin, grow, loss } = new WebAssembly.Instance(module, imports).exports
  const bytes = readFileSync(file)
  const at = room(bytes.length)
  new Uint8Array(memory.buffer).set(bytes, at)
  prepare(COLUMNS)
  // Until the engine has compiled it as well as it can.
  bin()
  grow(20, depth)
  const told = { bin: (await timed(() => bin())).ms, grow: (await timed(() => grow(trees, depth))).ms, loss: loss() }
  process.send(told)
}

function forked(...args) {
  return new Promise((done, fail) => {
    let told = null
    const child = fork(fileURLToPath(import.meta.url), ['wasm', ...args.map(String)])
    child.on('message', (message) => (told = message))
    child.on('exit', (code) => (code === 0 && told ? done(told) : fail(new Error(`ended with code ${code}`))))
  })
}

async function main() {
  const cargo = (...args) => execFileSync('cargo', args, { cwd: root, env: environment(), stdio: 'inherit' })
  cargo('build', '--locked', '--quiet', '--release', '--example', 'boost_speed')
  cargo('build', '--locked', '--quiet', '--release', '--lib', '--target', WASM)
  const program = join(target, 'release', 'examples', 'boost_speed')
  const python = process.env.SIYU_PYTHON ?? 'python3'
  let version = null
  try {
    const ask = ['-c', 'import lightgbm; print(lightgbm.__version__)']
    version = execFileSync(python, ask, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    // Told by a note.
  }
  const folder = mkdtempSync(join(tmpdir(), 'siyu-bench-'))
  try {
    const file = join(folder, 'columns.f64')
    // By the compiler itself: cargo would first build what examples need natively.
    const library = join(folder, 'boost_speed.wasm')
    const built = join(target, WASM, 'release')
    const flags = ['--edition=2024', '--crate-type=cdylib', `--target=${WASM}`, '-Copt-level=2', '-Cpanic=abort', '-Adead_code']
    // Macros are natively built.
    const folders = [built, join(target, 'release')].map((folder) => `-Ldependency=${join(folder, 'deps')}`)
    const crates = [`--extern=siyu=${join(built, 'libsiyu.rlib')}`, ...folders]
    execFileSync('rustc', [...flags, ...crates, join(root, 'examples', 'boost_speed.rs'), '-o', library], {
      cwd: root,
      env: environment(),
      stdio: 'inherit',
    })
    execFileSync(program, ['data', file, ROWS, COLUMNS, SEED].map(String))
    const parse = (file, args) => JSON.parse(execFileSync(file, args.map(String), { encoding: 'utf8' }))
    const sides = {
      'Siyu, native': (trees, depth) => parse(program, ['run', file, COLUMNS, trees, depth]),
      'Siyu, WebAssembly': (trees, depth) => forked(library, file, trees, depth),
    }
    const peer = `LightGBM ${version}`
    if (version) {
      sides[peer] = (trees, depth) => parse(python, [join(root, 'benches', 'boost.py'), file, COLUMNS, trees, depth])
    }
    const names = Object.keys(sides)
    const [rows, ratios] = [[], []]
    for (const [trees, depth] of SHAPES) {
      const runs = Object.fromEntries(names.map((name) => [name, []]))
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const name of round % 2 ? names.toReversed() : names) runs[name].push(await sides[name](trees, depth))
      }
      const [native, wasm, other] = names.map((name) => runs[name].map(({ bin, grow }) => bin + grow))
      const losses = names.map((name) => runs[name][0].loss)
      if (losses[0] !== losses[1]) throw new Error(`native and WebAssembly differ: ${losses}`)
      if (version && Math.abs(losses[2] / losses[0] - 1) > 0.01) throw new Error(`not the same work: ${losses}`)
      const shape = `${trees} trees of ${depth} decisions`
      for (const name of names) {
        rows.push({ name: `${name}: ${shape}`, ms: runs[name].map(({ bin, grow }) => bin + grow) })
        rows.push({ name: '  of this bins', ms: runs[name].map(({ bin }) => bin) })
      }
      rows.push({ name: '  log-loss on the rows learned from', text: losses.map((loss) => loss.toFixed(4)).join(', ') })
      if (version) ratios.push({ name: `Siyu / LightGBM, ${shape}`, value: median(native) / median(other), most: 2 })
      ratios.push({ name: `WebAssembly / native, ${shape}`, value: median(wasm) / median(native), most: 1.7 })
    }
    report({
      title: `Boosted trees: ${ROWS.toLocaleString('en')} rows × ${COLUMNS}, one thread`,
      rows,
      ratios,
      notes: version ? [] : ['LightGBM is not installed here: no ratio with it'],
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await (process.argv[2] === 'wasm' ? inWasm(process.argv.slice(3)) : main())
