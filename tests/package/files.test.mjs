// Several files as one table: a month each, with headers, encodings and names of their own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AT, CSV, READ, ROLES, entries, orders, rejected, workerAfter } from './given.mjs'

const [header, ...lines] = CSV.trimEnd().split('\n')
/** The five orders in two files. */
const halves = () => [
  new File([[header, ...lines.slice(0, 2), ''].join('\n')], 'a.csv'),
  new File([[header, ...lines.slice(2), ''].join('\n')], 'b.csv'),
]
/** 客户编号,下单时间,订单金额 and one order of 甲, in GBK. */
const GBK = new File([
  Uint8Array.of(0xbf, 0xcd, 0xbb, 0xa7, 0xb1, 0xe0, 0xba, 0xc5, 0x2c, 0xcf, 0xc2, 0xb5, 0xa5, 0xca, 0xb1, 0xbc, 0xe4, 0x2c, 0xb6, 0xa9, 0xb5, 0xa5, 0xbd, 0xf0, 0xb6, 0xee, 0x0a),
  Uint8Array.of(0xbc, 0xd7), ',2025-05-01,3\n',
], 'gbk.csv')

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: a file that is cut in two is the same table, loaded or source`, async () => {
    const siyu = await open()
    const whole = await siyu.read(CSV, READ)
    const expected = await siyu.rfm(whole, AT)
    for (const keep of ['loaded', 'source']) {
      const table = await siyu.read(halves(), { ...READ, keep })
      assert.deepEqual([table.kind, table.rows, table.customers, table.fingerprint], [keep, 5, 3, whole.fingerprint])
      assert.deepEqual(table.quality.files.map(({ name, rows, headerLine }) => [name, rows.used, headerLine]), [['a.csv', 2, 1], ['b.csv', 3, 1]])
      const found = await siyu.rfm(table, AT)
      assert.deepEqual(found.totals, expected.totals)
      assert.deepEqual(found.customers.column('monetary'), expected.customers.column('monetary'))
      assert.deepEqual(found.about.warnings.filter(({ code }) => code === 'source-changed'), [])
    }
    const mixed = await siyu.read([await halves()[0].text(), new Response(halves()[1])], READ)
    assert.deepEqual([mixed.kind, mixed.fingerprint], ['loaded', whole.fingerprint])
    siyu.close()
  })

  test(`${entry}: each file has its own columns, encoding and preamble; without roles each is guessed`, async () => {
    const siyu = await open()
    const below = new File([`a report\n\namount;customer_id;order_date\n${'2;B;2025-06-01\n'.repeat(9)}x;C;2025-06-02\n`], 'below.csv')
    for (const keep of ['loaded', 'source']) {
      const table = await siyu.read([GBK, below], { keep })
      const { files, issues } = table.quality
      assert.deepEqual(files.map(({ encoding, delimiter, headerLine }) => [encoding, delimiter, headerLine]), [['gb18030', ',', 1], ['utf-8', ';', 3]])
      assert.deepEqual(issues.filter(({ code }) => code === 'amount').map(({ rows, files }) => [rows, files]), [[[13], [1]]])
      assert.deepEqual(table.roles, { customer: '客户编号', time: '下单时间', amount: '订单金额' })
      const { customers } = await siyu.rfm(table, AT)
      assert.deepEqual(Array.from({ length: 2 }, (_, at) => customers.text('customer', at)), ['甲', 'B'])
      const [place] = issues.filter(({ code }) => code === 'amount').map(({ rows, files }) => ({ file: files[0], row: rows[0] }))
      assert.deepEqual((await siyu.rowsAt([GBK, below], [place]))[0].cells, ['x', 'C', '2025-06-02'])
    }
    siyu.close()
  })

  test(`${entry}: other names are taken where a header has them, and what is missing names its file`, async () => {
    const siyu = await open()
    const other = new File(['paid,day,client,order\n1,2025-05-31,A1,o9\n'], 'other.csv')
    const error = await rejected(siyu.read([halves()[0], other], READ))
    assert.deepEqual([error.code, error.file, error.row, error.column], ['missing-column', 1, 1, 'buyer'])
    assert.match(error.message, /other\.csv/)
    const table = await siyu.read([halves()[0], other], { ...READ, otherNames: { customer: ['kunde', 'client'], time: ['day'] } })
    assert.deepEqual([table.rows, table.customers, table.roles.customer], [3, 1, 'buyer'])
    assert.equal((await rejected(siyu.read([halves()[0], ' '], READ))).code, 'empty')
    assert.equal((await rejected(siyu.read([halves()[0], {}], READ))).code, 'missing-column')
    assert.equal((await siyu.memory()).tables, 1)
    siyu.close()
  })

  test(`${entry}: a file given twice counts once by its orders, and without orders is told`, async () => {
    const siyu = await open()
    const [a] = halves()
    const told = async (options) => {
      const { rows, quality } = await siyu.read([a, a], options)
      const found = quality.issues.filter(({ code }) => ['overlap', 'duplicate-order'].includes(code))
      return [rows, found.map(({ code, severity, count, files }) => [code, severity, count, files])]
    }
    assert.deepEqual(await told(READ), [2, [['duplicate-order', 'rejected', 2, [1, 1]]]])
    const { order: _, ...roles } = ROLES
    assert.deepEqual(await told({ ...READ, roles }), [4, [['overlap', 'doubtful', 2, [1]], ['overlap', 'note', 2, [1, 1]]]])
    siyu.close()
  })
}

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: a file appended to a table gives the table of all files at once, and leaves the first as it is`, async () => {
    const siyu = await open()
    const june = new File(['paid;day;client;order\n9;2025-05-30;B7;o7\n2;2025-05-31;A1;o8\n'], 'june.csv')
    const names = { otherNames: { customer: ['client'], time: ['day'] } }
    const [a, b] = halves()
    for (const options of [{ ...READ, ...names, keep: 'loaded' }, { ...READ, ...names, keep: 'source' }, { ...READ, ...names }]) {
      const all = await siyu.read([a, b, june], options)
      const first = await siyu.read(a, options)
      const second = await siyu.append(first, b)
      const third = await siyu.append(await siyu.append(first, [b]), june)
      assert.deepEqual([first.rows, second.rows, third.rows], [2, 5, 7])
      assert.deepEqual([third.kind, third.fingerprint, third.customers, third.roles], [all.kind, all.fingerprint, all.customers, all.roles])
      assert.deepEqual(third.quality, all.quality)
      const [one, other] = [await siyu.rfm(third, AT), await siyu.rfm(all, AT)]
      assert.deepEqual(one.totals, other.totals)
      for (const name of other.customers.names) assert.deepEqual(one.customers.column(name), other.customers.column(name), name)
      assert.equal((await siyu.rfm(first, AT)).totals.customers, first.customers)
    }
    siyu.close()
  })

  test(`${entry}: what is appended may overlap, be wrong or be cancelled; the table is unharmed`, async () => {
    const siyu = await open()
    const [a] = halves()
    const { order: _, ...roles } = ROLES
    const table = await siyu.read(a, { ...READ, roles })
    const twice = await siyu.append(table, a)
    assert.deepEqual(twice.quality.issues.filter(({ code }) => code === 'overlap').map(({ severity, count }) => [severity, count]), [['doubtful', 2], ['note', 2]])
    const wrong = await rejected(siyu.append(table, new File(['a,b\n1,2\n'], 'wrong.csv')))
    assert.deepEqual([wrong.code, wrong.file], ['missing-column', 1])
    assert.match(wrong.message, /wrong\.csv/)
    assert.equal((await rejected(siyu.append(table, a, { signal: AbortSignal.abort() }))).code, 'cancelled')
    assert.deepEqual((await siyu.memory()).tables, 2)
    assert.equal((await siyu.append(table, await a.text())).rows, 4)
    // What cannot be opened a second time cannot be read again.
    const once = await siyu.read(new Response(a), { ...READ, roles })
    const refused = await rejected(siyu.append(once, a))
    assert.equal(refused.code, 'closed')
    assert.match(refused.message, /one list/)
    table.close()
    assert.equal((await rejected(siyu.append(table, a))).code, 'closed')
    siyu.close()
  })
}

test('progress counts the bytes of all files', async () => {
  const siyu = await entries.siyu.open()
  const seen = []
  const files = [orders(100_000), orders(100_000)]
  const total = files[0].size + files[1].size
  await siyu.read(files, { ...READ, onProgress: (progress) => seen.push(progress) })
  assert.ok(seen.every((progress) => progress.total === total))
  assert.ok(seen.some(({ done }) => done > total / 2))
  assert.equal(Math.max(...seen.map(({ done }) => done)), total, 'the end is told, however fast it came')
  siyu.close()
})

test('several files are read again as they were after the engine broke', async () => {
  let started = 0
  const worker = () => workerAfter(started++ === 0 ? './trapping-worker.mjs' : null, { function: 'runStep', after: 0 })
  const siyu = await entries.siyu.open({ worker })
  const below = new File(['a report\n\namount;customer_id;order_date\n2;B;2025-05-01\n'], 'below.csv')
  const table = await siyu.read([GBK, below])
  assert.equal((await rejected(siyu.rfm(table, AT))).code, 'engine-restarted')
  assert.equal((await siyu.rfm(table, AT)).totals.customers, 2)
  siyu.close()
})
