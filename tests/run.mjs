// One job: run every group of tests in order, show the runners' own output, and close with one line
// of sums. `npm test` runs all groups, `npm test -- rust golden` those named, `npm test -- --list`
// names them. With CI=true a skipped test is a failure; but tests that read data which may not be put
// into the project are only named where that data is not, and so is what a browser's driver cannot do.
//
// To add a group, add one entry to `groups`. A listed group whose files are missing fails.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildDashboard, buildPackage } from '../.ci/build.mjs'
import { bindgen, browser, checkTools, packages, rust } from '../.ci/setup.mjs'
import { Stop, ask, duration, environment, main, npm, root, typed } from '../.ci/steps.mjs'
import { missing } from '../fuzz/run.mjs'
import { limits } from './browser/drivers/limits.mjs'

/** What must be ready before a group runs; each is done once, when first needed. */
const ready = {
  rust: once(() => rust({ tests: true })),
  bindgen: once(bindgen),
  packages: once(packages),
  /** The built package, within its size budget. */
  package: once(async () => {
    await ready.rust()
    await ready.bindgen()
    await ready.packages()
    await buildPackage()
  }),
  dashboard: once(async () => {
    await ready.package()
    await buildDashboard()
  }),
  /** The three engines; without one its tests skip and say so. */
  chromium: once(() => browser('chromium')),
  firefox: once(() => browser('firefox')),
  webkit: once(() => browser('webkit')),
}

const WASM = 'wasm32-unknown-unknown'
const target = process.env.CARGO_TARGET_DIR ?? 'target'

/** Where the test-only build of the golden cases as wasm goes; apart, since the package may be built meanwhile. */
const goldenWasm = `${target}/golden`

/** Tests of the crate that run on whole corpora, in groups of their own. */
const corpora = ['golden', 'bad_inputs', 'fuzz_corpus']

const clippy = ['clippy', '--locked', '--quiet']
const deny = ['--', '-D', 'warnings']

