// One job: build the package into pkg/dist. Steps, each skipped when its inputs are unchanged:
//
//   wasm    the crate → siyu.wasm with its second file later.wasm, sheet.wasm, and the glue of wasm-bindgen
//           as a function
//   script  TypeScript → one file per entry; for `siyu/sync`, whose caller's bundler splits code,
//           seldom used parts are files of their own
//   types   TypeScript → the declarations that the entries reach
//   sizes   a table, and a failure over budget

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import * as esbuild from 'esbuild'
import { importNames, rewriteImports } from './imports.mjs'
import { split } from './split.mjs'
import { Stop, cachedStep, main, npm, root, run } from '../../.ci/steps.mjs'

const pkg = join(root, 'pkg')
const dist = join(pkg, 'dist')
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target')
const work = join(root, 'target', 'pkg')

/** Entries of the package and what each may weigh, gzipped. */
const KB = 1024
const BROWSER = { index: 15 * KB, sync: 15 * KB, inline: 15 * KB, workspace: 15 * KB, compliance: 15 * KB, worker: 15 * KB, 'worker-inline': null }
/** What a worker imports when it is needed; the page names it, as it names the worker. */
const NAMED = ['later-inline', 'sheet-inline']
const NODE = { 'index.node': 15 * KB, 'sync.node': 15 * KB, 'worker.node': 15 * KB, 'directory.node': 15 * KB, cli: null }
/** Entries that load parts when first needed. A worker's script is one file, whoever serves it. */
const SPLIT = ['sync', 'sync.node']
/** The parts, by the names of their modules. */
const LAZY = ['arrays', 'decode', 'export', 'sheet', 'zone']
/** What entries and parts share: an error must be of one class. It counts with its entry. */
const SHARED = ['errors']
/** What a page fetches first, and what when it first asks for it: docs/decisions/2026-11-24-two-files.md. */
const WASM_BROTLI = 450 * KB
const LATER_BROTLI = 520 * KB
const SHEET_BROTLI = 110 * KB
const TARBALL = 4 * KB * KB
const TARBALL_WITHOUT_INLINE = 2 * KB * KB

/** A program that npm installed, in this workspace or the project's root. */
function program(name) {
  const found = [pkg, root].map((folder) => join(folder, 'node_modules', '.bin', name)).find(existsSync)
  if (!found) throw new Stop(`${name} is not installed: run npm ci`)
  return found
}

/** What a wasm engine must know for this module; the list, so that none comes in unseen. */
const FEATURES = ['bulk-memory', 'bulk-memory-opt', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals', 'reference-types', 'multivalue']

/** What the glue has for browsers older than the module itself needs, and for calls in a form that is not used here. */
const NEEDLESS = [
  /if \(!\('encodeInto' in cachedTextEncoder\)\) \{[\s\S]*?\n\}\n/,
  / else \{\s*console\.warn\('using deprecated parameters for `initSync[^\n]*\n\s*\}/,
  /if \(!\(module instanceof WebAssembly\.Module\)\) \{\s*module = new WebAssembly\.Module\(module\);\s*\}/,
]

/** Functions of which the build can tell that only the second file needs them. */
const LATER = /^siyu::analysis::seam::\w+::<.*\btrue\b|^siyu::privacy::task::run$|^siyu::wasm::to_js::<siyu::privacy::task::/
/** What the compiler adds to the names of crates. */
const CRATE = /\[[0-9a-f]{16}\]/g

/** The crate with these features as `<name>.wasm`, and its glue. */
async function buildWasm({ name, later, crate, level }) {
  const triple = 'wasm32-unknown-unknown'
  await run('cargo', ['build', '--locked', '--release', '--lib', ...crate, '--target', triple])
  const bindgen = join(work, name)
  await run('wasm-bindgen', [
    join(target, triple, 'release', 'siyu.wasm'), '--target', 'web', '--out-dir', bindgen, '--out-name', name,
    '--no-typescript', '--omit-default-module-path', '--remove-producers-section',
  ])
  const bound = readFileSync(join(bindgen, `${name}_bg.wasm`))
  const short = new Map(importNames(bound).map((imported, at) => [imported, `_${at.toString(36)}`]))
  writeFileSync(join(bindgen, 'short.wasm'), rewriteImports(bound, (imported) => short.get(imported)))
  let script = readFileSync(join(bindgen, `${name}.js`), 'utf8').replace(/__wb\w+/g, (imported) => short.get(imported) ?? imported)
  for (const pattern of NEEDLESS) {
    if (name === 'siyu' && !pattern.test(script)) throw new Stop(`the glue no longer has ${pattern}: take it out of the list`)
    script = script.replace(pattern, '')
  }

  mkdirSync(dist, { recursive: true })
  const features = ['--mvp-features', ...FEATURES.map((feature) => `--enable-${feature}`)]
  if (later) {
    const short = join(bindgen, 'short.wasm')
    const { first, second } = split(readFileSync(short), short, program('wasm-opt'), features, (each) => LATER.test(each.replace(CRATE, '')))
    writeFileSync(short, first)
    writeFileSync(join(bindgen, 'later.wasm'), second)
  }
  for (const [from, to] of [['short', name], ...(later ? [['later', later]] : [])]) {
    await run(program('wasm-opt'), [
      level, ...features, '--strip-debug', '--strip-producers', join(bindgen, `${from}.wasm`), '-o', join(dist, `${to}.wasm`),
    ])
  }
  // What starts an instance is called by the glue itself.
  const called = [...script.matchAll(/^export function (\w+)/gm)].map(([, each]) => each).filter((each) => each !== 'start').concat('initSync')
  // The generated module has one instance for ever. As a function it gives a fresh one after a trap.
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `export { ${called.join(', ')} } from '#bound'` },
    plugins: [{
      name: 'bound',
      setup(build) {
        build.onResolve({ filter: /^#bound$/ }, () => ({ path: `${name}.js`, namespace: 'bound' }))
        build.onLoad({ filter: /.*/, namespace: 'bound' }, () => ({ contents: script }))
      },
    }],
    bundle: true, write: false, format: 'esm', target: 'es2022', minify: true,
  })
  const glue = outputFiles[0].text.replace(/export\{([^}]*)\};\s*$/, (_, names) => `return {${names.replace(/([\w$]+) as ([\w$]+)/g, '$2:$1')}};`)
  if (!/return \{[^}]*\};$/.test(glue)) throw new Stop('the glue does not end with its exports any more')
  writeFileSync(join(work, `${name}-glue.js`), `export default function makeGlue() {\n${glue}\n}\n`)
}

