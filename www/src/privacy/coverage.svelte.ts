// For each purpose: how many customers may be used on the chosen day, and why not the others.
import type { Consent, PolicyDocument } from 'siyu'
import { session } from '../session.svelte'
import { consentDay } from './day.svelte'
import { draft } from './draft.svelte'
import { records, withoutConsent } from './records.svelte'

/** Customers of one question to the engine: one step of it. */
const PART = 5_000

export interface Covered {
  purpose: string
  customers: number
  allowed: number
  /** Customers by the reason against them, most first. */
  refused: [reason: string, customers: number][]
  /** Of those without a record: how many have one that is none. */
  bundled: number
}

let counted = $state.raw<{ at: string; purposes: Covered[]; key: string; consents: readonly Consent[] } | null>(null)

/** What the counts depend on, but for the records themselves. */
const keyOf = () => JSON.stringify([draft.document(false), consentDay.instant])

export const coverage = {
  get counted() {
    return counted
  },
  /** Whether the policy, the day or the records have changed since. */
  get stale() {
    return counted !== null && (counted.key !== keyOf() || counted.consents !== draft.consents)
  },
  async count() {
    const set = session.everyone
    if (set === null) return
    const [key, policy, at, consents] = [keyOf(), draft.document(), consentDay.instant, draft.consents]
    const none = withoutConsent(records.answer)
    const found = await session.work('view', () => coverage.count(), async (siyu, signal, progress) => {
      const of = byCustomer(policy.consents ?? [])
      const purposes: Covered[] = policy.purposes.map(({ name }) => ({ purpose: name, customers: set.length, allowed: 0, refused: [], bundled: 0 }))
      const steps = purposes.length * set.length
      for (let from = 0; from < set.length; from += PART) {
        const customers = Array.from({ length: Math.min(PART, set.length - from) }, (_, at) => set.text('customer', from + at))
        const mine: PolicyDocument = { ...policy, consents: customers.flatMap(customer => of.get(customer) ?? []) }
        for (const [index, one] of purposes.entries()) {
          signal.throwIfAborted()
          const columns = policy.columns.filter(each => each.purposes.includes(one.purpose)).map(each => each.column)
          const { allowed, refused, reasons } = await siyu.privacy('coverage', { policy: mine, purpose: one.purpose, at, columns, customers })
          one.allowed += allowed
          add(one, refused)
          one.bundled += customers.filter((customer, at) => reasons[at] === 'no-basis' && none.has(customer)).length
          progress(from * purposes.length + (index + 1) * customers.length, steps)
        }
      }
      return purposes
    })
    if (found !== null) counted = { at, purposes: found, key, consents }
  },
  clear() {
    counted = null
  },
}

function byCustomer(consents: readonly Consent[]): Map<string, Consent[]> {
  const of = new Map<string, Consent[]>()
  for (const one of consents) {
    const list = of.get(one.customer)
    if (list === undefined) of.set(one.customer, [one])
    else list.push(one)
  }
  return of
}

function add(one: Covered, refused: { reason: string; customers: number }[]) {
  const sums = new Map(one.refused)
  for (const { reason, customers } of refused) sums.set(reason, (sums.get(reason) ?? 0) + customers)
  one.refused = [...sums].sort(([, a], [, b]) => b - a)
}
