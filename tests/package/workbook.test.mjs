// Workbooks through the package: read like every other file, in both entries, in steps.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AT, CSV, READ, ROLES, dist, entries, rejected } from './given.mjs'
import { orderRows, workbook, zip } from './workbooks.mjs'

const ROWS = CSV.trim().split('\n').map((line) => line.split(','))
const typed = ROWS.map((row, at) => (at === 0 ? row : [row[0], new Date(`${row[1].replace(' ', 'T')}Z`), Number(row[2]), row[3]]))
const FILE = workbook({ 空: [], 订单: typed, other: [['a', 'b'], ['1', '2']] })

for (const [name, { open }] of Object.entries(entries)) {
  test(`${name}: a workbook gives the table that its CSV text gives`, async () => {
    const siyu = await open()
    try {
      const plain = await siyu.read(new Blob([CSV]), READ)
      const sources = { blob: new Blob([FILE]), bytes: FILE.slice(), stream: new Blob([FILE]).stream(), response: new Response(FILE) }
      for (const [kind, source] of Object.entries(sources)) {
        const table = await siyu.read(source, READ)
        assert.equal(table.fingerprint, plain.fingerprint, kind)
        const { format, sheet, encoding, delimiter, headerLine } = table.quality
        assert.deepEqual([format, sheet, encoding, delimiter, headerLine], ['xlsx', '订单', null, null, 1])
        table.close()
      }
      const [a, b] = [await siyu.rfm(plain, AT), await siyu.rfm(await siyu.read(new Blob([FILE]), { ...READ, keep: 'source' }), AT)]
      assert.deepEqual(b.totals, a.totals)
    } finally {
      siyu.close()
    }
  })

  test(`${name}: guess, sheets by name, and what goes wrong`, async () => {
    const siyu = await open()
    try {
      const guess = await siyu.guess(new Blob([FILE]))
      assert.deepEqual([guess.roles.customer.column, guess.roles.time.column, guess.roles.amount.column], ['buyer', 'paid_at', 'paid'])
      assert.deepEqual(guess.sheets, ['空', '订单', 'other'])
      assert.deepEqual((await siyu.guess(new Blob([FILE]), { sheet: '订单' })).sheets, guess.sheets)
      assert.deepEqual((await siyu.guess(CSV)).sheets, [])
      const unmapped = await siyu.read(new Blob([FILE]))
      assert.equal(unmapped.quality.rows.used, 5)
      const failure = async (source, options) => {
        const { code, path, hint } = await rejected(siyu.read(source, options))
        return { code, path, hint }
      }
      const named = await failure(new Blob([FILE]), { ...READ, sheet: 'May' })
      assert.deepEqual([named.code, named.path], ['missing-sheet', 'sheet'])
      assert.match(named.hint, /`空`, `订单`, `other`/)
      assert.equal((await failure(new Blob([FILE]), { ...READ, sheet: 'other' })).code, 'missing-column')
      assert.equal((await failure(new Blob([FILE]), { ...READ, sheet: '空' })).code, 'empty')
      assert.equal((await failure(new Blob([zip([['orders.csv', CSV]])]), READ)).code, 'unsupported')
      assert.equal((await failure(new Blob([CSV]), { ...READ, format: 'xlsx' })).code, 'unsupported')
      assert.equal((await failure(new Blob([FILE]), { ...READ, format: 'csv' })).code, 'unsupported')
      assert.equal((await failure(new Blob([FILE.subarray(0, 900)]), READ)).code, 'parse')
      // After every failure the next call works.
      assert.equal((await siyu.read(new Blob([FILE]), READ)).rows, 5)
    } finally {
      siyu.close()
    }
  })
}

test('a large workbook is converted in short steps, is cancelled at once, and leaves nothing', async () => {
  const siyu = await entries['siyu/sync'].open()
  try {
    const file = new Blob([workbook({ orders: orderRows(60_000) })])
    const control = new AbortController()
    let told = 0
    const cancelled = siyu.read(file, { ...READ, signal: control.signal, onProgress: () => (told += 1) > 1 && control.abort() })
    assert.equal((await rejected(cancelled)).code, 'cancelled')
    // On one thread, every step holds up a timer: none may for long. Processor time, since the machine may be busy.
    const busy = () => process.cpuUsage().user / 1000
    let longest = 0
    let last = busy()
    const timer = setInterval(() => {
      longest = Math.max(longest, busy() - last)
      last = busy()
    }, 1)
    const table = await siyu.read(file, READ)
    clearInterval(timer)
    assert.deepEqual([table.rows, table.customers, table.quality.rows.skipped], [60_000, 12_000, 0])
    assert.ok(longest < 150, `a step of ${longest} ms`)
    assert.equal((await siyu.memory()).tables, 1)
  } finally {
    siyu.close()
  }
})

test('the command line reads a workbook', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siyu-'))
  try {
    const file = join(folder, 'orders.xlsx')
    writeFileSync(file, FILE)
    const run = (...words) => spawnSync(process.execPath, [join(dist, 'cli.js'), ...words], { encoding: 'utf8' })
    const { status, stdout, stderr } = run('rfm', file, '--at', '2025-06-01', ...Object.entries(ROLES).flatMap(([role, name]) => [`--${role}`, name]))
    assert.equal(status, 0, stderr)
    assert.match(stdout, /\nall +3 .*121\.75/)
    assert.match(run('guess', file).stdout, /customer +buyer/)
    const missing = run('rfm', file, '--at', '2025-06-01', '--sheet', 'May')
    assert.equal(missing.status, 1)
    assert.match(missing.stderr, /missing-sheet/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
