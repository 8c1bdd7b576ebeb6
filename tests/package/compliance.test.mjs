// What the law and platforms ask: bands at their limits, manifests in the log, documents that leave no column out,
// words of campaigns, contacts, and tables in which nobody is found.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SiyuError } from 'siyu'
import { open } from 'siyu/sync'
import * as compliance from 'siyu/compliance'
import { memoryStore, openWorkspace } from 'siyu/workspace'
import { AT, CSV, READ, policy, rejected } from './given.mjs'

const { anonymise, checkContacts, checkText, CONTACTS, CROSS_BORDER, crossBorderBand, documentsOf, manifestOf, WORDS } = compliance
const at = '2025-06-01T09:00:00+08:00'
const thrown = work => {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('it did not throw')
}
let siyu
before(async () => { siyu = await open() })
after(() => siyu.close())

test('bands of giving abroad change at their limits, and by rules of the caller', () => {
  const band = (persons, sensitive = 0, more = {}) => crossBorderBand({ persons, sensitive, ...more }).band
  assert.deepEqual([0, 99_999, 100_000, 999_999, 1_000_000].map(persons => band(persons)), ['exempt', 'exempt', 'contract-or-certification', 'contract-or-certification', 'security-assessment'])
  assert.deepEqual([1, 9_999, 10_000].map(sensitive => band(0, sensitive)), ['contract-or-certification', 'contract-or-certification', 'security-assessment'])
  assert.equal(band(1, 0, { critical: true }), 'security-assessment')
  assert.equal(band(1, 0, { important: true }), 'security-assessment')
  const mine = { ...CROSS_BORDER, since: '2030-01-01', bands: [{ ...CROSS_BORDER.bands[0], persons: 5 }, CROSS_BORDER.bands[2]] }
  assert.deepEqual([crossBorderBand({ persons: 5, sensitive: 0 }, mine).band, crossBorderBand({ persons: 4, sensitive: 0 }, mine).since], ['security-assessment', '2030-01-01'])
  for (const rules of [CROSS_BORDER, WORDS, CONTACTS]) assert.match(rules.read, /^\d{4}-\d\d-\d\d$/)
  for (const { source } of [CROSS_BORDER, ...WORDS.rules, ...CONTACTS.limits]) assert.ok(source.zh && source.en)
})

test('a manifest has the highest class of what was read; what is no personal information needs no band', () => {
  const shop = { ...policy(), columns: [{ column: 'customer', class: 'identifier', purposes: ['segmentation'] }, { column: 'amount', purposes: ['segmentation'] }, { column: '@health', class: 'sensitive', purposes: ['segmentation'] }] }
  const facts = { mode: 'own-list', purpose: 'segmentation', at, recipient: 'abroad', persons: 9_999 }
  const whole = manifestOf(facts, { policy: shop })
  assert.deepEqual([whole.class, whole.sensitive, whole.crossBorder.band], ['sensitive', 9_999, 'contract-or-certification'])
  const part = manifestOf({ ...facts, read: ['customer', 'amount'] }, { policy: shop })
  assert.deepEqual([part.class, part.sensitive, part.crossBorder.band], ['identifier', 0, 'exempt'])
  assert.equal(manifestOf({ ...facts, mode: 'aggregate', parameters: { k: 5 } }, { policy: shop }).crossBorder, null)
  assert.equal(manifestOf({ ...facts, mode: 'anonymised-table' }, { policy: shop }).personal, true)
  assert.equal(manifestOf({ ...facts, mode: 'anonymised-table', anonymous: true }, { policy: shop }).personal, false)
  assert.equal(thrown(() => manifestOf({ ...facts, purpose: 'other' }, { policy: shop })).path, 'purpose')
  assert.equal(thrown(() => manifestOf({ ...facts, read: ['time'] }, { policy: shop })).code, 'denied')
  assert.equal(thrown(() => manifestOf({ ...facts, persons: 1.5 }, {})).path, 'persons')
})

