// One job: put on this machine what building and testing need and is missing: the wasm target, the
// wasm-bindgen program of exactly the version the crate is locked to, the npm packages, a browser.
// Looks first, so that a second run changes nothing and needs no network.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Stop, ask, cachedStep, cargoHome, main, npm, preferPrograms, root, run, step } from './steps.mjs'

const WASM = 'wasm32-unknown-unknown'
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/** Fails early, in one sentence, when Node or Rust is too old or absent. */
export function checkTools() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const wanted = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number)
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
    throw new Stop(`Node ${engines.node} is needed, this is ${process.versions.node}`)
  }
  if (!ask('cargo', ['--version'])) {
    throw new Stop('Rust is needed and cargo was not found: install the stable toolchain with rustup')
  }
}

/** The wasm target and, for tests, rustfmt and clippy; added by rustup when absent. */
export async function rust({ tests = false } = {}) {
  const sysroot = ask('rustc', ['--print', 'sysroot'])
  if (!sysroot) throw new Stop('rustc does not run: is the stable toolchain installed?')
  const missing = []
  if (!existsSync(join(sysroot, 'lib', 'rustlib', WASM))) missing.push(['target', WASM])
  if (tests && !ask('cargo', ['fmt', '--version'])) missing.push(['component', 'rustfmt'])
  if (tests && !ask('cargo', ['clippy', '--version'])) missing.push(['component', 'clippy'])
  for (const [kind, name] of missing) {
    if (!ask('rustup', ['--version'])) {
      throw new Stop(`the Rust ${kind} ${name} is missing and rustup, which would add it, was not found`)
    }
    await step(`Rust ${kind} ${name}`, () => run('rustup', [kind, 'add', name]))
  }
}

/** The version of wasm-bindgen in Cargo.lock: the program must equal it. */
export function bindgenVersion() {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8')
  const found = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)
  if (!found) throw new Stop('Cargo.lock names no wasm-bindgen')
  return found[1]
}

/**
 * The wasm-bindgen program, made the first one on PATH. Built by cargo when absent: into cargo's own
 * folder, where other clones find it, or into target/tools when another version lives there.
 */
export async function bindgen() {
  const version = bindgenVersion()
  const local = join(root, 'target', 'tools')
  const places = [null, join(cargoHome, 'bin'), join(local, 'bin')]
  let other = false
  for (const place of places) {
    const answer = ask(place ? join(place, 'wasm-bindgen') : 'wasm-bindgen', ['--version'])
    if (answer === `wasm-bindgen ${version}`) {
      if (place) preferPrograms(place)
      return
    }
    if (answer) other = true
  }
  const where = other ? ['--root', local] : []
  await step(`wasm-bindgen ${version}, built once (takes some minutes)`, () =>
    run('cargo', ['install', '--locked', 'wasm-bindgen-cli', '--version', version, ...where]),
  )
  preferPrograms(other ? join(local, 'bin') : join(cargoHome, 'bin'))
}

/** The npm packages of the lock file. */
export async function packages() {
  const manifests = ['package.json', 'package-lock.json', 'pkg/package.json', 'www/package.json']
  await cachedStep(
    'npm packages',
    { name: 'packages', inputs: manifests, outputs: ['node_modules'], also: process.versions.node },
    () => run(npm.program, [...npm.args, 'ci', '--include=dev', '--no-audit', '--no-fund']),
  )
}

/** The path of a Chromium to test in: $CHROMIUM, else one on PATH, else null. */
function findChromium() {
  const wanted = process.env.CHROMIUM
  for (const name of wanted ? [wanted] : BROWSERS) {
    const path = ask('sh', ['-c', 'command -v "$0"', name])
    if (path && ask(path, ['--version'])) return path
  }
  if (wanted) throw new Stop(`CHROMIUM names ${wanted}, which does not run`)
  return null
}

/** The same, installed from Debian's packages when absent and we may; null when there is none. */
export async function chromium() {
  const found = findChromium()
  if (found) return found
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return null
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const wait = ['-o', 'DPkg::Lock::Timeout=900']
  await step('Chromium from Debian packages', async () => {
    await run('apt-get', ['update'], { env })
    const names = ['chromium', 'fonts-noto-cjk']
    await run('apt-get', [...wait, 'install', '-y', '--no-install-recommends', ...names], { env })
  })
  return findChromium()
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    checkTools()
    await rust({ tests: true })
    await bindgen()
    await packages()
    const browser = await chromium()
    console.log(`\nReady. ${browser ? `Browser: ${browser}` : 'No Chromium: browser tests will be skipped.'}`)
  })
}
