// The one visit: which file, what its columns mean, what was read, and what came out.
//
// Components read this state and call its verbs; nothing else talks to the package.
import { open, SiyuError, type Guess, type RfmOptions, type RfmReport, type Siyu, type Table } from 'siyu'
import { dayAfter } from './format'
import { language } from './text/language.svelte'

export const ROLES = ['customer', 'time', 'amount', 'order', 'product', 'quantity', 'channel', 'event'] as const
export type Role = (typeof ROLES)[number]
export const NEEDED = ['customer', 'time', 'amount'] as const
/** What the segments can use. Columns of other roles are read only if the reader asks for it. */
const USED: readonly Role[] = ['customer', 'time', 'amount', 'order']

export type Origin = 'own' | 'cdnow' | 'shop'
export type Work = 'fetch' | 'guess' | 'read' | 'rfm'
export interface Problem {
  code: string
  row: number | null
  column: string | null
}
export interface Choices {
  groups: 'eleven' | 'eight'
  count: 'order' | 'row' | 'day'
  refunds: 'net' | 'drop' | 'keep'
  scoring: 'rank-min' | 'cume-dist' | 'quantile' | 'rank-first' | 'ntile' | 'r-rfm'
}

/** A request as the page makes it: every choice spelled out. */
type Asked = RfmOptions & { count: Choices['count']; refunds: Choices['refunds']; groups: { scheme: Choices['groups'] }; scoring: { convention: Choices['scoring'] } }

const SAMPLES = {
  cdnow: { path: 'samples/cdnow_master.csv', zone: 'UTC', currency: 'USD' },
  shop: { path: 'samples/shop_orders.csv', zone: 'Asia/Shanghai', currency: 'CNY' },
} as const

/** A failure of the page's own, with a code of the catalogue. */
class Failed extends Error {
  constructor(readonly code: string) {
    super(code)
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof SiyuError) return { code: error.code, row: error.row ?? null, column: error.column ?? null }
  if (error instanceof Failed) return { code: error.code, row: null, column: null }
  if (error instanceof DOMException && error.name === 'NotReadableError') return { code: 'read', row: null, column: null }
  console.error(error)
  return { code: 'other', row: null, column: null }
}

const noMapping = () => Object.fromEntries(ROLES.map(role => [role, ''])) as Record<Role, string>

class Session {
  file = $state.raw<File | null>(null)
  origin = $state<Origin>('own')
  guess = $state.raw<Guess | null>(null)
  /** Column name by role; empty for "not used". */
  mapping = $state<Record<Role, string>>(noMapping())
  zone = $state('UTC')
  currency = $state('')
  /** Whether `at` follows the data (the day after the last purchase) or is the reader's own. */
  atAuto = $state(true)
  at = $state('')
  table = $state.raw<Table | null>(null)
  choices = $state<Choices>({ groups: 'eleven', count: 'row', refunds: 'net', scoring: 'rank-min' })
  report = $state.raw<RfmReport | null>(null)
  /** The selected group, an index into `report.groups`. */
  group = $state<number | null>(null)
  busy = $state.raw<{ work: Work; share: number | null } | null>(null)
  problem = $state.raw<Problem | null>(null)
  cancelled = $state(false)
  /** Whether the columns are being confirmed or changed. */
  editing = $state(false)
  version = $state('')

  #siyu: Promise<Siyu> | undefined
  #abort: AbortController | undefined
  #answered: Asked | null = null