test('releases of a year add up in the log of a workspace, and its documents say so in both languages', async () => {
  const space = await openWorkspace(siyu, memoryStore(), { passphrase: 'a passphrase of the shop' })
  const shop = { ...policy(), name: 'shop | June', purposes: [{ name: 'segmentation', consent: false, automated: true, retentionDays: 730 }, { name: 'care', consent: false }] }
  shop.columns = [...shop.columns.map(one => ({ ...one, class: one.column === 'customer' ? 'identifier' : 'ordinary' })), { column: '@birthday', class: 'sensitive', purposes: ['care'] }]
  await space.setPolicy(shop, { at })
  await space.add('orders', CSV, { ...READ, at })
  const { customers } = await space.run({ analysis: 'rfm', inputs: { log: 'orders' }, purpose: 'segmentation', at, options: AT })
  const { file, manifest } = await space.releaseList(customers, { purpose: 'segmentation', at, recipient: 'self' }, { rows: Uint32Array.of(0, 2) })
  assert.deepEqual([manifest.persons, manifest.columns.includes('customer'), manifest.crossBorder], [2, true, null])
  assert.match(new TextDecoder().decode(file), /A1[\s\S]*C3/)
  const abroad = persons => space.release({ mode: 'own-list', purpose: 'segmentation', at, recipient: 'abroad', persons })
  assert.deepEqual((await abroad(60_000)).crossBorder.band, 'exempt')
  assert.deepEqual([(await abroad(40_000)).crossBorder.band, (await abroad(0)).crossBorder.persons], ['contract-or-certification', 100_000])
  assert.equal((await space.release({ mode: 'own-list', purpose: 'segmentation', at: '2026-01-01', recipient: 'abroad', persons: 1 })).crossBorder.persons, 1)
  await space.release({ mode: 'differentially-private', purpose: 'segmentation', at, recipient: 'public', persons: 3, parameters: { epsilon: '0.5', delta: '0' } })
  const ledger = await space.ledger()
  assert.equal((await siyu.privacy('ledgerCheck', { ledger })).intact, true)
  assert.doesNotMatch(JSON.stringify(ledger), /A1|monetary/)

  for (const language of ['zh', 'en']) {
    const found = documentsOf(await space.policy(), ledger, { language, at, controller: { name: '思域商店', contact: 'privacy@example.test' } })
    for (const { column } of shop.columns) for (const text of [found.record, found.notice, found.assessment]) assert.ok(text.includes(`| ${column} |`), `${column} in ${language}`)
    assert.deepEqual(found.triggers.map(({ trigger }) => trigger), ['sensitive', 'automated', 'provided', 'abroad'])
    assert.deepEqual(found.triggers.map(({ because }) => because.length), [1, 1, 4, 4])
    for (const each of found.triggers) assert.ok(found.assessment.includes(each.text))
    assert.match(found.record, /60000 .*exempt/)
    assert.match(found.record, /differentially-private .*0\.5/)
    assert.ok(found.record.includes('shop \\| June'), 'a name does not break the table')
    assert.match(found.notice, language === 'zh' ? /730 天[\s\S]*须补充/ : /730 days[\s\S]*to be filled in/)
    assert.match(found.assessment, language === 'zh' ? /须由负责人填写/ : /by a person/)
    assert.equal(/[\u4e00-\u9fff]/.test(found.record.replace('思域商店', '')), language === 'zh')
  }
  const plain = documentsOf({ ...shop, purposes: [{ name: 'care' }], columns: [] }, { entries: [], hashes: [] }, { language: 'en', at, controller: { name: 'x', contact: 'y' } })
  assert.deepEqual([plain.assessment, plain.triggers], [null, []])
  assert.equal(thrown(() => documentsOf(null, ledger, { language: 'en', at, controller: { name: 'x', contact: 'y' } })).path, 'policy')
  space.close()
  await siyu.setPolicy(null)
})

