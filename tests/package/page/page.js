// Uses the package in a real page and writes what happened into the document.

import { open } from './dist/index.js'

const roles = { customer: 'buyer', time: 'at', amount: 'paid' }
const AT = { at: '2025-06-01' }

/** A file of so many orders. */
function orders(rows) {
  const parts = ['buyer,at,paid\n']
  for (let row = 0; row < rows; row += 10_000) {
    let text = ''
    for (let at = row; at < Math.min(row + 10_000, rows); at += 1) text += `C${(at * 7919) % (rows / 5)},2024-0${1 + (at % 9)}-1${at % 10},${(at % 997) / 4}\n`
    parts.push(text)
  }
  return new File(parts, 'orders.csv')
}

const code = (promise) => promise.then(() => 'no error', (error) => error.code)

/** How long it takes from `abort` to the rejection. */
async function cancelled(siyu, file) {
  const times = []
  for (const after of [0, 20, 60, 150, 300]) {
    const controller = new AbortController()
    let at = 0
    setTimeout(() => {
      at = performance.now()
      controller.abort()
    }, after)
    const failed = await code(siyu.read(file, { roles, signal: controller.signal }))
    times.push(failed === 'cancelled' ? performance.now() - at : failed)
  }
  return { times, ...(await siyu.memory()), works: (await siyu.read('buyer,at,paid\na,2025-01-01,1\n', { roles })).rows }
}

/** What happens to tables when the engine traps. */
async function trapped() {
  let started = 0
  const worker = () => new Worker(started++ === 0 ? './trapping-worker.js' : './dist/worker.js', { type: 'module' })
  const siyu = await open({ worker })
  const loaded = await siyu.read(orders(1000), { roles })
  const source = await siyu.read(orders(1000), { roles, keep: 'source' })
  const text = await siyu.read('buyer,at,paid\na,2025-01-01,1\n', { roles })
  const codes = await Promise.all([code(siyu.rfm(loaded, AT)), code(siyu.rfm(loaded, AT)), code(siyu.read(orders(300_000), { roles }))])
  const after = [(await siyu.rfm(loaded, AT)).totals.customers, (await siyu.rfm(source, AT)).totals.customers, await code(siyu.rfm(text, AT))]
  siyu.close()
  return { codes, after, started }
}

/** Marks the time in which some work is done, in tasks of its own. */
async function marked(name, work) {
  const settle = () => new Promise((resolve) => setTimeout(resolve, 200))
  await settle()
  performance.mark(`begin ${name}`)
  await work()
  performance.mark(`end ${name}`)
  await settle()
}

const siyu = await open()
const out = { cancel: await cancelled(siyu, orders(2_000_000)), trap: await trapped() }

const file = orders(1_000_000)
await marked('a file of a million rows', async () => {
  const table = await siyu.read(file, { roles })
  const { customers } = await siyu.rfm(table, AT)
  out.customers = customers.length
  await siyu.exportCsv(customers)
  table.close()
})
const rows = Array.from({ length: 300_000 }, (_, at) => ({ buyer: `C${at % 5000}`, at: new Date(1.7e12 + at * 1000), paid: at / 4 }))
await marked('300,000 objects', async () => (await siyu.read(rows, { roles })).close())
const columns = { customer: Uint32Array.from(rows, (_, at) => at % 5000), time: Float64Array.from(rows, (_, at) => at), amount: new Float64Array(rows.length) }
await marked('300,000 rows of typed arrays', async () => (await siyu.read({ columns })).close())
siyu.close()
document.documentElement.dataset.answers = JSON.stringify(out)
