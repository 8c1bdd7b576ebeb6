#!/usr/bin/env node
/**
 * The command line: the same analyses over files.
 *
 * Answers go to standard output (or `--out`), everything else to standard error. Ends with 0, with
 * 1 after an error of the data or the request, with 2 if the command was not understood.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { ColumnSet } from './columns.js'
import { SiyuError } from './errors.js'
import { fileAt } from './files.node.js'
import type { AttributeColumn, Guess, GuessRole, Ledger, Profile, RfmOptions, Role, Roles } from './generated.js'
import { mappingOf, SURE } from './mapping.js'
import { open } from './sync.node.js'
import type { Recipe, RfmReport, Siyu, Table, TableOptions } from './types.js'

const USAGE = `siyu: customer segments from order files (CSV, .xlsx), on this machine

  siyu guess orders.csv
      which column means what
  siyu rfm orders.csv [more.csv …] --at 2025-06-01 [options] [--out report.json] [--csv customers.csv]
      recency, frequency, monetary value: named groups of customers
  siyu run recipe.json --table orders=orders.csv [--out report.json] [--csv customers.csv]
      any analysis, given as data: { "analysis": "rfm", "inputs": { "log": "orders" }, "options": { … } }

      --table orders=may.csv --table orders=june.csv: several files as one table
  siyu ledger verify ledger.json [--head HASH]
      whether a log of what was published was changed; with the last hash, as it was kept elsewhere, also
      whether its end was cut off. Ends with 1 if it was

Columns, if the guess is not right (several tables: orders.buyer as the column):
  --customer NAME  --time NAME  --amount NAME  --order NAME
  --event NAME  --product NAME  --quantity NAME  --channel NAME  --currency NAME  --direction NAME
  --attribute NAME=COLUMN[:number]   a further column for rules and profiles (several may be given);
                         a table of customers has --customer and attributes, and no time
Reading:
  --zone Asia/Shanghai   the zone of times without an offset (default UTC)
  --encoding gb18030     (default: told from the bytes)
  --delimiter ';'        (default: told from the header)
  --profile FILE         how exports of this kind are read, as profileOf gives it (several may be given)
  --sheet NAME           of an .xlsx workbook (default: the first that holds data)
Options of rfm:
  --count row|order|day  --refunds net|drop|keep  --zeros keep|drop
  --bins 2…10  --convention NAME  --scheme eight|eleven  --split mean|score
Answers:
  --out FILE      the report as JSON; columns of customers are not in it
  --csv FILE      the customers as a CSV file that is safe to open in a spreadsheet
`

const ROLES: Role[] = ['customer', 'time', 'amount', 'order', 'event', 'product', 'quantity', 'channel', 'currency', 'direction']
const RFM = ['count', 'refunds', 'zeros']
const SCORING = ['convention']
const GROUPS = ['scheme', 'split']
const READ = ['zone', 'encoding', 'delimiter', 'sheet']

/** A command that was not understood. */
class Misuse extends Error {}

type Flags = Record<string, string | undefined> & { table?: never }

/** The command's words, and its flags. */
function understood(words: string[]): { command: string; files: string[]; tables: string[]; profiles: string[]; attributes: string[]; flags: Flags } {
  const text = { type: 'string' } as const
  const names = [...ROLES, ...RFM, ...SCORING, ...GROUPS, ...READ, 'at', 'bins', 'head', 'out', 'csv']
  try {
    const { values, positionals } = parseArgs({
      args: words, allowPositionals: true,
      options: {
        ...Object.fromEntries(names.map(name => [name, text])),
        table: { type: 'string', multiple: true }, profile: { type: 'string', multiple: true }, attribute: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' },
      },
    })
    const { table, profile, attribute, help, version, ...flags } = values
    const [command = '', ...files] = positionals
    return { command: help ? 'help' : version ? 'version' : command, files, tables: (table as string[] | undefined) ?? [], profiles: (profile as string[] | undefined) ?? [], attributes: (attribute as string[] | undefined) ?? [], flags: flags as Flags }
  } catch (error) {
    throw new Misuse((error as Error).message)
  }
}

