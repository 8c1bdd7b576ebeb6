// A file whose rows name nobody, copied with the number of each row as its first column, so that rows can be told apart.
import type { Guess } from 'siyu'

const [LINE, RETURN, QUOTE] = [0x0a, 0x0d, 0x22]
const MARK = [0xef, 0xbb, 0xbf]

/** Whether rows can be counted without reading cells: plain delimited text whose first line is its header. */
export async function isCountable(file: File, guess: Guess): Promise<boolean> {
  if (guess.delimiter === null || guess.header !== null || guess.encoding.startsWith('utf-16')) return false
  const first = new Uint8Array(await file.slice(0, 8).arrayBuffer())
  const isPacked = first[0] === 0x1f && first[1] === 0x8b
  return !isPacked && !/^(\ufeff|\u00ef\u00bb\u00bf)?sep=/i.test(String.fromCharCode(...first))
}

/** The copy, and what its first column is called. The first row below the header is 1. */
export async function numbered(file: File, guess: Guess): Promise<{ file: File; column: string }> {
  let column = 'row'
  while (guess.columns.some(each => each.name === column)) column += '_'
  const content = await new Response(file.stream().pipeThrough(counting(guess.delimiter ?? ',', column))).blob()
  return { file: new File([content], file.name, { type: file.type }), column }
}

/** Writes `column` before the header and a number before each record; a quoted line break begins none. */
function counting(delimiter: string, column: string): TransformStream<Uint8Array, Uint8Array> {
  const encoder = new TextEncoder()
  const between = delimiter.charCodeAt(0)
  let [row, place] = [0, 0]
  let [isStart, isField, isQuoted] = [true, true, false]
  return new TransformStream({
    transform(chunk, controller) {
      let from = 0
      for (let at = 0; at < chunk.length; at++, place++) {
        const byte = chunk[at] as number
        // The mark of the encoding stays where it is.
        if (place < MARK.length && byte === MARK[place]) continue
        const isBreak = byte === LINE || byte === RETURN
        if (isStart && !isBreak) {
          controller.enqueue(chunk.slice(from, at))
          controller.enqueue(encoder.encode(`${row === 0 ? column : row}${delimiter}`))
          from = at
          row += 1
          isStart = false
        }
        if (byte === QUOTE && (isField || isQuoted)) {
          // Two of them within a cell close and open it again.
          isField = isQuoted
          isQuoted = !isQuoted
        } else if (!isQuoted) {
          isField = isBreak || byte === between
          isStart ||= isBreak
        }
      }
      controller.enqueue(chunk.slice(from))
    },
  })
}
