// One job: a purchase log of any size, the same bits from the same seed: as typed arrays, and as CSV.
//
// Rows are in time order with some days of jitter, as exports are. Half of all rows belong to
// customers drawn evenly, half to a customer whose rank is drawn from u⁴ (u even in [0, 1)), so
// that a few are very busy; which customer has which rank is scattered. Amounts are log-normal
// around 40, in cents. There are no refunds: every peer can then use its simplest query.

import { closeSync, openSync, writeSync } from 'node:fs'

/** The seed of every published figure. */
export const SEED = 20250601

/** The reference day of every bench: the day after the last row. */
export const AT = '2025-06-01'

const DAY = 86_400_000
const BEGIN = Date.UTC(2023, 5, 1)
const SPAN = 730 * DAY
const JITTER = 6 * DAY
const CHANNELS = ['web', 'app', 'store', 'phone']

/** sfc32 (C. Doty-Humphrey), seeded by one number: numbers in [0, 1). */
function random(seed) {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, seed | 0, 1]
  const next = () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t | 0
    return (t >>> 0) / 4294967296
  }
  for (let round = 0; round < 16; round += 1) next()
  return next
}

/** The text id of a customer: always 8 characters. */
export function idOf(code) {
  // An odd factor is a bijection of 32-bit numbers, so that ids look random and never collide.
  const mixed = Math.imul(code + 1, 0x9e3779b1) >>> 0
  return `U${mixed.toString(36).padStart(7, '0')}`
}

/**
 * The log in memory: `customers` (dense numbers below `known`), `times` (ms UTC, whole seconds),
 * `amounts` (whole cents / 100), `channels` (index into {@link CHANNELS}).
 */
export function purchases(rows, { seed = SEED, known = Math.max(1, Math.floor(rows / 10)) } = {}) {
  const draw = random(seed)
  const customers = new Uint32Array(rows)
  const times = new Float64Array(rows)
  const amounts = new Float64Array(rows)
  const channels = new Uint8Array(rows)
  let step = Math.floor(known * 0.618) | 1
  while (common(step, known) > 1) step += 2
  for (let row = 0; row < rows; row += 1) {
    const u = draw()
    const rank = Math.floor(known * (draw() < 0.5 ? u : u * u * u * u))
    customers[row] = (rank * step) % known
    const at = (row / rows) * (SPAN - JITTER) + draw() * JITTER
    times[row] = BEGIN + Math.floor(at / 1000) * 1000
    // The sum of three even numbers is near enough to a normal one.
    const bell = (draw() + draw() + draw()) * 2 - 3
    amounts[row] = Math.max(1, Math.round(4000 * Math.exp(bell))) / 100
    channels[row] = draw() * 4
  }
  return { rows, known, customers, times, amounts, channels }
}

function common(a, b) {
  return b === 0 ? a : common(b, a % b)
}

/** The same log as CSV text in UTF-8, in pieces of about a megabyte. */
export function* csv(log) {
  let text = 'customer,time,amount,channel\n'
  const ids = Array.from({ length: log.known }, (_, code) => idOf(code))
  // A date is written once per day, not once per row.
  const dates = new Map()
  const dateOf = (day) => {
    if (!dates.has(day)) dates.set(day, new Date(day * DAY).toISOString().slice(0, 10))
    return dates.get(day)
  }
  const two = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'))
  for (let row = 0; row < log.rows; row += 1) {
    const time = log.times[row]
    const day = Math.floor(time / DAY)
    const second = (time - day * DAY) / 1000
    const clock = `${two[Math.floor(second / 3600)]}:${two[Math.floor(second / 60) % 60]}:${two[second % 60]}`
    const cents = Math.round(log.amounts[row] * 100)
    const amount = `${Math.floor(cents / 100)}.${two[cents % 100]}`
    text += `${ids[log.customers[row]]},${dateOf(day)}T${clock}Z,${amount},${CHANNELS[log.channels[row]]}\n`
    if (text.length > 1 << 20) {
      yield Buffer.from(text)
      text = ''
    }
  }
  if (text) yield Buffer.from(text)
}

/** Writes the CSV to a file and returns its size in bytes. */
export function writeCsv(path, log) {
  const file = openSync(path, 'w')
  let bytes = 0
  for (const piece of csv(log)) bytes += writeSync(file, piece)
  closeSync(file)
  return bytes
}
