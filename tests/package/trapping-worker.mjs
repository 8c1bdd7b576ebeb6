// Wakes the package's worker up in a world where one function of the wasm module traps after some
// calls: a real trap, from an `unreachable` instruction. `workerData` says which and after how many.

import { workerData } from 'node:worker_threads'

/** (module (func (export "trap") unreachable)) */
const TRAP = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1, 3, 0, 0, 11,
)

const { Instance } = WebAssembly
const { trap } = new Instance(new WebAssembly.Module(TRAP)).exports
let left = workerData.after

WebAssembly.Instance = function (module, imports) {
  const real = new Instance(module, imports)
  const { [workerData.function]: inner } = real.exports
  const wrapped = (...args) => {
    if (left === 0) trap()
    left -= 1
    return inner(...args)
  }
  return { exports: { ...real.exports, [workerData.function]: wrapped } }
}
