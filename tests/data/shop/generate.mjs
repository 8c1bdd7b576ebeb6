// Writes a made-up year of a Chinese shop with known truth: `orders.csv`, as a shop's back office
// would export it, and `truth.json`, what was planted. No clock, no dependency, one fixed seed and
// only exact arithmetic (no logarithms or sines): every run on every machine gives the same bytes.
//
//   node tests/data/shop/generate.mjs [folder]      (default: beside this file)
//
// The model. Every customer is of one kind, and the kind alone decides how often, when and for how
// much they buy. Days are drawn from the shop's calendar (weekends, 618, Double 11, New Year) inside
// the kind's window. Amounts are the kind's typical basket times two uniform factors. A customer keeps
// to one channel four times in five. One order in five has a second line. One order in twenty is
// refunded, in whole or in half, by a negative row under the same order number some days later. Some
// lines are gifts that cost nothing, and some store sales carry no member name.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const SEED = 20240618
const DAY = 86_400_000
const FIRST = Date.UTC(2024, 5, 1)
const DAYS = 365
/** The moment the year is looked at from: the midnight after the last day. */
const AT = '2025-06-01'

/** Number of the day, from the first, of a date. */
const day = (text) => (Date.parse(`${text}T00:00:00Z`) - FIRST) / DAY

/**
 * The kinds of customers: how many, how many orders each (from, to), the days in which they buy, the
 * typical basket in yuan, days on which they surely buy once, and whether they only buy at campaigns.
 */
const KINDS = {
  loyal: { customers: 400, orders: [9, 18], days: [day('2024-06-01'), 364], basket: 160, sure: [day('2025-05-10'), 364] },
  big: { customers: 120, orders: [3, 6], days: [day('2024-06-01'), 364], basket: 1500, sure: [day('2025-03-01'), 364] },
  regular: { customers: 1400, orders: [2, 6], days: [day('2024-06-01'), 364], basket: 130, sure: [day('2025-03-01'), 364] },
  campaign: { customers: 900, orders: [1, 3], days: [day('2024-06-01'), 364], basket: 90, campaigns: true },
  new: { customers: 800, orders: [1, 2], days: [day('2025-04-15'), 364], basket: 100 },
  dormant: { customers: 1100, orders: [3, 6], days: [day('2024-06-01'), day('2024-11-30')], basket: 120 },
  once: { customers: 1280, orders: [1, 1], days: [day('2024-06-01'), day('2025-03-31')], basket: 80 },
}

/** Campaigns: from, to, peak, weight on the days before the peak, weight on the peak. */
const CAMPAIGNS = [
  ['2024-06-01', '2024-06-20', '2024-06-18', 2, 9],
  ['2024-11-01', '2024-11-11', '2024-11-11', 2.5, 14],
  ['2024-12-10', '2024-12-12', '2024-12-12', 2, 5],
  ['2025-03-05', '2025-03-08', '2025-03-08', 2, 4],
]

const CHANNELS = [
  ['小程序', 34],
  ['公众号', 22],
  ['社群', 18],
  ['视频号', 14],
  ['门店', 12],
]

const PRODUCTS = ['龙井', '普洱', '茉莉花茶', '铁观音', '白茶', '咖啡豆', '挂耳', '坚果', '蜂蜜', '马克杯', '茶具,六件套', '礼盒']

/** Share of a day's orders in each hour, 0 to 23. */
const HOURS = [2, 1, 1, 0, 0, 1, 2, 4, 6, 8, 10, 10, 9, 8, 8, 8, 8, 8, 9, 11, 14, 14, 10, 5]

/** Uniform numbers in [0, 1) from a 32-bit state (the mixer of splitmix, in 32 bits). */
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let word = state
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
    return ((word ^ (word >>> 16)) >>> 0) / 4294967296
  }
}

