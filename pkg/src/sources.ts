/**
 * A caller's source → pieces that the engine takes: bytes of a file, or batches of columns.
 *
 * A piece is at most 1 MiB of bytes or some thousand rows, so that no step is long; nothing is built per
 * row beyond what the caller passed in.
 */
import { joined } from './bytes.js'
import { fail } from './errors.js'
import type { Role, Roles } from './generated.js'
import { pause } from './pause.js'
import type { Columns, Source } from './types.js'

/** Bytes of a piece. */
export const PIECE = 1024 * 1024
/** Rows of a batch of typed arrays, which are copied as they are. */
const ROWS = 32_768
/** Rows of a batch with cells of any type, each of which is looked at. */
const MIXED_ROWS = 8_192

/** One pass over a source. */
export interface Cursor<T> {
  /** The next piece; null at the end. */
  next(): Promise<T | null>
  /** Stops early and lets go of what is behind it. */
  close(): void
}

/** One role's cells in a batch. */
export interface Cells {
  /** Texts one after the other. */
  text?: Uint8Array
  /** Where each text ends. */
  ends?: Uint32Array
  /** Numbers; times in ms UTC. NaN is a missing cell. */
  numbers?: Float64Array
  /** Integers, for ids. */
  ints?: Int32Array | Uint32Array
}

/** Cells of texts. */
type Texts = Required<Pick<Cells, 'text' | 'ends'>>

/** Some rows of all columns, by role. */
export type Batch = { [role in Role]?: Cells }

/** A source of the bytes of a file. */
export interface ByteInput {
  form: 'bytes'
  name: string
  /** Bytes in all, if known. */
  size: number | null
  /** Whether it can be opened again, now or after a restart. */
  again: boolean
  /** The blob itself: it crosses to a worker as it is. */
  blob: Blob | null
  open(): Cursor<Uint8Array>
}

/** A source of columns in memory. */
export interface ColumnInput {
  form: 'columns'
  name: string
  /** Rows in all. */
  size: number
  again: false
  blob: null
  /** The header under which each role stands. */
  roles: Roles
  open(): Cursor<Batch>
}

/** Anything that can be read. */
export type Input = ByteInput | ColumnInput

/** The roles, customer first, and what each holds. */
const KINDS: Record<Role, 'text' | 'time' | 'number'> = {
  customer: 'text', time: 'time', amount: 'number', order: 'text', event: 'text', product: 'text', quantity: 'number', channel: 'text',
}

/** The source of bytes in a caller's source, or null if it holds columns or objects. */
export function bytesOf(source: Source): ByteInput | null {
  if (typeof source === 'string') return ofText(source)
  if (source instanceof ArrayBuffer) return ofBytes(new Uint8Array(source))
  if (source instanceof Uint8Array) return ofBytes(source)
  if (isBlob(source)) return ofBlob(source)
  if (typeof Response === 'function' && source instanceof Response) return ofResponse(source)
  if (typeof (source as ReadableStream | null)?.getReader === 'function') return ofStream(source as ReadableStream<Uint8Array>, null)
  return null
}

/** Whether the source is an array of objects. */
export function isRows(source: Source): source is readonly object[] {
  return Array.isArray(source)
}

/** Whether the source is columns in memory. */
export function isColumns(source: Source): source is Columns {
  return typeof source === 'object' && source !== null && typeof (source as Columns).columns === 'object' && (source as Columns).columns !== null
}

/** What to say about anything else. */
export function notASource(): Error {
  return fail('type', 'A source is a File, Blob, stream, Response, bytes, CSV text, columns by role, or an array of objects.', { path: 'source' })
}

/** Bytes or text as a blob, so that it can be opened again without holding the page's memory. */
export function reopenable(source: Source): ByteInput | null {
  if (typeof source === 'string' || source instanceof ArrayBuffer || source instanceof Uint8Array) {
    return ofBlob(new Blob([source as BlobPart]))
  }
  return null
}

