/**
 * The calls over one instance of the wasm module, on one thread.
 *
 * Long calls go in steps of at most about 30 ms and pause between them, so that other calls,
 * progress and cancelling are heard. Whatever a call holds in the module is given back when it
 * ends, fails or is cancelled.
 */
import { joined } from './bytes.js'
import { type Encoding, type Help, isDecoded, utf8, type Utf8 } from './encoding.js'
import { Broken, fail, type Failure, failureOf, SiyuError } from './errors.js'
import type { Guess, Roles } from './generated.js'
import { mappingOf, rolesOf } from './mapping.js'
import { part } from './part.js'
import { pause } from './pause.js'
import type { Calls, TableFacts } from './protocol.js'
import type { RawReport } from './reports.js'
import type { LoadSheet } from './sheet.js'
import { type Batch, type ByteInput, type Cursor, type Input, sizeOf } from './sources.js'
import type { Task } from './task.js'
import type { GuessOptions, Keep, Place, Recipe, RowAt, TableOptions } from './types.js'
import { call, type Step, type Wasm } from './wasm.js'
import { isSheet, isWorkbook, peeked, sheets } from './workbook.js'

/** Bytes that a guess looks at. */
const SAMPLE = 256 * 1024
/** Files above this are streamed by each analysis instead of loaded. */
const LARGE = 2 * 1024 ** 3
/** What a step should take, in ms; half of what it may. */
const GOAL = 15

/** A table that the engine holds. */
interface Held {
  bytes: number
  /** The files behind a source table, and what was found of their form. */
  files: { input: ByteInput; form: Form }[]
}

/** What says how a file becomes text. */
type Form = Pick<TableOptions, 'format' | 'encoding' | 'sheet' | 'limits'>

/** A source on its way into the module. */
interface Opened {
  /** Null for columns. */
  text: Utf8 | null
  /** Bytes taken from the source, compressed as they are; of a workbook as many as its sheet is read. */
  taken(): number
  pieces: Cursor<Uint8Array | Batch>
  found: { roles: Roles; header?: number } & Pick<TableOptions, 'format' | 'sheet'>
}

/** What to know of a source, and to give back, when opening or reading it fails. */
interface Opening {
  text: Utf8 | null
  closing: (() => void)[]
}

/** How a table is to be read. */
export interface ReadPlan {
  options: TableOptions
  files?: { header: number | null; roles: Roles }[]
  keep?: Keep
  fingerprint?: string
}

export class Engine {
  readonly #wasm: Wasm
  readonly #memoryLimit: number
  readonly #loadSheet: LoadSheet
  readonly #complete: () => Promise<void>
  readonly #tables = new Map<number, Held>()

  #broken: Broken | null = null

  #whole: Promise<void> | null = null

  constructor(wasm: Wasm, memoryLimit: number, loadSheet: LoadSheet, complete: () => Promise<void>) {
    this.#wasm = wasm
    this.#memoryLimit = memoryLimit
    this.#loadSheet = loadSheet
    this.#complete = complete
  }

