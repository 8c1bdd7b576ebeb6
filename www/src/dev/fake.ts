// Stands in for the package until its build is there: same interface, a naive computation, development only.
export type Role = 'customer' | 'time' | 'amount' | 'order' | 'event' | 'product' | 'quantity' | 'channel'
export interface Guess {
  columns: { name: string; samples: string[] }[]
  roles: Partial<Record<Role, { column: string; confidence: number; reason: string } | null>>
  delimiter: string
  encoding: string
  rowsSampled: number
}
export interface Issue { code: string; severity: 'rejected' | 'changed' | 'doubtful' | 'note'; count: number; column: Role | null; rows: number[] }
export interface Quality {
  format: string; encoding: string | null; delimiter: string | null; zone: { name: string; hash: string }
  columns: { name: string; role: Role | null }[]
  rows: { read: number; used: number; skipped: number }
  customers: number | null
  time: { first: number; last: number } | null
  issues: Issue[]
}
export interface Table {
  name: string; kind: 'loaded' | 'source'; rows: number; customers: number; roles: Partial<Record<Role, string>>
  quality: Quality; fingerprint: string; bytes: number; close(): void
}
export interface ColumnSet {
  length: number; names: string[]
  column(name: string): Float64Array | Uint8Array | Uint16Array | Uint32Array | string[]
  text(name: string, row: number): string
}
export type Scoring = 'rank-min' | 'cume-dist' | 'quantile' | 'rank-first' | 'ntile' | 'r-rfm'
export interface RfmOptions {
  at: string; count?: 'row' | 'order' | 'day'; refunds?: 'net' | 'drop' | 'keep'; bins?: number; scoring?: Scoring; groups?: 'eight' | 'eleven'
}
export interface Group {
  key: string; name: { en: string; zh: string }; meaning: { en: string; zh: string }; action: { en: string; zh: string }
  customers: number; customersShare: number; revenue: number; revenueShare: number | null
  recencyMean: number | null; frequencyMean: number | null; monetaryMean: number | null
}
export interface RfmReport {
  totals: { customers: number; purchases: number; revenue: number; revenueText: string; recencyMean: number; frequencyMean: number; monetaryMean: number }
  groups: Group[]
  cuts: { recency: number[]; frequency: number[]; monetary: number[] }
  grid: { bins: number; cells: { r: number; f: number; customers: number; revenue: number; monetaryMean: number | null; group: number | null }[] }
  customers: ColumnSet
  about: { used: { rows: number; customers: number }; leftOut: { reason: string; rows: number; customers: number }[]; warnings: { code: string; count: number; hint: string }[]; options: RfmOptions; version: string }
}
export interface CallOptions { signal?: AbortSignal; onProgress?(p: { phase: 'read' | 'fold' | 'finish'; done: number; total: number | null }): void }
export interface ReadOptions extends CallOptions { roles?: Partial<Record<Role, string>>; zone?: string; name?: string }
export class SiyuError extends Error {
  constructor(public code: string, public hint: string, public row?: number, public column?: string) { super(code) }
}
export interface Siyu {
  guess(source: Blob): Promise<Guess>
  read(source: Blob, options?: ReadOptions): Promise<Table>
  rfm(table: Table, options: RfmOptions, call?: CallOptions): Promise<RfmReport>
  exportCsv(set: ColumnSet, options?: { columns?: string[]; rows?: Uint32Array; header?: Record<string, string> }): Promise<Uint8Array>
  version: string
  close(): void
}

