// The package's own worker, with a probe in the same scope, under the same policy.
import { attempt } from './channels.js'
import './dist/worker.js'

addEventListener('message', async ({ data }) => {
  if (!data.names) return
  const tried = await Promise.all(data.names.map((name, at) => Promise.race([attempt(name, data.wheres[at]), new Promise((late) => setTimeout(late, 2000, 'waiting'))])))
  postMessage({ tried })
})
