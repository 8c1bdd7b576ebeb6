// One job: build what is shipped, in order: the package (which builds the crate as wasm), then the
// dashboard. What is unchanged is not built again.

import { pathToFileURL } from 'node:url'
import { cachedStep, main, npm, run } from './steps.mjs'
import { bindgen, checkTools, packages, rust } from './setup.mjs'

const script = (workspace) => run(npm.program, [...npm.args, 'run', '--silent', 'build', '--workspace', workspace])

/** Everything that the builds need. */
export async function prepare() {
  checkTools()
  await rust()
  await bindgen()
  await packages()
}

/** The npm package: the crate as wasm, its JavaScript, its types. It keeps its own account of changes. */
export function buildPackage() {
  return script('pkg')
}

/** The dashboard, as static files. */
export function buildDashboard() {
  const crate = ['src', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml']
  const inputs = [...crate, 'pkg', 'www', 'tests/data', 'package-lock.json']
  return cachedStep('the dashboard', { name: 'www', inputs, outputs: ['www/dist'] }, () => script('www'))
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    await prepare()
    await buildPackage()
    await buildDashboard()
  })
}
