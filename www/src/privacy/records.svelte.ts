// A file with records of consent: its columns, what they are taken for, and what came out of it.
import type { Guess } from 'siyu'
import { consentColumns, consentsOf, type ConsentField, type Consents } from 'siyu/compliance'
import { session } from '../session.svelte'
import { draft } from './draft.svelte'

class Records {
  file = $state.raw<File | null>(null)
  guess = $state.raw<Guess | null>(null)
  columns = $state<Partial<Record<ConsentField, string>>>({})
  /** The purpose of records that name none; empty for the first of the policy. */
  purpose = $state('')
  answer = $state.raw<Consents | null>(null)
  /** The code of what is wrong with the file as a whole. */
  refused = $state('')

  get ready(): boolean {
    return this.columns.customer !== undefined && this.columns.grantedAt !== undefined
  }

  async open(file: File) {
    this.clear()
    const guess = await session.work('guess', () => this.open(file), siyu => siyu.guess(file))
    if (guess === null) return
    this.file = file
    this.guess = guess
    this.columns = consentColumns(guess)
    await this.read()
  }

  /** Reads the records with the columns as they are chosen; they take the place of those in the policy. */
  async read() {
    const { file } = this
    this.answer = null
    this.refused = ''
    if (file === null || !this.ready) return
    const columns = $state.snapshot(this.columns)
    const purposes = draft.purposes.map(one => one.name)
    const only = this.purpose === '' ? purposes[0] : this.purpose
    const isTold = (error: unknown) => {
      const { code } = error as { code?: string }
      if (code !== 'unsupported' && code !== 'parse' && code !== 'missing-column') return false
      this.refused = code
      return true
    }
    const answer = await session.work('read', () => this.read(), siyu => consentsOf(siyu, file, { columns, purposes, ...(only === undefined ? {} : { purpose: only }) }), isTold)
    if (answer === null || this.file !== file) return
    this.answer = answer
    draft.consents = answer.consents
  }

  choose(field: ConsentField, column: string) {
    if (column === '') delete this.columns[field]
    else this.columns[field] = column
    return this.read()
  }

  clear() {
    this.file = null
    this.guess = null
    this.columns = {}
    this.answer = null
    this.refused = ''
  }
}

export const records = new Records()

/** Customers of records that the law does not take for consent. */
export function withoutConsent(answer: Consents | null): Set<string> {
  const none = new Set(['bundled', 'pre-ticked', 'several-purposes'])
  return new Set(answer?.refused.filter(one => none.has(one.reason)).map(one => one.customer) ?? [])
}
