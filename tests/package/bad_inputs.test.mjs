// The corpus of broken and hostile files, through the package as a page would read them. The native
// runner checks the same manifest with every field; here also that nothing leaks into JavaScript.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { entries, root } from './given.mjs'

const folder = resolve(root, process.env.SIYU_BAD_INPUTS ?? 'tests/bad_inputs')
const manifest = join(folder, 'manifest.json')
const there = existsSync(manifest)
const { files } = there ? JSON.parse(readFileSync(manifest, 'utf8')) : { files: [] }

const FORMATS = { csv: 'csv', 'csv.gz': 'csv', tsv: 'tsv', json: 'json', ndjson: 'ndjson', parquet: 'parquet', arrow: 'arrow', arrows: 'arrow' }
const { open } = entries['siyu/sync']

/** Whether a code belongs to a family of the manifest. */
const belongs = (code, family) => code === family.replaceAll('_', '-') || code.startsWith(`${family.replaceAll('_', '-')}-`)

test('the corpus is there', { skip: !there && `no ${manifest}` }, () => assert.ok(files.length > 50))

for (const one of files) {
  test(`${one.file}: ${one.what}`, async () => {
    const siyu = await open()
    const { id, date, amount, order } = one.mapping
    const roles = { customer: id, time: date, amount, ...(order && { order }) }
    const format = FORMATS[one.format] ?? 'auto'
    const read = { roles, format, zone: one.options?.tz ?? 'Asia/Shanghai', ...(one.options?.encoding && { encoding: one.options.encoding }) }
    const blob = new Blob([readFileSync(join(folder, one.file))])
    let table = null
    let codes
    const started = performance.now()
    try {
      table = await siyu.read(blob, read)
      codes = table.quality.issues.filter(({ severity }) => severity !== 'note').map(({ code }) => code)
    } catch (error) {
      assert.equal(error.name, 'SiyuError', String(error.stack))
      assert.notEqual(error.code, 'engine-restarted')
      codes = [error.code]
    }
    assert.ok(performance.now() - started < 10_000)
    const outcome = table === null ? 'error' : codes.length > 0 ? 'warn' : 'ok'
    if (!['csv', 'tsv', 'json', 'ndjson', 'csv.gz'].includes(one.format)) {
      assert.deepEqual([outcome, codes], ['error', ['unsupported']], 'a format that is not read says so')
    } else {
      assert.ok(one.accept.includes(outcome), `${outcome} ${codes}, wanted ${one.accept}`)
      const families = one.codes ?? (one.code ? [one.code] : [])
      if (outcome !== 'ok' && families.length > 0) {
        assert.ok(codes.some((code) => families.some((family) => belongs(code, family))), `${codes}, wanted ${families}`)
      }
    }
    if (table && (one.counts_when !== 'ok' || outcome === 'ok')) {
      if (one.rows !== undefined) assert.equal(table.rows, one.rows)
      if (one.customers !== undefined) assert.equal(table.customers, one.customers)
      if (one.sum_amount !== undefined) {
        const sum = Number(table.quality.amount.sum)
        assert.ok(Math.abs(sum - one.sum_amount) <= 1e-9 * Math.max(1, Math.abs(one.sum_amount)), `${sum}`)
      }
    }
    if (table) {
      // Every customer, whatever it bought: far in the future, every row a purchase.
      const options = { at: '2099-12-31', count: 'row', refunds: 'keep' }
      const { customers } = await siyu.rfm(table, options)
      if (one.ids && (one.counts_when !== 'ok' || outcome === 'ok')) {
        assert.deepEqual(new Set(customers.column('customer')), new Set(one.ids))
      }
      const text = new TextDecoder().decode(await siyu.exportCsv(customers, { columns: ['customer'] }))
      for (const line of text.split('\r\n').slice(1)) assert.doesNotMatch(line, /^"?[=+\-@\t\r]/)
      for (const name of customers.names) {
        const column = customers.column(name)
        if (column instanceof Float64Array) assert.ok(column.every(Number.isFinite), name)
      }
    }
    assert.equal({}.polluted, undefined)
    siyu.close()
  })
}
