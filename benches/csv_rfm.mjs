// One job: CSV bytes in memory → RFM. Siyu against DuckDB-WASM's read_csv with declared types and the
// same SQL, and against PapaParse with JavaScript.
//
//   node benches/csv_rfm.mjs [--full]     20 MB, or 100 MB

import Papa from 'papaparse'
import { open } from 'siyu/sync'
import { assertEqual, columnsOf, digest } from './agreement.mjs'
import { AT, csv, purchases } from './data.mjs'
import * as duckdb from './duckdb.mjs'
import * as javascript from './javascript.mjs'
import { full, interleaved, median, report } from './measure.mjs'

const rows = full ? 2_430_000 : 490_000
const bytes = Buffer.concat([...csv(purchases(rows))])
const at = Date.parse(AT)

const siyu = await open({ memoryLimit: 2 ** 31 })
const database = await duckdb.open()

async function bySiyu() {
  const table = await siyu.read(bytes, { roles: { customer: 'customer', time: 'time', amount: 'amount' }, keep: 'loaded' })
  const answer = await siyu.rfm(table, { at: AT })
  table.close()
  return answer
}

function byDuckdb(scores) {
  duckdb.readCsv(database, bytes)
  const answer = duckdb.rfm(database, AT, scores)
  duckdb.drop(database)
  return answer
}

/** PapaParse in chunks, without its own typing, which is slower; numbers for ids as they come. */
function byPapaparse() {
  const text = new TextDecoder().decode(bytes)
  const codes = new Map()
  let [customers, times, amounts] = [new Uint32Array(1 << 16), new Float64Array(1 << 16), new Float64Array(1 << 16)]
  let row = -1
  const doubled = (values) => {
    const larger = new values.constructor(values.length * 2)
    larger.set(values)
    return larger
  }
  Papa.parse(text, {
    delimiter: ',',
    newline: '\n',
    dynamicTyping: false,
    skipEmptyLines: true,
    chunkSize: 1 << 20,
    chunk({ data }) {
      for (const [customer, time, amount] of data) {
        // The first record is the header.
        if (row === customers.length) [customers, times, amounts] = [customers, times, amounts].map(doubled)
        if (row >= 0) {
          let code = codes.get(customer)
          if (code === undefined) codes.set(customer, (code = codes.size))
          customers[row] = code
          times[row] = Date.parse(time)
          amounts[row] = Number(amount)
        }
        row += 1
      }
    },
  })
  const columns = { customers, times, amounts }
  for (const name of Object.keys(columns)) columns[name] = columns[name].subarray(0, row)
  return javascript.rfm({ ...columns, known: codes.size }, at)
}

let truth = null
const contender = (name, run, columnsOfResult = (result) => result) => ({
  name,
  run,
  check(result) {
    const found = digest(columnsOfResult(result))
    truth ??= found
    assertEqual(name, truth, found)
  },
})

const times = await interleaved([
  contender('Siyu', bySiyu, columnsOf),
  contender('DuckDB-WASM, window functions', () => byDuckdb('rank')),
  contender('DuckDB-WASM, quantile_disc', () => byDuckdb('cuts')),
  contender('PapaParse and JavaScript', byPapaparse, ({ customers }) => customers),
], { rounds: 5 })

const of = (name) => median(times[name])
const better = Math.min(of('DuckDB-WASM, window functions'), of('DuckDB-WASM, quantile_disc'))
report({
  title: `CSV to RFM: ${(bytes.length / 1e6).toFixed(0)} MB, ${rows.toLocaleString('en')} rows, ${truth.customers.toLocaleString('en')} customers`,
  rows: [
    ...Object.entries(times).map(([name, ms]) => ({ name, ms })),
    { name: 'Siyu, megabytes per second', text: (bytes.length / 1e3 / of('Siyu')).toFixed(0) },
  ],
  ratios: [
    { name: 'better DuckDB-WASM / Siyu', value: better / of('Siyu'), least: 2 },
    { name: 'PapaParse and JavaScript / Siyu', value: of('PapaParse and JavaScript') / of('Siyu'), least: 5 },
  ],
})
siyu.close()
