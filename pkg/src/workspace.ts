/**
 * An encrypted workspace: files, policy, log and models that outlive the page, kept where the caller says
 * and nowhere else. An entry of its own, so that who keeps nothing loads nothing of it.
 *
 * Everything that happens is recorded in the log of the workspace, which names entries by numbers and nobody
 * by name. Time is the caller's: every call that is recorded takes its instant.
 */
import { joined } from './bytes.js'
import { fail } from './errors.js'
import type { Consent, Ledger, PolicyDocument, PseudonymousExport } from './generated.js'
import { type Manifest, manifestOf, releaseEntry, type ReleaseFacts } from './manifest.js'
import { pause } from './pause.js'
import type { FileRecord } from './records.js'
import type { Store } from './store.js'
import { blobsOf, bytesOf, cut, factsOf, type Kept, split, type StoredFile, type TableFacts } from './stored.js'
import type { ColumnSet } from './columns.js'
import type { CallOptions, ExportOptions, Recipe, Report, Siyu, Table, TableOptions } from './types.js'
import { type Draft, parsed, type Secret, Vault, written } from './vault.js'

export { SiyuError } from './errors.js'
export type { Kept } from './stored.js'
export { deviceKey, forgetDeviceKey, indexedDbStore, memoryStore, opfsStore, type Store } from './store.js'
export type { Manifest, ReleaseFacts } from './manifest.js'
export { PBKDF2_ITERATIONS, type Secret } from './vault.js'

/** When something happens: an instant such as `2025-06-01T09:00:00+08:00`; a date is its first instant in UTC. */
export interface When {
  at: string
}

/** How a table is kept: the options with which it is read, and until when. */
export interface AddOptions extends TableOptions, When {
  /** The instant from which on `deleteDue` deletes it. */
  expires?: string
}

/** What a workspace holds, without its contents. */
export interface Entry {
  name: string
  kind: 'table' | 'model'
  /** How the log names it. */
  number: number
  /** Grows with each change. */
  version: number
  bytes: number
  expires: string | null
  /** Of a model: why it may not score until it is fitted again; null if it may. */
  stale: Stale | null
}

/** Why a model may not score: a customer it was fitted with was erased, or the policy no longer lets one through. */
export interface Stale {
  reason: 'erased' | 'withdrawn'
  at: string
}

/** What was done to take a customer out. */
export interface Erased {
  /** Of each table in which the id stood. */
  tables: {
    name: string
    /** Rows that were taken out. */
    rows: number
    /** Records of others in which the id still is a cell, as of one who recommended them. */
    elsewhere: number
    /** Whether the table was removed as a whole. */
    removed: boolean
  }[]
  /** Models that are stale now. */
  models: string[]
  /** Records of consent that were taken out of the policy. */
  consents: number
}

/** What was due. */
export interface Due {
  /** Entries that were deleted. */
  entries: string[]
  /** Customers who were taken out. */
  customers: number
  erased: Erased
}

/** All that a workspace holds on one customer. */
export interface Access {
  customer: string
  at: string
  tables: { name: string; rows: Record<string, unknown>[] }[]
  /** Tables whose form does not allow to look for single rows, such as workbooks. */
  notSearched: string[]
  consents: Consent[]
  /** Models that were fitted with this customer among others. */
  models: { name: string; analysis: string; purpose: string | null; at: string; stale: Stale | null }[]
}

/** How a workspace is opened. */
export interface WorkspaceOptions {
  /** `head` of the workspace as it was kept elsewhere: an older state of the storage is then refused. */
  head?: string
}

interface ModelFacts {
  analysis: string
  purpose: string | null
  at: string
  stale: Stale | null
}

interface KeptModel {
  model: unknown
  /** Keyed digests of the customers it was fitted with, 16 hexadecimal digits each, one after the other. */
  fitted: string
}

/** Names of entries that are not the caller's; inside, a caller's begin with a slash. */
const POLICY = 'policy'
const LEDGER = 'ledger'
const KEY = 'key'
const PSEUDONYMS = 'pseudonyms'
/** Ids of one task of the engine, which is one step. */
const PART = 10_000
const DIGEST = 16
const NOTHING: Erased = { tables: [], models: [], consents: 0 }
const NO_POLICY = { file: '', policy: null }
/** The file of the policy that a workspace gave an engine last: two workspaces may share one. */
const lastPolicy = new WeakMap<Siyu, string>()
/** Bytes of one table: it is encrypted, and read, as a whole. */
const TABLE_MAX = 512 * 1024 * 1024

