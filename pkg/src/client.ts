/**
 * The caller's side: Siyu over a port to an engine, whatever carries it.
 *
 * Pending calls are kept by id. If the engine breaks it is thrown away: pending calls reject with
 * `engine-restarted`, the next call starts a fresh one, and a table whose file can be opened again
 * is read again when it is next used.
 */
import type { ColumnSet } from './columns.js'
import { fail, failureOf, SiyuError } from './errors.js'
import { stand } from './floor.js'
import type {
  AssignOptions, AssignResult, DescribeOptions, DescribeResult, ExperimentOptions, ExperimentResult, Guess, PolicyDocument, PowerOptions, PowerResult, PrivacyTasks, Profile, Quality, RfmOptions, RfmResult, Roles,
} from './generated.js'
import { mappingOf, rolesOf } from './mapping.js'
import { part } from './part.js'
import type { CallName, Calls, FromEngine, Port, Remote, TableFacts, ToEngine } from './protocol.js'
import { reportOf } from './reports.js'
import {
  type Batch, buffersOf, bytesOf, type Cursor, type Input, isColumns, isRows, listOf, notASource, reopenable,
} from './sources.js'
import type {
  AssignReport, CallOptions, DescribeReport, ExperimentReport, ExportOptions, GuessOptions, Keep, OpenOptions, Place, PowerReport, Progress, Recipe, Report, RfmReport, RowAt, Siyu, Source, Table, TableOptions,
} from './types.js'
import { compile } from './wasm.js'

/** How an entry of the package starts an engine. */
export interface Platform {
  /** A port to a fresh engine. */
  connect(worker: OpenOptions['worker']): Port<ToEngine, FromEngine>
  /** The module if the caller names none; null if the engine has it. */
  wasm(): Promise<string | BufferSource | null> | string | null
  /** The address of the module of sheets, if the caller names none. */
  sheet(): string
  /** The address of the module's second file, if the caller names none. */
  later(): string
}

/** Default of `memoryLimit`. */
const MEMORY_LIMIT = 512 * 1024 * 1024
/** After this time a cancelled call rejects even if the engine is still in a step. */
const CANCEL_MS = 40
/** A cancelled call that is not answered by then has an engine that does not hear any more. */
const DEAF_MS = 5000
/** While calls wait the engine is asked this often whether it is there: a worker that was killed does not say so. */
const WATCH_MS = 5000
/** So many questions without any answer mean that it is gone. A step takes 30 ms. */
const SILENT = 3

const dispose: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for('Symbol.dispose') as never)

/** The part of the package that reads columns and objects in memory. */
function arrays(): Promise<typeof import('./arrays.js')> {
  return part('arrays.js', () => import('./arrays.js'))
}

/** Engines that are open, by what they were opened with. */
const opened: { platform: Platform; options: OpenOptions; siyu: Promise<Client> }[] = []

/** Opens an engine; the same options give the same one until it is closed. */
export function openOn(platform: Platform, options: OpenOptions = {}): Promise<Siyu> {
  const address = (value: unknown): unknown => (value instanceof URL ? value.href : value)
  const same = opened.find(one => one.platform === platform
    && (['worker', 'wasm', 'sheet', 'later', 'whole', 'memoryLimit', 'policy'] as const).every(name => address(one.options[name]) === address(options[name])))
  if (same) return same.siyu
  const siyu = Client.open(platform, options)
  opened.push({ platform, options: { ...options }, siyu })
  siyu.catch(() => forget(siyu))
  return siyu
}

function forget(siyu: Promise<Client> | null): void {
  const at = opened.findIndex(one => one.siyu === siyu)
  if (at >= 0) opened.splice(at, 1)
}

/** A call that waits for its answer. */
interface Pending {
  resolve(answer: never): void
  reject(error: SiyuError): void
  onProgress: ((progress: Progress) => void) | undefined
  /** The caller was told that it is cancelled; what the engine still answers must be given back. */
  abandoned?: boolean
  /** Set while it waits for an engine that may not hear any more. */
  deaf?: ReturnType<typeof setTimeout>
}

