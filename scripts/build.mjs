// One job: build what is shipped, in order (wasm and package, then dashboard), each step skipped when
// its inputs are unchanged.

import { pathToFileURL } from 'node:url'
import { cachedStep, main, npm, run } from './steps.mjs'
import { bindgen, bindgenVersion, checkTools, packages, rust } from './setup.mjs'

const RUST = ['src', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml']

const script = (workspace) => () => run(npm.program, [...npm.args, 'run', 'build', '--workspace', workspace])

/** Everything that the builds need. */
export async function prepare() {
  checkTools()
  await rust()
  await bindgen()
  await packages()
}

/** The npm package: the crate as wasm, its JavaScript, its types. */
export function buildPackage() {
  const inputs = [...RUST, 'pkg', 'package-lock.json']
  return cachedStep(
    'the package (wasm and JavaScript)',
    { name: 'pkg', inputs, outputs: ['pkg/dist'], also: bindgenVersion() },
    script('pkg'),
  )
}

/** The dashboard, as static files. */
export function buildDashboard() {
  const inputs = [...RUST, 'pkg', 'www', 'tests/data', 'package-lock.json']
  return cachedStep('the dashboard', { name: 'www', inputs, outputs: ['www/dist'] }, script('www'))
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    await prepare()
    await buildPackage()
    await buildDashboard()
  })
}
