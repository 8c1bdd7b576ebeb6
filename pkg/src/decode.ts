/**
 * Encodings other than UTF-8: decoded by the platform in strict mode and encoded again as UTF-8.
 *
 * Every piece that is decoded starts and ends between characters, so that a bad byte can be placed by
 * bisecting its piece alone. Loaded when first needed.
 */
import { joined } from './bytes.js'
import type { Encoding, Help, Lines, Utf8 } from './encoding.js'
import { fail } from './errors.js'
import type { Cursor } from './sources.js'

/** A piece without one byte below 0x30 that is longer than this is no table. */
const LONGEST = 8 * 1024 * 1024

/** The label of an encoding as the platform names it; `invalid-option` if it knows none such. */
export function labelOf(encoding: string): string {
  let label: string
  try {
    label = new TextDecoder(encoding).encoding
  } catch {
    throw fail('invalid-option', 'This platform does not know the encoding: give a label such as utf-8 or gb18030.', { path: 'encoding' })
  }
  // A text in this encoding can only be decoded from its start on.
  if (label === 'iso-2022-jp' || label === 'replacement') throw fail('unsupported', 'This encoding is not read: save the file as UTF-8.', { path: 'encoding' })
  return label === 'gbk' ? 'gb18030' : label
}

/** What bytes that are not UTF-8 are instead, if that can be told; `done` bytes with `lines` came before them. */
export function told(sample: Uint8Array, done: number, lines: Lines, help: Help): Encoding | null {
  let label: string | null = null
  let most = -Infinity
  for (const one of ['gb18030', 'big5']) {
    const text = textOf(sample, one, true)
    const weight = text === null ? most : help.plausibility(text)
    // Of two alike the first.
    if (weight > most) [label, most] = [one, weight]
  }
  if (label === null) return null
  const good = wholePrefix(sample, 'utf-8')
  return { label, by: 'bytes', notUtf8: { byte: done + good, row: lines.at(sample, good) } }
}

/** The bytes decoded and encoded again; `done` bytes with `lines` came before them. */
export function decoded(cursor: Cursor<Uint8Array>, head: Uint8Array[], encoding: Encoding, done: number, lines: Lines): Utf8 {
  const decoder = new TextDecoder(encoding.label, { fatal: true, ignoreBOM: true })
  const encoder = new TextEncoder()
  let rest = new Uint8Array()
  let ended = false
  const out: Utf8 = {
    encoding, done, close: () => cursor.close(),
    async next() {
      while (!ended) {
        const chunk = head.shift() ?? (await cursor.next())
        ended = chunk === null
        const bytes = chunk === null ? rest : rest.length > 0 ? joined([rest, chunk]) : chunk
        const cut = ended ? bytes.length : cutAt(bytes, encoding.label)
        if (!ended && cut === 0 && bytes.length > LONGEST) throw fail('limit', 'A field of more than 8 MiB: this is not a table of text.', { row: lines.count + 1 })
        rest = bytes.slice(cut)
        if (cut === 0) continue
        const piece = bytes.subarray(0, cut)
        let text: string
        try {
          text = sound(decoder.decode(piece), encoding.label)
        } catch {
          const good = wholePrefix(piece, encoding.label)
          throw fail('encoding', `The bytes are not ${encoding.label}: name the file's encoding, or save it as UTF-8.`, {
            byte: out.done + good, row: lines.at(piece, good),
          })
        }
        out.done += cut
        lines.pass(piece)
        return encoder.encode(text)
      }
      return null
    },
  }
  return out
}

/** The end of the last whole character that is sure to be one, whatever follows. */
function cutAt(bytes: Uint8Array, label: string): number {
  if (label === 'utf-16le' || label === 'utf-16be') {
    const even = bytes.length & ~1
    const high = bytes[label === 'utf-16le' ? even - 1 : even - 2] ?? 0
    return (high & 0xfc) === 0xd8 ? even - 2 : even
  }
  // Bytes below 0x30 are no part of a longer character in any encoding that is read here.
  for (let at = bytes.length; at > 0; at--) if ((bytes[at - 1] as number) < 0x30) return at
  return 0
}

/** Whether bytes decode; a character may be cut off at the end if more can follow. */
function decodes(bytes: Uint8Array, label: string, stream: boolean): boolean {
  return textOf(bytes, label, stream) !== null
}

/** The text, unless the platform made characters of its own of bytes that Big5 does not have. */
function sound(text: string, label: string): string {
  if (label === 'big5' && /[\u0080-\u009f\ue000-\uf8ff]/.test(text)) throw new TypeError('not Big5')
  return text
}

/** The text, or null if a byte is not of the encoding. */
function textOf(bytes: Uint8Array, label: string, stream: boolean): string | null {
  try {
    return sound(new TextDecoder(label, { fatal: true }).decode(bytes, { stream }), label)
  } catch {
    return null
  }
}

/** How many leading bytes are whole characters, by bisection. */
function wholePrefix(bytes: Uint8Array, label: string): number {
  let good = 0
  let bad = bytes.length + 1
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (decodes(bytes.subarray(0, middle), label, true)) good = middle
    else bad = middle
  }
  // The decoder finds out late: the character began up to three bytes before.
  while (good > 0 && !decodes(bytes.subarray(0, good), label, false)) good--
  return good
}