/** Draws an index with the given weights. */
export function weighted(weights, uniform) {
  let left = uniform * weights.reduce((all, each) => all + each, 0)
  for (let index = 0; index < weights.length; index += 1) {
    left -= weights[index]
    if (left < 0) return index
  }
  return weights.length - 1
}

/** The shop's calendar: how busy each day is, and which days are campaigns. */
function calendar() {
  const busy = []
  for (let each = 0; each < DAYS; each += 1) {
    const weekday = new Date(FIRST + each * DAY).getUTCDay()
    busy.push(weekday === 0 || weekday === 6 ? 1.25 : 1)
  }
  const campaign = busy.map(() => 0)
  for (const [from, to, peak, before, top] of CAMPAIGNS) {
    for (let each = day(from); each <= day(to); each += 1) {
      campaign[each] = each === day(peak) ? top : before
      busy[each] *= campaign[each]
    }
  }
  for (let each = day('2025-01-08'); each <= day('2025-01-22'); each += 1) busy[each] *= 1.6
  for (let each = day('2025-01-28'); each <= day('2025-02-04'); each += 1) busy[each] *= 0.35
  return { busy, campaign }
}

/** Exact decimal text of an amount in fen. */
export function yuan(fen) {
  const text = String(Math.abs(fen)).padStart(3, '0')
  return `${fen < 0 ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`
}

const two = (number) => String(number).padStart(2, '0')

/** Local time as the export writes it. */
function stamp(minute) {
  const when = new Date(FIRST + minute * 60_000)
  const date = `${when.getUTCFullYear()}-${two(when.getUTCMonth() + 1)}-${two(when.getUTCDate())}`
  return `${date} ${two(when.getUTCHours())}:${two(when.getUTCMinutes())}`
}