/** A running engine and the calls on their way to it. */
interface Session {
  port: Port<ToEngine, FromEngine>
  ready: Promise<Calls['open']['answer']>
  /** Whether it answered. */
  opened: boolean
  pending: Map<number, Pending>
  /** Questions since it was last heard. */
  silent: number
  /** Set while calls wait. */
  watch?: ReturnType<typeof setTimeout>
}

/** For each source where it can be pulled from; null for one that crosses as it is. */
type Feeds = (number | null)[]

/** What is kept of a table so that it outlives its engine. */
interface TableRecord {
  name: string
  facts: TableFacts
  session: Session
  /** The sources, if they can be opened again. */
  inputs: Input[] | null
  feeds: Feeds | null
  options: TableOptions
  /** What the caller asked for. */
  asked: TableOptions
  /** How each was read. */
  files: { header: number | null; roles: Roles }[]
  again: Promise<void> | null
  closed: boolean
}

class Client implements Siyu {
  readonly #platform: Platform
  readonly #options: OpenOptions
  readonly #feeds = new Map<number, Input>()
  readonly #cursors = new Map<number, Cursor<Uint8Array | Batch>>()
  #promise: Promise<Client> | null = null
  #session: Session | null = null
  #module: WebAssembly.Module | null = null
  #version = ''
  #ids = 0
  #closed = false

  constructor(platform: Platform, options: OpenOptions) {
    this.#platform = platform
    // A copy: its policy changes, and an engine that takes the place of another has it too.
    this.#options = { ...options }
  }

