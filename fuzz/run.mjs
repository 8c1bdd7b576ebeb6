// One job: build the fuzz targets with nightly Rust and run each for a while.
//
//   node fuzz/run.mjs [--seconds 30] [--jobs 2] [--seed N] [target …]
//   node fuzz/run.mjs --store [target …]     keep what was found: the fewest inputs that reach as much
//
// What is found goes to fuzz/target/work, which starts from the stored inputs and is used again; a
// finding goes to fuzz/artifacts. Closes with `fuzz: N passed, N failed`. docs/fuzzing.md says more.

import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Stop, ask, environment, main, root, run } from '../.ci/steps.mjs'

const folder = join(root, 'fuzz')
/** No input may take longer, no run more memory, no single allocation more. */
const limits = ['-timeout=10', '-rss_limit_mb=1024', '-malloc_limit_mb=256', '-max_len=8192']
/** Stored inputs are small: what matters in a long one can be had in a short one. */
const LONGEST = 2500

/** Why the targets cannot be built here, or null. */
export function missing() {
  if (!/^nightly/m.test(ask('rustup', ['toolchain', 'list']) ?? '')) return 'there is no nightly toolchain'
  if (!ask('cargo', ['fuzz', '--version'])) return 'cargo-fuzz is not installed'
  return null
}

export const targets = readdirSync(join(folder, 'fuzz_targets')).map((file) => file.replace(/\.rs$/, ''))

async function build() {
  await run('rustup', ['run', 'nightly', 'cargo', 'fuzz', 'build', '--sanitizer', 'none'])
  const host = /^host: (.*)$/m.exec(ask('rustc', ['-vV']))?.[1]
  return join(folder, 'target', host, 'release')
}

function made(...path) {
  const whole = join(folder, ...path)
  mkdirSync(whole, { recursive: true })
  return whole
}

/** Runs a built target; answers its code and what it printed. */
function fuzz(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }))
  })
}

async function search(programs, target, { seconds, seed }) {
  const artifacts = `-artifact_prefix=${made('artifacts', target)}/`
  const given = seed === undefined ? [] : [`-seed=${seed}`]
  const options = [...limits, ...given, `-max_total_time=${seconds}`, '-print_final_stats=1', artifacts]
  const { code, output } = await fuzz(join(programs, target), [
    ...options,
    made('target', 'work', target),
    made('corpus', target),
  ])
  const told = (pattern) => pattern.exec(output)?.[1] ?? '?'
  const line = [
    target.padEnd(12),
    `${told(/number_of_executed_units: (\d+)/)} executions`,
    `${seconds} s`,
    `seed ${told(/Seed: (\d+)/)}`,
    `${told(/peak_rss_mb: +(\d+)/)} MB`,
  ]
  console.log(line.join(', '))
  if (code !== 0) console.log(output.split('\n').slice(-60).join('\n'))
  return code === 0
}

/**
 * Replaces the stored inputs of a target by few that reach every place in the code that any known
 * input reaches: greedily, the one that reaches most that is new first.
 */
async function store(programs, target) {
  const control = join(made('target'), `${target}.merge`)
  rmSync(control, { force: true })
  const [work, stored, seeds] = [made('target', 'work', target), made('corpus', target), join(folder, 'target', 'seeds', target)]
  const fresh = made('target', 'fresh', target)
  const sources = [work, stored, seeds].filter((path) => existsSync(path))
  const options = ['-set_cover_merge=1', `-merge_control_file=${control}`, `-max_len=${LONGEST}`, '-timeout=20']
  const { code, output } = await fuzz(join(programs, target), [...options, fresh, ...sources])
  if (code !== 0) throw new Stop(`${target}: ${output.split('\n').slice(-20).join('\n')}`)
  // The control file: number of files, of those in the first folder, their names, then by number `FT`
  // lines with all that each reaches (eight counts of each place).
  const lines = readFileSync(control, 'utf8').split('\n')
  const names = lines.slice(2, 2 + Number(lines[0]))
  const reached = new Map()
  for (const line of lines.slice(2 + names.length)) {
    const [kind, at, ...found] = line.trim().split(' ')
    if (kind === 'FT') reached.set(names[Number(at)], new Set(found.map((feature) => Math.floor(Number(feature) / 8))))
  }
  const chosen = []
  const open = [...reached].map(([path, places]) => ({ path, places, size: statSync(path).size }))
  for (;;) {
    open.sort((a, b) => b.places.size - a.places.size || a.size - b.size || (a.path < b.path ? -1 : 1))
    const best = open.shift()
    if (!best || best.places.size === 0) break
    chosen.push(best)
    for (const other of open) other.places = new Set([...other.places].filter((place) => !best.places.has(place)))
  }
  const bytes = chosen.map(({ path }) => [path, readFileSync(path)])
  const name = (path) => path.split('/').at(-1)
  for (const old of readdirSync(stored)) if (!bytes.some(([path]) => path === join(stored, old))) rmSync(join(stored, old))
  for (const [path] of bytes) if (!path.startsWith(stored)) copyFileSync(path, join(stored, name(path)))
  rmSync(fresh, { recursive: true })
  const size = bytes.reduce((sum, [, content]) => sum + content.length, 0)
  console.log(`${target.padEnd(12)} ${chosen.length} of ${reached.size} inputs, ${size} bytes`)
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string', default: '30' },
        jobs: { type: 'string', default: `${Math.min(2, availableParallelism())}` },
        seed: { type: 'string' },
        store: { type: 'boolean', default: false },
      },
    })
    const unknown = positionals.filter((name) => !targets.includes(name))
    if (unknown.length > 0) throw new Stop(`no target ${unknown.join(', ')}; there are ${targets.join(', ')}`)
    const reason = missing()
    if (reason) throw new Stop(`${reason}: rustup toolchain install nightly, cargo install --locked cargo-fuzz`)
    const programs = await build()
    const waiting = positionals.length > 0 ? [...positionals] : [...targets]
    if (values.store) {
      for (const target of waiting) await store(programs, target)
      return
    }
    let [passed, failed] = [0, 0]
    const worker = async () => {
      for (let target = waiting.shift(); target; target = waiting.shift()) {
        if (await search(programs, target, values)) passed += 1
        else failed += 1
      }
    }
    await Promise.all(Array.from({ length: Number(values.jobs) }, worker))
    console.log(`fuzz: ${passed} passed, ${failed} failed`)
    if (failed > 0) process.exitCode = 1
  })
}
