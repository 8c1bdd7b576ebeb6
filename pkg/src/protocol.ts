/**
 * What crosses between the page and the engine: every message of both directions.
 *
 * Calls carry an id and are answered once, by `done` or `failed`. Pieces of a source that lives on
 * the page are asked for by the engine (`pull`), so that no more than one is on its way.
 */
import type { Failure } from './errors.js'
import type { AttributeColumn, Guess, PolicyDocument, PseudonymousExport, Quality, Roles } from './generated.js'
import type { RawReport } from './reports.js'
import type { Batch, Cells } from './sources.js'
import type { GuessOptions, Keep, Place, Progress, Recipe, RowAt, TableOptions } from './types.js'

/** A source as the engine gets it: a blob it reads itself, or a feed of the page that it pulls. */
export type Remote =
  | { kind: 'blob'; name: string; form: 'bytes'; blob: Blob; size: number; again: true }
  | { kind: 'feed'; name: string; form: 'bytes' | 'columns'; feed: number; size: number | null; again: boolean; roles?: Roles; attributes?: Record<string, AttributeColumn> }

/** How a table is to be read. `keep` absent: as is best. */
export interface ReadRequest {
  /** One source, or several files. */
  sources: Remote[]
  options: TableOptions
  /** What is particular to each file, when it is read again. */
  files?: { header: number | null; roles: Roles }[]
  keep?: Keep
  /** After a restart: the content must be what it was. */
  fingerprint?: string
}

/** What is known of a table that was read. */
export interface TableFacts {
  table: number
  kind: Keep
  rows: number
  customers: number
  quality: Quality
  fingerprint: string
  bytes: number
  /** The mapping that was used. */
  roles: Roles
}

/** The calls: what each takes and what it answers. */
export interface Calls {
  open: {
    /** `sheet` and `later` are the addresses of files that are loaded when first needed: the module of sheets, the module's second. */
    request: { wasm: string | BufferSource | WebAssembly.Module | null; sheet: string; later: string; whole: boolean | undefined; memoryLimit: number; policy: PolicyDocument | undefined }
    answer: { version: string; module: WebAssembly.Module }
  }
  guess: { request: { source: Remote; options: GuessOptions }; answer: Guess }
  read: { request: ReadRequest; answer: TableFacts }
  rowsAt: { request: { sources: Remote[]; places: readonly Place[]; options: TableOptions }; answer: RowAt[] }
  run: { request: { recipe: Recipe; inputs: { name: string; table: number }[] }; answer: RawReport }
  /** Some rows of a file, with BOM and header. */
  csv: { request: { names: string[]; columns: Cells[]; hidden: Uint32Array; pseudonyms: PseudonymousExport | null }; answer: Uint8Array }
  /** A task of privacy, or `policy`: the gate of runs that start from now on. */
  privacy: { request: { task: string; options: object | null | undefined }; answer: unknown }
  memory: { request: object; answer: { wasmBytes: number; tables: number } }
}

/** The name of a call. */
export type CallName = keyof Calls

/** A call on its way. */
export type CallMessage = { [K in CallName]: { type: K; id: number } & Calls[K]['request'] }[CallName]

/** From the page to the engine. */
export type ToEngine =
  | CallMessage
  /** Stop a call. It is answered by `failed`. */
  | { type: 'cancel'; id: number }
  /** Give a table's memory back. */
  | { type: 'drop'; table: number }
  /** The piece that was pulled; null at the end. */
  | { type: 'piece'; cursor: number; piece: Uint8Array | Batch | null }
  /** The page could not give the piece. */
  | { type: 'no-piece'; cursor: number; failure: Failure }

/** From the engine to the page. */
export type FromEngine =
  | { [K in CallName]: { type: 'done'; id: number; call: K; answer: Calls[K]['answer'] } }[CallName]
  | { type: 'failed'; id: number; failure: Failure }
  | { type: 'progress'; id: number; progress: Progress }
  /** The next piece of a feed is wanted; an unknown cursor begins at the start. */
  | { type: 'pull'; feed: number; cursor: number }
  /** A cursor is not needed any more. */
  | { type: 'unpull'; cursor: number }
  /** The engine is beyond use: it will answer nothing more. */
  | { type: 'broken'; text: string }

/** One end of the connection, whatever is between the two. */
export interface Port<Out, In> {
  /** Whether what is in `transfer` moves away; else both ends have the same memory. */
  moves: boolean
  post(message: Out, transfer?: Transferable[]): void
  /** `gone` is told when the other side is lost or a message cannot be read. */
  listen(hear: (message: In) => void, gone?: (text: string) => void): void
  close(): void
}
