// Text of a file made safe to look at: characters that show nothing, or that turn the text around them, get a name.

/** A piece of text: as it stands, or a character that is shown by its name. */
export interface Piece {
  text: string
  /** For a character that cannot be seen: what is shown in its place. */
  mark: string | null
}

/** How much of a cell is shown. */
const MOST = 160

const SHORT: Record<string, string> = { '\n': '⏎', '\r': '␍', '\t': '⇥', '\u00a0': 'NBSP', '\u200b': 'ZWSP', '\ufeff': 'BOM' }
// Controls, format characters (zero width, direction, byte order mark), separators other than the plain space, and lone surrogates.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?! )\p{Zs}|^ +| +$/gu

/** Cuts a cell into pieces, at most `MOST` characters of it. */
export function pieces(cell: string): { pieces: Piece[]; cut: number } {
  const shown = [...cell.slice(0, MOST * 2)].slice(0, MOST).join('')
  const found: Piece[] = []
  let from = 0
  for (const match of shown.matchAll(UNSEEN)) {
    if (match.index > from) found.push({ text: shown.slice(from, match.index), mark: null })
    found.push({ text: match[0], mark: nameOf(match[0]) })
    from = match.index + match[0].length
  }
  if (from < shown.length) found.push({ text: shown.slice(from), mark: null })
  return { pieces: found, cut: cell.length - shown.length }
}

function nameOf(text: string): string {
  if (text.startsWith(' ')) return '␣'.repeat(Math.min(text.length, 8))
  const code = text.codePointAt(0) ?? 0
  return SHORT[text] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