const groups = [
  {
    name: 'format',
    needs: [ready.rust],
    steps: () => [one('rustfmt', 'cargo', ['fmt', '--all', '--check'])],
  },
  {
    name: 'lint',
    needs: [ready.rust],
    steps: () => [
      one('clippy', 'cargo', [...clippy, '--all-targets', '--all-features', ...deny]),
      one('clippy for wasm', 'cargo', [...clippy, '--lib', '--target', WASM, ...deny]),
      one('clippy for the module of sheets', 'cargo', [...clippy, '--lib', '--features', 'sheet', '--target', WASM, ...deny]),
      one('rustdoc', 'cargo', ['doc', '--locked', '--no-deps', '--all-features'], {
        RUSTDOCFLAGS: '-D warnings',
      }),
    ],
  },
  {
    name: 'rust',
    needs: [ready.rust],
    steps: () => [
      cargo(['--all-features', '--lib', ...rustTests().flatMap((name) => ['--test', name])]),
      { ...cargo(['--all-features', '--doc']), mayBeEmpty: true },
    ],
  },
  {
    name: 'golden',
    needs: [ready.rust],
    steps: () => [corpus('golden', 'golden')],
  },
  {
    name: 'golden-wasm',
    needs: [ready.rust, ready.bindgen],
    steps: () => [
      work('cargo', ['build', '--locked', '--release', '--lib', '--features', 'golden', '--target', WASM], { ...SOON, CARGO_TARGET_DIR: `${goldenWasm}/build` }),
      work('wasm-bindgen', [
        ...[`${goldenWasm}/build/${WASM}/release/siyu.wasm`, '--target', 'web', '--no-typescript'],
        ...['--out-dir', goldenWasm, '--out-name', 'siyu'],
      ]),
      closing('golden in wasm', process.execPath, ['tests/golden/wasm.mjs', goldenWasm]),
    ],
  },
  {
    name: 'simulations',
    needs: [ready.rust],
    // A few of each; `npm run simulate` runs all and writes their table.
    steps: () => [one('simulations', 'cargo', ['run', '--locked', '--quiet', '--release', '--example', 'simulate', '--', '--smoke'], SOON)],
  },
  {
    name: 'bad-inputs',
    needs: [ready.rust],
    steps: () => [corpus('bad inputs', 'bad_inputs')],
  },
  {
    name: 'fuzz',
    needs: [ready.rust],
    // The stored inputs always, on stable; six seconds of new ones per target where that can be built.
    steps: () => {
      const replay = cargo(['--test', 'fuzz_corpus'])
      const reason = missing()
      if (!reason) return [replay, closing('fuzz', process.execPath, ['fuzz/run.mjs', '--seconds', '6', '--seed', '1'])]
      console.log(`  stored inputs only, no new ones: ${reason}`)
      return [replay]
    },
  },
  {
    name: 'types',
    needs: [ready.package],
    steps: () => [
      one('types of the package', npm.program, [...npm.args, 'run', 'check', '--workspace', 'pkg']),
      one('types of the dashboard', npm.program, [...npm.args, 'run', 'check', '--workspace', 'www']),
      one('types made from Rust', npm.program, [...npm.args, 'run', 'types', '--workspace', 'pkg', '--', '--check']),
    ],
  },
  {
    name: 'size',
    needs: [ready.package],
    // The build itself fails over budget; here it is named, and unchanged steps are not repeated.
    steps: () => [one('size budget', process.execPath, ['pkg/build/build.mjs'])],
  },
  {
    name: 'package',
    needs: [ready.package],
    steps: () => [node('tests/package')],
  },
  {
    name: 'packaging',
    needs: [ready.package, ready.chromium],
    steps: () => [node('tests/packaging')],
  },
  {
    name: 'docs',
    needs: [ready.package],
    steps: () => [node('tests/docs')],
  },
  {
    name: 'parity',
    needs: [ready.package, ready.chromium],
    steps: () => [
      work('cargo', ['build', '--locked', '--release', '--features', 'cli', '--bin', 'siyu'], SOON),
      node('tests/parity'),
    ],
  },
  {
    name: 'browser',
    needs: [ready.dashboard, ready.chromium],
    steps: () => [{ ...node('tests/browser'), env: { SIYU_ENGINE: 'chromium' } }],
  },
  ...['firefox', 'webkit'].map((engine) => ({
    name: engine,
    needs: [ready.dashboard, ready[engine]],
    steps: () => [{ ...node('tests/browser/engines.test.mjs'), env: { SIYU_ENGINE: engine } }],
  })),
  {
    name: 'egress',
    needs: [ready.dashboard, ready.chromium, ready.firefox, ready.webkit],
    steps: () => [node('tests/egress')],
  },
  {
    name: 'project',
    needs: [ready.packages],
    steps: () => [node('tests/project')],
  },
]

/** The crate's integration tests, as cargo sees them, without the corpora. */
function rustTests() {
  const told = ask('cargo', ['metadata', '--locked', '--no-deps', '--format-version', '1'])
  if (!told) throw new Stop('cargo metadata failed')
  const targets = JSON.parse(told).packages.flatMap((each) => each.targets)
  const tests = targets.filter(({ kind }) => kind.includes('test'))
  return tests.map(({ name }) => name).filter((name) => !corpora.includes(name))
}

/** A command that is one test: it passes when it ends with code 0. */
function one(name, program, args, env = {}) {
  const count = (output, code) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] })
  return { name, program, args, env, count }
}

/** A command that prepares a test: it counts only when it fails. */
function work(program, args, env = {}) {
  const count = () => ({ passed: 0, failed: 0, skipped: [] })
  return { name: program, program, args, env, count, mayBeEmpty: true, prepares: true }
}

/**
 * A run of cargo's own test runner; counted from its result lines. It knows no skipped tests: one that
 * skips prints `skipped: …` and passes.
 */
