// The packed tarball, installed as a user would, in each bundler and without one. Every fixture runs.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import * as esbuild from 'esbuild'
import * as vite from 'vite'
import webpack from 'webpack'
import { EXPECTED } from './app/answer.js'
import { NO_FETCH, STRICT, done, fixture, noBrowser, pack, root, serve, visit } from './fixtures.mjs'

after(done)

const skip = noBrowser

/** Opens a page with some entries of the package; nothing may be refused on the way. */
async function opened(address, ...entries) {
  const { out, wrong } = await visit(`${address}/?entries=${entries}`)
  assert.deepEqual(wrong, [], JSON.stringify(out))
  return out
}

/** Every entry answers. A page uses one of the two that start workers: both make the policy `siyu`. */
async function answers(address) {
  const { refusal, ...out } = await opened(address, 'siyu', 'siyu/sync', 'refusal')
  assert.deepEqual({ ...out, ...(await opened(address, 'siyu/inline')) }, { siyu: EXPECTED, 'siyu/sync': EXPECTED, 'siyu/inline': EXPECTED })
  assert.match(refusal, /^engine-load: .*web page/)
}

/** The same for files in a folder, under the strict policy, and without any fetching for the inlined entry. */
async function answersUnderPolicy(folder) {
  const strict = await serve(folder, STRICT)
  await answers(strict.address).finally(strict.close)
  const closed = await serve(folder, NO_FETCH)
  try {
    assert.deepEqual(await opened(closed.address, 'siyu/inline'), { 'siyu/inline': EXPECTED })
    const { out } = await visit(`${closed.address}/?entries=siyu`)
    assert.match(out.siyu.error, /engine-load: .*connect-src/)
  } finally {
    await closed.close()
  }
}

test('the tarball holds what is documented and nothing else', () => {
  const allowed = /^(package\.json|README\.md|LICENSE-MIT|LICENSE-APACHE|NOTICE|dist\/[\w.-]+\.(js|d\.ts)|dist\/(siyu|later|sheet)\.wasm)$/
  const { files } = pack()
  assert.deepEqual(files.filter((file) => !allowed.test(file)), [])
  for (const file of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'NOTICE', 'dist/siyu.wasm', 'dist/cli.js']) assert.ok(files.includes(file), file)
  const manifest = JSON.parse(readFileSync(join(root, 'pkg', 'package.json'), 'utf8'))
  const named = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(named))
  for (const file of [...named(manifest.exports), ...named(manifest.bin)]) assert.ok(files.includes(file.replace('./', '')), file)
  for (const entry of Object.values(manifest.exports)) if (typeof entry === 'object') assert.equal(Object.keys(entry)[0], 'types')
  assert.deepEqual(manifest.dependencies ?? {}, {})
})