  /** Runs a function of the module; after a trap none runs any more. */
  #call<T>(work: (wasm: Wasm) => T): T {
    if (this.#broken) throw this.#broken
    try {
      return call(() => work(this.#wasm))
    } catch (error) {
      if (error instanceof Broken) this.#broken = error
      throw error
    }
  }

  /** Gives something back to the module, unless it is beyond use. */
  #back(work: (wasm: Wasm) => void): void {
    if (!this.#broken) this.#call(work)
  }

  version(): string {
    return this.#call(wasm => wasm.version())
  }

  memory(): { wasmBytes: number; tables: number } {
    return { wasmBytes: this.#call(wasm => wasm.memoryBytes()), tables: this.#tables.size }
  }

  /** Proposes a mapping from the first bytes. */
  async guess(input: ByteInput, { sampleBytes = SAMPLE, ...options }: GuessOptions, task: Task): Promise<Guess> {
    const cursor = input.open()
    const closing = [task.holds(() => cursor.close())]
    try {
      const text = await this.#text(cursor, input.size, options, task, closing)
      const { sample } = await sampled(text, sampleBytes)
      task.check()
      if (!isSheet(text)) return this.#guess(sample, text.encoding, options)
      return { ...this.#guess(sample, text.encoding, { ...options, format: 'xlsx' }), sheets: text.sheets }
    } catch (error) {
      throw placed(error, null, input.name)
    } finally {
      for (const close of closing) close()
    }
  }

  #guess(sample: Uint8Array, encoding: Encoding, { format, delimiter, profiles = [] }: Pick<GuessOptions, 'format' | 'delimiter' | 'profiles'>): Guess {
    const options = { ...(format && { format }), ...(delimiter != null && { delimiter }) }
    const guess = this.#call(wasm => wasm.guess(sample, options, profiles))
    return isDecoded(encoding) ? { ...guess, encoding: encoding.label } : guess
  }

  /** Reads a table; without `keep`, files that do not fit well into memory become a source. */
  async read(inputs: Input[], plan: ReadPlan, task: Task): Promise<TableFacts> {
    const { keep } = plan
    const again = inputs.every(input => input.again)
    const size = inputs.reduce((sum, input) => sum + (input.size ?? 0), 0)
    if (keep === 'source' && !again) {
      throw fail('invalid-option', 'Only Files and Blobs are read again: read it as loaded.', { path: 'keep' })
    }
    return this.#read(inputs, plan, keep ?? (!again ? 'loaded' : size > LARGE ? 'source' : 'auto'), task)
  }

  async #read(inputs: Input[], plan: ReadPlan, keep: Keep | 'auto', task: Task): Promise<TableFacts> {
    const { encoding, name = inputs[0]?.name ?? '', ...options } = plan.options
    const several = inputs.length > 1
    let giveBack = (): void => {}
    const opening: Opening = { text: null, closing: [] }
    const texts: Utf8[] = []
    let reader = 0
    let table: Roles = {}
    let current: number | undefined
    try {
      const { zoneOf } = await part('zone.js', () => import('./zone.js'))
      const zone = zoneOf(options.zone ?? 'UTC')
      const total = inputs.reduce<number | null>((sum, { size }) => (sum === null || size === null ? null : sum + size), 0)
      let done = 0
      for (const [at, input] of inputs.entries()) {
        if (several) current = at
        opening.text = null
        const opened = await this.#opened(input, { ...plan.options, ...plan.files?.[at] }, task, opening)
        const { text, found } = opened
        if (at === 0) {
          table = found.roles
          reader = this.#call(wasm => wasm.readBegin({ ...options, ...(input.form === 'columns' && { attributes: input.attributes }), roles: table }, zone.name, zone.instants, zone.offsets, keep, this.#free()))
          giveBack = task.holds(() => this.#back(wasm => wasm.drop(reader)))
        }
        if (text) {
          texts.push(text)
          this.#call(wasm => wasm.readNext(reader, { name: input.name, ...found }))
        }
        done = await this.#poured(opened, done, total, task, piece => {
          this.#call(wasm => (piece instanceof Uint8Array ? wasm.readPush(reader, piece) : wasm.readColumns(reader, piece)))
        })
      }
      current = undefined
      const { quality, ...facts } = this.#call(wasm => wasm.readFinish(reader))
      task.keeps(giveBack)
      giveBack = () => this.#back(wasm => wasm.drop(facts.table))
      if (plan.fingerprint !== undefined && plan.fingerprint !== facts.fingerprint) {
        throw fail('closed', 'The file has changed: read it again.')
      }
      for (const [at, { encoding }] of texts.entries()) {
        const file = quality.files[at]
        if (!file || !isDecoded(encoding)) continue
        file.encoding = encoding.label
        // Told from the bytes: worth a look.
        if (encoding.notUtf8) quality.issues.push({ code: 'encoding', severity: 'doubtful', count: 1, column: null, attribute: null, rows: [encoding.notUtf8.row], files: [at], remedies: [] })
      }
      quality.encoding = quality.files[0]?.encoding ?? null
      this.#tables.set(facts.table, {
        bytes: facts.bytes,
        files: facts.kind === 'source' ? texts.map((text, at) => ({ input: inputs[at] as ByteInput, form: formOf(text, plan.options) })) : [],
      })
      giveBack = (): void => {}
      return { ...facts, quality, roles: { ...table, ...rolesOf(quality.columns) } }
    } catch (error) {
      const at = (error as Failure).file ?? current
      throw placed(error, opening.text, name, at, several ? inputs[at ?? -1]?.name : '')
    } finally {
      giveBack()
      for (const close of opening.closing) close()
    }
  }

  /** What stands at some places of the files. */
  async rowsAt(inputs: ByteInput[], places: readonly Place[], options: TableOptions, task: Task): Promise<RowAt[]> {
    const { encoding, name, ...rest } = options
    const answer: RowAt[] = []
    for (const [file, input] of inputs.entries()) {
      const rows = Float64Array.from(places.filter(place => (place.file ?? 0) === file), ({ row }) => row)
      if (rows.length === 0) continue
      const opening: Opening = { text: null, closing: [] }
      try {
        const opened = await this.#opened(input, options, task, opening, false)
        const finder = this.#call(wasm => wasm.rowsBegin({ ...rest, ...opened.found }, rows))
        const giveBack = task.holds(() => this.#back(wasm => wasm.drop(finder)))
        opening.closing.push(giveBack)
        await this.#poured(opened, 0, input.size, task, piece => this.#call(wasm => wasm.rowsPush(finder, piece as Uint8Array)))
        for (const found of this.#call(wasm => wasm.rowsFinish(finder))) answer.push({ file, ...found })
        task.keeps(giveBack)
      } catch (error) {
        throw placed(error, opening.text, name ?? input.name)
      } finally {
        for (const close of opening.closing) close()
      }
    }
    return answer
  }

  /**
   * A source as pieces for the module. Where the options have no roles it is looked at, for the line of
   * the header and, if `mapping` is wanted, for the roles.
   */
  async #opened(input: Input, { roles, header, ...options }: TableOptions, task: Task, opening: Opening, mapping = true): Promise<Opened> {
    const cursor = input.open()
    opening.closing.push(task.holds(() => cursor.close()))
    if (input.form === 'columns') return { text: null, taken: () => 0, pieces: cursor, found: { roles: input.roles } }
    let taken = 0
    const source: Cursor<Uint8Array> = {
      async next() {
        const piece = (await cursor.next()) as Uint8Array | null
        taken += piece?.length ?? 0
        return piece
      },
      close: () => cursor.close(),
    }
    const text = await this.#text(source, input.size, options, task, opening.closing)
    opening.text = text
    let pieces: Cursor<Uint8Array> = text
    let form: Pick<TableOptions, 'format' | 'sheet'> = {}
    if (!roles || isSheet(text)) {
      const looked = await sampled(text, SAMPLE)
      task.check()
      pieces = looked.pieces
      if (isSheet(text)) form = { format: 'xlsx', sheet: text.sheet }
      if (!roles) {
        const guess = this.#guess(looked.sample, text.encoding, { ...options, ...form })
        roles = mapping ? mappingOf(guess) : {}
        header ??= guess.header
      }
    }
    return { text, taken: () => (isSheet(text) ? text.done : taken), pieces, found: { roles, ...form, ...(header != null && { header }) } }
  }

  /** A file as text: of a workbook that of its sheet, of others decoded; `closing` gets what is to be given back. */
  async #text(file: Cursor<Uint8Array>, size: number | null, { format, encoding, sheet, limits }: Form, task: Task, closing: (() => void)[]): Promise<Utf8> {
    const { first, cursor } = await peeked(file)
    task.check()
    if (format === 'xlsx' || ((format ?? 'auto') === 'auto' && isWorkbook(first))) {
      return (await sheets()).sheetText(this.#loadSheet, cursor, size, { sheet, limits }, this.#free(), task)
    }
    return utf8(cursor, this.#help(task, closing, limits), encoding ?? undefined)
  }

  /** What the module does for files before it reads them; `closing` gets what is to be given back. */
  #help(task: Task, closing: (() => void)[], limits?: TableOptions['limits']): Help {
    return {
      plausibility: text => this.#call(wasm => wasm.plausibility(text)),
      inflated: cursor => {
        const inflate = this.#call(wasm => wasm.inflateBegin({ ...(limits && { limits }) }))
        closing.push(task.holds(() => this.#back(wasm => wasm.drop(inflate))))
        return {
          next: async () => {
            for (;;) {
              const part = this.#call(wasm => wasm.inflatePull(inflate))
              if (part.length > 0) return part
              const piece = await cursor.next()
              task.check()
              if (!piece) break
              this.#call(wasm => wasm.inflatePush(inflate, piece))
            }
            this.#call(wasm => wasm.inflateEnd(inflate))
            return null
          },
          close: () => cursor.close(),
        }
      },
    }
  }

  /** Gives a source to the module piece by piece, until it wants no more; `done` and what was read. */
  async #poured({ text, taken, pieces }: Opened, done: number, total: number | null, task: Task, push: (piece: Uint8Array | Batch) => boolean | void): Promise<number> {
    let read = 0
    for (;;) {
      const piece = await pieces.next()
      task.check()
      if (!piece || push(piece)) return done + read
      read = text ? taken() : read + sizeOf(piece)
      task.tell({ phase: 'read', done: done + read, total })
      await pause()
      task.check()
    }
  }

  /** Gives a table's memory back, at the latest when the last run over it ends. */
  close(table: number): void {
    if (this.#tables.delete(table)) this.#back(wasm => wasm.drop(table))
  }

  /** Adds the code of the module's second file, once; after a failure the next call tries again. */
  completed(): Promise<void> {
    this.#whole ??= this.#complete().catch(error => {
      this.#whole = null
      throw error
    })
    return this.#whole
  }

  /** Runs an analysis. */
  async run(recipe: Recipe, inputs: { name: string; table: number }[], task: Task): Promise<RawReport> {
    if (this.#call(wasm => wasm.isLater(String(recipe?.analysis)))) {
      await this.completed()
      task.check()
    }
    const names = inputs.map(({ name }) => name)
    const held = inputs.map(({ name, table }) => {
      const one = this.#tables.get(table)
      if (!one) throw fail('closed', 'The table was closed.', { table: name })
      return one
    })
    let giveBack = (): void => {}
    let reading: { name: string; file: number; text: Utf8; close: () => void } | null = null
    try {
      const tables = Uint32Array.from(inputs, ({ table }) => table)
      const job = this.#call(wasm => wasm.runBegin(recipe, names, tables, this.#memoryLimit))
      giveBack = task.holds(() => this.#back(wasm => wasm.drop(job)))
      for (let rows = 65_536; ;) {
        const started = performance.now()
        const step: Step | null = this.#call(wasm => wasm.runStep(job, rows))
        const took = performance.now() - started
        if (!step) break
        rows = Math.round(Math.min(Math.max(rows * Math.min(Math.max(GOAL / took, 0.25), 2), 1024), 1 << 24))
        task.tell({ phase: step.phase, done: step.done, total: step.total })
        if (step.wants !== null) {
          if (reading?.name !== step.wants || reading.file !== step.file) {
            reading?.close()
            reading = await this.#reopened(held[names.indexOf(step.wants)], step.wants, step.file, task)
          }
          const piece = await reading.text.next()
          task.check()
          this.#call(wasm => (piece ? wasm.runPush(job, piece) : wasm.runPushEnd(job)))
        }
        await pause()
        task.check()
      }
      const report = this.#call(wasm => wasm.runFinish(job))
      task.keeps(giveBack)
      giveBack = (): void => {}
      return report
    } finally {
      giveBack()
      reading?.close()
    }
  }

  /** A file of a source table, from its start. */
  async #reopened(held: Held | undefined, name: string, file: number, task: Task): Promise<{ name: string; file: number; text: Utf8; close: () => void }> {
    const one = held?.files[file]
    if (!one) throw fail('closed', 'The table has no file to stream.', { table: name })
    const cursor = one.input.open()
    const closing = [task.holds(() => cursor.close())]
    const text = await this.#text(cursor, one.input.size, one.form, task, closing)
    return { name, file, text, close: () => closing.forEach(close => close()) }
  }

  /** Writes columns as a CSV file with BOM and header; those that are numbered in `hidden` with pseudonyms. */
  csv({ names, columns, hidden, pseudonyms }: Calls['csv']['request']): Uint8Array {
    return this.#call(wasm => wasm.releaseCsv(names, columns, hidden, pseudonyms))
  }

  /** Sets the gate of runs that start from now on. */
  setPolicy(policy: object | null | undefined): void {
    this.#call(wasm => wasm.setPolicy(policy))
  }

  /** Runs a task of privacy; `policy` sets the gate. */
  async privacy(task: string, options: object | null | undefined): Promise<unknown> {
    if (task === 'policy') return this.setPolicy(options)
    await this.completed()
    return this.#call(wasm => wasm.privacy(task, options))
  }

  /** What is left of the memory for one more table. */
  #free(): number {
    let held = 0
    for (const { bytes } of this.#tables.values()) held += bytes
    return Math.max(this.#memoryLimit - held, 0)
  }
}

/** The first `size` bytes of a text (or a little less), and all pieces including those. */
async function sampled(text: Utf8, size: number): Promise<{ sample: Uint8Array; pieces: Cursor<Uint8Array> }> {
  const head: Uint8Array[] = []
  for (let length = 0; length < size;) {
    const piece = await text.next()
    if (!piece) break
    head.push(piece)
    length += piece.length
  }
  return {
    sample: joined(head).subarray(0, size),
    pieces: {
      next: async () => head.shift() ?? text.next(),
      close: () => text.close(),
    },
  }
}

/** How a file that was read becomes the same text again. */
function formOf(text: Utf8, { format, limits }: TableOptions): Form {
  const found = isSheet(text) ? { format: 'xlsx' as const, sheet: text.sheet } : { ...(format && { format }), encoding: text.encoding.label }
  return { ...found, ...(limits && { limits }) }
}

/**
 * An error of reading with the table's name. Bytes count in the file: for decoded text only the
 * line is known. A header that is missing in text whose encoding was told from the bytes means that it was told wrong.
 */
function placed(error: unknown, text: Utf8 | null, table: string, file?: number, fileName?: string): unknown {
  if (!(error instanceof SiyuError) || error.code === 'cancelled') return error
  const { byte, ...failure } = failureOf(error)
  if (fileName) failure.hint = `In ${fileName}: ${failure.hint}`
  const { code, hint } = failure
  const named = { ...(table && { table }), ...(file !== undefined && { file }) }
  const notUtf8 = text?.encoding.notUtf8
  if (notUtf8 && (code === 'missing-column' || code === 'missing-role')) {
    return fail('encoding', 'These columns are in no known encoding: name it.', {
      ...notUtf8, ...named,
    })
  }
  // A place that was found while decoding counts in the file already.
  const inFile = !text || (!isDecoded(text.encoding) && !isSheet(text)) || code === 'encoding'
  return fail(code, hint, { ...failure, ...named, ...(inFile && byte !== undefined && { byte }) })
}
