/**
 * A caller's columns or objects in memory → batches that the engine takes.
 *
 * A batch is some thousand rows, so that no step is long; nothing is built per row beyond what the caller
 * passed in. Loaded when first needed.
 */
import { gathered, isWellFormed, joined, type Texts } from './bytes.js'
import { fail } from './errors.js'
import type { AttributeColumn, Role, Roles } from './generated.js'
import { pause } from './pause.js'
import type { Batch, Cells, ColumnInput, Cursor } from './sources.js'
import type { Columns } from './types.js'

/** Rows of a batch of typed arrays, which are copied as they are. */
const ROWS = 32_768
/** Rows of a batch with cells of any type, each of which is looked at. */
const MIXED_ROWS = 8_192

/** Rows that a guess looks at. */
const SAMPLE = 200

/** The roles, customer first, and what each holds. */
const KINDS: Record<Role, 'text' | 'time' | 'number'> = {
  customer: 'text', time: 'time', amount: 'number', order: 'text', event: 'text', product: 'text', quantity: 'number', channel: 'text',
  currency: 'text', direction: 'text',
}

/** Columns in memory, checked. */
export function ofColumns(source: Columns): ColumnInput {
  const columns: [keyof Batch, ColumnReader][] = []
  let size = -1
  for (const [role, values] of Object.entries(source.columns)) {
    if (values === undefined) continue
    const kind = Object.hasOwn(KINDS, role) ? KINDS[role as Role] : undefined
    if (!kind) throw fail('unknown-field', `The roles are ${Object.keys(KINDS).join(', ')}.`, { path: `columns.${role}` })
    const reader = columnOf(values, kind, role)
    if (size >= 0 && reader.length !== size) throw fail('invalid-option', 'All columns must have one length.', { path: `columns.${role}` })
    size = reader.length
    columns.push([role as Role, reader])
  }
  const roles = Object.fromEntries(columns.map(([role]) => [role, role]))
  const attributes: [string, AttributeColumn][] = []
  for (const [name, values] of Object.entries(source.attributes ?? {})) {
    if (values === undefined) continue
    const type = holdsNumbers(values) ? 'number' : 'text'
    const reader = columnOf(values, type, name)
    if (size >= 0 && reader.length !== size) throw fail('invalid-option', 'All columns must have one length.', { path: `attributes.${name}` })
    size = reader.length
    columns.push([`@${name}`, reader])
    attributes.push([name, { column: name, type }])
  }
  return {
    form: 'columns', name: '', size: Math.max(size, 0), again: false, blob: null,
    roles, attributes: Object.fromEntries(attributes),
    open: () => batches(columns, Math.max(size, 0)),
  }
}

/** Whether an attribute holds numbers: an array of numbers, or one whose first value is a number. */
function holdsNumbers(values: unknown): boolean {
  if (values instanceof Float64Array || values instanceof Int32Array || values instanceof Uint32Array) return true
  return Array.isArray(values) && typeof values.find(value => value != null) === 'number'
}

/** An array of objects, of which `roles` and `attributes` name the keys. */
export function ofRows(rows: readonly object[], roles: Roles, attributes: Record<string, AttributeColumn> = {}): ColumnInput {
  const columns: [keyof Batch, ColumnReader][] = []
  for (const [role, key] of Object.entries(roles)) {
    if (key == null) continue
    const kind = Object.hasOwn(KINDS, role) ? KINDS[role as Role] : undefined
    if (!kind) throw fail('unknown-field', `The roles are ${Object.keys(KINDS).join(', ')}.`, { path: `roles.${role}` })
    const get = getter(key)
    if (rows.length > 0 && !rows.some(row => get(row) !== undefined)) throw fail('missing-column', 'No object has this key.', { column: key, path: `roles.${role}` })
    columns.push([role as Role, mixed(rows.length, at => get(rows[at]), kind, key)])
  }
  for (const [name, one] of Object.entries(attributes)) {
    const { column, type = 'text' } = typeof one === 'string' ? { column: one } : one
    const get = getter(column)
    if (rows.length > 0 && !rows.some(row => get(row) !== undefined)) throw fail('missing-column', 'No object has this key.', { column, path: `attributes.${name}` })
    columns.push([`@${name}`, mixed(rows.length, at => get(rows[at]), type, column)])
  }
  return {
    form: 'columns', name: '', size: rows.length, again: false, blob: null, roles, attributes,
    open: () => batches(columns, rows.length),
  }
}

/** The first objects, or rows of columns, as CSV text, for guessing what the keys mean. */
export function sampleOf(source: readonly object[] | Columns): string {
  const head = 'columns' in source ? rowsOf(source) : source.slice(0, SAMPLE)
  const keys = [...new Set(head.flatMap(row => Object.keys(row ?? {})))]
  const quote = (value: unknown): string => `"${textOf(value).replaceAll('"', '""')}"`
  const lines = [keys.map(quote).join(',')]
  for (const row of head) lines.push(keys.map(key => quote(getter(key)(row))).join(','))
  return `${lines.join('\r\n')}\r\n`
}

/** The first rows of columns as objects. */
function rowsOf({ columns }: Columns): object[] {
  const length = Math.min(SAMPLE, ...Object.values(columns).map(values => ('codes' in values ? values.codes.length : values.length)))
  return Array.from({ length }, (_, at) => Object.fromEntries(Object.entries(columns).map(([role, values]) => {
    const value = 'codes' in values ? values.ids[values.codes[at] as number] : values[at]
    return [role, role === 'time' && typeof value === 'number' ? new Date(value) : value]
  })))
}

