// The encrypted workspace: what is kept, found again, taken out, and refused.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { open } from 'siyu/sync'
import { memoryStore, openWorkspace, PBKDF2_ITERATIONS } from 'siyu/workspace'
import { directoryStore } from 'siyu/workspace/directory'
import { AT, CSV, READ, ROLES, consent, policy, rejected } from './given.mjs'
import { workbook } from './workbooks.mjs'

const at = '2025-06-01T09:00:00+08:00'
/** A key in the place of a passphrase, so that not every test derives one. */
const secret = { key: await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']) }
const folders = []
let siyu

before(async () => { siyu = await open() })
after(() => {
  siyu.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const fresh = async (store = memoryStore()) => openWorkspace(siyu, store, secret)
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'siyu-'))
  folders.push(made)
  return made
}
const rfm = { analysis: 'rfm', inputs: { log: 'orders' }, options: AT, at }

test('what was added is there when it is opened again, with its policy and log, and gives the same answer', async () => {
  const store = memoryStore()
  const passphrase = '一条足够长的口令'
  const first = await openWorkspace(siyu, store, { passphrase })
  await first.setPolicy(policy(consent('A1'), consent('B2')), { at })
  const table = await first.add('orders', new File([CSV], 'may.csv'), { ...READ, at, expires: '2027-06-01' })
  assert.equal(table.customers, 3)
  const asked = { ...rfm, purpose: 'segmentation' }
  const report = await first.run(asked)
  first.close()
  await siyu.setPolicy(null)
  assert.equal((await rejected(first.entries())).code, 'closed')

  const second = await openWorkspace(siyu, store, { passphrase: passphrase.normalize('NFKD') })
  assert.deepEqual(await second.entries(), [{ name: 'orders', kind: 'table', number: 3, version: 1, bytes: CSV.length, expires: '2027-06-01', stale: null }])
  const again = await second.run(asked)
  assert.deepEqual(again.groups, report.groups)
  assert.deepEqual(again.about.inputs, report.about.inputs)
  assert.deepEqual(again.about.inputs[0].refused, [{ reason: 'no-basis', customers: 1 }])
  const ledger = await second.ledger()
  assert.deepEqual(ledger.entries.map(({ op }) => op), ['policy', 'add', 'run', 'run'])
  assert.equal((await siyu.privacy('ledgerCheck', { ledger })).intact, true)
  assert.equal(JSON.parse(new TextDecoder().decode(await store.read('header'))).kdf.iterations, PBKDF2_ITERATIONS)
  assert.ok(PBKDF2_ITERATIONS >= 600_000)
  second.close()
  await siyu.setPolicy(null)
})

test('several files, other encodings and JSON are one table again, and a customer is taken out of each', async () => {
  const gbk = Buffer.concat([Buffer.from('buyer,paid_at,paid,order,note\nB2,2025-04-01 10:00:00,1,o9,'), Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]), Buffer.from('\r\nD4,2025-04-02 10:00:00,2,o10,B2\r\n')])
  const list = ' [\n {"buyer":"A1","paid_at":"2025-03-01","paid":1.10,"order":"x1"},\n {"buyer" : "B2","paid_at":"2025-03-01","paid":3,"order":"}]"}\n]\n'
  const lines = '{"buyer":900719925474099312,"paid_at":"2025-03-01","paid":1,"order":"y1"}\n{"order":"y2","paid":2,"paid_at":"2025-03-01","buyer":"B2"}\n'
  const quoted = 'buyer;paid_at;paid;order\n"B2";2025-03-01;1;"a ""b""\nc"\nE5;2025-03-02;2;"B2\n"\n'
  const space = await fresh()
  const files = [new File([CSV], 'may.csv'), new File([gbk], 'april.csv'), new File([gzipSync(CSV.replaceAll(',o1', ',p1').replaceAll(',o3', ',p3'))], 'more.csv.gz')]
  await space.add('logs', files, { ...READ, at })
  await space.add('list', list, { roles: ROLES, at })
  await space.add('lines', lines, { roles: ROLES, at })
  await space.add('quoted', quoted, { roles: ROLES, at })
  const found = await space.accessExport('B2', { at })
  assert.deepEqual(found.tables.map(({ name, rows }) => [name, rows.length]), [['logs', 5], ['list', 1], ['lines', 1], ['quoted', 1]])
  assert.equal(found.tables[0].rows[2].note, '张三')
  assert.equal(found.tables[3].rows[0].order, 'a "b"\nc')
  const counts = async () => Object.fromEntries(await Promise.all(['logs', 'list', 'lines', 'quoted'].map(async name => [name, [(await space.table(name)).rows, (await space.table(name)).customers]])))
  const whole = await counts()
  const erased = await space.eraseCustomer(' B2', { at })
  assert.deepEqual(erased.tables.map(({ name, rows, elsewhere }) => [name, rows, elsewhere]), [['logs', 5, 1], ['list', 1, 0], ['lines', 1, 0], ['quoted', 1, 1]])
  assert.deepEqual(await counts(), { logs: [whole.logs[0] - 5, 3], list: [1, 1], lines: [1, 1], quoted: [1, 1] })
  assert.deepEqual((await space.accessExport('B2', { at })).tables, [])
  // Every other byte of the text is as it was.
  const [row] = (await space.accessExport('900719925474099312', { at })).tables[0].rows
  assert.equal(row.order, 'y1')
  space.close()
})

