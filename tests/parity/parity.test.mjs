// The same request over the same file gives the same report and the same bits: natively, as
// WebAssembly in Node, and in Chromium; loaded and streamed.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { open } from '../../pkg/dist/sync.node.js'
import { serve } from '../../www/serve.mjs'
import { answers, digest } from './answer.mjs'
import { files } from './requests.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = join(resolve(root, process.env.CARGO_TARGET_DIR ?? 'target'), 'release/siyu')
const folder = mkdtempSync(join(tmpdir(), 'siyu-parity-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const noBrowser = existsSync(executablePath) ? false : 'no Chromium (set CHROMIUM to its path)'
const noFile = ({ here, path }) => (here ? false : `${basename(path)} is not here (set SIYU_DATA)`)

/** The files of the table `orders`. */
const paths = ({ path, more }) => (more ? [path, more] : [path])

/** The other tables: name, path, mapping. */
const others = (file) => Object.entries(file.others ?? {}).map(([name, { path, read }]) => ({ name, path, read }))

/** Where a file is served: with its folder's name, since files of two folders may have one name. */
const served = (path) => path.split(/[\\/]/).slice(-2).join('-')

/** What the native program answered: it is asked once, whoever is compared with it. */
const known = new Map()

/** What the native program answers, in the form of `answers`. */
async function native(file, request, keep) {
  const key = JSON.stringify([file.name, request, keep])
  if (!known.has(key)) known.set(key, await asked(file, request, keep))
  return known.get(key)
}

async function asked(file, request, keep) {
  writeFileSync(join(folder, 'request.json'), JSON.stringify(request))
  writeFileSync(join(folder, 'read.json'), JSON.stringify(file.read))
  const source = keep === 'source' ? ['--source'] : []
  const more = file.more ? ['--table', `orders=${file.more}`] : []
  const args = ['run', 'request.json', '--table', `orders=${file.path}`, ...more, '--read', 'orders=read.json']
  for (const { name, path, read } of others(file)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(read))
    args.push('--table', `${name}=${path}`, '--read', `${name}=${name}.json`)
  }
  const text = execFileSync(program, [...args, ...source], { cwd: folder, maxBuffer: 1 << 30 })
  const { report, sets, quality } = JSON.parse(text)
  for (const [set, columns] of Object.entries(sets)) {
    for (const [name, values] of Object.entries(columns)) columns[name] = await digest(values)
    assert.ok(!(set in report.result), `${request.analysis}: in the package's report the set ${set} would hide a field of that name`)
  }
  return { quality: quality.orders, answer: { ...report, sets } }
}

async function compare(file, keep, got) {
  assert.equal(got.kind, keep)
  for (const [at, request] of file.requests.entries()) {
    const expected = await native(file, request, keep)
    assert.deepEqual(got.quality, expected.quality)
    const { about, result, sets } = got.answers[at]
    // The caller's name of the table is not part of the numbers.
    assert.deepEqual({ about: unnamed(about), result, sets }, {
      about: unnamed(expected.answer.about),
      result: expected.answer.result,
      sets: expected.answer.sets,
    })
  }
}

function unnamed(about) {
  return { ...about, inputs: about.inputs.map((input) => ({ ...input, table: '' })) }
}

for (const file of files) {
  for (const keep of ['loaded', 'source']) {
    test(`${file.name}, ${keep}: native = WebAssembly in Node`, { skip: noFile(file) }, async () => {
      const siyu = await open()
      const named = async (path) => new File([await readFile(path)], basename(path))
      const source = file.more ? [await named(file.path), await named(file.more)] : new Blob([await readFile(file.path)])
      const more = {}
      for (const { name, path, read } of others(file)) more[name] = { source: new Blob([await readFile(path)]), read }
      await compare(file, keep, await answers(siyu, source, file.read, file.requests, keep, more))
    })
  }
}

let server
let browser
before(async () => {
  if (noBrowser) return
  const site = join(folder, 'site')
  cpSync(join(root, 'pkg/dist'), join(site, 'dist'), { recursive: true })
  cpSync(fileURLToPath(new URL('answer.mjs', import.meta.url)), join(site, 'answer.js'))
  writeFileSync(
    join(site, 'page.js'),
    `import { open } from './dist/index.js'
import { answers } from './answer.js'
globalThis.run = async (paths, read, requests, keep, others) => {
  const siyu = await open()
  const more = {}
  for (const { name, path, read } of others) more[name] = { source: (await (await fetch(path)).blob()).slice(), read }
  const files = await Promise.all(paths.map(async ([path, name]) => new File([await (await fetch(path)).blob()], name)))
  const source = files.length > 1 ? files : files[0].slice()
  return answers(siyu, source, read, requests, keep, more)
}
document.title = 'ready'`,
  )
  writeFileSync(join(site, 'index.html'), '<!doctype html><title>parity</title><script type="module" src="page.js"></script>')
  for (const path of files.flatMap((file) => [...paths(file), ...others(file).map(({ path }) => path)])) if (existsSync(path)) cpSync(path, join(site, served(path)))
  server = await serve({ folder: site })
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-background-networking'],
  })
})
after(async () => {
  await browser?.close()
  await server?.close()
})

for (const file of files) {
  test(`${file.name}: native = Chromium under the strict policy`, { skip: noFile(file) || noBrowser }, async () => {
    const page = await browser.newPage()
    await page.goto(server.url)
    await page.waitForFunction(() => document.title === 'ready')
    for (const keep of ['loaded', 'source']) {
      const got = await page.evaluate(
        ([paths, read, requests, keep, others]) => globalThis.run(paths, read, requests, keep, others),
        [
          paths(file).map((path) => [served(path), basename(path)]),
          file.read,
          file.requests,
          keep,
          others(file).map(({ name, path, read }) => ({ name, path: served(path), read })),
        ],
      )
      await compare(file, keep, got)
    }
    await page.close()
  })
}