/** A key of an object; what every object inherits (`constructor`, `__proto__`) only if it is its own. */
function getter(key: string): (row: unknown) => unknown {
  if (key in Object.prototype) return row => (row != null && Object.hasOwn(row as object, key) ? (row as Record<string, unknown>)[key] : undefined)
  return row => (row as Record<string, unknown> | null | undefined)?.[key]
}

/** A column that gives its cells in batches. */
interface ColumnReader {
  length: number
  /** Rows that can be taken at once without keeping the page waiting. */
  most: number
  /** The cells of rows `from` to `until`. */
  cells(from: number, until: number): Cells | Promise<Cells>
}

function columnOf(values: unknown, kind: 'text' | 'time' | 'number', role: string): ColumnReader {
  if (values instanceof Float64Array) {
    return { length: values.length, most: ROWS, cells: (from, until) => ({ numbers: values.slice(from, until) }) }
  }
  if (kind !== 'time' && (values instanceof Int32Array || values instanceof Uint32Array)) {
    return { length: values.length, most: ROWS, cells: (from, until) => ({ ints: values.slice(from, until) }) }
  }
  if (Array.isArray(values)) return mixed(values.length, at => values[at], kind, role)
  if (kind === 'text' && typeof values === 'object' && values !== null && 'codes' in values && 'ids' in values) {
    const { codes, ids } = values as { codes: unknown; ids: unknown }
    if (codes instanceof Uint32Array && Array.isArray(ids)) {
      let known: Promise<Texts> | null = null
      return {
        length: codes.length,
        most: MIXED_ROWS,
        async cells(from, until) {
          known ??= dictionary(ids, role)
          const { text, ends } = await known
          const part = codes.subarray(from, until)
          const bad = part.findIndex(code => code >= ids.length)
          if (bad >= 0) throw fail('type', 'A code points beyond the ids.', { column: role, row: from + bad + 1 })
          return gathered(text, ends, part)
        },
      }
    }
  }
  const allowed = { text: 'texts, Int32Array, Uint32Array, Float64Array or { codes, ids }', time: 'Float64Array (ms), dates or texts', number: 'Float64Array, numbers or texts' }[kind]
  throw fail('type', `This column holds ${allowed}.`, { path: `columns.${role}` })
}

/** All ids of a dictionary, encoded with pauses. */
async function dictionary(ids: readonly unknown[], role: string): Promise<Texts> {
  const parts: Texts[] = []
  for (let from = 0; from < ids.length; from += MIXED_ROWS) {
    parts.push(packed(from, Math.min(from + MIXED_ROWS, ids.length), at => cellText(ids[at], role, at)))
    await pause()
  }
  const ends = new Uint32Array(ids.length)
  let bytes = 0
  let row = 0
  for (const part of parts) {
    for (const end of part.ends) ends[row++] = bytes + end
    bytes += part.text.length
  }
  return { text: joined(parts.map(({ text }) => text)), ends }
}

/** Cells of any type: numbers if a whole batch holds nothing else, else texts. */
function mixed(length: number, get: (row: number) => unknown, kind: 'text' | 'time' | 'number', name: string): ColumnReader {
  return {
    length,
    most: MIXED_ROWS,
    cells(from, until) {
      if (kind !== 'text') {
        const numbers = new Float64Array(until - from)
        let at = from
        for (; at < until; at++) {
          const value = get(at)
          if (typeof value === 'number') numbers[at - from] = value
          else if (value == null) numbers[at - from] = NaN
          else if (kind === 'time' && value instanceof Date) numbers[at - from] = value.getTime()
          else break
        }
        if (at === until) return { numbers }
      }
      return packed(from, until, at => {
        const value = get(at)
        // Beside texts, a number that is a time must not be read as a year.
        return cellText(kind === 'time' && typeof value === 'number' ? new Date(value) : value, name, at)
      })
    },
  }
}

/** A cell as the text that a file would have; nothing for null. */
function cellText(value: unknown, column: string, row: number): string {
  const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || value == null || value instanceof Date
  if (!known) throw fail('type', 'A cell is a text, a number, a date, or null.', { column, row: row + 1 })
  const text = textOf(value)
  if (!isWellFormed(text)) throw fail('encoding', 'The text has half a surrogate pair, which is no character.', { column, row: row + 1 })
  return text
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value == null || (typeof value === 'number' && Number.isNaN(value))) return ''
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  return String(value)
}

/** Texts of some rows as bytes and ends. */
function packed(from: number, until: number, text: (row: number) => string): Texts {
  const encoder = new TextEncoder()
  const ends = new Uint32Array(until - from)
  let bytes = new Uint8Array((until - from) * 16)
  let length = 0
  for (let at = from; at < until; at++) {
    const value = text(at)
    if (bytes.length < length + value.length * 3) {
      const larger = new Uint8Array((length + value.length * 3) * 2)
      larger.set(bytes.subarray(0, length))
      bytes = larger
    }
    length += encoder.encodeInto(value, bytes.subarray(length)).written
    ends[at - from] = length
  }
  return { text: bytes.slice(0, length), ends }
}

function batches(columns: [keyof Batch, ColumnReader][], rows: number): Cursor<Batch> {
  const most = Math.min(...columns.map(([, { most }]) => most))
  let at = 0
  return {
    async next() {
      if (at >= rows) return null
      const until = Math.min(at + most, rows)
      const batch: Batch = {}
      for (const [role, column] of columns) batch[role] = await column.cells(at, until)
      at = until
      await pause()
      return batch
    },
    close() {
      at = rows
    },
  }
}
