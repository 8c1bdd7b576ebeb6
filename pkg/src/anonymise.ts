/**
 * A table in which nobody is found: values are made coarser, and rows that still stand out are left out, until
 * k-anonymity (and l-diversity and t-closeness, where demanded) is reached.
 *
 * Every value of a column is on one level (full-domain generalisation, Samarati 2001). Of all combinations of
 * levels the one with the least loss is taken whose left-out rows stay within the limit; loss is the mean
 * share of each column's height (Sweeney 2002, Prec). All combinations are looked at, in the order of their
 * loss, so what is found is the least. What the engine's own figures then say of the table decides.
 */
import { fail } from './errors.js'
import type { Anonymity, Demand } from './generated.js'
import { pause } from './pause.js'
import type { Siyu } from './types.js'

/** How the values of a column become coarser, from level to level; above the last all are `*`. */
export type Coarser =
  /** Numbers to intervals of these widths, whole numbers, each a multiple of the one before: `[20, 30)`. */
  | { column: string; widths: number[] }
  /** Texts to so many first characters, fewer each time: `6100**`. */
  | { column: string; lengths: number[] }
  /** Texts to what they belong to: one map for each level, from the original value. What is not in a map becomes `*`. */
  | { column: string; levels: Record<string, string>[] }

/** What is to be made safe. */
export interface AnonymiseOptions {
  /** The rows, one for each person. */
  rows: readonly Record<string, unknown>[]
  /** The columns by which a person could be found, and how they become coarser. */
  quasiIdentifiers: Coarser[]
  /** The column that nobody should learn of a person. Columns that are neither are left out. */
  sensitive: string
  /** What to reach: `k` at least. */
  demand: Demand & { k: number }
  /** The values of the sensitive column in their order, if they have one. */
  orderedValues?: unknown[]
  /** The largest share of rows that may be left out. Default 0.05. */
  maxLeftOut?: number
}

/** A table that was made safe. */
export interface Anonymised {
  /** The quasi-identifiers, coarser, and the sensitive column; ordered by these, so that the order of rows tells nothing. */
  rows: Record<string, unknown>[]
  /** The level of each column; 0 is as it was. */
  levels: Record<string, number>
  /** Rows that were left out. */
  leftOut: number
  /** Loss from 0 (as it was) to 1 (all `*`). */
  loss: number
  /** The engine's figures of the table. */
  figures: Anonymity
}

/** Combinations of levels at most. */
const COMBINATIONS = 20_000
const ALL = '*'
/** After so long others are let through. */
const STEP_MS = 20

/** The texts of a value on every level from 1 on, the last of which is `*`. */
function ladderOf(rule: Coarser, value: unknown): string[] {
  if ('widths' in rule) {
    const number = typeof value === 'number' ? value : Number.NaN
    return [...rule.widths.map(width => {
      const from = Math.floor(number / width) * width
      return Number.isFinite(number) ? `[${from}, ${from + width})` : ALL
    }), ALL]
  }
  const text = value == null ? null : String(value)
  if ('lengths' in rule) {
    const letters = text === null ? null : [...text]
    return [...rule.lengths.map(length => (letters ? letters.slice(0, length).join('') + ALL.repeat(Math.max(0, letters.length - length)) : ALL)), ALL]
  }
  return [...rule.levels.map(map => (text !== null && Object.hasOwn(map, text) ? (map[text] as string) : ALL)), ALL]
}

const heightOf = (rule: Coarser): number => ('widths' in rule ? rule.widths : 'lengths' in rule ? rule.lengths : rule.levels).length + 1

function checked(quasi: readonly Coarser[]): void {
  quasi.forEach((rule, at) => {
    const wrong = (hint: string, field: string): never => { throw fail('invalid-option', hint, { path: `quasiIdentifiers[${at}].${field}` }) }
    if ('widths' in rule && rule.widths.some((width, level) => !(Number.isSafeInteger(width) && width > 0) || (level > 0 && width % (rule.widths[level - 1] as number) !== 0))) wrong('Widths are whole numbers, each a multiple of the one before.', 'widths')
    if ('lengths' in rule && rule.lengths.some((length, level) => !(Number.isInteger(length) && length >= 0) || (level > 0 && length >= (rule.lengths[level - 1] as number)))) wrong('Each length is less than the one before.', 'lengths')
  })
}

