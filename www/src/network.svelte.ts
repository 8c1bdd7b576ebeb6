// What the browser itself recorded of this page's requests since it was loaded.
//
// The record covers this page; the worker's only request is its own WebAssembly file, and the same policy binds it.

export interface Fetched {
  name: string
  bytes: number
}

const supported = typeof PerformanceObserver === 'function' && PerformanceObserver.supportedEntryTypes.includes('resource')
let own = $state.raw<Fetched[]>([])
let foreign = $state.raw<string[]>([])

if (supported) {
  const started = performance.now()
  new PerformanceObserver(list => {
    for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
      const url = new URL(entry.name)
      // A blob: address names memory of this page, not a host.
      if (url.protocol === 'blob:') continue
      if (url.origin !== location.origin) foreign = [...foreign, url.host]
      else if (entry.startTime >= started) own = [...own, { name: url.pathname.split('/').pop() ?? '', bytes: entry.encodedBodySize }]
    }
  }).observe({ type: 'resource', buffered: true })
}

export const network = {
  supported,
  /** Own files fetched after the page was up: the chart, the engine, a sample. */
  get own() {
    return own
  },
  /** Hosts other than this site that were asked for anything. */
  get foreign() {
    return foreign
  },
}
