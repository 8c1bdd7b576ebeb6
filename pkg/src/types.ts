/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The surface of the package, apart from what is generated from the Rust types.
 */
import type { ColumnSet } from './columns.js'
import type {
  AssignOptions, AssignResult, DescribeOptions, DescribeResult, ExperimentOptions, ExperimentResult, FoundRow, Guess, InputAbout, LeftOut, Method, PolicyDocument, PowerOptions, PowerResult, PrivacyTasks, Profile, PseudonymousExport, Quality, ReadOptions, RfmOptions, RfmResult, Roles, Used, Warning,
} from './generated.js'

/** How the engine is started. Every field has a default. */
export interface OpenOptions {
  /** The wasm module: an address, a response, its bytes, or the compiled module. */
  wasm?: URL | string | Response | BufferSource | WebAssembly.Module
  /**
   * The address of the module that reads workbooks, `sheet.wasm` (of `siyu/inline`: `sheet-inline.js`).
   * It is loaded when the first workbook is read.
   */
  sheet?: URL | string
  /**
   * The address of the module's second file, `later.wasm` (of `siyu/inline`: `later-inline.js`). It is loaded when the
   * first analysis or task is run whose code it holds: rules, clusters, churn and value, experiments, privacy.
   */
  later?: URL | string
  /** Fetches the second file at once, so that no file is fetched once there is data. Nothing waits for it. Default false. */
  whole?: boolean
  /** The worker: the address of its script, or a function that starts one. */
  worker?: URL | string | (() => Worker)
  /** Upper bound of the engine's memory in bytes. Default 512 MiB. */
  memoryLimit?: number
  /** Whose rows may be used, of which columns, for what. Without one everything may be, and every report says so. */
  policy?: PolicyDocument
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
    currency?: TextColumn
    direction?: TextColumn
  }
  /** Further columns by names of your own. Arrays of numbers hold numbers, all others texts. */
  attributes?: Record<string, TextColumn | NumberColumn>
}

/** Anything a table can be read from. A string is the text of a CSV file. */
export type Source =
  | File | Blob | ReadableStream<Uint8Array> | Response | ArrayBuffer | Uint8Array | string
  | Columns | readonly object[]

/** Where a row stands, as a quality report says it. */
export interface Place {
  /** Which of several files, from 0. Default 0. */
  file?: number
  /** The line of the file or the number of the record, from 1. */
  row: number
}

/** What stands in a file at a place: cells of the file, for the eyes of its owner. */
export interface RowAt extends FoundRow {
  /** Which of several files, from 0. */
  file: number
}

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

/** How a table is read and kept. */
export interface TableOptions extends ReadOptions {
  /** Its name in errors and reports. Default: the file's name. */
  name?: string
  /** Role → column. Default: what the guess is sure of. For objects the names of keys; columns in memory have none. */
  roles?: Roles
  /** A label such as `utf-8` or `gb18030`. Default: told from the bytes. A byte order mark wins. */
  encoding?: string | null
  /** The zone of times without an offset: an IANA name or an offset such as `+08:00`. Default: `UTC`. */
  zone?: string | null
  /** Default: `loaded` if it fits well into memory, else `source`. Columns and streams are always `loaded`. */
  keep?: Keep
}

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

/** A request as plain data: the same in the page, in Node, on the command line, in a file. */
export interface Recipe {
  /** The name of the analysis. */
  analysis: string
  /** Its version. Default: the one that this package has. */
  version?: number
  /** The analysis's name of an input → the caller's name of a table. May be left out if there is one of each. */
  inputs?: Record<string, string>
  /** The options of the analysis. */
  options?: object
  /** What the computation is for; a policy asks. */
  purpose?: string
  /** The instant at which consent must hold, such as `2025-06-01T00:00:00+08:00`; a policy asks. */
  at?: string
}

/** What a report says about itself. */
export interface About {
  analysis: string
  version: number
  /** The version of Siyu. */
  engine: string
  method: Method
  /** The options with every default filled in: the same run can be repeated from them. */
  options: Record<string, unknown>
  inputs: InputAbout[]
  /** What entered the answer. */
  used: Used
  /** What did not, and why. */
  leftOut: LeftOut[]
  /** What the reader should know. */
  warnings: Warning[]
  /** The policy of the gate, `none` if it was open. */
  policy: string
  purpose: string | null
}

/** How a source is looked at. */
export interface GuessOptions extends Pick<ReadOptions, 'format' | 'delimiter' | 'encoding' | 'sheet' | 'limits'> {
  /** How many bytes are looked at. Default 256 KiB. */
  sampleBytes?: number
  /** How other exports were read: if this is one of them, `profile` says which, and its roles are proposed. */
  profiles?: readonly Profile[]
}

