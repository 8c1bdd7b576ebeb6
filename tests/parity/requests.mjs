// Files with their mappings, and requests over them: what natively and in WebAssembly must be
// equal to the last bit.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

const register = JSON.parse(readFileSync(join(root, 'tests/data/register.json'), 'utf8'))

/** Online Retail may not be in the project: it is read in place where it is. */
const shared = process.env.SIYU_DATA ?? join(root, '../shared/data')

export const files = [
  {
    name: 'cdnow',
    path: join(root, 'tests/data/cdnow_master.csv'),
    read: { roles: { customer: 'id', time: 'date', amount: 'amount' }, zone: 'UTC' },
    requests: [
      { analysis: 'rfm', options: { at: '1998-06-30' } },
      { analysis: 'rfm', options: { at: '1998-06-30', count: 'day', groups: { scheme: 'eleven' } } },
      { analysis: 'rfm', options: { at: '1998-06-30', scoring: { convention: 'quantile', bins: 4 } } },
      { analysis: 'rfm', options: { at: '1998-06-30', scoring: { convention: 'ntile' } } },
      { analysis: 'describe', options: { column: 'amount' } },
      { analysis: 'lifecycle', options: { at: '1998-06-30' } },
      { analysis: 'clusters', options: { at: '1998-06-30', mostClusters: 4 } },
      { analysis: 'lifetime-value', options: { at: '1998-06-30' } },
      { analysis: 'lifetime-value', options: { at: '1997-09-30', model: 'mbg-nbd', aliveAfterDays: [30, 180, 365] } },
      { analysis: 'lifetime-value', options: { at: '1998-06-30', model: 'bg-bb', occasion: 'month', aliveAfterDays: [91, 365] } },
      { analysis: 'survival', options: { at: '1998-06-30', silenceDays: 90 } },
      { analysis: 'repeat-purchase', options: { at: '1997-09-30', period: 'quarter' } },
    ],
  },
  {
    name: 'shop',
    path: join(root, 'tests/data/shop/orders.csv'),
    read: {
      roles: { customer: '买家会员名', time: '付款时间', amount: '实付金额', order: '订单编号' },
      zone: 'Asia/Shanghai',
    },
    requests: [
      { analysis: 'rfm', options: { at: '2025-06-01' } },
      { analysis: 'rfm', options: { at: '2025-03-01', refunds: 'drop', scoring: { convention: 'cume-dist' } } },
      { analysis: 'describe', options: { column: 'amount', quantileType: 2 } },
      { analysis: 'lifecycle', options: { at: '2025-06-01', unit: 'week' } },
      { analysis: 'migration', options: { from: '2025-03-01', to: '2025-06-01', groups: { scheme: 'eleven' } } },
      { analysis: 'concentration', options: { at: '2025-06-01' } },
    ],
  },
  {
    name: 'social shop',
    path: join(root, 'tests/data/social/orders.csv'),
    read: {
      roles: { customer: '会员编号', time: '付款时间', amount: '实付金额', order: '订单编号' },
      zone: 'Asia/Shanghai',
    },
    others: {
      events: {
        path: join(root, 'tests/data/social/events.csv'),
        read: { roles: { customer: '会员编号', time: '时间', event: '行为' }, zone: 'Asia/Shanghai' },
      },
      referrals: {
        path: join(root, 'tests/data/social/referrals.csv'),
        read: { roles: { customer: '邀请人', time: '邀请时间', order: '被邀请人' }, zone: 'Asia/Shanghai' },
      },
      customers: {
        path: join(root, 'tests/data/social/customers.csv'),
        read: {
          roles: { customer: '会员编号' },
          attributes: { city: '城市', segment: '客群', tag: '偏好标签', manager: '客户经理', verified: '实名', account: '开户' },
        },
      },
      contacts: {
        path: join(root, 'tests/data/social/contacts.csv'),
        read: { roles: { customer: '会员编号', time: '添加时间' }, attributes: { manager: '客户经理', province: '登录省份' }, zone: 'Asia/Shanghai' },
      },
    },
    requests: [
      { analysis: 'rfms', inputs: { log: 'orders', events: 'events', referrals: 'referrals' }, options: { at: '2025-05-31' } },
      { analysis: 'rfms', inputs: { log: 'orders', referrals: 'referrals' }, options: { at: '2025-05-31', social: { normalise: 'rank', days: 90 } } },
      { analysis: 'value-score', inputs: { log: 'orders', events: 'events' }, options: { at: '2025-05-31', weighting: 'entropy' } },
      { analysis: 'segments', inputs: { log: 'orders', customers: 'customers' }, options: { at: '2025-05-31', segments: [{ name: 'a', rule: 'amount > percentile(80) and city in ("成都", "重庆")' }, { name: 'b', rule: 'orders(last 30d) >= 2 or not segment("a")' }], explain: 'a' } },
      { analysis: 'tags', inputs: { tags: 'customers', log: 'orders' }, options: { at: '2025-05-31' } },
      { analysis: 'tiers', inputs: { log: 'orders' }, options: { at: '2025-05-31', tiers: [{ name: 'silver', from: 500 }, { name: 'gold', from: 2000 }] } },
      { analysis: 'coverage', inputs: { contacts: 'contacts', book: 'customers' }, options: { at: '2025-05-31', homeProvinces: ['四川'] } },
      { analysis: 'inactivity', inputs: { followers: 'contacts', events: 'events', log: 'orders' }, options: { at: '2025-05-31' } },
      { analysis: 'activation', inputs: { joined: 'contacts', events: 'events', log: 'orders' }, options: { at: '2025-05-31' } },
      { analysis: 'compare-segments', inputs: { segments: 'customers', log: 'orders' }, options: { at: '2025-05-31' } },
      { analysis: 'look-alike', inputs: { members: 'referrals', customers: 'customers', log: 'orders' }, options: { at: '2025-05-31', attributes: ['city', 'segment'], seed: 1 } },
      { analysis: 'lrfm', inputs: { log: 'orders', customers: 'customers' }, options: { at: '2025-05-31', within: 'city' } },
      { analysis: 'rfm-periods', inputs: { log: 'orders' }, options: { at: '2025-05-31', periods: 3 } },
      { analysis: 'churn-risk', inputs: { customers: 'customers' }, options: { label: 'account', attributes: ['city', 'segment', 'verified'], groupsBy: 'manager', seed: 1 } },
    ],
  },
  {
    // No experiment, and no ids: any two groups and a number do to compare bits.
    name: 'contracts',
    path: join(root, 'tests/data/telco_churn.csv'),
    read: {
      roles: { customer: 'total_charges' },
      attributes: {
        variant: 'female', contract: 'contract', payment: 'payment_method',
        tenure: { column: 'tenure', type: 'number' }, monthly: { column: 'monthly_charges', type: 'number' },
        senior: { column: 'senior_citizen', type: 'number' },
      },
      zone: 'UTC',
    },
    requests: ['dr', 't', 's', 'x', 'transformed'].map((learner) => (
      { analysis: 'uplift', options: { control: '0', outcome: learner === 'dr' ? 'monthly' : 'senior', features: ['contract', 'payment', 'tenure'], learner, folds: 3 } })),
  },
  {
    name: 'panel of shops',
    path: join(root, 'tests/data/panel.csv'),
    read: { roles: { customer: 'customer', time: 'time' }, attributes: { sales: { column: 'sales#', type: 'number' } }, zone: 'UTC' },
    requests: [['s03', 's08', 's12', 's17'], Array.from({ length: 20 }, (_, at) => `s${String(at + 1).padStart(2, '0')}`)].map((treated) => (
      { analysis: 'panel-effect', options: { treated, began: '2024-02-01', outcome: 'sales' } })).concat([
      { analysis: 'meta-analysis', options: { effects: [[0.08, 0.03], [0.01, 0.01], [0.05, 0.01]].map(([effect, error], at) => ({ name: `t${at}`, effect, error })) } },
      { analysis: 'meta-analysis', options: { registered: { register, metric: 'bought', head: register.hashes.at(-1) } } },
      { analysis: 'experiment-register', options: { register, result: { name: 'prices', date: '2026-05-05', call: 'hold', effects: [{ metric: 'bought', arm: 'b', effect: 0.01, error: 0.02 }] } } },
      { analysis: 'bandit', options: { batch: 1000, arms: [[1000, 50], [1000, 62], [800, 55]].map(([units, successes], at) => ({ arm: `a${at}`, units, successes })) } },
      { analysis: 'bandit', options: { batch: 1000, policy: 'top-two', arms: [[500, 10, 25], [480, 10.6, 36], [510, 9.5, 20]].map(([units, mean, variance], at) => ({ arm: `a${at}`, units, mean, variance })) } },
    ]),
  },
  {
    name: 'shops that began at several times',
    path: join(root, 'tests/data/staggered.csv'),
    read: { roles: { customer: 'customer', time: 'time' }, attributes: { sales: { column: 'sales#', type: 'number' } }, zone: 'UTC' },
    requests: ['never-treated', 'not-yet-treated'].map((comparison) => (
      { analysis: 'panel-effect', options: { treated: ['s01', 's02', 's03', 's04', 's05'], began: '2024-05-01', outcome: 'sales', comparison,
        beginnings: [{ treated: ['s06', 's07', 's08', 's09', 's10', 's11'], began: '2024-07-01' }, { treated: ['s12', 's13', 's14', 's15', 's16', 's17'], began: '2024-10-01' }] } })),
  },
  {
    name: 'products of a shop',
    path: join(root, 'tests/data/shop/orders.csv'),
    read: {
      roles: { customer: '买家会员名', time: '付款时间', amount: '实付金额', product: '商品' },
      zone: 'Asia/Shanghai',
    },
    requests: [{ analysis: 'replenishment', options: { at: '2025-06-01' } }],
  },
  {
    name: 'shop and a wholesaler',
    path: join(root, 'tests/data/shop/orders.csv'),
    more: join(root, 'tests/data/cdnow_master.csv'),
    read: {
      roles: { customer: '买家会员名', time: '付款时间', amount: '实付金额' },
      otherNames: { customer: ['id'], time: ['date'], amount: ['amount'] },
      zone: 'Asia/Shanghai',
    },
    requests: [
      { analysis: 'rfm', options: { at: '2025-06-01' } },
      { analysis: 'describe', options: { column: 'amount' } },
    ],
  },
  {
    name: 'online-retail',
    path: join(shared, 'online_retail_invoices.csv'),
    read: {
      roles: { customer: 'customer_id', time: 'timestamp', amount: 'amount', order: 'invoice' },
      zone: 'Europe/London',
    },
    requests: [
      { analysis: 'rfm', options: { at: '2011-12-10' } },
      { analysis: 'rfm', options: { at: '2011-12-10', refunds: 'keep', count: 'row' } },
    ],
  },
].map((file) => ({ ...file, here: existsSync(file.path) }))
