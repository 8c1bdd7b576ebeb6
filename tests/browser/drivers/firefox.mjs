// One job: Firefox, driven by its own WebDriver BiDi server: one WebSocket, one command at a time by id.
// No other program stands between.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { runs } from './index.mjs'
import { Page, PATIENCE } from './page.mjs'

const program = () => [process.env.FIREFOX, 'firefox-esr', 'firefox'].find((name) => name && runs(name))

export const absent = () => (program() ? null : 'no Firefox: set FIREFOX to its path')

/** A fresh profile asks nobody for anything: what arrives at a counting server is the page's own doing. */
const SETTINGS = {
  'remote.active-protocols': 1,
  'app.update.disabledForTesting': true,
  'app.normandy.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage': 'about:blank',
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'intl.accept_languages': 'en-US, en',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.server': 'data:,',
  // Otherwise WebRTC leaves out this machine's own ports, and could not be counted.
  'media.peerconnection.ice.loopback': true,
  'ui.prefersReducedMotion': 1,
}

export async function start({ proxy } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'siyu-firefox-'))
  const downloads = join(profile, 'downloads')
  mkdirSync(downloads)
  const where = { 'browser.download.folderList': 2, 'browser.download.dir': downloads }
  const lines = Object.entries({ ...SETTINGS, ...where, ...(proxy && through(proxy)) }).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
  writeFileSync(join(profile, 'user.js'), lines.join(''))
  const child = spawn(program(), ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, MOZ_CRASHREPORTER_DISABLE: '1', MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' },
  })
  const ended = once(child, 'exit')
  const end = async () => {
    child.kill()
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(hard)
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  try {
    const connection = await connect(await address(child, ended))
    const { capabilities } = await connection.send('session.new', { capabilities: {} })
    return {
      version: `Firefox ${capabilities.browserVersion}`,
      async page() {
        const { userContext } = await connection.send('browser.createUserContext', {})
        const { context } = await connection.send('browsingContext.create', { type: 'tab', userContext })
        const page = new FirefoxPage(connection, context, userContext, downloads)
        await page.size(1280, 800)
        return page
      },
      async close() {
        connection.close()
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

const through = (port) => ({
  'network.proxy.type': 1, 'network.proxy.http': '127.0.0.1', 'network.proxy.http_port': port, 'network.proxy.ssl': '127.0.0.1', 'network.proxy.ssl_port': port,
})

/** The address that Firefox prints when it listens. */
function address(child, ended) {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += chunk
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)
      if (found) resolve(`${found[1]}/session`)
    })
    child.on('error', reject)
    ended.then(([code]) => reject(new Error(`Firefox ended with code ${code}: ${said.slice(-500)}`)), reject)
  })
}

async function connect(to) {
  const socket = new WebSocket(to, { maxPayload: 256 * 1024 * 1024 })
  await once(socket, 'open')
  const waiting = new Map()
  let ids = 0
  socket.on('message', (data) => {
    const { id, type, method, params, result, error, message } = JSON.parse(data)
    if (type === 'event') return
    const one = waiting.get(id)
    waiting.delete(id)
    if (type === 'error') one?.reject(new Error(`${error}: ${message}`))
    else one?.resolve(result)
  })
  socket.on('close', () => {
    for (const one of waiting.values()) one.reject(new Error('Firefox closed the connection'))
    waiting.clear()
  })
  return {
    send(method, params) {
      const id = ++ids
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${method} was not answered`)), 4 * PATIENCE)
        const settled = (then) => (value) => {
          clearTimeout(timer)
          then(value)
        }
        waiting.set(id, { resolve: settled(resolve), reject: settled(reject) })
        socket.send(JSON.stringify({ id, method, params }))
      })
    },
    close: () => socket.close(),
  }
}

/** Keys as WebDriver names them. */
export const KEYS = { Tab: '\uE004', Enter: '\uE007', Escape: '\uE00C', End: '\uE010', Home: '\uE011', ArrowLeft: '\uE012', ArrowUp: '\uE013', ArrowRight: '\uE014', ArrowDown: '\uE015', Space: ' ' }

class FirefoxPage extends Page {
  constructor(connection, context, userContext, downloads) {
    super()
    this.downloads = downloads
    this.connection = connection
    this.context = context
    this.userContext = userContext
  }

  send(method, params) {
    return this.connection.send(method, { context: this.context, ...params })
  }

  async goto(url) {
    await this.send('browsingContext.navigate', { url, wait: 'complete' })
  }

  async run(expression) {
    const { result, exceptionDetails } = await this.connection.send('script.evaluate', {
      expression, target: { context: this.context }, awaitPromise: true, resultOwnership: 'none',
    })
    if (exceptionDetails) throw new Error(exceptionDetails.text)
    return result.value
  }

  async click(selector) {
    const { x, y } = await this.middle(selector)
    await this.send('input.performActions', {
      actions: [{
        type: 'pointer', id: 'mouse',
        actions: [{ type: 'pointerMove', x, y }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }],
      }],
    })
  }

  async press(key) {
    const value = KEYS[key] ?? key
    await this.send('input.performActions', { actions: [{ type: 'key', id: 'keys', actions: [{ type: 'keyDown', value }, { type: 'keyUp', value }] }] })
  }

  async upload(selector, ...files) {
    const { nodes } = await this.send('browsingContext.locateNodes', { locator: { type: 'css', value: selector } })
    await this.send('input.setFiles', { element: { sharedId: nodes[0].sharedId }, files })
  }

  async size(width, height) {
    await this.send('browsingContext.setViewport', { viewport: { width, height } })
  }

  async shot(path) {
    const { data } = await this.send('browsingContext.captureScreenshot', {})
    writeFileSync(path, Buffer.from(data, 'base64'))
  }

  /** Clicks, and gives back the file that is saved by it; not every Firefox has an event for its end. */
  async save(selector) {
    const folder = this.downloads
    const before = new Set(readdirSync(folder))
    // The file has its own name at once, empty; what comes goes into one beside it until it is whole.
    const added = () => {
      const names = readdirSync(folder)
      return names.some((name) => name.endsWith('.part')) ? undefined : names.find((name) => !before.has(name) && statSync(join(folder, name)).size > 0)
    }
    const watcher = watch(folder)
    try {
      await this.click(selector)
      const over = AbortSignal.timeout(PATIENCE)
      while (!added()) await once(watcher, 'change', { signal: over })
      const name = added()
      return { name, text: readFileSync(join(folder, name), 'utf8') }
    } finally {
      watcher.close()
    }
  }

  async close() {
    await this.connection.send('browser.removeUserContext', { userContext: this.userContext })
  }
}