/** A result with what it says about itself. */
export type Report<R> = R & { about: About }

/** Report of `rfm`. */
export type RfmReport = Report<RfmResult & { customers: ColumnSet }>

/** Report of `describe`. */
export type DescribeReport = Report<DescribeResult>

/** Report of `experiment`. */
export type ExperimentReport = Report<ExperimentResult>

/** Report of `power`. */
export type PowerReport = Report<PowerResult>

/** Report of `assign`. */
export type AssignReport = Report<AssignResult & { customers: ColumnSet }>

/** What is written to a CSV file. */
export interface ExportOptions {
  /** Which columns, in this order. Default: all. */
  columns?: string[]
  /** Which rows, in this order. Default: all. */
  rows?: Uint32Array
  /** Other names for columns in the first line. */
  header?: Record<string, string>
  /** Pseudonyms in the place of ids: of these columns (default `customer`), with this key, for this purpose. */
  pseudonyms?: PseudonymousExport & { columns?: string[] }
}

/** An open engine. */
export interface Siyu extends Disposable {
  /** The engine's version. */
  readonly version: string
  /** Proposes which column has which role. A stream or response is used up by it. */
  guess(source: Source, options?: GuessOptions & CallOptions): Promise<Guess>
  /**
   * Reads a table. A list of files (or streams, bytes, texts) forms one table: each has its own header,
   * in which the columns may stand in any order; `otherNames` says what else they may be called. Without
   * `roles` each file is guessed. A file that lacks a mapped column is an error that names it.
   */
  read(source: Source | readonly Source[], options?: TableOptions & CallOptions): Promise<Table>
  /**
   * The table with more files behind its own: the same answer as one `read` of all of them with the same
   * options, overlaps and copies told as there. The files of the table are read again, so they must be
   * Files or Blobs (`closed` otherwise). The table that is given stays as it is until it is closed.
   */
  append(table: Table, source: Source | readonly Source[], call?: CallOptions): Promise<Table>
  /**
   * What stands at these places of a file, with the options that it was read with: the rows that a
   * quality report names, to be shown in place. At most 100 of one file; nothing of it is kept. Where
   * no record is there is no answer. A stream or response is used up by it.
   */
  rowsAt(source: Source | readonly Source[], places: readonly Place[], options?: TableOptions & CallOptions): Promise<RowAt[]>
  /** How a table was read, as plain data, to recognise the next export of its kind. No cell is in it, and nothing is stored. */
  profileOf(table: Table): Profile
  /** Runs an analysis given as plain data; `tables` holds the tables that its inputs name. */
  run<R = Record<string, unknown>>(recipe: Recipe, tables: Record<string, Table>, call?: CallOptions): Promise<Report<R>>
  /** Recency, frequency, monetary value: scores and named groups of customers. */
  rfm(table: Table, options: RfmOptions, call?: CallOptions): Promise<RfmReport>
  /** Counts, moments and quantiles of one column. */
  describe(table: Table, options: DescribeOptions, call?: CallOptions): Promise<DescribeReport>
  /** Which variant did better, how surely, and what to do: over a table of units, or over the counts and means of `options.arms`. */
  experiment(options: ExperimentOptions, units?: Table, call?: CallOptions): Promise<ExperimentReport>
  /** How many units an experiment needs, how long it takes, what it can see. */
  power(options: PowerOptions, call?: CallOptions): Promise<PowerReport>
  /** Which variant each unit gets, by its id: of a table, or of the ids in `options.units`. */
  assign(options: AssignOptions, units?: Table, call?: CallOptions): Promise<AssignReport>
  /** Columns as a CSV file (UTF-8 with BOM) that no spreadsheet takes for formulas. */
  exportCsv(set: ColumnSet, options?: ExportOptions & CallOptions): Promise<Uint8Array<ArrayBuffer>>
  /**
   * Personal information, consents, pseudonyms, safe tables, noise and logs, as plain data. A task is one
   * step: give lists of more than about 10,000 texts in parts.
   */
  privacy<T extends keyof PrivacyTasks>(task: T, options: PrivacyTasks[T]['options'], call?: CallOptions): Promise<PrivacyTasks[T]['result']>
  /**
   * Sets the policy of all runs that start from now on, null for none. Tables are not read again: a
   * customer who withdrew is not in the next answer.
   */
  setPolicy(policy: PolicyDocument | null): Promise<void>
  /** What the engine holds now. */
  memory(): Promise<{ wasmBytes: number; tables: number }>
  /** Ends the engine; pending calls reject with the code `closed`. */
  close(): void
}
