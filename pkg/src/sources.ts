/**
 * What the engine reads from, and a caller's file, stream or text as pieces of bytes.
 *
 * A piece is at most 1 MiB, so that no step is long. Columns and objects in memory are sources too: see
 * `arrays`.
 */
import { isWellFormed } from './bytes.js'
import { changed, fail } from './errors.js'
import type { AttributeColumn, Role, Roles } from './generated.js'
import type { Columns, Source } from './types.js'

/** Bytes of a piece. */
export const PIECE = 1024 * 1024

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

/** Some rows of all columns, by role; `@name` is the attribute of that name. */
export type Batch = { [role in Role]?: Cells } & { [attribute: `@${string}`]: Cells }

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
  /** Whether its pieces are views of the caller's own bytes, which may be read but not moved away. */
  lent?: boolean
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
  /** The attributes that are in it. */
  attributes: Record<string, AttributeColumn>
  open(): Cursor<Batch>
}

/** Anything that can be read. */
export type Input = ByteInput | ColumnInput

/** The source of bytes in a caller's source, or null if it holds columns or objects. */
export function bytesOf(source: Source): ByteInput | null {
  if (typeof source === 'string') return ofText(source)
  if (source instanceof ArrayBuffer) return ofBytes(new Uint8Array(source))
  if (source instanceof Uint8Array) return ofBytes(source)
  if (isBlob(source)) return ofBlob(source)
  if (isResponse(source)) return ofResponse(source)
  if (isStream(source)) return ofStream(source, null)
  return null
}

/** Whether the source is an array of objects. */
export function isRows(source: Source | readonly Source[]): source is readonly object[] {
  return Array.isArray(source) && !isFiles(source)
}

/** The sources of a list of files; one source alone. */
export function listOf(source: Source | readonly Source[]): readonly Source[] {
  return isFiles(source) ? source : [source as Source]
}

/** Whether the source is several files. */
function isFiles(source: Source | readonly Source[]): source is readonly Source[] {
  const holdsBytes = (one: unknown): boolean => typeof one === 'string' || one instanceof ArrayBuffer || one instanceof Uint8Array
    || isBlob(one) || isResponse(one) || isStream(one)
  return Array.isArray(source) && source.length > 0 && source.every(holdsBytes)
}

function isResponse(source: unknown): source is Response {
  return typeof Response === 'function' && source instanceof Response
}

function isStream(source: unknown): source is ReadableStream<Uint8Array> {
  return typeof (source as ReadableStream | null)?.getReader === 'function'
}

/** Whether the source is columns in memory. */
export function isColumns(source: Source): source is Columns {
  return typeof source === 'object' && source !== null && typeof (source as Columns).columns === 'object' && (source as Columns).columns !== null
}

/** What to say about anything else. */
export function notASource(): never {
  throw fail('type', 'A source is a File, Blob, stream, Response, bytes, text, columns or objects.', { path: 'source' })
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

/** What is looked at of both ends of a file to tell whether it was changed. */
const EDGE = 4096

/**
 * A blob or file, read in pieces, the next one while the last is being worked on.
 *
 * Chromium and WebKit refuse a file that was changed since it was chosen. Firefox gives what is there now, so
 * that half of one file could be followed by half of another: both ends are therefore compared with what
 * they were when it was first opened, and a piece that is too short is no piece.
 */
export function ofBlob(blob: Blob, name = (blob as File).name ?? ''): ByteInput {
  let known: Promise<string> | null = null
  const edges = async (): Promise<string> => {
    const parts = await Promise.all([blob.slice(0, EDGE), blob.slice(-EDGE)].map(part => part.arrayBuffer()))
    return String(parts.map(part => new Uint8Array(part)))
  }
  return {
    form: 'bytes', name, size: blob.size, again: true, blob,
    open() {
      if ('lastModified' in blob) known ??= edges()
      known?.catch(() => {}) // compared at the end, or never if closed before
      let at = 0
      let asked = 0
      const load = (): Promise<ArrayBuffer> | null => {
        asked = Math.min(PIECE, blob.size - at)
        if (at < 0 || asked <= 0) return null
        const part = blob.slice(at, at += PIECE).arrayBuffer()
        part.catch(() => {}) // awaited later, or never if closed before
        return part
      }
      let ahead = load()
      return {
        async next() {
          if (!ahead) {
            if (at >= 0 && known && (await known) !== (await edges())) throw changed()
            return null
          }
          const bytes = new Uint8Array(await ahead)
          if (bytes.length !== asked) throw changed()
          ahead = load()
          return bytes
        },
        close() {
          at = -1
          ahead = null
        },
      }
    },
  }
}

function ofBytes(bytes: Uint8Array): ByteInput {
  // Memory that is shared with other threads is taken as it is now: no decoder reads from it.
  const lent = bytes.buffer instanceof ArrayBuffer
  return {
    form: 'bytes', name: '', size: bytes.length, again: false, blob: null, lent,
    open() {
      let at = 0
      return {
        async next() {
          if (at >= bytes.length) return null
          const piece = bytes.subarray(at, at += PIECE)
          // Not with `slice`, which on a Buffer of Node does not copy.
          return lent ? piece : new Uint8Array(piece)
        },
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
          if (!isWellFormed(part)) throw fail('encoding', 'The text has half a surrogate pair.')
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
  if (!response.ok) throw fail('unsupported', `The server answered ${response.status}.`, { path: 'source' })
  if (response.bodyUsed) throw fail('closed', 'The response was used before.', { path: 'source' })
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
