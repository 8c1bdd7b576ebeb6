// Rows of a file in place: what stands where the quality report says that something is odd.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AT, READ, entries, orders, rejected, workerAfter } from './given.mjs'

const BAD = 'buyer,paid_at,paid,order\nA1,2025-01-05,10.50,o1\nA1,soon,4.00,o2\n"B\n2",2025-05-29,x,o3\n\n C3 ,2025-02-01,7.25,o4\n'

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: the rows that the quality report names are found, loaded or source`, async () => {
    const siyu = await open()
    for (const keep of ['loaded', 'source']) {
      const file = new File([BAD], 'orders.csv')
      const table = await siyu.read(file, { ...READ, keep })
      const places = table.quality.issues.flatMap(({ rows }) => rows.map((row) => ({ row })))
      assert.deepEqual(await siyu.rowsAt(file, places, READ), [
        { file: 0, row: 3, cells: ['A1', 'soon', '4.00', 'o2'], cut: false },
        { file: 0, row: 4, cells: ['B\n2', '2025-05-29', 'x', 'o3'], cut: false },
      ])
    }
    siyu.close()
  })

  test(`${entry}: rows are found in other encodings, below a preamble, and in several files`, async () => {
    const siyu = await open()
    // 客户 in GBK.
    const gbk = new Blob([Uint8Array.of(0xbf, 0xcd, 0xbb, 0xa7), ',date,amount\n', Uint8Array.of(0xbc, 0xd7), ',2025-05-01,1\n'])
    const bill = 'about "this file\n\ncustomer_id;order_date;amount\nA;2025-05-01;"1\n2"\nB;2025-05-02;3\nC;2025-05-03;4\n'
    const found = await siyu.rowsAt([gbk, bill], [{ row: 2 }, { file: 1, row: 6 }, { file: 1, row: 1 }, { file: 1, row: 99 }])
    assert.deepEqual(found.map(({ file, row, cells }) => [file, row, ...cells]), [
      [0, 2, '甲', '2025-05-01', '1'], [1, 1, 'about "this file'], [1, 6, 'B', '2025-05-02', '3'],
    ])
    siyu.close()
  })

  test(`${entry}: what cannot be shown says why, and nothing is left behind`, async () => {
    const siyu = await open()
    const code = async (...args) => (await rejected(siyu.rowsAt(...args))).code
    assert.equal(await code(BAD, [{ row: 0 }], READ), 'invalid-option')
    assert.equal(await code(BAD, Array.from({ length: 101 }, (_, at) => ({ row: at + 1 })), READ), 'limit')
    assert.equal(await code({ columns: {} }, [{ row: 1 }], READ), 'type')
    assert.equal(await code(orders(1_000_000), [{ row: 1_000_000 }], { ...READ, signal: AbortSignal.timeout(5) }), 'cancelled')
    assert.deepEqual(await siyu.rowsAt(BAD, [], READ), [])
    assert.equal((await siyu.memory()).tables, 0)
    siyu.close()
  })
}

test('only what is needed of a file is read', async () => {
  const siyu = await entries.siyu.open()
  let given = 0
  const line = new TextEncoder().encode(`A1,2025-01-05,10.50,o1${' '.repeat(200)}\n`.repeat(500))
  const endless = new ReadableStream({
    pull(controller) {
      controller.enqueue(given ? line : new TextEncoder().encode('buyer,paid_at,paid,order\n'))
      given += 1
    },
  })
  const [row] = await siyu.rowsAt(endless, [{ row: 5 }], READ)
  assert.equal(row.cells[0], 'A1')
  assert.ok(given < 200, `${given} chunks`)
  siyu.close()
})

test('a table below a preamble is read again below it after the engine broke', async () => {
  let started = 0
  const worker = () => workerAfter(started++ === 0 ? './trapping-worker.mjs' : null, { function: 'runStep', after: 0 })
  const siyu = await entries.siyu.open({ worker })
  const table = await siyu.read(new Blob(['about this file\n\ncustomer_id,order_date,amount\nA,2025-05-01,1\n']))
  assert.equal(table.quality.headerLine, 3)
  assert.equal((await rejected(siyu.rfm(table, AT))).code, 'engine-restarted')
  assert.equal((await siyu.rfm(table, AT)).totals.customers, 1)
  assert.equal(started, 2)
  siyu.close()
})