function isBlob(source: unknown): source is Blob {
  const blob = source as Blob | null
  return typeof blob === 'object' && blob !== null && typeof blob.size === 'number' && typeof blob.slice === 'function' && typeof blob.arrayBuffer === 'function'
}

/** A blob or file, read in pieces, the next one while the last is being worked on. */
export function ofBlob(blob: Blob): ByteInput {
  return {
    form: 'bytes', name: (blob as File).name ?? '', size: blob.size, again: true, blob,
    open() {
      let at = 0
      const load = (): Promise<ArrayBuffer> | null => {
        if (at >= blob.size) return null
        const part = blob.slice(at, at += PIECE).arrayBuffer()
        part.catch(() => {}) // awaited later, or never if closed before
        return part
      }
      let ahead = load()
      return {
        async next() {
          if (!ahead) return null
          const bytes = new Uint8Array(await ahead)
          ahead = load()
          return bytes
        },
        close() {
          at = blob.size
          ahead = null
        },
      }
    },
  }
}

function ofBytes(bytes: Uint8Array): ByteInput {
  return {
    form: 'bytes', name: '', size: bytes.length, again: false, blob: null,
    open() {
      let at = 0
      return {
        // Copies: the piece will be moved to the worker, the caller's bytes stay the caller's.
        // Not with `slice`, which on a Buffer of Node does not copy.
        next: async () => (at < bytes.length ? new Uint8Array(bytes.subarray(at, at += PIECE)) : null),
        close() {
          at = bytes.length
        },
      }
    },
  }
}

function ofText(text: string): ByteInput {
  return {
    form: 'bytes', name: '', size: null, again: false, blob: null,
    open() {
      const encoder = new TextEncoder()
      let at = 0
      return {
        async next() {
          if (at >= text.length) return null
          let end = Math.min(at + PIECE / 4, text.length)
          // A pair of surrogates is one character.
          if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end++
          const part = text.slice(at, end)
          if (!isWellFormed(part)) throw fail('encoding', 'The text has half a surrogate pair, which is no character.')
          at = end
          return encoder.encode(part)
        },
        close() {
          at = text.length
        },
      }
    },
  }
}

function ofResponse(response: Response): ByteInput {
  if (!response.ok) throw fail('unsupported', `The server answered ${response.status} instead of the file.`, { path: 'source' })
  if (response.bodyUsed) throw fail('closed', 'The body of this response was used before.', { path: 'source' })
  const length = Number(response.headers.get('content-length') ?? NaN)
  // With a content coding, the length is that of the coded body.
  const size = Number.isFinite(length) && !response.headers.has('content-encoding') ? length : null
  return response.body ? ofStream(response.body, size) : ofBytes(new Uint8Array())
}

function ofStream(stream: ReadableStream<Uint8Array>, size: number | null): ByteInput {
  return {
    form: 'bytes', name: '', size, again: false, blob: null,
    open() {
      if (stream.locked) throw fail('closed', 'The stream is being read elsewhere.', { path: 'source' })
      const reader = stream.getReader()
      let chunk: Uint8Array = new Uint8Array()
      return {
        async next() {
          // Small chunks are gathered: each piece costs a message and a step.
          const piece = new Uint8Array(PIECE)
          let filled = 0
          while (filled < PIECE / 4) {
            if (chunk.length === 0) {
              const { done, value } = await reader.read()
              if (done) break
              if (!(value instanceof Uint8Array)) throw fail('type', 'The stream must give Uint8Array chunks.', { path: 'source' })
              chunk = value
            }
            const part = chunk.subarray(0, PIECE - filled)
            piece.set(part, filled)
            filled += part.length
            chunk = chunk.subarray(part.length)
          }
          return filled > 0 ? piece.slice(0, filled) : null
        },
        close() {
          reader.cancel().catch(() => {})
        },
      }
    },
  }
}

