// One job: put on this machine what building and testing need and is missing: the wasm target, the
// wasm-bindgen program of exactly the version the crate is locked to, the npm packages, the three browsers.
// Looks first, so that a second run changes nothing and needs no network.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Stop, ask, cachedStep, cargoHome, main, npm, preferPrograms, root, run, step } from './steps.mjs'

const WASM = 'wasm32-unknown-unknown'

/** The engines to test in: the programs that each needs, any one of a list, and Debian's packages of them. */
const BROWSERS = {
  chromium: { needs: [['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']], debian: ['chromium', 'fonts-noto-cjk'] },
  firefox: { needs: [['firefox-esr', 'firefox']], debian: ['firefox-esr'] },
  webkit: { needs: [['WebKitWebDriver'], ['Xvfb']], debian: ['webkit2gtk-driver', 'xvfb'] },
}

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

/** The path of the first program of a list that is there, or null. */
function found(names) {
  for (const name of names) {
    const path = ask('sh', ['-c', 'command -v "$0"', name])
    if (path) return path
  }
  return null
}

/**
 * A browser to test in, by its engine: that of $CHROMIUM or $FIREFOX, else one on PATH, else installed
 * from Debian's packages if we may. Tells the tests by the same variables; false when there is none.
 */
export async function browser(engine) {
  const { needs, debian } = BROWSERS[engine]
  const variable = engine.toUpperCase()
  const named = process.env[variable]
  if (named && !(found([named]) && ask(named, ['--version']))) throw new Stop(`${variable} names ${named}, which does not run`)
  const look = () => needs.map((names) => found(named ? [named] : names))
  if (look().includes(null) && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    const wait = ['-o', 'DPkg::Lock::Timeout=900']
    await step(`${engine} from Debian packages`, async () => {
      await run('apt-get', [...wait, 'update'], { env })
      await run('apt-get', [...wait, 'install', '-y', '--no-install-recommends', ...debian], { env })
    })
  }
  const paths = look()
  if (paths.includes(null)) return false
  if (engine !== 'webkit') process.env[variable] = paths[0]
  return true
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    checkTools()
    await rust({ tests: true })
    await bindgen()
    await packages()
    const missing = []
    for (const engine of Object.keys(BROWSERS)) if (!(await browser(engine))) missing.push(engine)
    console.log(`\nReady. ${missing.length === 0 ? 'All three browsers are there.' : `No ${missing.join(', no ')}: those tests will be skipped.`}`)
  })
}
