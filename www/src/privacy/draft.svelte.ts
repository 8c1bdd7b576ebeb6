// The policy as the reader writes it: purposes, columns, and what each column may serve. It becomes a policy of the
// package when it is put in force or saved.
import type { Consent, GuessColumn, PolicyDocument } from 'siyu'
import { ROLES, session, type Role } from '../session.svelte'

export const CLASSES = ['identifier', 'quasi-identifier', 'sensitive', 'ordinary'] as const
export type Class = (typeof CLASSES)[number]

export interface PurposeDraft {
  name: string
  consent: boolean
  automated: boolean
  retentionDays: number | null
}

export interface ColumnDraft {
  /** A role such as `amount`, or `@` and the name of an attribute. */
  column: string
  class: Class
  purposes: string[]
}

export const isRole = (name: string): name is Role => (ROLES as readonly string[]).includes(name)

class Draft {
  name = $state('')
  text = $state('')
  materialChange = $state(false)
  purposes = $state<PurposeDraft[]>([])
  columns = $state<ColumnDraft[]>([])
  /** Records of consent, as they were imported or came with a policy. */
  consents = $state.raw<readonly Consent[]>([])

  /** A draft that nobody has begun follows the file: its columns, with what was found in them. */
  begin(purpose: string, name: string) {
    if (this.purposes.length > 0) return
    this.name = name
    this.purposes = [{ name: purpose, consent: true, automated: false, retentionDays: null }]
    for (const role of ROLES) if (session.mapping[role] !== '') this.columns.push({ column: role, class: proposed(role), purposes: [purpose] })
  }

  /** Columns that the file is read with and of which the draft says nothing: they are refused. */
  get unnamed(): Role[] {
    return ROLES.filter(role => session.mapping[role] !== '' && !this.columns.some(one => one.column === role))
  }

  addColumn(column: string) {
    if (column !== '' && !this.columns.some(one => one.column === column)) this.columns.push({ column, class: isRole(column) ? proposed(column) : 'ordinary', purposes: [] })
  }

  addPurpose(name: string) {
    const taken = new Set(this.purposes.map(one => one.name))
    let free = name
    for (let n = 2; taken.has(free); n++) free = `${name} ${n}`
    this.purposes.push({ name: free, consent: true, automated: false, retentionDays: null })
  }

  /** Another name for a purpose, in the columns too; false if another has it. */
  rename(index: number, name: string): boolean {
    const purpose = this.purposes[index]
    if (purpose === undefined || name === '' || this.purposes.some((one, at) => at !== index && one.name === name)) return false
    for (const column of this.columns) column.purposes = column.purposes.map(each => (each === purpose.name ? name : each))
    purpose.name = name
    return true
  }

  removePurpose(index: number) {
    const [gone] = this.purposes.splice(index, 1)
    for (const column of this.columns) column.purposes = column.purposes.filter(each => each !== gone?.name)
  }

  allow(column: ColumnDraft, purpose: string, allowed: boolean) {
    column.purposes = allowed ? [...column.purposes, purpose] : column.purposes.filter(each => each !== purpose)
  }

  /** Takes a policy of the package in the place of what was written. */
  take(policy: PolicyDocument) {
    this.name = policy.name
    this.text = policy.text ?? ''
    this.materialChange = policy.materialChange ?? false
    this.purposes = policy.purposes.map(one => ({ name: one.name, consent: one.consent ?? true, automated: one.automated ?? false, retentionDays: one.retentionDays ?? null }))
    this.columns = policy.columns.map(one => ({ column: one.column, class: one.class ?? 'ordinary', purposes: [...one.purposes] }))
    this.consents = policy.consents ?? []
  }

  /** The policy as the package takes it; the records of consent name customers and are in it only if asked for. */
  document(withConsents = true): PolicyDocument {
    const { name, text, materialChange, purposes, columns } = $state.snapshot({ name: this.name, text: this.text, materialChange: this.materialChange, purposes: this.purposes, columns: this.columns })
    return { version: 1, name, ...(text === '' ? {} : { text, materialChange }), purposes, columns, ...(withConsents ? { consents: [...this.consents] } : {}) }
  }

  clear() {
    this.name = this.text = ''
    this.materialChange = false
    this.purposes = []
    this.columns = []
    this.consents = []
  }
}

export const draft = new Draft()

/** What was seen of the column that is read in a role. */
export const seenAs = (role: Role): GuessColumn | undefined => session.guess?.columns.find(column => column.name === session.mapping[role])

/** The class that a column of the file gets unless the reader says otherwise. */
export function proposed(role: Role): Class {
  const found = seenAs(role)?.personal[0]?.class ?? 'ordinary'
  return role === 'customer' && found !== 'sensitive' ? 'identifier' : found
}

/** Whether a value read from a file has the shape of a policy. What it says the engine checks. */
export function isPolicy(value: unknown): value is PolicyDocument {
  const one = value as PolicyDocument | null
  const texts = (list: unknown): boolean => Array.isArray(list) && list.every(each => typeof each === 'string')
  return (
    typeof one === 'object' && one !== null && one.version === 1 && typeof one.name === 'string' &&
    Array.isArray(one.purposes) && one.purposes.every(each => typeof each?.name === 'string') &&
    Array.isArray(one.columns) && one.columns.every(each => typeof each?.column === 'string' && texts(each.purposes)) &&
    (one.consents === undefined || (Array.isArray(one.consents) && one.consents.every(each => typeof each?.customer === 'string' && typeof each.purpose === 'string' && typeof each.grantedAt === 'string')))
  )
}
