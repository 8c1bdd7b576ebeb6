// Customers of an answer as a table, so that another question can begin with them.
import type { ColumnSet, Table } from 'siyu'
import { session } from './session.svelte'
import { eachSliced } from './slices'

/** Which customers of a column set are taken, and the segment of each if there are several. */
interface Wanted {
  set: ColumnSet
  /** Tells one list of a set from another. */
  key: string
  /** The index of the customer's segment in `names`, or null to leave the customer out. */
  segmentOf: (row: number) => number | null
  names: readonly string[]
}

export class Listed {
  /** The table of what was wanted last; null until it is there. */
  table = $state.raw<Table | null>(null)
  /** The same, for whoever must not follow it. */
  #made: Table | null = null
  #set: ColumnSet | null = null
  #key = ''

  constructor(readonly name: string) {}

  /** Makes the table, unless it is the one that is there or other work goes on. Call it in an effect. */
  want(wanted: Wanted | null) {
    // While nothing is computed nothing reads the old table.
    if (wanted === null || session.busy !== null || (wanted.set === this.#set && wanted.key === this.#key)) return
    this.#set = wanted.set
    this.#key = wanted.key
    this.#made?.close()
    this.table = this.#made = null
    void this.#make(wanted)
  }

  async #make(wanted: Wanted): Promise<void> {
    const { set, key, segmentOf, names } = wanted
    const table = await session.work('view', () => this.#make(wanted), async (siyu, signal) => {
      const customer: string[] = []
      const codes: number[] = []
      await eachSliced(set.length, signal, row => {
        const segment = segmentOf(row)
        if (segment === null) return
        customer.push(set.text('customer', row))
        codes.push(segment)
      })
      return siyu.read({ columns: { customer }, attributes: { segment: { codes: Uint32Array.from(codes), ids: names } } }, { name: this.name, zone: session.zone, signal })
    })
    if (set !== this.#set || key !== this.#key) table?.close()
    // Other work took its place: it is made again after that.
    else if (table === null && session.busy !== null) this.#set = null
    else this.table = this.#made = table
  }
}