const words: [Role, RegExp][] = [
  ['customer', /(customer|buyer|member|user|^id$|客户|会员|买家|用户)/i], ['time', /(date|time|日期|时间)/i],
  ['order', /(order|invoice|订单)/i], ['amount', /(amount|paid|price|total|金额|实付)/i], ['channel', /(channel|渠道)/i], ['quantity', /(quantity|qty|数量|cds)/i], ['product', /(product|sku|商品)/i],
]
const pause = () => new Promise(done => setTimeout(done, 0))
const split = (text: string) => text.replace(/^\ufeff/, '').split(/\r?\n/).filter(Boolean).map(line => line.split(','))
const names: [string, string, string, string, string, string, string][] = [
  ['champions', 'Champions', '冠军客户', 'Bought recently, often, and spend the most', '最近买过、买得勤、花得多', 'Thank them, show them new goods first', '优先体验新品,专属礼遇'],
  ['loyal', 'Loyal', '忠诚客户', 'Buy regularly', '经常购买', 'Offer membership and bundles', '会员升级与组合推荐'],
  ['potential-loyalists', 'Potential loyalists', '潜力忠诚', 'Recent, with a few purchases', '最近买过,已有复购', 'Invite to a second and third order', '引导第二、三单'],
  ['new', 'New customers', '新客户', 'First purchase a short time ago', '刚刚首购', 'Welcome series', '新客欢迎礼'],
  ['promising', 'Promising', '有望客户', 'Recent, small spend', '近期小额购买', 'Make the brand known', '提升品牌认知'],
  ['need-attention', 'Need attention', '需要关注', 'Middle in everything', '各项居中', 'Limited offers', '限时优惠'],
  ['about-to-sleep', 'About to sleep', '即将沉睡', 'Some time ago, rarely', '一段时间未购,频次低', 'Remind with what is popular', '热销提醒'],
  ['at-risk', 'At risk', '流失风险', 'Bought often, long ago', '曾经常买,很久没来', 'Personal message', '专人触达'],
  ['cannot-lose', 'Cannot lose them', '不能失去', 'Best customers of the past', '曾经的最好客户', 'Call them', '电话回访'],
  ['hibernating', 'Hibernating', '沉睡客户', 'Long ago, few, small', '很久前,少且小', 'Low-cost reminders', '低成本唤醒'],
  ['lost', 'Lost', '已流失', 'Lowest in everything', '各项最低', 'Leave in peace, or one last offer', '不再打扰,或最后一次挽回'],
]
const groupOf = (r: number, f: number) => {
  if (r >= 4 && f >= 4) return 0
  if (r >= 3 && f >= 4) return 1
  if (r >= 4 && f >= 2) return 2
  if (r === 5) return 3
  if (r === 4) return 4
  if (r === 3 && f === 3) return 5
  if (r === 3) return 6
  if (r === 2 && f >= 3) return 7
  if (r === 1 && f >= 4) return 8
  if (r === 2 || f >= 2) return 9
  return 10
}

