// Attacks on what was given away, tried with the package as it is shipped: a customer who withdrew is
// looked for in everything that comes out afterwards, pseudonyms of two purposes are joined, the log
// is tampered with in each way, and two tables are subtracted.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AT, CSV, READ, consent, entries, policy, rejected } from './given.mjs'

const GONE = 'B2'
const at = '2025-12-31T00:00:00Z'

/** Everything of a report, columns included, as one text. */
const allOf = report => JSON.stringify(report, (_, value) => {
  if (typeof value?.names === 'object' && typeof value.column === 'function') return value.names.map(name => [...value.column(name)])
  return ArrayBuffer.isView(value) ? [...value] : value
})

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: who withdrew is in nothing that a later run gives, and counts in none of its numbers`, async () => {
    const siyu = await open({ policy: policy(consent('A1'), consent(GONE), consent('C3')) })
    const table = await siyu.read(CSV, READ)
    const run = (analysis, options) => siyu.run({ analysis, purpose: 'segmentation', at, options }, { orders: table })
    const requests = [['rfm', AT], ['describe', { column: 'amount' }], ['lifecycle', { ...AT, unit: 'week' }], ['tiers', { ...AT, tiers: [{ name: 'gold', from: 10 }] }]]
    assert.match(allOf(await run(...requests[0])), new RegExp(GONE))
    await siyu.setPolicy(policy(consent('A1'), consent(GONE, { withdrawnAt: '2025-06-01' }), consent('C3')))
    // The same shop, had this customer never been there.
    const fewer = CSV.split('\n').filter(line => !line.startsWith(GONE)).join('\n')
    assert.notEqual(fewer, CSV)
    const without = await siyu.read(fewer, READ)
    for (const [analysis, options] of requests) {
      const report = await run(analysis, options)
      assert.doesNotMatch(allOf(report), new RegExp(GONE), analysis)
      assert.deepEqual(report.about.inputs[0].refused, [{ reason: 'withdrawn', customers: 1 }])
      const never = await siyu.run({ analysis, purpose: 'segmentation', at, options }, { orders: without })
      const { about: _, ...numbers } = report
      const { about: __, ...expected } = never
      assert.equal(allOf(numbers), allOf(expected), analysis)
      if (report.customers) {
        const bytes = Buffer.from(await siyu.exportCsv(report.customers))
        assert.equal(bytes.includes(GONE), false)
      }
    }
    siyu.close()
  })

  test(`${entry}: files of two purposes, versions or keys have no pseudonym in common`, async () => {
    const siyu = await open()
    const ids = Array.from({ length: 500 }, (_, at) => `C${at}`)
    const [one, other] = [await siyu.privacy('newKey', {}), await siyu.privacy('newKey', {})]
    const lists = []
    for (const [{ key }, purpose, version] of [[one, 'segmentation', 1], [one, 'marketing', 1], [one, 'segmentation', 2], [other, 'segmentation', 1]]) {
      lists.push((await siyu.privacy('pseudonyms', { key, purpose, version, ids })).pseudonyms)
    }
    assert.equal(new Set(lists.flat()).size, 4 * ids.length)
    // Nor by their order or a part of them.
    const starts = lists.map(list => new Set(list.map(pseudonym => pseudonym.slice(0, 16))))
    assert.deepEqual([...starts[0]].filter(start => starts[1].has(start)), [])
    assert.ok(lists.every(list => list.every(pseudonym => !ids.some(id => pseudonym.includes(id)))))
    siyu.close()
  })

  test(`${entry}: a log shows what was edited, dropped, put elsewhere, added or cut off`, async () => {
    const siyu = await open()
    let ledger
    for (const op of ['read', 'run', 'release', 'erase', 'run']) ledger = await siyu.privacy('ledgerAppend', { ...(ledger && { ledger }), entry: { op, rows: 10 } })
    const head = ledger.hashes.at(-1)
    const check = async (change, seen) => {
      const log = structuredClone(ledger)
      change(log)
      return (await siyu.privacy('ledgerCheck', { ledger: log, ...(seen && { head: seen }) }))
    }
    assert.equal((await check(() => {}, head)).intact, true)
    const tampered = {
      edit: log => { log.entries[1].rows = 11 },
      drop: log => { log.entries.splice(1, 1); log.hashes.splice(1, 1) },
      reorder: log => { for (const list of [log.entries, log.hashes]) [list[1], list[2]] = [list[2], list[1]] },
      insert: log => { log.entries.splice(2, 0, log.entries[1]); log.hashes.splice(2, 0, log.hashes[1]) },
      'append without a hash': log => { log.entries.push({ seq: 6, op: 'run' }) },
      'another hash': log => { log.hashes[4] = '0'.repeat(64) },
    }
    for (const [kind, change] of Object.entries(tampered)) assert.equal((await check(change)).intact, false, kind)
    // A cut end shows by the hash that was kept elsewhere, as does a log that was written anew.
    const cut = log => { log.entries.pop(); log.hashes.pop() }
    assert.deepEqual(await check(cut, head), { intact: false, firstBad: null, isCut: true })
    const forged = await siyu.privacy('ledgerAppend', { entry: { op: 'read', rows: 9 } })
    assert.equal((await siyu.privacy('ledgerCheck', { ledger: forged, head })).isCut, true)
    siyu.close()
  })

  test(`${entry}: two tables that differ by a customer are not both published`, async () => {
    const siyu = await open()
    const publish = (counts, ledger) => siyu.privacy('suppress', { counts, k: 5, table: 'segment by city', ...(ledger && { ledger }) })
    const june = await publish([[20, 30], [40, 50]])
    assert.equal(june.ledger.entries.length, 1)
    const error = await rejected(publish([[20, 30], [40, 49]], june.ledger))
    assert.deepEqual([error.code, error.path], ['denied', 'counts'])
    // Who moved between cells is in no total, but in the cells.
    assert.equal((await rejected(publish([[21, 29], [39, 51]], june.ledger))).code, 'denied')
    const july = await publish([[26, 30], [40, 58]], june.ledger)
    assert.equal(july.ledger.entries.length, 2)
    assert.equal((await siyu.privacy('ledgerCheck', { ledger: july.ledger })).intact, true)
    // Without the log of June its charge would be gone: a log from which it was taken is refused.
    const less = { entries: july.ledger.entries.slice(1), hashes: july.ledger.hashes.slice(1) }
    assert.equal((await rejected(publish([[20, 30], [40, 49]], less))).code, 'decode')
    siyu.close()
  })

  test(`${entry}: what customers of segments spend is published with noise, within a budget`, async () => {
    const siyu = await open()
    const options = {
      query: 'spending of May', groups: ['loyal', 'lost'], amounts: [10, 20.5, 99, 4], group: [0, 0, 1, 0], customer: [1, 1, 2, 3],
      lower: 0, upper: 50, decimals: 2, rowsPerCustomer: 2, epsilon: '0.5', budget: { epsilon: '1' },
    }
    const first = await siyu.privacy('noisySums', options)
    assert.deepEqual(first.groups.map(({ name }) => name), options.groups)
    for (const { customers, sum, mean } of first.groups) {
      assert.ok(Number.isInteger(customers) && Math.abs(Math.round(sum * 100) / 100 - sum) < 1e-9)
      assert.equal(mean, customers >= 1 ? sum / customers : null)
    }
    const { ledger } = first.receipt
    assert.deepEqual((await siyu.privacy('noisySums', { ...options, ledger })).groups, first.groups)
    const error = await rejected(siyu.privacy('noisySums', { ...options, query: 'of June', epsilon: '0.6', ledger }))
    assert.deepEqual([error.code, error.path], ['denied', 'budget'])
    siyu.close()
  })
}
