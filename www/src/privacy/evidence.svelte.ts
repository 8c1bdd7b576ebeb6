// What the finds in a column rest on: its first values, looked through by the engine and shown with their inner part hidden.
import type { Evidence, GuessColumn } from 'siyu'
import { session } from '../session.svelte'

export interface Shown {
  evidence: Evidence[]
  /** One value, masked. */
  example: string
}

let shown = $state.raw<Record<string, Shown>>({})
let of: unknown = null

export const evidence = {
  get of() {
    return shown
  },
  /** Looks at the columns in which something was found, once for each file. */
  async look() {
    const guess = session.guess
    if (guess === null || of === guess) return
    of = guess
    shown = {}
    const siyu = await session.engine()
    const next: Record<string, Shown> = {}
    for (const column of guess.columns.filter(each => each.personal.length > 0)) {
      const found = await one(column, async texts => ({ finds: (await siyu.privacy('detect', { texts })).finds, masked: (await siyu.privacy('mask', { texts })).texts }))
      if (found !== null) next[column.name] = found
    }
    if (of === guess) shown = next
  },
}

async function one({ samples, personal }: GuessColumn, look: (texts: string[]) => Promise<{ finds: { text: number; kind: string; evidence: Evidence }[]; masked: string[] }>): Promise<Shown | null> {
  const { finds, masked } = await look(samples)
  const mine = finds.filter(find => find.kind === personal[0]?.kind)
  const first = mine[0]
  return first === undefined ? null : { evidence: [...new Set(mine.map(find => find.evidence))], example: masked[first.text] ?? '' }
}
