// The one visit: which files, what their columns mean, what was read, and what came out.
//
// Components read this state and call its verbs; nothing else talks to the package.
import { open, SiyuError, type CallOptions, type ColumnSet, type Guess, type Quality, type RfmOptions, type RfmReport, type Siyu, type Source, type Table, type TableOptions } from 'siyu'
import { proposalsOf, type PlacedRow } from './contract'
import { dayAfter } from './format'
import { gate, type Rule } from './gate.svelte'
import { journal } from './journal.svelte'
import { chosen, nested, sameReading, type Choice, type Option, type Reading } from './reading'
import { readingOf, remembered, type Stored } from './remembered.svelte'
import { language } from './text/language.svelte'

export const ROLES = ['customer', 'time', 'amount', 'order', 'product', 'quantity', 'channel', 'event', 'direction', 'currency'] as const
export type Role = (typeof ROLES)[number]
export type Mapping = Record<Role, string>
export const NEEDED = ['customer', 'time', 'amount'] as const
/** What the segments can use. Columns of other roles are read only if the reader asks for it. */
const USED: readonly Role[] = ['customer', 'time', 'amount', 'order', 'direction', 'currency']
/** Proposals that are surer than this are chosen until the reader says otherwise. Up to it something else fits as well. */
const LIKELY = 0.5

export type Origin = 'own' | 'cdnow' | 'shop' | 'social'
export type Work = 'fetch' | 'guess' | 'read' | 'rfm' | 'view'
/** What the reader can do about a problem besides closing it. */
export type Step = 'again' | 'files' | 'rows' | 'reading'
export interface Problem {
  code: string
  row: number | null
  column: string | null
  /** Which of several files, from 0. */
  file: number | null
  step: Step | null
}

/** Everything that decides how the files are read. */
interface Setup {
  files: readonly File[]
  guess: Guess | null
  /** What the files after the first look like. */
  others: readonly Guess[]
  mapping: Mapping
  reading: Reading
  zone: string
}

/** What reading came to, for a comparison before and after. */
export interface Outcome {
  used: number
  skipped: number
  customers: number
  sum: number | null
}

/** What the reader changed about the reading. */
export type What = { kind: 'choices'; choices: readonly Choice[] } | { kind: 'files' } | { kind: 'columns' } | { kind: 'zone' }

/** A change that was made, and the way back. */
export interface Change {
  what: What
  before: Outcome
  after: Outcome
  back: Setup
  /** The change before this one. */
  earlier: Change | null
}

export type Convention = 'rank-min' | 'cume-dist' | 'quantile' | 'rank-first' | 'ntile' | 'r-rfm' | 'fixed'
export const MEASURES = ['recency', 'frequency', 'monetary'] as const
export type Measure = (typeof MEASURES)[number]
export interface Choices {
  groups: 'eleven' | 'eight'
  count: 'order' | 'row' | 'day'
  refunds: 'net' | 'drop' | 'keep'
  scoring: Convention
  /** How many scores there are; with `fixed` the thresholds decide. */
  bins: number
  /** Used by `fixed`: one list for each measure, all of one length. */
  thresholds: Record<Measure, number[]>
  weights: Record<Measure, number>
}

/** A request as the page makes it: every choice spelled out. */
type Asked = RfmOptions & { count: Choices['count']; refunds: Choices['refunds']; groups: { scheme: Choices['groups'] } }

const SAMPLES = {
  cdnow: { path: 'samples/cdnow_master.csv', zone: 'UTC', currency: 'USD' },
  shop: { path: 'samples/shop_orders.csv', zone: 'Asia/Shanghai', currency: 'CNY' },
  social: { path: 'samples/social_orders.csv', zone: 'Asia/Shanghai', currency: 'CNY' },
} as const

/** A failure of the page's own, with a code of the catalogue. */
export class Failed extends Error {
  constructor(readonly code: string) {
    super(code)
  }
}

