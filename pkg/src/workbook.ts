/** Whether a file is a workbook. What reads one is a part of the package: `sheet`. */
import { fill, type Utf8 } from './encoding.js'
import { part } from './part.js'
import type { SheetText } from './sheet.js'
import type { Cursor } from './sources.js'

/** The first bytes of a source, and the source with them. */
export async function peeked(cursor: Cursor<Uint8Array>): Promise<{ first: Uint8Array; cursor: Cursor<Uint8Array> }> {
  const head: Uint8Array[] = []
  const first = await fill(cursor, head, 4)
  return { first, cursor: { next: async () => head.shift() ?? cursor.next(), close: () => cursor.close() } }
}

/** Whether the bytes are those of a zip archive, as a workbook is one. */
export function isWorkbook([p, k, three, four]: Uint8Array): boolean {
  return p === 0x50 && k === 0x4b && three === 3 && four === 4
}

/** The part of the package that reads workbooks. */
export function sheets(): Promise<typeof import('./sheet.js')> {
  return part('sheet.js', () => import('./sheet.js'))
}

/** Whether a text is that of a sheet. */
export function isSheet(text: Utf8 | null): text is SheetText {
  return text !== null && 'sheet' in text
}
