// One job: how many cells a second are looked through for personal information, in WebAssembly, the
// crossing of the texts included. A third of the cells hold something, the others are what stands
// beside it in exports: order numbers, names, notes, amounts.
//
//   node benches/detect.mjs [--full]     200,000 cells, or 2 M

import { open } from 'siyu/sync'
import { full, median } from './measure.mjs'

const cells = full ? 2_000_000 : 200_000
const kinds = [
  i => `1${3 + (i % 7)}${String(100_000_000 + i).slice(0, 9)}`,
  i => `202505${String(i).padStart(12, '0')}`,
  i => ['张三', '李小明', '欧阳娜娜', '王五'][i % 4],
  i => `customer${i}@example.com`,
  i => (i * 7.13).toFixed(2),
  i => `${['加急', '周末送', '放门口'][i % 3]}，谢谢`,
  i => `2025-0${1 + (i % 9)}-1${i % 10} 12:00:00`,
  i => `ORD-${i.toString(36).toUpperCase()}`,
  i => `京A${String(10_000 + (i % 89_999))}`,
]
const texts = Array.from({ length: cells }, (_, i) => kinds[i % kinds.length](i))
const siyu = await open()
const found = new Map()
const rates = []
for (let round = 0; round < 7; round++) {
  let took = 0
  for (let at = 0; at < cells; at += 10_000) {
    const started = process.cpuUsage()
    const answer = await siyu.privacy('detect', { texts: texts.slice(at, at + 10_000) })
    const { user, system } = process.cpuUsage(started)
    took += (user + system) / 1e6
    if (round === 0) for (const { kind, texts } of answer.kinds) found.set(kind, (found.get(kind) ?? 0) + texts)
  }
  rates.push(cells / took)
}
console.log(`${cells} cells: ${Math.round(median(rates)).toLocaleString('en')} a second of processor time`)
console.log(Object.fromEntries(found))
siyu.close()
