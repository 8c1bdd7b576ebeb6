// The encrypted workspace in a real browser under the strict policy: IndexedDB, the file system of pages, two
// tabs, a key that no script can read, and what lies in the storage.

import assert from 'node:assert/strict'
import { cpSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { STRICT, noBrowser, serve } from '../packaging/fixtures.mjs'
import { CSV, dist, root } from './given.mjs'

const at = '2025-06-01T09:00:00+08:00'
const roles = { customer: 'buyer', time: 'paid_at', amount: 'paid' }

/** In the page: everything that lies in its storages, as one text of bytes, and the names of what there is. */
async function dumped() {
  const texts = []
  const text = bytes => Array.from(new Uint8Array(bytes), byte => String.fromCharCode(byte)).join('')
  const names = (await indexedDB.databases()).map(({ name }) => name)
  for (const name of names) {
    const wait = request => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }))
    const open = await wait(indexedDB.open(name))
    for (const each of open.objectStoreNames) {
      const all = open.transaction(each).objectStore(each)
      const [keys, values] = [await wait(all.getAllKeys()), await wait(open.transaction(each).objectStore(each).getAll())]
      texts.push(...keys.map(String), ...values.map(value => (value instanceof Uint8Array ? text(value) : `${value.constructor.name} ${value.extractable}`)))
    }
    open.close()
  }
  const walk = async folder => {
    for await (const [name, one] of folder.entries()) {
      names.push(name)
      if (one.kind === 'directory') await walk(one)
      else texts.push(name, text(await (await one.getFile()).arrayBuffer()))
    }
  }
  await walk(await navigator.storage.getDirectory())
  return { names, texts: texts.join('\n'), other: [localStorage.length, sessionStorage.length, document.cookie, (await caches.keys()).length] }
}

describe('a workspace in Chromium', { skip: noBrowser }, () => {
  let server
  let browser
  let context
  const wrong = []
  before(async () => {
    const folder = join(root, 'tests', '.tmp', 'workspace')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    cpSync(dist, join(folder, 'dist'), { recursive: true })
    writeFileSync(join(folder, 'index.html'), '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Workspace</title><script type="module" src="page.js"></script>')
    writeFileSync(join(folder, 'page.js'), "globalThis.siyu = await (await import('./dist/index.js')).open()\nglobalThis.space = await import('./dist/workspace.js')\ndocument.documentElement.dataset.ready = 'true'")
    server = await serve(folder, STRICT)
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
    context = await browser.newContext()
  })
  after(async () => {
    await browser?.close()
    await server?.close()
  })
  const tab = async () => {
    const page = await context.newPage()
    page.on('pageerror', error => wrong.push(String(error)))
    page.on('console', message => message.type() === 'error' && wrong.push(message.text()))
    await page.goto(server.address)
    await page.locator('html[data-ready]').waitFor({ state: 'attached', timeout: 60_000 })
    return page
  }
  const given = { csv: CSV, roles, at }

  test('nothing is stored by loading it, nor by making a store', async () => {
    const page = await tab()
    await page.evaluate(() => [space.indexedDbStore('shop'), space.opfsStore('shop')].length)
    const { names, other } = await page.evaluate(dumped)
    assert.deepEqual([names, other], [[], [0, 0, '', 0]])
    await page.close()
  })

  for (const store of ['indexedDbStore', 'opfsStore']) {
    test(`${store}: what one page kept the next one opens, and the storage holds no plaintext`, async () => {
      const first = await tab()
      const head = await first.evaluate(async ([store, { csv, roles, at }]) => {
        const shop = await space.openWorkspace(siyu, space[store]('shop'), { passphrase: 'a passphrase of the shop' })
        await shop.add('订单', new File([csv], 'may-orders.csv'), { roles, zone: 'Asia/Shanghai', at })
        return shop.head
      }, [store, given])
      await first.close()
      const second = await tab()
      const found = await second.evaluate(async ([store, head, { at }]) => {
        const shop = await space.openWorkspace(siyu, space[store]('shop'), { passphrase: 'a passphrase of the shop' }, { head })
        const { customers } = await shop.run({ analysis: 'rfm', inputs: { log: '订单' }, options: { at: '2025-06-01' }, at })
        const erased = await shop.eraseCustomer('B2', { at })
        const left = await shop.run({ analysis: 'rfm', inputs: { log: '订单' }, options: { at: '2025-06-01' }, at })
        const wrong = await space.openWorkspace(siyu, space[store]('shop'), { passphrase: 'another passphrase' }).catch(({ code, path }) => [code, path])
        return { customers: customers.column('customer'), rows: erased.tables[0].rows, left: left.customers.column('customer'), wrong }
      }, [store, head, given])
      assert.deepEqual(found, { customers: ['A1', 'B2', 'C3'], rows: 2, left: ['A1', 'C3'], wrong: ['denied', 'passphrase'] })
      const { texts, other } = await second.evaluate(dumped)
      assert.ok(texts.length > 1000)
      for (const secret of ['B2', 'C3', 'buyer', 'paid_at', 'orders', '订单', Buffer.from('订单').toString('latin1'), 'customer', '2025-05']) {
        // Two letters stand by chance among random bytes: what is looked for has a neighbour.
        const text = secret.length === 2 ? `${secret},2025` : secret
        assert.equal(texts.includes(text), false, secret)
      }
      assert.deepEqual(other, [0, 0, '', 0])
      await second.evaluate(async store => (await space.openWorkspace(siyu, space[store]('shop'), { passphrase: 'a passphrase of the shop' })).wipe(), store)
      assert.deepEqual((await second.evaluate(dumped)).names, [])
      await second.close()
    })

    test(`${store}: two tabs on one workspace lose nothing of each other`, async () => {
      const tabs = await Promise.all([tab(), tab()])
      const add = (page, letter) => page.evaluate(async ([store, letter, { csv, roles, at }]) => {
        globalThis.shop = await space.openWorkspace(siyu, space[store]('shop'), { key: await space.deviceKey('shop') })
        for (let each = 0; each < 8; each++) await shop.add(`${letter}${each}`, csv, { roles, at })
      }, [store, letter, given])
      await Promise.all(tabs.map((page, number) => add(page, 'ab'[number])))
      for (const page of tabs) {
        const { names, entries, intact } = await page.evaluate(async () => {
          const ledger = await shop.ledger()
          return { names: (await shop.entries()).map(({ name }) => name).sort(), entries: ledger.entries.length, intact: (await siyu.privacy('ledgerCheck', { ledger })).intact }
        })
        assert.deepEqual([names.length, entries, intact], [16, 16, true])
      }
      // The key is there, and no script reads it.
      assert.match((await tabs[0].evaluate(dumped)).texts, /CryptoKey false/)
      await tabs[0].evaluate(async () => {
        await shop.wipe()
        await space.forgetDeviceKey('shop')
      })
      assert.equal(await tabs[1].evaluate(() => shop.entries().catch(({ code }) => code)), 'closed')
      const { names, texts } = await tabs[0].evaluate(dumped)
      assert.deepEqual([names, texts], [['siyu-workspace-keys'], ''])
      await tabs[0].evaluate(() => new Promise(resolve => Object.assign(indexedDB.deleteDatabase('siyu-workspace-keys'), { onsuccess: resolve })))
      for (const page of tabs) await page.close()
    })
  }

  test('nothing was refused by the policy or failed in silence', () => assert.deepEqual(wrong, []))
})
