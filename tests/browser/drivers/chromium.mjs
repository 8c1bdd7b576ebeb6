// One job: Chromium, driven by Playwright over the DevTools protocol.

import { existsSync, readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { Page } from './page.mjs'

const program = () => [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path))

export const absent = () => (program() ? null : 'no Chromium: set CHROMIUM to its path')

/** What the browser asks its maker of its own accord, whatever the page: off where requests are counted. */
const OWN = ['AutofillServerCommunication', 'OptimizationHints', 'MediaRouter', 'DialMediaRouteProvider', 'Translate', 'CertificateTransparencyComponentUpdater']
/** Where some versions ask even so, at their start: past what counts. No page of ours or of the tests names these hosts. */
const MAKER = ['*.google.com', '*.googleapis.com', '*.gstatic.com']

export async function start({ proxy } = {}) {
  const args = proxy ? [`--proxy-server=127.0.0.1:${proxy}`, `--proxy-bypass-list=${MAKER.join(';')}`, `--disable-features=${OWN}`] : []
  const browser = await chromium.launch({ executablePath: program(), args: ['--no-sandbox', ...args] })
  return {
    version: `Chromium ${browser.version()}`,
    async page() {
      // A context has its own storage, as a fresh browser has.
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US', reducedMotion: 'reduce' })
      return new ChromiumPage(await context.newPage())
    },
    close: () => browser.close(),
  }
}

class ChromiumPage extends Page {
  constructor(inner) {
    super()
    /** Playwright's page, for what only this engine can do. */
    this.inner = inner
  }

  async goto(address) {
    await this.inner.goto(address)
  }

  run(script) {
    return this.inner.evaluate(script)
  }

  async click(selector) {
    // Where it is, as in the other engines: Playwright's own click would wait for a page that is refused.
    const { x, y } = await this.middle(selector)
    await this.inner.mouse.click(x, y)
  }

  async press(key) {
    await this.inner.keyboard.press(key)
  }

  async upload(selector, ...paths) {
    await this.inner.setInputFiles(selector, paths)
  }

  async size(width, height) {
    await this.inner.setViewportSize({ width, height })
  }

  async shot(path) {
    await this.inner.screenshot({ path })
  }

  /** Clicks, and gives back the file that is saved by it. */
  async save(selector) {
    const [download] = await Promise.all([this.inner.waitForEvent('download'), this.click(selector)])
    const path = await download.path()
    return { name: download.suggestedFilename(), text: readFileSync(path, 'utf8') }
  }

  /** Puts the page to sleep, as a browser does with a tab that is long out of sight. */
  async freeze() {
    this.session = await this.inner.context().newCDPSession(this.inner)
    await this.session.send('Page.setWebLifecycleState', { state: 'frozen' })
  }

  async thaw() {
    await this.session.send('Page.setWebLifecycleState', { state: 'active' })
  }

  async close() {
    await this.inner.context().close()
  }
}
