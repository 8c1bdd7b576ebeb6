// Attacks on what was given away, tried with the package as it is shipped: a customer who withdrew is
// looked for in everything that comes out afterwards, pseudonyms of two purposes are joined, the log
// is tampered with in each way, and two tables are subtracted. And attacks on what is kept: the storage of a
// workspace is searched, changed, exchanged and put back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore, openWorkspace } from 'siyu/workspace'
import { AT, CSV, READ, consent, entries, inside, policy, rejected } from './given.mjs'

const GONE = 'B2'
const at = '2025-12-31T00:00:00Z'

/** Everything of a report, columns included, as one text. */
const allOf = report => JSON.stringify(report, (_, value) => {
  if (typeof value?.names === 'object' && typeof value.column === 'function') return value.names.map(name => [...value.column(name)])
  return ArrayBuffer.isView(value) ? [...value] : value
})

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: who withdrew is in nothing that a later run gives, and counts in none of its numbers`, async () => {
    const siyu = await open({ policy: policy(consent('A1'), consent(GONE), consent('C3')) })
    const table = await siyu.read(CSV, READ)
    const run = (analysis, options) => siyu.run({ analysis, purpose: 'segmentation', at, options }, { orders: table })
    const requests = [['rfm', AT], ['describe', { column: 'amount' }], ['lifecycle', { ...AT, unit: 'week' }], ['tiers', { ...AT, tiers: [{ name: 'gold', from: 10 }] }]]
    assert.match(allOf(await run(...requests[0])), new RegExp(GONE))
    await siyu.setPolicy(policy(consent('A1'), consent(GONE, { withdrawnAt: '2025-06-01' }), consent('C3')))
    // The same shop, had this customer never been there.
    const fewer = CSV.split('\n').filter(line => !line.startsWith(GONE)).join('\n')
    assert.notEqual(fewer, CSV)
    const without = await siyu.read(fewer, READ)
    for (const [analysis, options] of requests) {
      const report = await run(analysis, options)
      assert.doesNotMatch(allOf(report), new RegExp(GONE), analysis)
      assert.deepEqual(report.about.inputs[0].refused, [{ reason: 'withdrawn', customers: 1 }])
      const never = await siyu.run({ analysis, purpose: 'segmentation', at, options }, { orders: without })
      const { about: _, ...numbers } = report
      const { about: __, ...expected } = never
      assert.equal(allOf(numbers), allOf(expected), analysis)
      if (report.customers) {
        const bytes = Buffer.from(await siyu.exportCsv(report.customers))
        assert.equal(bytes.includes(GONE), false)
      }
    }
    siyu.close()
  })

  test(`${entry}: files of two purposes, versions or keys have no pseudonym in common`, async () => {
    const siyu = await open()
    const ids = Array.from({ length: 500 }, (_, at) => `C${at}`)
    const [one, other] = [await siyu.privacy('newKey', {}), await siyu.privacy('newKey', {})]
    const lists = []
    for (const [{ key }, purpose, version] of [[one, 'segmentation', 1], [one, 'marketing', 1], [one, 'segmentation', 2], [other, 'segmentation', 1]]) {
      lists.push((await siyu.privacy('pseudonyms', { key, purpose, version, ids })).pseudonyms)
    }
    assert.equal(new Set(lists.flat()).size, 4 * ids.length)
    // Nor by their order or a part of them.
    const starts = lists.map(list => new Set(list.map(pseudonym => pseudonym.slice(0, 16))))
    assert.deepEqual([...starts[0]].filter(start => starts[1].has(start)), [])
    assert.ok(lists.every(list => list.every(pseudonym => !ids.some(id => pseudonym.includes(id)))))
    siyu.close()
  })

  test(`${entry}: a log shows what was edited, dropped, put elsewhere, added or cut off`, async () => {
    const siyu = await open()
    let ledger
    for (const op of ['read', 'run', 'release', 'erase', 'run']) ledger = await siyu.privacy('ledgerAppend', { ...(ledger && { ledger }), entry: { op, rows: 10 } })
    const head = ledger.hashes.at(-1)
    const check = async (change, seen) => {
      const log = structuredClone(ledger)
      change(log)
      return (await siyu.privacy('ledgerCheck', { ledger: log, ...(seen && { head: seen }) }))
    }
    assert.equal((await check(() => {}, head)).intact, true)
    const tampered = {
      edit: log => { log.entries[1].rows = 11 },
      drop: log => { log.entries.splice(1, 1); log.hashes.splice(1, 1) },
      reorder: log => { for (const list of [log.entries, log.hashes]) [list[1], list[2]] = [list[2], list[1]] },
      insert: log => { log.entries.splice(2, 0, log.entries[1]); log.hashes.splice(2, 0, log.hashes[1]) },
      'append without a hash': log => { log.entries.push({ seq: 6, op: 'run' }) },
      'another hash': log => { log.hashes[4] = '0'.repeat(64) },
    }
    for (const [kind, change] of Object.entries(tampered)) assert.equal((await check(change)).intact, false, kind)
    // A cut end shows by the hash that was kept elsewhere, as does a log that was written anew.
    const cut = log => { log.entries.pop(); log.hashes.pop() }
    assert.deepEqual(await check(cut, head), { intact: false, firstBad: null, isCut: true })
    const forged = await siyu.privacy('ledgerAppend', { entry: { op: 'read', rows: 9 } })
    assert.equal((await siyu.privacy('ledgerCheck', { ledger: forged, head })).isCut, true)
    siyu.close()
  })

  test(`${entry}: two tables that differ by a customer are not both published`, async () => {
    const siyu = await open()
    const publish = (counts, ledger) => siyu.privacy('suppress', { counts, k: 5, table: 'segment by city', ...(ledger && { ledger }) })
    const june = await publish([[20, 30], [40, 50]])
    assert.equal(june.ledger.entries.length, 1)
    const error = await rejected(publish([[20, 30], [40, 49]], june.ledger))
    assert.deepEqual([error.code, error.path], ['denied', 'counts'])
    // Who moved between cells is in no total, but in the cells.
    assert.equal((await rejected(publish([[21, 29], [39, 51]], june.ledger))).code, 'denied')
    const july = await publish([[26, 30], [40, 58]], june.ledger)
    assert.equal(july.ledger.entries.length, 2)
    assert.equal((await siyu.privacy('ledgerCheck', { ledger: july.ledger })).intact, true)
    // Without the log of June its charge would be gone: a log from which it was taken is refused.
    const less = { entries: july.ledger.entries.slice(1), hashes: july.ledger.hashes.slice(1) }
    assert.equal((await rejected(publish([[20, 30], [40, 49]], less))).code, 'decode')
    siyu.close()
  })

  test(`${entry}: what customers of segments spend is published with noise, within a budget`, async () => {
    const siyu = await open()
    const options = {
      query: 'spending of May', groups: ['loyal', 'lost'], amounts: [10, 20.5, 99, 4], group: [0, 0, 1, 0], customer: [1, 1, 2, 3],
      lower: 0, upper: 50, decimals: 2, rowsPerCustomer: 2, epsilon: '0.5', budget: { epsilon: '1' },
    }
    const first = await siyu.privacy('noisySums', options)
    assert.deepEqual(first.groups.map(({ name }) => name), options.groups)
    for (const { customers, sum, mean } of first.groups) {
      assert.ok(Number.isInteger(customers) && Math.abs(Math.round(sum * 100) / 100 - sum) < 1e-9)
      assert.equal(mean, customers >= 1 ? sum / customers : null)
    }
    const { ledger } = first.receipt
    assert.deepEqual((await siyu.privacy('noisySums', { ...options, ledger })).groups, first.groups)
    const error = await rejected(siyu.privacy('noisySums', { ...options, query: 'of June', epsilon: '0.6', ledger }))
    assert.deepEqual([error.code, error.path], ['denied', 'budget'])
    siyu.close()
  })
}

const passphrase = 'a passphrase of the shop'
const PHONE = '13812345678'
const NAMED = `会员号,下单时间,实付金额,姓名\n${PHONE},2025-05-01,10,欧阳修竹\nB2-gone,2025-05-02,20,司马相如\nC3-stays,2025-05-03,30,B2-gone's friend\n`
const ROLES = { customer: '会员号', time: '下单时间', amount: '实付金额' }

