// A program that uses the types as a caller would. It is compiled, not run.

import { SiyuError, open, type RfmReport, type Siyu, type Table } from 'siyu'
import { open as openHere } from 'siyu/sync'
import { open as openInline } from 'siyu/inline'
import { anonymise, checkText, type Manifest, manifestOf } from 'siyu/compliance'
import { indexedDbStore, openWorkspace, type Workspace } from 'siyu/workspace'

export async function segments(file: File, signal: AbortSignal): Promise<{ report: RfmReport; csv: Blob }> {
  const siyu: Siyu = await open({ memoryLimit: 1e9 })
  const guess = await siyu.guess(file)
  const customer = guess.roles.customer?.column
  const table: Table = await siyu.read(file, {
    roles: { ...(customer !== undefined && { customer }), time: 'pay_time', amount: 'paid' },
    zone: 'Asia/Shanghai', keep: 'source', signal,
    onProgress: ({ phase, done, total }) => console.log(phase, done / (total ?? NaN)),
  })
  try {
    const report = await siyu.rfm(table, {
      at: '2025-06-01', count: 'day', scoring: { convention: 'rank-min', bins: 4 },
      groups: { scheme: 'map', map: [{ name: 'best', r: [4, 4] }], otherwise: 'rest' },
    })
    const names: string[] = report.groups.map(group => group.name.zh)
    const share: number | null = report.groups[0]?.revenueShare ?? null
    const recency = report.customers.column('recency') as Float64Array
    console.log(names, share, recency.length, report.about.warnings.length, table.quality.issues[0]?.code)
    const csv = new Blob([await siyu.exportCsv(report.customers, { columns: ['customer'] })])
    const { moments } = await siyu.describe(table, { column: 'amount' })
    console.log(moments.mean?.toFixed(2))
    return { report, csv }
  } catch (error) {
    if (error instanceof SiyuError && error.code === 'cancelled') console.log(error.hint, error.row?.toFixed())
    throw error
  } finally {
    table.close()
  }
}

export async function other(): Promise<void> {
  const siyu = await openHere()
  await siyu.read({ columns: { customer: Uint32Array.of(1), time: Float64Array.of(0), amount: [1] } })
  await siyu.read([{ id: 'a', at: new Date() }], { roles: { customer: 'id', time: 'at' } })
  // @ts-expect-error a misspelt option does not compile
  await siyu.rfm(await siyu.read('a,b\n'), { att: '2025-06-01' })
  // @ts-expect-error neither does a role that does not exist
  await siyu.read('a,b\n', { roles: { client: 'a' } })
  siyu.close()
  using inline = await openInline()
  await inline.memory()
}

export async function kept(siyu: Siyu, file: File): Promise<number> {
  const workspace: Workspace = await openWorkspace(siyu, indexedDbStore('shop'), { passphrase: 'correct horse battery' })
  await workspace.add('orders', file, { at: '2025-06-01', zone: 'Asia/Shanghai', expires: '2027-06-01' })
  // @ts-expect-error time is always the caller's
  await workspace.eraseCustomer('C001')
  const { tables } = await workspace.eraseCustomer('C001', { at: '2025-06-01' })
  return tables.length
}

export async function leaving(siyu: Siyu): Promise<[Manifest, number]> {
  const manifest = manifestOf({ mode: 'aggregate', purpose: 'care', at: '2025-06-01', recipient: 'self', persons: 10, parameters: { k: 5 } })
  const { leftOut } = await anonymise(siyu, { rows: [{ age: 30, spend: 1 }], quasiIdentifiers: [{ column: 'age', widths: [5] }], sensitive: 'spend', demand: { k: 1 } })
  // @ts-expect-error a mode that does not exist
  manifestOf({ ...manifest, mode: 'raw' })
  return [manifest, leftOut + checkText('最佳').length]
}
