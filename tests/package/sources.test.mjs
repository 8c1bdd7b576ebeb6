// Every kind of source, and that the same data gives the same table however it arrives.

import assert from 'node:assert/strict'
import { openAsBlob, writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AT, CSV, READ, ROLES, entries, orders, rejected } from './given.mjs'

/** A stream that gives a text in chunks of so many bytes. */
function streamed(bytes, size) {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.subarray(at, (at += size)))
    },
  })
}

const bytes = new TextEncoder().encode(CSV)
const folder = mkdtempSync(join(tmpdir(), 'siyu-'))
const path = join(folder, 'orders.csv')
writeFileSync(path, CSV)
test.after(() => rmSync(folder, { recursive: true }))

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: a Buffer of Node is read whole and stays the caller's`, async () => {
    const siyu = await open()
    const text = await orders(50_000).text()
    const buffer = Buffer.from(text)
    assert.ok(buffer.length > 2 ** 20, 'more than one piece')
    const table = await siyu.read(buffer, { roles: ROLES })
    assert.equal(table.rows, 50_000)
    assert.equal(buffer.toString(), text)
    siyu.close()
  })

  test(`${entry}: text, bytes, blobs, files, streams and responses give the same table`, async () => {
    const siyu = await open()
    const sources = {
      text: CSV,
      Uint8Array: bytes,
      ArrayBuffer: bytes.slice().buffer,
      Blob: new Blob([bytes]),
      File: new File([bytes], 'orders.csv'),
      'a file on disk': await openAsBlob(path),
      'a stream of single bytes': streamed(bytes, 1),
      'a stream': streamed(bytes, 64),
      Response: new Response(bytes),
      'Response of a stream': new Response(streamed(bytes, 7)),
    }
    const seen = new Set()
    for (const [name, source] of Object.entries(sources)) {
      const table = await siyu.read(source, READ)
      assert.equal(table.rows, 5, name)
      seen.add(table.fingerprint)
    }
    assert.equal(seen.size, 1)
    assert.equal(sources.ArrayBuffer.byteLength, bytes.length, 'the caller keeps the buffer')
    siyu.close()
  })

  test(`${entry}: columns of any type and objects give the same table`, async () => {
    const siyu = await open()
    const ids = ['7', '8', '7', '007']
    const ms = [0, 1, 2, 3].map((day) => Date.UTC(2025, 0, 1 + day, 12))
    const amount = [1, 2.5, -0.25, 1000]
    const time = Float64Array.from(ms)
    const shapes = {
      'texts, ms, numbers': { customer: ids, time, amount: Float64Array.from(amount) },
      'codes, dates, numbers': { customer: { codes: Uint32Array.of(0, 1, 0, 2), ids: ['7', '8', '007'] }, time: ms.map((at) => new Date(at)), amount },
      'texts, texts, texts': { customer: ids, time: ms.map((at) => new Date(at).toISOString()), amount: amount.map(String) },
    }
    const seen = new Set()
    for (const columns of Object.values(shapes)) {
      const table = await siyu.read({ columns })
      assert.deepEqual([table.rows, table.customers, table.kind, table.name], [4, 3, 'loaded', 'table'])
      seen.add(table.fingerprint)
    }
    const rows = ids.map((id, at) => ({ id, when: at % 2 ? new Date(ms[at]) : new Date(ms[at]).toISOString(), paid: at % 2 ? amount[at] : String(amount[at]) }))
    const table = await siyu.read(rows, { roles: { customer: 'id', time: 'when', amount: 'paid' } })
    seen.add(table.fingerprint)
    assert.equal(seen.size, 1)
    const numbers = { customer: Int32Array.of(7, 8, 7, 9), time, amount: Float64Array.from(amount) }
    const whole = await siyu.read({ columns: numbers })
    const floats = await siyu.read({ columns: { ...numbers, customer: Float64Array.of(7, 8, 7, 9) } })
    const unsigned = await siyu.read({ columns: { ...numbers, customer: Uint32Array.of(7, 8, 7, 9) } })
    assert.deepEqual([whole.fingerprint, whole.fingerprint], [floats.fingerprint, unsigned.fingerprint])
    assert.deepEqual((await siyu.rfm(whole, AT)).customers.column('customer'), ['7', '8', '9'])
    assert.equal(time.length, 4, 'the caller keeps the columns')
    siyu.close()
  })

  test(`${entry}: what is missing in columns is left out and counted`, async () => {
    const siyu = await open()
    const rows = [
      { id: 'a', at: new Date(0), paid: 1 },
      { id: null, at: new Date(0), paid: 1 },
      { id: 'b', at: new Date(NaN), paid: 1 },
      { id: 'b', paid: 1 },
      { id: 'c', at: new Date(0), paid: NaN },
      { id: 'c', at: new Date(0), paid: 2 },
    ]
    const { quality } = await siyu.read(rows, { roles: { customer: 'id', time: 'at', amount: 'paid' } })
    assert.deepEqual(quality.rows, { read: 6, used: 2, skipped: 4 })
    siyu.close()
  })

  test(`${entry}: wrong columns are refused with their place`, async () => {
    const siyu = await open()
    const time = Float64Array.of(1, 2)
    const cases = [
      [() => siyu.read({ columns: { customer: ['a'], time } }), 'invalid-option', { path: 'columns.time' }],
      [() => siyu.read({ columns: { customer: ['a', 'b'], when: time } }), 'unknown-field', { path: 'columns.when' }],
      [() => siyu.read({ columns: { customer: ['a', true], time } }), 'type', { column: 'customer', row: 2 }],
      [() => siyu.read({ columns: { customer: new Map(), time } }), 'type', { path: 'columns.customer' }],
      [() => siyu.read({ columns: { customer: { codes: Uint32Array.of(0, 9), ids: ['a'] }, time } }), 'type', { row: 2 }],
      [() => siyu.read({ columns: { customer: ['a', '\ud800'], time } }), 'encoding', { row: 2 }],
      [() => siyu.read([{ a: 1 }], { roles: { customer: 'id' } }), 'missing-column', { column: 'id' }],
      [() => siyu.read([{ a: 1 }], { roles: { client: 'a' } }), 'unknown-field', { path: 'roles.client' }],
      [() => siyu.read('a,b\n\ud800,1', READ), 'encoding', {}],
      [() => siyu.read(new Response('no', { status: 404 }), READ), 'unsupported', {}],
      [() => siyu.read(new ReadableStream({ start: (c) => c.enqueue('text') }), READ), 'type', {}],
      [() => siyu.read(new ReadableStream({ start: (c) => c.error(new Error('gone')) }), READ), 'unsupported', {}],
    ]
    for (const [call, code, place] of cases) {
      const error = await rejected(call())
      assert.equal(error.code, code, String(error.stack))
      for (const [key, value] of Object.entries(place)) assert.equal(error[key], value, `${code}: ${key}`)
    }
    siyu.close()
  })

  test(`${entry}: a source table is streamed again by each run and gives the same report`, async () => {
    const siyu = await open()
    const file = orders(60_000)
    const loaded = await siyu.read(file, { ...READ, keep: 'loaded' })
    const table = await siyu.read(file, { ...READ, keep: 'source' })
    assert.deepEqual([table.kind, table.bytes, table.fingerprint], ['source', 0, loaded.fingerprint])
    assert.ok(loaded.bytes > 0)
    const [one, two] = await Promise.all([siyu.rfm(loaded, AT), siyu.rfm(table, AT)])
    assert.deepEqual(one.totals, two.totals)
    assert.deepEqual(one.customers.column('monetary'), two.customers.column('monetary'))
    const text = await siyu.read(CSV, { ...READ, keep: 'source' })
    assert.equal((await siyu.rfm(text, AT)).totals.customers, 3)
    const disk = await siyu.read(await openAsBlob(path), { ...READ, keep: 'source' })
    assert.equal((await siyu.rfm(disk, AT)).totals.customers, 3)
    assert.equal((await siyu.rfm(disk, AT)).totals.customers, 3)
    for (const source of [streamed(bytes, 9), { columns: { customer: ['a'], time: Float64Array.of(1) } }]) {
      const error = await rejected(siyu.read(source, { keep: 'source', roles: READ.roles }))
      assert.deepEqual([error.code, error.path], ['invalid-option', 'keep'])
    }
    siyu.close()
  })

  test(`${entry}: a file that does not fit into memory becomes a source unless it must not`, async () => {
    const siyu = await open({ memoryLimit: 3_000_000 })
    const file = orders(200_000, 500)
    const { order, ...roles } = ROLES
    assert.equal((await siyu.read(file, { roles })).kind, 'source')
    assert.equal((await rejected(siyu.read(file, { roles, keep: 'loaded' }))).code, 'limit-memory')
    assert.equal((await siyu.memory()).tables, 1)
    siyu.close()
  })

  test(`${entry}: progress is told in bytes and ends below or at the total`, async () => {
    const siyu = await open()
    const file = orders(300_000)
    const seen = []
    await siyu.read(file, { ...READ, onProgress: (progress) => seen.push(progress) })
    assert.ok(seen.length > 0)
    for (const { phase, done, total } of seen) {
      assert.equal(phase, 'read')
      assert.equal(total, file.size)
      assert.ok(done > 0 && done <= total)
    }
    assert.deepEqual(seen.map(({ done }) => done), seen.map(({ done }) => done).sort((a, b) => a - b))
    siyu.close()
  })
}