/** A workspace with a table, consents and a model, and all that its storage ever was given. */
async function kept(siyu) {
  const files = new Map()
  const inner = memoryStore(files)
  const given = []
  const store = { ...inner, write: (name, bytes) => (given.push([name, bytes.slice()]), inner.write(name, bytes)) }
  const space = await openWorkspace(siyu, store, { passphrase })
  await space.setPolicy(policy(...[PHONE, 'B2-gone', 'C3-stays'].map(id => consent(id, { source: 'counter Chengdu' }))), { at })
  await space.add('五月订单', new File([NAMED], '五月-司马.csv'), { roles: ROLES, at, expires: '2027-01-01' })
  await space.fit('三组', { analysis: 'clusters', inputs: { log: '五月订单' }, purpose: 'segmentation', at, options: { at: '2025-06-01', clusters: 2, seed: 1 } })
  return { files, store, space, given }
}

/** Every entry of a storage as it was before it was encrypted, and the index with their names. */
async function decrypted(store) {
  const { Vault } = await inside('vault')
  const vault = await Vault.open(store, { passphrase })
  return vault.look(async ({ entries, read }) => {
    const texts = [JSON.stringify([...entries])]
    for (const name of entries.keys()) texts.push(Buffer.from(await read(name)).toString())
    return texts
  })
}

