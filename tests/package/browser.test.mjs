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
  const { cancel, trap, file, rows, customers, wrong } = await visit(`${server.address}/`).finally(server.close)

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
    console.log(`# longest task of the page: ${file} ms for a file of a million rows, ${rows} ms for 300,000 objects`)
    assert.equal(customers, 200_000)
    assert.ok(file <= 50 && rows <= 50, `${file} ms, ${rows} ms`)
  })

  await t.test('nothing was refused or failed in silence', () => assert.deepEqual(wrong.filter((text) => !text.includes('unreachable')), []))
})
