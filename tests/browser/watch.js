// The first script of every page under test: notes what must not happen, before anything can.
globalThis.noted = []
addEventListener('securitypolicyviolation', event => globalThis.noted.push(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`))
addEventListener('unhandledrejection', event => globalThis.noted.push(`rejected: ${event.reason}`))
addEventListener('error', event => globalThis.noted.push(`error: ${event.message ?? event.target.outerHTML}`), true)
for (const kind of ['error', 'warn']) {
  const say = console[kind]
  console[kind] = (...words) => {
    globalThis.noted.push(`console: ${words.map(String).join(' ')}`)
    say.apply(console, words)
  }
}
