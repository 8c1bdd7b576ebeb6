// Writes a made-up shop whose customers also share, invite and comment, with known truth: purchases,
// events, referrals, a customer table, contacts added by managers, and `truth.json`, what was planted.
// No clock, no dependency, one fixed seed and only exact arithmetic: every run gives the same bytes.
//
//   node tests/data/social/generate.mjs [folder]      (default: beside this file)
//
// The model. Every customer is of one of the eight groups of RFM-S, and three answers make the group:
// recent (the last purchase in the last 45 days, else none for 100 days and more), valuable (6 to 14
// baskets around 300 yuan, else 1 or 2 around 80), social (15 to 60 actions, else at most 2). Some
// never bought. Invited customers come through exactly one friend, who invited them before their first
// purchase; other invitations lead nowhere. Views are noise. Nothing else decides about a group.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { random, weighted, yuan } from '../shop/generate.mjs'

const SEED = 20250601
const DAY = 86_400_000
const FIRST = Date.UTC(2024, 5, 1)
const DAYS = 365
/** The moment the year is looked at from: the midnight after the last day. */
const AT = '2025-05-31'

/** How many customers of each group, of them how many without a purchase; recent, valuable, social. */
const GROUPS = {
  'social-star': { customers: 90, recent: true, valuable: true, social: true },
  'quiet-value': { customers: 230, recent: true, valuable: true, social: false },
  sharer: { customers: 110, recent: true, valuable: false, social: true },
  'promising-newcomer': { customers: 220, silent: 30, recent: true, valuable: false, social: false },
  'star-to-win-back': { customers: 60, recent: false, valuable: true, social: true },
  'value-to-win-back': { customers: 180, recent: false, valuable: true, social: false },
  bystander: { customers: 120, silent: 40, recent: false, valuable: false, social: true },
  'sleeping-member': { customers: 620, recent: false, valuable: false, social: false },
}

/** Days of the last sign of life, from the first day: of recent customers, of the others. */
const RECENT = [DAYS - 45, DAYS - 1]
const GONE = [60, DAYS - 101]

const CITIES = [
  ['成都', '四川', 40],
  ['绵阳', '四川', 15],
  ['重庆', '重庆', 20],
  ['西安', '陕西', 10],
  ['深圳', '广东', 15],
]
const MANAGERS = ['陈静', '刘洋', '赵敏', '周杰', '吴倩']
const KINDS = { share: '转发', comment: '评论', post: '群发言' }
const TAGS = ['茶', '咖啡', '坚果']

const two = (number) => String(number).padStart(2, '0')

/** Local time as the export writes it. */
function stamp(minute) {
  const when = new Date(FIRST + minute * 60_000)
  const date = `${when.getUTCFullYear()}-${two(when.getUTCMonth() + 1)}-${two(when.getUTCDate())}`
  return `${date} ${two(when.getUTCHours())}:${two(when.getUTCMinutes())}`
}