test('a file without a customer reads as if the customer had never been in it, whatever stands in its cells', async () => {
  let seed = 17
  const random = below => Math.floor(((seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647) * below)
  const pieces = ['"', ',', ';', '\t', '|', '\n', '\r\n', '\r', '{', '}', '[', ']', '\\', 'B2', ' ', '张', '😀', ':', 'x', "'"]
  const ids = ['A1', 'B2', 'B2"', 'b2', 'C,3', '007', '张三', '__proto__', '{"buyer":"B2"}']
  const roles = { customer: 'buyer', time: 'paid_at', amount: 'paid', product: 'what, it is' }
  const space = await fresh()
  for (let round = 0; round < 80; round++) {
    const rows = Array.from({ length: 2 + random(12) }, () => ({
      'what, it is': Array.from({ length: random(6) }, () => pieces[random(pieces.length)]).join(''), buyer: ids[random(ids.length)], paid: `${random(1000)}.5`, paid_at: `2025-0${1 + random(5)}-1${random(10)}`,
    }))
    const [delimiter, end] = [[',', ';', '\t', '|'][random(4)], ['\n', '\r\n', '\r'][random(3)]]
    const cell = text => (random(2) || /["\r\n]|^\s|\s$/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text)
    const columns = Object.keys(rows[0])
    const forms = {
      csv: list => [columns, ...list.map(row => columns.map(name => row[name]))].map(cells => cells.map(cell).join(delimiter)).join(end) + (random(2) ? end : ''),
      json: list => JSON.stringify(list, null, random(3)),
      ndjson: list => list.map(row => JSON.stringify(row)).join(end === '\r' ? '\n' : end),
    }
    for (const [form, text] of Object.entries(forms)) {
      const id = rows[random(rows.length)].buyer
      const left = rows.filter(({ buyer }) => buyer !== id)
      const options = { roles, ...(form === 'csv' && { delimiter }) }
      await space.add('shop', text(rows), { ...options, at })
      const { tables } = await space.eraseCustomer(id, { at })
      assert.equal(tables[0].rows, rows.length - left.length, `${form}, round ${round}`)
      assert.equal(tables[0].removed, left.length === 0)
      if (left.length > 0) assert.equal((await space.table('shop')).fingerprint, (await siyu.read(text(left), options)).fingerprint, `${form}, round ${round}`)
    }
  }
  space.close()
})

test('the only customer of a table takes the table along; a workbook is refused, or removed on demand', async () => {
  const space = await fresh()
  await space.add('one', 'buyer,paid_at,paid\nB2,2025-01-01,1\n', { roles: { customer: 'buyer', time: 'paid_at', amount: 'paid' }, at })
  assert.deepEqual((await space.eraseCustomer('B2', { at })).tables, [{ name: 'one', rows: 1, elsewhere: 0, removed: true }])
  await space.add('book', workbook({ s: [['buyer', 'paid_at', 'paid'], ['B2', '2025-01-01', 1], ['C3', '2025-01-01', 1]] }), { roles: { customer: 'buyer', time: 'paid_at', amount: 'paid' }, at })
  assert.deepEqual((await space.accessExport('B2', { at })).notSearched, ['book'])
  const error = await rejected(space.eraseCustomer('B2', { at }))
  assert.deepEqual([error.code, error.table], ['unsupported', 'book'])
  assert.deepEqual((await space.entries()).map(({ name }) => name), ['book'])
  const { tables } = await space.eraseCustomer('B2', { at, otherwise: 'remove' })
  assert.deepEqual(tables.map(({ name, removed }) => [name, removed]), [['book', true]])
  assert.deepEqual(await space.entries(), [])
  space.close()
})

test('what is due at an instant is deleted then and not before, and recorded without a name', async () => {
  const space = await fresh()
  await space.add('orders', CSV, { ...READ, at, expires: '2026-01-01T00:00:00+08:00' })
  await space.add('kept', CSV, { ...READ, at })
  assert.deepEqual((await space.deleteDue({ at: '2025-12-31T15:59:59Z' })).entries, [])
  assert.deepEqual(await space.deleteDue({ at: '2025-12-31T16:00:00Z' }), { entries: ['orders'], customers: 0, erased: { tables: [], models: [], consents: 0 } })
  assert.deepEqual((await space.entries()).map(({ name }) => name), ['kept'])
  assert.deepEqual((await space.ledger()).entries.at(-1).op, 'delete-due')
  assert.doesNotMatch(JSON.stringify(await space.ledger()), /orders|kept/)
  assert.equal((await rejected(space.table('orders'))).code, 'unknown-table')
  for (const wrong of ['June', '2025-13-01', '2025-06-01T09:00', 5]) assert.deepEqual([(await rejected(space.deleteDue({ at: wrong }))).code], ['date'], wrong)
  space.close()
})

test('customers whose longest retention is over are taken out when what is due is deleted', async () => {
  const space = await fresh()
  const active = (customer, lastActivity) => consent(customer, { lastActivity })
  const shop = policy(active('A1', '2024-06-01'), active('B2', '2024-06-02'), consent('C3'), active('B2', '2024-05-01'))
  await space.add('orders', CSV, { ...READ, at })
  await space.setPolicy({ ...shop, purposes: [{ name: 'segmentation', retentionDays: 365 }, { name: 'care' }] }, { at })
  assert.equal((await space.deleteDue({ at })).customers, 0, 'one purpose has no end')
  await space.setPolicy({ ...shop, purposes: [{ name: 'segmentation', retentionDays: 30 }, { name: 'care', retentionDays: 365 }] }, { at })
  const { customers, erased } = await space.deleteDue({ at })
  assert.deepEqual([customers, erased.tables[0].rows, erased.consents], [1, 2, 1])
  assert.deepEqual((await space.accessExport('A1', { at })).tables, [])
  assert.equal((await space.accessExport('B2', { at })).tables[0].rows.length, 2)
  assert.equal((await space.deleteDue({ at: '2025-06-02' })).customers, 1)
  assert.equal((await space.table('orders')).customers, 1)
  await space.wipe()
  await siyu.setPolicy(null)
})

test('keys of pseudonyms are kept for each purpose, and are others after a rotation', async () => {
  const store = memoryStore()
  const [one, other] = [await fresh(store), await fresh(store)]
  const key = await one.pseudonymKey('care', { at })
  assert.deepEqual(await other.pseudonymKey('care', { at }), key)
  assert.deepEqual([key.version, key.purpose, key.key.length], [1, 'care', 64])
  const ids = ['A1', 'B2']
  const of = async key => (await siyu.privacy('pseudonyms', { ...key, ids })).pseudonyms
  const all = [await of(key), await of(await other.pseudonymKey('reports', { at })), await of(await other.pseudonymKey('care', { at, rotate: true }))]
  assert.equal(new Set(all.flat()).size, 6)
  assert.equal((await one.pseudonymKey('care', { at })).version, 2)
  assert.deepEqual((await one.ledger()).entries.map(({ op }) => op), ['new-key', 'new-key', 'rotate-key'])
  await one.add('orders', CSV, { ...READ, at })
  const { customers } = await one.run(rfm)
  const { file } = await one.releaseList(customers, { purpose: 'care', at, recipient: 'domestic' }, { pseudonyms: await one.pseudonymKey('care', { at }) })
  assert.doesNotMatch(new TextDecoder().decode(file), /A1|B2|C3/)
  for (const name of await store.list()) assert.equal(Buffer.from(await store.read(name)).includes(key.key), false)
  one.close()
  other.close()
})

test('a model scores until a customer it was fitted with withdraws or is erased, and again when it is fitted again', async () => {
  const shop = ['buyer,paid_at,paid,order']
  for (let one = 0; one < 60; one++) for (let day = 1; day <= 1 + (one % 4); day++) shop.push(`K${one},2025-0${1 + (one % 5)}-${10 + day},${one + day},k${one}-${day}`)
  const space = await fresh()
  const who = Array.from({ length: 60 }, (_, one) => consent(`K${one}`))
  await space.setPolicy(policy(...who), { at })
  await space.add('orders', shop.join('\n'), { ...READ, at })
  const recipe = { analysis: 'clusters', inputs: { log: 'orders' }, purpose: 'segmentation', at, options: { ...AT, clusters: 3, seed: 1 } }
  await space.fit('groups', recipe)
  const { clusters: _, ...score } = recipe.options
  const asked = { ...recipe, options: score }
  assert.equal((await space.score('groups', asked)).customers.length, 60)

  const { consents, models } = await space.withdraw('K7', { at, purpose: 'segmentation' })
  assert.deepEqual([consents, models], [1, ['groups']])
  let error = await rejected(space.score('groups', asked))
  assert.deepEqual([error.code, error.path], ['denied', 'model'])
  assert.equal((await space.entries()).find(({ name }) => name === 'groups').stale.reason, 'withdrawn')
  assert.deepEqual((await space.accessExport('K7', { at })).models.map(({ name }) => name), ['groups'])
  const fitted = await space.fit('groups', recipe)
  assert.equal(fitted.customers.length, 59)
  assert.equal((await space.score('groups', asked)).customers.length, 59)
  assert.deepEqual((await space.accessExport('K7', { at })).models, [])

  // A consent that ends by itself is seen at the instant of the run.
  await space.setPolicy(policy(...who.map(one => (one.customer === 'K7' ? { ...one, withdrawnAt: at } : one.customer === 'K8' ? { ...one, expiresAt: '2025-07-01' } : one))), { at })
  assert.equal((await space.score('groups', asked)).customers.length, 59)
  assert.equal((await rejected(space.score('groups', { ...asked, at: '2025-07-01' }))).code, 'denied')

  await space.fit('groups', recipe)
  const erased = await space.eraseCustomer('K9', { at })
  assert.deepEqual([erased.models, erased.consents, erased.tables[0].rows], [['groups'], 1, 2])
  error = await rejected(space.score('groups', asked))
  assert.match(error.hint, /erased/)
  await space.fit('groups', recipe)
  assert.equal((await space.score('groups', asked)).customers.length, 58)
  assert.equal((await rejected(space.fit('none', rfm))).path, 'purpose')
  space.close()
  await siyu.setPolicy(null)
})

test('a run of a workspace is under its own policy, whoever gave the engine another', async () => {
  const [one, other] = [await fresh(), await fresh()]
  for (const [space, ...ids] of [[one, 'A1', 'B2'], [other, 'C3']]) {
    await space.setPolicy({ ...policy(...ids.map(id => consent(id))), name: `for ${ids}` }, { at })
    await space.add('orders', CSV, { ...READ, at })
  }
  const whom = async space => (await space.run({ ...rfm, purpose: 'segmentation' })).customers.column('customer')
  assert.deepEqual([await whom(one), await whom(other), await whom(one)], [['A1', 'B2'], ['C3'], ['A1', 'B2']])
  await siyu.setPolicy(null)
  assert.deepEqual(await whom(one), ['A1', 'B2'])
  // What a caller does with the policy that it got changes nothing.
  const got = await one.policy()
  got.consents.pop()
  assert.equal((await one.policy()).consents.length, 2)
  await one.wipe()
  await other.wipe()
  await siyu.setPolicy(null)
})

test('two handles on one storage lose nothing of each other', async () => {
  const store = directoryStore(folder())
  const [one, other] = [await fresh(store), await fresh(store)]
  await Promise.all([
    ...Array.from({ length: 6 }, (_, index) => one.add(`a${index}`, CSV, { ...READ, at })),
    ...Array.from({ length: 6 }, (_, index) => other.add(`b${index}`, CSV, { ...READ, at })),
  ])
  assert.equal((await one.entries()).length, 12)
  const ledger = await other.ledger()
  assert.equal(ledger.entries.length, 12)
  assert.equal((await siyu.privacy('ledgerCheck', { ledger })).intact, true)
  // A table that the other replaced is read anew.
  await one.add('a0', CSV.replaceAll('B2', 'D4'), { ...READ, at })
  assert.notEqual((await other.table('a0')).fingerprint, (await other.table('a1')).fingerprint)
  one.close()
  other.close()
})

test('processes take turns in a folder', () => {
  const place = folder()
  const script = join(place, 'add.mjs')
  writeFileSync(script, `
    import { directoryStore } from ${JSON.stringify(import.meta.resolve('siyu/workspace/directory'))}
    const store = directoryStore(process.argv[2])
    for (let at = 0; at < 50; at++) await store.lock(async () => {
      const count = await store.read('count')
      await store.write('count', Uint8Array.of((count?.[0] ?? 0) + 1))
    })
  `)
  const store = join(place, 'store')
  const both = `${process.execPath} ${script} ${store} & ${process.execPath} ${script} ${store}; wait`
  execFileSync('sh', ['-c', both])
  return directoryStore(store).read('count').then(count => assert.equal(count[0], 100))
})

test('a change that breaks off leaves the old state, and nothing of the new one', async () => {
  for (const broken of [0, 1, 2]) {
    const inner = memoryStore()
    let left = Infinity
    const store = { ...inner, write: (name, bytes) => (left-- > 0 ? inner.write(name, bytes) : Promise.reject(new Error('disk full'))) }
    const space = await fresh(store)
    await space.add('orders', CSV, { ...READ, at })
    left = broken
    await assert.rejects(space.add('orders', CSV.replaceAll('B2', 'D4'), { ...READ, at }), /disk full/)
    left = Infinity
    const again = await fresh(store)
    assert.deepEqual([(await again.entries())[0].version, (await again.ledger()).entries.length], [1, 1])
    assert.equal((await inner.list()).length, 4, 'header, index, orders and log')
    for (const one of [again, space]) assert.equal((await one.run(rfm)).customers.column('customer').includes('B2'), true)
    space.close()
    again.close()
  }
})

test('wiped, nothing is left, and the next opening makes a new one', async () => {
  const place = join(folder(), 'space')
  const store = directoryStore(place)
  const space = await fresh(store)
  await space.add('orders', CSV, { ...READ, at })
  await space.wipe()
  assert.throws(() => readdirSync(place), { code: 'ENOENT' })
  assert.equal((await rejected(space.entries())).code, 'closed')
  const again = await fresh(store)
  assert.deepEqual(await again.entries(), [])
  await again.wipe()
})

test('nothing is stored before it is asked for', async () => {
  const place = join(folder(), 'space')
  const store = directoryStore(place)
  assert.throws(() => readdirSync(place), { code: 'ENOENT' })
  assert.equal((await rejected(openWorkspace(siyu, store, { passphrase: 'short' }))).path, 'passphrase')
  assert.throws(() => readdirSync(place), { code: 'ENOENT' })
})
