// One job: prove that the sample data is what its README and its truth say.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { csv, generate, json } from '../data/shop/generate.mjs'
import { files as socialFiles, generate as generateSocial } from '../data/social/generate.mjs'

const data = new URL('../data/', import.meta.url)
const stored = (name) => readFileSync(new URL(name, data), 'utf8')

/** Rows of the shop, read without any code of the generator. Only the product column has quotes. */
function shopRows() {
  const lines = stored('shop/orders.csv').slice(1).trimEnd().split('\r\n')
  return lines.slice(1).map((line) => {
    const [order, customer, time, amount, channel] = line.split(',')
    return { order, customer, time, fen: Math.round(Number(amount) * 100), channel }
  })
}

const fen = (text) => Math.round(Number(text) * 100)

describe('the generated shop', () => {
  const truth = JSON.parse(stored('shop/truth.json'))
  const rows = shopRows()
  const kindOf = new Map()
  for (const [kind, { ids }] of Object.entries(truth.kinds)) {
    for (const id of ids.split(' ')) kindOf.set(id, kind)
  }
  /** Per customer: order number → time of its first row. */
  const orders = new Map()
  for (const { customer, order, time } of rows.filter((row) => row.customer && row.fen >= 0)) {
    if (!orders.has(customer)) orders.set(customer, new Map())
    const own = orders.get(customer)
    if (!own.has(order) || time < own.get(order)) own.set(order, time)
  }

  test('is written again with equal bytes', () => {
    const { rows: again, truth: told } = generate()
    assert.ok(csv(again) === stored('shop/orders.csv'), 'orders.csv differs')
    assert.ok(json(told) === stored('shop/truth.json'), 'truth.json differs')
  })

  test('has the totals that its truth tells', () => {
    const named = rows.filter((row) => row.customer)
    const sum = (some) => some.reduce((all, row) => all + row.fen, 0)
    assert.equal(rows.length, truth.totals.rows)
    assert.equal(new Set(rows.map((row) => row.order)).size, truth.totals.orders)
    assert.equal(new Set(named.map((row) => row.customer)).size, truth.totals.customers)
    assert.equal(rows.length - named.length, truth.totals.rowsWithoutCustomer)
    assert.equal(rows.filter((row) => row.fen < 0).length, truth.totals.refundRows)
    assert.equal(rows.filter((row) => row.fen === 0).length, truth.totals.zeroRows)
    assert.equal(sum(named), fen(truth.totals.revenue))
    assert.equal(sum(named.filter((row) => row.fen < 0)), fen(truth.totals.refunded))
    assert.equal(sum(rows) - sum(named), fen(truth.totals.revenueWithoutCustomer))
    for (const [month, revenue] of Object.entries(truth.months)) {
      assert.equal(sum(named.filter((row) => row.time.startsWith(month))), fen(revenue), month)
    }
  })

  test('has the customers, orders and revenue of each kind', () => {
    assert.equal(kindOf.size, truth.totals.customers)
    for (const [kind, told] of Object.entries(truth.kinds)) {
      const own = rows.filter((row) => kindOf.get(row.customer) === kind)
      assert.equal(new Set(own.map((row) => row.customer)).size, told.customers, kind)
      assert.equal(new Set(own.map((row) => row.order)).size, told.orders, kind)
      assert.equal(own.reduce((all, row) => all + row.fen, 0), fen(told.revenue), kind)
    }
  })

  test('keeps what its README says of every customer of a kind', () => {
    const campaigns = [
      ['2024-06-01', '2024-06-20'],
      ['2024-11-01', '2024-11-11'],
      ['2024-12-10', '2024-12-12'],
      ['2025-03-05', '2025-03-08'],
    ]
    const during = (time) => campaigns.some(([from, to]) => time.slice(0, 10) >= from && time.slice(0, 10) <= to)
    const holds = {
      loyal: (times) => times.length >= 9 && times.length <= 18 && times.at(-1) >= '2025-05-10',
      big: (times) => times.length >= 3 && times.length <= 6 && times.at(-1) >= '2025-03-01',
      regular: (times) => times.length >= 2 && times.length <= 6 && times.at(-1) >= '2025-03-01',
      campaign: (times) => times.length <= 3 && times.every(during),
      new: (times) => times.length <= 2 && times[0] >= '2025-04-15',
      dormant: (times) => times.length >= 3 && times.length <= 6 && times.at(-1) < '2024-12-01',
      once: (times) => times.length === 1 && times[0] < '2025-04-01',
    }
    for (const [customer, kind] of kindOf) {
      const times = [...orders.get(customer).values()].sort()
      assert.ok(holds[kind](times), `${kind} ${customer}: ${times.join(', ')}`)
    }
  })

  test('stays inside its year', () => {
    const times = rows.map((row) => row.time).sort()
    assert.ok(times[0] >= '2024-06-01 00:00')
    assert.ok(times.at(-1) < '2025-06-01 00:00')
  })

  test('is small enough to keep in the project', () => {
    assert.ok(Buffer.byteLength(stored('shop/orders.csv')) < 1.5e6)
  })
})

