// What can leave: every way out is tried from the package's worker, from a page with the package and from the
// dashboard, under the policies that are shipped, in each engine, and counted where it would arrive. The same
// is tried without any policy: what does not even arrive then proves nothing and is a dash in the table.
//
//   node --test tests/egress                         measures and compares with docs/privacy.md
//   node tests/egress/egress.test.mjs --write        measures and writes the table (all three engines are needed)

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { STRICT } from '../packaging/fixtures.mjs'
import { absent, engines, start } from '../browser/drivers/index.mjs'
import { dashboard, notBuilt, packagePage } from '../browser/sites.mjs'
import { counter } from './counter.mjs'
import { everywhere, leaving, pages, workers } from './page/channels.js'

const place = (path) => fileURLToPath(new URL(path, import.meta.url))
const document = place('../../docs/privacy.md')
const write = process.argv.includes('--write')
const folder = place('page')

const LEAVING = ['window.open', 'link to a new window', 'navigation (location)', 'navigation (link)', 'navigation (meta refresh)']
/** What no policy stops, by engine; docs/privacy.md says what a host can do. All else must count 0. */
const BEYOND = {
  chromium: ['WebRTC (STUN)', ...LEAVING],
  firefox: ['link preconnect', 'WebRTC (STUN)', ...LEAVING],
  webkit: ['link preconnect', ...LEAVING],
}
/** What versions before one let through besides, in a worker under the same policy; docs/privacy.md names them. */
const OLDER = { firefox: { before: 153, worker: ['EventSource', 'font (FontFace)'] } }

/** What an old version of this browser lets through in this context. */
function letThrough(engine, context, version) {
  const older = OLDER[engine]
  return older && Number(/\d+/.exec(version)[0]) < older.before ? (older[context] ?? []) : []
}

/** Every channel, and in which contexts it exists. */
const CHANNELS = [
  ...Object.keys(everywhere).map((name) => ({ name, worker: true, page: true })),
  ...Object.keys(workers).map((name) => ({ name, worker: true, page: false })),
  ...Object.keys(pages).map((name) => ({ name, worker: false, page: true })),
  ...Object.keys(leaving).map((name) => ({ name, worker: false, page: true, leaves: true })),
]
/** Those that carry no address of their own to be counted by. */
const BY_PORT = { 'WebRTC (STUN)': 'stun', 'WebTransport': 'quic', 'link preconnect': 'tcp' }

const label = (context, name) => `${context}/${name.replace(/\W+/g, '-')}`

/** Counts of all channels in one context: name → how many arrived. */
async function measure(browser, context, url, patience = 1000) {
  // Ports of its own: what is sent again and again for a while is not counted in the next context.
  const count = await counter()
  try {
    return await measured(browser, count, context, url, patience)
  } finally {
    await count.close()
  }
}

async function measured(browser, count, context, url, patience) {
  const found = {}
  const wheres = CHANNELS.map(({ name }) => count.where(label(context, name)))
  const at = (name) => wheres[CHANNELS.findIndex((each) => each.name === name)]
  const counted = (name) => count.arrived.get(BY_PORT[name] ?? label(context, name)) ?? 0
  const before = new Map()
  const noteBefore = (names) => names.forEach((name) => before.set(name, counted(name)))
  const noteAfter = (names) => names.forEach((name) => (found[name] = counted(name) - before.get(name)))
  /** Nothing tells that nothing comes: what comes at all comes within `patience` of the last that came. */
  const settle = async () => {
    const began = performance.now()
    for (;;) {
      const left = Math.max(began, count.last()) + patience - performance.now()
      if (left <= 0) return
      await new Promise((resolve) => setTimeout(resolve, left))
    }
  }
  const fresh = async () => {
    const page = await browser.page()
    await page.goto(url)
    await page.waitFor('[data-probe]')
    await page.waitFor('h1')
    return page
  }
  const staying = CHANNELS.filter((each) => (context.endsWith('worker') ? each.worker : each.page && !each.leaves)).map(({ name }) => name)
  const page = await fresh()
  noteBefore(staying)
  if (context.endsWith('worker')) {
    const module = staying.filter((name) => name !== 'importScripts')
    await page.evaluate((names, addresses) => triedInWorker(names, addresses), module, module.map(at))
    await page.evaluate((addresses) => triedInWorker([], addresses, 'classic'), [at('importScripts')])
  } else {
    await page.evaluate((names, addresses) => Promise.all(names.map((name, i) => tried(name, addresses[i]))), staying, staying.map(at))
  }
  await settle()
  noteAfter(staying)
  await page.close()
  if (context.endsWith('worker')) return found
  // What takes the page away: a fresh one and a real click for each.
  for (const { name } of CHANNELS.filter(({ leaves }) => leaves)) {
    const page = await fresh()
    noteBefore([name])
    await page.evaluate((wanted, address) => armed(wanted, address), name, at(name))
    await page.click('#leave')
    await settle()
    noteAfter([name])
    await page.close()
  }
  return found
}

