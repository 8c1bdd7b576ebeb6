// One job: before any time counts, all contenders must have found the same customers.

import assert from 'node:assert/strict'

/** What two answers are compared by: sizes, sums, scores and groups. */
export function digest({ recency, frequency, monetary, r, f, m, group }) {
  const sum = (values) => values.reduce((all, value) => all + Number(value), 0)
  return {
    customers: frequency.length,
    days: sum(recency),
    purchases: sum(frequency),
    revenue: sum(monetary),
    r: counts(r, 6),
    f: counts(f, 6),
    m: counts(m, 6),
    groups: counts(group, 8),
  }
}

function counts(codes, kinds) {
  const found = new Array(kinds).fill(0)
  for (const code of codes) found[code] += 1
  return found
}

/**
 * Throws unless both agree. Peers add money in floating point, Siyu exactly: sums may differ by one
 * part in 10⁹, and customers whose money is equal to the cent may fall on different sides of a
 * monetary cut (at most one customer in 1,000). All else is equal.
 */
export function assertEqual(name, one, other) {
  const { revenue, m, ...exact } = one
  const { revenue: otherRevenue, m: otherM, ...otherExact } = other
  assert.deepEqual(otherExact, exact, name)
  assert.ok(Math.abs(revenue - otherRevenue) <= Math.abs(revenue) * 1e-9, `${name}: ${revenue} and ${otherRevenue}`)
  m.forEach((count, score) => {
    assert.ok(Math.abs(count - otherM[score]) <= one.customers / 1000, `${name}: ${m} and ${otherM}`)
  })
}

/** The columns of a Siyu report that are compared. */
export function columnsOf({ customers }) {
  const names = ['recency', 'frequency', 'monetary', 'r', 'f', 'm', 'group']
  return Object.fromEntries(names.map((name) => [name, customers.column(name)]))
}
