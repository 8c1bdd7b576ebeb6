/**
 * The records of a stored text file, each with its customer, so that those of one can be shown or taken out
 * and every other byte of the text stays as it is.
 *
 * This finds where records begin and end; what they mean the engine has said when the file was read: its
 * format, encoding, separator and header. Whoever rewrites a file reads it again with the engine and
 * compares the counts.
 */
import { fail } from './errors.js'

/** What the engine found of a file. */
export interface FileFacts {
  name: string
  /** Bytes. */
  size: number
  format: string
  encoding: string | null
  delimiter: string | null
  headerLine: number | null
  /** The header. */
  columns: string[]
  /** The column of customers. */
  customer: string | null
}

/** One record: where its text is, and whose it is. */
export interface FileRecord {
  start: number
  end: number
  customer: string
  /** Its cells by column. */
  cells(): Record<string, unknown>
}

/** The text of a file and its records. */
export interface RecordsOf {
  text: string
  records: Iterable<FileRecord>
  /** The text without some of them. */
  without(gone: readonly FileRecord[]): string
}

/** The records of a file, or null if its form does not allow to take some out. */
export async function recordsOf(bytes: Uint8Array<ArrayBuffer>, facts: FileFacts): Promise<RecordsOf | null> {
  const { format, encoding, customer } = facts
  if (customer === null || encoding === null) return null
  const split = { csv: ofCsv, tsv: ofCsv, ndjson: ofObjects, json: ofObjects }[format]
  if (!split) return null
  // The mark at the beginning stays part of the text.
  const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(await inflated(bytes))
  return { text, records: split(text, facts), without: gone => without(text, gone, format === 'json') }
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer())
}

function without(text: string, gone: readonly FileRecord[], isList: boolean): string {
  const parts: string[] = []
  let from = 0
  for (const { start, end } of gone) {
    parts.push(text.slice(from, start))
    from = end
  }
  parts.push(text.slice(from))
  const left = parts.join('')
  // Of a list the comma behind the last element goes, where that was taken out.
  return isList ? left.replace(/,(\s*\]\s*)$/, '$1') : left
}

/** CSV after RFC 4180, with any separator; lines end with LF, CR LF or CR. */
function* ofCsv(text: string, { delimiter, headerLine, columns, customer }: FileFacts): Generator<FileRecord> {
  const at = columns.indexOf(customer as string)
  if (at < 0 || delimiter === null) throw fail('unsupported', 'The header of this file does not say which column holds the customers.')
  let from = text.startsWith('\ufeff') ? 1 : 0
  const ends = /\r\n|\n|\r/g
  for (let line = 1; line < (headerLine ?? 1); line++) {
    ends.lastIndex = from
    if (!ends.exec(text)) return
    from = ends.lastIndex
  }
  let isHeader = true
  while (from < text.length) {
    const cells: string[] = []
    const start = from
    for (let ended = false; !ended;) {
      let cell = ''
      if (text[from] === '"') {
        for (;;) {
          const quote = text.indexOf('"', from + 1)
          if (quote < 0) throw fail('parse', 'A quote in this file does not end.')
          cell += text.slice(from + 1, quote)
          from = quote + 1
          if (text[from] !== '"') break
          cell += '"'
        }
      }
      const begun = from
      while (from < text.length && text[from] !== delimiter && text[from] !== '\n' && text[from] !== '\r') from++
      cells.push(cell + text.slice(begun, from))
      ended = text[from] !== delimiter
      from += text.startsWith('\r\n', from) ? 2 : 1
    }
    const end = Math.min(from, text.length)
    const row = cells
    if (!isHeader && row.some(cell => cell !== '')) {
      yield { start, end, customer: (row[at] ?? '').trim(), cells: () => named(columns.map((name, column) => [name, row[column] ?? ''])) }
    }
    isHeader = false
  }
}

/** JSON objects: the elements of one array, or one on each line. */
function* ofObjects(text: string, { customer }: FileFacts): Generator<FileRecord> {
  let from = 0
  for (;;) {
    const start = text.indexOf('{', from)
    if (start < 0) return
    let end = endOf(text, start)
    const object = text.slice(start, end)
    const raw = fieldOf(object, customer as string)
    // The comma or the line end behind it belongs to it.
    const behind = /^\s*?(,|\r\n|\n|\r)/.exec(text.slice(end, end + 64))
    if (behind) end += behind[0].length
    yield { start, end, customer: raw.startsWith('"') ? (JSON.parse(raw) as string).trim() : raw, cells: () => named(Object.entries(JSON.parse(object))) }
    from = end
  }
}

/** Where the value ends that begins at `from`. */
function endOf(text: string, from: number): number {
  const marks = /["{}[\]]/g
  marks.lastIndex = from
  for (let depth = 0; ;) {
    const mark = marks.exec(text)?.[0]
    if (!mark) throw fail('parse', 'An object in this file does not end.')
    if (mark === '"') marks.lastIndex = endOfText(text, marks.lastIndex)
    else if ((depth += mark === '{' || mark === '[' ? 1 : -1) === 0) return marks.lastIndex
  }
}

/** Where the text ends whose opening quote stands before `from`. */
function endOfText(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  throw fail('parse', 'A quote in this file does not end.')
}

/** The value of a key of an object as it is written; numbers keep all their digits. */
function fieldOf(object: string, key: string): string {
  for (let at = 1; ;) {
    const open = object.indexOf('"', at)
    if (open < 0) return ''
    const close = endOfText(object, open + 1)
    const from = object.indexOf(':', close) + 1
    const space = /^\s*/.exec(object.slice(from, from + 64))?.[0].length ?? 0
    const start = from + space
    const first = object[start]
    const rest = /[,}]/g
    rest.lastIndex = start
    const end = first === '"' ? endOfText(object, start + 1) : first === '{' || first === '[' ? endOf(object, start) : (rest.exec(object)?.index ?? object.length)
    if ((JSON.parse(object.slice(open, close)) as string).trim() === key) return object.slice(start, end).trim()
    at = end
  }
}

/** An object without a prototype: `__proto__` may be a column. */
function named(entries: [string, unknown][]): Record<string, unknown> {
  return Object.assign(Object.create(null), Object.fromEntries(entries))
}