test('the browser graph names no module of Node, and one address each of worker and wasm', () => {
  const folder = fixture('graph')
  const counts = { 'index.js': ['worker.js', 'siyu.wasm', 'later.wasm', 'sheet.wasm'], 'inline.js': ['worker-inline.js', 'later-inline.js', 'sheet-inline.js'], 'sync.js': ['siyu.wasm', 'later.wasm', 'sheet.wasm'], 'worker.js': [], 'worker-inline.js': [], 'arrays.js': [], 'decode.js': [], 'export.js': [], 'zone.js': [], 'sheet.js': [], 'sheet-inline.js': [], 'later-inline.js': [], 'errors.js': [], 'workspace.js': [], 'compliance.js': [] }
  for (const [file, names] of Object.entries(counts)) {
    const text = readFileSync(join(folder, 'node_modules', 'siyu', 'dist', file), 'utf8')
    assert.doesNotMatch(text, /["']node:|\brequire\(|\beval\(|new Function/, file)
    const literals = [...text.matchAll(/new URL\("\.\/([\w.-]+)",import\.meta\.url\)/g)].map(([, name]) => name)
    assert.deepEqual(literals.sort(), names.sort(), file)
  }
})

test('a Vite build', { skip }, async () => {
  const folder = fixture('vite-build')
  await vite.build({ root: folder, configFile: false, logLevel: 'error', build: { target: 'es2022' } })
  await answersUnderPolicy(join(folder, 'dist'))
})

test('the Vite dev server', { skip }, async () => {
  const folder = fixture('vite-dev')
  const server = await vite.createServer({ root: folder, configFile: false, logLevel: 'error', server: { port: await freePort(), strictPort: true, host: '127.0.0.1' } })
  await server.listen()
  try {
    await answers(`http://127.0.0.1:${server.httpServer.address().port}`)
  } finally {
    await server.close()
  }
})

/** A port that nobody listens on. The dev server's page must know its number before it listens. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

test('webpack', { skip }, async () => {
  const folder = fixture('webpack')
  const compiler = webpack({ mode: 'production', context: folder, entry: './page.js', output: { path: join(folder, 'out'), filename: 'page.js', module: true }, experiments: { outputModule: true } })
  const stats = await new Promise((resolve, reject) => compiler.run((error, done) => (error ? reject(error) : resolve(done))))
  await new Promise((resolve) => compiler.close(resolve))
  assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }).errors, [])
  cpSync(join(folder, 'index.html'), join(folder, 'out', 'index.html'))
  await answersUnderPolicy(join(folder, 'out'))
})

test('esbuild, with the files that the bundle names beside it', { skip }, async () => {
  const folder = fixture('esbuild')
  const out = join(folder, 'out')
  await esbuild.build({ entryPoints: [join(folder, 'page.js')], bundle: true, format: 'esm', minify: true, outdir: out, logLevel: 'warning' })
  const dist = join(folder, 'node_modules', 'siyu', 'dist')
  for (const file of ['worker.js', 'worker-inline.js', 'siyu.wasm', 'later.wasm', 'sheet.wasm', 'later-inline.js', 'sheet-inline.js']) cpSync(join(dist, file), join(out, file))
  cpSync(join(folder, 'index.html'), join(out, 'index.html'))
  await answersUnderPolicy(out)
})

test('no bundler: modules as they are', { skip }, async () => {
  const folder = fixture('plain')
  const page = readFileSync(join(folder, 'page.js'), 'utf8')
  const names = { 'siyu/inline': 'inline', 'siyu/sync': 'sync', siyu: 'index' }
  writeFileSync(join(folder, 'page.js'), page.replace(/from '(siyu[^']*)'/g, (_, name) => `from './node_modules/siyu/dist/${names[name]}.js'`))
  await answersUnderPolicy(folder)
})

test('Node, as ES modules, with and without a worker thread', () => {
  const folder = fixture('node')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['node.mjs'], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), { siyu: EXPECTED, 'siyu/inline': EXPECTED, 'siyu/sync': EXPECTED, wasm: true })
  assert.equal(stderr, '')
})

test('the command of the package', () => {
  const folder = fixture('command')
  const { bin } = JSON.parse(readFileSync(join(folder, 'node_modules', 'siyu', 'package.json'), 'utf8'))
  const program = join(folder, 'node_modules', 'siyu', bin.siyu)
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` } })
  assert.deepEqual([status, stdout], [0, '0.1.0\n'])
})

test('importing on a server has no effect and does not fail', async () => {
  const folder = fixture('ssr')
  const dist = join(folder, 'node_modules', 'siyu', 'dist')
  // The browser's own files in Node without a document, as a careless server build does.
  const code = ['index', 'inline', 'sync', 'workspace', 'compliance'].map((name) => `await import(${JSON.stringify(pathToFileURL(join(dist, `${name}.js`)).href)})`).join(';')
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', `const before = Object.keys(globalThis).length; ${code}; if (Object.keys(globalThis).length !== before) process.exit(3)`], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)

  const server = await vite.createServer({ root: folder, configFile: false, logLevel: 'error', appType: 'custom', server: { middlewareMode: true, ws: false } })
  try {
    writeFileSync(join(folder, 'server.js'), "export { open } from 'siyu'\nexport { answer } from './answer.js'\n")
    const module = await server.ssrLoadModule('/server.js')
    assert.deepEqual(await module.answer(module), EXPECTED)
  } finally {
    await server.close()
  }
})

test('the types hold for a strict caller under both ways of resolving modules', () => {
  const folder = fixture('types')
  const require = createRequire(join(root, 'pkg', 'package.json'))
  const tsc = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc')
  for (const [module, moduleResolution] of [['ESNext', 'Bundler'], ['NodeNext', 'NodeNext']]) {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
      compilerOptions: { strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: false, target: 'ES2022', lib: ['ES2022', 'DOM'], types: [], module, moduleResolution },
      include: ['consumer.ts'],
    }))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
    assert.equal(status, 0, stdout)
  }
})
