// One job: an experiment of 5 M units × 3 arms × 5 metrics with CUPED, from columns that are in memory.
// Siyu against hand-written JavaScript over typed arrays, which folds each metric in one pass and only
// gives the intervals of two arms against the control; then what one comparison out of sums takes.
//
//   node benches/experiment.mjs [--full]     500,000 units, or 5 M
//   node benches/experiment.mjs --tea PYTHON     also against tea-tasting on Polars (pip install tea-tasting polars)

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { open } from 'siyu/sync'
import { SEED } from './data.mjs'
import { collect, full, interleaved, median, report, timed } from './measure.mjs'

const UNITS = full ? 5_000_000 : 500_000
const [METRICS, ARMS] = [5, 3]

/** xorshift: the data need not be good, only the same. */
let state = SEED | 1
function unit() {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) / 2 ** 32
}

const arms = Uint32Array.from({ length: UNITS }, () => Math.floor(unit() * ARMS))
const columns = {}
for (let metric = 0; metric < METRICS; metric += 1) {
  const before = Float64Array.from({ length: UNITS }, () => 100 + 20 * (unit() + unit() + unit()))
  columns[`x${metric}`] = before
  columns[`y${metric}`] = Float64Array.from(before, (x, at) => 0.7 * x + 30 * unit() + 0.05 * arms[at])
}
const names = ['a', 'b', 'c']
const options = {
  control: 'a',
  adjustment: 'none',
  metrics: Array.from({ length: METRICS }, (_, metric) => ({ name: `y${metric}`, covariate: `x${metric}` })),
}

/** One pass over each metric with its covariate, centred by the first values. */
function byHand() {
  const found = []
  for (let metric = 0; metric < METRICS; metric += 1) {
    const [x, y] = [columns[`x${metric}`], columns[`y${metric}`]]
    const [x0, y0] = [x[0], y[0]]
    const sums = new Float64Array(8 * ARMS)
    for (let at = 0; at < UNITS; at += 1) {
      const arm = arms[at] << 3
      const a = y[at] - y0
      const b = x[at] - x0
      sums[arm] += 1
      sums[arm + 1] += a
      sums[arm + 2] += b
      sums[arm + 3] += a * a
      sums[arm + 4] += a * b
      sums[arm + 5] += b * b
    }
    const of = (n, a, b, aa, ab, bb) => ({ n, y: a / n + y0, x: b / n + x0, yy: (aa - (a * a) / n) / (n - 1), xy: (ab - (a * b) / n) / (n - 1), xx: (bb - (b * b) / n) / (n - 1) })
    const each = Array.from({ length: ARMS }, (_, arm) => of(...sums.subarray(8 * arm, 8 * arm + 6)))
    const total = new Float64Array(6)
    for (let arm = 0; arm < ARMS; arm += 1) for (let k = 0; k < 6; k += 1) total[k] += sums[8 * arm + k]
    const all = of(...total)
    const theta = all.xy / all.xx
    const adjusted = each.map(({ n, y: m, x: before, yy, xy, xx }) => ({ mean: m - theta * (before - all.x), square: (yy - 2 * theta * xy + theta * theta * xx) / n }))
    found.push(...adjusted.slice(1).map(({ mean, square }) => ({ effect: mean - adjusted[0].mean, error: Math.sqrt(square + adjusted[0].square) })))
  }
  return found
}

const siyu = await open({ memoryLimit: 2 ** 32 - 2 ** 16 })
const load = await timed(() =>
  siyu.read({ columns: { customer: Uint32Array.from({ length: UNITS }, (_, at) => at) }, attributes: { variant: { codes: arms, ids: names }, ...columns } }, { keep: 'loaded' }),
)
const table = load.result
const bySiyu = () => siyu.experiment(options, table)

const truth = byHand()
const times = await interleaved(
  [
    {
      name: 'Siyu',
      run: bySiyu,
      check: ({ metrics }) => {
        const found = metrics.flatMap(metric => metric.comparisons)
        found.forEach(({ effect, error }, at) => {
          if (Math.abs(effect / truth[at].effect - 1) > 1e-6 || Math.abs(error / truth[at].error - 1) > 1e-9) throw new Error(`not the same: ${effect} ${truth[at].effect}`)
        })
      },
    },
    { name: 'JavaScript, typed arrays', run: byHand },
  ],
  { rounds: 5, warm: 2 },
)

