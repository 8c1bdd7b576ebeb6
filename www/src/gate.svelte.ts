// The policy that is in force in this visit: whose rows may be used, of which columns, for what. Nothing is in force
// until the reader turns a policy on, and nothing of it outlives the page.
import type { PolicyDocument } from 'siyu'

/** A policy with the purpose and the instant of everything that is computed under it. */
export interface Rule {
  policy: PolicyDocument
  purpose: string
  /** The instant at which consent must hold. */
  at: string
}

let rule = $state.raw<Rule | null>(null)

export const gate = {
  /** Null: without a policy. */
  get rule() {
    return rule
  },
  set rule(next: Rule | null) {
    rule = next
  },
  /** What every request says of itself under the policy. */
  get asked(): { purpose?: string; at?: string } {
    return rule === null ? {} : { purpose: rule.purpose, at: rule.at }
  },
}