async function main(words: string[]): Promise<void> {
  const { command, files, tables, profiles, attributes, flags } = understood(words)
  if (command === 'help' || command === '') {
    if (command === '') throw new Misuse('say what to do')
    process.stdout.write(USAGE)
    return
  }
  const siyu = await open({ memoryLimit: 3 * 1024 ** 3 })
  try {
    switch (command) {
      case 'version':
        return void process.stdout.write(`${siyu.version}\n`)
      case 'guess':
        return printGuess(await siyu.guess(await source(only(files, 'a file')), { ...picked(flags, ['encoding', 'delimiter', 'sheet']), profiles: await known(profiles) }))
      case 'rfm':
        return await rfm(siyu, files, flags, await known(profiles))
      case 'run':
        return await run(siyu, only(files, 'a recipe'), tables, flags, await known(profiles), attributes)
      case 'ledger':
        return await verify(siyu, files, flags)
      default:
        throw new Misuse(`there is no command ${command}`)
    }
  } finally {
    siyu.close()
  }
}

/** The profiles in these files. */
async function known(files: string[]): Promise<Profile[]> {
  return Promise.all(files.map(async file => {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as Profile
    } catch (error) {
      throw new Misuse(`${file} is no profile: ${(error as Error).message}`)
    }
  }))
}

async function rfm(siyu: Siyu, files: string[], flags: Flags, profiles: Profile[]): Promise<void> {
  if (files.length === 0) throw new Misuse('this command takes a file')
  const { at, bins } = flags
  if (!at) throw new Misuse('rfm needs --at, the day at which recency is measured, such as --at 2025-06-01')
  if (bins !== undefined && !/^\d+$/.test(bins)) throw new Misuse('--bins is a number')
  const table = await read(siyu, 'orders', files, flags, profiles)
  const options = {
    at, ...picked(flags, RFM), groups: picked(flags, GROUPS),
    scoring: { ...picked(flags, SCORING), ...(bins && { bins: Number(bins) }) },
  } as RfmOptions
  const report = await siyu.rfm(table, options)
  await write(siyu, report, flags)
  if (!flags.out) printGroups(report)
}

async function run(siyu: Siyu, file: string, given: string[], flags: Flags, profiles: Profile[], attributes: string[]): Promise<void> {
  if (flags.at || flags.bins) throw new Misuse('options of the analysis are part of the recipe')
  let recipe: Recipe
  try {
    recipe = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Misuse(`${file} is no recipe: ${(error as Error).message}`)
  }
  if (given.length === 0 && Object.keys(recipe.inputs ?? {}).length > 0) throw new Misuse('run needs --table name=file for each table that the recipe names')
  const files = new Map<string, string[]>()
  for (const pair of given) {
    const at = pair.indexOf('=')
    if (at < 1) throw new Misuse(`--table is name=file, not ${pair}`)
    const name = pair.slice(0, at)
    files.set(name, [...(files.get(name) ?? []), pair.slice(at + 1)])
  }
  const tables: Record<string, Table> = Object.create(null)
  for (const [name, parts] of files) tables[name] = await read(siyu, name, parts, flags, profiles, attributes, [...files.keys()])
  const report = await siyu.run(recipe, tables)
  await write(siyu, report, flags)
  if (!flags.out) process.stdout.write(`${asJson(report)}\n`)
}