/** The shop and its truth. */
export function generate() {
  const uniform = random(SEED)
  const between = (from, to) => from + Math.floor(uniform() * (to - from + 1))
  const pick = (list) => list[between(0, list.length - 1)]
  const minuteOf = (day) => day * 1440 + between(8 * 60, 22 * 60)

  const people = []
  const taken = new Set()
  const newId = () => {
    for (;;) {
      const id = `m${String(between(100000, 999999))}`
      if (!taken.has(id)) {
        taken.add(id)
        return id
      }
    }
  }
  for (const [group, plan] of Object.entries(GROUPS)) {
    for (let index = 0; index < plan.customers; index += 1) {
      const isBuyer = index >= (plan.silent ?? 0)
      people.push({ id: newId(), group, plan, isBuyer, actions: { share: 0, comment: 0, post: 0 }, sent: 0, accepted: 0 })
    }
  }

  const orders = []
  const events = []
  for (const one of people) {
    const { plan, isBuyer } = one
    const last = between(...(plan.recent ? RECENT : GONE))
    if (isBuyer) {
      const many = plan.valuable ? between(6, 14) : between(1, 2)
      const basket = plan.valuable ? 300 : 80
      const days = [last, ...Array.from({ length: many - 1 }, () => between(Math.max(0, last - 240), last))]
      for (const at of days) {
        const fen = Math.round(basket * 100 * (0.6 + 0.8 * uniform()))
        orders.push({ customer: one.id, minute: minuteOf(at), fen, day: at })
      }
      one.first = Math.min(...days)
    } else {
      one.first = last
    }
    // Nobody without a purchase does anything after their last day.
    const latest = isBuyer ? DAYS - 1 : last
    const actions = plan.social ? between(15, 60) : uniform() < (isBuyer ? 0.36 : 1) ? between(1, 2) : 0
    for (let index = 0; index < actions; index += 1) {
      const kind = plan.social ? ['share', 'comment', 'post'][weighted([3, 4, 3], uniform())] : 'comment'
      one.actions[kind] += 1
      const at = index === 0 && !isBuyer ? last : between(Math.max(0, Math.min(one.first, latest) - 30), latest)
      events.push({ customer: one.id, minute: minuteOf(at), event: KINDS[kind] })
    }
    const views = isBuyer ? between(0, 6) : 0
    for (let index = 0; index < views; index += 1) {
      events.push({ customer: one.id, minute: minuteOf(between(0, latest)), event: '浏览' })
    }
  }

  // Invitations: buyers who are social invite; some of those invited come within ten days.
  const firstMinute = new Map()
  for (const { customer, minute } of orders) firstMinute.set(customer, Math.min(minute, firstMinute.get(customer) ?? minute))
  const inviters = people.filter((one) => one.plan.social && one.isBuyer)
  const free = people.filter((one) => one.isBuyer && !one.plan.social && firstMinute.get(one.id) > 15 * 1440)
  const referrals = []
  for (const one of inviters) {
    for (let accepted = between(0, 3); accepted > 0 && free.length > 0; accepted -= 1) {
      const [friend] = free.splice(between(0, free.length - 1), 1)
      const minute = firstMinute.get(friend.id) - between(60, 10 * 1440)
      referrals.push({ inviter: one.id, invited: friend.id, minute })
      // A second message to the same friend is the same invitation.
      if (uniform() < 0.1) referrals.push({ inviter: one.id, invited: friend.id, minute: minute + 30 })
      one.sent += 1
      one.accepted += 1
    }
    for (let nowhere = between(1, 4); nowhere > 0; nowhere -= 1) {
      referrals.push({ inviter: one.id, invited: newId(), minute: minuteOf(between(10, DAYS - 1)) })
      one.sent += 1
    }
  }
  for (const one of inviters.slice(0, 12)) {
    referrals.push({ inviter: one.id, invited: one.id, minute: minuteOf(between(0, DAYS - 1)) })
  }

  // The customer table, with a tag of which a sample was checked by hand.
  const tagged = { customers: 0, audited: 0, right: 0 }
  for (const one of people) {
    const [city, province] = CITIES[weighted(CITIES.map(([, , weight]) => weight), uniform())]
    Object.assign(one, { city, province, manager: pick(MANAGERS) })
    one.isVerified = uniform() < 0.9
    one.hasAccount = uniform() < 0.85
    const truth = pick(TAGS)
    one.tag = uniform() < 0.92 ? (uniform() < 0.94 ? truth : pick(TAGS.filter((tag) => tag !== truth))) : ''
    one.audit = one.tag && uniform() < 0.2 ? truth : ''
    if (one.tag) tagged.customers += 1
    if (one.audit) tagged.audited += 1
    if (one.audit && one.audit === one.tag) tagged.right += 1
  }

  // Contacts that managers added, and which of them count.
  const added = []
  for (const one of people) {
    if (uniform() < 0.45) continue
    const own = uniform() < 0.93
    const manager = own ? one.manager : pick(MANAGERS.filter((name) => name !== one.manager))
    const province = uniform() < 0.9 ? '四川' : one.province === '四川' ? '广东' : one.province
    const minute = minuteOf(between(0, DAYS - 1))
    added.push({ customer: one.id, manager, province, minute, one })
    if (uniform() < 0.06) added.push({ customer: one.id, manager: pick(MANAGERS), province, minute: minute + 1440, one, again: true })
  }
  const contacts = { added: added.length, valid: 0, 'not-first': 0, 'not-verified': 0, 'no-account': 0, 'not-own': 0 }
  for (const { one, manager, again } of added) {
    const reason = again
      ? 'not-first'
      : !one.isVerified
        ? 'not-verified'
        : !one.hasAccount
          ? 'no-account'
          : manager !== one.manager
            ? 'not-own'
            : 'valid'
    contacts[reason] += 1
  }

  const byMinute = (left, right) => left.minute - right.minute
  for (const list of [orders, events, referrals, added]) list.sort(byMinute)
  const groups = {}
  for (const [group] of Object.entries(GROUPS)) {
    const own = people.filter((one) => one.group === group)
    const ids = new Set(own.map(({ id }) => id))
    groups[group] = {
      customers: own.length,
      buyers: own.filter(({ isBuyer }) => isBuyer).length,
      revenue: yuan(orders.filter(({ customer }) => ids.has(customer)).reduce((sum, { fen }) => sum + fen, 0)),
      ids: own.map(({ id }) => id).join(' '),
    }
  }
  const total = (count) => people.reduce((sum, one) => sum + count(one), 0)
  return {
    orders,
    events,
    referrals,
    people,
    added,
    truth: {
      seed: SEED,
      at: AT,
      zone: 'Asia/Shanghai',
      marks: { recencyDays: 45, orders: 6, actions: 15 },
      totals: {
        customers: people.length,
        orders: orders.length,
        revenue: yuan(orders.reduce((sum, { fen }) => sum + fen, 0)),
        shares: total(({ actions }) => actions.share),
        comments: total(({ actions }) => actions.comment),
        groupPosts: total(({ actions }) => actions.post),
        invitesSent: total(({ sent }) => sent),
        invitesAccepted: total(({ accepted }) => accepted),
        selfInvitations: 12,
      },
      tags: tagged,
      contacts,
      groups,
    },
  }
}

