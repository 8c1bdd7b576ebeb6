// One job: serve what is tested, each as a fresh copy with `watch.js` as the first script of its page: the
// built dashboard by its own server, and a page of the package under the strict policy.

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { STRICT, serve as servePolicy } from '../packaging/fixtures.mjs'
import { serve as serveDashboard } from '../../www/serve.mjs'

const place = (path) => fileURLToPath(new URL(path, import.meta.url))
const dist = place('../../pkg/dist')
const built = place('../../www/dist')

/** Why what is served is not there, or null. */
export const notBuilt = existsSync(join(built, 'index.html')) && existsSync(join(dist, 'index.js')) ? null : 'the package and the dashboard are not built (npm run build)'

function copied(from) {
  const folder = mkdtempSync(join(tmpdir(), 'siyu-site-'))
  cpSync(from, folder, { recursive: true })
  cpSync(place('watch.js'), join(folder, 'watch.js'))
  return folder
}

async function gone(server, folder) {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
}

/** The dashboard: `url` and `close`. */
export async function dashboard() {
  const folder = copied(built)
  const path = join(folder, 'index.html')
  const html = readFileSync(path, 'utf8')
  writeFileSync(path, html.replace('<head>', '<head><script src="/watch.js"></script>'))
  const { server, url, close } = await serveDashboard({ folder })
  return { url, close: () => (server.closeAllConnections(), gone({ close }, folder)) }
}

/** A page with the package beside it, as `globalThis.siyu` (entry `siyu`), under a policy. */
export async function packagePage(policy = STRICT) {
  const folder = copied(place('page'))
  cpSync(dist, join(folder, 'dist'), { recursive: true })
  cpSync(place('../package/page/trapping-worker.js'), join(folder, 'trapping-worker.js'))
  cpSync(place('../bad_inputs'), join(folder, 'bad_inputs'), { recursive: true })
  const { address, close } = await servePolicy(folder, policy)
  return { url: `${address}/`, close: () => gone({ close }, folder) }
}
