// One job: DuckDB-WASM as a competitor, in Node, on one thread: tables from columns or from CSV, and
// the RFM of Siyu's defaults as one SQL text.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Field, Float64, RecordBatch, Schema, Struct, Table, Timestamp, TimeUnit, Uint32, Utf8, makeData, tableToIPC } from 'apache-arrow'

const require = createRequire(import.meta.url)
const duckdb = require('@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs')
const dist = dirname(require.resolve('@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs'))

/** Rows per Arrow batch when columns are inserted. */
const BATCH = 1 << 20

/** A new database in memory with one connection. */
export async function open() {
  const bundle = (name) => ({ mainModule: join(dist, `duckdb-${name}.wasm`), mainWorker: '' })
  const bundles = { mvp: bundle('mvp'), eh: bundle('eh') }
  const db = await duckdb.createDuckDB(bundles, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME)
  await db.instantiate(() => {})
  db.open({ path: ':memory:', maximumThreads: 1, query: {} })
  return { db, connection: db.connect() }
}

/** The engine's version, for the report. */
export function versionOf({ connection }) {
  return connection.query('SELECT version() AS version').toArray()[0].version
}

/** Makes the table `log` from typed arrays; `ids` gives text ids instead of numbers. */
export function insert({ connection }, log, ids = null) {
  const fields = [
    new Field('customer', ids ? new Utf8() : new Uint32()),
    new Field('time', new Timestamp(TimeUnit.MILLISECOND)),
    new Field('amount', new Float64()),
  ]
  for (let from = 0; from < log.rows; from += BATCH) {
    const until = Math.min(from + BATCH, log.rows)
    const length = until - from
    const times = BigInt64Array.from(log.times.subarray(from, until), BigInt)
    const children = [
      ids ? texts(log.customers.subarray(from, until), ids) : makeData({ type: new Uint32(), data: log.customers.slice(from, until) }),
      makeData({ type: fields[1].type, data: times }),
      makeData({ type: fields[2].type, data: log.amounts.slice(from, until) }),
    ]
    const data = makeData({ type: new Struct(fields), length, children })
    const table = new Table([new RecordBatch(new Schema(fields), data)])
    connection.insertArrowFromIPCStream(tableToIPC(table, 'stream'), { name: 'staged', create: from === 0 })
  }
  // An Arrow timestamp in ms is TIMESTAMP_MS there; the engine's own type is microseconds.
  connection.query('CREATE TABLE log AS SELECT customer, time::TIMESTAMP AS time, amount FROM staged')
  connection.query('DROP TABLE staged')
}

function texts(codes, ids) {
  const encoder = new TextEncoder()
  const bytes = new Uint8Array(codes.length * 8)
  const offsets = new Int32Array(codes.length + 1)
  codes.forEach((code, row) => {
    encoder.encodeInto(ids[code], bytes.subarray(row * 8))
    offsets[row + 1] = (row + 1) * 8
  })
  return makeData({ type: new Utf8(), length: codes.length, valueOffsets: offsets, data: bytes })
}

/** Makes the table `log` from CSV bytes with declared columns, as fast as the engine can. */
export function readCsv({ db, connection }, bytes) {
  db.registerFileBuffer('log.csv', bytes)
  connection.query(`CREATE TABLE log AS SELECT customer, time, amount FROM read_csv('log.csv',
    header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', parallel = false,
    columns = {'customer': 'VARCHAR', 'time': 'TIMESTAMP', 'amount': 'DOUBLE', 'channel': 'VARCHAR'})`)
  db.dropFile('log.csv')
}

/** Drops the table `log`. */
export function drop({ connection }) {
  connection.query('DROP TABLE IF EXISTS log')
}

const SCORES = {
  // Window functions, as most would write it.
  rank: `
scored AS (
  SELECT *,
    1 + 5 * (rank() OVER (ORDER BY recency DESC) - 1) // count(*) OVER () AS r,
    1 + 5 * (rank() OVER (ORDER BY frequency) - 1) // count(*) OVER () AS f,
    1 + 5 * (rank() OVER (ORDER BY monetary) - 1) // count(*) OVER () AS m
  FROM customers
)`,
  // Cut points by an aggregate: the same scores without three sorts.
  cuts: `
cuts AS (
  SELECT quantile_disc(-recency, [0.2, 0.4, 0.6, 0.8]) AS r,
    quantile_disc(frequency, [0.2, 0.4, 0.6, 0.8]) AS f,
    quantile_disc(monetary, [0.2, 0.4, 0.6, 0.8]) AS m
  FROM customers
),
scored AS (
  SELECT customers.*,
    1 + (-recency > cuts.r[1])::INT + (-recency > cuts.r[2])::INT + (-recency > cuts.r[3])::INT + (-recency > cuts.r[4])::INT AS r,
    1 + (frequency > cuts.f[1])::INT + (frequency > cuts.f[2])::INT + (frequency > cuts.f[3])::INT + (frequency > cuts.f[4])::INT AS f,
    1 + (monetary > cuts.m[1])::INT + (monetary > cuts.m[2])::INT + (monetary > cuts.m[3])::INT + (monetary > cuts.m[4])::INT AS m
  FROM customers, cuts
)`,
}

/** RFM as one SQL text, all thirteen columns; `at` is the reference day, `scores` how it scores. */
export function sql(at, scores) {
  return `WITH customers AS (
  SELECT customer,
    date_diff('day', max(time)::DATE, DATE '${at}')::INT AS recency,
    count(*)::INT AS frequency,
    sum(amount) AS monetary,
    date_diff('day', min(time)::DATE, DATE '${at}')::INT AS tenure,
    min(time) AS first,
    max(time) AS last
  FROM log WHERE time < TIMESTAMP '${at}' + INTERVAL 1 DAY
  GROUP BY customer
),
means AS (SELECT avg(recency) AS r, avg(frequency) AS f, avg(monetary) AS m FROM customers),${SCORES[scores]}
SELECT customer, recency, frequency, monetary, monetary / frequency AS mean, tenure, first, last,
  scored.r::UTINYINT AS r, scored.f::UTINYINT AS f, scored.m::UTINYINT AS m,
  (scored.r + scored.f + scored.m) / 3 AS score,
  ((monetary <= means.m)::INT * 4 + (recency >= means.r)::INT * 2 + (frequency <= means.f)::INT)::UTINYINT AS "group"
FROM scored, means`
}

/** Runs the query and takes every column as a typed array, text as bytes and offsets. */
export function rfm({ connection }, at, scores) {
  const result = connection.query(sql(at, scores))
  const customers = {}
  for (const { name } of result.schema.fields) {
    const column = result.getChild(name)
    customers[name] = column.type instanceof Utf8 || name === 'customer' && !(column.type.bitWidth) ? joined(column) : column.toArray()
  }
  return customers
}

/** Text in one piece, as Siyu gives it. */
function joined(column) {
  const parts = column.data.map(({ values, valueOffsets, length }) => ({ values, valueOffsets, length }))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.valueOffsets[part.length] - part.valueOffsets[0], 0))
  const ends = new Uint32Array(column.length)
  let [at, row] = [0, 0]
  for (const { values, valueOffsets, length } of parts) {
    const begin = valueOffsets[0]
    bytes.set(values.subarray(begin, valueOffsets[length]), at)
    for (let index = 1; index <= length; index += 1) ends[row++] = at + valueOffsets[index] - begin
    at += valueOffsets[length] - begin
  }
  return { bytes, ends }
}
