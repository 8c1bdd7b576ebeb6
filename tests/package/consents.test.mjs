// Records of consent from files: columns by their usual names, what each record says, and which records are none.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open } from 'siyu/sync'
import { CONSENT_FIELDS, consentsOf } from 'siyu/compliance'
import { rejected } from './given.mjs'

let siyu
before(async () => { siyu = await open() })
after(() => siyu.close())

const read = (text, options) => consentsOf(siyu, new Blob([text]), options)

test('a Chinese file is understood by its header, and each record that is none says why and where', async () => {
  const text = [
    '会员编号,目的,同意时间,撤回时间,到期日,捆绑,默认勾选,单独同意,拒绝自动化决策,来源,备注',
    '0001,关怀,2025/1/5 9:00,,2026-01-01,否,否,"amount;@city",,小程序,',
    '0002,关怀,2025-01-05T10:00:00+08:00,2025-03-01,,,,*,是,,"第一行',
    '第二行"',
    '0003,关怀,2025-01-05,,,是,,,,,',
    '0004,关怀,2025-01-05,,,,1,,,,',
    '0005,"关怀、营销",2025-01-05,,,,,,,,',
    ',关怀,2025-01-05,,,,,,,,',
    '0006,,2025-01-05,,,,,,,,',
    '0007,关怀,去年,,,,,,,,',
    '0008,关怀,2025-02-30,,,,,,,,',
    '0009,关怀,2025-01-05,,,,也许,,,,',
    '0010,别的,2025-01-05,,,,,,,,',
  ].join('\n')
  const { columns, header, consents, rows, refused } = await read(text, { purposes: ['关怀', '营销'] })
  assert.equal(header.length, 11)
  assert.deepEqual([columns.customer, columns.purpose, columns.grantedAt, columns.expiresAt, columns.bundled], ['会员编号', '目的', '同意时间', '到期日', '捆绑'])
  assert.deepEqual(consents, [
    { customer: '0001', purpose: '关怀', grantedAt: '2025-01-05T09:00:00Z', expiresAt: '2026-01-01', source: '小程序', separate: ['amount', '@city'] },
    { customer: '0002', purpose: '关怀', grantedAt: '2025-01-05T10:00:00+08:00', withdrawnAt: '2025-03-01', separate: ['*'], admOptOut: true },
  ])
  assert.deepEqual(rows, [2, 3])
  assert.deepEqual(refused.map(({ row, field, reason, customer }) => [row, field, reason, customer]), [
    [5, 'bundled', 'bundled', '0003'], [6, 'preTicked', 'pre-ticked', '0004'], [7, 'purpose', 'several-purposes', '0005'],
    [8, 'customer', 'no-customer', ''], [9, 'purpose', 'no-purpose', '0006'], [10, 'grantedAt', 'date', '0007'],
    [11, 'grantedAt', 'date', '0008'], [12, 'preTicked', 'yes-or-no', '0009'], [13, 'purpose', 'unknown-purpose', '0010'],
  ])
  // What is left is what a policy takes.
  const policy = { version: 1, name: 'x', purposes: [{ name: '关怀', automated: true }], columns: [{ column: 'customer', purposes: ['关怀'] }], consents }
  const { reasons } = await siyu.privacy('coverage', { policy, purpose: '关怀', at: '2025-06-01', columns: ['customer'], customers: ['0001', '0002', '0003'] })
  assert.deepEqual(reasons, ['basis', 'adm-opt-out', 'no-basis'])
})

test('JSON with fields of the policy itself, GBK, and one purpose for all are read the same way', async () => {
  const json = await read(JSON.stringify([{ customer: '7', purpose: 'care', grantedAt: '2025-01-01', separate: ['amount'], guardian: true }, { customer: '8', purpose: 'care', grantedAt: 1 }]))
  assert.deepEqual(json.consents, [{ customer: '7', purpose: 'care', grantedAt: '2025-01-01', separate: ['amount'], guardian: true }])
  assert.deepEqual(json.refused, [{ row: 2, field: 'grantedAt', reason: 'date', customer: '8' }])

  // 会员编号,同意时间 in GBK.
  const gbk = Uint8Array.from(Buffer.from('bbe1d4b1b1e0bac52ccdacd2e2cab1bce40d0a30372c323032352d30312d30320d0a', 'hex'))
  const { consents, rows } = await consentsOf(siyu, new Blob([gbk]), { purpose: 'care' })
  assert.deepEqual([consents, rows], [[{ customer: '07', purpose: 'care', grantedAt: '2025-01-02' }], [2]])
})

test('columns of the caller are used alone, and what is missing is named', async () => {
  const text = 'who,what,day,until\nA,care,2025-01-01,2025-02-01\n'
  const { consents } = await read(text, { columns: { customer: 'who', purpose: 'what', grantedAt: 'day' } })
  assert.deepEqual(consents, [{ customer: 'A', purpose: 'care', grantedAt: '2025-01-01' }])
  assert.deepEqual(await read('who,what\nA,care\n', { columns: { customer: 'who', purpose: 'what' } }).catch(({ code, path }) => [code, path]), ['missing-column', 'columns.grantedAt'])
  assert.deepEqual(await read(text, { columns: { customer: 'who', grantedAt: 'gone' } }).catch(({ code, path }) => [code, path]), ['missing-column', 'columns.grantedAt'])
  assert.equal((await rejected(read(text, { columns: { customer: 'who', grantedAt: 'day' } }))).path, 'purpose')
  assert.equal(CONSENT_FIELDS[0], 'customer')
})
