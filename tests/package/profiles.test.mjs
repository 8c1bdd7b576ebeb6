// Kinds of exports: how one was read is recognised in the next one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CSV, READ, ROLES, entries, rejected } from './given.mjs'

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: the next export of a kind is recognised, whatever the order of its columns`, async () => {
    const siyu = await open()
    const table = await siyu.read(CSV, { ...READ, dates: { order: 'ymd' } })
    const profile = JSON.parse(JSON.stringify(siyu.profileOf(table)))
    assert.deepEqual(profile, { version: 1, kind: table.quality.files[0].kind, name: 'orders', options: { roles: ROLES, zone: 'Asia/Shanghai', dates: { order: 'ymd' } } })
    assert.doesNotMatch(JSON.stringify(profile), /A1|10\.50/)

    const same = await siyu.guess('paid,order,paid_at,buyer\n1,o9,2025-06-01,D\n', { profiles: [{ ...profile, kind: '0' }, profile] })
    assert.deepEqual([same.kind, same.profile, same.profileMatch], [profile.kind, 1, 'kind'])
    assert.deepEqual(same.roles.customer, { column: 'buyer', confidence: 1, reason: 'profile' })
    const more = await siyu.guess('note,paid,order,paid_at,buyer\nx,1,o9,2025-06-01,D\n', { profiles: [profile] })
    assert.deepEqual([more.profile, more.profileMatch], [0, 'columns'])
    const other = await siyu.guess('customer_id,date\nA,2025-06-01\n', { profiles: [profile] })
    assert.deepEqual([other.profile, other.profileMatch, other.roles.customer.column], [null, null, 'customer_id'])

    const next = await siyu.read('paid,order,paid_at,buyer\n1,o9,2025-06-01,D\n', { ...profile.options, name: profile.name })
    assert.equal(next.quality.files[0].kind, profile.kind)
    siyu.close()
  })

  test(`${entry}: what is no profile says so, and a table of another engine has none`, async () => {
    const siyu = await open()
    const error = await rejected(siyu.guess(CSV, { profiles: [{ version: 2, kind: '', name: '', options: {} }] }))
    assert.deepEqual([error.code, error.path], ['unknown-version', 'profiles[0].version'])
    const slip = await rejected(siyu.guess(CSV, { profiles: [{ version: 1, kind: '', name: '', options: { rolls: {} } }] }))
    assert.deepEqual([slip.code, slip.path], ['unknown-field', 'profiles[0].options.rolls'])
    assert.throws(() => siyu.profileOf({ name: 'x' }), { code: 'unknown-table' })
    siyu.close()
  })
}
