// What the browser itself recorded of this page's requests since it was loaded, and what its policy stopped.
//
// The record covers this page; the worker's only request is its own WebAssembly file, and the same policy binds it.

export interface Fetched {
  name: string
  bytes: number
}

const supported = typeof PerformanceObserver === 'function' && PerformanceObserver.supportedEntryTypes.includes('resource')
/** Requests that loaded the page itself: its document, its scripts, its styles. */
let first = $state(1)
let own = $state.raw<Fetched[]>([])
let foreign = $state.raw<string[]>([])
let stopped = $state(0)

if (supported) {
  const started = performance.now()
  new PerformanceObserver(list => {
    for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
      const url = new URL(entry.name)
      // A blob: address names memory of this page, not a host.
      if (url.protocol === 'blob:') continue
      if (url.origin !== location.origin) foreign = [...foreign, url.host]
      else if (entry.startTime >= started) own = [...own, { name: url.pathname.split('/').pop() ?? '', bytes: entry.encodedBodySize }]
      else first += 1
    }
  }).observe({ type: 'resource', buffered: true })
}

document.addEventListener('securitypolicyviolation', () => (stopped += 1))

export const network = {
  supported,
  /** Requests that loaded the page itself. */
  get first() {
    return first
  },
  /** Own files fetched after the page was up: the chart, the engine, a sample. */
  get own() {
    return own
  },
  /** Hosts other than this site that were asked for anything. */
  get foreign() {
    return foreign
  },
  /** Attempts that the page's policy stopped. */
  get stopped() {
    return stopped
  },
}
