// The log of this visit: policies that were put in force and what was saved, each with the hash of all before it. It names
// nobody, and is gone with the page unless it is saved.
import type { Ledger, Siyu } from 'siyu'

let ledger = $state.raw<Ledger>({ entries: [], hashes: [] })
let last: Promise<unknown> = Promise.resolve()

/** Now, as the log and what leaves are dated. */
export const now = () => `${new Date().toISOString().slice(0, 19)}Z`

export const journal = {
  get ledger() {
    return ledger
  },
  /** Adds what happened, behind what is being added already. */
  add(siyu: Siyu, entry: Record<string, unknown>): Promise<void> {
    const added = last.then(async () => {
      ledger = await siyu.privacy('ledgerAppend', { entry: { ...entry, at: entry['at'] ?? now() }, ledger })
    })
    last = added.catch(() => undefined)
    return added
  },
  /** Takes a log that the engine continued from `from`; false if something was added meanwhile. */
  follow(from: Ledger, next: Ledger): boolean {
    if (from !== ledger) return false
    ledger = next
    return true
  },
  clear() {
    ledger = { entries: [], hashes: [] }
  },
}
