// One job: visit the built dashboard in a real Chromium, by pages that note everything that must not happen.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the built dashboard. */
export const site = fileURLToPath(new URL('../../www/dist', import.meta.url))
const require = createRequire(new URL('../../www/package.json', import.meta.url))

const chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(path => path && existsSync(path))

/** Why nothing can be visited, or null; in CI it must be possible. */
export const missing = chromiumPath === undefined ? 'no Chromium (set CHROMIUM to its path)' : existsSync(join(site, 'index.html')) ? null : 'the dashboard is not built (npm run build)'
if (missing !== null && process.env.CI === 'true') throw new Error(missing)

export const WIDE = { width: 1440, height: 900 }
export const NARROW = { width: 390, height: 844 }

/** Text as GBK bytes, by turning the platform's decoder round. */
export function gbk(text) {
  const decoder = new TextDecoder('gbk')
  const codes = new Map()
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      if (trail !== 0x7f) codes.set(decoder.decode(Uint8Array.of(lead, trail)), [lead, trail])
    }
  }
  return Buffer.from([...text].flatMap(each => (each.charCodeAt(0) < 0x80 ? [each.charCodeAt(0)] : codes.get(each))))
}

/** What axe finds wrong within a selector of a page: the `impact` of each broken rule, and which elements break it. */
export async function violations(page, within = 'html') {
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'))
  const found = await page.evaluate(selector => globalThis.axe.run(selector, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }), within)
  return found.violations.map(({ id, impact, nodes }) => ({ impact, told: `${id}: ${nodes.map(node => node.html).slice(0, 3).join(' ')}` }))
}

/** Serves the dashboard and starts the browser: `server`, `visit` and `close`. */
export async function visits() {
  const { chromium } = require('playwright-core')
  const { serve } = await import('../../www/serve.mjs')
  const server = await serve({ folder: site })
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })

  /** A page; `end` asserts that nothing happened that must not, but for what a test expects. `before` runs in it first. */
  async function visit({ viewport = WIDE, colorScheme = 'light', locale = 'en-US', expected = /^$/, before } = {}) {
    const context = await browser.newContext({ viewport, colorScheme, locale, reducedMotion: 'reduce', acceptDownloads: true, timezoneId: 'Asia/Shanghai' })
    const page = await context.newPage()
    const trouble = []
    const asked = []
    // Chromium warns of this sandbox as of a frame's, which a page of the same site could take off; it is a page's own, sent as a header.
    const sandbox = 'An iframe which has both allow-scripts and allow-same-origin'
    page.on('console', message => ['error', 'warning'].includes(message.type()) && !message.text().startsWith(sandbox) && !expected.test(message.text()) && trouble.push(`console: ${message.text()}`))
    page.on('pageerror', error => trouble.push(`error: ${error.message}`))
    page.on('dialog', dialog => trouble.push(`dialog: ${dialog.message()}`) && dialog.dismiss())
    context.on('request', request => asked.push(request.url()))
    await page.addInitScript(() => {
      globalThis.broken = []
      addEventListener('securitypolicyviolation', event => globalThis.broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`))
    })
    if (before !== undefined) await page.addInitScript(before)
    await page.goto(server.url)
    await page.waitForSelector('h1')
    return {
      page,
      context,
      asked,
      async end() {
        assert.deepEqual(await page.evaluate(() => globalThis.broken), [], 'violations of the policy')
        assert.deepEqual(trouble, [])
        const foreign = asked.filter(url => !url.replace(/^blob:/, '').startsWith(server.url))
        assert.deepEqual(foreign, [], 'requests to others')
        await context.close()
      },
    }
  }

  return {
    server,
    visit,
    async close() {
      await browser.close()
      await server.close()
    },
  }
}