const results = {}
const wanted = process.env.SIYU_ENGINE ? [process.env.SIYU_ENGINE] : engines
const documented = tableOf(readFileSync(document, 'utf8'))

for (const engine of wanted) {
  const missing = absent(engine) ?? notBuilt
  describe(`egress in ${engine}`, { skip: missing ?? false, timeout: 900_000 }, () => {
    const open = []
    let count
    let browser
    const found = {}

    before(async () => {
      count = await counter()
      open.push(count)
      browser = await start(engine, { proxy: count.ports.proxy })
      open.push(browser)
    })
    after(async () => {
      for (const each of open.reverse()) await each.close()
      results[engine] = { version: browser?.version, found }
      if (write) writeTable()
    })

    async function on(site, work) {
      try {
        return await work(site.url)
      } finally {
        await site.close()
      }
    }

    test('without a policy the ways out are open: what is counted can be counted', async () => {
      await on(await packagePage('', folder), async (url) => {
        found['open page'] = await measure(browser, 'open-page', url)
        found['open worker'] = await measure(browser, 'open-worker', url)
      })
      for (const name of ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'image', 'iframe', 'form post', 'window.open', 'navigation (location)', 'style @import', 'CSS url()', 'script element', 'import()']) {
        assert.ok(found['open page'][name] > 0, `${name} did not arrive`)
      }
      for (const name of ['fetch', 'XMLHttpRequest', 'WebSocket', 'importScripts']) assert.ok(found['open worker'][name] > 0, `${name} did not arrive from a worker`)
    })

    const contexts = {
      worker: () => packagePage(STRICTER, folder),
      page: () => packagePage(STRICTER, folder),
      dashboard: () => dashboard({ extra: [folder], scripts: ['probe.js'] }),
    }
    for (const [context, site] of Object.entries(contexts)) {
      test(`what the policy stops never arrives from the ${context}`, async () => {
        found[context] = await on(await site(), (url) => measure(browser, context, url))
        const arrived = Object.entries(found[context]).filter(([, times]) => times > 0)
        console.log(`# ${engine}, ${context}: ${arrived.map(([name, times]) => `${name} ${times}`).join(', ') || 'nothing arrived'}`)
        const older = letThrough(engine, context, browser.version)
        assert.deepEqual(arrived.map(([name]) => name).filter((name) => ![...BEYOND[engine], ...older].includes(name)), [])
        if (write) return
        // A zero in the document stays a zero.
        for (const [name, times] of arrived) if (!older.includes(name)) assert.notEqual(documented.get(`${name}|${engine}|${context}`), '0', `${name} arrived ${times} times; docs/privacy.md says 0`)
      })
    }

    test('in normal use nothing leaves: the whole way in the dashboard, and of the package', async () => {
      const before = count.asked.length
      await on(await dashboard(), async (url) => {
        const page = await browser.page()
        await page.goto(url)
        await page.click('[data-sample=shop]')
        await page.click('[data-action=confirm]')
        await page.waitFor('[data-drawn=true]')
        await page.waitFor('.customers [aria-busy=false]')
        await page.click('.groups tbody tr:not(.empty) button')
        await page.save('[data-action=save]')
        await page.click('[data-view=privacy]')
        await page.waitFor('[data-answer=privacy]')
        await page.click('[data-privacy=release]')
        await page.click('[data-action=prepare]')
        await page.waitFor('[data-leaves=aggregate]')
        await page.save('[data-action=release]')
        await page.click('[data-privacy=journal]')
        await page.click('[data-action=check-log]')
        await page.waitFor('[data-chain=intact]')
        await page.click('[data-privacy=documents]')
        await page.save('[data-action=save-document]')
        assert.equal(await page.attribute('[data-foreign]', 'data-foreign'), '0')
        assert.deepEqual(await page.noted(), [])
        await page.close()
      })
      await on(await packagePage(), async (url) => {
        const page = await browser.page()
        await page.goto(url)
        await page.waitFor('[data-ready]')
        await page.evaluate(async () => {
          const siyu = await lib.open()
          const table = await siyu.read(orders(20_000), { roles, zone: 'Asia/Shanghai' })
          await siyu.exportCsv((await siyu.rfm(table, AT)).customers)
          siyu.close()
          const { checkText, documentsOf, indexedDbStore, opfsStore, openWorkspace } = await keeping()
          // After its own files have loaded the package asks for nothing, of anybody.
          performance.clearResourceTimings()
          const again = await lib.open()
          const other = await again.read(orders(20_000), { roles })
          const before = performance.getEntriesByType('resource').length
          await again.describe(other, AT).catch(() => {})
          await again.rfm(other, AT)
          const stores = [indexedDbStore('egress')]
          if (typeof globalThis.FileSystemFileHandle?.prototype.createWritable === 'function') stores.push(opfsStore('egress'))
          for (const store of stores) {
            const at = '2025-06-01'
            const shop = await openWorkspace(again, store, { passphrase: 'a passphrase of the shop' })
            await shop.add('orders', orders(5_000), { roles, at })
            const { customers } = await shop.run({ analysis: 'rfm', inputs: { log: 'orders' }, options: AT, at })
            await shop.releaseList(customers, { purpose: 'care', at, recipient: 'self' })
            const policy = { version: 1, name: 'shop', purposes: [{ name: 'care' }], columns: [] }
            documentsOf(policy, await shop.ledger(), { language: 'zh', at, controller: { name: 'shop', contact: 'http://127.0.0.1:9' } })
            checkText('全网最低')
            await shop.accessExport('C1', { at })
            const { tables } = await shop.eraseCustomer('C1', { at })
            if (tables[0]?.rows !== 5) throw new Error('the customer was not taken out')
            await shop.wipe()
          }
          again.close()
          if (performance.getEntriesByType('resource').length !== before) throw new Error('it asked for something')
        })
        assert.deepEqual(await page.noted(), [])
        await page.close()
      })
      found['normal use'] = { others: count.asked.length - before }
      assert.deepEqual(count.asked.slice(before), [], 'asked of others')
    })
  })
}

