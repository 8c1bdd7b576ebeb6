/**
 * Workbooks: a sheet of an .xlsx file becomes the text that the engine reads as the format `xlsx`.
 *
 * It has a wasm module of its own, which is fetched when the first workbook is met. Every conversion
 * runs in a fresh instance, so that its memory is given back with it, and in steps of at most about
 * 30 ms. Loaded when first needed.
 */
import makeGlue from '#sheet-glue'
import { joined } from './bytes.js'
import type { Utf8 } from './encoding.js'
import { fail, isFailure, SiyuError } from './errors.js'
import type { Limits } from './generated.js'
import { pause } from './pause.js'
import type { Cursor } from './sources.js'
import type { Task } from './task.js'
import { compile } from './wasm.js'

/** The functions of the sheet's module. An instance converts one sheet. */
export interface SheetWasm {
  sheetPush(bytes: Uint8Array, more: number): void
  sheetOpen(name: string | undefined, bytes: number | undefined, ratio: number | undefined, recordBytes: number | undefined, memory: number): void
  /** Works for about so many tags; says whether the sheet is over. */
  sheetStep(work: number): boolean
  sheetTake(): Uint8Array
  sheetName(): string | undefined
  /** All of them. */
  sheetNames(): string[]
  sheetProgress(): number
}

/** The JavaScript that belongs to one instance. */
export interface SheetGlue extends SheetWasm {
  initSync(options: { module: WebAssembly.Module }): unknown
}

/** A sheet as text. */
export interface SheetText extends Utf8 {
  /** The name of the sheet; null if no sheet holds data. Known once the first piece is there. */
  sheet: string | null
  /** The names of all sheets. */
  sheets: string[]
}

/** What a step should take, in ms; half of what it may. */
const GOAL = 15
/** Text that is worth a piece. */
const PIECE = 256 * 1024

/** What is said of the sheet and how far reading may go. */
export interface SheetOptions {
  sheet: string | null | undefined
  limits: Limits | undefined
}

/** Where the module comes from, where an engine is: an address is fetched. */
export type LoadSheet = () => Promise<BufferSource> | string

/** Compiled once: a page may read many workbooks. */
const compiled = new WeakMap<LoadSheet, Promise<WebAssembly.Module>>()

function moduleOf(load: LoadSheet): Promise<WebAssembly.Module> {
  const module = compiled.get(load) ?? Promise.resolve(load()).then(wasm => compile(wasm, 'sheet.wasm'))
  compiled.set(load, module)
  module.catch(() => compiled.delete(load)) // the next workbook tries again
  return module
}

/** Opens the workbook whose bytes a source gives. `size` is that of the file, if it is known. */
export async function sheetText(
  load: LoadSheet, cursor: Cursor<Uint8Array>, size: number | null, { sheet, limits }: SheetOptions, memory: number, task: Task,
): Promise<SheetText> {
  let wasm: SheetWasm | null = started(await moduleOf(load))
  let pushed = 0
  for (;;) {
    const piece = await cursor.next()
    task.check()
    if (!piece) break
    pushed += piece.length
    if (pushed > memory) throw fail('limit-memory', 'The workbook does not fit into `memoryLimit`: raise it, or save the sheet as CSV.')
    guarded(() => wasm?.sheetPush(piece, pushed === piece.length ? Math.min(size ?? 0, memory) : 0))
  }
  guarded(() => wasm?.sheetOpen(sheet ?? undefined, limits?.bytes, limits?.ratio, limits?.recordBytes, memory))
  let work = 4096
  let over = false
  const out: SheetText = {
    encoding: { label: 'utf-8', by: 'declared' }, done: 0, sheet: null, sheets: guarded(() => wasm?.sheetNames() ?? []),
    async next() {
      const parts: Uint8Array[] = []
      for (let length = 0; wasm && !over && length < PIECE;) {
        const one = wasm
        const started = performance.now()
        over = guarded(() => one.sheetStep(work))
        const took = performance.now() - started
        work = Math.round(Math.min(Math.max(work * Math.min(Math.max(GOAL / took, 0.25), 2), 1024), 1 << 22))
        const part = guarded(() => one.sheetTake())
        if (part.length > 0) parts.push(part)
        length += part.length
        if (length < PIECE && !over) {
          await pause()
          task.check()
        }
      }
      if (wasm) out.sheet ??= guarded(() => wasm?.sheetName()) ?? null
      // The file is taken whole before its first row: how far it is, the sheet says.
      if (wasm) out.done = over ? pushed : Math.floor(guarded(() => wasm?.sheetProgress() ?? 1) * pushed)
      if (over) wasm = null
      return parts.length > 0 ? joined(parts) : null
    },
    close() {
      wasm = null
      cursor.close()
    },
  }
  return out
}

/** A fresh instance. */
function started(module: WebAssembly.Module): SheetWasm {
  const glue = makeGlue()
  try {
    glue.initSync({ module })
  } catch (error) {
    throw fail('engine-load', `The module of sheets does not start (${(error as Error).message}): is it the sheet.wasm of this version?`)
  }
  return glue
}

/** A call of the instance. What is no coded failure is the end of the instance, and of nothing else. */
function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (isFailure(error)) throw new SiyuError(error)
    throw fail('engine-restarted', 'The module of sheets stopped, and the workbook was not read: save the sheet as CSV.')
  }
}
