// Attributes from every kind of source, kept and streamed, and rules over them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { dist, entries } from './given.mjs'

const LOG = 'buyer,paid_at,paid\na,2025-05-20,10\nb,2025-05-21,20\na,2025-05-30,5\nc,2025-05-01,7\n'
const ROLES = { customer: 'buyer', time: 'paid_at', amount: 'paid' }
const MEMBERS = 'id,城市,age,__proto__\na,成都,31,x\nb,重庆,,y\nc,,40,\nd,成都,20,x\n'
const ATTRIBUTES = { city: '城市', age: { column: 'age', type: 'number' }, ['__proto__']: '__proto__' }
const recipe = {
  analysis: 'segments',
  inputs: { log: 'log', customers: 'members' },
  options: {
    at: '2025-05-31',
    segments: [
      { name: 'here', rule: 'city = "成都" and orders >= 1' },
      { name: 'older', rule: 'age >= 31 or age is missing' },
      { name: 'odd', rule: '`__proto__` = "x"' },
    ],
  },
}
const OF = { here: 'a', older: 'a b c', odd: 'a d' }

const inMemory = {
  columns: { customer: ['a', 'b', 'c', 'd'] },
  attributes: { city: ['成都', '重庆', null, '成都'], age: Float64Array.of(31, NaN, 40, 20), ['__proto__']: ['x', 'y', null, 'x'] },
}
const objects = [
  { id: 'a', 城市: '成都', age: 31, ['__proto__']: 'x' }, { id: 'b', 城市: '重庆', ['__proto__']: 'y' },
  { id: 'c', age: 40 }, { id: 'd', 城市: '成都', age: 20, ['__proto__']: 'x' },
]

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: attributes come from files, columns and objects, kept or streamed`, async () => {
    const siyu = await open()
    const log = await siyu.read(LOG, { roles: ROLES })
    const options = { roles: { customer: 'id' }, attributes: ATTRIBUTES }
    const members = {
      'a file': await siyu.read(MEMBERS, options),
      'a source': await siyu.read(new Blob([MEMBERS]), { ...options, keep: 'source' }),
      columns: await siyu.read(inMemory),
      objects: await siyu.read(objects, options),
    }
    assert.equal(new Set(Object.values(members).map(({ fingerprint }) => fingerprint)).size, 1)
    for (const [name, table] of Object.entries(members)) {
      const report = await siyu.run(recipe, { log, members: table })
      const ids = report.customers.column('customer')
      for (const { name: segment, column } of report.segments) {
        const member = report.customers.column(column)
        assert.equal([...ids].filter((_, row) => member[row] === 1).sort().join(' '), OF[segment], `${segment} of ${name}`)
      }
    }
    await assert.rejects(siyu.run({ ...recipe, options: { at: '2025-05-31', segments: [{ name: 'x', rule: 'citty = "x"' }] } }, { log, members: members.columns }), {
      code: 'missing-role', path: 'options.segments[0].rule',
    })
    siyu.close()
  })
}

test('the command line takes attributes of one table of several', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siyu-'))
  test.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'log.csv'), LOG)
  writeFileSync(join(folder, 'members.csv'), MEMBERS)
  writeFileSync(join(folder, 'recipe.json'), JSON.stringify({ ...recipe, options: { ...recipe.options, segments: recipe.options.segments.slice(0, 2) } }))
  const words = [
    'run', 'recipe.json', '--table', 'log=log.csv', '--table', 'members=members.csv',
    '--customer', 'members.id', '--attribute', 'members.city=城市', '--attribute', 'members.age=age:number',
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dist, 'cli.js'), ...words], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout).segments.map(({ customers }) => customers), [1, 3])
})