/** The way on from a failure: the same again, other files, an analysis that needs less memory, or another way of reading. */
const STEPS: Record<string, Step> = { 'engine-restarted': 'again', 'engine-load': 'again', fetch: 'again', part: 'again', download: 'again', other: 'again', closed: 'files', read: 'files', 'limit-memory': 'rows', amount: 'reading', date: 'reading', 'date-ambiguous': 'reading', delimiter: 'reading', encoding: 'reading', 'missing-sheet': 'reading' }

function problemOf(error: unknown): Problem {
  const of = (code: string, row: number | null = null, column: string | null = null, file: number | null = null): Problem => ({ code, row, column, file, step: STEPS[code] ?? null })
  if (error instanceof SiyuError) return of(error.code, error.row ?? null, error.column ?? null, error.file ?? null)
  if (error instanceof Failed) return of(error.code)
  if (error instanceof DOMException && (error.name === 'NotReadableError' || error.name === 'NotFoundError')) return of('read')
  console.error(error)
  return of('other')
}

const noMapping = () => Object.fromEntries(ROLES.map(role => [role, ''])) as Mapping

const outcomeOf = (quality: Quality): Outcome => ({
  used: quality.rows.used,
  skipped: quality.rows.skipped,
  customers: quality.customers ?? 0,
  sum: quality.amount === null ? null : Number(quality.amount.sum),
})

/** How a piece of work ended. `replaced`: a newer one took its place. */
type End = 'done' | 'failed' | 'stopped' | 'replaced'

class Session {
  files = $state.raw<readonly File[]>([])
  origin = $state<Origin>('own')
  guess = $state.raw<Guess | null>(null)
  /** Column name by role; empty for "not used". */
  mapping = $state<Mapping>(noMapping())
  reading = $state.raw<Reading>({})
  zone = $state('UTC')
  currency = $state('')
  /** Whether `at` follows the data (the day after the last purchase) or is the reader's own. */
  atAuto = $state(true)
  at = $state('')
  table = $state.raw<Table | null>(null)
  choices = $state<Choices>({ groups: 'eleven', count: 'row', refunds: 'net', scoring: 'rank-min', bins: 5, thresholds: { recency: [7, 30, 90, 180], frequency: [1, 2, 5, 10], monetary: [100, 500, 2000, 10000] }, weights: { recency: 1, frequency: 1, monetary: 1 } })
  report = $state.raw<RfmReport | null>(null)
  /** The customers of the last report of this table that no policy had a part in: what coverage is counted over. */
  everyone = $state.raw<ColumnSet | null>(null)
  /** The selected group, an index into `report.groups`. */
  group = $state<number | null>(null)
  busy = $state.raw<{ work: Work; share: number | null } | null>(null)
  problem = $state.raw<Problem | null>(null)
  cancelled = $state(false)
  /** Whether the columns are being confirmed or changed. */
  editing = $state(false)
  /** The last change to how the files are read, with what it did. */
  change = $state.raw<Change | null>(null)
  /** Whether the last change was taken back. */
  undone = $state(false)
  /** Whether this kind of export is to be recognised next time. */
  remember = $state(false)
  /** The kind of export that was recognised, by its id; null if none was. */
  recognised = $state<string | null>(null)
  version = $state('')

  #siyu: Promise<Siyu> | undefined
  #abort: AbortController | undefined
  /** What the report that is shown was asked with. */
  #answered: { at: string; choices: Choices } | null = null
  /** The rule under which the report that is shown was computed. */
  #under: Rule | null = null
  /** How the table that is shown was read. */
  #shown: Setup | null = null
  #again: (() => unknown) | null = null
  /** What the files after the first look like. */
  #others: readonly Guess[] = []

