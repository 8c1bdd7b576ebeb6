// One job: measure contenders fairly and say so in one shape. CPU time of the process, one run of each
// in turn, garbage collected before each, the median of several rounds after a warm-up.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
/** Collects garbage now, so that nobody pays for another's. */
export const collect = runInNewContext('gc')

/** Whether the figures shall be those of the full size. */
export const full = process.argv.includes('--full')

/** Milliseconds of CPU time that `work` takes, and its result. */
export async function timed(work) {
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { ms: (user + system) / 1000, result }
}

/** The middle of some numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Runs each contender once per round, in an order that turns by one each round, and returns
 * `{ name: milliseconds of each round }`. A contender is `{ name, run, check?, after? }`; `run` is
 * timed; `check` gets its result in the warm-up, `after` always.
 */
export async function interleaved(contenders, { rounds, warm = 4 }) {
  const times = Object.fromEntries(contenders.map(({ name }) => [name, []]))
  for (let round = -warm; round < rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const { name, run, check, after } = contenders[(turn + round + warm) % contenders.length]
      collect()
      const { ms, result } = await timed(run)
      if (round < 0) check?.(result)
      else times[name].push(ms)
      after?.(result)
    }
  }
  return times
}

/**
 * Ends a bench: prints its table and hands it to `run.mjs`, if that started it.
 *
 * `rows` are `{ name, ms }` with the milliseconds of each round, or `{ name, text }`. `ratios` are
 * `{ name, value, least }` or `{ name, value, most }`.
 */
export function report({ title, rows, ratios, notes = [] }) {
  const told = {
    title,
    rows: rows.map(({ name, ms, text }) => ({ name, text: text ?? milliseconds(ms) })),
    ratios,
    notes,
  }
  if (process.send) process.send(told)
  else print(told)
}

function milliseconds(ms) {
  const sorted = [...ms].sort((a, b) => a - b)
  const whole = (number) => (number < 10 ? number.toFixed(1) : number.toFixed(0))
  return `${whole(median(ms))} ms (${whole(sorted[0])} – ${whole(sorted.at(-1))})`
}

/** Whether a ratio meets its target, which `slack` loosens (0.3 = by 30 %). */
export function met({ value, least, most }, slack = 0) {
  if (least !== undefined) return value >= least * (1 - slack)
  return value <= most * (1 + slack)
}

/** What a ratio must be. */
export function wanted({ least, most }) {
  return least !== undefined ? `≥ ${least}` : `≤ ${most}`
}

/** Prints a table as text. */
export function print({ title, rows, ratios, notes }) {
  console.log(`\n${title}`)
  const width = Math.max(...[...rows, ...ratios].map(({ name }) => name.length)) + 2
  for (const { name, text } of rows) console.log(`  ${name.padEnd(width)}${text}`)
  for (const ratio of ratios) {
    const verdict = met(ratio) ? '' : '   MISSED'
    console.log(`  ${ratio.name.padEnd(width)}${ratio.value.toFixed(2)}   (${wanted(ratio)})${verdict}`)
  }
  for (const note of notes) console.log(`  ${note}`)
}
