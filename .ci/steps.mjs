// One job: run named steps of work, say what they do and how long they took, and skip those whose
// inputs have not changed. Node built-ins only: it runs before any npm package is there.

import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { homedir } from 'node:os'

/** The folder of the project. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A failure that is told in one sentence, without a stack. */
export class Stop extends Error {}

/** cargo's own folder, where rustup puts the toolchain and `cargo install` puts programs. */
export const cargoHome = process.env.CARGO_HOME || join(homedir(), '.cargo')

/** Folders put before PATH for every program started here (the wasm-bindgen of the right version). */
const firstOnPath = []

/** Makes the programs of a folder the first ones found by everything started from here on. */
export function preferPrograms(folder) {
  if (!firstOnPath.includes(folder)) firstOnPath.unshift(folder)
}

/** The environment of every program started here. */
export function environment(extra = {}) {
  const path = [...firstOnPath, process.env.PATH, join(cargoHome, 'bin')].filter(Boolean).join(delimiter)
  // What is published must not tell where it was built, and must be the same wherever that is.
  const place = `--remap-path-prefix=${cargoHome}/registry/src=crates`
  // A module that is fetched pays for each copy of a function: docs/decisions/2026-11-22-module-size.md.
  // Names that hold the types of generic functions: by them the module is divided (pkg/build/split.mjs).
  const flags = `${place} -Copt-level=2 -Cllvm-args=-inline-threshold=25 -Csymbol-mangling-version=v0`
  // What is built once gains nothing from the compiler's own memory, which is half of what lies on the disk.
  const once = process.env.CI ? { CARGO_INCREMENTAL: '0' } : {}
  return { ...process.env, PATH: path, CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flags, ...once, ...extra }
}

/** Seconds as a person reads them. */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000
  if (seconds < 100) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/** Announces a piece of work, does it, and tells how long it took. */
export async function step(title, work) {
  const started = Date.now()
  console.log(`\n\u2022 ${title}`)
  const result = await work()
  console.log(`  done in ${duration(Date.now() - started)}`)
  return result
}

/**
 * The same, skipped when nothing it depends on changed since it last succeeded and what it makes is
 * still there. `inputs` and `outputs` are paths in the project; `also` is any further text that the
 * result depends on (versions, options).
 */
export async function cachedStep(title, { name, inputs, outputs, also = '' }, work) {
  const stamp = join(root, 'target', 'stamps', name)
  const now = `${fingerprint(inputs)} ${also}`
  const same = existsSync(stamp) && readFileSync(stamp, 'utf8') === now
  if (same && outputs.every((path) => existsSync(join(root, path)))) {
    console.log(`\u2022 ${title}: unchanged`)
    return
  }
  rmSync(stamp, { force: true })
  await step(title, work)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, now)
}

/** Folders that hold results, never inputs. */
const results = new Set(['node_modules', 'target', 'dist', '.git', '.svelte-kit', '.tmp'])

/** A hash over names and contents of files and folders of the project; a missing one counts as such. */
export function fingerprint(paths) {
  const hash = createHash('sha256')
  const visit = (path) => {
    hash.update(relative(root, path)).update('\0')
    if (!existsSync(path)) return
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) {
        if (!results.has(entry)) visit(join(path, entry))
      }
    } else {
      hash.update(readFileSync(path)).update('\0')
    }
  }
  for (const path of paths) visit(join(root, path))
  return hash.digest('hex')
}

/** npm of the Node that is running, found without a shell. */
export const npm = process.env.npm_execpath?.endsWith('.js')
  ? { program: process.execPath, args: [process.env.npm_execpath] }
  : { program: 'npm', args: [] }

/** A command as a person would type it. */
export function typed(program, args) {
  const words = [program, ...args].join(' ')
  return words.replace([npm.program, ...npm.args].join(' '), 'npm').replace(process.execPath, 'node')
}

/** Runs a program with its output shown as it comes; a failure stops everything. */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const line = typed(program, args)
    console.log(`  $ ${line}`)
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: environment(options.env),
      stdio: 'inherit',
    })
    child.on('error', (error) => reject(new Stop(`${line}: ${error.message}`)))
    child.on('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Stop(`${line} ended with ${signal ?? `code ${code}`}`))
    })
  })
}

/** What a program prints, or null when it is absent or fails. */
export function ask(program, args) {
  const answer = spawnSync(program, args, { cwd: root, env: environment(), encoding: 'utf8' })
  return answer.status === 0 ? answer.stdout.trim() : null
}

/** Runs the main function of a script: a `Stop` is one sentence, anything else a stack. */
export async function main(work) {
  try {
    await work()
  } catch (error) {
    console.error(`\n${error instanceof Stop ? `stopped: ${error.message}` : error.stack}`)
    process.exitCode = 1
  }
}
