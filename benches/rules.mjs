// One job: a rule of ten conditions over columns that are in memory already. Siyu against the same rule
// as one SQL text in DuckDB-WASM, and a number of segments at once; both must name the same customers.
//
//   node benches/rules.mjs [--full]     1 M rows, or 10 M; a tenth as many customers

import assert from 'node:assert/strict'
import { open } from 'siyu/sync'
import { AT, purchases } from './data.mjs'
import * as duckdb from './duckdb.mjs'
import { full, interleaved, median, report } from './measure.mjs'

const rows = full ? 10_000_000 : 1_000_000
const log = purchases(rows)

// Limits of money lie between two cents, so that sums in floating point decide as exact ones do.
const RULE = `orders >= 5 and orders(last 365d) >= 2 and amount(last 180d) > 50.005 and avg >= 20.0001
  and max >= 60 and min <= 40 and sinceLast <= 200 and sinceFirst >= 300 and amount > percentile(50)
  and not orders(between 720d and 600d ago) >= 4`

const SQL = `WITH customers AS (
  SELECT customer,
    count(*) AS orders,
    count(*) FILTER (time >= until - INTERVAL 365 DAY) AS recent,
    coalesce(sum(amount) FILTER (time >= until - INTERVAL 180 DAY), 0) AS recent_amount,
    sum(amount) AS amount,
    max(amount) AS most,
    min(amount) AS least,
    date_diff('day', max(time)::DATE, DATE '${AT}') AS since_last,
    date_diff('day', min(time)::DATE, DATE '${AT}') AS since_first,
    count(*) FILTER (time >= until - INTERVAL 720 DAY AND time < until - INTERVAL 600 DAY) AS early
  FROM log, (SELECT TIMESTAMP '${AT}' + INTERVAL 1 DAY AS until)
  WHERE time < until
  GROUP BY customer
),
middle AS (SELECT quantile_disc(amount, 0.5) AS amount FROM customers)
SELECT customer, (orders >= 5 AND recent >= 2 AND recent_amount > 50.005 AND customers.amount / orders >= 20.0001
  AND most >= 60 AND least <= 40 AND since_last <= 200 AND since_first >= 300
  AND customers.amount > middle.amount + 0.001 AND NOT early >= 4)::UTINYINT AS member
FROM customers, middle`

const siyu = await open({ memoryLimit: 2 ** 31 })
const columns = { customer: log.customers, time: log.times, amount: log.amounts }
const table = await siyu.read({ columns }, { keep: 'loaded' })
const db = await duckdb.open()
duckdb.insert(db, log)

const recipe = { analysis: 'segments', options: { at: AT, segments: [{ name: 'rule', rule: RULE }] } }

/** The members as one list of ascending ids. */
const sorted = (ids) => Uint32Array.from(ids).sort()
const bySiyu = ({ customers }) => {
  const member = customers.column('segment1')
  const ids = customers.column('customer')
  return sorted([...member.keys()].filter(row => member[row] === 1).map(row => Number(ids[row])))
}
const byDuckdb = ({ customer, member }) => sorted(customer.filter((_, row) => member[row] === 1))

const query = () => {
  const result = db.connection.query(SQL)
  return { customer: result.getChild('customer').toArray(), member: result.getChild('member').toArray() }
}
const expected = byDuckdb(query())
const found = bySiyu(await siyu.run(recipe, { log: table }))
assert.deepEqual(found, expected, 'both name the same customers')
assert.ok(found.length > log.known / 100, 'the rule divides the customers')

const times = await interleaved([
  { name: 'Siyu', run: () => siyu.run(recipe, { log: table }) },
  { name: 'DuckDB-WASM', run: query },
], { rounds: full ? 5 : 7, warm: 2 })

report({
  title: `A rule of ten conditions on columns in memory: ${rows.toLocaleString('en')} rows, ${log.known.toLocaleString('en')} customers`,
  rows: Object.entries(times).map(([name, ms]) => ({ name, ms })),
  ratios: [{ name: 'DuckDB-WASM / Siyu', value: median(times['DuckDB-WASM']) / median(times.Siyu), least: 5 }],
  notes: [`${found.length.toLocaleString('en')} customers fulfil the rule, the same in both.`],
})
siyu.close()
