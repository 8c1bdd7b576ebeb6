// One job: an effect of a million units drawn again ten thousand times, by Poisson bootstrap, beside
// the same draws in hand-written JavaScript (a hundredth as often, and scaled): what a replicate
// takes, what it keeps, and whether the page can do other things meanwhile.
//
//   node benches/bootstrap.mjs [--full]     100,000 units and 500 replicates, or 1 M and 10,000

import { open } from 'siyu'
import { SEED } from './data.mjs'
import { full, report, timed } from './measure.mjs'

const [UNITS, REPLICATES, SHARE] = full ? [1_000_000, 10_000, 100] : [100_000, 500, 5]

/** xorshift: the data need not be good, only the same. */
let state = SEED | 1
function unit() {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) / 2 ** 32
}

const arms = Uint32Array.from({ length: UNITS }, (_, at) => at % 2)
const spend = Float64Array.from({ length: UNITS }, (_, at) => 30 * unit() ** 3 + 0.05 * arms[at])

/** Poisson numbers with mean 1 by their cumulative chances, a draw for each unit and replicate. */
function byHand(replicates) {
  const atMost = [0.36787944117144233, 0.7357588823428847, 0.9196986029286058, 0.9810118431238462, 0.9963401531726563, 0.9994058151824183, 0.999916758850712, 1]
  const found = new Float64Array(replicates)
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    const [sums, counts] = [[0, 0], [0, 0]]
    for (let at = 0; at < UNITS; at += 1) {
      const draw = unit()
      let count = 0
      while (draw >= atMost[count]) count += 1
      sums[arms[at]] += count * spend[at]
      counts[arms[at]] += count
    }
    found[replicate] = sums[1] / counts[1] - sums[0] / counts[0]
  }
  return found.sort()
}

// In a worker, as in a page: this thread must stay free.
const siyu = await open()
const columns = { customer: Uint32Array.from({ length: UNITS }, (_, at) => at) }
const table = await siyu.read({ columns, attributes: { variant: { codes: arms, ids: ['a', 'b'] }, spend } }, { keep: 'loaded' })
const options = { control: 'a', metrics: [{ name: 'spend' }], resampling: { seed: 1, replicates: REPLICATES } }

let [told, longest, last] = [0, 0, performance.now()]
const watch = setInterval(() => {
  const now = performance.now()
  longest = Math.max(longest, now - last)
  last = now
}, 5)
const own = await timed(() => siyu.experiment(options, table, { onProgress: () => (told += 1) }))
clearInterval(watch)
const { bootstrapInterval: interval } = own.result.metrics[0].comparisons[0]

const hand = await timed(() => byHand(REPLICATES / SHARE))
const scaled = hand.ms * SHARE
const at = share => hand.result[Math.round(share * (hand.result.length - 1))]
const width = (interval.high - interval.low) / (at(0.975) - at(0.025))
if (!(width > 0.6 && width < 1.6)) throw new Error(`not the same spread: ${width}`)

report({
  title: `${REPLICATES.toLocaleString('en')} Poisson-bootstrap replicates of ${UNITS.toLocaleString('en')} units, and a permutation test as often`,
  rows: [
    { name: 'Siyu, in a worker', ms: [own.ms] },
    { name: 'JavaScript, typed arrays, bootstrap alone (scaled)', ms: [scaled] },
  ],
  ratios: [
    { name: 'Siyu / JavaScript, time', value: own.ms / scaled, most: 1 },
    { name: 'longest wait of the calling thread, ms', value: longest, most: 100 },
    { name: 'times that progress was told', value: told, least: 10 },
  ],
})
siyu.close()
