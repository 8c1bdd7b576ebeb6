// The package's worker on a platform without the global that the address names.
delete globalThis[new URL(import.meta.url).searchParams.get('lacks')]

// Messages that come before the package listens are kept for it.
const early = []
const keep = (event) => early.push(event)
addEventListener('message', keep)
await import('./dist/worker.js')
removeEventListener('message', keep)
for (const { data } of early) dispatchEvent(new MessageEvent('message', { data }))