  engine(): Promise<Siyu> {
    this.#siyu ??= open({ whole: true }).then(siyu => {
      this.version = siyu.version
      return siyu
    })
    // An engine that did not load is asked for again by the next call.
    this.#siyu.catch(() => (this.#siyu = undefined))
    return this.#siyu
  }

  cancel() {
    this.#abort?.abort()
  }

  /** Runs one piece of work at a time; a new one ends the last. */
  async #run(work: Work, job: (signal: AbortSignal, progress: (done: number, total: number | null) => void) => Promise<void>, isTold: (error: unknown) => boolean = () => false): Promise<End> {
    const replaces = this.#abort !== undefined
    this.#abort?.abort()
    const abort = (this.#abort = new AbortController())
    const told = (done: number, total: number | null) => {
      if (this.#abort === abort) this.busy = { work, share: total === null || total <= 0 ? null : Math.min(1, done / total) }
    }
    this.busy = { work, share: null }
    this.problem = null
    this.cancelled = false
    try {
      await job(abort.signal, told).catch((error: unknown) => {
        // The work before it did not hear that it was to stop, so that the engine was started afresh under this one.
        if (!replaces || abort.signal.aborted || !(error instanceof SiyuError && error.code === 'engine-restarted')) throw error
        return job(abort.signal, told)
      })
      return this.#abort === abort ? 'done' : 'replaced'
    } catch (error) {
      if (this.#abort !== abort) return 'replaced'
      const stopped = abort.signal.aborted || (error instanceof SiyuError && error.code === 'cancelled')
      if (stopped) this.cancelled = true
      else if (!isTold(error)) this.problem = problemOf(error)
      return stopped ? 'stopped' : 'failed'
    } finally {
      if (this.#abort === abort) {
        this.busy = null
        this.#abort = undefined
      }
    }
  }

  /** Shows an error that happened outside of reading and computing, with the way to try again. */
  fail(error: unknown, again: () => unknown) {
    this.#again = again
    this.problem = problemOf(error)
  }

  /** Does again what failed last. */
  again() {
    const again = this.#again
    this.problem = null
    return again?.()
  }

  /** Ends the engine, and with it every table and the policy; the next file starts another. */
  async end() {
    const siyu = await this.#siyu?.catch(() => undefined)
    this.reset()
    siyu?.close()
    this.#siyu = undefined
    gate.rule = null
  }

  /** Back to the empty page. */
  reset() {
    this.#abort?.abort()
    this.#abort = undefined
    this.busy = null
    this.problem = null
    this.cancelled = false
    this.#clear()
  }

  #clear() {
    this.table?.close()
    this.table = null
    this.report = null
    this.everyone = null
    this.group = null
    this.#shown = null
    this.change = null
    this.undone = false
    this.files = []
    this.guess = null
    this.reading = {}
    this.editing = false
    this.remember = false
    this.recognised = null
  }

  /** Opens one of the embedded samples. */
  async openSample(name: Exclude<Origin, 'own'>) {
    this.#again = () => this.openSample(name)
    let file: File | null = null as File | null
    const fetched = await this.#run('fetch', async signal => {
      file = await sampleFile(SAMPLES[name].path, signal)
    })
    if (fetched === 'done' && file !== null) await this.openFiles([file], name)
  }

  /** Takes files as one table and proposes what their columns mean. */
  async openFiles(files: readonly File[], origin: Origin = 'own') {
    if (files.length === 0) return
    this.#again = () => this.openFiles(files, origin)
    const looked = await this.#run('guess', async signal => {
      const siyu = await this.engine()
      const [guess, ...others] = await guessEach(siyu, files, {})
      signal.throwIfAborted()
      this.#clear()
      this.files = files
      this.origin = origin
      this.guess = guess
      this.#others = others
      for (const role of ROLES) this.mapping[role] = USED.includes(role) ? (guess.roles[role]?.column ?? '') : ''
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
      const recognised = origin === 'own' ? remembered.of(guess.kind) : undefined
      if (recognised === undefined) {
        for (const { choices, confidence } of proposalsOf(guess)) if (confidence > LIKELY) this.reading = chosen(this.reading, choices)
      } else {
        this.#recall(recognised.profile)
        this.reading = readingOf(recognised)
        this.currency = recognised.currency
        this.recognised = recognised.profile.kind
        this.remember = true
      }
    })
    if (looked === 'done') this.editing = true
  }

  /** Takes mapping and zone from a recognised profile. */
  #recall({ options }: Stored) {
    const roles = options['roles']
    if (typeof roles === 'object' && roles !== null) {
      const names = new Set(this.guess?.columns.map(column => column.name))
      for (const role of ROLES) {
        const column: unknown = Object.hasOwn(roles, role) ? (roles as Record<string, unknown>)[role] : ''
        this.mapping[role] = typeof column === 'string' && names.has(column) ? column : ''
      }
      this.choices.count = this.mapping.order === '' ? 'row' : 'order'
    }
    const zone = options['zone']
    if (typeof zone === 'string' && zone !== '') this.zone = zone
  }

  /** Other files in place of those that are open, with the same columns and choices. */
  async replaceFiles(files: readonly File[]) {
    if (files.length === 0) return
    if (this.files.length === 0) return this.openFiles(files)
    await this.#otherFiles(files)
  }

  /** Puts files beside those that are open. */
  addFiles(files: readonly File[]) {
    const same = (a: File, b: File) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified
    const added = files.filter(file => !this.files.some(known => same(known, file)))
    return added.length === 0 ? undefined : this.#otherFiles([...this.files, ...added])
  }

  removeFile(index: number) {
    return this.#otherFiles(this.files.filter((_, at) => at !== index))
  }

  async #otherFiles(files: readonly File[]) {
    const before = this.#setup()
    this.files = files
    if ((await this.#look(before)) && this.table !== null) await this.#load({ kind: 'files' })
  }

  /** Looks at the files again after a choice that may change which columns there are. */
  async #look(before: Setup): Promise<boolean> {
    this.#again = () => this.#look(before)
    const looked = await this.#run('guess', async signal => {
      const siyu = await this.engine()
      const [guess, ...others] = await guessEach(siyu, this.files, lookOptions(this.reading))
      signal.throwIfAborted()
      this.guess = guess
      this.#others = others
      const names = new Set(guess.columns.map(column => column.name))
      for (const role of ROLES) if (!names.has(this.mapping[role])) this.mapping[role] = USED.includes(role) ? (guess.roles[role]?.column ?? '') : ''
    })
    if (looked !== 'done' && looked !== 'replaced') this.#restoreSetup(before)
    return looked === 'done'
  }

  /** Changes how the files are read: looks again before the first read, reads again after it. */
  async choose(...choices: Choice[]) {
    const before = this.#setup()
    this.reading = chosen(this.reading, choices)
    if (this.table !== null) await this.#load({ kind: 'choices', choices })
    else if (choices.some(({ option }) => LOOKED.has(option))) await this.#look(before)
  }

  async chooseZone(zone: string) {
    this.zone = zone
    if (this.table !== null) await this.#load({ kind: 'zone' })
  }

  /** Reads the files with the confirmed mapping, then computes. */
  async confirm() {
    await this.#load(this.table === null ? null : { kind: 'columns' })
  }

  /** Ends the change of columns without reading; what is shown stays. */
  discard() {
    this.editing = false
    if (this.#shown !== null) this.#restoreSetup(this.#shown)
  }

  /** Takes the last change back. */
  async undo() {
    const change = this.change
    if (change === null) return
    this.#restoreSetup(change.back)
    await this.#load(null, change)
  }

  #setup(): Setup {
    return { files: this.files, guess: this.guess, others: this.#others, mapping: { ...this.mapping }, reading: this.reading, zone: this.zone }
  }

  #restoreSetup({ files, guess, others, mapping, reading, zone }: Setup) {
    this.files = files
    this.guess = guess
    this.#others = others
    this.mapping = { ...mapping }
    this.reading = reading
    this.zone = zone
    if (mapping.order === '' && this.choices.count === 'order') this.choices.count = 'row'
  }

  /** How the table is read: the same for reading and for looking rows up. */
  #options(): TableOptions {
    const roles: Partial<Mapping> = {}
    for (const role of ROLES) if (this.mapping[role] !== '') roles[role] = this.mapping[role]
    const header = this.files.length === 1 ? this.guess?.header : null
    const others = this.#otherNames(roles)
    return { roles, zone: this.zone, name: 'orders', ...(header ? { header } : {}), ...(others ? { otherNames: others } : {}), ...nested(this.reading) } as TableOptions
  }

  /** What the columns are called in files whose header differs from that of the first. */
  #otherNames(roles: Partial<Mapping>): Partial<Record<Role, string[]>> | null {
    const names: Partial<Record<Role, string[]>> = {}
    for (const role of ROLES) {
      const first = roles[role]
      if (first === undefined) continue
      const others = this.#others.filter(guess => !guess.columns.some(column => column.name === first)).map(guess => guess.roles[role]?.column)
      const found = [...new Set(others.filter(name => name !== undefined))]
      if (found.length > 0) names[role] = found
    }
    return Object.keys(names).length > 0 ? names : null
  }

  /** Reads and computes, and shows both at once: what was shown before stays until the new answer is whole. */
  async #load(what: What | null, undone: Change | null = null): Promise<void> {
    const wanted = this.#setup()
    const back = this.#shown
    this.#again = () => {
      this.#restoreSetup(wanted)
      return this.#load(what, undone)
    }
    const before = this.table === null ? null : outcomeOf(this.table.quality)
    const keptCount = this.choices.count
    if (this.mapping.order === '' && this.choices.count === 'order') this.choices.count = 'row'
    let next: Table | null = null as Table | null
    const read = await this.#run('read', async (signal, progress) => {
      const siyu = await this.engine()
      next = await siyu.read(sourceOf(wanted.files), { ...this.#options(), signal, onProgress: p => progress(p.done, p.total) })
      signal.throwIfAborted()
      journal.read(siyu, next)
    })
    if (read !== 'done' || next === null) {
      next?.close()
      // A mapping that is being edited stays as the reader left it; any other choice goes back to what is shown.
      if (read !== 'replaced' && back !== null && !this.editing) {
        this.#restoreSetup(back)
        this.choices.count = keptCount
      }
      return
    }
    const table = next
    const time = table.quality.time
    const at = this.atAuto && time !== null ? dayAfter(time.last, this.zone) : this.at
    const asked = { ...this.#request(), at }
    const answered = { at, choices: $state.snapshot(this.choices) }
    const key = this.group === null ? undefined : this.report?.groups[this.group]?.key
    let report: RfmReport | null = null as RfmReport | null
    const computed = await this.#run('rfm', async (signal, progress) => {
      const siyu = await this.engine()
      report = await rfm(siyu, table, asked, { signal, onProgress: p => progress(p.done, p.total) })
    }, isByRule)
    if (computed === 'replaced' || (computed === 'stopped' && back !== null)) {
      table.close()
      if (computed === 'stopped' && back !== null) this.#restoreSetup(back)
      return
    }
    this.table?.close()
    this.table = table
    this.#shown = wanted
    this.at = at
    this.report = report
    this.everyone = gate.rule === null && report !== null ? report.customers : null
    this.#under = gate.rule
    this.#answered = report === null ? null : answered
    const kept = report?.groups.findIndex(group => group.key === key) ?? -1
    this.group = kept < 0 ? null : kept
    this.editing = false
    this.undone = undone !== null
    if (undone !== null) this.change = undone.earlier
    else if (what !== null && before !== null && back !== null && !sameSetup(back, wanted)) this.change = { what, before, after: outcomeOf(table.quality), back, earlier: this.change }
    await this.#keepProfile()
  }

  /** Stores the kind of export, if the reader asked for it. */
  async #keepProfile() {
    const table = this.table
    if (!this.remember || this.origin !== 'own' || table === null) return
    const siyu = await this.engine()
    const { options: { header: _, ...options }, ...rest } = siyu.profileOf(table)
    const file = this.files[0]?.name ?? ''
    const profile: Stored = { ...rest, name: file, options: { ...options } }
    if (remembered.keep({ profile, file, currency: this.currency })) this.recognised = profile.kind
  }

  /** Removes a kind of export from storage. */
  forget(kind: string) {
    remembered.forget(kind)
    if (this.recognised === kind) {
      this.recognised = null
      this.remember = false
    }
  }

  forgetAll() {
    remembered.forgetAll()
    this.recognised = null
    this.remember = false
  }

  /** Computes the segments with the current choices. The selected group stays if it still exists. */
  async compute() {
    const table = this.table
    if (table === null || this.at === '') return
    this.#again = () => this.compute()
    const asked = this.#request()
    const answered = { at: this.at, choices: $state.snapshot(this.choices) }
    const computed = await this.#run('rfm', async (signal, progress) => {
      const siyu = await this.engine()
      const key = this.group === null ? undefined : this.report?.groups[this.group]?.key
      const rule = gate.rule
      const report = await rfm(siyu, table, asked, { signal, onProgress: p => progress(p.done, p.total) })
      const kept = report.groups.findIndex(group => group.key === key)
      this.group = kept < 0 ? null : kept
      this.report = report
      if (rule === null) this.everyone = report.customers
      this.#under = rule
      this.#answered = answered
    }, error => this.#under !== gate.rule && isByRule(error))
    // What another policy let through, or none, does not stand under this one.
    if (computed !== 'done' && this.#under !== gate.rule) {
      this.report = null
      this.group = null
    }
    // The date and the options shown are always those of the numbers shown.
    if (computed !== 'done' && computed !== 'replaced' && this.report !== null && this.#answered !== null) {
      this.at = this.#answered.at
      this.choices = structuredClone(this.#answered.choices)
    }
  }

  /**
   * Puts a policy in force, or none with null, and computes under it. What was computed before is gone even if the
   * policy lets nothing through. False if the engine refused the policy itself: then the one before stays.
   */
  async obey(rule: Rule | null, isTold?: (error: unknown) => boolean): Promise<boolean> {
    this.#again = () => this.obey(rule, isTold)
    const set = await this.#run('view', async () => {
      const siyu = await this.engine()
      await siyu.setPolicy(rule?.policy ?? null)
      await journal.add(siyu, { op: 'policy', on: rule !== null, consents: rule?.policy.consents?.length ?? 0 })
    }, isTold)
    if (set !== 'done') return false
    gate.rule = rule
    await this.compute()
    return true
  }

  /** Counts by row, which needs less memory, and tries again. */
  async countByRow() {
    this.choices.count = 'row'
    this.problem = null
    if (this.report === null && this.table === null) await this.confirm()
    else await this.compute()
  }

  #request(): Asked {
    return { at: this.at, ...this.grouping() }
  }

  /** The choices that decide who is in which group, on whatever date. */
  grouping(): Omit<Asked, 'at'> {
    const { groups, count, refunds, scoring, bins, thresholds, weights } = $state.snapshot(this.choices)
    const fixed = scoring === 'fixed' ? { bins: thresholds.recency.length + 1, thresholds } : { bins }
    return { count, refunds, scoring: { convention: scoring, weights, ...fixed }, groups: { scheme: groups } }
  }

  /** The records at these places as they stand in the files. Nothing of them is kept. */
  async rowsAt(places: { file: number; row: number }[]): Promise<PlacedRow[]> {
    const shown = this.#shown
    const siyu = await this.engine()
    if (shown === null) throw new Failed('closed')
    return siyu.rowsAt(sourceOf(shown.files), places, this.#options())
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

  /**
   * One more piece of work beside reading and grouping. Null if it did not come to its end; why is in `problem`,
   * unless `isTold` says that the caller tells it.
   */
  async work<R>(work: Work, again: () => unknown, job: (siyu: Siyu, signal: AbortSignal, progress: (done: number, total: number | null) => void) => Promise<R>, isTold?: (error: unknown) => boolean): Promise<R | null> {
    this.#again = again
    let result: R | null = null
    const run = async (signal: AbortSignal, progress: (done: number, total: number | null) => void) => {
      result = await job(await this.engine(), signal, progress)
    }
    const end = await this.#run(work, run, isTold)
    return end === 'done' ? result : null
  }

  /** One more question about the table that is shown; the tables by the names of the inputs. */
  async ask<R>(analysis: string, options: object, inputs: Record<string, Table>, again: () => unknown, isTold?: (error: unknown) => boolean): Promise<R | null> {
    const table = this.table
    const answer = await this.work('view', again, async (siyu, signal, progress) => {
      // One table may be several inputs: each goes by a name of its own.
      const named = Object.entries(inputs).map(([input, each]) => [input, `${each.name} as ${input}`, each] as const)
      const names = Object.fromEntries(named.map(([input, name]) => [input, name]))
      const tables = Object.fromEntries(named.map(([, name, each]) => [name, each]))
      const report = await siyu.run({ analysis, inputs: names, options, ...gate.asked }, tables, { signal, onProgress: p => progress(p.done, p.total) })
      journal.ran(siyu, report)
      return report
    }, isTold)
    return this.table === table ? (answer as R | null) : null
  }

  /** The bytes of a CSV with these rows of a column set, made safe for spreadsheets by the package. */
  async csv(set: ColumnSet, rows: Uint32Array, columns: string[], header: Record<string, string>): Promise<Uint8Array> {
    const siyu = await this.engine()
    const content = await siyu.exportCsv(set, { columns, header, rows })
    await journal.add(siyu, { op: 'export', rows: rows.length, columns: columns.length })
    return content
  }
}

/** Whether the policy in force may be why there are no groups: what stands in their place tells it. */
const isByRule = (error: unknown) => gate.rule !== null && error instanceof SiyuError && (error.code === 'denied' || error.code === 'not-enough-data')

/** The groups, under the policy that is in force. */
async function rfm(siyu: Siyu, table: Table, options: Asked, call: CallOptions): Promise<RfmReport> {
  const report = (await siyu.run({ analysis: 'rfm', inputs: { log: table.name }, options, ...gate.asked }, { [table.name]: table }, call)) as RfmReport
  journal.ran(siyu, report)
  return report
}

/** A file that is served beside the page. */
export async function sampleFile(path: string, signal: AbortSignal): Promise<File> {
  const response = await fetch(path, { signal }).catch((error: unknown) => {
    throw signal.aborted ? error : new Failed('fetch')
  })
  if (!response.ok) throw new Failed('fetch')
  return new File([await response.blob()], path.split('/').pop() ?? '', { type: 'text/csv' })
}

const sameSetup = (a: Setup, b: Setup) =>
  a.files === b.files && a.zone === b.zone && sameReading(a.reading, b.reading) && ROLES.every(role => a.mapping[role] === b.mapping[role])

/** Choices that decide which columns there are. */
const LOOKED: ReadonlySet<Option> = new Set<Option>(['format', 'sheet', 'encoding', 'delimiter', 'header'])

const lookOptions = (reading: Reading) => nested(Object.fromEntries(Object.entries(reading).filter(([name]) => LOOKED.has(name as Option) && name !== 'header')))

/** What each file looks like; the first is the one whose columns are shown. */
async function guessEach(siyu: Siyu, files: readonly File[], options: object): Promise<[Guess, ...Guess[]]> {
  const [first, ...rest] = files
  const guess = await siyu.guess(first as File, options)
  const others: Guess[] = []
  for (const file of rest) others.push(await siyu.guess(file, options))
  return [guess, ...others]
}

/** One file as it is; several as the list that forms one table. */
const sourceOf = (files: readonly File[]): Source | readonly Source[] => (files.length === 1 ? (files[0] as File) : files)

export const session = new Session()
