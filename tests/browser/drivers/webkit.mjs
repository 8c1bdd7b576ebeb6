// One job: WebKit, as WebKitGTK's MiniBrowser, driven by WebKitWebDriver over HTTP in a display of its own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, watch, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runs } from './index.mjs'
import { KEYS } from './firefox.mjs'
import { Limit, Page, PATIENCE } from './page.mjs'

export const absent = () => {
  const missing = ['WebKitWebDriver', 'Xvfb'].filter((name) => !runs(name))
  return missing.length > 0 ? `no ${missing.join(', no ')}: the Debian packages webkit2gtk-driver and xvfb` : null
}

export async function start({ proxy } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'siyu-webkit-'))
  const children = []
  const close = async () => {
    // The driver first: it ends its browser, which still needs the display.
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill()
      const hard = setTimeout(() => child.kill('SIGKILL'), 5000)
      await once(child, 'exit')
      clearTimeout(hard)
    }
    // The browser's own processes may still be writing when their parent is gone.
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  try {
    // The display tells its number itself; no two runs meet.
    const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
    children.push(screen)
    const [display] = await Promise.race([once(screen.stdio[3], 'data'), failed(screen, 'Xvfb')])
    const environment = {
      ...process.env, DISPLAY: `:${String(display).trim()}`, HOME: home, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home,
      LANG: 'en_US.UTF-8', GDK_BACKEND: 'x11', MESA_SHADER_CACHE_DISABLE: 'true', NO_AT_BRIDGE: '1',
    }
    delete environment.WAYLAND_DISPLAY
    const port = await freePort()
    const driver = spawn('WebKitWebDriver', ['-p', String(port)], { env: environment, stdio: 'ignore' })
    children.push(driver)
    const base = `http://127.0.0.1:${port}`
    await Promise.race([answering(base), failed(driver, 'WebKitWebDriver')])
    const downloads = join(home, 'downloads')
    mkdirSync(downloads)
    writeFileSync(join(home, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`)
    const through = proxy && { proxyType: 'manual', httpProxy: `127.0.0.1:${proxy}`, sslProxy: `127.0.0.1:${proxy}`, noProxy: ['127.0.0.1'] }
    const alwaysMatch = { browserName: 'MiniBrowser', ...(through && { proxy: through }) }
    // One session for all pages, which follow each other in its first window: a browser that is started
    // while the last one is still ending may never come up.
    const { sessionId, capabilities } = await send(base, 'POST', '/session', { capabilities: { alwaysMatch } })
    const path = `${base}/session/${sessionId}`
    await send(path, 'POST', '/timeouts', { script: 4 * PATIENCE, pageLoad: PATIENCE })
    const [first] = await send(path, 'GET', '/window/handles')
    const windows = { first, current: first, used: new Set() }
    return {
      version: `WebKitGTK ${capabilities.browserVersion}`,
      async page() {
        // The first window, or a tab of it while that is in use.
        const handle = windows.used.size === 0 ? first : (await send(path, 'POST', '/window/new', { type: 'tab' })).handle
        windows.used.add(handle)
        const page = new WebkitPage(path, downloads, windows, handle)
        if (handle === first) await page.send('POST', '/window/rect', { width: 1280, height: 800 })
        return page
      },
      async close() {
        await send(path, 'DELETE', '').catch(() => {})
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Rejects when a program ends. */
async function failed(child, name) {
  const [what] = await Promise.race([once(child, 'exit'), once(child, 'error')])
  throw new Error(`${name} ended (${what})`)
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until the driver listens; it does not say when. */
async function answering(base) {
  for (const over = Date.now() + PATIENCE; ;) {
    try {
      return await send(base, 'GET', '/status')
    } catch (error) {
      if (Date.now() > over) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function send(base, method, path, body) {
  const response = await fetch(base + path, { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) })
  const { value } = await response.json()
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`)
  return value
}

class WebkitPage extends Page {
  constructor(path, downloads, windows, handle) {
    super()
    this.downloads = downloads
    this.windows = windows
    this.handle = handle
    this.send = async (method, command, body) => {
      if (windows.current !== handle) {
        await send(path, 'POST', '/window', { handle })
        windows.current = handle
      }
      return send(path, method, command, body)
    }
  }

  /** Leaves nothing of this page: its windows are closed, its storage is emptied. */
  async close() {
    const { windows, handle } = this
    windows.used.delete(handle)
    await this.evaluate(() => globalThis.localStorage.clear()).catch(() => {})
    if (handle !== windows.first) {
      await this.send('DELETE', '/window')
      windows.current = null
      return
    }
    // What it opened itself.
    for (const other of await this.send('GET', '/window/handles')) {
      if (other === handle || windows.used.has(other)) continue
      await this.send('POST', '/window', { handle: other })
      await this.send('DELETE', '/window')
      windows.current = null
      await this.send('GET', '/url')
    }
    await this.goto('about:blank')
  }

  async goto(url) {
    await this.send('POST', '/url', { url })
  }

  run(expression) {
    const script = `const done = arguments[arguments.length - 1]; (${expression}).then(value => done({ value }), error => done({ error: String(error && error.message) }))`
    return this.send('POST', '/execute/async', { script, args: [] }).then(({ value, error }) => {
      if (error !== undefined) throw new Error(error)
      return value
    })
  }

  async element(selector) {
    await this.waitFor(selector)
    const found = await this.send('POST', '/element', { using: 'css selector', value: selector })
    return `/element/${Object.values(found)[0]}`
  }

  async click(selector) {
    const { x, y } = await this.middle(selector)
    await this.send('POST', '/actions', {
      actions: [{
        type: 'pointer', id: 'mouse',
        actions: [{ type: 'pointerMove', x, y, origin: 'viewport' }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }],
      }],
    })
  }

  async press(key) {
    const value = KEYS[key] ?? key
    await this.send('POST', '/actions', { actions: [{ type: 'key', id: 'keys', actions: [{ type: 'keyDown', value }, { type: 'keyUp', value }] }] })
  }

  async upload(selector, ...paths) {
    await this.send('POST', `${await this.element(selector)}/value`, { text: paths.join('\n') })
  }

  /** The window can be made as narrow as its own buttons allow, no more. */
  async size(width, height) {
    const outside = await this.evaluate(() => [outerWidth - innerWidth, outerHeight - innerHeight])
    await this.send('POST', '/window/rect', { width: width + outside[0], height: height + outside[1] })
    const now = await this.evaluate(() => innerWidth)
    if (now > width) throw new Limit('narrow', `a window of ${width} px became one of ${now} px`)
  }

  async shot(path) {
    writeFileSync(path, Buffer.from(await this.send('GET', '/screenshot'), 'base64'))
  }

  /** Clicks, and gives back the file that is saved by it, once it has its own name. */
  async save(selector) {
    const folder = this.downloads
    const before = new Set(readdirSync(folder))
    // The file has its own name at once, empty; what comes goes into one beside it until it is whole.
    const added = () => {
      const names = readdirSync(folder)
      return names.some((name) => name.endsWith('.wkdownload')) ? undefined : names.find((name) => !before.has(name) && statSync(join(folder, name)).size > 0)
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
}
