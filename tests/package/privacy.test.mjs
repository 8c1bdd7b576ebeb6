// Privacy through the package: a policy before every run, tasks as plain data, pseudonyms in files.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AT, CSV, READ, consent, entries, policy, rejected } from './given.mjs'

const RUN = { analysis: 'rfm', purpose: 'segmentation', at: '2025-12-31T00:00:00Z', options: AT }

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: a policy stands before every run, and a withdrawal holds from the next on`, async () => {
    const siyu = await open({ policy: policy(consent('A1'), consent('B2')) })
    const table = await siyu.read(CSV, READ)
    assert.equal((await rejected(siyu.rfm(table, AT))).code, 'denied')
    const both = await siyu.run(RUN, { orders: table })
    assert.deepEqual(both.customers.column('customer'), ['A1', 'B2'])
    assert.deepEqual(both.about.inputs[0].refused, [{ reason: 'no-basis', customers: 1 }])
    assert.equal(both.about.policy, 'shop')
    await siyu.setPolicy(policy(consent('A1'), consent('B2', { withdrawnAt: '2025-06-01' })))
    const one = await siyu.run(RUN, { orders: table })
    assert.deepEqual(one.customers.column('customer'), ['A1'])
    const failure = await rejected(siyu.setPolicy(policy(consent('A1', { bundled: true }))))
    assert.equal(failure.path, 'consents[0].bundled')
    for (const [wrong, path] of [[{ given: true }, 'consents[1].given'], [{ grantedAt: 5 }, 'consents[1].grantedAt'], [{ grantedAt: 'once' }, 'consents[1].grantedAt']]) {
      assert.equal((await rejected(siyu.setPolicy(policy(consent('A1'), consent('B2', wrong))))).path, path)
    }
    assert.equal((await rejected(siyu.setPolicy({ ...policy(), consents: 'all' }))).path, 'consents')
    // What was refused changed nothing.
    assert.deepEqual((await siyu.run(RUN, { orders: table })).customers.column('customer'), ['A1'])
    await siyu.setPolicy(null)
    assert.equal((await siyu.rfm(table, AT)).about.policy, 'none')
    siyu.close()
  })

  test(`${entry}: personal information is found, masked and proposed by the guess`, async () => {
    const siyu = await open()
    const texts = ['手机:+86 138-0013-8000', '', '身份证11010519491231002X', '订单号138001380001234567']
    const { finds, kinds } = await siyu.privacy('detect', { texts })
    assert.deepEqual(finds.map(({ text, kind, start, end }) => [text, kind, start, end]), [[0, 'cn-mobile', 3, 20], [2, 'cn-resident-id', 3, 21]])
    assert.deepEqual(kinds.map(({ kind, texts, class: as }) => [kind, texts, as]), [['cn-mobile', 1, 'identifier'], ['cn-resident-id', 1, 'sensitive']])
    const masked = await siyu.privacy('mask', { texts: ['电话13800138000'] })
    assert.deepEqual(masked.texts, ['电话138****8000'])
    const guess = await siyu.guess('id,phone,time,amount\n1,13800138000,2025-01-01,5\n2,13900139000,2025-01-02,6\n')
    assert.deepEqual(guess.columns.map(({ personal }) => personal.map(({ kind, share }) => [kind, share])), [[], [['cn-mobile', 1]], [], []])
    const unknown = await rejected(siyu.privacy('detects', { texts }))
    assert.match(unknown.hint, /detect/)
    siyu.close()
  })

  test(`${entry}: a file with pseudonyms holds no id, and files of two purposes have none in common`, async () => {
    const siyu = await open()
    const { customers } = await siyu.rfm(await siyu.read(CSV, READ), AT)
    const { key } = await siyu.privacy('newKey', {})
    const ids = async purpose => {
      const file = new TextDecoder().decode(await siyu.exportCsv(customers, { columns: ['customer', 'monetary'], pseudonyms: { key, purpose } }))
      assert.doesNotMatch(file, /A1|B2|C3/)
      return file.trim().split('\r\n').slice(1).map(line => line.split(',')[0])
    }
    const [one, again, other] = [await ids('segmentation'), await ids('segmentation'), await ids('marketing')]
    assert.deepEqual(one, again)
    assert.equal(new Set([...one, ...other]).size, 6)
    const { pseudonyms } = await siyu.privacy('pseudonyms', { key, purpose: 'segmentation', ids: ['A1', 'B2', 'C3'] })
    assert.deepEqual(pseudonyms, one)
    assert.equal((await rejected(siyu.exportCsv(customers, { columns: ['monetary'], pseudonyms: { key, purpose: 'p' } }))).path, 'pseudonyms.columns')
    assert.equal((await rejected(siyu.exportCsv(customers, { pseudonyms: { key: 'short', purpose: 'p' } }))).path, 'pseudonyms.key')
    siyu.close()
  })

  test(`${entry}: the groups of a segmentation are published within a budget, and the log shows tampering`, async () => {
    const siyu = await open()
    const { groups } = await siyu.rfm(await siyu.read(CSV, READ), AT)
    const counts = groups.map(({ name, customers }) => ({ name: typeof name === 'string' ? name : name.en, customers }))
    const ask = (query, epsilon, ledger) => siyu.privacy('noisyCounts', { query, groups: counts, namesKnown: true, epsilon, budget: { epsilon: '1' }, ...(ledger && { ledger }) })
    const first = await ask('groups of May', '0.6')
    assert.ok(first.groups.every(({ customers }) => Number.isInteger(customers)))
    const { ledger } = first.receipt
    const again = await ask('groups of May', '0.6', ledger)
    assert.deepEqual([again.groups, again.receipt.repeated, again.receipt.epsilonSpent], [first.groups, true, 0.6])
    assert.equal((await rejected(ask('groups of June', '0.5', ledger))).code, 'denied')
    assert.equal((await siyu.privacy('ledgerCheck', { ledger })).intact, true)
    ledger.entries[0].epsilon = '0.1'
    assert.equal((await siyu.privacy('ledgerCheck', { ledger })).firstBad, 1)
    assert.equal((await rejected(ask('groups of June', '0.5', ledger))).code, 'decode')
    siyu.close()
  })

  test(`${entry}: small cells are hidden so that totals do not give them away`, async () => {
    const siyu = await open()
    const { counts, hidden, feasible } = await siyu.privacy('suppress', { counts: [[3, 40], [50, 60]], k: 5 })
    assert.deepEqual([counts, hidden.length, feasible], [[[null, null], [null, null]], 4, true])
    const rows = [{ age: '20-29', seg: 'a' }, { age: '20-29', seg: 'b' }, { age: '30-39', seg: 'a' }]
    const figures = await siyu.privacy('anonymity', { rows, quasiIdentifiers: ['age'], sensitive: 'seg', demand: { k: 2 } })
    assert.deepEqual([figures.k, figures.classes, figures.passes], [1, 2, false])
    siyu.close()
  })
}
