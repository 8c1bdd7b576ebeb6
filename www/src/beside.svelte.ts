// Files beside the orders: what customers do besides buying, whom they bring, what is known of them, who looks
// after them. Each becomes a table of its own, read in the same zone, and is given back when other orders are opened.
import type { AttributeColumn, Guess, Roles, Table } from 'siyu'
import { journal } from './journal.svelte'
import { isCountable, numbered } from './numbered'
import { sampleFile, session } from './session.svelte'

export type Kind = 'events' | 'referrals' | 'ratings' | 'customers' | 'book' | 'contacts' | 'members' | 'test' | 'leavers' | 'joined'
/** Kinds of which any further column is an attribute under its own name. */
export const TAKES_ALL: readonly Kind[] = ['customers', 'test', 'leavers']

/** Kinds with a row per person, which may go without ids. */
const ROW_EACH: readonly Kind[] = ['test', 'leavers']
/** Stands for a column of ids where there is none: rows are numbered. No header can be it. */
export const BY_ROW = '\u0000'

/** One thing that a file is asked for: a role, or an attribute under a name that an analysis knows. */
interface Field {
  role?: keyof Roles
  attribute?: string
  /** Whether it may stay empty. */
  mayLack?: true
  /** How headers of attributes are recognised. */
  like?: RegExp
}

const MANAGER: Field = { attribute: 'manager', like: /经理|顾问|导购|manager|advis|owner|agent/i }
const VERIFIED: Field = { attribute: 'verified', mayLack: true, like: /实名|认证|verif/i }
const ACCOUNT: Field = { attribute: 'account', mayLack: true, like: /开户|账户|account/i }
const CUSTOMER: Field = { role: 'customer' }
const TIME: Field = { role: 'time' }

/** What is asked of each kind of file, in this order. */
export const ASKED: Record<Kind, Record<string, Field>> = {
  events: { customer: CUSTOMER, time: TIME, event: { role: 'event' } },
  referrals: { customer: CUSTOMER, time: TIME, order: { role: 'order', mayLack: true } },
  ratings: { customer: CUSTOMER, time: TIME, quantity: { role: 'quantity' } },
  customers: { customer: CUSTOMER },
  book: { customer: CUSTOMER, manager: MANAGER, segment: { attribute: 'segment', like: /客群|分群|等级|级别|segment|group|level|tier/i }, verified: VERIFIED, account: ACCOUNT },
  contacts: { customer: CUSTOMER, time: TIME, manager: MANAGER, province: { attribute: 'province', mayLack: true, like: /省|province|state|region/i }, verified: VERIFIED, account: ACCOUNT },
  members: { customer: CUSTOMER },
  test: { customer: CUSTOMER, variant: { attribute: 'variant', like: /方案|分组|实验组|组别|版本|variant|group|arm|segment|version|bucket/i } },
  joined: { customer: CUSTOMER, time: TIME },
  leavers: { customer: CUSTOMER, left: { attribute: 'left', like: /流失|离网|离开|退订|销户|churn|attrit|exited|left\b|cancel/i } },
}

/** The files that belong to the sample, and what their columns mean. */
const SAMPLE: Partial<Record<Kind, { path: string; columns: Record<string, string>; attributes?: readonly string[] }>> = {
  events: { path: 'samples/social_events.csv', columns: { customer: '会员编号', time: '时间', event: '行为' } },
  referrals: { path: 'samples/social_referrals.csv', columns: { customer: '邀请人', time: '邀请时间', order: '被邀请人' } },
  customers: { path: 'samples/social_customers.csv', columns: { customer: '会员编号' }, attributes: ['城市', '省份', '客户经理', '客群'] },
  book: { path: 'samples/social_customers.csv', columns: { customer: '会员编号', manager: '客户经理', segment: '客群', verified: '实名', account: '开户' } },
  contacts: { path: 'samples/social_contacts.csv', columns: { customer: '会员编号', time: '添加时间', manager: '客户经理', province: '登录省份', verified: '', account: '' } },
}