  static open(platform: Platform, options: OpenOptions): Promise<Client> {
    const client = new Client(platform, options)
    client.#promise = (async () => {
      stand()
      const { version } = await client.#start().ready
      client.#version = version
      return client
    })()
    return client.#promise
  }

  get version(): string {
    return this.#version
  }

  async guess(source: Source, options: GuessOptions & CallOptions = {}): Promise<Guess> {
    const { signal, onProgress, ...rest } = options
    return this.#guess(source, rest, calling({ signal, onProgress }))
  }

  async #guess(source: Source, options: GuessOptions, callOptions: CallOptions): Promise<Guess> {
    const text = isRows(source) || isColumns(source) ? (await arrays()).sampleOf(source) : source
    return this.#lending([text], ([source]) => this.#call('guess', { source: source as Remote, options }, callOptions))
  }

  async rowsAt(source: Source | readonly Source[], places: readonly Place[], options: TableOptions & CallOptions = {}): Promise<RowAt[]> {
    const { signal, onProgress, keep: _, ...rest } = options
    return this.#lending(listOf(source), sources => this.#call('rowsAt', { sources, places, options: rest }, calling({ signal, onProgress })))
  }

  read(source: Source | readonly Source[], { signal, onProgress, ...asked }: TableOptions & CallOptions = {}): Promise<Table> {
    return this.#read([], source, asked, calling({ signal, onProgress }))
  }

  async append(table: Table, source: Source | readonly Source[], call: CallOptions = {}): Promise<Table> {
    const { inputs, asked } = this.#recordOf(table, table.name)
    if (!inputs) throw fail('closed', 'Only Files and Blobs are read again: read one list.', { table: table.name })
    return this.#read(inputs, source, asked, call)
  }

  /** Reads what was read before and a source behind it. */
  async #read(before: readonly Input[], source: Source | readonly Source[], asked: TableOptions, call: CallOptions): Promise<Table> {
    const { keep, ...rest } = asked
    const inputs = [...before]
    for (const one of isRows(source) ? [source] : listOf(source)) inputs.push(await this.#inputOf(one, rest, keep, call))
    const name = rest.name ?? (inputs[0]?.name || 'table')
    const options = { ...rest, name }
    const feeds = inputs.map(input => this.#lend(input))
    try {
      const session = this.#start()
      const facts = await this.#call('read', { sources: remotesOf(inputs, feeds), options, ...(keep && { keep }) }, call)
      const stays = facts.kind === 'source'
      if (!stays) this.#takeBack(feeds)
      const { roles, quality } = facts
      const record: TableRecord = {
        name, facts, session, inputs: inputs.every(({ again }) => again) ? inputs : null, feeds: stays ? feeds : null,
        // The files are read again as they were read now, whatever would be guessed then.
        options: { ...options, roles }, asked, files: quality.files.map(({ headerLine, columns }) => ({ header: headerLine, roles: rolesOf(columns) })),
        again: null, closed: false,
      }
      return new ClientTable(this, record)
    } catch (error) {
      this.#takeBack(feeds)
      throw error
    }
  }

  async #inputOf(source: Source, options: TableOptions, keep: Keep | undefined, call: CallOptions): Promise<Input> {
    if (isRows(source)) {
      const roles = options.roles ?? mappingOf(await this.#guess(source, {}, call))
      return (await arrays()).ofRows(source, roles, options.attributes)
    }
    if (isColumns(source)) return (await arrays()).ofColumns(source)
    const input = (keep === 'source' ? reopenable(source) : null) ?? bytesOf(source)
    return input ?? notASource()
  }

  async run<R = Record<string, unknown>>(recipe: Recipe, tables: Record<string, Table>, options: CallOptions = {}): Promise<Report<R>> {
    const records = Object.entries(tables).map(([name, table]) => ({ name, record: this.#recordOf(table, name) }))
    for (const { record } of records) await this.#present(record, options)
    const inputs = records.map(({ name, record }) => ({ name, table: record.facts.table }))
    return reportOf<R>(await this.#call('run', { recipe, inputs }, options))
  }

  profileOf(table: Table): Profile {
    const { facts, options: { name = '', ...options } } = this.#recordOf(table, table.name)
    return { version: 1, kind: facts.quality.files[0]?.kind ?? '', name, options: structuredClone(options) }
  }

  #recordOf(table: Table, name: string): TableRecord {
    if (!(table instanceof ClientTable) || table.client !== this) throw fail('unknown-table', 'This is no table of this engine.', { table: name })
    return table.record
  }

  rfm(table: Table, options: RfmOptions, call?: CallOptions): Promise<RfmReport> {
    return this.#over<RfmResult & { customers: ColumnSet }>('rfm', table, options, call)
  }

  describe(table: Table, options: DescribeOptions, call?: CallOptions): Promise<DescribeReport> {
    return this.#over<DescribeResult>('describe', table, options, call)
  }

  experiment(options: ExperimentOptions, units?: Table, call?: CallOptions): Promise<ExperimentReport> {
    return this.#ofUnits<ExperimentResult>('experiment', options, units, call)
  }

  power(options: PowerOptions, call?: CallOptions): Promise<PowerReport> {
    return this.#ofUnits<PowerResult>('power', options, undefined, call)
  }

  assign(options: AssignOptions, units?: Table, call?: CallOptions): Promise<AssignReport> {
    return this.#ofUnits<AssignResult & { customers: ColumnSet }>('assign', options, units, call)
  }

  /** An analysis of a table of units, or of none. */
  #ofUnits<R>(analysis: string, options: object, units: Table | undefined, call?: CallOptions): Promise<Report<R>> {
    const inputs: Record<string, string> = units ? { units: units.name } : {}
    return this.run<R>({ analysis, version: 1, inputs, options }, units ? { [units.name]: units } : {}, call)
  }

  /** An analysis of one log. */
  #over<R>(analysis: string, table: Table, options: object, call?: CallOptions): Promise<Report<R>> {
    const { name } = table
    return this.run<R>({ analysis, version: 1, inputs: { log: name }, options }, { [name]: table }, call)
  }

  async exportCsv(set: ColumnSet, options: ExportOptions & CallOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { signal, onProgress } = options
    const { csvFile } = await part('export.js', () => import('./export.js'))
    return csvFile(set, options, request => this.#call('csv', request, calling({ signal, onProgress: undefined })), onProgress)
  }

  privacy<T extends keyof PrivacyTasks>(task: T, options: PrivacyTasks[T]['options'], call: CallOptions = {}): Promise<PrivacyTasks[T]['result']> {
    return this.#call('privacy', { task, options }, call) as Promise<PrivacyTasks[T]['result']>
  }

  async setPolicy(policy: PolicyDocument | null): Promise<void> {
    await this.privacy('policy' as never, policy as never)
    this.#options.policy = policy as PolicyDocument
  }

  memory(): Promise<{ wasmBytes: number; tables: number }> {
    return this.#call('memory', {}, {})
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    forget(this.#promise)
    this.#end(fail('closed', 'The engine was closed.'))
  }

  [dispose](): void {
    this.close()
  }

  /** @internal Gives a table's memory back. */
  drop(record: TableRecord): void {
    if (record.closed) return
    record.closed = true
    this.#takeBack(record.feeds)
    record.inputs = null
    if (record.session === this.#session) record.session.port.post({ type: 'drop', table: record.facts.table })
  }

  /** Makes sure that a table is in the running engine; after a restart its file is read again. */
  async #present(record: TableRecord, call: CallOptions): Promise<void> {
    for (;;) {
      try {
        return await this.#again(record, call)
      } catch (error) {
        // Another run began to read it and was cancelled, not this one.
        const others = error instanceof SiyuError && error.code === 'cancelled' && !call.signal?.aborted
        if (!others) throw error
      }
    }
  }

  #again(record: TableRecord, call: CallOptions): Promise<void> | void {
    const gone = (): SiyuError => fail('closed', 'The table was lost: read it again.', { table: record.name })
    if (record.closed || this.#closed) throw fail('closed', 'The table was closed.', { table: record.name })
    const session = this.#start()
    if (record.session === session) return
    const { inputs } = record
    if (!inputs) throw gone()
    record.again ??= (async () => {
      record.feeds ??= inputs.map(input => this.#lend(input))
      try {
        const facts = await this.#call('read', {
          sources: remotesOf(inputs, record.feeds), options: record.options, files: record.files,
          keep: record.facts.kind, fingerprint: record.facts.fingerprint,
        }, call)
        record.facts = { ...record.facts, table: facts.table }
        record.session = session
        if (record.closed) session.port.post({ type: 'drop', table: facts.table })
      } finally {
        if (record.facts.kind === 'loaded') {
          this.#takeBack(record.feeds)
          record.feeds = null
        }
        record.again = null
      }
    })()
    return record.again
  }

  /** The running engine; a fresh one if there is none. */
  #start(): Session {
    if (this.#closed) throw fail('closed', 'The engine was closed.')
    if (this.#session) return this.#session
    const port = this.#platform.connect(this.#options.worker)
    const pending = new Map<number, Pending>()
    const id = ++this.#ids
    const ready = new Promise<Calls['open']['answer']>((resolve, reject) => pending.set(id, { resolve: resolve as never, reject, onProgress: undefined }))
    ready.catch(() => {}) // every call waits for it and reports it
    const session: Session = { port, ready, opened: false, pending, silent: 0 }
    this.#session = session
    port.listen(message => this.#hear(session, message), text => this.#lose(session, text))
    const open = async (): Promise<void> => {
      const wasm = this.#module ?? (await this.#wasm())
      port.post({ type: 'open', id, wasm, sheet: this.#file('sheet'), later: this.#file('later'), whole: this.#options.whole, memoryLimit: this.#options.memoryLimit ?? MEMORY_LIMIT, policy: this.#options.policy })
      this.#module = (await ready).module
      session.opened = true
    }
    open().catch(error => {
      const failure = error instanceof SiyuError ? error : fail('engine-load', `The engine could not be started (${(error as Error)?.message}).`)
      pending.get(id)?.reject(failure)
      if (this.#session === session) this.#end(failure)
    })
    return session
  }

  /** The module as it can be sent to the engine. */
  async #wasm(): Promise<string | BufferSource | WebAssembly.Module | null> {
    const { wasm } = this.#options
    if (wasm === undefined) return this.#platform.wasm()
    if (wasm instanceof URL) return wasm.href
    if (typeof wasm === 'string') return fromPage(wasm)
    return compile(wasm)
  }

  /** The address of a file that the engine loads when first needed. */
  #file(name: 'sheet' | 'later'): string {
    const named = this.#options[name]
    return named === undefined ? this.#platform[name]() : fromPage(String(named))
  }

  /** Sends a call and waits for its answer. */
  async #call<K extends CallName>(type: K, request: Calls[K]['request'], { signal, onProgress }: CallOptions): Promise<Calls[K]['answer']> {
    if (signal?.aborted) throw cancelled(signal)
    const session = this.#start()
    await session.ready
    if (signal?.aborted) throw cancelled(signal)
    if (this.#session !== session) throw fail('engine-restarted', RESTARTED)
    const id = ++this.#ids
    let stop = (): void => {}
    try {
      return await new Promise<Calls[K]['answer']>((resolve, reject) => {
        const pending: Pending = { resolve: resolve as never, reject, onProgress }
        session.pending.set(id, pending)
        session.port.post({ type, id, ...request } as ToEngine)
        // On this thread it cannot be gone.
        if (session.port.moves && session.pending.size === 1) this.#watch(session)
        const abort = (): void => {
          session.port.post({ type: 'cancel', id })
          pending.abandoned = true
          // The answer means that everything was given back; a long step must not delay the caller.
          setTimeout(() => reject(cancelled(signal)), CANCEL_MS)
          pending.deaf = setTimeout(() => this.#lose(session, SILENCE), DEAF_MS)
        }
        signal?.addEventListener('abort', abort, { once: true })
        stop = () => signal?.removeEventListener('abort', abort)
      })
    } catch (error) {
      throw signal?.aborted ? cancelled(signal) : error
    } finally {
      stop()
    }
  }

  /** Asks the engine from time to time while calls wait, and gives it up when nothing comes any more. */
  #watch(session: Session): void {
    session.watch = setTimeout(() => {
      if (++session.silent > SILENT) return this.#lose(session, SILENCE)
      session.port.post({ type: 'memory', id: ++this.#ids })
      this.#watch(session)
    }, WATCH_MS)
  }

  #hear(session: Session, message: FromEngine): void {
    if (session !== this.#session) return
    session.silent = 0
    switch (message.type) {
      case 'done':
      case 'failed': {
        const pending = session.pending.get(message.id)
        session.pending.delete(message.id)
        clearTimeout(pending?.deaf)
        if (session.pending.size === 0) clearTimeout(session.watch)
        if (message.type === 'failed') pending?.reject(new SiyuError(message.failure))
        else {
          if (message.call === 'read' && pending?.abandoned) session.port.post({ type: 'drop', table: message.answer.table })
          pending?.resolve(message.answer as never)
        }
        return
      }
      case 'progress':
        session.pending.get(message.id)?.onProgress?.(message.progress)
        return
      case 'pull':
        void this.#give(session, message.feed, message.cursor)
        return
      case 'unpull':
        this.#cursors.get(message.cursor)?.close()
        this.#cursors.delete(message.cursor)
        return
      case 'broken':
        this.#lose(session, message.text)
    }
  }

  /** Gives the engine the next piece of a feed. */
  async #give(session: Session, feed: number, cursor: number): Promise<void> {
    try {
      let from = this.#cursors.get(cursor)
      const input = this.#feeds.get(feed)
      if (!from) {
        if (!input) throw fail('closed', 'The source is gone.')
        from = input.open()
        this.#cursors.set(cursor, from)
      }
      let piece = await from.next()
      if (!piece) this.#cursors.delete(cursor)
      if (piece && session.port.moves && input?.form === 'bytes' && input.lent) piece = new Uint8Array(piece as Uint8Array)
      session.port.post({ type: 'piece', cursor, piece }, piece ? buffersOf(piece) : [])
    } catch (error) {
      session.port.post({ type: 'no-piece', cursor, failure: failureOf(error) })
    }
  }

  /** The engine is beyond use. The next call starts a fresh one. */
  #lose(session: Session, text: string): void {
    if (session !== this.#session) return
    this.#end(session.opened
      ? fail('engine-restarted', `${RESTARTED} (${text})`)
      : fail('engine-load', `The worker could not be started (${text}): give open({ worker }).`))
  }

  #end(error: SiyuError): void {
    const session = this.#session
    this.#session = null
    clearTimeout(session?.watch)
    session?.port.close()
    for (const cursor of this.#cursors.values()) cursor.close()
    this.#cursors.clear()
    for (const one of session?.pending.values() ?? []) {
      clearTimeout(one.deaf)
      one.reject(error)
    }
    session?.pending.clear()
  }

  /** Keeps a source on this side for the engine to pull from; null if it crosses as it is. */
  #lend(input: Input): number | null {
    if (input.blob && crosses(input.blob)) return null
    const feed = ++this.#ids
    this.#feeds.set(feed, input)
    return feed
  }

  #takeBack(feeds: Feeds | null): void {
    for (const feed of feeds ?? []) if (feed !== null) this.#feeds.delete(feed)
  }

  /** Lends the bytes of sources for one call. */
  async #lending<T>(sources: readonly Source[], work: (remotes: Remote[]) => Promise<T>): Promise<T> {
    const inputs = sources.map(source => bytesOf(source) ?? notASource())
    const feeds = inputs.map(input => this.#lend(input))
    try {
      return await work(remotesOf(inputs, feeds))
    } finally {
      this.#takeBack(feeds)
    }
  }
}

const SILENCE = 'no answer'
const RESTARTED = 'The engine was replaced: call again.'

/** An address relative to the page, not to the worker. */
function fromPage(address: string): string {
  return typeof document === 'object' ? new URL(address, document.baseURI).href : address
}

function cancelled(signal: AbortSignal | undefined): SiyuError {
  return new SiyuError({ code: 'cancelled', hint: 'The caller stopped it.' }, { cause: signal?.reason })
}

function calling({ signal, onProgress }: { [key in keyof CallOptions]: CallOptions[key] | undefined }): CallOptions {
  return { ...(signal && { signal }), ...(onProgress && { onProgress }) }
}

/** Whether a blob can be posted: those of Node that stand for files cannot. */
function crosses(blob: Blob): boolean {
  if (!(blob instanceof Blob)) return false
  if (typeof document === 'object' || typeof WorkerGlobalScope === 'function') return true
  try {
    structuredClone(blob)
    return true
  } catch {
    return false
  }
}
declare const WorkerGlobalScope: unknown

function remotesOf(inputs: readonly Input[], feeds: Feeds): Remote[] {
  return inputs.map((input, at) => {
    const feed = feeds[at] ?? null
    const { name, size } = input
    if (feed === null) return { kind: 'blob', name, form: 'bytes', blob: input.blob as Blob, size: size as number, again: true }
    const common = { kind: 'feed' as const, feed, name, size }
    return input.form === 'columns'
      ? { ...common, form: 'columns', again: false, roles: input.roles, attributes: input.attributes }
      : { ...common, form: 'bytes', again: input.again }
  })
}

class ClientTable implements Table {
  /** @internal */
  readonly client: Client
  /** @internal */
  readonly record: TableRecord
  readonly name: string
  readonly kind: Keep
  readonly rows: number
  readonly customers: number
  readonly roles: Roles
  readonly quality: Quality
  readonly fingerprint: string
  readonly bytes: number

  constructor(client: Client, record: TableRecord) {
    this.client = client
    this.record = record
    this.name = record.name
    const { kind, rows, customers, roles, quality, fingerprint, bytes } = record.facts
    this.kind = kind
    this.rows = rows
    this.customers = customers
    this.roles = roles
    this.quality = quality
    this.fingerprint = fingerprint
    this.bytes = bytes
  }

  close(): void {
    this.client.drop(this.record)
  }

  [dispose](): void {
    this.close()
  }
}