/**
 * Makes a table safe, or says that it cannot be.
 *
 * Errors: `invalid-option` with its path; `not-enough-data` if nothing within `maxLeftOut` reaches the demand;
 * `limit` for more than 20,000 combinations of levels.
 */
export async function anonymise(siyu: Siyu, options: AnonymiseOptions): Promise<Anonymised> {
  const { rows, quasiIdentifiers: quasi, sensitive, demand, orderedValues, maxLeftOut = 0.05 } = options
  if (!(Number.isInteger(demand.k) && demand.k >= 1)) throw fail('invalid-option', 'k is a whole number from 1.', { path: 'demand.k' })
  if (!(maxLeftOut >= 0 && maxLeftOut <= 1)) throw fail('invalid-option', 'A share is from 0 to 1.', { path: 'maxLeftOut' })
  if (rows.length === 0) throw fail('not-enough-data', 'The table has no row.', { path: 'rows' })
  checked(quasi)
  const heights = quasi.map(heightOf)
  const combinations = heights.reduce((all, height) => all * (height + 1), 1)
  if (combinations > COMBINATIONS) throw fail('limit', `There are ${combinations} combinations of levels; at most ${COMBINATIONS} are tried: leave out levels or columns.`, { path: 'quasiIdentifiers' })

  // Rows that are equal in all that counts are looked at once.
  const kinds = new Map<string, { ladders: unknown[][]; values: unknown[] }>()
  for (const row of rows) {
    const values = quasi.map(({ column }) => (Object.hasOwn(row, column) ? row[column] : null) ?? null)
    const key = JSON.stringify(values)
    const known = kinds.get(key)
    const value = (Object.hasOwn(row, sensitive) ? row[sensitive] : null) ?? null
    if (known) known.values.push(value)
    else kinds.set(key, { ladders: values.map((each, at) => [each, ...ladderOf(quasi[at] as Coarser, each)]), values: [value] })
  }
  const most = Math.floor(maxLeftOut * rows.length)
  let last = performance.now()
  for (const { levels, loss } of inOrder(heights)) {
    if (performance.now() - last > STEP_MS) {
      await pause()
      last = performance.now()
    }
    const classes = new Map<string, { cells: unknown[]; values: unknown[] }>()
    for (const { ladders, values } of kinds.values()) {
      const cells = levels.map((level, at) => ladders[at]?.[level])
      const key = JSON.stringify(cells)
      const known = classes.get(key)
      if (known) for (const value of values) known.values.push(value)
      else classes.set(key, { cells, values: [...values] })
    }
    const isSafe = ({ values }: { values: unknown[] }): boolean => values.length >= demand.k && (demand.l == null || new Set(values.map(value => JSON.stringify(value))).size >= demand.l)
    const safe = [...classes].filter(([, one]) => isSafe(one)).sort(([a], [b]) => (a < b ? -1 : 1))
    const kept = safe.reduce((sum, [, { values }]) => sum + values.length, 0)
    if (kept === 0 || rows.length - kept > most) continue
    const table = safe.flatMap(([, { cells, values }]) => {
      const sorted = values.map(value => [JSON.stringify(value), value] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      return sorted.map(([, value]) => Object.fromEntries([...quasi.map(({ column }, at) => [column, cells[at]]), [sensitive, value]]) as Record<string, unknown>)
    })
    const figures = await siyu.privacy('anonymity', { rows: table, quasiIdentifiers: quasi.map(({ column }) => column), sensitive, demand, ...(orderedValues && { orderedValues }) })
    if (!figures.passes) continue
    return { rows: table, levels: Object.fromEntries(quasi.map(({ column }, at) => [column, levels[at] as number])), leftOut: rows.length - kept, loss, figures }
  }
  throw fail('not-enough-data', 'No levels reach what is demanded: leave more rows out, or demand less.', { path: 'demand' })
}

/** All combinations of levels, those of the least loss first; of equal loss those that change fewer columns. */
function inOrder(heights: readonly number[]): { levels: number[]; loss: number }[] {
  let all: number[][] = [[]]
  for (const height of heights) all = all.flatMap(levels => Array.from({ length: height + 1 }, (_, level) => [...levels, level]))
  const changed = (levels: number[]): number => levels.filter(level => level > 0).length
  const of = all.map(levels => ({ levels, loss: levels.reduce((sum, level, at) => sum + level / (heights[at] as number), 0) / Math.max(1, heights.length) }))
  return of.sort((a, b) => a.loss - b.loss || changed(a.levels) - changed(b.levels))
}
