// What the packaging tests share: the packed tarball, installed into a fresh folder for each fixture,
// a server with the strict policy, and a browser.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { npm } from '../../.ci/steps.mjs'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const here = fileURLToPath(new URL('.', import.meta.url))
const work = join(root, 'tests', '.tmp', 'packaging')

/** The policy of a page that trusts nothing but itself; `siyu` is the package's policy for its worker. */
export const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:; require-trusted-types-for 'script'; trusted-types siyu"
/** The same without any fetching. */
export const NO_FETCH = STRICT.replace(" connect-src 'self';", '')

let tarball

/** Packs the package as `npm publish` would. */
export function pack() {
  if (!tarball) {
    mkdirSync(work, { recursive: true })
    const args = [...npm.args, 'pack', '--json', '--pack-destination', work]
    const [packed] = JSON.parse(execFileSync(npm.program, args, { cwd: join(root, 'pkg'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    tarball = { path: join(work, packed.filename), files: packed.files.map(({ path }) => path) }
  }
  return tarball
}

/** A fresh folder with the app and the installed package. Bundlers are found in the project's own modules. */
export function fixture(name) {
  const folder = join(work, name)
  rmSync(folder, { recursive: true, force: true })
  const modules = join(folder, 'node_modules', 'siyu')
  mkdirSync(modules, { recursive: true })
  execFileSync('tar', ['-xzf', pack().path, '-C', modules, '--strip-components=1'])
  cpSync(join(here, 'app'), folder, { recursive: true })
  return folder
}

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' }

/** Serves a folder with a policy on every response. */
export async function serve(folder, policy) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const path = join(folder, normalize(pathname === '/' ? '/index.html' : pathname))
    const found = path.startsWith(folder) && existsSync(path)
    response.writeHead(found ? 200 : 404, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-security-policy': policy })
    response.end(found ? readFileSync(path) : '')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { address: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))) }
}

const program = process.env.CHROMIUM ?? '/usr/bin/chromium'
/** Why there is no browser, or false. */
export const noBrowser = !existsSync(program) && `no ${program}: set CHROMIUM`

let browser

/**
 * Opens a page and returns what it wrote into the document, and whatever went wrong on the way. With
 * `traced` also the processor time of its own thread's longest task between each pair of marks
 * `begin NAME` and `end NAME`, in ms: other work on the machine does not count in it.
 */
export async function visit(address, { traced = false } = {}) {
  browser ??= await chromium.launch({ executablePath: program, args: ['--no-sandbox'] })
  const page = await browser.newPage()
  const wrong = []
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()))
  try {
    if (traced) await browser.startTracing(page, { categories: ['__metadata', 'toplevel', 'blink.user_timing'] })
    await page.goto(address)
    const root = page.locator('html[data-answers]')
    await root.waitFor({ state: 'attached', timeout: 60_000 }).catch((error) => {
      throw new Error(`no answer from ${address}: ${wrong.join('; ') || error.message}`)
    })
    const tasks = traced ? longest(JSON.parse(await browser.stopTracing()).traceEvents) : undefined
    return { ...JSON.parse(await root.getAttribute('data-answers')), wrong, tasks }
  } finally {
    await page.close()
  }
}

/** The longest task of the page between marks, by name. */
function longest(events) {
  const marks = events.filter(({ cat, name }) => cat === 'blink.user_timing' && /^(begin|end) /.test(name))
  const found = {}
  for (const begin of marks.filter(({ name }) => name.startsWith('begin '))) {
    const name = begin.name.slice('begin '.length)
    const end = marks.find((mark) => mark.name === `end ${name}` && mark.pid === begin.pid)
    const tasks = events.filter(({ pid, tid, tdur, ts }) => pid === begin.pid && tid === begin.tid && tdur && ts > begin.ts && ts < end.ts)
    found[name] = Math.max(0, ...tasks.map(({ tdur }) => tdur)) / 1000
  }
  return found
}

/** Ends the browser. */
export async function done() {
  await browser?.close()
  browser = undefined
}