/** The policy of the package's page, with what default-src does not cover. */
const STRICTER = `${STRICT}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`

/** `channel|engine|context` → what the table says. */
function tableOf(text) {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const columns = engines.flatMap((engine) => ['worker', 'page', 'dashboard'].map((context) => `${engine}|${context}`))
  return new Map(rows.flatMap((row) => {
    const [name, ...cells] = row.split('|').slice(1, -1).map((cell) => cell.trim())
    return cells.map((cell, at) => [`${name.replaceAll('`', '')}|${columns[at]}`, cell])
  }))
}

/** Writes what was measured between the marks of the document, once all engines are through. */
function writeTable() {
  if (!engines.every((engine) => results[engine]?.found['normal use'])) return
  const cell = (engine, context, channel) => {
    if (!(context === 'worker' ? channel.worker : channel.page)) return ''
    const { found } = results[engine]
    const open = found[context === 'worker' ? 'open worker' : 'open page'][channel.name]
    const times = found[context][channel.name]
    // How often it arrives is chance (retries); that it does is not.
    return times > 0 ? '**arrives**' : open > 0 ? '0' : '–'
  }
  const contexts = ['worker', 'page', 'dashboard']
  const lines = [
    `Measured ${new Date().toISOString().slice(0, 10)} with ${engines.map((engine) => results[engine].version).join(', ')}.`,
    '',
    `| | ${engines.flatMap((engine) => contexts.map((context) => `${engine} ${context}`)).join(' | ')} |`,
    `|---|${'---|'.repeat(9)}`,
    ...CHANNELS.map((channel) => `| \`${channel.name}\` | ${engines.flatMap((engine) => contexts.map((context) => cell(engine, context, channel))).join(' | ')} |`),
    '',
    `In normal use, the whole way in the dashboard and through the package: ${engines.map((engine) => `${results[engine].found['normal use'].others} requests to others in ${engine}`).join(', ')}.`,
  ]
  const text = readFileSync(document, 'utf8')
  const [start, end] = ['<!-- measured: begin -->', '<!-- measured: end -->']
  writeFileSync(document, `${text.slice(0, text.indexOf(start) + start.length)}\n${lines.join('\n')}\n${text.slice(text.indexOf(end))}`)
  console.log('docs/privacy.md is written')
}