/** Says whether a log was changed. */
async function verify(siyu: Siyu, [what, ...files]: string[], { head }: Flags): Promise<void> {
  if (what !== 'verify') throw new Misuse('ledger is followed by verify and a file')
  const file = only(files, 'a file')
  let ledger: Ledger
  try {
    ledger = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Misuse(`${file} is no log: ${(error as Error).message}`)
  }
  const { intact, firstBad, isCut } = await siyu.privacy('ledgerCheck', { ledger, ...(head !== undefined && { head }) })
  const entries = `${ledger.entries.length} entries`
  process.stdout.write(intact ? `intact: ${entries}, last hash ${ledger.hashes.at(-1) ?? 'none'}\n` : firstBad !== null ? `changed: from entry ${firstBad} on\n` : isCut ? 'changed: the last hash is another\n' : 'changed\n')
  if (!intact) process.exitCode = 1
}

/**
 * Reads files as one table, with the columns of the flags, and for the rest those of the profile or the sure
 * ones of the guess of the first file. Where nothing is said, every file is guessed.
 */
async function read(siyu: Siyu, name: string, files: string[], flags: Flags, profiles: Profile[], given: string[] = [], names: string[] = [name]): Promise<Table> {
  const blobs = await Promise.all(files.map(source))
  const said: Roles = {}
  for (const role of ROLES) {
    const column = flags[role]
    const [table, ...rest] = column?.split('.') ?? []
    // What is said of another table is not said of this one.
    if (column !== undefined && (table === name || rest.length === 0 || !names.includes(table ?? ''))) said[role] = table === name && rest.length > 0 ? rest.join('.') : column
  }
  const attributes = attributesOf(name, given)
  const isCustomers = said.customer !== undefined && !said.time && attributes.length > 0
  const guess = await siyu.guess(blobs[0] as Blob, { ...picked(flags, ['encoding', 'delimiter']), profiles })
  const profile = guess.profile === null ? undefined : profiles[guess.profile]
  if (profile) note(`${name}: read as ${profile.name} (${guess.profileMatch === 'kind' ? 'the same columns' : 'the mapped columns are there'})`)
  else if (profiles.length > 0) note(`${name}: no profile fits`)
  const found = (isCustomers ? [] : Object.entries(guess.roles)) as [Role, GuessRole | null][]
  const guessed = found.filter(([role, one]) => one && one.confidence >= SURE && !said[role] && !Object.values(said).includes(one.column))
  for (const [role, one] of guessed) if (one) note(`${name}: ${role} = ${one.column} (guessed, ${Math.round(one.confidence * 100)} %: ${one.reason})`)
  const sure = Object.fromEntries(guessed.map(([role, one]) => [role, one?.column]))
  const roles: Roles = isCustomers || (said.customer && said.time) ? { ...sure, ...said } : { ...mappingOf(withSaid(guess, said)), ...said }
  const eachGuessed = blobs.length > 1 && !profile && Object.keys(said).length === 0
  const header = blobs.length === 1 ? guess.header : null
  const options: TableOptions = {
    ...profile?.options, ...(header !== null && { header }), ...picked(flags, READ), name, ...(!eachGuessed && { roles }),
    ...(attributes.length > 0 && { attributes: Object.fromEntries(attributes) }),
  }
  const table = await siyu.read(blobs.length === 1 ? (blobs[0] as Blob) : blobs, { ...options, ...progress(name) })
  const { rows, issues } = table.quality
  note(`${name}: ${rows.used} of ${rows.read} rows used, ${table.customers} customers`)
  for (const { code, severity, count, column, rows: lines, files: of } of issues) {
    const places = lines.map((line, at) => (blobs.length > 1 ? `${files[of[at] ?? 0]}:${line}` : line))
    note(`${name}: ${code}${column ? ` in ${column}` : ''}: ${count} rows ${severity}, lines ${places.join(', ')}`)
  }
  return table
}

/** The attributes of the flags for a table: `name=column`, `table.name=column`, with `:number` for numbers. */
function attributesOf(table: string, given: string[]): [string, AttributeColumn][] {
  return given.flatMap((one): [string, AttributeColumn][] => {
    const [, left = '', rest = ''] = /^([^=]+)=(.+)$/s.exec(one) ?? []
    if (!left) throw new Misuse(`--attribute is name=column, not ${one}`)
    const [of, ...name] = left.split('.')
    if (name.length > 0 && of !== table) return []
    const isNumber = rest.endsWith(':number')
    return [[name.length > 0 ? name.join('.') : left, { column: isNumber ? rest.slice(0, -7) : rest, type: isNumber ? 'number' : 'text' }]]
  })
}