/** Columns in memory, checked. */
export function ofColumns(source: Columns): ColumnInput {
  const columns: [Role, ColumnReader][] = []
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
  return {
    form: 'columns', name: '', size: Math.max(size, 0), again: false, blob: null,
    roles: Object.fromEntries(columns.map(([role]) => [role, role])),
    open: () => batches(columns, Math.max(size, 0)),
  }
}

/** An array of objects, of which `roles` names the keys. */
export function ofRows(rows: readonly object[], roles: Roles): ColumnInput {
  const columns: [Role, ColumnReader][] = []
  for (const [role, key] of Object.entries(roles)) {
    if (key == null) continue
    const kind = Object.hasOwn(KINDS, role) ? KINDS[role as Role] : undefined
    if (!kind) throw fail('unknown-field', `The roles are ${Object.keys(KINDS).join(', ')}.`, { path: `roles.${role}` })
    const get = getter(key)
    if (rows.length > 0 && !rows.some(row => get(row) !== undefined)) throw fail('missing-column', 'No object has this key.', { column: key, path: `roles.${role}` })
    columns.push([role as Role, mixed(rows.length, at => get(rows[at]), kind, key)])
  }
  return {
    form: 'columns', name: '', size: rows.length, again: false, blob: null, roles,
    open: () => batches(columns, rows.length),
  }
}

/** The first objects as CSV text, for guessing what the keys mean. */
export function sampleOf(rows: readonly object[]): string {
  const head = rows.slice(0, 200)
  const keys = [...new Set(head.flatMap(row => Object.keys(row ?? {})))]
  const quote = (value: unknown): string => `"${textOf(value).replaceAll('"', '""')}"`
  const lines = [keys.map(quote).join(',')]
  for (const row of head) lines.push(keys.map(key => quote(getter(key)(row))).join(','))
  return `${lines.join('\r\n')}\r\n`
}

/** The first rows of columns as objects. */
export function rowsOf({ columns }: Columns): object[] {
  const length = Math.min(200, ...Object.values(columns).map(values => ('codes' in values ? values.codes.length : values.length)))
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
  if (kind === 'text' && (values instanceof Int32Array || values instanceof Uint32Array)) {
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

/** Some texts out of many, in any order. */
export function gathered(bytes: Uint8Array, ends: Uint32Array, rows: Uint32Array): Texts {
  const count = rows.length
  const newEnds = new Uint32Array(count)
  let length = 0
  for (let at = 0; at < count; at++) {
    const row = rows[at] as number
    length += (ends[row] as number) - (row === 0 ? 0 : (ends[row - 1] as number))
    newEnds[at] = length
  }
  const text = new Uint8Array(length)
  let filled = 0
  for (let at = 0; at < count; at++) {
    const row = rows[at] as number
    const end = ends[row] as number
    for (let from = row === 0 ? 0 : (ends[row - 1] as number); from < end; from++) text[filled++] = bytes[from] as number
  }
  return { text, ends: newEnds }
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

function batches(columns: [Role, ColumnReader][], rows: number): Cursor<Batch> {
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

/** The buffers of a piece, to be moved instead of copied. */
export function buffersOf(piece: Uint8Array | Batch): ArrayBuffer[] {
  if (piece instanceof Uint8Array) return [piece.buffer as ArrayBuffer]
  const arrays = Object.values(piece).flatMap(cells => Object.values(cells))
  return [...new Set(arrays.map(array => array.buffer as ArrayBuffer))]
}

/** Bytes of a piece or rows of a batch. */
export function sizeOf(piece: Uint8Array | Batch): number {
  if (piece instanceof Uint8Array) return piece.length
  for (const cells of Object.values(piece)) {
    const column = cells.numbers ?? cells.ints ?? cells.ends
    if (column) return column.length
  }
  return 0
}

function isWellFormed(text: string): boolean {
  return (text as { isWellFormed?(): boolean }).isWellFormed?.() ?? true
}