test('CDNOW has the rows, customers and zero amounts that its README says', () => {
  const rows = stored('cdnow_master.csv').trimEnd().split('\n').slice(1).map((line) => line.split(','))
  assert.equal(rows.length, 69_659)
  assert.equal(new Set(rows.map(([id]) => id)).size, 23_570)
  assert.equal(rows.filter((row) => Number(row[3]) === 0).length, 80)
})

describe('the generated social shop', () => {
  const shop = generateSocial()
  const truth = JSON.parse(stored('social/truth.json'))
  const lines = (name) => stored(`social/${name}`).slice(1).trimEnd().split('\r\n').slice(1).map((line) => line.split(','))

  test('is written again with equal bytes', () => {
    for (const [name, text] of Object.entries(socialFiles(shop))) assert.ok(text === stored(`social/${name}`), `${name} differs`)
  })

  test('keeps what its README says of every customer of a group', () => {
    const orders = new Map()
    for (const [, customer, time] of lines('orders.csv')) orders.set(customer, [...(orders.get(customer) ?? []), time])
    const actions = new Map()
    for (const [customer, time, event] of lines('events.csv')) {
      if (event !== '浏览') actions.set(customer, [...(actions.get(customer) ?? []), time])
    }
    let seen = 0
    for (const [group, { ids }] of Object.entries(truth.groups)) {
      const isRecent = ['social-star', 'quiet-value', 'sharer', 'promising-newcomer'].includes(group)
      const isValuable = ['social-star', 'quiet-value', 'star-to-win-back', 'value-to-win-back'].includes(group)
      const isSocial = ['social-star', 'sharer', 'star-to-win-back', 'bystander'].includes(group)
      for (const id of ids.split(' ')) {
        seen += 1
        const bought = orders.get(id) ?? []
        const did = actions.get(id) ?? []
        const last = (bought.length > 0 ? bought : did).toSorted().at(-1)
        assert.equal(last >= '2025-04-17', isRecent, `${group} ${id}: ${last}`)
        assert.ok(isRecent || last < '2025-02-21', `${group} ${id}: ${last}`)
        assert.equal(bought.length >= 6, isValuable, `${group} ${id}`)
        assert.ok(isValuable || bought.length <= 2, `${group} ${id}`)
        assert.equal(did.length >= 15, isSocial, `${group} ${id}`)
        assert.ok(isSocial || did.length <= 2, `${group} ${id}`)
      }
    }
    assert.equal(seen, truth.totals.customers)
  })

  test('has the totals that its truth tells', () => {
    const orders = lines('orders.csv')
    assert.equal(orders.length, truth.totals.orders)
    assert.equal(orders.reduce((sum, [, , , amount]) => sum + fen(amount), 0), fen(truth.totals.revenue))
    const count = (event) => lines('events.csv').filter(([, , name]) => name === event).length
    assert.deepEqual([count('转发'), count('评论'), count('群发言')], [truth.totals.shares, truth.totals.comments, truth.totals.groupPosts])
    const first = new Map()
    for (const [, customer, time] of orders) if (!(first.get(customer) <= time)) first.set(customer, time)
    const pairs = new Map()
    for (const [inviter, time, invited] of lines('referrals.csv')) {
      if (inviter !== invited && !pairs.has(`${inviter} ${invited}`)) pairs.set(`${inviter} ${invited}`, first.get(invited) >= time)
    }
    assert.equal(pairs.size, truth.totals.invitesSent)
    assert.equal([...pairs.values()].filter(Boolean).length, truth.totals.invitesAccepted)
    const checked = lines('customers.csv').filter(([, , , , , , , audit]) => audit)
    assert.equal(checked.length, truth.tags.audited)
    assert.equal(checked.filter(([, , , , , , tag, audit]) => tag === audit).length, truth.tags.right)
  })
})
