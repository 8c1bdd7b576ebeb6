// One answer of the package, in a form that can be compared with the native one. Runs in Node and
// in a page.

/** Reads `source` and `others` (by name: source and mapping) and runs every request; columns come back as one SHA-256 per column. */
export async function answers(siyu, source, read, requests, keep, others = {}) {
  const table = await siyu.read(source, { ...read, keep })
  const tables = { orders: table }
  for (const [name, other] of Object.entries(others)) tables[name] = await siyu.read(other.source, { ...other.read, keep })
  const all = []
  for (const request of requests) {
    const { about, ...result } = await siyu.run(request, tables)
    // A report may hold sets of columns among its numbers.
    const sets = {}
    for (const [name, value] of Object.entries(result)) {
      if (typeof value?.column !== 'function') continue
      sets[name] = await digests(value)
      delete result[name]
    }
    all.push({ about, result, sets })
  }
  for (const one of Object.values(tables)) one.close()
  return { kind: table.kind, quality: table.quality, answers: all }
}

async function digests(set) {
  const columns = {}
  for (const name of set.names) columns[name] = await digest(set.column(name))
  return columns
}

/** Numbers by their bits as 64-bit floats, texts as JSON. */
export async function digest(values) {
  const bytes =
    typeof values[0] === 'string'
      ? new TextEncoder().encode(JSON.stringify([...values]))
      : new Uint8Array(Float64Array.from(values).buffer)
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
