/**
 * Bytes of any encoding → bytes that the wasm module reads.
 *
 * UTF-8, and UTF-16 with a BOM, pass through untouched: the wasm module decodes them strictly. What
 * other bytes are is told, and decoded, by `decode`, which is loaded only then.
 */
import { joined } from './bytes.js'
import { part } from './part.js'
import type { Cursor } from './sources.js'

/** How much is looked at to tell the encoding. */
const SAMPLE = 64 * 1024
/** How much of the beginning the module looks at for UTF-16 without a mark, which has zero bytes there. */
const FIRST = 256

/** What the wasm module does for a file before it reads it. */
export interface Help {
  /** The content of a gzip file. */
  inflated(cursor: Cursor<Uint8Array>): Cursor<Uint8Array>
  /** How much a text looks like one. */
  plausibility(text: string): number
}

/** What the bytes are, and why. */
export interface Encoding {
  /** The label: `utf-8`, `utf-16le`, `gb18030` … */
  label: string
  /** A BOM said so, the caller did, or it was told from the bytes. */
  by: 'bom' | 'declared' | 'bytes'
  /** For another encoding told from the bytes: where the bytes stop being UTF-8. */
  notUtf8?: { byte: number; row: number }
}

/** Whether the platform decodes it, so that bytes are not counted as in the file. */
export function isDecoded({ label, by }: Encoding): boolean {
  return label !== 'utf-8' && by !== 'bom'
}

/** UTF-8 bytes of a source, and how much of the source has been read. */
export interface Utf8 {
  encoding: Encoding
  /** Bytes of the source so far. */
  done: number
  /** The next piece, or null at the end. */
  next(): Promise<Uint8Array | null>
  close(): void
}

/** Decides the encoding from the first bytes and gives the whole source as UTF-8. */
export async function utf8(cursor: Cursor<Uint8Array>, help: Help, declared?: string): Promise<Utf8> {
  const label = declared === undefined ? undefined : (await decoding()).labelOf(declared)
  const head: Uint8Array[] = []
  const first = await fill(cursor, head, FIRST)
  const whole = { next: async () => head.shift() ?? cursor.next(), close: () => cursor.close() }
  return utf8Of(first[0] === 0x1f && first[1] === 0x8b ? help.inflated(whole) : whole, help, label)
}

async function utf8Of(cursor: Cursor<Uint8Array>, help: Help, label?: string): Promise<Utf8> {
  const head: Uint8Array[] = []
  const first = await fill(cursor, head, FIRST)
  const bom = bomOf(first)
  if (bom) return passed(cursor, head, { label: bom, by: 'bom' })
  if (label === 'utf-8') return passed(cursor, head, { label, by: 'declared' })
  if (label !== undefined) return (await decoding()).decoded(cursor, head, { label, by: 'declared' }, 0, new Lines())
  // The module tells UTF-16 from them.
  if (first.subarray(0, FIRST).includes(0)) return passed(cursor, head, { label: 'utf-8', by: 'bytes' })
  return sniffed(cursor, head, help)
}

function bomOf([a, b, c]: Uint8Array): string | null {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  return null
}

/** Reads until `head` holds `size` bytes or the source ends; returns them joined. */
export async function fill(cursor: Cursor<Uint8Array>, head: Uint8Array[], size: number): Promise<Uint8Array> {
  let length = head.reduce((sum, chunk) => sum + chunk.length, 0)
  while (length < size) {
    const chunk = await cursor.next()
    if (!chunk) break
    head.push(chunk)
    length += chunk.length
  }
  if (head.length > 1) head.splice(0, head.length, joined(head))
  return head[0] ?? new Uint8Array()
}

/**
 * ASCII passes as it is, in UTF-8 and GB18030 alike. Where the first other byte comes, what
 * follows must be strict UTF-8, else strict GB18030 or Big5, else it is UTF-8 with an error that the
 * wasm module will place.
 */