/** One file: UTF-8 with a byte order mark, CRLF. No cell needs quotes. */
const file = (header, rows) => `\ufeff${[header, ...rows].join('\r\n')}\r\n`

/** Every file of the shop by its name. */
export function files({ orders, events, referrals, people, added, truth }) {
  const yes = (holds) => (holds ? '是' : '否')
  return {
    'orders.csv': file(
      '订单编号,会员编号,付款时间,实付金额',
      orders.map(({ customer, minute, fen }, at) => `S${String(at + 1).padStart(6, '0')},${customer},${stamp(minute)},${yuan(fen)}`),
    ),
    'events.csv': file(
      '会员编号,时间,行为',
      events.map(({ customer, minute, event }) => `${customer},${stamp(minute)},${event}`),
    ),
    'referrals.csv': file(
      '邀请人,邀请时间,被邀请人',
      referrals.map(({ inviter, minute, invited }) => `${inviter},${stamp(minute)},${invited}`),
    ),
    'customers.csv': file(
      '会员编号,城市,省份,客户经理,实名,开户,偏好标签,核对标签,客群',
      people.map((one) =>
        [one.id, one.city, one.province, one.manager, yes(one.isVerified), yes(one.hasAccount), one.tag, one.audit, one.plan.valuable ? '财富' : '大众'].join(','),
      ),
    ),
    'contacts.csv': file(
      '会员编号,添加时间,客户经理,登录省份',
      added.map(({ customer, minute, manager, province }) => `${customer},${stamp(minute)},${manager},${province}`),
    ),
    'truth.json': `${JSON.stringify(truth, null, 1)}\n`,
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = resolve(process.argv[2] ?? dirname(fileURLToPath(import.meta.url)))
  const shop = generate()
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files(shop))) writeFileSync(join(folder, name), text)
  console.log(JSON.stringify({ ...shop.truth.totals, contacts: shop.truth.contacts, tags: shop.truth.tags }))
}
