/** Tables as a workspace keeps them: the bytes of their files one after the other, and how they are read. */
import { fail } from './errors.js'
import { type FileFacts, type RecordsOf, recordsOf } from './records.js'
import type { Table, TableOptions } from './types.js'

/** What a workspace keeps of a file. */
export type Kept = Blob | Uint8Array | ArrayBuffer | string

type Bytes = Uint8Array<ArrayBuffer>

/** A file of a table. */
export interface StoredFile {
  name: string
  bytes: Bytes
}

/** What is known of a table that is kept. */
export interface TableFacts {
  options: TableOptions
  files: FileFacts[]
  /** Records and customers that the engine found. */
  rows: number
  customers: number
}

/** The bytes of a source. */
export async function bytesOf(source: Kept): Promise<Bytes> {
  if (typeof source === 'string') return new TextEncoder().encode(source)
  if (source instanceof Uint8Array) return new Uint8Array(source)
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice(0))
  if (typeof source?.arrayBuffer === 'function') return new Uint8Array(await source.arrayBuffer())
  throw fail('type', 'What is kept is a File, a Blob, bytes or text.', { path: 'source' })
}

/** The files as the engine reads them. */
export function blobsOf(files: readonly StoredFile[]): File | File[] {
  const blobs = files.map(({ name, bytes }) => new File([bytes], name))
  return blobs.length === 1 ? (blobs[0] as File) : blobs
}

/** The files of a table that are kept one after the other. */
export function cut(bytes: Bytes, files: readonly FileFacts[]): StoredFile[] {
  let at = 0
  return files.map(({ name, size }) => ({ name, bytes: bytes.subarray(at, (at += size)) }))
}

/** The records of each file; null where a file's form does not allow to take some out. */
export function split(bytes: Bytes, { files }: TableFacts): Promise<(RecordsOf | null)[]> {
  return Promise.all(cut(bytes, files).map((part, at) => recordsOf(part.bytes, files[at] as FileFacts)))
}

/** What the engine found of a table, and how it is read again. */
export function factsOf(table: Table, asked: TableOptions, files: readonly StoredFile[]): TableFacts {
  const { quality, roles } = table
  return {
    options: files.length === 1 ? { ...asked, roles } : asked,
    files: files.map(({ name, bytes }, at) => {
      const use = quality.files[at]
      const columns = use?.columns ?? []
      return {
        name, size: bytes.length, format: use?.format ?? '', encoding: use?.encoding ?? null, delimiter: use?.delimiter ?? null, headerLine: use?.headerLine ?? null,
        columns: columns.map(column => column.name), customer: columns.find(({ role }) => role === 'customer')?.name ?? null,
      }
    }),
    rows: quality.rows.read, customers: table.customers,
  }
}
