// Customers in the order of their risk, and what contacting the first of them is expected to earn.
import type { ColumnSet } from 'siyu'

/** What a campaign against leaving costs and brings: the terms of the option `campaign` of `churn-risk`. */
export interface Terms {
  value: number
  incentive: number
  contact: number
  /** The share of those who would leave that the offer keeps, between 0 and 1. */
  acceptance: number
}

/** Bands of risk end at these probabilities. */
export const CUTS = [0.75, 0.5, 0.25] as const

/** What `label` says of those who left. */
const LEFT = 1

/**
 * What a contact earns of somebody who would leave, what it costs of somebody who would not, and the probability
 * at which both are even.
 */
export function earnings({ value, incentive, contact, acceptance }: Terms) {
  const hit = acceptance * (value - incentive) - contact
  const wrong = incentive + contact
  return { hit, wrong, threshold: hit + wrong > 0 ? Math.min(1, wrong / (hit + wrong)) : 1 }
}

export const isSound = ({ value, incentive, contact, acceptance }: Terms) =>
  [value, incentive, contact].every(money => Number.isFinite(money) && money >= 0) && value > incentive && acceptance > 0 && acceptance < 1

export class Ranking {
  /** Rows of customers who have not left, the most likely to leave first. */
  readonly rows: Uint32Array
  /** Probability of each of them. */
  readonly probability: Float64Array
  /** Sum of the probabilities of the first so many. */
  readonly expected: Float64Array

  constructor(set: ColumnSet) {
    const label = set.column('label')
    const all = set.column('probability') as Float64Array
    const rows = new Uint32Array(set.length)
    let count = 0
    for (let row = 0; row < set.length; row++) if (label[row] !== LEFT) rows[count++] = row
    this.rows = rows.slice(0, count)
    this.probability = Float64Array.from(this.rows, row => all[row] ?? 0)
    this.expected = new Float64Array(count + 1)
    for (let i = 0; i < count; i++) this.expected[i + 1] = (this.expected[i] ?? 0) + (this.probability[i] ?? 0)
  }

  /** How many have at least this probability. */
  downTo(probability: number): number {
    let [low, high] = [0, this.rows.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.probability[middle] ?? 0) >= probability) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Of those in these places, how many are expected to leave. */
  leaving(from: number, until: number): number {
    return (this.expected[until] ?? 0) - (this.expected[from] ?? 0)
  }

  /** How many contacts earn the most. */
  best(terms: Terms): number {
    const { hit, threshold } = earnings(terms)
    return hit > 0 ? this.downTo(threshold) : 0
  }

  /** What contacting the first `count` is expected to earn. */
  profit(terms: Terms, count: number): number {
    const { hit, wrong } = earnings(terms)
    const leaving = this.leaving(0, count)
    return leaving * hit - (count - leaving) * wrong
  }
}

/** Days ahead at which a customer's card tells whether they are still there. */
export const LATER_DAYS = [30, 90, 180, 365] as const