function cargo(args) {
  const all = ['test', '--locked', '--no-fail-fast', ...args, '--', '--show-output']
  return { name: 'cargo test', program: 'cargo', args: all, env: {}, count: cargoCount }
}

function cargoCount(output) {
  const sum = { passed: 0, failed: 0, skipped: [] }
  for (const [, passed, failed] of output.matchAll(/^test result: \S+ (\d+) passed; (\d+) failed/gm)) {
    sum.passed += Number(passed)
    sum.failed += Number(failed)
  }
  for (const [, what] of output.matchAll(/^skipped: (.*)$/gm)) {
    sum.skipped.push(what)
    sum.passed -= 1
  }
  for (const [, name, reason] of output.matchAll(/^test (.+?) \.\.\. ignored(?:, (.*))?$/gm)) {
    sum.skipped.push(reason ? `${name} (${reason})` : name)
  }
  return sum
}

/** A program with its own runner that closes with `<name>: N passed, N failed`. */
function closing(name, program, args) {
  const line = new RegExp(`^${name}: (\\d+) passed, (\\d+) failed`, 'm')
  const count = (output) => {
    const found = line.exec(output)
    return { passed: Number(found?.[1] ?? 0), failed: Number(found?.[2] ?? 0), skipped: [] }
  }
  return { name, program, args, env: {}, count }
}

