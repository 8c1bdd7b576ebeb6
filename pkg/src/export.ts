/**
 * Columns as the bytes of a CSV file, written in parts so that no step is long. Loaded when first needed.
 */
import type { ColumnSet } from './columns.js'
import { fail } from './errors.js'
import type { PseudonymousExport } from './generated.js'
import { pause } from './pause.js'
import type { Calls } from './protocol.js'
import { PIECE } from './sources.js'
import type { CallOptions, ExportOptions } from './types.js'

/** Rows of one part. */
const ROWS = 8_192

/** The file; `write` gives the bytes of some rows, which begin with the BOM and the header. */
export async function csvFile(
  set: ColumnSet, { columns = set.names, rows, header = {}, pseudonyms }: ExportOptions,
  write: (request: Calls['csv']['request']) => Promise<Uint8Array>, onProgress: CallOptions['onProgress'],
): Promise<Uint8Array<ArrayBuffer>> {
  if (rows?.some(row => row >= set.length)) throw fail('invalid-option', `There are ${set.length} rows, the first is 0.`, { path: 'rows' })
  const names = columns.map(name => (Object.hasOwn(header, name) ? (header[name] as string) : name))
  const { columns: replaced = ['customer'], ...key } = pseudonyms ?? { columns: [] }
  const missing = replaced.find(name => !columns.includes(name))
  // A file in which ids were to be replaced must not have them under another name.
  if (missing !== undefined) throw fail('invalid-option', `There is no column ${missing} in the file.`, { path: 'pseudonyms.columns' })
  const hidden = Uint32Array.from(columns.flatMap((name, at) => (replaced.includes(name) ? [at] : [])))
  const count = rows?.length ?? set.length
  const written = (from: number, until: number): Promise<Uint8Array> => {
    const picked = rows?.subarray(from, until) ?? Uint32Array.from({ length: until - from }, (_, at) => from + at)
    return write({ names, columns: columns.map(name => set.cells(name, picked)), hidden, pseudonyms: pseudonyms ? (key as PseudonymousExport) : null })
  }
  // Of every part the BOM and the header, of which only the first are kept.
  const parts = [await written(0, 0)]
  const skip = parts[0]?.length ?? 0
  for (let from = 0; from < count; from += ROWS) {
    const until = Math.min(from + ROWS, count)
    parts.push((await written(from, until)).subarray(skip))
    onProgress?.({ phase: 'finish', done: until, total: count })
  }
  // Joined with pauses: a large file is copied for longer than a page may wait.
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    file.set(part, at)
    if (Math.floor(at / PIECE) < Math.floor((at += part.length) / PIECE)) await pause()
  }
  return file
}
