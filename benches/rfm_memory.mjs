// One job: RFM on columns that are in memory already. Siyu against one SQL text in DuckDB-WASM and
// against hand-written JavaScript; all give thirteen columns for every customer.
//
//   node benches/rfm_memory.mjs [--full]     1 M rows, or 10 M; a tenth as many customers

import { open } from 'siyu/sync'
import { assertEqual, columnsOf, digest } from './agreement.mjs'
import { AT, idOf, purchases } from './data.mjs'
import * as duckdb from './duckdb.mjs'
import * as javascript from './javascript.mjs'
import { full, interleaved, median, report, timed } from './measure.mjs'

const rows = full ? 10_000_000 : 1_000_000
const log = purchases(rows)
const ids = Array.from({ length: log.known }, (_, code) => idOf(code))
const at = Date.parse(AT)

const siyu = await open({ memoryLimit: 2 ** 31 })
const columns = { customer: log.customers, time: log.times, amount: log.amounts }
const load = await timed(() => siyu.read({ columns }, { keep: 'loaded' }))
const table = load.result
const withText = await siyu.read({ columns: { ...columns, customer: { codes: log.customers, ids } } }, { keep: 'loaded' })

const numbers = await duckdb.open()
const insertion = await timed(() => duckdb.insert(numbers, log))
const text = await duckdb.open()
duckdb.insert(text, log, ids)

const truth = digest(javascript.rfm(log, at).customers)
const agrees = (name, columnsOfResult = (result) => result) => (result) => assertEqual(name, truth, digest(columnsOfResult(result)))
const contender = (name, run, columnsOfResult) => ({ name, run, check: agrees(name, columnsOfResult) })

const times = await interleaved([
  contender('Siyu', () => siyu.rfm(table, { at: AT }), columnsOf),
  contender('JavaScript, typed arrays', () => javascript.rfm(log, at), ({ customers }) => customers),
  contender('DuckDB-WASM, window functions', () => duckdb.rfm(numbers, AT, 'rank')),
  contender('DuckDB-WASM, quantile_disc', () => duckdb.rfm(numbers, AT, 'cuts')),
  contender('Siyu, text ids', () => siyu.rfm(withText, { at: AT }), columnsOf),
  contender('DuckDB-WASM, window functions, text ids', () => duckdb.rfm(text, AT, 'rank')),
  contender('DuckDB-WASM, quantile_disc, text ids', () => duckdb.rfm(text, AT, 'cuts')),
], { rounds: full ? 5 : 7 })

const of = (name) => median(times[name])
const better = (ending) => Math.min(of(`DuckDB-WASM, window functions${ending}`), of(`DuckDB-WASM, quantile_disc${ending}`))
report({
  title: `RFM on columns in memory: ${rows.toLocaleString('en')} rows, ${truth.customers.toLocaleString('en')} customers`,
  rows: [
    ...Object.entries(times).map(([name, ms]) => ({ name, ms })),
    { name: 'Loading the columns once: Siyu', ms: [load.ms] },
    { name: 'Loading the columns once: DuckDB-WASM', ms: [insertion.ms] },
  ],
  ratios: [
    { name: 'better DuckDB-WASM query / Siyu', value: better('') / of('Siyu'), least: 5 },
    { name: 'better DuckDB-WASM query / Siyu, text ids', value: better(', text ids') / of('Siyu, text ids'), least: 5 },
    { name: 'JavaScript / Siyu', value: of('JavaScript, typed arrays') / of('Siyu'), least: 1 },
  ],
  notes: [`DuckDB ${duckdb.versionOf(numbers)}`],
})
siyu.close()