/** A file whose columns are being confirmed, or that was read. */
export interface Opened {
  file: File
  guess: Guess
  /** Column by field; empty for "not used". */
  columns: Record<string, string>
  /** Columns that are attributes under their own names; only of kinds that take all. */
  attributes: readonly string[]
  /** Whether its rows can be numbered in place of ids. */
  canNumber: boolean
  table: Table | null
  /** The zone that the table was read in. */
  zone: string
}

/** How a column holds its values: numbers only if every sample is one that no id or code looks like. */
export function typeOf(guess: Guess, column: string): 'number' | 'text' {
  const samples = guess.columns.find(each => each.name === column)?.samples ?? []
  return samples.length > 0 && samples.every(sample => /^-?(0|[1-9]\d{0,8})(\.\d+)?$/.test(sample)) ? 'number' : 'text'
}

class Beside {
  opened = $state.raw<Partial<Record<Kind, Opened>>>({})
  /** The file of orders that these belong to. */
  #of = $state.raw<readonly File[]>([])
  #opening = false
  /** Files whose reading other work took the place of. */
  #waiting = new Set<Kind>()

  /** What stands beside the orders that are open now. */
  of(kind: Kind): Opened | undefined {
    return this.#of === session.files ? this.opened[kind] : undefined
  }

  table(kind: Kind): Table | null {
    return this.of(kind)?.table ?? null
  }

  /** The tables of these kinds that are ready, by kind. */
  tables(kinds: readonly Kind[]): Partial<Record<Kind, Table>> {
    return Object.fromEntries(kinds.flatMap(kind => (this.table(kind) === null ? [] : [[kind, this.table(kind)]])))
  }

  /** Whether a file of this kind belongs to the sample that is open. */
  isSample(kind: Kind): boolean {
    return session.origin === 'social' && SAMPLE[kind] !== undefined
  }

  /** Whether files of the sample are still to be opened. */
  waits(kinds: readonly Kind[]): boolean {
    return session.origin === 'social' && kinds.some(kind => SAMPLE[kind] !== undefined && this.of(kind) === undefined)
  }

