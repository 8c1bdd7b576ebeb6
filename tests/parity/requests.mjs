// Files with their mappings, and requests over them: what natively and in WebAssembly must be
// equal to the last bit.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

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
    },
    requests: [
      { analysis: 'rfms', inputs: { log: 'orders', events: 'events', referrals: 'referrals' }, options: { at: '2025-05-31' } },
      { analysis: 'rfms', inputs: { log: 'orders', referrals: 'referrals' }, options: { at: '2025-05-31', social: { normalise: 'rank', days: 90 } } },
      { analysis: 'value-score', inputs: { log: 'orders', events: 'events' }, options: { at: '2025-05-31', weighting: 'entropy' } },
    ],
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
