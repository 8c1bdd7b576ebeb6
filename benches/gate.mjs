// One job: what the gate costs. RFM on columns in memory with a policy (two purposes, a class for each
// column, a consent of every customer) against the same run without one. Every consent holds, so
// that both do the same work but for the gate's. The policy is read before, and what it says of a table's
// customers is kept from the first run on; what the first run takes stands beside.
//
//   node benches/gate.mjs [--full]     1 M rows, or 10 M; a tenth as many customers

import { open } from 'siyu/sync'
import { assertEqual, columnsOf, digest } from './agreement.mjs'
import { AT, idOf, purchases } from './data.mjs'
import { full, interleaved, median, report, timed } from './measure.mjs'

const rows = full ? 10_000_000 : 1_000_000
const ROUNDS = 15
const log = purchases(rows)
const ids = Array.from({ length: log.known }, (_, code) => idOf(code))
const columns = { customer: { codes: log.customers, ids }, time: log.times, amount: log.amounts }

const policy = {
  version: 1,
  name: 'shop',
  text: '2025-01',
  purposes: [{ name: 'segmentation', automated: true, retentionDays: 1_095 }, { name: 'marketing' }],
  columns: [
    { column: 'customer', class: 'identifier', purposes: ['segmentation', 'marketing'] },
    { column: 'time', class: 'quasi-identifier', purposes: ['segmentation'] },
    { column: 'amount', purposes: ['segmentation'] },
  ],
  consents: ids.map(customer => ({ customer, purpose: 'segmentation', grantedAt: '2023-05-01T10:00:00+08:00', text: '2025-01', lastActivity: '2025-05-01' })),
}

const without = await open({ memoryLimit: 2 ** 31 })
const before = await without.read({ columns }, { keep: 'loaded' })
// Another limit, since engines with the same options are one.
const withOne = await open({ memoryLimit: 2 ** 31 - 1 })
const set = await timed(() => withOne.setPolicy(policy))
const behind = await withOne.read({ columns }, { keep: 'loaded' })

const request = { analysis: 'rfm', version: 1, inputs: { log: 'orders' }, options: { at: AT } }
const named = { ...request, purpose: 'segmentation', at: '2025-06-01T00:00:00+08:00' }
let truth = null
const check = (result) => {
  truth ??= digest(columnsOf(result))
  assertEqual('the same customers', truth, digest(columnsOf(result)))
}
const times = await interleaved([
  { name: 'Without a policy', run: () => without.run(request, { orders: before }), check },
  { name: 'With a policy', run: () => withOne.run(named, { orders: behind }), check },
], { rounds: ROUNDS, warm: 2 })

// The first run after another instant, when every customer is looked up.
const first = []
for (let second = 1; second <= 5; second += 1) {
  first.push((await timed(() => withOne.run({ ...named, at: `2025-06-01T00:00:0${second}+08:00` }, { orders: behind }))).ms)
}

const [free, gated] = [times['Without a policy'], times['With a policy']]
report({
  title: `The gate before RFM on columns in memory: ${rows.toLocaleString('en')} rows, ${log.known.toLocaleString('en')} customers and consents`,
  rows: [...Object.entries(times).map(([name, ms]) => ({ name, ms })), { name: 'With a policy, the first run of an instant', ms: first }, { name: 'Reading the policy once', ms: [set.ms] }],
  ratios: [{ name: `with / without, median of ${ROUNDS} pairs`, value: median(gated.map((ms, round) => ms / free[round])), most: 1.05 }],
})
without.close()
withOne.close()