  engine(): Promise<Siyu> {
    return (this.#siyu ??= open().then(siyu => {
      this.version = siyu.version
      return siyu
    }))
  }

  cancel() {
    this.#abort?.abort()
  }

  /** Runs one piece of work at a time; a new one ends the last. Returns whether it came to its end. */
  async #run(work: Work, job: (signal: AbortSignal, progress: (done: number, total: number | null) => void) => Promise<void>): Promise<boolean> {
    this.#abort?.abort()
    const abort = (this.#abort = new AbortController())
    this.busy = { work, share: null }
    this.problem = null
    this.cancelled = false
    try {
      await job(abort.signal, (done, total) => {
        if (this.#abort === abort) this.busy = { work, share: total === null || total <= 0 ? null : Math.min(1, done / total) }
      })
      return this.#abort === abort
    } catch (error) {
      if (this.#abort === abort) {
        const stopped = abort.signal.aborted || (error instanceof SiyuError && error.code === 'cancelled')
        if (stopped) this.cancelled = true
        else this.problem = problemOf(error)
      }
      return false
    } finally {
      if (this.#abort === abort) {
        this.busy = null
        this.#abort = undefined
      }
    }
  }

  /** Shows an error that happened outside of reading and computing. */
  fail(error: unknown) {
    this.problem = problemOf(error)
  }

  /** Back to the empty page. */
  reset() {
    this.#abort?.abort()
    this.#abort = undefined
    this.#forget()
    this.file = null
    this.guess = null
    this.busy = null
    this.problem = null
    this.cancelled = false
    this.editing = false
  }

  #forget() {
    this.table?.close()
    this.table = null
    this.report = null
    this.group = null
  }

  /** Opens one of the embedded samples. */
  async openSample(name: 'cdnow' | 'shop') {
    const sample = SAMPLES[name]
    let file: File | null = null
    const fetched = await this.#run('fetch', async signal => {
      const response = await fetch(sample.path, { signal })
      if (!response.ok) throw new Failed('fetch')
      file = new File([await response.blob()], sample.path.split('/').pop() ?? '', { type: 'text/csv' })
    })
    if (fetched && file !== null) await this.openFile(file, name)
  }

  /** Takes a file and proposes what its columns mean. */
  async openFile(file: File, origin: Origin = 'own') {
    const looked = await this.#run('guess', async signal => {
      const siyu = await this.engine()
      const guess = await siyu.guess(file)
      signal.throwIfAborted()
      this.#forget()
      this.file = file
      this.origin = origin
      this.guess = guess
      this.mapping = noMapping()
      for (const role of USED) this.mapping[role] = guess.roles[role]?.column ?? ''
      this.choices.count = this.mapping.order === '' ? 'row' : 'order'
      this.atAuto = true
      this.at = ''
      if (origin === 'own') {
        this.zone = Intl.DateTimeFormat().resolvedOptions().timeZone
        this.currency = language() === 'zh' ? 'CNY' : ''
      } else {
        this.zone = SAMPLES[origin].zone
        this.currency = SAMPLES[origin].currency
      }
    })
    if (looked) this.editing = true
  }

  /** Reads the file with the confirmed mapping, then computes. */
  async confirm() {
    const file = this.file
    if (file === null) return
    const roles: Partial<Record<Role, string>> = {}
    for (const role of ROLES) if (this.mapping[role] !== '') roles[role] = this.mapping[role]
    if (roles.order === undefined && this.choices.count === 'order') this.choices.count = 'row'
    const read = await this.#run('read', async (signal, progress) => {
      const siyu = await this.engine()
      this.#forget()
      this.table = await siyu.read(file, {
        roles,
        zone: this.zone,
        name: 'orders',
        ...(this.guess?.header ? { header: this.guess.header } : {}),
        signal,
        onProgress: p => progress(p.done, p.total),
      })
    })
    if (!read || this.table === null) return
    this.editing = false
    const time = this.table.quality.time
    if (this.atAuto && time !== null) this.at = dayAfter(time.last, this.zone)
    await this.compute()
  }

  /** Computes the segments with the current choices. The selected group stays if it still exists. */
  async compute() {
    const table = this.table
    if (table === null || this.at === '') return
    const asked = this.#request()
    const computed = await this.#run('rfm', async (signal, progress) => {
      const siyu = await this.engine()
      const key = this.group === null ? undefined : this.report?.groups[this.group]?.key
      const report = await siyu.rfm(table, asked, { signal, onProgress: p => progress(p.done, p.total) })
      const kept = report.groups.findIndex(group => group.key === key)
      this.group = kept < 0 ? null : kept
      this.report = report
      this.#answered = asked
    })
    // The date and the options shown are always those of the numbers shown.
    if (!computed && this.busy === null && this.report !== null && this.#answered !== null) this.#restore(this.#answered)
  }

  #restore({ at, groups, count, refunds, scoring }: Asked) {
    this.at = at
    this.choices = { groups: groups.scheme, count, refunds, scoring: scoring.convention }
  }

  #request(): Asked {
    const { groups, count, refunds, scoring } = this.choices
    return { at: this.at, count, refunds, scoring: { convention: scoring }, groups: { scheme: groups } }
  }

  /** The rows of the customer columns that belong to a group, or all of them. */
  rowsOf(group: number | null): Uint32Array {
    const report = this.report
    if (report === null) return new Uint32Array(0)
    const of = report.customers.column('group') as Uint16Array
    let count = 0
    const rows = new Uint32Array(of.length)
    for (let i = 0; i < of.length; i++) if (group === null || of[i] === group) rows[count++] = i
    return rows.slice(0, count)
  }

  /** The bytes of a CSV with the ids of a group, made safe for spreadsheets by the package. */
  async csv(group: number | null, columns: string[], header: Record<string, string>): Promise<Uint8Array> {
    const siyu = await this.engine()
    if (this.report === null) throw new Failed('closed')
    return siyu.exportCsv(this.report.customers, { columns, header, rows: this.rowsOf(group) })
  }
}

export const session = new Session()
