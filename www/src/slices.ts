// Work on many rows in the page without holding it up: sorting and filtering in slices of a few milliseconds.

const SLICE_MS = 8

/** Lets the browser paint and answer input before going on. */
function breathe(): Promise<void> {
  return new Promise(done => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      channel.port1.close()
      done()
    }
    channel.port2.postMessage(null)
  })
}

/** Calls `work(i)` for every i below `count`, in slices. Throws the signal's reason once it is aborted. */
export async function eachSliced(count: number, signal: AbortSignal, work: (i: number) => void): Promise<void> {
  let until = performance.now() + SLICE_MS
  for (let i = 0; i < count; i++) {
    if ((i & 255) === 0 && performance.now() > until) {
      await breathe()
      signal.throwIfAborted()
      until = performance.now() + SLICE_MS
    }
    work(i)
  }
}

/**
 * The rows 0…count-1 in ascending order of `compare`, equal rows in their own order: a bottom-up merge sort
 * that stops for breath, so that a million rows never hold up the page.
 */
export async function sortedRows(count: number, compare: (a: number, b: number) => number, signal: AbortSignal): Promise<Uint32Array> {
  let from = Uint32Array.from({ length: count }, (_, i) => i)
  let into = new Uint32Array(count)
  for (let width = 1; width < count; width *= 2) {
    let left = 0
    let a = 0
    let b = 0
    let middle = 0
    let end = 0
    const source = from
    const target = into
    await eachSliced(count, signal, k => {
      if (k === end) {
        left = end
        middle = Math.min(left + width, count)
        end = Math.min(left + 2 * width, count)
        a = left
        b = middle
      }
      const takeLeft = a < middle && (b >= end || compare(source[a]!, source[b]!) <= 0)
      target[k] = source[takeLeft ? a++ : b++]!
    })
    ;[from, into] = [into, from]
  }
  return from
}