test('the storage of a workspace holds no plaintext: no id, name, header, purpose or file name, in any form', async () => {
  const siyu = await entries['siyu/sync'].open()
  const { given, store, space } = await kept(siyu)
  const dump = Buffer.concat(given.flatMap(([name, bytes]) => [Buffer.from(name), Buffer.from(bytes)]))
  const secrets = [PHONE, 'B2-gone', '欧阳修竹', '司马', '会员号', '实付金额', '五月', '三组', '.csv', 'segmentation', 'counter', '2025-05-01', 'customer', 'fitted', 'hashes', passphrase]
  for (const secret of secrets) {
    for (const encoding of ['utf8', 'utf16le']) assert.equal(dump.includes(Buffer.from(secret, encoding)), false, `${secret} in ${encoding}`)
    for (const encoding of ['hex', 'base64']) assert.equal(dump.includes(Buffer.from(secret).toString(encoding).replace(/=+$/, '').slice(0, -1)), false, `${secret} in ${encoding}`)
  }
  // They are there for who has the passphrase: the search would find them.
  const texts = (await decrypted(store)).join()
  for (const secret of secrets.slice(0, -1)) assert.ok(texts.includes(secret), secret)
  // What is encrypted looks like chance: every byte value about as often as another (χ² with 255 degrees, α = 10⁻⁶).
  const bytes = Buffer.concat(given.filter(([name]) => name !== 'header').map(([, bytes]) => Buffer.from(bytes)))
  const counts = new Array(256).fill(0)
  for (const byte of bytes) counts[byte]++
  const expected = bytes.length / 256
  assert.ok(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0) < 377)
  // No nonce comes twice.
  const nonces = given.filter(([name]) => name !== 'header').map(([, bytes]) => Buffer.from(bytes.subarray(0, 12)).toString('hex'))
  assert.equal(new Set(nonces).size, nonces.length)
  space.close()
  siyu.close()
})

test('an erased customer is nowhere in what is kept, not even behind the encryption', async () => {
  const siyu = await entries['siyu/sync'].open()
  const { store, space, files } = await kept(siyu)
  const found = await space.accessExport('B2-gone', { at })
  assert.deepEqual([found.tables[0].rows[0].姓名, found.consents[0].source, found.models[0].name], ['司马相如', 'counter Chengdu', '三组'])
  const before = new Set(files.keys())
  const erased = await space.eraseCustomer('B2-gone', { at })
  assert.deepEqual(erased, { tables: [{ name: '五月订单', rows: 1, elsewhere: 0, removed: false }], models: ['三组'], consents: 1 })
  for (const text of await decrypted(store)) {
    // Its row, consent and name; that another row speaks of it is the shop's own text, which the answer counts if it is a cell.
    assert.doesNotMatch(text.replace("B2-gone's friend", ''), /B2-gone|司马相如/)
    assert.match(text, /./)
  }
  // The file that held it is gone from the storage.
  assert.ok([...before].filter(name => !files.has(name)).length >= 2)
  const again = await space.accessExport('B2-gone', { at })
  assert.deepEqual([again.tables, again.consents], [[], []])
  const report = await space.run({ analysis: 'rfm', inputs: { log: '五月订单' }, purpose: 'segmentation', at, options: { at: '2025-06-01' } })
  assert.deepEqual([...report.customers.column('customer')].sort(), [PHONE, 'C3-stays'])
  assert.equal((await rejected(space.score('三组', { analysis: 'clusters', inputs: { log: '五月订单' }, purpose: 'segmentation', at, options: { at: '2025-06-01' } }))).code, 'denied')
  const log = JSON.stringify(await space.ledger())
  assert.match(log, /"op":"erase"/)
  assert.doesNotMatch(log, /B2|五月|三组/)
  space.close()
  siyu.close()
})

test('another passphrase, another key and a changed header do not open a workspace, and say so', async () => {
  const siyu = await entries['siyu/sync'].open()
  const { store, files, space } = await kept(siyu)
  space.close()
  let error = await rejected(openWorkspace(siyu, store, { passphrase: 'a passphrase of the shoq' }))
  assert.deepEqual([error.code, error.path], ['denied', 'passphrase'])
  assert.match(error.hint, /not the passphrase/)
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  error = await rejected(openWorkspace(siyu, store, { key }))
  assert.deepEqual([error.code, error.path], ['denied', 'passphrase'])
  const header = JSON.parse(Buffer.from(files.get('header')).toString())
  for (const [change, code] of [
    [{ kdf: { ...header.kdf, iterations: 1 } }, 'denied'], [{ kdf: { ...header.kdf, iterations: 1e15 } }, 'denied'], [{ kdf: { ...header.kdf, salt: '00'.repeat(16) } }, 'denied'], [{ kdf: { iterations: 600_000 } }, 'denied'],
    [{ id: '00'.repeat(16) }, 'denied'], [{ key: `00${header.key.slice(2)}` }, 'denied'], [{ version: 2 }, 'decode'], [{ format: 'other' }, 'decode'],
  ]) {
    files.set('header', Buffer.from(JSON.stringify({ ...header, ...change })))
    assert.equal((await rejected(openWorkspace(siyu, store, { passphrase }))).code, code, JSON.stringify(change))
  }
  files.delete('header')
  assert.equal((await rejected(openWorkspace(siyu, store, { passphrase }))).code, 'decode')
  siyu.close()
})

