// What calls hold and give back: cancelling, traps, running out of memory, and many rounds.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AT, CSV, READ, collect, dist, entries, orders, rejected, root, workerAfter } from './given.mjs'

const { open } = entries.siyu

/** Aborts a call after some time and tells how long it took to reject. */
async function aborted(after, start) {
  const controller = new AbortController()
  let at = 0
  setTimeout(() => {
    at = performance.now()
    controller.abort(new Error('not wanted any more'))
  }, after)
  const error = await rejected(start(controller.signal))
  return { error, took: performance.now() - at }
}

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: cancelling a read of 2 million rows takes less than 100 ms and leaves nothing behind`, async () => {
    const siyu = await open()
    const file = orders(2_000_000)
    const small = await siyu.read(CSV, READ)
    const times = []
    for (const after of [0, 20, 50, 150, 300]) {
      const { error, took } = await aborted(after, (signal) => siyu.read(file, { ...READ, signal }))
      assert.equal(error.code, 'cancelled')
      assert.equal(error.cause.message, 'not wanted any more')
      times.push(took)
      assert.equal((await siyu.memory()).tables, 1)
    }
    times.sort((a, b) => a - b)
    console.log(`# ${entry}: cancelled within ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`)
    assert.ok(times[2] < 100, `median of ${times} ms`)
    assert.equal((await siyu.rfm(small, AT)).totals.customers, 3, 'the next call works')
    // The memory is back: a whole read needs the most, and cancelled ones after it add nothing. (How
    // far a read gets in a given time depends on the machine, so cancelled ones cannot be the measure.)
    ;(await siyu.read(file, READ)).close()
    const peak = (await siyu.memory()).wasmBytes
    for (let round = 0; round < 5; round += 1) await aborted(150, (signal) => siyu.read(file, { ...READ, signal }))
    const { wasmBytes } = await siyu.memory()
    assert.ok(wasmBytes <= peak * 1.1 + 4e6, `${peak} bytes, then ${wasmBytes}`)
    siyu.close()
  })
}

test('a signal that was aborted before stops the call before it begins', async () => {
  const siyu = await open()
  const error = await rejected(siyu.read(CSV, { ...READ, signal: AbortSignal.abort() }))
  assert.equal(error.code, 'cancelled')
  siyu.close()
})

test('other calls are heard while a long one runs', async () => {
  const siyu = await open()
  const file = orders(1_000_000)
  const reading = siyu.read(file, READ)
  let answered = 0
  let slowest = 0
  let done = false
  reading.then(() => (done = true))
  while (!done) {
    const before = performance.now()
    await siyu.memory()
    slowest = Math.max(slowest, performance.now() - before)
    answered += 1
  }
  assert.ok(answered > 10, `${answered} answers`)
  assert.equal((await reading).rows, 1_000_000)
  siyu.close()
})

test('cancelling one run leaves the others alone', async () => {
  const siyu = await open()
  const table = await siyu.read(orders(400_000), { ...READ, keep: 'source' })
  const other = siyu.rfm(table, AT)
  const { error } = await aborted(20, (signal) => siyu.rfm(table, AT, { signal }))
  assert.equal(error.code, 'cancelled')
  assert.equal((await other).totals.customers, 80_000)
  siyu.close()
})

/** Starts one worker that traps, then good ones. */
function trapping(workerData) {
  let started = 0
  const worker = () => workerAfter(started++ === 0 ? './trapping-worker.mjs' : null, workerData)
  return { worker, count: () => started }
}

test('an engine that cannot be loaded says so, and may be opened again', async () => {
  const missing = new URL('./no-such-worker.mjs', import.meta.url)
  for (const options of [{ worker: missing }, { wasm: new Uint8Array(9) }, { wasm: new TextEncoder().encode('<!doctype html>') }, { wasm: new Response('', { status: 404 }) }]) {
    const error = await rejected(open(options))
    assert.equal(error.code, 'engine-load', String(error))
    assert.equal((await rejected(open(options))).code, 'engine-load')
  }
  ;(await open()).close()
})

test('a cancelled call does not keep the program alive', async () => {
  const code = `
    import { open } from 'siyu/sync'
    const siyu = await open()
    const signal = AbortSignal.timeout(5)
    await siyu.read('a,b\\n' + 'x,2025-01-01\\n'.repeat(300000), { roles: { customer: 'a', time: 'b' }, signal }).catch(({ code }) => console.log(code))
    siyu.close()
    console.time('left')
    process.on('exit', () => console.timeEnd('left'))`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', cwd: root })
  assert.equal(status, 0)
  const [said, left] = stdout.split('\n')
  assert.equal(said, 'cancelled')
  assert.ok(/left: [\d.]+ms/.test(left), left)
})

