// Files beside the orders: what customers do besides buying, and whom they bring. Each becomes a table of its
// own, read in the same zone, and is given back when other orders are opened.
import type { Guess, Table } from 'siyu'
import { session } from './session.svelte'

export const KINDS = ['events', 'referrals'] as const
export type Kind = (typeof KINDS)[number]
/** What is asked of each; the last of `referrals` may stay empty. */
export const ASKED = { events: ['customer', 'time', 'event'], referrals: ['customer', 'time', 'order'] } as const
const NEEDED: Record<Kind, readonly string[]> = { events: ['customer', 'time', 'event'], referrals: ['customer', 'time'] }

/** A file whose columns are being confirmed, or that was read. */
export interface Opened {
  file: File
  guess: Guess
  /** Column by role; empty for "not used". */
  roles: Record<string, string>
  table: Table | null
  /** The zone that the table was read in. */
  zone: string
}

class Beside {
  opened = $state.raw<Partial<Record<Kind, Opened>>>({})
  /** The file of orders that these belong to. */
  #of = $state.raw<readonly File[]>([])

  /** What stands beside the orders that are open now. */
  of(kind: Kind): Opened | undefined {
    return this.#of === session.files ? this.opened[kind] : undefined
  }

  /** The tables that are ready, by the name of the input. */
  tables(): Partial<Record<Kind, Table>> {
    const ready: Partial<Record<Kind, Table>> = {}
    for (const kind of KINDS) {
      const table = this.of(kind)?.table
      if (table) ready[kind] = table
    }
    return ready
  }

  /** Looks at a file and proposes what its columns mean; reads it at once if they are sure. */
  async open(kind: Kind, file: File, known: Record<string, string> | null = null): Promise<void> {
    const guess = await session.work('guess', () => this.open(kind, file, known), siyu => siyu.guess(file))
    if (guess === null) return
    if (this.#of !== session.files) {
      this.clear()
      this.#of = session.files
    }
    const proposed = Object.fromEntries(ASKED[kind].map(role => [role, guess.roles[role]?.column ?? '']))
    this.#set(kind, { file, guess, roles: known ?? proposed, table: null, zone: '' })
    if (known !== null) await this.read(kind)
  }

  choose(kind: Kind, role: string, column: string) {
    const opened = this.of(kind)
    if (opened !== undefined) this.#set(kind, { ...opened, roles: { ...opened.roles, [role]: column } })
  }

  /** Whether the columns that must be named are. */
  isReady(kind: Kind): boolean {
    const opened = this.of(kind)
    return opened !== undefined && NEEDED[kind].every(role => (opened.roles[role] ?? '') !== '')
  }

  /** Reads a file with its confirmed columns. */
  async read(kind: Kind): Promise<void> {
    const opened = this.of(kind)
    if (opened === undefined) return
    const { file, guess, roles } = opened
    const zone = session.zone
    const mapped = Object.fromEntries(Object.entries(roles).filter(([, column]) => column !== ''))
    const table = await session.work('read', () => this.read(kind), (siyu, signal, progress) =>
      siyu.read(file, { roles: mapped, zone, name: kind, ...(guess.header ? { header: guess.header } : {}), signal, onProgress: p => progress(p.done, p.total) }),
    )
    if (table === null) return
    if (this.of(kind) !== opened) return table.close()
    opened.table?.close()
    this.#set(kind, { ...opened, table, zone })
  }

  /** Reads again what was read in another zone. Call it in an effect: it waits for other work. */
  follow() {
    if (session.busy !== null) return
    const late = KINDS.find(kind => {
      const opened = this.of(kind)
      return opened?.table && opened.zone !== session.zone
    })
    if (late !== undefined) void this.read(late)
  }

  remove(kind: Kind) {
    this.opened[kind]?.table?.close()
    const { [kind]: _, ...others } = this.opened
    this.opened = others
  }

  clear() {
    for (const kind of KINDS) this.remove(kind)
  }

  #set(kind: Kind, opened: Opened) {
    this.opened = { ...this.opened, [kind]: opened }
  }
}

export const beside = new Beside()
