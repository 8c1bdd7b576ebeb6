/** What goes along with everything that leaves: what it is, for what, of how many persons, and what the law asks of it abroad. */
import { fail } from './errors.js'
import type { Ledger, PolicyDocument } from './generated.js'
import { type Both, CROSS_BORDER, type CrossBorderRule, type CrossBorderRules } from './rules.js'

/** How a release was made safe: not at all (the controller's own list), by suppression, by k-anonymity, by noise. */
export type ReleaseMode = 'own-list' | 'aggregate' | 'anonymised-table' | 'differentially-private'

/** Who gets it. */
export type Recipient = 'self' | 'domestic' | 'abroad' | 'public'

/** A release that is to be described. */
export interface ReleaseFacts {
  mode: ReleaseMode
  purpose: string
  /** When: an instant such as `2025-06-01T09:00:00+08:00`. */
  at: string
  recipient: Recipient
  /** Persons of whom it speaks: rows of a list, customers behind the counts. */
  persons: number
  /** Columns of what leaves. */
  columns?: string[]
  /** Roles, and attributes with an `@`, from which it was computed: what leaves is of their highest class. Default: all that the policy has for the purpose. */
  read?: string[]
  /** What made it safe: k, ε, δ … */
  parameters?: Record<string, unknown>
  /** Of an anonymised table: whether you vouch that nobody can be found in it again, by any means. Without it, it counts as personal information. */
  anonymous?: boolean
  /** Whether the controller operates critical information infrastructure. */
  critical?: boolean
  /** Whether important data is in it. */
  important?: boolean
}

/** The band of the rules on giving personal information abroad. */
export interface Band {
  band: CrossBorderRule['band']
  text: Both
  /** Persons counted this year, this release included. */
  persons: number
  sensitive: number
  source: Both
  since: string
  read: string
}

/** What a release says of itself. */
export interface Manifest extends Required<Omit<ReleaseFacts, 'read' | 'anonymous' | 'critical' | 'important'>> {
  version: 1
  /** The name of the policy, `none` without one. */
  policy: string
  /** The highest class of what it was computed from; aggregates are of none. */
  class: 'identifier' | 'quasi-identifier' | 'sensitive' | 'ordinary' | null
  /** Whether it is personal information: lists are, also with pseudonyms (PIPL art. 73), and tables for which nobody vouches. */
  personal: boolean
  /** How many of the persons are there with sensitive information. */
  sensitive: number
  /** What the law asks if it goes abroad; null if it does not, or is no personal information. */
  crossBorder: Band | null
}

const CLASSES = ['ordinary', 'quasi-identifier', 'identifier', 'sensitive'] as const

/** Persons whose information went abroad in the year of an instant, by the log: a person in two releases counts twice. */
export function abroadBefore(ledger: Ledger, at: string): { persons: number; sensitive: number } {
  const sum = { persons: 0, sensitive: 0 }
  for (const entry of ledger.entries as Record<string, unknown>[]) {
    if (entry.op !== 'release' || entry.recipient !== 'abroad' || entry.personal !== true || String(entry.at).slice(0, 4) !== at.slice(0, 4)) continue
    sum.persons += Number(entry.persons) - Number(entry.sensitive)
    sum.sensitive += Number(entry.sensitive)
  }
  return sum
}

/** The band of so many persons of a year: those with sensitive information, and the others. */
export function crossBorderBand(
  { persons, sensitive, critical = false, important = false }: { persons: number; sensitive: number; critical?: boolean; important?: boolean }, rules: CrossBorderRules = CROSS_BORDER,
): Band {
  const applies = (rule: CrossBorderRule): boolean => (rule.critical === true && critical) || (rule.important === true && important)
    || (rule.persons !== undefined && persons >= rule.persons) || (rule.sensitive !== undefined && sensitive >= rule.sensitive)
  const rule = rules.bands.find(applies) ?? rules.bands.at(-1)
  if (!rule) throw fail('invalid-option', 'The rules have no band.', { path: 'rules.bands' })
  const { source, since, read } = rules
  return { band: rule.band, text: rule.text, persons, sensitive, source, since, read }
}

/**
 * The manifest of a release. What is computed from a sensitive column counts as sensitive: a result has the
 * highest class of what it was computed from until it is an aggregate (GB/T 43697, "the higher is followed").
 */
export function manifestOf(facts: ReleaseFacts, { policy = null, ledger = { entries: [], hashes: [] }, rules = CROSS_BORDER }: { policy?: PolicyDocument | null; ledger?: Ledger; rules?: CrossBorderRules } = {}): Manifest {
  const { mode, purpose, at, recipient, persons, columns = [], read, parameters = {}, anonymous = false, critical = false, important = false } = facts
  if (!Number.isSafeInteger(persons) || persons < 0) throw fail('invalid-option', 'The number of persons is a whole number.', { path: 'persons' })
  if (policy && !policy.purposes.some(({ name }) => name === purpose)) throw fail('denied', `The policy asks for a purpose: ${policy.purposes.map(({ name }) => name).join(', ')}.`, { path: 'purpose' })
  const personal = mode === 'own-list' || (mode === 'anonymised-table' && !anonymous)
  const of = policy?.columns.filter(one => (read ? read.includes(one.column) : one.purposes.includes(purpose))) ?? []
  const denied = read?.find(column => policy && !of.some(one => one.column === column && one.purposes.includes(purpose)))
  if (denied !== undefined) throw fail('denied', 'The policy does not let this purpose read this column.', { path: 'read', column: denied })
  const highest = of.reduce((most, { class: each = 'ordinary' }) => Math.max(most, CLASSES.indexOf(each)), 0)
  const grade = personal && policy ? (CLASSES[highest] ?? 'ordinary') : null
  const sensitive = grade === 'sensitive' ? persons : 0
  const before = abroadBefore(ledger, at)
  const crossBorder = recipient === 'abroad' && personal
    ? crossBorderBand({ persons: before.persons + persons - sensitive, sensitive: before.sensitive + sensitive, critical, important }, rules) : null
  return { version: 1, mode, purpose, at, recipient, persons, columns, parameters, policy: policy?.name ?? 'none', class: grade, personal, sensitive, crossBorder }
}

/** The entry of a log for a release: counts, no names of columns. */
export function releaseEntry({ mode, purpose, at, recipient, persons, sensitive, personal, columns, parameters, crossBorder }: Manifest): Record<string, unknown> {
  return { op: 'release', at, mode, purpose, recipient, persons, sensitive, personal, columns: columns.length, parameters, band: crossBorder?.band ?? null }
}
