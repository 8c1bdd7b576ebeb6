// One job: run all benches one after the other, each in a process of its own, and judge their ratios
// against the targets of the project. `npm run bench` takes minutes, with `--full` half an hour.
//
//   --full         10 M rows and 100 MB instead of 1 M and 20 MB
//   --write        puts the figures into docs/performance.md
//   rfm_memory …   only the benches named
//
// Exits with 1 when a target is missed. With CI=true a ratio may miss its target by 30 %: machines
// differ, and other work runs beside.

import { fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPackage, prepare } from '../.ci/build.mjs'
import { Stop, ask, cachedStep, duration, main, npm, root, run } from '../.ci/steps.mjs'
import { SEED } from './data.mjs'
import { full, met, print, wanted } from './measure.mjs'

const folder = dirname(fileURLToPath(import.meta.url))
const page = join(root, 'docs', 'performance.md')
const ALL = ['rfm_memory', 'csv_rfm', 'native', 'memory']
/** Only when named: they take long, or need what npm does not install. */
const MORE = ['rules', 'kmeans', 'experiment', 'bootstrap', 'boost', 'gate', 'btyd']
/** DuckDB and PapaParse hold all rows as objects at some time. */
const HEAP = '--max-old-space-size=8192'

const slack = process.env.CI === 'true' ? 0.3 : 0

/** The peers, of exactly the versions of their own lock file. */
function peers() {
  const inputs = ['benches/package.json', 'benches/package-lock.json']
  return cachedStep('the peers', { name: 'peers', inputs, outputs: ['benches/node_modules'] }, () =>
    run(npm.program, [...npm.args, 'ci', '--no-audit', '--no-fund'], { cwd: folder }),
  )
}

/** Runs one bench and returns what it reports. */
function bench(name) {
  return new Promise((resolve, reject) => {
    let told = null
    const args = full ? ['--full'] : []
    const child = fork(join(folder, `${name}.mjs`), args, { cwd: root, execArgv: [HEAP] })
    child.on('message', (message) => (told = message))
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code === 0 && told) resolve(told)
      else reject(new Stop(`the bench ${name} ended with code ${code}`))
    })
  })
}

/** A table in Markdown. */
function markdown(rows) {
  const [head, ...body] = rows
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')
}

/** Puts the figures between the two marks of the page. */
function write(reports, named) {
  const peersOf = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).dependencies
  const begin = '<!-- figures: written by npm run bench -->'
  const end = '<!-- end of figures -->'
  const text = readFileSync(page, 'utf8')
  const [from, until] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || until < from) throw new Stop('docs/performance.md has no place for the figures')
  const command = ['npm run bench', ...(named.length > 0 || full ? ['--'] : []), ...(full ? ['--full'] : []), ...named].join(' ')
  const machine = `${availableParallelism()} cores of a virtual machine with ${Math.round(totalmem() / 2 ** 30)} GB`
  const facts = [
    `Measured on ${new Date().toISOString().slice(0, 10)} with \`${command}\`, seed ${SEED}, on ${machine},`,
    `Node ${process.versions.node}, ${ask('rustc', ['--version']).split(' ').slice(0, 2).join(' ')},`,
    `DuckDB-WASM ${peersOf['@duckdb/duckdb-wasm']}, PapaParse ${peersOf.papaparse}.`,
  ].join('\n')
  const sections = reports.map(({ title, rows, ratios, notes }) => [
    `### ${title}`,
    markdown([['', 'median (range)'], ...rows.map(({ name, text: figure }) => [name, figure])]),
    markdown([['ratio', 'measured', 'target'], ...ratios.map((ratio) => [ratio.name, ratio.value.toFixed(2), wanted(ratio)])]),
    ...notes,
  ].join('\n\n'))
  const figures = [begin, facts, ...sections].join('\n\n')
  writeFileSync(page, `${text.slice(0, from)}${figures}\n\n${text.slice(until)}`)
}

await main(async () => {
  const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
  const unknown = named.filter((name) => ![...ALL, ...MORE].includes(name))
  if (unknown.length > 0) throw new Stop(`no such bench: ${unknown.join(', ')} (there are ${[...ALL, ...MORE].join(', ')})`)
  await prepare()
  await buildPackage()
  await peers()
  const reports = []
  for (const name of named.length > 0 ? named : ALL) {
    const started = Date.now()
    reports.push(await bench(name))
    print(reports.at(-1))
    console.log(`  took ${duration(Date.now() - started)}`)
  }
  if (process.argv.includes('--write')) write(reports, named)
  const missed = reports.flatMap(({ ratios }) => ratios).filter((ratio) => !met(ratio, slack))
  if (missed.length > 0) {
    const list = missed.map((ratio) => `${ratio.name} is ${ratio.value.toFixed(2)}, wanted ${wanted(ratio)}`)
    throw new Stop(`targets missed${slack ? ' by more than 30 %' : ''}:\n  ${list.join('\n  ')}`)
  }
  console.log('\nall targets are met')
})
