// Zones from the platform's rules.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inside } from './given.mjs'

const { zoneOf } = await inside('zone')

/** The changes of a zone in a span, as text. */
function changes(name, from, until) {
  const { instants, offsets } = zoneOf(name)
  return [...instants].flatMap((at, index) => (at >= Date.parse(from) && at < Date.parse(until) ? [`${new Date(at).toISOString()} ${offsets[index]}`] : []))
}

test('changes are placed to the second', () => {
  assert.deepEqual(changes('Asia/Shanghai', '1900-01-02', '1902-01-01'), ['1900-12-31T15:54:17.000Z 28800'])
  assert.deepEqual(changes('Asia/Shanghai', '1986-01-01', '1987-01-01'), ['1986-05-03T18:00:00.000Z 32400', '1986-09-13T17:00:00.000Z 28800'])
  assert.deepEqual(changes('America/New_York', '2025-01-01', '2026-01-01'), ['2025-03-09T07:00:00.000Z -14400', '2025-11-02T06:00:00.000Z -18000'])
  assert.deepEqual(changes('Europe/Berlin', '2025-01-01', '2026-01-01'), ['2025-03-30T01:00:00.000Z 7200', '2025-10-26T01:00:00.000Z 3600'])
  assert.deepEqual(changes('Australia/Lord_Howe', '2025-01-01', '2026-01-01'), ['2025-04-05T15:00:00.000Z 37800', '2025-10-04T15:30:00.000Z 39600'])
  assert.deepEqual(changes('Africa/Tunis', '1943-04-01', '1943-05-01'), ['1943-04-17T00:00:00.000Z 3600', '1943-04-25T01:00:00.000Z 7200'])
})

test('a day that was left out is one change of 24 hours', () => {
  assert.deepEqual(changes('Pacific/Apia', '2011-12-01', '2012-01-31'), ['2011-12-30T10:00:00.000Z 50400'])
})

test('every sampled hour of a zone has the offset that the platform gives it', () => {
  for (const name of ['Africa/Casablanca', 'Asia/Gaza', 'America/Caracas', 'Asia/Kathmandu', 'Antarctica/Troll', 'Europe/London']) {
    const { instants, offsets } = zoneOf(name)
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
    let at = 0
    for (let ms = Date.UTC(1900, 0, 1, 7); ms < Date.UTC(2100, 0, 1); ms += 211 * 3_600_000) {
      while (at + 1 < instants.length && instants[at + 1] <= ms) at += 1
      const [, sign, hours = 0, minutes = 0, seconds = 0] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(format.format(ms))
      const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds))
      if (offset !== offsets[at]) assert.fail(`${name} at ${new Date(ms).toISOString()}: ${offsets[at]}, not ${offset}`)
    }
  }
})

test('a fixed offset is a zone, and no other text is', () => {
  const only = (name) => [...zoneOf(name).offsets]
  assert.deepEqual([only('UTC'), only('+08:00'), only('-0330'), only('+05:45')], [[0], [28800], [-12600], [20700]])
  for (const name of ['+25:00', '+08:75', 'Mars/Olympus', '', '8']) {
    assert.throws(() => zoneOf(name), ({ code, path }) => code === 'invalid-option' && path === 'zone', name)
  }
})

test('a zone is worked out once, and quickly', () => {
  zoneOf('Asia/Tokyo')
  const times = ['America/Los_Angeles', 'Europe/Paris', 'Australia/Sydney', 'America/Santiago', 'Asia/Tehran'].map((name) => {
    const before = process.cpuUsage()
    zoneOf(name)
    const { user, system } = process.cpuUsage(before)
    assert.equal(zoneOf(name), zoneOf(name))
    return (user + system) / 1000
  })
  times.sort((a, b) => a - b)
  assert.ok(times[2] < 50, `median of ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`)
})
