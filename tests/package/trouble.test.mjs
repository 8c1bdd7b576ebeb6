// What goes wrong around the package rather than in a file: each trouble is provoked; nothing is lost in
// silence, the error says what happened, and the next call works. (Traps and the end of memory: lifetime.)

import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, openAsBlob, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AT, CSV, READ, entries, orders, rejected, workerAfter } from './given.mjs'

const folder = mkdtempSync(join(tmpdir(), 'siyu-trouble-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Waits for the first sign of progress of a call that is started with the options it gets. */
function begun(start) {
  let call
  const moving = new Promise((resolve) => (call = start({ onProgress: resolve })))
  call.catch(() => {})
  return { moving: Promise.race([moving, call]), call }
}

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: a table over memoryLimit is refused by name, and the next call works`, async () => {
    const siyu = await open({ memoryLimit: 1_000_000 })
    const error = await rejected(siyu.read(orders(200_000), { ...READ, keep: 'loaded' }))
    assert.equal(error.code, 'limit-memory')
    assert.match(error.hint, /memoryLimit|keep/)
    const table = await siyu.read(CSV, READ)
    assert.equal((await siyu.rfm(table, AT)).totals.customers, 3)
    assert.equal((await siyu.memory()).tables, 1)
    siyu.close()
  })

  test(`${entry}: closing while reading ends the reading, and it can be opened again`, async () => {
    const siyu = await open()
    const { moving, call } = begun((more) => siyu.read(orders(500_000), { ...READ, ...more }))
    await moving
    siyu.close()
    assert.equal((await rejected(call)).code, 'closed')
    assert.equal((await rejected(siyu.read(CSV, READ))).code, 'closed')
    const again = await open()
    assert.equal((await again.read(CSV, READ)).rows, 5)
    again.close()
  })

  test(`${entry}: one file read twice at the same time gives one answer twice`, async () => {
    const siyu = await open()
    const file = orders(100_000)
    const [one, two, three] = await Promise.all([siyu.read(file, READ), siyu.read(file, { ...READ, keep: 'source' }), siyu.read(file, READ)])
    assert.deepEqual([two.fingerprint, three.fingerprint], [one.fingerprint, one.fingerprint])
    const reports = await Promise.all([one, two, three].map((table) => siyu.rfm(table, AT)))
    for (const report of reports) assert.deepEqual(report.groups, reports[0].groups)
    siyu.close()
  })

  test(`${entry}: stopped at twenty points, each next call gives the same answer and the memory is back`, async () => {
    const siyu = await open()
    const file = orders(60_000)
    const whole = async (call = {}) => {
      const table = await siyu.read(file, { ...READ, ...call })
      try {
        return JSON.stringify((await siyu.rfm(table, AT, call)).groups)
      } finally {
        table.close()
      }
    }
    const answer = await whole()
    const began = performance.now()
    await whole()
    let took = performance.now() - began
    const { wasmBytes } = await siyu.memory()
    let stopped = 0
    for (let point = 0; point < 20; point += 1) {
      const signal = AbortSignal.timeout(Math.round(took * ((point * 0.618) % 1)))
      // One that came through was faster than thought: the next are stopped earlier.
      await whole({ signal }).then(() => (took *= 0.7), ({ code }) => {
        assert.equal(code, 'cancelled')
        stopped += 1
      })
      assert.equal((await siyu.memory()).tables, 0)
      if (point % 5 === 4) assert.equal(await whole(), answer)
    }
    assert.ok(stopped > 5, `${stopped} of 20 were stopped on their way`)
    const now = (await siyu.memory()).wasmBytes
    assert.ok(now <= wasmBytes * 1.25, `${wasmBytes} bytes, then ${now}`)
    siyu.close()
  })

  test(`${entry}: a file that is changed while it is read is refused, and is read when chosen again`, async () => {
    const siyu = await open()
    const path = join(folder, `${entry.replace('/', '-')}.csv`)
    writeFileSync(path, Buffer.from(await orders(300_000).arrayBuffer()))
    const { moving, call } = begun(async (more) => siyu.read(await openAsBlob(path), { ...READ, ...more }))
    await moving
    appendFileSync(path, 'C1,2024-01-01,1.00,late\n')
    const error = await rejected(call)
    assert.equal(error.code, 'closed')
    assert.match(error.hint, /changed/)
    assert.equal((await siyu.memory()).tables, 0)
    assert.equal((await siyu.read(await openAsBlob(path), READ)).rows, 300_001)

    // The same for a source that is streamed again by a run.
    const source = await siyu.read(await openAsBlob(path), { ...READ, keep: 'source' })
    appendFileSync(path, 'C1,2024-01-01,1.00,later\n')
    assert.equal((await rejected(siyu.rfm(source, AT))).code, 'closed')
    assert.equal((await siyu.read(CSV, READ)).rows, 5)
    siyu.close()
  })

  test(`${entry}: a stream that breaks off is told, and the next call works`, async () => {
    const siyu = await open()
    const broken = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(CSV))
        controller.error(new Error('the line is dead'))
      },
    })
    const error = await rejected(siyu.read(broken, READ))
    assert.equal(error.name, 'SiyuError')
    assert.equal((await siyu.read(CSV, READ)).rows, 5)
    siyu.close()
  })

  test(`${entry}: a page that is busy for seconds in the middle of a reading loses nothing`, async () => {
    const siyu = await open()
    const { moving, call } = begun((more) => siyu.read(orders(300_000), { ...READ, ...more }))
    await moving
    for (const until = performance.now() + 2500; performance.now() < until;);
    assert.equal((await call).rows, 300_000)
    siyu.close()
  })

  test(`${entry}: what the platform lacks is named when it is opened`, async () => {
    for (const name of ['TextDecoder', 'MessageChannel', 'BigInt', 'Intl']) {
      const real = Object.getOwnPropertyDescriptor(globalThis, name)
      delete globalThis[name]
      try {
        const error = await rejected(open())
        assert.deepEqual([error.code, error.path], ['unsupported', name])
        assert.ok(error.hint.includes(name))
      } finally {
        Object.defineProperty(globalThis, name, real)
      }
    }
    const { validate } = WebAssembly
    WebAssembly.validate = () => false
    try {
      assert.match((await rejected(open())).hint, /WebAssembly with/)
    } finally {
      WebAssembly.validate = validate
    }
    ;(await open()).close()
  })
}

test('a worker that is killed in the middle of a reading is replaced', async () => {
  const started = []
  const worker = () => {
    started.push(workerAfter(null))
    return started.at(-1)
  }
  const siyu = await entries.siyu.open({ worker })
  const table = await siyu.read(new Blob([CSV]), READ)
  const { moving, call } = begun((more) => siyu.read(orders(500_000), { ...READ, ...more }))
  await moving
  await started[0].terminate()
  const error = await rejected(call)
  assert.equal(error.code, 'engine-restarted')
  assert.match(error.hint, /call again/)
  assert.equal((await siyu.rfm(table, AT)).totals.customers, 3, 'a table of a file is read again')
  assert.equal(started.length, 2)
  siyu.close()
})

test('a worker that falls silent is replaced after twenty seconds', { timeout: 60_000 }, async (t) => {
  // What a browser does that kills a worker: no event, no answer.
  let first = true
  let kill
  const worker = () => {
    const real = workerAfter(null)
    if (!first) return real
    first = false
    let dead = false
    const end = { postMessage: (...all) => dead || real.postMessage(...all), addEventListener: (type, listen) => type === 'message' && real.on('message', (data) => dead || listen({ data })), terminate: () => real.terminate() }
    kill = () => (dead = true)
    return end
  }
  const siyu = await entries.siyu.open({ worker })
  const table = await siyu.read(new Blob([CSV]), READ)
  kill()
  const began = performance.now()
  const error = await rejected(siyu.rfm(table, AT))
  assert.equal(error.code, 'engine-restarted')
  t.diagnostic(`${((performance.now() - began) / 1000).toFixed(1)} s`)
  assert.equal((await siyu.rfm(table, AT)).totals.customers, 3)
  siyu.close()
})

test('a file that its platform gives half old and half new is refused', async () => {
  // What Firefox does: no error, other bytes. The ends give it away, or a piece that is too short.
  const text = await orders(300_000).text()
  const shorter = await orders(200_000).text()
  for (const later of [`x${text.slice(1)}`, `${text.slice(0, -2)}\n\n`, shorter]) {
    let now = text
    class Changing extends Blob {
      name = 'orders.csv'
      lastModified = 1
      get size() {
        return text.length
      }
      slice(from, until) {
        return new Blob([Buffer.from(now).subarray(from, until)])
      }
    }
    const siyu = await entries['siyu/sync'].open()
    const { moving, call } = begun((more) => siyu.read(new Changing(), { ...READ, ...more }))
    await moving
    now = later
    assert.equal((await rejected(call)).code, 'closed')
    assert.equal((await siyu.memory()).tables, 0)
    siyu.close()
  }
})