/** A guess in which what the caller said is sure, so that only the rest can be missing. */
function withSaid(guess: Guess, said: Roles): Guess {
  const roles = { ...guess.roles }
  for (const [role, column] of Object.entries(said)) roles[role as Role] = { column, confidence: 1, reason: 'both' }
  return { ...guess, roles }
}

async function source(file: string): Promise<Blob> {
  try {
    return await fileAt(file)
  } catch (error) {
    throw new Misuse(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** Writes what was asked for into files. */
async function write(siyu: Siyu, report: object, { out, csv }: Flags): Promise<void> {
  if (out) {
    await writeFile(out, `${asJson(report)}\n`)
    note(`report: ${out}`)
  }
  if (csv) {
    const sets = Object.values(report).filter(value => value instanceof ColumnSet)
    const [set] = sets
    if (!set) throw new Misuse('this analysis has no columns for --csv')
    await writeFile(csv, await siyu.exportCsv(set))
    note(`${set.length} rows: ${csv}`)
  }
}

/** A report as text. Columns are only named: they hold customers. */
function asJson(report: object): string {
  return JSON.stringify(report, (_, value) => (value instanceof ColumnSet ? { length: value.length, names: value.names } : value), 2)
}

function printGuess(guess: Guess): void {
  for (const role of ROLES) {
    const one = guess.roles[role]
    process.stdout.write(`${role.padEnd(9)} ${one ? `${one.column} (${Math.round(one.confidence * 100)} %: ${one.reason})` : '-'}\n`)
  }
  process.stdout.write(`columns   ${guess.columns.map(({ name }) => name).join(', ')}\n`)
}

function printGroups({ groups, totals }: RfmReport): void {
  const number = (value: number | null, digits = 0): string => (value === null ? '-' : value.toFixed(digits))
  const share = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(1)} %`)
  const lines = [['group', 'customers', 'share', 'revenue', 'share', 'days', 'purchases', 'spent', '']]
  for (const one of groups) {
    lines.push([
      one.name.en, number(one.customers), share(one.customersShare), number(one.revenue, 2), share(one.revenueShare),
      number(one.recencyMean), number(one.frequencyMean, 1), number(one.monetaryMean, 2), one.name.zh,
    ])
  }
  lines.push(['all', number(totals.customers), '', totals.revenueText, '', number(totals.recencyMean), number(totals.frequencyMean, 1), number(totals.monetaryMean, 2), ''])
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map(line => (line[at] ?? '').length))) ?? []
  for (const line of lines) {
    const cells = line.map((cell, at) => (at === 0 || at === line.length - 1 ? cell.padEnd(at === 0 ? widths[0] ?? 0 : 0) : cell.padStart(widths[at] ?? 0)))
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`)
  }
}

function progress(name: string): { onProgress?(progress: { done: number; total: number | null }): void } {
  if (!process.stderr.isTTY) return {}
  return { onProgress: ({ done, total }) => void (total && process.stderr.write(`\r${name}: ${Math.round((done / total) * 100)} %\r`)) }
}

function picked(flags: Flags, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap(name => (flags[name] === undefined ? [] : [[name, flags[name]]])))
}

function only(files: string[], what: string): string {
  const [file, ...more] = files
  if (file === undefined || more.length > 0) throw new Misuse(`this command takes ${what}`)
  return file
}

function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof Misuse) {
    note(`siyu: ${error.message}\n\n${USAGE}`)
    process.exitCode = 2
  } else if (error instanceof SiyuError) {
    note(`siyu: ${error.message}`)
    process.exitCode = 1
  } else throw error
}
