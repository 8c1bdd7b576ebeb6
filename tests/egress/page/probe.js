// In the page under test: tries channels when told to, here or in a worker that is the package's own.
import { attempt } from './channels.js'

/** In a task of the page's own. */
globalThis.tried = (name, where) => new Promise((resolve) => setTimeout(() => resolve(Promise.race([attempt(name, where), new Promise((late) => setTimeout(late, 2000, 'waiting'))]))))

/** At the next click. */
globalThis.armed = (name, where) => {
  const button = Object.assign(document.createElement('button'), { id: 'leave', textContent: 'leave' })
  button.style.cssText = 'position: fixed; inset: 0 auto auto 0; z-index: 99999; width: 80px; height: 40px'
  button.addEventListener('click', () => void attempt(name, where), { once: true })
  document.querySelector('#leave')?.remove()
  document.body.append(button)
}

const policy = globalThis.trustedTypes?.createPolicy('siyu', { createScriptURL: (address) => address })
/** In a worker; `module` is the package's worker with a probe beside it. */
globalThis.triedInWorker = (names, wheres, type = 'module') => {
  const address = type === 'module' ? './probe-worker.js' : './probe-classic.js'
  const worker = new Worker(policy ? policy.createScriptURL(address) : address, { type })
  return new Promise((resolve, reject) => {
    worker.addEventListener('error', (event) => reject(new Error(event.message)))
    worker.addEventListener('message', ({ data }) => data.tried && (worker.terminate(), resolve(data.tried)))
    worker.postMessage({ names, wheres })
  })
}
document.documentElement.dataset.probe = 'true'