  /** Opens the files that belong to the sample, one after the other. Call it in an effect: it waits for other work. */
  async openSample(kinds: readonly Kind[]): Promise<void> {
    if (this.#opening || session.busy !== null) return
    this.#opening = true
    try {
      for (const kind of kinds) {
        const sample = SAMPLE[kind]
        if (sample === undefined || this.of(kind) !== undefined) continue
        const file = await session.work('fetch', () => this.openSample(kinds), (_, signal) => sampleFile(sample.path, signal))
        if (file === null) return
        await this.open(kind, file, sample.columns, sample.attributes)
      }
    } finally {
      this.#opening = false
    }
  }

  /** Looks at a file and proposes what its columns mean; reads it at once if that is known. */
  async open(kind: Kind, file: File, known: Record<string, string> | null = null, attributes: readonly string[] | null = null): Promise<void> {
    const looked = await session.work('guess', () => this.open(kind, file, known, attributes), async siyu => {
      const guess = await siyu.guess(file)
      return { guess, canNumber: ROW_EACH.includes(kind) && (await isCountable(file, guess)) }
    })
    if (looked === null) return
    const { guess, canNumber } = looked
    if (this.#of !== session.files) {
      this.clear()
      this.#of = session.files
    }
    const columns = known ?? proposed(kind, guess, canNumber)
    const used = Object.values(columns)
    const others = TAKES_ALL.includes(kind) ? (attributes ?? guess.columns.map(column => column.name).filter(name => !used.includes(name))) : []
    this.#set(kind, { file, guess, columns, attributes: others, canNumber, table: null, zone: '' })
    if (known !== null || (kind === 'members' && columns['customer'] !== '')) await this.read(kind)
  }

  choose(kind: Kind, field: string, column: string) {
    const opened = this.of(kind)
    if (opened !== undefined) this.#set(kind, { ...opened, columns: { ...opened.columns, [field]: column }, attributes: opened.attributes.filter(name => name !== column) })
  }

  /** Takes a column as an attribute under its own name, or no longer. */
  toggle(kind: Kind, column: string) {
    const opened = this.of(kind)
    if (opened === undefined) return
    const { attributes } = opened
    this.#set(kind, { ...opened, attributes: attributes.includes(column) ? attributes.filter(name => name !== column) : [...attributes, column] })
  }

  /** Whether the columns that must be named are. */
  isReady(kind: Kind): boolean {
    const opened = this.of(kind)
    return opened !== undefined && Object.entries(ASKED[kind]).every(([field, { mayLack }]) => mayLack || (opened.columns[field] ?? '') !== '')
  }

  /** Reads a file with its confirmed columns. */
  async read(kind: Kind): Promise<void> {
    const opened = this.of(kind)
    if (opened === undefined) return
    const { file, guess, columns } = opened
    const zone = session.zone
    const roles: Record<string, string> = {}
    const attributes: Record<string, AttributeColumn> = Object.fromEntries(opened.attributes.map(column => [column, { column, type: typeOf(guess, column) }]))
    for (const [field, { role, attribute }] of Object.entries(ASKED[kind])) {
      const column = columns[field] ?? ''
      if (column !== '' && column !== BY_ROW && role !== undefined) roles[role] = column
      if (column !== '' && attribute !== undefined) attributes[attribute] = column
    }
    const table = await session.work('read', () => this.read(kind), async (siyu, signal, progress) => {
      const source = columns['customer'] === BY_ROW ? await numbered(file, guess) : null
      signal.throwIfAborted()
      if (source !== null) roles['customer'] = source.column
      const read = await siyu.read(source?.file ?? file, { roles: roles as Roles, attributes, zone, name: kind, ...(guess.header ? { header: guess.header } : {}), signal, onProgress: p => progress(p.done, p.total) })
      journal.read(siyu, read)
      return read
    })
    if (table === null) {
      if (session.busy !== null) this.#waiting.add(kind)
      return
    }
    if (this.of(kind) !== opened) return table.close()
    opened.table?.close()
    this.#set(kind, { ...opened, table, zone })
  }

  /** Reads what was read in another zone, or not to its end. Call it in an effect: it waits for other work. */
  follow() {
    if (session.busy !== null) return
    const late = (Object.keys(this.opened) as Kind[]).find(kind => {
      const opened = this.of(kind)
      return opened !== undefined && (this.#waiting.has(kind) || (opened.table !== null && opened.zone !== session.zone))
    })
    if (late === undefined) return
    this.#waiting.delete(late)
    void this.read(late)
  }

  remove(kind: Kind) {
    this.#waiting.delete(kind)
    this.opened[kind]?.table?.close()
    const { [kind]: _, ...others } = this.opened
    this.opened = others
  }

  clear() {
    for (const kind of Object.keys(this.opened) as Kind[]) this.remove(kind)
  }

  #set(kind: Kind, opened: Opened) {
    this.opened = { ...this.opened, [kind]: opened }
  }
}

/** Which column each field probably is: what the package says of roles, the header's words of attributes. */
function proposed(kind: Kind, guess: Guess, canNumber: boolean): Record<string, string> {
  const first = guess.columns.length === 1 ? (guess.columns[0]?.name ?? '') : canNumber ? BY_ROW : ''
  const named = (like: RegExp | undefined) => (guess.columns.find(each => like?.exec(each.name)?.[0] === each.name) ?? guess.columns.find(each => like?.test(each.name)))?.name
  return Object.fromEntries(
    Object.entries(ASKED[kind]).map(([field, { role, like }]) => {
      const column = role === undefined ? named(like) : guess.roles[role]?.column
      return [field, column ?? (role === 'customer' ? first : '')]
    }),
  )
}

export const beside = new Beside()
