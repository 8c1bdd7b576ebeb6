// Experiments through the package: from counts, from a table, and without any table at all.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { dist, entries, rejected } from './given.mjs'

const COUNTS = {
  control: 'a', metrics: [{ name: 'bought', kind: 'share' }],
  arms: [{ arm: 'a', units: 80, values: [{ successes: 48 }] }, { arm: 'b', units: 70, values: [{ successes: 56 }] }],
}

for (const [entry, { open }] of Object.entries(entries)) {
  test(`${entry}: counts of two arms give the interval of Newcombe's table and a decision`, async () => {
    const siyu = await open()
    const { metrics: [{ comparisons: [found] }], decision, sampleRatio, about } = await siyu.experiment(COUNTS)
    assert.equal(found.interval.low.toFixed(4), '0.0524')
    assert.equal(found.interval.high.toFixed(4), '0.3339')
    assert.deepEqual([decision.call, decision.arm, sampleRatio.isMismatch], ['ship', 'b', false])
    assert.deepEqual(about.inputs, [])
    siyu.close()
  })

  test(`${entry}: units of a table are assigned and compared as the ids and the counts are`, async () => {
    const siyu = await open()
    const ids = Array.from({ length: 400 }, (_, unit) => `u${unit}`)
    const plan = { seed: 'test', variants: [{ name: 'a' }, { name: 'b' }] }
    const named = await siyu.assign({ ...plan, units: ids })
    const variants = named.customers.column('variant')
    const csv = `unit,arm,bought\n${ids.map((id, unit) => `${id},${variants[unit]},${unit % 3 === 0 ? 1 : 0}\n`).join('')}`
    const table = await siyu.read(csv, { name: 'test', roles: { customer: 'unit' }, attributes: { arm: 'arm', bought: { column: 'bought', type: 'number' } } })
    assert.deepEqual((await siyu.assign(plan, table)).customers.column('variant'), variants)
    const options = { control: 'a', variant: 'arm', metrics: COUNTS.metrics }
    const over = await siyu.experiment(options, table)
    const hits = (arm) => ids.filter((_, unit) => variants[unit] === arm && unit % 3 === 0).length
    const arms = over.arms.map(({ arm, units }) => ({ arm, units, values: [{ successes: hits(arm) }] }))
    const counted = await siyu.experiment({ control: 'a', metrics: COUNTS.metrics, arms })
    assert.deepEqual(over.metrics, counted.metrics)
    siyu.close()
  })

  test(`${entry}: a registered plan names what departs from it, and a changed one is refused`, async () => {
    const siyu = await open()
    const filed = (options) => siyu.run({ analysis: 'experiment-register', version: 1, inputs: {}, options }, {})
    const plan = {
      name: 'button', date: '2026-01-05', hypothesis: 'a green button is seen sooner', control: 'a', metrics: COUNTS.metrics,
      arms: [{ arm: 'a', weight: 1 }, { arm: 'b', weight: 1 }],
    }
    const { register, head } = await filed({ plan })
    const registered = { register, head, name: 'button' }
    const same = await siyu.experiment({ ...COUNTS, registered })
    assert.deepEqual([same.registered.hash, same.registered.deviations], [head, []])
    const other = await siyu.experiment({ ...COUNTS, metrics: [{ name: 'bought', kind: 'share', purpose: 'secondary' }], decide: 'always-valid', registered })
    assert.deepEqual(other.registered.deviations.map(({ code, metric }) => [code, metric]), [['primary-changed', 'bought'], ['decide-changed', null]])
    const done = await filed({ register, head, result: { name: 'button', date: '2026-02-01', call: 'ship', effects: [{ metric: 'bought', arm: 'b', effect: 0.2, error: 0.073 }] } })
    assert.equal(done.experiments[0].results[0].effects[0].effect, 0.2)
    assert.equal((await siyu.privacy('ledgerCheck', { ledger: done.register, head: done.head })).intact, true)
    done.register.entries[0].plan.hypothesis = 'it was clear all along'
    const error = await rejected(filed({ register: done.register }))
    assert.deepEqual([error.code, error.path], ['decode', 'options.register'])
    siyu.close()
  })

  test(`${entry}: a plan needs no table, and a mistake in it has its place`, async () => {
    const siyu = await open()
    assert.equal((await siyu.power({ baseline: 10, deviation: 10, effect: 0.5 })).needed.control, 64)
    const error = await rejected(siyu.power({ baseline: 10, effect: 0.5 }))
    assert.deepEqual([error.code, error.path], ['invalid-option', 'options.baseline'])
    siyu.close()
  })
}

test('the command line runs a recipe that names no table', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siyu-'))
  test.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ analysis: 'power', options: { baseline: 0.1, effect: 0.1 } }))
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dist, 'cli.js'), 'run', 'plan.json'], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.equal(JSON.parse(stdout).needed.control, 14751)
})
