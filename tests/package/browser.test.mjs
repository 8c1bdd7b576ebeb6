// The package in a real page: cancelling, a trap in the worker, and a page that stays alive.

import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { done, noBrowser, serve, visit } from '../packaging/fixtures.mjs'
import { dist, root } from './given.mjs'

after(done)

test('a page with two million rows', { skip: noBrowser }, async (t) => {
  const folder = join(root, 'tests', '.tmp', 'page')
  rmSync(folder, { recursive: true, force: true })
  cpSync(fileURLToPath(new URL('./page', import.meta.url)), folder, { recursive: true })
  cpSync(dist, join(folder, 'dist'), { recursive: true })
  const server = await serve(folder, "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:")
  const { cancel, trap, customers, tasks, wrong } = await visit(`${server.address}/`, { traced: true }).finally(server.close)

  await t.test('cancelling a read takes less than 100 ms and leaves nothing behind', () => {
    const times = cancel.times.map(Number).sort((a, b) => a - b)
    console.log(`# cancelled within ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`)
    assert.ok(times[2] < 100, `median of ${cancel.times}`)
    assert.deepEqual([cancel.tables, cancel.works], [0, 1])
  })

  await t.test('after a trap pending calls say so, and files are read again', () => {
    assert.deepEqual(trap, { codes: Array(3).fill('engine-restarted'), after: [200, 200, 'closed'], started: 2 })
  })

  await t.test('the page itself is never busy for long', () => {
    assert.equal(customers, 200_000)
    assert.equal(Object.keys(tasks).length, 3)
    for (const [name, ms] of Object.entries(tasks)) {
      console.log(`# longest task of the page: ${ms.toFixed(1)} ms for ${name}`)
      assert.ok(ms > 0 && ms <= 50, `${ms} ms for ${name}`)
    }
  })

  await t.test('nothing was refused or failed in silence', () => assert.deepEqual(wrong.filter((text) => !text.includes('unreachable')), []))
})
