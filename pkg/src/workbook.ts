/** Whether a file is a workbook, and the parts of the package that read it. */
import { joined } from './bytes.js'
import type { Utf8 } from './encoding.js'
import { part } from './part.js'
import type { SheetOptions, SheetText } from './sheet.js'
import type { Cursor } from './sources.js'
import type { Task } from './task.js'
import { compile } from './wasm.js'

/** Where the module of sheets comes from, where an engine is. */
export type LoadSheet = () => Promise<string | BufferSource> | string | BufferSource

/** Compiled once: a page may read many workbooks. */
const compiled = new WeakMap<LoadSheet, Promise<WebAssembly.Module>>()

/** The first bytes of a source, and the source with them. */
export async function peeked(cursor: Cursor<Uint8Array>): Promise<{ first: Uint8Array; cursor: Cursor<Uint8Array> }> {
  const head: Uint8Array[] = []
  for (let length = 0; length < 4;) {
    const piece = await cursor.next()
    if (!piece) break
    head.push(piece)
    length += piece.length
  }
  const all = joined(head)
  const back = all.length > 0 ? [all] : []
  return { first: all, cursor: { next: async () => back.shift() ?? cursor.next(), close: () => cursor.close() } }
}

/** Whether the bytes are those of a zip archive, as a workbook is one. */
export function isWorkbook([p, k, three, four]: Uint8Array): boolean {
  return p === 0x50 && k === 0x4b && three === 3 && four === 4
}

/** The text of a sheet. */
export async function openWorkbook(
  load: LoadSheet, cursor: Cursor<Uint8Array>, size: number | null, options: SheetOptions, memory: number, task: Task,
): Promise<SheetText> {
  const module = compiled.get(load) ?? Promise.resolve(load()).then(wasm => compile(wasm, 'sheet.wasm'))
  compiled.set(load, module)
  module.catch(() => compiled.delete(load)) // the next workbook tries again
  const { sheetText } = await part('sheet.js', () => import('./sheet.js'))
  return sheetText(await module, cursor, size, options, memory, task)
}

/** Whether a text is that of a sheet. */
export function isSheet(text: Utf8 | null): text is SheetText {
  return text !== null && 'sheet' in text
}