test('words of the rules are found in a text, however they are written, and not in words that mean something else', () => {
  const words = (text, options) => checkText(text, options).map(({ word, kind }) => `${kind} ${word}`)
  assert.deepEqual(words('全网最低！本店是国家级品牌，Ｎｏ．１'), ['absolute 全网最低', 'absolute 国家级', 'absolute no.1'])
  assert.deepEqual(words('最 佳 选择，稳\u200b赚不赔，投资-回报高'), ['absolute 最佳', 'finance 稳赚', 'finance 投资回报'])
  assert.deepEqual(words('最大限度保护，最好提前预约'), [])
  assert.deepEqual(words('最大限度，最大优惠'), ['absolute 最大'])
  assert.deepEqual(words('转发抽奖，集赞得礼', { channel: 'moments' }), ['incentive 转发抽奖', 'incentive 集赞'])
  assert.deepEqual(words('转发抽奖', { channel: 'sms' }), [])
  assert.deepEqual(words('您的优惠券到账', { channel: 'template-message' }), ['template 优惠券'])
  assert.deepEqual(words('您的优惠券到账'), [])
  const [hit] = checkText('😀 我们 最　佳。')
  assert.deepEqual([hit.text, '😀 我们 最　佳。'.slice(hit.start, hit.end)], ['最　佳', '最　佳'])
  assert.ok(hit.suggestion.zh && hit.source.en)
  assert.deepEqual(checkText(''), [])
  // A table of one's own, with words that are ends and beginnings of one another.
  const rules = { read: '2026-01-01', rules: [{ words: ['he', 'she', 'his', 'hers', ''], kind: 'absolute', suggestion: { zh: '', en: '' }, source: { zh: '', en: '' } }] }
  assert.deepEqual(checkText('ushers', { rules }).map(({ word }) => word), ['she', 'hers'])
  // A text that holds nothing but such words takes time for its length, not for its square.
  const began = process.cpuUsage().user
  assert.equal(checkText('最好'.repeat(200_000)).length, 200_000)
  assert.ok(process.cpuUsage().user - began < 5e6)
  // The same as looking for each word by itself, and in time that grows with the text alone.
  let seed = 7
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  for (let round = 0; round < 200; round++) {
    const text = Array.from({ length: 60 }, () => 'ab'[Math.floor(random() * 2)]).join('')
    const own = [...new Set(Array.from({ length: 6 }, () => Array.from({ length: 1 + Math.floor(random() * 5) }, () => 'ab'[Math.floor(random() * 2)]).join('')))]
    const all = own.flatMap(word => Array.from({ length: text.length }, (_, start) => ({ start, end: start + word.length })).filter(({ start }) => text.startsWith(word, start)))
    const longest = all.filter(one => !all.some(other => other.start <= one.start && other.end >= one.end && other.end - other.start > one.end - one.start))
    const found = checkText(text, { rules: { ...rules, rules: [{ ...rules.rules[0], words: own }] } }).map(({ start, end }) => ({ start, end }))
    assert.deepEqual(found, longest.sort((a, b) => a.start - b.start || a.end - b.end))
  }
})

test('who would be written to too often is told, by local days and months', () => {
  const one = (customer, channel, at) => ({ customer, channel, at })
  const sent = [1, 2, 3].map(day => one('A', 'service-account', `2025-06-0${day}T10:00:00+08:00`))
  const plan = [one('A', 'service-account', '2025-06-20T10:00:00+08:00'), one('B', 'service-account', '2025-06-20')]
  assert.deepEqual(checkContacts(plan, { sent }), [])
  const [over] = checkContacts([...plan, one('A', 'service-account', '2025-06-30T23:59:59+08:00'), one('A', 'service-account', '2025-07-01T00:00:00+08:00')], { sent })
  assert.deepEqual([over.customer, over.within, over.count, over.limit.max], ['A', '2025-06', 5, 4])
  assert.deepEqual(checkContacts([], { sent: [...sent, ...sent] }), [])
  assert.equal(checkContacts([one('__proto__', 'wecom-mass', '2025-06-01'), one('__proto__', 'wecom-mass', '2025-06-01')])[0].limit.confirmed, false)
  assert.equal(thrown(() => checkContacts([one('A', 'x', 'soon')])).path, 'planned[0].at')
})

/** Rows of people, from a fixed sequence. */
function people(count, seed) {
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  return Array.from({ length: count }, () => ({
    age: 18 + Math.floor(random() * 50), post: `6100${Math.floor(random() * 4)}${Math.floor(random() * 10)}`, city: ['成都', '绵阳', '广州', '深圳'][Math.floor(random() * 4)],
    spend: ['low', 'middle', 'high'][Math.floor(random() * 3)], phone: '13812345678',
  }))
}
const PROVINCE = { 成都: '四川', 绵阳: '四川', 广州: '广东', 深圳: '广东' }
const quasiIdentifiers = [{ column: 'age', widths: [5, 10, 20] }, { column: 'post', lengths: [5, 4] }, { column: 'city', levels: [PROVINCE] }]

