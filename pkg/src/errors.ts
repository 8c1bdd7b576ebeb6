/**
 * Errors as the package throws them: one class, a stable code, the place, one sentence of help.
 *
 * The codes are those of the Rust crate (docs/errors.md). Messages never contain a cell value, so
 * an error can be logged without leaking customer data.
 */

/** An error as plain data: how it leaves the wasm module and crosses to the page. */
export interface Failure {
  code: string
  hint: string
  table?: string
  file?: number
  column?: string
  row?: number
  byte?: number
  path?: string
}

/** Every error that Siyu raises. Each entry of the package has its own copy of this class; `instanceof` knows all of them. */
export class SiyuError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (value as Error | null)?.name === 'SiyuError'
  }

  override readonly name = 'SiyuError'
  /** The stable kebab-case code, such as `missing-column`. Translate by this. */
  readonly code: string
  /** One sentence that says what to do. */
  readonly hint: string
  /** The table's name. */
  declare readonly table?: string
  /** Which of several files of the table, from 0. */
  declare readonly file?: number
  /** The column's name as the file has it. */
  declare readonly column?: string
  /** The line of the file (from 1), or the row of columns in memory (from 1). */
  declare readonly row?: number
  /** The byte offset in the file (from 0). */
  declare readonly byte?: number
  /** The place in the request, such as `options.groups.map[2].r`. */
  declare readonly path?: string

  constructor(failure: Failure, options?: { cause?: unknown }) {
    super(sentence(failure), options)
    this.code = failure.code
    this.hint = failure.hint
    for (const key of ['table', 'file', 'column', 'row', 'byte', 'path'] as const) {
      if (failure[key] != null) (this as unknown as Record<string, unknown>)[key] = failure[key]
    }
  }
}

function sentence(failure: Failure): string {
  let text = failure.code
  if (failure.table != null) text += ` in table ${failure.table}`
  if (failure.file != null) text += ` in file ${failure.file + 1}`
  if (failure.column != null) text += ` in column ${failure.column}`
  if (failure.row != null) text += ` at row ${failure.row}`
  if (failure.byte != null) text += ` (byte ${failure.byte})`
  if (failure.path != null) text += ` at ${failure.path}`
  return `${text}: ${failure.hint}`
}

/** Shorthand for an error with a place. */
export function fail(code: string, hint: string, place: Omit<Failure, 'code' | 'hint'> = {}): SiyuError {
  return new SiyuError({ code, hint, ...place })
}

/**
 * The engine is beyond use: the wasm module trapped, ran out of memory, or its glue threw. The
 * instance must be thrown away, whatever state it is in.
 */
export class Broken extends Error {
  override readonly name = 'Broken'
}

/** A file that is not what it was. */
export function changed(): SiyuError {
  return fail('closed', 'The file was moved, deleted or changed: choose it again.')
}

/** Any thrown value as plain data for the other side. */
export function failureOf(error: unknown): Failure {
  if (error instanceof SiyuError) {
    const { name: _, ...failure } = error
    return failure
  }
  const name = (error as { name?: string } | null)?.name
  if (name === 'NotReadableError' || name === 'NotFoundError') {
    return failureOf(changed())
  }
  return { code: 'unsupported', hint: `The source could not be read (${name ?? typeof error}).` }
}

/** Whether a thrown value is a coded error from the wasm module. */
export function isFailure(error: unknown): error is Failure {
  const { code, hint } = (error ?? {}) as Partial<Failure>
  return !(error instanceof Error) && typeof code === 'string' && typeof hint === 'string'
}
