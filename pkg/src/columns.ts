/**
 * Result columns: typed arrays as the engine gave them, text kept as UTF-8 bytes until asked for.
 */
import { gathered } from './bytes.js'
import { fail } from './errors.js'
import type { Cells } from './sources.js'

/** A number column's array. */
export type NumberArray = Float64Array | Uint8Array | Uint16Array | Uint32Array

/** A column as it crosses from the engine: numbers, or texts as bytes with the end of each. */
export type RawColumn =
  | { name: string; kind: 'f64' | 'u8' | 'u16' | 'u32'; data: NumberArray }
  | { name: string; kind: 'text'; bytes: Uint8Array; ends: Uint32Array }

/** A set of columns as it crosses from the engine. */
export interface RawSet {
  name: string
  length: number
  columns: RawColumn[]
}

const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true })

/** Named columns of one length. */
export class ColumnSet {
  /** Number of rows. */
  readonly length: number
  /** The columns' names, in order. */
  readonly names: string[]
  readonly #columns: Map<string, RawColumn>
  readonly #texts = new Map<string, string[]>()

  /** @internal */
  constructor(raw: RawSet) {
    this.length = raw.length
    this.names = raw.columns.map(column => column.name)
    this.#columns = new Map(raw.columns.map(column => [column.name, column]))
  }

  /**
   * A whole column: a typed array, or the texts. The array is the set's own; the texts of a column
   * are decoded once. Throws `missing-column` for a name that is not there.
   */
  column(name: string): Float64Array | Uint8Array | Uint16Array | Uint32Array | string[] {
    const column = this.raw(name)
    if (column.kind !== 'text') return column.data
    let texts = this.#texts.get(name)
    if (!texts) {
      texts = new Array<string>(this.length)
      let start = 0
      for (let row = 0; row < texts.length; row++) {
        const end = column.ends[row] ?? start
        texts[row] = decode(column.bytes, start, end)
        start = end
      }
      this.#texts.set(name, texts)
    }
    return texts
  }

  /** One cell of a column as text, without decoding the rest; a number as JavaScript writes it. */
  text(name: string, row: number): string {
    const column = this.raw(name)
    if (!(row >= 0 && row < this.length)) throw fail('invalid-option', `There are ${this.length} rows, from 0.`, { column: name })
    if (column.kind !== 'text') return String(column.data[row])
    return decode(column.bytes, row === 0 ? 0 : column.ends[row - 1] ?? 0, column.ends[row] ?? 0)
  }

  /** @internal Some rows of a column, copied. */
  cells(name: string, rows: Uint32Array): Cells {
    const column = this.raw(name)
    if (column.kind === 'text') return gathered(column.bytes, column.ends, rows)
    const { data } = column
    return { numbers: Float64Array.from(rows, row => data[row] as number) }
  }

  /** @internal The column as it came. */
  raw(name: string): RawColumn {
    const column = this.#columns.get(name)
    if (!column) throw fail('missing-column', `There is no such column; there are ${this.names.join(', ')}.`, { column: name })
    return column
  }
}

/** Short plain ASCII, as ids are, without the decoder's cost per call. */
function decode(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 24) return decoder.decode(bytes.subarray(start, end))
  let text = ''
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    if (byte > 127) return decoder.decode(bytes.subarray(start, end))
    text += String.fromCharCode(byte)
  }
  return text
}