test('a table is made coarser until k, l and t are reached, with the least loss there is', async () => {
  for (const [demand, maxLeftOut] of [[{ k: 2 }, 0.02], [{ k: 5 }, 0.05], [{ k: 5, l: 2 }, 0], [{ k: 4, t: 0.25 }, 0.2]]) {
    const rows = people(300, 11)
    const found = await anonymise(siyu, { rows, quasiIdentifiers, sensitive: 'spend', demand, maxLeftOut })
    assert.equal(found.figures.passes, true)
    assert.ok(found.figures.k >= demand.k && found.leftOut <= maxLeftOut * 300 && found.rows.length === 300 - found.leftOut)
    assert.deepEqual(Object.keys(found.rows[0]), ['age', 'post', 'city', 'spend'], 'no other column')
    // The same figures, counted here.
    const classes = Map.groupBy ? Map.groupBy(found.rows, ({ age, post, city }) => `${age} ${post} ${city}`) : null
    if (classes) assert.equal(Math.min(...[...classes.values()].map(({ length }) => length)), found.figures.k)
    // No other levels lose less and reach k (each tried by itself).
    const coarse = (row, [a, p, c]) => [
      a === 0 ? row.age : a === 4 ? '*' : Math.floor(row.age / [5, 10, 20][a - 1]), p === 0 ? row.post : p === 3 ? '*' : row.post.slice(0, 6 - p), c === 0 ? row.city : c === 1 ? PROVINCE[row.city] : '*',
    ].join('|')
    if (demand.t || demand.l) continue
    for (let a = 0; a <= 4; a++) for (let p = 0; p <= 3; p++) for (let c = 0; c <= 2; c++) {
      if ((a / 4 + p / 3 + c / 2) / 3 >= found.loss - 1e-12) continue
      const counts = new Map()
      for (const row of rows) counts.set(coarse(row, [a, p, c]), (counts.get(coarse(row, [a, p, c])) ?? 0) + 1)
      const out = [...counts.values()].filter(count => count < demand.k).reduce((sum, count) => sum + count, 0)
      assert.ok(out > maxLeftOut * 300 || out === 300, `levels ${[a, p, c]} would do`)
    }
  }
})

test('neither the order of rows nor odd values change a safe table; what cannot be reached is an error', async () => {
  const rows = people(60, 5)
  rows.push({ age: null, post: '', city: '__proto__', spend: 'low' }, { age: Number.NaN, post: 7, city: 'toString' })
  const options = { quasiIdentifiers, sensitive: 'spend', demand: { k: 3 }, maxLeftOut: 0.1 }
  const one = await anonymise(siyu, { rows, ...options })
  assert.deepEqual(await anonymise(siyu, { rows: [...rows].reverse(), ...options }), one)
  const strict = { rows: people(4, 3), ...options, demand: { k: 5 } }
  const unreached = await rejected(anonymise(siyu, strict))
  assert.equal(unreached.code, 'not-enough-data')
  assert.ok(unreached instanceof SiyuError && !(new Error('other') instanceof SiyuError), 'errors of all entries are of one class')
  for (const [change, path] of [
    [{ demand: { k: 0 } }, 'demand.k'], [{ maxLeftOut: 2 }, 'maxLeftOut'], [{ rows: [] }, 'rows'], [{ quasiIdentifiers: [{ column: 'age', widths: [5, 12] }] }, 'quasiIdentifiers[0].widths'],
    [{ quasiIdentifiers: [{ column: 'post', lengths: [4, 4] }] }, 'quasiIdentifiers[0].lengths'],
    [{ quasiIdentifiers: Array.from({ length: 10 }, () => quasiIdentifiers[0]) }, 'quasiIdentifiers'],
  ]) assert.equal((await rejected(anonymise(siyu, { rows, ...options, ...change }))).path, path)
})