test('an entry that was changed, exchanged, put back or taken from another workspace is refused', async () => {
  const siyu = await entries['siyu/sync'].open()
  const secret = { key: await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']) }
  const files = new Map()
  const store = memoryStore(files)
  const space = await openWorkspace(siyu, store, secret)
  const names = () => new Set(files.keys())
  /** The file of what is added now. */
  const added = async (name, text) => {
    const before = names()
    await space.add(name, text, { ...READ, at })
    return [...files.keys()].filter(file => !before.has(file) && files.get(file).length > text.length && files.get(file).length < text.length + 40)[0]
  }
  const [one, other] = [await added('one', CSV), await added('other', CSV.replaceAll('B2', 'D4'))]
  space.close()
  const whole = new Map([...files].map(([name, bytes]) => [name, bytes.slice()]))
  const put = state => { files.clear(); for (const [name, bytes] of state) files.set(name, bytes.slice()) }
  const refusal = async (name = 'one') => {
    try {
      const again = await openWorkspace(siyu, store, secret)
      const error = await rejected(again.table(name))
      again.close()
      return [error.code, error.table]
    } catch (error) {
      return [error.code, 'at opening']
    } finally {
      put(whole)
    }
  }
  for (const at of [0, 11, 12, 40, files.get(one).length - 1]) {
    files.get(one)[at] ^= 1
    assert.deepEqual(await refusal(), ['decode', 'one'], `byte ${at}`)
  }
  files.set(one, files.get(one).subarray(0, -1))
  assert.deepEqual(await refusal(), ['decode', 'one'])
  files.set(one, new Uint8Array())
  assert.deepEqual(await refusal(), ['decode', 'one'])
  files.delete(one)
  assert.deepEqual(await refusal(), ['decode', 'one'])
  // The two exchanged: each is whole, and under the wrong name.
  files.set(one, whole.get(other))
  files.set(other, whole.get(one))
  assert.deepEqual(await refusal(), ['decode', 'one'])
  for (const at of [0, 12, files.get('index').length - 1]) {
    files.get('index')[at] ^= 1
    assert.deepEqual(await refusal(), ['decode', 'at opening'])
  }
  files.set('index', whole.get(one))
  assert.deepEqual(await refusal(), ['decode', 'at opening'])

  // An older version in the place of the newer one.
  const second = await openWorkspace(siyu, store, secret)
  await second.add('one', CSV.replaceAll('B2', 'E5'), { ...READ, at })
  const newer = [...files.keys()].find(file => !whole.has(file) && Math.abs(files.get(file).length - whole.get(one).length) < 2)
  const now = new Map([...files].map(([name, bytes]) => [name, bytes.slice()]))
  files.set(newer, whole.get(one))
  assert.equal((await rejected(openWorkspace(siyu, store, secret).then(again => again.table('one')))).code, 'decode')
  put(now)
  // The same of a workspace of another id under the same key.
  const foreign = new Map()
  const third = await openWorkspace(siyu, memoryStore(foreign), secret)
  await third.add('one', CSV, { ...READ, at })
  files.set('index', foreign.get('index'))
  assert.equal((await rejected(openWorkspace(siyu, store, secret))).code, 'decode')

  // The whole storage put back to before: seen while it is open, and later by who kept its head.
  put(now)
  const { head } = await openWorkspace(siyu, store, secret)
  put(whole)
  assert.equal((await rejected(second.entries())).code, 'decode')
  const error = await rejected(openWorkspace(siyu, store, secret, { head }))
  assert.deepEqual([error.code, error.path], ['decode', 'head'])
  assert.equal((await (await openWorkspace(siyu, store, secret)).entries()).length, 2)
  // Nor is an empty place taken for it.
  put(new Map())
  assert.equal((await rejected(openWorkspace(siyu, store, secret, { head }))).path, 'head')
  assert.equal(files.size, 0)
  put(now)
  assert.equal((await openWorkspace(siyu, store, secret, { head })).head, head)
  siyu.close()
})
