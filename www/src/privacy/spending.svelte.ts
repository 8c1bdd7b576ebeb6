// The budget of noisy answers: what may be spent in all, what the next answer takes, and what the log says was spent.
import { journal } from '../journal.svelte'

let budget = $state('2')
let epsilon = $state('0.5')

/** Digits that the engine takes, as an amount above 0. */
const isAmount = (text: string) => /^\d{1,3}(\.\d{1,6})?$/.test(text) && Number(text) > 0

export const spending = {
  get budget() {
    return budget
  },
  set budget(text: string) {
    budget = text
  },
  get epsilon() {
    return epsilon
  },
  set epsilon(text: string) {
    epsilon = text
  },
  get isValid() {
    return isAmount(budget) && isAmount(epsilon)
  },
  /** The ε of all answers in the log, as a gauge shows it; the engine counts in exact decimals. */
  get spent() {
    return journal.ledger.entries.reduce((sum: number, entry) => {
      const { op, epsilon } = entry as Record<string, unknown>
      return op === 'noisy-answer' ? Math.round((sum + Number(epsilon)) * 1e6) / 1e6 : sum
    }, 0)
  },
}
