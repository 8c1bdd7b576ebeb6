/**
 * The functions of the wasm module, and how the module is compiled and started.
 *
 * Every function takes handles and plain data; a failure is thrown as a plain object with a code.
 */
import { Broken, fail, isFailure, SiyuError } from './errors.js'
import type { FoundRow, Guess, Profile, PseudonymousExport, Quality, Roles } from './generated.js'
import type { RawReport } from './reports.js'
import type { Batch, Cells } from './sources.js'
import type { Keep, Progress } from './types.js'

/** A reader's result. */
export interface ReadFacts {
  table: number
  kind: Keep
  rows: number
  customers: number
  quality: Quality
  fingerprint: string
  bytes: number
}

/** What a step of a job says. */
export interface Step extends Progress {
  /** The table whose bytes are needed next. */
  wants: string | null
  /** Which of its files. */
  file: number
}

/** The exports. */
export interface Wasm {
  version(): string
  guess(sample: Uint8Array, options: object, profiles: readonly Profile[]): Guess
  readBegin(options: object, zoneName: string, instants: Float64Array, offsets: Int32Array, keep: Keep | 'auto', memoryLimit: number): number
  /** Begins a file; the first as well. */
  readNext(reader: number, file: { name: string; header?: number | null; roles?: Roles }): void
  readPush(reader: number, bytes: Uint8Array): void
  readColumns(reader: number, batch: Batch): void
  readFinish(reader: number): ReadFacts
  rowsBegin(options: object, rows: Float64Array): number
  /** Whether no more bytes are needed. */
  rowsPush(finder: number, bytes: Uint8Array): boolean
  rowsFinish(finder: number): FoundRow[]
  /** Whether the code of an analysis is in the module's second file. */
  isLater(analysis: string): boolean
  runBegin(recipe: object, names: string[], tables: Uint32Array, memoryLimit: number): number
  /** Null once the job is finished. */
  runStep(job: number, rows: number): Step | null
  runPush(job: number, bytes: Uint8Array): void
  runPushEnd(job: number): void
  runFinish(job: number): RawReport
  /** gzip: push, then pull until nothing comes. */
  inflateBegin(options: object): number
  inflatePush(inflate: number, bytes: Uint8Array): void
  inflatePull(inflate: number): Uint8Array
  inflateEnd(inflate: number): void
  /** How much a text looks like one. */
  plausibility(text: string): number
  /** Forgets a table, a reading, a job or a search; an unknown handle is forgotten already. */
  drop(handle: number): void
  releaseCsv(names: string[], columns: Cells[], hidden: Uint32Array, pseudonyms: PseudonymousExport | null): Uint8Array
  privacy(task: string, options: object | null | undefined): unknown
  /** Null opens the gate. */
  setPolicy(policy: object | null | undefined): void
  memoryBytes(): number
}

/** The JavaScript that belongs to one instance of the module. */
export interface Glue extends Wasm {
  /** Answers the exports of the instance. */
  initSync(options: { module: WebAssembly.Module }): WebAssembly.Exports
}

/** Makes the glue of a fresh instance. */
export type MakeGlue = () => Glue

/** Runs a function of the module: its coded failures become errors, anything else is the end of the instance. */
export function call<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (isFailure(error)) throw new SiyuError(error)
    throw new Broken(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** A fresh instance. */
export interface Started {
  wasm: Wasm
  /** Adds the code of the second file. */
  extend(later: WebAssembly.Module): void
}

/** Starts a fresh instance of a compiled module. */
export function start(make: MakeGlue, module: WebAssembly.Module): Started {
  const wasm = make()
  const first = guarded('module', () => wasm.initSync({ module }))
  return { wasm, extend: later => void guarded('later.wasm', () => new WebAssembly.Instance(later, { first })) }
}

function guarded<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw fail('engine-load', `The ${what} does not start (${(error as Error).message}): is it of this version?`)
  }
}

/** Compiles the module from its address, a response, or its bytes. */
export async function compile(wasm: string | Response | BufferSource | WebAssembly.Module, file = 'siyu.wasm'): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) return wasm
  let bytes: BufferSource
  if (typeof wasm === 'string' || (typeof Response === 'function' && wasm instanceof Response)) {
    const response = typeof wasm === 'string' ? await fetched(wasm, file) : wasm
    if (!response.ok) throw fail('engine-load', `The server said ${response.status} for ${file}: ${ADVICE}`)
    // Streaming needs the right content type and an untouched response; bytes always work.
    const streamed = await WebAssembly.compileStreaming?.(response.clone()).catch(() => null)
    if (streamed) return streamed
    bytes = await response.arrayBuffer()
  } else {
    bytes = wasm as BufferSource
  }
  const view = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes)
  if (view[0] === 0x3c) throw fail('engine-load', `There is a web page in place of ${file}: ${ADVICE}`)
  if (view[0] !== 0 || view[1] !== 0x61 || view[2] !== 0x73 || view[3] !== 0x6d) throw fail('engine-load', 'These bytes are no wasm module.')
  try {
    return await WebAssembly.compile(bytes)
  } catch (error) {
    throw fail('engine-load', `The module cannot be compiled (${(error as Error).message}). A content policy must allow 'wasm-unsafe-eval'.`)
  }
}

const ADVICE = "serve the file that comes with the package, and give its address as open({ wasm }); with Vite's dev server add 'siyu' to optimizeDeps.exclude."

async function fetched(address: string, file: string): Promise<Response> {
  try {
    return await fetch(address)
  } catch {
    throw fail('engine-load', `${file} could not be fetched: ${ADVICE} A content policy must allow it (connect-src), or use siyu/inline.`)
  }
}
