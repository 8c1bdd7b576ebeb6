// What an entry of the corpus of broken files asks for, and what came of it; the same for Node and browsers.

const FORMATS = { csv: 'csv', tsv: 'tsv', json: 'json', ndjson: 'ndjson', parquet: 'parquet', arrow: 'arrow', arrows: 'arrow' }

/** The options to read a file of the manifest with. */
export function requestOf({ mapping: { id, date, amount, order }, format, options }) {
  const roles = { customer: id, time: date, amount, ...(order && { order }) }
  return { roles, format: FORMATS[format] ?? 'auto', zone: options?.tz ?? 'Asia/Shanghai', ...(options?.encoding && { encoding: options.encoding }) }
}

/** The manifest's word for what happened; without a table it is an error. */
export function outcomeOf(table, codes) {
  return table === null ? 'error' : codes.length > 0 ? 'warn' : 'ok'
}

/** Whether a code belongs to a family of the manifest. */
export function belongs(code, family) {
  const name = family.replaceAll('_', '-')
  return code === name || code.startsWith(`${name}-`)
}
