// The log of this visit: what was read, each run, policies that were put in force and what was saved, each with the hash of
// all before it. It names nobody, and is gone with the page unless it is saved.
import type { Ledger, Report, Siyu, Table } from 'siyu'

let ledger = $state.raw<Ledger>({ entries: [], hashes: [] })
let last: Promise<unknown> = Promise.resolve()
/** Entries that nobody waited for and that could not be added. */
let lost = $state(0)

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
  get lost() {
    return lost
  },
  /** Notes that a table was read; the reader does not wait for it. */
  read(siyu: Siyu, { rows, customers }: Table): void {
    void this.add(siyu, { op: 'read', rows, customers }).catch(() => (lost += 1))
  },
  /** Notes that an analysis has run. */
  ran(siyu: Siyu, { about }: Report<unknown>): void {
    const { analysis, policy, purpose, used, inputs } = about
    const refused = inputs.reduce((sum, input) => sum + input.refused.reduce((all, { customers }) => all + customers, 0), 0)
    void this.add(siyu, { op: 'run', analysis, policy, purpose: purpose ?? null, rows: used.rows, customers: used.customers, refused }).catch(() => (lost += 1))
  },
  /** Takes a log that the engine continued from `from`; false if something was added meanwhile. */
  follow(from: Ledger, next: Ledger): boolean {
    if (from !== ledger) return false
    ledger = next
    return true
  },
  clear() {
    ledger = { entries: [], hashes: [] }
    lost = 0
  },
}