/** Release speed without the minutes of optimising across crates, which only what is shipped or measured needs. */
const SOON = { CARGO_PROFILE_RELEASE_LTO: 'off', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16' }

/** The same for a corpus that one of the crate's test targets runs, in release. */
function corpus(name, target) {
  return { ...closing(name, 'cargo', ['test', '--locked', '--release', '--test', target, '--', '--nocapture']), env: SOON }
}

/** Whether a skip is of a driver's making, and named as such. */
function isLimit(skipped) {
  const name = /\(driver limit: (\w+):/.exec(skipped)?.[1]
  return name !== undefined && Object.values(limits).some((each) => name in each)
}

/**
 * All `*.test.mjs` of some folders, or one such file, under Node's own runner, one file after the other because some hold
 * times; a folder without any is an error.
 */
function node(...folders) {
  const files = folders.flatMap((folder) => {
    const path = join(root, folder)
    if (folder.endsWith('.test.mjs') && existsSync(path)) return [folder]
    const found = existsSync(path) ? readdirSync(path).filter((file) => file.endsWith('.test.mjs')) : []
    if (found.length === 0) throw new Stop(`no test files in ${folder}`)
    return found.sort().map((file) => `${folder}/${file}`)
  })
  const args = ['--test', '--test-reporter=spec', '--test-concurrency=1', '--test-timeout=900000', ...files]
  return { name: folders.join(' '), program: process.execPath, args, env: {}, count: nodeCount }
}

function nodeCount(output) {
  const total = (word) => Number(new RegExp(`^\\S+ ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0)
  const skipped = [...output.matchAll(/^\s*﹣ (.+?) \([\d.]+ms\)(?: # (.*))?$/gm)].map(([, name, reason]) =>
    reason ? `${name} (${reason})` : name,
  )
  for (let more = skipped.length; more < total('skipped') + total('todo'); more += 1) skipped.push('a test')
  return { passed: total('pass'), failed: total('fail') + total('cancelled'), skipped }
}

/** How many of the last lines of a failed step are shown again at the end. */
const FAILURE_LINES = 70

/** Runs one step of a group: output is shown as it comes and read afterwards. */
function runStep(each) {
  return new Promise((resolve) => {
    console.log(`  $ ${typed(each.program, each.args)}`)
    const colour = process.stdout.isTTY ? { CARGO_TERM_COLOR: 'always', FORCE_COLOR: '1' } : {}
    const child = spawn(each.program, each.args, {
      cwd: root,
      env: environment({ ...colour, ...each.env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks = []
    child.stdout.on('data', (chunk) => (process.stdout.write(chunk), chunks.push(chunk)))
    child.stderr.on('data', (chunk) => process.stderr.write(chunk))
    child.on('error', (error) => {
      console.log(error.message)
      resolve({ passed: 0, failed: 1, skipped: [] })
    })
    child.on('close', (code) => {
      const output = Buffer.concat(chunks).toString('utf8').replace(/\u001b\[[\d;]*m/g, '')
      const sum = each.count(output, code)
      if (code !== 0 && sum.failed === 0) {
        console.log(`${each.name}: ended with code ${code}`)
        sum.failed = 1
      }
      const ran = sum.passed + sum.failed + sum.skipped.length
      if (code === 0 && ran === 0 && !each.mayBeEmpty) {
        console.log(`${each.name}: ran no test`)
        sum.failed = 1
      }
      // Runners say last what failed, and so does the end of the whole run, which is read first.
      if (sum.failed > 0) sum.failure = output.trimEnd().split('\n').slice(-FAILURE_LINES).map((line) => line.slice(0, 300))
      resolve(sum)
    })
  })
}

async function runGroup(group) {
  const started = Date.now()
  console.log(`\n== ${group.name}`)
  const sum = { name: group.name, passed: 0, failed: 0, skipped: [], failures: [] }
  try {
    for (const need of group.needs) await need()
    for (const each of group.steps()) {
      const { passed, failed, skipped, failure } = await runStep(each)
      if (failure) sum.failures.push({ name: each.name, failure })
      sum.passed += passed
      sum.failed += failed
      sum.skipped.push(...skipped)
      // What follows a failed preparation would only fail for its sake.
      if (each.prepares && failed > 0) break
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    console.log(`${group.name}: ${error.message}`)
    sum.failed += 1
  }
  sum.time = Date.now() - started
  return sum
}

/** Does something the first time only; later calls share the first outcome. */
function once(work) {
  let outcome
  return () => (outcome ??= work())
}

await main(async () => {
  const named = process.argv.slice(2)
  if (named.includes('--list')) {
    for (const group of groups) console.log(group.name)
    return
  }
  const unknown = named.filter((name) => !groups.some((group) => group.name === name))
  if (unknown.length > 0) {
    throw new Stop(`no group ${unknown.join(', ')}; there are ${groups.map((each) => each.name).join(', ')}`)
  }
  checkTools()
  const wanted = groups.filter(({ name }) => named.length === 0 || named.includes(name))
  // What optimises the module works on one core for minutes: it begins beside the groups that do not need it.
  const later = wanted.findIndex(({ needs }) => needs.includes(ready.package) || needs.includes(ready.dashboard))
  if (later > 0) ready.package().catch(() => {}) // who needs it is told
  const sums = []
  for (const group of wanted) sums.push(await runGroup(group))

  for (const { name, failures } of sums) {
    for (const each of failures) console.log([`\n== failed: ${name}, ${each.name}`, ...each.failure].join('\n'))
  }
  console.log('\n== summary')
  for (const { name, passed, failed, skipped, time } of sums) {
    const counts = `${passed} passed, ${failed} failed, ${skipped.length} skipped`
    console.log(`${name.padEnd(12)} ${counts.padEnd(40)} ${duration(time)}`)
  }
  const skipped = sums.flatMap((sum) => sum.skipped)
  for (const each of skipped) console.log(`skipped: ${each}`)
  const total = (key) => sums.reduce((all, sum) => all + sum[key], 0)
  const outsideData = process.env.SIYU_DATA ?? (existsSync(join(root, '../shared/data')) ? '../shared/data' : null)
  const strict = process.env.CI === 'true' ? skipped.filter((each) => !isLimit(each) && (outsideData || !each.includes('SIYU_DATA'))) : []
  if (strict.length > 0) console.log('CI: a skip is a failure')
  console.log(`${total('passed')} passed, ${total('failed')} failed, ${skipped.length} skipped`)
  if (total('failed') > 0 || strict.length > 0) process.exitCode = 1
})