test('after a trap pending calls say so, the next ones work, and files are read again', async () => {
  const { worker, count } = trapping({ function: 'runStep', after: 3 })
  const siyu = await open({ worker })
  const file = new Blob([CSV])
  const loaded = await siyu.read(file, READ)
  const source = await siyu.read(file, { ...READ, keep: 'source' })
  const lost = await siyu.read(CSV, READ)
  const closed = await siyu.read(file, READ)
  const calls = [siyu.rfm(loaded, AT), siyu.rfm(loaded, AT), siyu.read(orders(500_000), READ)]
  const codes = (await Promise.all(calls.map(rejected))).map(({ code }) => code)
  assert.deepEqual(codes, ['engine-restarted', 'engine-restarted', 'engine-restarted'])
  closed.close()

  const [one, two, three] = await Promise.all([siyu.rfm(source, AT), siyu.rfm(loaded, AT), siyu.rfm(loaded, AT)])
  assert.equal(count(), 2)
  assert.equal(one.totals.revenueText, '121.75')
  assert.deepEqual([two.totals, three.totals], [one.totals, one.totals])
  const gone = await rejected(siyu.rfm(lost, AT))
  assert.deepEqual([gone.code, gone.table], ['closed', 'orders'])
  assert.equal((await siyu.memory()).tables, 2)
  siyu.close()
})

test('a file that changed since is not read again in silence', async () => {
  const { worker } = trapping({ function: 'runStep', after: 0 })
  const siyu = await open({ worker })
  let text = CSV
  // What a File does whose file was overwritten; browsers refuse to read it, some file systems do not.
  const changing = {
    get size() { return text.length },
    slice: (from, until) => new Blob([text]).slice(from, until),
    arrayBuffer: () => new Blob([text]).arrayBuffer(),
  }
  const table = await siyu.read(changing, READ)
  assert.equal((await rejected(siyu.rfm(table, AT))).code, 'engine-restarted')
  text = CSV.replace('10.50', '99.50')
  assert.equal((await rejected(siyu.rfm(table, AT))).code, 'closed')
  siyu.close()
})

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: when the memory ends the call fails, and the next one works`, async () => {
    // 160 pages are 10 MB, well below `memoryLimit`: the machine refuses, not a rule of ours.
    const siyu = await open({ wasm: withMaximum(readFileSync(join(dist, 'siyu.wasm')), 160) })
    const table = await siyu.read(new Blob([CSV]), READ)
    const error = await rejected(siyu.read(orders(1_500_000, 1_500_000), { ...READ, keep: 'loaded' }))
    assert.equal(error.code, 'limit-memory', 'reading asks for memory and takes no for an answer')
    assert.equal((await siyu.rfm(table, AT)).totals.customers, 3)

    // Copying columns across does not ask: it traps. A batch of 8,192 texts of 2,000 bytes is 16 MB.
    const ids = { codes: new Uint32Array(100_000), ids: ['x'.repeat(2000)] }
    const trapped = await rejected(siyu.read({ columns: { customer: ids, time: new Float64Array(100_000) } }))
    assert.equal(trapped.code, 'engine-restarted')
    assert.equal((await siyu.rfm(table, AT)).totals.customers, 3)
    siyu.close()
  })
}

/** The module with a maximum size of its memory, in pages of 64 KiB. */
function withMaximum(wasm, pages) {
  const bytes = [...wasm.subarray(0, 8)]
  const leb = (at) => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      value += (wasm[at] & 127) * 2 ** shift
      if (wasm[at++] < 128) return [value, at]
    }
  }
  const out = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...out(Math.floor(value / 128))])
  for (let at = 8; at < wasm.length;) {
    const id = wasm[at]
    const [size, start] = leb(at + 1)
    if (id === 5) {
      // One memory: count, flags, minimum.
      const [minimum] = leb(start + 2)
      assert.deepEqual([wasm[start], wasm[start + 1]], [1, 0])
      const section = [1, 1, ...out(minimum), ...out(Math.max(minimum, pages))]
      bytes.push(id, ...out(section.length), ...section)
    } else {
      for (let byte = at; byte < start + size; byte += 1) bytes.push(wasm[byte])
    }
    at = start + size
  }
  return Uint8Array.from(bytes)
}

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: 200 rounds of open, read, run, close do not grow`, async () => {
    const file = orders(5_000)
    const round = async (siyu) => {
      const table = await siyu.read(file, READ)
      const { customers } = await siyu.rfm(table, AT)
      await siyu.exportCsv(customers)
      table.close()
    }
    // One engine for all rounds: its linear memory must not grow once it is warm.
    const siyu = await open()
    for (let count = 0; count < 20; count += 1) await round(siyu)
    const warm = (await siyu.memory()).wasmBytes
    for (let count = 0; count < 200; count += 1) await round(siyu)
    const { wasmBytes, tables } = await siyu.memory()
    siyu.close()
    assert.equal(tables, 0)
    assert.ok(wasmBytes <= warm, `${warm} bytes of wasm memory after 20 rounds, ${wasmBytes} after 220`)

    // An engine for each round: what the page holds must not grow. (A worker is slow to start.)
    const engines = entry === 'siyu' ? 50 : 200
    const measure = async () => {
      // What belongs to an engine goes in several rounds: first its port, then the instance, then its memory.
      for (let round = 0; round < 10; round += 1) {
        collect()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      return heapUsed + arrayBuffers
    }
    const fresh = async () => {
      const siyu = await open()
      await round(siyu)
      siyu.close()
    }
    for (let count = 0; count < 10; count += 1) await fresh()
    const before = await measure()
    for (let count = 0; count < engines; count += 1) await fresh()
    const grown = (await measure()) - before
    console.log(`# ${entry}: wasm ${(wasmBytes / 1e6).toFixed(1)} MB flat, page grew ${(grown / 1e6).toFixed(2)} MB in ${engines} engines`)
    assert.ok(grown < 2e6, `${grown} bytes`)
  })
}