export async function open(): Promise<Siyu> {
  const rows = new WeakMap<object, { id: string; t: number; a: number }[]>()
  return {
    version: '0.0.0',
    async guess(source) {
      const lines = split(await source.slice(0, 65536).text())
      const header = lines[0] ?? []
      const roles: Guess['roles'] = {}
      for (const [role, test] of words) {
        const found = header.find(name => test.test(name) && !Object.values(roles).some(r => r?.column === name))
        roles[role] = found ? { column: found, confidence: role === 'quantity' ? 0.6 : 0.95, reason: 'header' } : null
      }
      return { columns: header.map((name, i) => ({ name, samples: lines.slice(1, 5).map(l => l[i] ?? '') })), roles, delimiter: ',', encoding: 'utf-8', rowsSampled: lines.length - 1 }
    },
    async read(source, options = {}) {
      const text = await source.text()
      const lines = split(text)
      const header = lines[0] ?? []
      const at = (role: Role) => header.indexOf(options.roles?.[role] ?? '')
      const [c, t, a] = [at('customer'), at('time'), at('amount')]
      if (c < 0 || t < 0 || a < 0) throw new SiyuError('missing-role', '')
      const out: { id: string; t: number; a: number }[] = []
      const bad: number[] = []
      let neg = 0
      for (let i = 1; i < lines.length; i++) {
        const l = lines[i]!
        const row = { id: l[c] ?? '', t: Date.parse((l[t] ?? '').trim().replace(' ', 'T')), a: Number((l[a] ?? '').replace(/[¥,]/g, '')) }
        if (!row.id || Number.isNaN(row.t) || Number.isNaN(row.a)) bad.push(i + 1)
        else { out.push(row); if (row.a < 0) neg++ }
        if (i % 4000 === 0) {
          options.onProgress?.({ phase: 'read', done: Math.round(source.size * i / lines.length), total: source.size })
          await pause()
          if (options.signal?.aborted) throw new SiyuError('cancelled', '')
        }
      }
      const issues: Quality['issues'] = []
      if (bad.length) issues.push({ code: 'date', count: bad.length, rows: bad.slice(0, 5), column: 'time', severity: 'rejected' })
      if (neg) issues.push({ code: 'refund', count: neg, rows: [7, 12], column: 'amount', severity: 'note' })
      let first = Infinity, last = -Infinity
      for (const r of out) { first = Math.min(first, r.t); last = Math.max(last, r.t) }
      const table: Table = {
        name: options.name ?? 'log', kind: 'loaded', rows: out.length, customers: new Set(out.map(r => r.id)).size, roles: options.roles ?? {}, fingerprint: 'fake', bytes: 0, close() {},
        quality: { format: 'csv', columns: [], customers: new Set(out.map(r => r.id)).size, rows: { read: lines.length - 1, used: out.length, skipped: bad.length }, time: out.length ? { first, last } : null, encoding: 'utf-8', delimiter: ',', zone: { name: options.zone ?? 'UTC', hash: '' }, issues },
      }
      rows.set(table, out)
      return table
    },
    async rfm(table, options, call = {}) {
      const log = rows.get(table) ?? []
      const at = Date.parse(options.at)
      const by = new Map<string, { n: number; sum: number; first: number; last: number }>()
      for (const row of log) {
        const s = by.get(row.id) ?? { n: 0, sum: 0, first: row.t, last: row.t }
        s.n++; s.sum += row.a; s.first = Math.min(s.first, row.t); s.last = Math.max(s.last, row.t)
        by.set(row.id, s)
      }
      call.onProgress?.({ phase: 'fold', done: log.length, total: log.length })
      const ids = [...by.keys()], states = [...by.values()], n = ids.length
      const recency = Float64Array.from(states, s => (at - s.last) / 864e5)
      const frequency = Float64Array.from(states, s => s.n)
      const monetary = Float64Array.from(states, s => s.sum)
      const score = (v: Float64Array, flip: boolean) => {
        const sorted = Float64Array.from(v).sort()
        const cuts = [0.2, 0.4, 0.6, 0.8].map(p => sorted[Math.floor(p * n)] ?? 0)
        return Uint8Array.from(v, x => { const s = 1 + cuts.filter(c => x > c).length; return flip ? 6 - s : s })
      }
      const r = score(recency, true), f = score(frequency, false), m = score(monetary, false)
      const group = Uint16Array.from(r, (x, i) => groupOf(x, f[i]!))
      const cells = Array.from({ length: 25 }, (_, i) => ({ r: 1 + Math.floor(i / 5), f: 1 + (i % 5), customers: 0, revenue: 0, monetaryMean: null as number | null, group: groupOf(1 + Math.floor(i / 5), 1 + (i % 5)) }))
      const groups: Group[] = names.map(([key, en, zh, men, mzh, aen, azh]) => ({ key, name: { en, zh }, meaning: { en: men, zh: mzh }, action: { en: aen, zh: azh }, customers: 0, customersShare: 0, revenue: 0, revenueShare: 0, recencyMean: 0, frequencyMean: 0, monetaryMean: 0 }))
      let revenue = 0, purchases = 0, days = 0
      for (let i = 0; i < n; i++) {
        const cell = cells[(r[i]! - 1) * 5 + f[i]! - 1]!, g = groups[group[i]!]!
        cell.customers++; cell.revenue += monetary[i]!
        g.customers++; g.revenue += monetary[i]!; g.recencyMean! += recency[i]!; g.frequencyMean! += frequency[i]!
        revenue += monetary[i]!; purchases += frequency[i]!; days += recency[i]!
      }
      for (const c of cells) c.monetaryMean = c.customers ? c.revenue / c.customers : null
      for (const g of groups) {
        g.customersShare = g.customers / n; g.revenueShare = revenue > 0 ? g.revenue / revenue : null
        g.recencyMean = g.customers ? g.recencyMean! / g.customers : null
        g.frequencyMean = g.customers ? g.frequencyMean! / g.customers : null
        g.monetaryMean = g.customers ? g.revenue / g.customers : null
      }
      const data: [string, string[] | Float64Array | Uint8Array | Uint16Array][] = [
        ['customer', ids], ['recency', recency], ['frequency', frequency], ['monetary', monetary], ['mean', Float64Array.from(monetary, (x, i) => x / frequency[i]!)],
        ['tenure', Float64Array.from(states, s => (at - s.first) / 864e5)], ['first', Float64Array.from(states, s => s.first)], ['last', Float64Array.from(states, s => s.last)], ['r', r], ['f', f], ['m', m], ['group', group],
      ]
      const columns = new Map(data)
      return {
        totals: { customers: n, purchases, revenue, revenueText: revenue.toFixed(2), recencyMean: days / n, frequencyMean: purchases / n, monetaryMean: revenue / n },
        groups, cuts: { recency: [], frequency: [], monetary: [] }, grid: { bins: 5, cells },
        customers: { length: n, names: [...columns.keys()], column: name => columns.get(name)!, text: (name, row) => String(columns.get(name)![row]) },
        about: { used: { rows: log.length, customers: n }, leftOut: [], warnings: [], options, version: '0.0.0' },
      }
    },
    async exportCsv(set, options = {}) {
      const cols = options.columns ?? set.names
      const lines = [cols.map(c => options.header?.[c] ?? c).join(',')]
      for (const row of options.rows ?? []) lines.push(cols.map(c => set.text(c, row)).join(','))
      return new TextEncoder().encode(`\ufeff${lines.join('\r\n')}\r\n`)
    },
    close() {},
  }
}
