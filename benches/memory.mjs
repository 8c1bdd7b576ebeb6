// One job: memory over ten million rows. As a source, a file is read and analysed at flat memory; as
// loaded columns, it takes at most half more than the columns themselves.
//
//   node benches/memory.mjs [--full]     1 M rows, or 10 M; a tenth as many customers

import { mkdtempSync, openAsBlob, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'siyu/sync'
import { AT, idOf, purchases, writeCsv } from './data.mjs'
import { full, report } from './measure.mjs'

const MB = 1e6
/** What one customer may cost while a source is read: its id, a hash table's slots, their growth. */
const READ_BYTES_PER_CUSTOMER = 96
/** What the engine itself takes: code's data, one block, one piece of the file. */
const ENGINE = 16 * MB
/** A row of the columns: a code of 4 bytes, a time and an amount of 8. */
const ROW = 20

const rows = full ? 10_000_000 : 1_000_000
const roles = { customer: 'customer', time: 'time', amount: 'amount' }
const folder = mkdtempSync(join(tmpdir(), 'siyu-bench-'))

/** Opens a fresh engine, does `work`, and returns the linear memory at the given shares of it. */
async function watched(work) {
  const siyu = await open({ memoryLimit: 2 ** 31 })
  const samples = [{ share: 0, bytes: (await siyu.memory()).wasmBytes }]
  const asked = []
  const onProgress = ({ done, total }) => {
    asked.push(siyu.memory().then(({ wasmBytes }) => samples.push({ share: total ? done / total : 0, bytes: wasmBytes })))
  }
  const result = await work(siyu, onProgress)
  await Promise.all(asked)
  samples.push({ share: 1, bytes: (await siyu.memory()).wasmBytes })
  return { siyu, samples, result, begin: samples[0].bytes, peak: Math.max(...samples.map(({ bytes }) => bytes)) }
}

try {
  const path = join(folder, 'log.csv')
  const log = purchases(rows)
  const size = writeCsv(path, log)
  const file = await openAsBlob(path)

  const reading = await watched((siyu, onProgress) => siyu.read(file, { roles, keep: 'source', onProgress }))
  const { customers } = reading.result
  const half = Math.max(...reading.samples.filter(({ share }) => share <= 0.5).map(({ bytes }) => bytes))
  const answer = await reading.siyu.rfm(reading.result, { at: AT })
  const analysed = (await reading.siyu.memory()).wasmBytes
  reading.siyu.close()

  const loading = await watched((siyu, onProgress) => siyu.read(file, { roles, keep: 'loaded', onProgress }))
  const dictionary = customers * (idOf(0).length + 4)
  const columns = loading.result.rows * ROW + dictionary
  const same = await loading.siyu.rfm(loading.result, { at: AT })
  loading.siyu.close()
  if (JSON.stringify(same.totals) !== JSON.stringify(answer.totals)) throw new Error('source and loaded table disagree')

  const mb = (bytes) => `${(bytes / MB).toFixed(1)} MB`
  report({
    title: `Memory: a file of ${mb(size)}, ${rows.toLocaleString('en')} rows, ${customers.toLocaleString('en')} customers`,
    rows: [
      { name: 'Engine when opened', text: mb(reading.begin) },
      { name: 'Source: peak while reading', text: mb(reading.peak) },
      { name: 'Source: after RFM over it', text: mb(analysed) },
      { name: 'Columns themselves', text: mb(columns) },
      { name: 'Loaded: what the table says of itself', text: mb(loading.result.bytes) },
      { name: 'Loaded: peak while reading', text: mb(loading.peak) },
    ],
    ratios: [
      { name: 'source: peak / (engine + 96 bytes a customer)', value: reading.peak / (ENGINE + customers * READ_BYTES_PER_CUSTOMER), most: 1 },
      { name: 'source: second half of the file / first half', value: reading.peak / half, most: 1.1 },
      { name: 'loaded: growth / columns themselves', value: (loading.peak - loading.begin) / columns, most: 1.5 },
    ],
    notes: [`${reading.samples.length} and ${loading.samples.length} samples of the linear memory, which never shrinks.`],
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
