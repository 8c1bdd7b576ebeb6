// The surface of the package, in Node with a worker thread and without one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AT, CSV, READ, ROLES, entries, rejected } from './given.mjs'

for (const [entry, { SiyuError, open }] of Object.entries(entries)) {
  test(`${entry}: the same options give the same engine until it is closed`, async () => {
    const first = open()
    assert.equal(open(), first)
    assert.notEqual(open({ memoryLimit: 1e8 }), first)
    ;(await open({ memoryLimit: 1e8 })).close()
    ;(await first).close()
    const second = open()
    assert.notEqual(second, first)
    ;(await second).close()
  })

  test(`${entry}: a file becomes a table, a table a report`, async () => {
    const siyu = await open()
    const table = await siyu.read(CSV, READ)
    assert.deepEqual([table.name, table.kind, table.rows, table.customers], ['orders', 'loaded', 5, 3])
    assert.deepEqual(table.roles, ROLES)
    assert.match(table.fingerprint, /^[0-9a-f]{16}$/)
    assert.equal(table.quality.amount.sum, '121.75')

    const report = await siyu.rfm(table, AT)
    assert.equal(report.totals.revenueText, '121.75')
    assert.equal(report.about.analysis, 'rfm')
    assert.equal(report.about.engine, siyu.version)
    assert.deepEqual(report.about.inputs.map(({ table: name, rows }) => [name, rows]), [['orders', 5]])
    assert.equal(report.about.policy, 'none')
    assert.equal(report.about.options.refunds, 'net')
    assert.equal(report.groups.reduce((sum, { customers }) => sum + customers, 0), 3)

    const { customers } = report
    assert.equal(customers.length, 3)
    assert.deepEqual(customers.column('customer'), ['A1', 'B2', 'C3'])
    assert.ok(customers.column('monetary') instanceof Float64Array)
    assert.deepEqual([...customers.column('monetary')], [14.5, 100, 7.25])
    assert.deepEqual([...customers.column('frequency')], [2, 1, 1])
    assert.equal(customers.text('customer', 1), 'B2')
    assert.equal(customers.column('r').constructor, Uint8Array)
    siyu.close()
  })

  test(`${entry}: typed calls only build the plain request`, async () => {
    const siyu = await open()
    const table = await siyu.read(CSV, READ)
    const recipe = { analysis: 'rfm', version: 1, inputs: { log: 'shop' }, options: AT }
    const plain = await siyu.run(recipe, { shop: table })
    const typed = await siyu.rfm(table, AT)
    assert.deepEqual(plain.groups, typed.groups)
    assert.deepEqual(plain.about.options, typed.about.options)
    const described = await siyu.describe(table, { column: 'amount' })
    assert.equal(described.moments.count, 5)
    assert.equal(described.moments.max, 120)
    siyu.close()
  })

  test(`${entry}: two runs on the same input are equal byte for byte`, async () => {
    const siyu = await open()
    const table = await siyu.read(CSV, READ)
    const [one, two] = await Promise.all([siyu.rfm(table, AT), siyu.rfm(table, AT)])
    assert.equal(JSON.stringify(one), JSON.stringify(two))
    for (const name of one.customers.names) assert.deepEqual(one.customers.column(name), two.customers.column(name))
    siyu.close()
  })

  test(`${entry}: an exported file has the chosen rows and columns, and no formula`, async () => {
    const siyu = await open()
    const table = await siyu.read(CSV.replaceAll('B2', '=1+2'), READ)
    const { customers } = await siyu.rfm(table, AT)
    const options = { columns: ['customer', 'monetary'], rows: Uint32Array.of(1, 0), header: { customer: '客户' } }
    const file = await siyu.exportCsv(customers, options)
    assert.deepEqual([...file.subarray(0, 3)], [0xef, 0xbb, 0xbf])
    const [header, formula, plain, end] = new TextDecoder().decode(file).split('\r\n')
    assert.equal(header, '客户,monetary')
    assert.doesNotMatch(formula, /^"?=/)
    assert.equal(plain, 'A1,14.5')
    assert.equal(end, '')
    assert.equal((await rejected(siyu.exportCsv(customers, { rows: Uint32Array.of(3) }))).code, 'invalid-option')
    assert.equal((await rejected(siyu.exportCsv(customers, { columns: ['no'] }))).code, 'missing-column')
    siyu.close()
  })

  test(`${entry}: errors have a code, a place and a hint, and no cell`, async () => {
    const siyu = await open()
    const table = await siyu.read(CSV, READ)
    const cases = [
      [() => siyu.rfm(table, { att: '2025-06-01' }), 'unknown-field', { path: 'options.att' }],
      [() => siyu.rfm(table, { ...AT, refunds: 'keeep' }), 'invalid-option', { path: 'options.refunds' }],
      [() => siyu.run({ analysis: 'rmf' }, { orders: table }), 'unknown-analysis', { path: 'analysis' }],
      [() => siyu.run({ analysis: 'rfm', options: AT, inputs: { log: 'shop' } }, { orders: table }), 'unknown-table', {}],
      [() => siyu.run({ analysis: 'rfm', options: AT }, { orders: {} }), 'unknown-table', { table: 'orders' }],
      [() => siyu.read(CSV, { roles: { customer: 'client' } }), 'missing-column', { column: 'client' }],
      [() => siyu.read(CSV, { ...READ, zone: 'Mars/Olympus' }), 'invalid-option', { path: 'zone', table: 'orders' }],
      [() => siyu.read(CSV, { ...READ, encoding: 'klingon' }), 'invalid-option', { path: 'encoding' }],
      [() => siyu.read(CSV, { ...READ, rolls: 1 }), 'unknown-field', { path: 'rolls' }],
      [() => siyu.read('', READ), 'empty', { table: 'orders' }],
      [() => siyu.read(null, READ), 'type', { path: 'source' }],
      [() => siyu.read(CSV, { ...READ, keep: 'forever' }), 'invalid-option', { path: 'keep' }],
    ]
    for (const [call, code, place] of cases) {
      const error = await rejected(call())
      assert.ok(error instanceof SiyuError, String(error?.stack))
      assert.equal(error.code, code, error.message)
      for (const [key, value] of Object.entries(place)) assert.equal(error[key], value, `${code}: ${key}`)
      assert.ok(error.hint.length > 10, error.message)
      assert.doesNotMatch(error.message, /A1|120\.00/)
    }
    siyu.close()
  })

  test(`${entry}: after close every call says so`, async () => {
    const siyu = await open()
    const table = await siyu.read(CSV, READ)
    const pending = siyu.rfm(table, AT)
    siyu.close()
    siyu.close()
    assert.equal((await rejected(pending)).code, 'closed')
    assert.equal((await rejected(siyu.rfm(table, AT))).code, 'closed')
    assert.equal((await rejected(siyu.read(CSV, READ))).code, 'closed')
    assert.equal((await rejected(siyu.memory())).code, 'closed')
    table.close()
  })

  test(`${entry}: a closed table gives its memory back and cannot be used`, async () => {
    const siyu = await open()
    const table = await siyu.read(CSV, READ)
    assert.equal((await siyu.memory()).tables, 1)
    table.close()
    table.close()
    assert.equal((await siyu.memory()).tables, 0)
    assert.equal((await rejected(siyu.rfm(table, AT))).code, 'closed')
    const other = await siyu.read(CSV, READ)
    const running = siyu.rfm(other, AT)
    await new Promise(setImmediate)
    other.close()
    assert.equal((await running).totals.customers, 3, 'a run that has begun keeps its table')
    siyu.close()
  })

  test(`${entry}: tables and engine can be disposed of`, async () => {
    const siyu = await open()
    const table = await siyu.read(CSV, READ)
    table[Symbol.dispose]()
    assert.equal((await siyu.memory()).tables, 0)
    siyu[Symbol.dispose]()
    assert.equal((await rejected(siyu.memory())).code, 'closed')
  })

  test(`${entry}: what no object should have is an ordinary name`, async () => {
    const siyu = await open()
    const csv = '__proto__,constructor,toString\n__proto__,2025-01-01,5\nconstructor,2025-01-02,6\n'
    const roles = { customer: '__proto__', time: 'constructor', amount: 'toString' }
    const table = await siyu.read(csv, { roles, name: '__proto__' })
    assert.deepEqual(table.roles, roles)
    const { customers } = await siyu.rfm(table, AT)
    assert.deepEqual(customers.column('customer'), ['__proto__', 'constructor'])
    const rows = JSON.parse('[{"__proto__":"a","constructor":"2025-01-01","toString":5},{"x":1}]')
    const other = await siyu.read(rows, { roles })
    assert.deepEqual([other.rows, other.customers], [1, 1])
    assert.equal({}.polluted, undefined)
    siyu.close()
  })
}
