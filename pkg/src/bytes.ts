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
