// Builds the dashboard. Everything it needs is self-hosted; nothing is inlined, because the policy it is
// served under (see serve.mjs) allows no data: URLs, no inline script and no inline style.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Files of the project that are served beside the page, by address: samples, which are stored once with the tests. */
const samples: Record<string, string> = {
  'samples/cdnow_master.csv': here('../tests/data/cdnow_master.csv'),
  'samples/shop_orders.csv': here('../tests/data/shop/orders.csv'),
  'samples/social_orders.csv': here('../tests/data/social/orders.csv'),
  'samples/social_events.csv': here('../tests/data/social/events.csv'),
  'samples/social_referrals.csv': here('../tests/data/social/referrals.csv'),
  'samples/social_customers.csv': here('../tests/data/social/customers.csv'),
  'samples/social_contacts.csv': here('../tests/data/social/contacts.csv'),
}

/** What was tested about requests: the document of the project, served beside the page as it is. */
const privacy = here('../docs/privacy.md')
const hasPrivacy = existsSync(privacy)
if (hasPrivacy) samples['privacy.md'] = privacy

function sampleFiles(): Plugin {
  return {
    name: 'sample-files',
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const file = samples[(request.url ?? '').slice(1)]
        if (file === undefined || !existsSync(file)) return next()
        response.setHeader('content-type', `text/${file.endsWith('.md') ? 'plain' : 'csv'}; charset=utf-8`)
        response.end(await readFile(file))
      })
    },
    async generateBundle() {
      for (const [fileName, file] of Object.entries(samples)) {
        if (existsSync(file)) this.emitFile({ type: 'asset', fileName, source: await readFile(file) })
        else this.error(`sample missing: ${file}`)
      }
    },
  }
}

/** Each import of a part waits until its files have come: see src/arrive.ts. */
function partsArrive(): Plugin {
  return {
    name: 'parts-arrive',
    generateBundle(_, bundle) {
      /** A file and all it imports, in `found`; what is in `known` is left out. */
      const files = (name: string, known: Set<string>, found = new Set<string>()): Set<string> => {
        const part = bundle[name]
        if (part?.type !== 'chunk' || found.has(name) || known.has(name)) return found
        found.add(name)
        for (const imported of part.imports) files(imported, known, found)
        return found
      }
      // What comes with the page is there before any part.
      const first = new Set<string>()
      for (const chunk of Object.values(bundle)) if (chunk.type === 'chunk' && chunk.isEntry) files(chunk.fileName, new Set(), first)
      let parts = 0
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        const folder = chunk.fileName.slice(0, chunk.fileName.lastIndexOf('/') + 1)
        chunk.code = chunk.code.replace(/\bimport\((['"`])\.\/([\w.-]+\.js)\1\)/g, (whole, _quote, name: string) => {
          const found = files(folder + name, first)
          if (found.size === 0) this.error(`no part ${name}`)
          parts += 1
          const list = [...found].map(file => `./${file.slice(folder.length)}`)
          return `globalThis.siyuArrive(${JSON.stringify(list)},import.meta.url).then(()=>${whole})`
        })
      }
      if (parts === 0) this.error('no import of a part was found')
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [svelte(), sampleFiles(), partsArrive()],
  // The package finds its worker and its wasm beside itself: the development server must not move it.
  optimizeDeps: { exclude: ['siyu'] },
  // One style sheet: a part that is asked for again after a lost connection must not come without its styles.
  build: { cssCodeSplit: false, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false, resolveDependencies: (_file, needed, { hostType }) => (hostType === 'html' ? needed : []) }, reportCompressedSize: true },
  worker: { format: 'es' },
  define: { __PRIVACY__: JSON.stringify(hasPrivacy ? './privacy.md' : null) },
})
