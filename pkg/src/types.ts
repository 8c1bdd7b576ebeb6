/// <reference lib="esnext.disposable" />
/**
 * The surface of the package, apart from what is generated from the Rust types.
 */
import type { ColumnSet } from './columns.js'
import type {
  About, DescribeOptions, DescribeResult, Guess, Quality, ReadOptions, Recipe, RfmOptions, RfmResult, Roles,
} from './generated.js'

/** How the engine is started. Every field has a default. */
export interface OpenOptions {
  /** The wasm module: an address, a response, its bytes, or the compiled module. */
  wasm?: URL | string | Response | BufferSource | WebAssembly.Module
  /** The worker: the address of its script, or a function that starts one. */
  worker?: URL | string | (() => Worker)
  /** Upper bound of the engine's memory in bytes. Default 512 MiB. */
  memoryLimit?: number
}

/** Ids or categories in memory. Numbers become their shortest decimal text. */
export type TextColumn =
  | readonly (string | null | undefined)[] | Int32Array | Uint32Array | Float64Array
  | { codes: Uint32Array; ids: readonly string[] }

/** Times in memory: milliseconds since 1970 UTC, dates, or texts as a file would have them. */
export type TimeColumn = Float64Array | readonly (Date | null | undefined)[] | readonly (string | null | undefined)[]

/** Amounts in memory. */
export type NumberColumn =
  | Float64Array | readonly (number | null | undefined)[] | readonly (string | null | undefined)[]

/** Columns in memory by role, all of one length. */
export interface Columns {
  columns: {
    customer: TextColumn
    time?: TimeColumn
    amount?: NumberColumn
    order?: TextColumn
    event?: TextColumn
    product?: TextColumn
    quantity?: NumberColumn
    channel?: TextColumn
  }
}

/** Anything a table can be read from. A string is the text of a CSV file. */
export type Source =
  | File | Blob | ReadableStream<Uint8Array> | Response | ArrayBuffer | Uint8Array | string
  | Columns | readonly object[]

/** How far a call is. */
export interface Progress {
  phase: 'read' | 'fold' | 'finish'
  /** Bytes (reading) or rows done. */
  done: number
  /** Bytes or rows in all, if known. */
  total: number | null
}

/** What every long call takes. */
export interface CallOptions {
  /** Stops the call: it rejects with the code `cancelled`, and its memory is given back. */
  signal?: AbortSignal
  /** Called a few times a second. */
  onProgress?(progress: Progress): void
}

/** `loaded`: columns in the engine's memory. `source`: the file, streamed again by each analysis. */
export type Keep = 'loaded' | 'source'

/** A table that was read. */
export interface Table extends Disposable {
  readonly name: string
  readonly kind: Keep
  readonly rows: number
  readonly customers: number
  /** Which column has which role. */
  readonly roles: Roles
  /** What was read, left out, and odd. */
  readonly quality: Quality
  /** A fast hash of the typed content: equal content, equal fingerprint. */
  readonly fingerprint: string
  /** Bytes of engine memory that the table holds. */
  readonly bytes: number
  /** Gives the memory back. */
  close(): void
}

/** A result with what it says about itself. */
export type Report<R> = R & { about: About }

/** Report of `rfm`. */
export type RfmReport = Report<RfmResult & { customers: ColumnSet }>

/** Report of `describe`. */
export type DescribeReport = Report<DescribeResult>

/** What is written to a CSV file. */
export interface ExportOptions {
  /** Which columns, in this order. Default: all. */
  columns?: string[]
  /** Which rows, in this order. Default: all. */
  rows?: Uint32Array
  /** Other names for columns in the first line. */
  header?: Record<string, string>
}

/** An open engine. */
export interface Siyu extends Disposable {
  /** The engine's version. */
  readonly version: string
  /** Proposes which column has which role. A stream or response is used up by it. */
  guess(source: Source, options?: { sampleBytes?: number } & CallOptions): Promise<Guess>
  /** Reads a table. */
  read(source: Source, options?: ReadOptions & CallOptions & { keep?: Keep }): Promise<Table>
  /** Runs an analysis given as plain data; `tables` holds the tables that its inputs name. */
  run<R = Record<string, unknown>>(recipe: Recipe, tables: Record<string, Table>, call?: CallOptions): Promise<Report<R>>
  /** Recency, frequency, monetary value: scores and named groups of customers. */
  rfm(table: Table, options: RfmOptions, call?: CallOptions): Promise<RfmReport>
  /** Counts, moments and quantiles of one column. */
  describe(table: Table, options: DescribeOptions, call?: CallOptions): Promise<DescribeReport>
  /** Columns as a CSV file (UTF-8 with BOM) that no spreadsheet takes for formulas. */
  exportCsv(set: ColumnSet, options?: ExportOptions & CallOptions): Promise<Uint8Array<ArrayBuffer>>
  /** What the engine holds now. */
  memory(): Promise<{ wasmBytes: number; tables: number }>
  /** Ends the engine; pending calls reject with the code `closed`. */
  close(): void
}