/**
 * Opens the workspace of a store for an engine, or makes it if the store is empty. A policy that the
 * workspace has becomes the engine's.
 *
 * Errors: `denied` for another passphrase or key; `decode` if the storage was changed or, with `head`, put back
 * to an older state; `unsupported` where the platform lacks what the store needs.
 */
export async function openWorkspace(siyu: Siyu, store: Store, secret: Secret, { head }: WorkspaceOptions = {}): Promise<Workspace> {
  const workspace = new Workspace(siyu, await Vault.open(store, secret, head))
  await workspace.policy()
  return workspace
}

/** A workspace that is open. */
export class Workspace {
  readonly #siyu: Siyu
  readonly #vault: Vault
  /** Tables that were read, of the versions that are kept. */
  readonly #tables = new Map<string, { file: string; table: Promise<Table> }>()
  /** The policy that the engine has, and its file. */
  #policed: { file: string; policy: PolicyDocument | null } = NO_POLICY

  /** @internal */
  constructor(siyu: Siyu, vault: Vault) {
    this.#siyu = siyu
    this.#vault = vault
  }

  /** The newest state that was seen. Kept elsewhere and given to `openWorkspace`, it shows an older state of the storage. */
  get head(): string {
    return this.#vault.head
  }

  /** What is kept. */
  entries(): Promise<Entry[]> {
    return this.#vault.look(async ({ entries }) => [...entries].filter(([name]) => isOwn(name)).map(([name, meta]) => ({
      name: name.slice(1), kind: meta.kind as Entry['kind'], number: meta.number, version: meta.version, bytes: meta.bytes,
      expires: meta.expires ?? null, stale: (meta.facts as ModelFacts).stale ?? null,
    })))
  }

  /** Keeps a file, or several that form one table, and reads it. A table of the same name is replaced. */
  async add(name: string, source: Kept | readonly Kept[], options: AddOptions & CallOptions): Promise<Table> {
    const { at, expires, signal, onProgress, ...asked } = options
    instantOf(at, 'at')
    if (expires !== undefined) instantOf(expires, 'expires')
    const list = (Array.isArray(source) ? source : [source]) as Kept[]
    const files: StoredFile[] = []
    for (const one of list) files.push({ name: (one as File).name ?? '', bytes: await bytesOf(one) })
    const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
    if (size > TABLE_MAX) throw fail('limit', `A table that is kept has at most ${TABLE_MAX / 1024 ** 2} MB.`, { table: name })
    const call = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
    const table = await this.#siyu.read(blobsOf(files), { ...asked, name, ...call })
    const facts = factsOf(table, asked, files)
    await this.#vault.change(async draft => {
      this.#tableOnly(draft, name)
      const { number } = draft.write(own(name), 'table', joined(files.map(({ bytes }) => bytes)), { facts, expires })
      await this.#record(draft, { op: 'add', at, number, rows: facts.rows, customers: facts.customers, bytes: size })
      this.#keep(name, draft, Promise.resolve(table))
    })
    return table
  }

  /** A table, read from what is kept. It is read once for each version, and closed with the workspace. */
  async table(name: string, call: CallOptions = {}): Promise<Table> {
    return this.#vault.look(draft => this.#read(draft, name, call))
  }

  /** Removes a table or a model. */
  async remove(name: string, { at }: When): Promise<void> {
    instantOf(at, 'at')
    return this.#vault.change(async draft => {
      const { number } = metaOf(draft, name)
      this.#forget(draft, name)
      await this.#record(draft, { op: 'remove', at, number })
    })
  }

  /** The policy, null if there is none. The engine then has it too. */
  policy(): Promise<PolicyDocument | null> {
    return this.#vault.look(async draft => structuredClone(await this.#policy(draft)))
  }

  /** Sets the policy of the workspace and the engine, null for none, and marks the models that it makes stale. */
  async setPolicy(policy: PolicyDocument | null, { at }: When): Promise<void> {
    instantOf(at, 'at')
    return this.#vault.change(async draft => {
      await this.#siyu.setPolicy(policy)
      const stale = await this.#changePolicy(draft, policy, at)
      await this.#record(draft, { op: 'policy', at, consents: policy?.consents?.length ?? 0, stale: stale.length })
    }).catch(error => this.#again(error))
  }

  /** Ends a customer's consent to a purpose, or to all. Models fitted with the customer are stale from then on. */
  async withdraw(customer: string, { at, purpose }: When & { purpose?: string }): Promise<{ consents: number; models: string[] }> {
    instantOf(at, 'at')
    return this.#vault.change(async draft => {
      const policy = await this.#policy(draft)
      const ends = (one: Consent): boolean => one.customer === customer && !one.withdrawnAt && (purpose === undefined || one.purpose === purpose)
      const consents = policy?.consents?.filter(ends).length ?? 0
      if (!policy || consents === 0) return { consents, models: [] }
      const now = { ...policy, consents: (policy.consents ?? []).map(one => (ends(one) ? { ...one, withdrawnAt: at } : one)) }
      await this.#siyu.setPolicy(now)
      const models = await this.#changePolicy(draft, now, at)
      await this.#record(draft, { op: 'withdraw', at, ...(purpose !== undefined && { purpose }), consents, stale: models.length })
      return { consents, models }
    }).catch(error => this.#again(error))
  }

  /**
   * The key of the pseudonyms of a purpose, for `exportCsv`, `releaseList` and `privacy('pseudonyms')`; made when it
   * is first asked for, and kept encrypted with everything else. With `rotate` a new one takes its place: what
   * was written with the old one can no longer be joined to what is written from then on, nor found again.
   */
  async pseudonymKey(purpose: string, { at, rotate = false }: When & { rotate?: boolean }): Promise<PseudonymousExport> {
    instantOf(at, 'at')
    return this.#vault.change(async draft => {
      const keys = draft.entries.has(PSEUDONYMS) ? (parsed(await draft.read(PSEUDONYMS)) as PseudonymousExport[]) : []
      const held = keys.find(one => one.purpose === purpose)
      if (held && !rotate) return held
      const fresh: PseudonymousExport = { key: (await this.#siyu.privacy('newKey', {})).key, version: (held?.version ?? 0) + 1, purpose }
      draft.write(PSEUDONYMS, 'key', written([...keys.filter(one => one !== held), fresh]))
      await this.#record(draft, { op: held ? 'rotate-key' : 'new-key', at, purpose, version: fresh.version })
      return fresh
    })
  }

  /** The log. */
  ledger(): Promise<Ledger> {
    return this.#vault.look(draft => ledgerOf(draft))
  }

  /** Adds what happened outside, such as a release, to the log. What names a person is refused. */
  record(entry: Record<string, unknown>): Promise<void> {
    return this.#vault.change(draft => this.#record(draft, entry))
  }

  /**
   * Records that something leaves, and gives its manifest. Counts of what went abroad this year are taken from
   * the log. `manifestOf` of `siyu/compliance` shows the same beforehand and records nothing.
   */
  async release(facts: ReleaseFacts): Promise<Manifest> {
    instantOf(facts.at, 'at')
    return this.#vault.change(draft => this.#release(draft, facts))
  }

  /** Customers as a CSV file for the controller's own use, with its manifest; recorded before the file is given. */
  async releaseList(set: ColumnSet, facts: Omit<ReleaseFacts, 'mode' | 'persons' | 'columns'>, options: ExportOptions & CallOptions = {}): Promise<{ file: Uint8Array<ArrayBuffer>; manifest: Manifest }> {
    instantOf(facts.at, 'at')
    const { columns = set.names, rows } = options
    const ids = set.names.includes('customer') ? (set.column('customer') as string[]) : null
    const persons = ids ? new Set(rows ? Array.from(rows, row => ids[row]) : ids).size : (rows?.length ?? set.length)
    const file = await this.#siyu.exportCsv(set, options)
    const manifest = await this.#vault.change(draft => this.#release(draft, { ...facts, mode: 'own-list', persons, columns: [...columns] }))
    return { file, manifest }
  }

  /** Runs an analysis over tables that are kept: `inputs` names them. `at` is the instant of the log, and of consent. */
  async run<R = Record<string, unknown>>(recipe: Recipe & When, call: CallOptions = {}): Promise<Report<R>> {
    instantOf(recipe.at, 'at')
    const names = [...new Set(Object.values(recipe.inputs ?? {}))]
    const tables: Record<string, Table> = Object.create(null)
    const once = async (): Promise<{ report: Report<R>; isOurs: boolean }> => {
      const rules = await this.#vault.look(async draft => {
        for (const name of names) tables[name] = await this.#read(draft, name, call)
        return this.#policy(draft)
      })
      const report = await this.#siyu.run<R>(recipe, tables, call)
      return { report, isOurs: rules === null || report.about.policy === rules.name }
    }
    let { report, isOurs } = await once()
    if (!isOurs) {
      // Somebody gave the engine another policy meanwhile: that answer is nobody's.
      this.#policed = NO_POLICY
      const again = await once()
      report = again.report
      if (!again.isOurs) throw fail('denied', 'The engine has another policy than the workspace: give it an engine of its own.', { path: 'purpose' })
    }
    const { policy, purpose, used } = report.about
    await this.#vault.change(async draft => {
      const numbers = names.map(name => draft.entries.get(own(name))?.number ?? 0)
      await this.#record(draft, { op: 'run', at: recipe.at, analysis: recipe.analysis, policy, purpose, tables: numbers, rows: used.rows, customers: used.customers })
    })
    return report
  }

  /**
   * Runs an analysis that learns a model (`churn-risk`, `clusters`) and keeps the model, with keyed digests of
   * the customers of its report: nobody can be read from them, but whether one was there can be told.
   */
  async fit<R = Record<string, unknown>>(name: string, recipe: Recipe & When, call: CallOptions = {}): Promise<Report<R>> {
    const report = await this.run<R & { model?: unknown }>(recipe, call)
    const ids = customersOf(report)
    if (!report.model || !ids) throw fail('invalid-option', 'This analysis learned no model that can be kept.', { path: 'analysis' })
    const { analysis, at, purpose = null } = recipe
    await this.#vault.change(async draft => {
      const kind = draft.entries.get(own(name))?.kind
      if (kind !== undefined && kind !== 'model') throw fail('invalid-option', 'There is a table of this name.', { table: name })
      // A customer who was taken out while it learned must not be in it.
      const same = Object.values(recipe.inputs ?? {}).every(table => draft.entries.get(own(table))?.file === this.#tables.get(table)?.file)
      if (!same) throw fail('closed', 'A table was changed meanwhile: fit it again.', { path: 'inputs' })
      const kept: KeptModel = { model: report.model, fitted: (await this.#digests(draft, ids)).join('') }
      const facts: ModelFacts = { analysis, purpose, at, stale: null }
      const { number } = draft.write(own(name), 'model', written(kept), { facts })
      await this.#record(draft, { op: 'fit', at, analysis, number, customers: ids.length })
    })
    return report
  }

  /**
   * Runs an analysis with a model that is kept. Refused (`denied`, path `model`) if a customer it was fitted
   * with was erased, or is no longer let through by the policy at that instant: fit it again.
   */
  async score<R = Record<string, unknown>>(name: string, recipe: Recipe & When, call: CallOptions = {}): Promise<Report<R>> {
    instantOf(recipe.at, 'at')
    const { model, stale } = await this.#vault.change(async draft => {
      const meta = metaOf(draft, name, 'model')
      const facts = meta.facts as ModelFacts
      if (facts.analysis !== recipe.analysis) throw fail('invalid-option', `This model is of \`${facts.analysis}\`.`, { path: 'analysis' })
      const kept = parsed(await draft.read(own(name))) as KeptModel
      const purpose = facts.purpose ?? recipe.purpose ?? null
      const refused = facts.stale ?? (await this.#staleBy(draft, await this.#policy(draft), kept, purpose, recipe.at))
      if (refused && !facts.stale) {
        draft.note(own(name), { ...facts, stale: refused })
        await this.#record(draft, { op: 'stale', at: recipe.at, number: meta.number })
      }
      return { model: kept.model, stale: refused }
    })
    if (stale) throw fail('denied', `A customer with whom this model was fitted ${stale.reason === 'erased' ? 'was erased' : 'is no longer let through by the policy'}: fit it again.`, { path: 'model' })
    return this.run<R>({ ...recipe, options: { ...recipe.options, model } }, call)
  }

  /**
   * Deletes what is to be deleted at an instant, and records it: entries whose `expires` is reached; and, if the
   * policy sets a retention for every purpose, all of the customers whose longest one is over since their
   * `lastActivity`, as `eraseCustomer` does. Nothing is deleted by itself: there is no clock here.
   */
  async deleteDue({ at, otherwise = 'refuse' }: When & { otherwise?: 'refuse' | 'remove' }): Promise<Due> {
    const now = instantOf(at, 'at')
    return this.#vault.change(async draft => {
      const due = [...draft.entries].filter(([, { expires }]) => expires !== undefined && instantOf(expires, 'expires') <= now)
      for (const [name, { number }] of due) {
        this.#forget(draft, name.slice(1))
        await this.#record(draft, { op: 'delete-due', at, number })
      }
      const ids = await this.#overdue(await this.#policy(draft), at)
      const erased = ids.length > 0 ? await this.#erase(draft, ids, at, otherwise) : NOTHING
      return { entries: due.map(([name]) => name.slice(1)), customers: ids.length, erased }
    }).catch(error => this.#again(error))
  }

  /**
   * Takes one customer out of everything that is kept: the rows of tables, the records of consent; models
   * fitted with the customer become stale. All of it or, on any error, nothing.
   *
   * A text file is written anew without those records, read again by the engine, and compared. What cannot be
   * written anew (a workbook) is an error, `unsupported`, unless `otherwise` is `remove`: then the whole table
   * is removed.
   */
  async eraseCustomer(customer: string, { at, otherwise = 'refuse' }: When & { otherwise?: 'refuse' | 'remove' }): Promise<Erased> {
    instantOf(at, 'at')
    return this.#vault.change(draft => this.#erase(draft, [idOf(customer)], at, otherwise)).catch(error => this.#again(error))
  }

  async #erase(draft: Draft, list: readonly string[], at: string, otherwise: 'refuse' | 'remove'): Promise<Erased> {
    const ids = new Set(list)
    const done: Erased = { tables: [], models: [], consents: 0 }
    for (const [name] of ofKind(draft, 'table')) {
      const found = await this.#without(draft, name, ids, otherwise === 'remove')
      if (found) done.tables.push(found)
    }
    const digests = new Set(await this.#digests(draft, list))
    for (const [name, meta] of ofKind(draft, 'model')) {
      const kept = parsed(await draft.read(own(name))) as KeptModel
      if (!digestsIn(kept.fitted).some(one => digests.has(one))) continue
      draft.note(own(name), { ...(meta.facts as ModelFacts), stale: { reason: 'erased', at } })
      done.models.push(name)
    }
    const policy = await this.#policy(draft)
    const left = policy?.consents?.filter(one => !ids.has(idOf(one.customer))) ?? []
    done.consents = (policy?.consents?.length ?? 0) - left.length
    if (policy && done.consents > 0) {
      const now = { ...policy, consents: left }
      await this.#siyu.setPolicy(now)
      draft.write(POLICY, 'policy', written(now))
    }
    const rows = done.tables.reduce((sum, one) => sum + one.rows, 0)
    await this.#record(draft, { op: 'erase', at, customers: ids.size, tables: done.tables.length, rows, models: done.models.length, consents: done.consents })
    return done
  }

  /** Customers whose longest retention is over. */
  async #overdue(policy: PolicyDocument | null, at: string): Promise<string[]> {
    const days = policy?.purposes.map(({ retentionDays }) => retentionDays) ?? []
    if (days.length === 0 || days.some(each => each == null)) return []
    const last = new Map<string, string>()
    for (const { customer, lastActivity } of policy?.consents ?? []) {
      const id = idOf(customer)
      if (lastActivity != null && lastActivity.slice(0, 10) > (last.get(id) ?? '')) last.set(id, lastActivity.slice(0, 10))
    }
    const ids = [...last.keys()]
    const over: string[] = []
    for (let from = 0; from < ids.length; from += PART) {
      const part = ids.slice(from, from + PART)
      const { expired } = await this.#siyu.privacy('retention', { lastActivity: part.map(id => last.get(id) as string), retentionDays: Math.max(...(days as number[])), today: at.slice(0, 10) })
      over.push(...part.filter((_, index) => expired[index]))
    }
    return over
  }

  /** Everything that is kept on one customer. */
  async accessExport(customer: string, { at }: When): Promise<Access> {
    instantOf(at, 'at')
    const id = idOf(customer)
    return this.#vault.change(async draft => {
      const found: Access = { customer, at, tables: [], notSearched: [], consents: [], models: [] }
      for (const [name, meta] of ofKind(draft, 'table')) {
        const rows: Record<string, unknown>[] = []
        const all = await split(await draft.read(own(name)), meta.facts as TableFacts)
        const others = turns()
        for (const one of all) {
          for (const record of one?.records ?? []) {
            if (record.customer === id) rows.push(record.cells())
            if (others.due()) await pause()
          }
        }
        if (all.includes(null)) found.notSearched.push(name)
        if (rows.length > 0) found.tables.push({ name, rows })
      }
      found.consents = (await this.#policy(draft))?.consents?.filter(one => idOf(one.customer) === id) ?? []
      const [digest] = await this.#digests(draft, [id])
      for (const [name, meta] of ofKind(draft, 'model')) {
        const { fitted } = parsed(await draft.read(own(name))) as KeptModel
        if (digestsIn(fitted).includes(digest as string)) found.models.push({ name, ...(meta.facts as ModelFacts) })
      }
      await this.#record(draft, { op: 'access', at, tables: found.tables.length, rows: found.tables.reduce((sum, { rows }) => sum + rows.length, 0) })
      return found
    })
  }

  /** Removes everything that the workspace holds, its log included, and ends it. */
  async wipe(): Promise<void> {
    await this.#vault.wipe()
    this.close()
  }

  /** Closes its tables and forgets the key. What is kept stays. */
  close(): void {
    for (const name of [...this.#tables.keys()]) this.#drop(name)
    this.#vault.close()
  }

  #tableOnly(draft: Draft, name: string): void {
    const kind = draft.entries.get(own(name))?.kind
    if (kind !== undefined && kind !== 'table') throw fail('invalid-option', 'There is a model of this name.', { table: name })
  }

  #keep(name: string, { entries }: Pick<Draft, 'entries'>, table: Promise<Table>): void {
    this.#drop(name)
    this.#tables.set(name, { file: entries.get(own(name))?.file ?? '', table })
  }

  #drop(name: string): void {
    this.#tables.get(name)?.table.then(table => table.close(), () => {})
    this.#tables.delete(name)
  }

  #forget(draft: Draft, name: string): void {
    draft.remove(own(name))
    this.#drop(name)
  }

  async #read(draft: Pick<Draft, 'entries' | 'read'>, name: string, call: CallOptions): Promise<Table> {
    const { file, facts } = metaOf(draft, name, 'table')
    const held = this.#tables.get(name)
    if (held?.file === file) return held.table
    const { options, files } = facts as TableFacts
    const parts = cut(await draft.read(own(name)), files)
    const table = await this.#siyu.read(blobsOf(parts), { ...options, name, ...call })
    this.#keep(name, draft, Promise.resolve(table))
    return table
  }

  /** The policy that is kept; the engine gets it if it has another. */
  async #policy(draft: Pick<Draft, 'entries' | 'read'>): Promise<PolicyDocument | null> {
    const meta = draft.entries.get(POLICY)
    if (!meta) return null
    if (meta.file === this.#policed.file && lastPolicy.get(this.#siyu) === meta.file) return this.#policed.policy
    const policy = parsed(await draft.read(POLICY)) as PolicyDocument | null
    await this.#siyu.setPolicy(policy)
    this.#policed = { file: meta.file, policy }
    lastPolicy.set(this.#siyu, meta.file)
    return policy
  }

  /** After a change that did not come to its end, the engine has the policy that is kept. */
  async #again(error: unknown): Promise<never> {
    this.#policed = NO_POLICY
    await this.policy().catch(() => {})
    throw error
  }

  async #changePolicy(draft: Draft, policy: PolicyDocument | null, at: string): Promise<string[]> {
    this.#policed = { file: draft.write(POLICY, 'policy', written(policy)).file, policy: structuredClone(policy) }
    lastPolicy.set(this.#siyu, this.#policed.file)
    const stale: string[] = []
    for (const [name, meta] of ofKind(draft, 'model')) {
      const facts = meta.facts as ModelFacts
      const found = facts.stale ? null : await this.#staleBy(draft, policy, parsed(await draft.read(own(name))) as KeptModel, facts.purpose, at)
      if (!found) continue
      draft.note(own(name), { ...facts, stale: found })
      stale.push(name)
    }
    return stale
  }

  /** Whether a policy no longer lets through somebody with whom a model was fitted. */
  async #staleBy(draft: Pick<Draft, 'entries' | 'read'>, policy: PolicyDocument | null, { fitted }: KeptModel, purpose: string | null, at: string): Promise<Stale | null> {
    const rule = policy?.purposes.find(({ name }) => name === purpose)
    if (!policy || purpose === null) return null
    const stale: Stale = { reason: 'withdrawn', at }
    if (!rule) return stale
    const of = new Map<string, Consent[]>()
    for (const one of policy.consents ?? []) of.set(one.customer, [...(of.get(one.customer) ?? []), one])
    const ids = [...of.keys()]
    const allowed = new Set<string>()
    const refused = new Set<string>()
    for (let from = 0; from < ids.length; from += PART) {
      const customers = ids.slice(from, from + PART)
      const consents = customers.flatMap(id => of.get(id) ?? [])
      const { reasons } = await this.#siyu.privacy('coverage', { policy: { ...policy, consents }, purpose, at, columns: [], customers })
      const digests = await this.#digests(draft, customers)
      digests.forEach((digest, index) => (ALLOWED.has(reasons[index] ?? '') ? allowed : refused).add(digest))
    }
    const all = digestsIn(fitted)
    // Where consent is asked, whoever has no record any more is refused too.
    return (rule.consent === false ? all.some(one => refused.has(one)) : !all.every(one => allowed.has(one))) ? stale : null
  }

  /** Keyed digests of ids, with a key of this workspace. */
  async #digests(draft: Pick<Draft, 'entries' | 'read'> & { write?: Draft['write'] }, ids: readonly string[]): Promise<string[]> {
    if (!draft.entries.has(KEY)) draft.write?.(KEY, 'key', written((await this.#siyu.privacy('newKey', {})).key))
    const key = parsed(await draft.read(KEY)) as string
    const digests: string[] = []
    for (let from = 0; from < ids.length; from += PART) {
      const { pseudonyms } = await this.#siyu.privacy('pseudonyms', { key, purpose: 'siyu models', ids: ids.slice(from, from + PART) })
      for (const one of pseudonyms) digests.push(one.slice(0, DIGEST))
    }
    return digests
  }

  async #record(draft: Draft, entry: Record<string, unknown>): Promise<void> {
    const ledger = await this.#siyu.privacy('ledgerAppend', { ledger: await ledgerOf(draft), entry })
    draft.write(LEDGER, 'ledger', written(ledger))
  }

  async #release(draft: Draft, facts: ReleaseFacts): Promise<Manifest> {
    const manifest = manifestOf(facts, { policy: await this.#policy(draft), ledger: await ledgerOf(draft) })
    await this.#record(draft, releaseEntry(manifest))
    return manifest
  }

  /** Takes customers out of a table; null if none is in it. */
  async #without(draft: Draft, name: string, ids: ReadonlySet<string>, mayRemove: boolean): Promise<Erased['tables'][number] | null> {
    const meta = metaOf(draft, name)
    const facts = meta.facts as TableFacts
    const bytes = await draft.read(own(name))
    const parts = cut(bytes, facts.files)
    const all = await split(bytes, facts)
    if (all.includes(null)) {
      if (!mayRemove) throw fail('unsupported', "This table is of a form whose rows cannot be taken out (a workbook): remove it, or say otherwise: 'remove'.", { table: name })
      this.#forget(draft, name)
      return { name, rows: facts.rows, elsewhere: 0, removed: true }
    }
    let [rows, elsewhere, others] = [0, 0, 0]
    const [first = ''] = ids
    const turn = turns()
    const files: StoredFile[] = []
    for (const [at, one] of all.entries()) {
      const part = parts[at] as StoredFile
      const gone: FileRecord[] = []
      for (const record of one?.records ?? []) {
        if (turn.due()) await pause()
        if (ids.has(record.customer)) gone.push(record)
        else {
          others++
          // Most records need no look at their cells. A quote or backslash may stand there in another form.
          const raw = one?.text.slice(record.start, record.end) ?? ''
          const may = ids.size > 1 || raw.includes(first) || /["\\]/.test(first) || raw.includes('\\')
          if (may && Object.values(record.cells()).some(cell => ids.has(idOf(String(cell))))) elsewhere++
        }
      }
      rows += gone.length
      files.push(gone.length > 0 && one ? { name: part.name, bytes: new TextEncoder().encode(one.without(gone)) } : part)
    }
    if (rows === 0) return elsewhere > 0 ? { name, rows, elsewhere, removed: false } : null
    if (others === 0) {
      this.#forget(draft, name)
      return { name, rows, elsewhere, removed: true }
    }
    // What was written anew is UTF-8.
    const { encoding: _, ...options } = facts.options
    const table = await this.#siyu.read(blobsOf(files), { ...options, name })
    const now = factsOf(table, options, files)
    if (now.rows !== facts.rows - rows || facts.customers - now.customers > ids.size || now.customers > facts.customers) {
      table.close()
      throw fail('unsupported', 'Without these rows the table reads differently: nothing was changed. Remove it, and add a file without them.', { table: name })
    }
    draft.write(own(name), 'table', joined(files.map(file => file.bytes)), { facts: now, expires: meta.expires })
    this.#keep(name, draft, Promise.resolve(table))
    return { name, rows, elsewhere, removed: false }
  }
}

/** Reasons of a policy for a customer, not against. */
const ALLOWED = new Set(['basis', 'guardian-consent', 'separate-consent'])

/** After so long others on this thread are let through. */
const STEP_MS = 20

/** Says when it is time to let others through. */
function turns(): { due(): boolean } {
  let count = 0
  let last = performance.now()
  return {
    due() {
      if (++count % 256 !== 0 || performance.now() - last < STEP_MS) return false
      last = performance.now()
      return true
    },
  }
}

const own = (name: string): string => `/${name}`
const isOwn = (name: string): boolean => name.startsWith('/')

/** An id as the reader keeps it: outer blanks go. */
const idOf = (id: string): string => id.trim()

function ofKind({ entries }: Pick<Draft, 'entries'>, kind: string): [string, Draft['entries'] extends ReadonlyMap<string, infer M> ? M : never][] {
  return [...entries].filter(([, meta]) => meta.kind === kind).map(([name, meta]) => [name.slice(1), meta])
}

function metaOf({ entries }: Pick<Draft, 'entries'>, name: string, kind?: string) {
  const meta = entries.get(own(name))
  if (!meta || (kind !== undefined && meta.kind !== kind)) throw fail('unknown-table', `The workspace has no ${kind ?? 'entry'} of this name.`, { table: name })
  return meta
}

async function ledgerOf(draft: Pick<Draft, 'entries' | 'read'>): Promise<Ledger> {
  return draft.entries.has(LEDGER) ? (parsed(await draft.read(LEDGER)) as Ledger) : { entries: [], hashes: [] }
}

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/

/** Milliseconds since 1970 UTC. */
function instantOf(text: string, path: string): number {
  const at = INSTANT.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw fail('date', 'An instant is such as 2025-06-01T09:00:00+08:00; a date is its first instant in UTC.', { path })
  return at
}

/** The customers of a report's columns; null if it has none. */
function customersOf(report: object): string[] | null {
  for (const value of Object.values(report)) {
    const set = value as { names?: string[]; column?(name: string): unknown } | null
    if (Array.isArray(set?.names) && set.names.includes('customer') && typeof set.column === 'function') return set.column('customer') as string[]
  }
  return null
}

function digestsIn(fitted: string): string[] {
  return Array.from({ length: fitted.length / DIGEST }, (_, at) => fitted.slice(at * DIGEST, (at + 1) * DIGEST))
}