function sniffed(cursor: Cursor<Uint8Array>, head: Uint8Array[], help: Help): Utf8 {
  let inner: Utf8 | null = null
  const lines = new Lines()
  const out: Utf8 = {
    encoding: { label: 'utf-8', by: 'bytes' },
    done: 0,
    async next() {
      if (inner) {
        const piece = await inner.next()
        out.done = inner.done
        return piece
      }
      const chunk = head.shift() ?? (await cursor.next())
      if (!chunk) return null
      const at = lines.pass(chunk, true)
      if (at === chunk.length) {
        out.done += chunk.length
        return chunk
      }
      const before = chunk.subarray(0, at)
      head.unshift(chunk.subarray(at))
      const sample = (await fill(cursor, head, SAMPLE)).subarray(0, SAMPLE)
      const start = out.done + at
      if (!isUtf8(sample)) {
        const decode = await decoding()
        const told = decode.told(sample, start, lines, help)
        if (told) {
          out.encoding = told
          inner = decode.decoded(cursor, head, told, start, lines)
        }
      }
      inner ??= passed(cursor, head, out.encoding, start)
      out.done = start
      return at > 0 ? before : out.next()
    },
    close: () => cursor.close(),
  }
  return out
}

/** The bytes as they are. */
function passed(cursor: Cursor<Uint8Array>, head: Uint8Array[], encoding: Encoding, done = 0): Utf8 {
  const out: Utf8 = {
    encoding, done,
    async next() {
      const chunk = head.shift() ?? (await cursor.next())
      if (chunk) out.done += chunk.length
      return chunk
    },
    close: () => cursor.close(),
  }
  return out
}

/** Whether bytes are UTF-8; a character may be cut off at the end. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

/** The part of the package that decodes. */
function decoding(): Promise<typeof import('./decode.js')> {
  return part('decode.js', () => import('./decode.js'))
}

/** Counts line ends over pieces: LF, CR LF, or a CR alone. */
export class Lines {
  count = 0
  #last = 0

  /** The line of what follows the first `length` bytes of the next piece. */
  at(bytes: Uint8Array, length: number): number {
    const copy = new Lines()
    copy.count = this.count
    copy.#last = this.#last
    copy.pass(bytes.subarray(0, length))
    return copy.count + 1
  }

  /** Takes note of a piece, or of its beginning that is ASCII; returns how many bytes that is. */
  pass(bytes: Uint8Array, ascii = false): number {
    const { length } = bytes
    const view = new DataView(bytes.buffer, bytes.byteOffset, length)
    let { count } = this
    let last = this.#last
    let at = 0
    for (let end = 0; at === end && at < length;) {
      end = Math.min(at + BLOCK, length)
      const found = last === 13 || end - at < BLOCK ? -1 : lineFeeds(view, at)
      if (found < 0) {
        for (; at < end; at++) {
          const byte = bytes[at] as number
          if (ascii && byte > 127) break
          if (byte === 13 || (byte === 10 && last !== 13)) count++
          last = byte
        }
      } else {
        count += found
        at = end
        last = bytes[at - 1] as number
      }
    }
    this.count = count
    this.#last = last
    return at
  }
}

/** Bytes that are counted as one, four at a time: not more, since each sum counts up to 255. */
const BLOCK = 4 * 252

/** The line feeds in a block, or -1 if a byte is not ASCII or may end a line without being one. */
function lineFeeds(view: DataView, from: number): number {
  let [high, other, found] = [0, 0, 0]
  for (let at = from; at < from + BLOCK; at += 4) {
    const four = view.getInt32(at)
    high |= four
    // With ASCII no byte carries into the next: the high bit says that a byte is at least 10, 11, 14.
    const above = four + 0x75757575
    found = (found + ((((four + 0x76767676) ^ above) >>> 7) & 0x01010101)) | 0
    other |= above ^ (four + 0x72727272)
  }
  if ((high | other) & 0x80808080) return -1
  return (found & 0xff) + ((found >>> 8) & 0xff) + ((found >>> 16) & 0xff) + (found >>> 24)
}
