// A workbook of 200,000 rows in a page: read in the worker under the strict policy, while the page stays alive,
// is told how far it is, and can stop it; and without any fetching by the inlined entry.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { NO_FETCH } from '../packaging/fixtures.mjs'
import { orderRows, workbook } from '../package/workbooks.mjs'
import { absent, engines, start } from './drivers/index.mjs'
import { notBuilt, packagePage } from './sites.mjs'

const ROWS = 200_000
/** A timer of the page may come so much later than on the same page idle, ms. */
const ALIVE = 50

const temporary = mkdtempSync(join(tmpdir(), 'siyu-workbook-'))
const path = join(temporary, 'orders.xlsx')
before(() => writeFileSync(path, workbook({ 封面: [], 订单: orderRows(ROWS) })))
after(() => rmSync(temporary, { recursive: true, force: true }))

for (const engine of process.env.SIYU_ENGINE ? [process.env.SIYU_ENGINE] : engines) {
  const missing = absent(engine) ?? notBuilt
  describe(engine, { skip: missing ?? false, timeout: 300_000 }, () => {
    let browser
    before(async () => {
      browser = await start(engine)
    })
    after(() => browser?.close())

    for (const [entry, policy] of [['index', undefined], ['inline', NO_FETCH]]) {
      test(`${entry} reads ${ROWS.toLocaleString('en')} rows and the page stays alive`, async () => {
        const pages = await packagePage(policy)
        const page = await browser.page()
        try {
          await page.goto(`${pages.url}?entry=${entry}`)
          await page.waitFor('[data-ready]')
          await page.upload('#file', path)
          const found = await page.evaluate(async () => {
            const [file] = document.querySelector('#file').files
            const roles = { customer: 'buyer', time: 'paid_at', amount: 'paid', order: 'order' }
            /** How late the page's own timers come while something is done: the 99th of a hundred. */
            const watched = async (work) => {
              const late = []
              let due = performance.now() + 5
              const timer = setInterval(() => {
                late.push(performance.now() - due)
                due = performance.now() + 5
              }, 5)
              const began = performance.now()
              const answer = await work()
              clearInterval(timer)
              late.sort((a, b) => a - b)
              return { answer, seconds: (performance.now() - began) / 1000, late: late[Math.floor(late.length * 0.99)] ?? 0 }
            }
            const siyu = await lib.open()
            const idle = await watched(() => new Promise((resolve) => setTimeout(resolve, 1500)))
            const phases = []
            const busy = await watched(() => siyu.read(file, { roles, onProgress: ({ done, total }) => phases.push(done / total) }))
            const { rows, customers, quality } = busy.answer
            const control = new AbortController()
            const stopped = siyu.read(file, { roles, signal: control.signal, onProgress: () => control.abort() })
            const cancelled = await code(stopped)
            const { roles: guessed } = await siyu.guess(file)
            siyu.close()
            const { format, sheet } = quality
            return { rows, customers, format, sheet, phases, cancelled, guessed: guessed.customer.column, seconds: busy.seconds, late: [idle.late, busy.late] }
          })
          const { phases, late, seconds, ...rest } = found
          console.log(`# ${entry}: ${seconds.toFixed(1)} s, timers late by ${late.map((ms) => ms.toFixed(0)).join(' ms idle, ')} ms reading`)
          assert.deepEqual(rest, { rows: ROWS, customers: ROWS / 5, format: 'xlsx', sheet: '订单', cancelled: 'cancelled', guessed: 'buyer' })
          assert.ok(phases.length > 3 && phases.every((part, at) => part >= (phases[at - 1] ?? 0) && part <= 1), `${phases}`)
          assert.ok(late[1] <= late[0] + ALIVE, `${late}`)
          assert.deepEqual(await page.noted(), [])
        } finally {
          await page.close()
          await pages.close()
        }
      })
    }
  })
}
