// The module's second file: what runs without it, what asks for it, and what happens if it is not there.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { answers } from '../parity/answer.mjs'
import { files } from '../parity/requests.mjs'
import { AT, CSV, READ, dist, entries, rejected } from './given.mjs'

const folder = await mkdtemp(join(tmpdir(), 'siyu-later-'))
after(() => rm(folder, { recursive: true }))
const nowhere = pathToFileURL(join(folder, 'nowhere', 'later.wasm'))

/** Whose code a page has from the start; all others are later. */
const FIRST = ['concentration', 'describe', 'inactivity', 'lifecycle', 'lrfm', 'migration', 'rfm', 'rfm-periods', 'rfms', 'value-score']

const source = async ({ path }) => new Blob([await readFile(path)])

for (const file of files.filter(({ path, more }) => existsSync(path) && !more)) {
  test(`${file.name}: without the second file the first analyses give the same, and the others say what is missing`, async () => {
    const others = {}
    for (const [name, other] of Object.entries(file.others ?? {})) others[name] = { source: await source(other), read: other.read }
    const run = async (siyu, requests) => (await answers(siyu, await source(file), file.read, requests, 'loaded', others)).answers
    const whole = await entries['siyu/sync'].open()
    const first = await entries['siyu/sync'].open({ later: nowhere })
    const requests = file.requests.filter(({ analysis }) => FIRST.includes(analysis))
    assert.deepEqual(await run(first, requests), await run(whole, requests))
    for (const request of file.requests.filter(({ analysis }) => !FIRST.includes(analysis))) {
      const error = await rejected(run(first, [request]))
      assert.equal(error.code, 'engine-load', `${request.analysis}: ${error.message}`)
      assert.match(error.message, /later\.wasm/)
    }
    first.close()
    whole.close()
  })
}

test('every analysis of the first file is among them', () => {
  const tried = new Set(files.flatMap(({ requests }) => requests.map(({ analysis }) => analysis)))
  assert.deepEqual(FIRST.filter((name) => !tried.has(name)), [])
})

test('reading, looking, a policy, pseudonyms and files that are released need no second file', async () => {
  const siyu = await entries['siyu/sync'].open({ later: nowhere })
  const whole = await entries['siyu/sync'].open()
  const { key } = await whole.privacy('newKey', {})
  const file = new Blob([CSV])
  assert.deepEqual(await siyu.guess(file), await whole.guess(file))
  assert.deepEqual(await siyu.rowsAt(file, [{ row: 2 }], READ), await whole.rowsAt(file, [{ row: 2 }], READ))
  const table = await siyu.read(file, READ)
  await siyu.setPolicy({ version: 1, name: 'shop', purposes: [{ name: 'care' }], columns: [{ column: 'customer', class: 'identifier', purposes: ['care'] }] })
  assert.equal((await rejected(siyu.run({ analysis: 'rfm', options: AT }, { orders: table }))).code, 'denied')
  await siyu.setPolicy(null)
  const { customers } = await siyu.rfm(table, AT)
  const pseudonyms = { key, version: 1, purpose: 'care' }
  const [made] = await Promise.all([siyu.exportCsv(customers, { pseudonyms })])
  assert.deepEqual(made, await whole.exportCsv((await whole.rfm(await whole.read(file, READ), AT)).customers, { pseudonyms }))
  assert.equal((await rejected(siyu.privacy('newKey', {}))).code, 'engine-load')
  siyu.close()
  whole.close()
})

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: a second file that was not there is asked for again`, async () => {
    const late = join(folder, `${entry.replace('/', '-')}.wasm`)
    const siyu = await open({ later: pathToFileURL(late) })
    const table = await siyu.read(CSV, READ)
    const asked = () => siyu.run({ analysis: 'segments', options: { ...AT, segments: [{ name: 'all', rule: 'orders >= 1' }] } }, { orders: table })
    assert.equal((await rejected(asked())).code, 'engine-load')
    await copyFile(join(dist, 'later.wasm'), late)
    const [one, two] = await Promise.all([asked(), asked()])
    assert.deepEqual(one.segments, two.segments)
    assert.equal(one.segments[0].customers, 3)
    siyu.close()
  })
}

test('a second file of another module is refused, and the engine goes on', async () => {
  const siyu = await entries['siyu/sync'].open({ later: pathToFileURL(join(dist, 'sheet.wasm')) })
  const error = await rejected(siyu.privacy('newKey', {}))
  assert.equal(error.code, 'engine-load')
  assert.match(error.message, /later\.wasm does not start .*is it of this version/)
  assert.equal((await siyu.rfm(await siyu.read(CSV, READ), AT)).totals.customers, 3)
  siyu.close()
})
