/** Arrays of bytes, and texts in them. */

/** Several arrays of bytes as one. A single one is returned as it is. */
export function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const [only, ...more] = parts
  if (only && more.length === 0) return only as Uint8Array<ArrayBuffer>
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Texts one after the other, and where each ends. */
export interface Texts {
  text: Uint8Array
  ends: Uint32Array
}

/** Some texts out of many, in any order. */
export function gathered(bytes: Uint8Array, ends: Uint32Array, rows: Uint32Array): Texts {
  const count = rows.length
  const newEnds = new Uint32Array(count)
  let length = 0
  for (let at = 0; at < count; at++) {
    const row = rows[at] as number
    length += (ends[row] as number) - (row === 0 ? 0 : (ends[row - 1] as number))
    newEnds[at] = length
  }
  const text = new Uint8Array(length)
  let filled = 0
  for (let at = 0; at < count; at++) {
    const row = rows[at] as number
    const end = ends[row] as number
    for (let from = row === 0 ? 0 : (ends[row - 1] as number); from < end; from++) text[filled++] = bytes[from] as number
  }
  return { text, ends: newEnds }
}

/** Whether a text has no half of a surrogate pair, as far as the platform tells. */
export function isWellFormed(text: string): boolean {
  return (text as { isWellFormed?(): boolean }).isWellFormed?.() ?? true
}