/** The modules: the engine, and what reads workbooks, which is loaded when first needed. */
const MODULES = [
  { name: 'siyu', later: 'later', title: 'the crate as wasm', crate: [], level: '-O3' },
  { name: 'sheet', title: 'the module of sheets', crate: ['--features', 'sheet'], level: '-O3' },
]

/** Where `#glue`, `#bytes`, `#later-bytes`, `#sheet-glue` and `#sheet-bytes` come from. */
const generated = {
  name: 'generated',
  setup(build) {
    const module = (path) => /^#(later|sheet)-/.exec(path)?.[1] ?? 'siyu'
    build.onResolve({ filter: /^#(sheet-)?glue$/ }, ({ path }) => ({ path: join(work, `${module(path)}-glue.js`) }))
    build.onResolve({ filter: /^#(later-|sheet-)?bytes$/ }, ({ path }) => ({ path: join(dist, `${module(path)}.wasm`), namespace: 'bytes' }))
    build.onLoad({ filter: /.*/, namespace: 'bytes' }, ({ path }) => ({ contents: readFileSync(path), loader: 'base64' }))
  },
}

/** Parts and what they share are not bundled into what imports them. */
const parts = {
  name: 'parts',
  setup(build) {
    const names = [...LAZY, ...SHARED].join('|')
    build.onResolve({ filter: new RegExp(`^\\./(${names})\\.js$`) }, ({ path }) => ({ path, external: true, sideEffects: false }))
  },
}

async function buildScript() {
  const common = {
    outdir: dist, bundle: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none',
    minify: true, plugins: [generated], logLevel: 'warning',
  }
  const entries = (names) => names.map((name) => ({ in: join(pkg, 'src', `${name}.ts`), out: name }))
  const whole = (names) => entries(Object.keys(names).filter((name) => !SPLIT.includes(name)))
  await esbuild.build({ ...common, entryPoints: [...whole(BROWSER), ...entries(NAMED)], platform: 'browser' })
  await esbuild.build({ ...common, entryPoints: whole(NODE), platform: 'node' })
  const plugins = [...common.plugins, parts]
  await esbuild.build({ ...common, plugins, entryPoints: entries(['sync', ...LAZY, ...SHARED]), platform: 'browser' })
  await esbuild.build({ ...common, plugins, entryPoints: entries(['sync.node']), platform: 'node' })
  chmodSync(join(dist, 'cli.js'), 0o755)
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE', 'NOTICE']) copyFileSync(join(root, name), join(pkg, name))
}

async function buildTypes() {
  const out = join(work, 'types')
  rmSync(out, { recursive: true, force: true })
  for (const config of ['tsconfig.json', 'tsconfig.node.json']) {
    await run(program('tsc'), ['-p', join(pkg, config), '--emitDeclarationOnly', '--outDir', out])
  }
  for (const file of existsSync(dist) ? readdirSync(dist) : []) if (file.endsWith('.d.ts')) rmSync(join(dist, file))
  // Only what the entries reach is the package's surface.
  const reached = new Set()
  const visit = (file) => {
    if (reached.has(file)) return
    reached.add(file)
    const text = readFileSync(file, 'utf8')
    cpSync(file, join(dist, relative(out, file)))
    for (const [, from] of text.matchAll(/from '(\.[^']+)\.js'/g)) visit(join(dirname(file), `${from}.d.ts`))
  }
  for (const entry of ['index', 'sync', 'inline', 'workspace', 'compliance', 'directory.node']) visit(join(out, `${entry}.d.ts`))
}

/** Prints what is shipped and fails over budget. */
async function sizes() {
  const over = []
  const row = (name, files, budget, measure) => {
    const read = files.map((file) => readFileSync(join(dist, file)))
    const sum = (weigh) => read.reduce((all, bytes) => all + weigh(bytes).length, 0)
    const raw = sum((bytes) => bytes)
    const brotli = sum((bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
    const gzip = sum((bytes) => gzipSync(bytes, { level: 9 }))
    const weighed = measure === 'brotli' ? brotli : gzip
    const kb = (size) => (size / KB).toFixed(1).padStart(8)
    console.log(`  ${name.padEnd(26)}${kb(raw)}${kb(gzip)}${kb(brotli)}${budget ? `   of ${budget / KB} KB ${measure}` : ''}`)
    if (budget && weighed > budget) over.push(`${name}: ${(weighed / KB).toFixed(1)} KB ${measure}`)
  }
  console.log(`  ${'KB'.padEnd(26)}${'raw'.padStart(8)}${'gzip'.padStart(8)}${'brotli'.padStart(8)}`)
  row('siyu.wasm', ['siyu.wasm'], WASM_BROTLI, 'brotli')
  for (const [name, budget] of Object.entries({ ...BROWSER, ...NODE })) {
    const files = [name, ...(SPLIT.includes(name) ? SHARED : [])].map((each) => `${each}.js`)
    row(files.join(' + '), files, budget, 'gzip')
  }
  console.log('  loaded when first needed')
  row('later.wasm', ['later.wasm'], LATER_BROTLI, 'brotli')
  row('sheet.wasm', ['sheet.wasm'], SHEET_BROTLI, 'brotli')
  for (const name of [...LAZY, ...NAMED]) row(`${name}.js`, [`${name}.js`], null, 'gzip')
  const [packed] = JSON.parse(execFileSync(npm.program, [...npm.args, 'pack', '--dry-run', '--json'], { cwd: pkg, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  const inlined = ['worker-inline.js', 'later-inline.js', 'sheet-inline.js'].reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file))).length, 0)
  console.log(`  tarball ${(packed.size / KB).toFixed(0)} KB, ${(packed.entryCount)} files`)
  if (packed.size > TARBALL) over.push(`tarball: ${packed.size} bytes`)
  if (packed.size - inlined > TARBALL_WITHOUT_INLINE) over.push(`tarball without the inlined entry: ${packed.size - inlined} bytes`)
  if (over.length > 0) throw new Stop(`over budget: ${over.join('; ')}`)
}

const script = ['pkg/src', 'pkg/build', 'pkg/package.json', 'pkg/tsconfig.json', 'pkg/tsconfig.node.json']
const rust = ['src', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'pkg/build']
const entries = [...Object.keys({ ...BROWSER, ...NODE }), ...LAZY, ...NAMED, ...SHARED].map((name) => `pkg/dist/${name}.js`)

await main(async () => {
  mkdirSync(work, { recursive: true })
  for (const module of MODULES) {
    const { name, later, title } = module
    const outputs = [...[name, later].filter(Boolean).map((file) => `pkg/dist/${file}.wasm`), `target/pkg/${name}-glue.js`]
    await cachedStep(title, { name: `pkg-wasm-${name}`, inputs: rust, outputs }, () => buildWasm(module))
  }
  await cachedStep('JavaScript', { name: 'pkg-script', inputs: [...rust, ...script], outputs: entries }, buildScript)
  await cachedStep('declarations', { name: 'pkg-types', inputs: script, outputs: ['pkg/dist/index.d.ts'] }, buildTypes)
  await cachedStep('sizes', { name: 'pkg-sizes', inputs: [...rust, ...script], outputs: [] }, sizes)
})