/** The shop: its rows in order of payment and its truth. */
export function generate() {
  const uniform = random(SEED)
  const between = (from, to) => from + Math.floor(uniform() * (to - from + 1))
  const { busy, campaign } = calendar()
  const drawDay = (weights, [from, to]) => from + weighted(weights.slice(from, to + 1), uniform())
  const drawMinute = (at) => at * 1440 + weighted(HOURS, uniform()) * 60 + between(0, 59)
  const amount = (basket) => Math.round(basket * 100 * (0.5 + uniform()) * (0.5 + uniform()))

  const taken = new Set()
  /** A member name as its channel makes them; store cards are digits with zeros in front. */
  const memberName = (channel) => {
    for (;;) {
      const number = Math.floor(uniform() * 2_000_000)
      const name =
        channel === '门店' ? String(number).padStart(8, '0') : `${channel === '社群' ? 'tb' : 'wx'}${number.toString(36)}`
      if (!taken.has(name)) {
        taken.add(name)
        return name
      }
    }
  }

  const orders = []
  const truth = {}
  for (const [kind, plan] of Object.entries(KINDS)) {
    const ids = []
    for (let index = 0; index < plan.customers; index += 1) {
      const home = weighted(CHANNELS.map(([, weight]) => weight), uniform())
      const customer = memberName(CHANNELS[home][0])
      ids.push(customer)
      const many = between(...plan.orders)
      for (let order = 0; order < many; order += 1) {
        const weights = plan.campaigns ? campaign : busy
        const at = drawDay(weights, order === 0 && plan.sure ? plan.sure : plan.days)
        const channel = uniform() < 0.8 ? home : weighted(CHANNELS.map(([, weight]) => weight), uniform())
        const lines = [{ product: between(0, PRODUCTS.length - 1), fen: amount(plan.basket) }]
        if (uniform() < 0.1) {
          const gift = uniform() < 0.1
          lines.push({ product: between(0, PRODUCTS.length - 1), fen: gift ? 0 : amount(plan.basket / 2) })
        }
        const minute = drawMinute(at)
        let refund = null
        if (uniform() < 0.05) {
          const back = minute + between(1, 9 * 1440)
          const fen = uniform() < 0.7 ? lines[0].fen : Math.floor(lines[0].fen / 2)
          if (back < DAYS * 1440) refund = { minute: back, fen: -fen, product: lines[0].product }
        }
        orders.push({ kind, customer, minute, channel: CHANNELS[channel][0], lines, refund })
      }
    }
    truth[kind] = { customers: ids.length, orders: 0, revenueFen: 0, ids: ids.join(' ') }
  }
  for (let index = 0; index < 40; index += 1) {
    const lines = [{ product: between(0, PRODUCTS.length - 1), fen: amount(60) }]
    const minute = drawMinute(drawDay(busy, [0, DAYS - 1]))
    orders.push({ kind: null, customer: '', minute, channel: '门店', lines, refund: null })
  }

  // Order numbers follow payment: the date and the number of the order on that day.
  orders.sort((left, right) => left.minute - right.minute)
  const rows = []
  let today = -1
  let number = 0
  for (const order of orders) {
    const at = Math.floor(order.minute / 1440)
    number = at === today ? number + 1 : 1
    today = at
    const id = stamp(order.minute).slice(2, 10).replaceAll('-', '') + String(number).padStart(4, '0')
    const row = { id, customer: order.customer, kind: order.kind, channel: order.channel }
    for (const { product, fen } of order.lines) rows.push({ ...row, minute: order.minute, product, fen })
    if (order.refund) rows.push({ ...row, ...order.refund })
  }
  rows.sort((left, right) => left.minute - right.minute)

  for (const { kind } of orders) if (kind) truth[kind].orders += 1
  const totals = { rows: rows.length, orders: orders.length, customers: taken.size }
  const sums = { named: 0, paid: 0, refunded: 0, nameless: 0 }
  const counts = { refundRows: 0, zeroRows: 0, rowsWithoutCustomer: 0 }
  const months = {}
  for (const { kind, minute, fen } of rows) {
    if (fen < 0) counts.refundRows += 1
    if (fen === 0) counts.zeroRows += 1
    if (!kind) {
      counts.rowsWithoutCustomer += 1
      sums.nameless += fen
      continue
    }
    truth[kind].revenueFen += fen
    sums.named += fen
    sums[fen < 0 ? 'refunded' : 'paid'] += fen
    const month = stamp(minute).slice(0, 7)
    months[month] = (months[month] ?? 0) + fen
  }
  return {
    rows,
    truth: {
      seed: SEED,
      at: AT,
      zone: 'Asia/Shanghai',
      totals: {
        ...totals,
        ...counts,
        revenue: yuan(sums.named),
        paid: yuan(sums.paid),
        refunded: yuan(sums.refunded),
        revenueWithoutCustomer: yuan(sums.nameless),
      },
      months: Object.fromEntries(Object.entries(months).map(([month, fen]) => [month, yuan(fen)])),
      kinds: Object.fromEntries(
        Object.entries(truth).map(([kind, { customers, orders: many, revenueFen, ids }]) => [
          kind,
          { customers, orders: many, revenue: yuan(revenueFen), ids },
        ]),
      ),
    },
  }
}

/** The export: UTF-8 with a byte order mark, CRLF, RFC 4180 quotes. */
export function csv(rows) {
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const lines = rows.map(({ id, customer, minute, fen, channel, product }) =>
    [id, customer, stamp(minute), yuan(fen), channel, quoted(PRODUCTS[product])].join(','),
  )
  return `\ufeff${['订单编号,买家会员名,付款时间,实付金额,渠道,商品', ...lines].join('\r\n')}\r\n`
}

/** The truth as it is stored. */
export const json = (truth) => `${JSON.stringify(truth, null, 1)}\n`

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = resolve(process.argv[2] ?? dirname(fileURLToPath(import.meta.url)))
  const { rows, truth } = generate()
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'orders.csv'), csv(rows))
  writeFileSync(join(folder, 'truth.json'), json(truth))
  console.log(JSON.stringify(truth.totals))
}
