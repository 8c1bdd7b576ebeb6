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

function copied(from, extra = []) {
  const folder = mkdtempSync(join(tmpdir(), 'siyu-site-'))
  cpSync(from, folder, { recursive: true })
  cpSync(place('watch.js'), join(folder, 'watch.js'))
  for (const one of extra) cpSync(one, folder, { recursive: true, filter: (path) => !path.endsWith('index.html') || !existsSync(join(folder, 'index.html')) })
  return folder
}

async function gone(server, folder) {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
}

/** The dashboard: `url` and `close`. Files of further folders may lie beside it, and scripts of them follow its own. */
export async function dashboard({ extra = [], scripts = [] } = {}) {
  const folder = copied(built, extra)
  const path = join(folder, 'index.html')
  const html = readFileSync(path, 'utf8')
  writeFileSync(path, html.replace('<head>', '<head><script src="/watch.js"></script>').replace('</head>', `${scripts.map((each) => `<script type="module" src="/${each}"></script>`).join('')}</head>`))
  const { server, url, close } = await serveDashboard({ folder })
  return { url, close: () => (server.closeAllConnections(), gone({ close }, folder)) }
}

/** A page of a folder with the package beside it, under a policy. */
export async function packagePage(policy = STRICT, page = place('page')) {
  const folder = copied(page)
  cpSync(dist, join(folder, 'dist'), { recursive: true })
  cpSync(place('../package/page/trapping-worker.js'), join(folder, 'trapping-worker.js'))
  cpSync(place('../bad_inputs'), join(folder, 'bad_inputs'), { recursive: true })
  const { address, close } = await servePolicy(folder, policy)
  return { url: `${address}/`, close: () => gone({ close }, folder) }
}