/** tea-tasting over the same columns, in turn with Siyu: milliseconds by the clock and of CPU time. */
async function againstTea(python) {
  const folder = mkdtempSync(join(tmpdir(), 'experiment-'))
  try {
    writeFileSync(join(folder, 'arms'), arms)
    for (const [name, values] of Object.entries(columns)) writeFileSync(join(folder, name), values)
    const child = spawn(python, [new URL('experiment_tea.py', import.meta.url).pathname, folder, METRICS], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })
    const next = async () => JSON.parse((await once(lines, 'line'))[0])
    const { versions } = await next()
    const found = { versions, siyu: [], siyuCpu: [], tea: [], teaCpu: [] }
    for (let round = -1; round < 7; round += 1) {
      collect()
      const began = performance.now()
      const { ms, result } = await timed(bySiyu)
      const clock = performance.now() - began
      child.stdin.write('go\n')
      const other = await next()
      if (round < 0) {
        result.metrics.forEach(({ comparisons }, metric) => comparisons.forEach(({ effect, error }, arm) => {
          // It takes the slope on the covariate from two arms, Siyu from all.
          if (Math.abs(effect - other.effects[metric][arm]) > 0.02 * error) throw new Error(`not the same: ${effect} ${other.effects[metric][arm]}`)
        }))
      } else {
        found.siyu.push(clock)
        found.siyuCpu.push(ms)
        found.tea.push(other.clock)
        found.teaCpu.push(other.cpu)
      }
    }
    child.stdin.end()
    await once(child, 'exit')
    return found
  } finally {
    rmSync(folder, { recursive: true })
  }
}
const python = process.argv[process.argv.indexOf('--tea') + 1]
const tea = process.argv.includes('--tea') ? await againstTea(python) : null

const sums = {
  control: 'a',
  metrics: [{ name: 'y' }],
  arms: [
    { arm: 'a', units: 10_000, values: [{ mean: 10, variance: 4 }] },
    { arm: 'b', units: 10_000, values: [{ mean: 10.1, variance: 4.1 }] },
  ],
}
const each = async (count, work) => {
  for (let at = 0; at < count / 10; at += 1) await work(at)
  const { ms } = await timed(async () => {
    for (let at = 0; at < count; at += 1) await work(at)
  })
  return ms
}
const rerun = at => {
  sums.arms[1].values[0].mean = 10 + at / 1e5
  return siyu.experiment(sums)
}
const comparisons = await each(10_000, rerun)
const DESIGNS = 20
const designs = await each(DESIGNS, at => siyu.power({ baseline: 0.1, effect: 0.1 + at / 1e4, looks: 5 }))

const rows = [
  ...Object.entries(times).map(([name, ms]) => ({ name, ms })),
  ...(tea ? [
    { name: `tea-tasting ${tea.versions[0]} on Polars ${tea.versions[1]}, ${tea.versions[2]} threads, by the clock`, ms: tea.tea },
    { name: 'the same, CPU time', ms: tea.teaCpu },
    { name: 'Siyu in turn with it, by the clock', ms: tea.siyu },
    { name: 'the same, CPU time', ms: tea.siyuCpu },
  ] : []),
  { name: 'Loading the columns once', ms: [load.ms] },
  { name: '10,000 comparisons out of sums, each a request with its report', ms: [comparisons] },
  { name: 'A group-sequential design of five looks', ms: [designs / DESIGNS] },
]
const ratios = [
  { name: 'Siyu / JavaScript, time', value: median(times.Siyu) / median(times['JavaScript, typed arrays']), most: 0.4 },
  ...(tea ? [
    { name: 'tea-tasting / Siyu, by the clock', value: median(tea.tea) / median(tea.siyu), least: 10 },
    { name: 'tea-tasting / Siyu, CPU time', value: median(tea.teaCpu) / median(tea.siyuCpu), least: 10 },
  ] : []),
  { name: 'One comparison out of sums, µs', value: comparisons / 10, most: 50 },
  { name: '10,000 A/A runs on sums, s', value: comparisons / 1000, most: 1 },
  { name: 'A group-sequential design, ms', value: designs / DESIGNS, most: 20 },
]
report({ title: `An experiment of ${UNITS.toLocaleString('en')} units × ${ARMS} arms × ${METRICS} metrics with CUPED`, rows, ratios })
siyu.close()
