// The package and the dashboard in each engine under the strict policy: the same claims, the same numbers
// as in Node. SIYU_ENGINE names one engine; without it all three run.
//
// What a driver cannot do is skipped by its name (drivers/limits.mjs).

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { belongs, outcomeOf, requestOf } from '../package/corpus.mjs'
import { NO_FETCH } from '../packaging/fixtures.mjs'
import { absent, engines, start } from './drivers/index.mjs'
import { limits } from './drivers/limits.mjs'
import { Limit } from './drivers/page.mjs'
import { dashboard, notBuilt, packagePage } from './sites.mjs'

const place = (path) => fileURLToPath(new URL(path, import.meta.url))
const require = createRequire(new URL('../../www/package.json', import.meta.url))
const { files } = JSON.parse(readFileSync(place('../bad_inputs/manifest.json'), 'utf8'))

/** One of each kind of trouble: what may differ between engines is decoding, zones and what is thrown. */
const TEN = [
  'gbk_zh.csv', 'gb18030_4byte.csv', 'utf16le_bom.csv', 'invalid_utf8.csv', 'truncated_multibyte.csv', 'dates_dst.csv',
  'unbalanced_quote.csv', 'proto_header.csv', 'nul_bytes.csv', 'xlsx_named_csv.csv',
]

const temporary = mkdtempSync(join(tmpdir(), 'siyu-engines-'))
const shots = process.env.SIYU_SHOTS ?? join(temporary, 'shots')
mkdirSync(shots, { recursive: true })
after(() => rmSync(temporary, { recursive: true, force: true }))

/** Writes a file to open in a page. */
function file(name, content) {
  const path = join(temporary, name)
  writeFileSync(path, content)
  return path
}

/** Text as GBK bytes, by turning the platform's decoder round. */
function gbk(text) {
  const decoder = new TextDecoder('gbk')
  const codes = new Map()
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) if (trail !== 0x7f) codes.set(decoder.decode(Uint8Array.of(lead, trail)), [lead, trail])
  }
  return Buffer.from([...text].flatMap((each) => (each.charCodeAt(0) < 0x80 ? [each.charCodeAt(0)] : codes.get(each))))
}

const wanted = process.env.SIYU_ENGINE ? [process.env.SIYU_ENGINE] : engines
for (const engine of wanted) {
  const missing = absent(engine) ?? notBuilt
  describe(engine, { skip: missing ?? false, timeout: 600_000 }, () => {
    let browser
    let pages
    let site

    before(async () => {
      pages = await packagePage()
      site = await dashboard()
      browser = await start(engine)
      console.log(`# ${browser.version}`)
    })
    after(async () => {
      await browser?.close()
      await pages?.close()
      await site?.close()
    })

    /** A test with a page, in which nothing may be noted that it does not take out of `noted`. */
    function claim(name, work, { at = () => site.url, up = 'h1' } = {}) {
      test(name, async (t) => {
        const page = await browser.page()
        const allowed = []
        try {
          await page.goto(at())
          await page.waitFor(up)
          await work(page, allowed, t)
          const noted = (await page.noted()).filter((text) => !allowed.some((part) => text.includes(part)))
          assert.deepEqual(noted, [])
        } catch (error) {
          if (!(error instanceof Limit)) throw error
          t.skip(error.message)
        } finally {
          await page.close()
        }
      })
    }
    const inPage = { at: () => pages.url, up: '[data-ready]' }

    describe('package', () => {
      claim('guesses, reads, segments and exports as in Node', async (page) => {
        const csv = readFileSync(place('../data/shop/orders.csv'))
        const answer = async (lib, source) => {
          const siyu = await lib.open()
          const { roles, encoding } = await siyu.guess(source)
          const table = await siyu.read(source, { zone: 'America/New_York' })
          const { customers, about: _, ...rfm } = await siyu.rfm(table, { at: '2025-06-01' })
          const described = await siyu.describe(table, { at: '2025-06-01' }).then(({ about: _, ...rest }) => rest, (error) => error.code)
          const file = await siyu.exportCsv(customers)
          const hash = [...new Uint8Array(await crypto.subtle.digest('SHA-256', file))].join()
          siyu.close()
          return JSON.stringify({ roles, encoding, rfm, described, hash, fingerprint: table.fingerprint, quality: table.quality, streamed: table.kind })
        }
        await page.upload('#file', file('orders.csv', csv))
        const there = await page.evaluate(`async () => (${answer})(lib, document.querySelector('#file').files[0])`)
        const here = await answer(await import('siyu/sync'), new File([csv], 'orders.csv'))
        assert.deepEqual(JSON.parse(there), JSON.parse(here))
      }, inPage)

      claim('a file is streamed again with the same answer as from memory', async (page) => {
        const [loaded, source] = await page.evaluate(async () => {
          const siyu = await lib.open()
          const answers = []
          for (const keep of ['loaded', 'source']) {
            const { totals, groups } = await siyu.rfm(await siyu.read(orders(50_000), { roles, keep }), AT)
            answers.push({ totals, groups })
          }
          siyu.close()
          return answers
        })
        assert.equal(loaded.totals.customers, 10_000)
        assert.deepEqual(source, loaded)
      }, inPage)

      claim('cancelling is quick and leaves nothing behind', async (page) => {
        const { times, tables, works } = await page.evaluate(async () => {
          const siyu = await lib.open()
          const file = orders(1_000_000)
          const times = []
          for (const after of [0, 10, 40, 80, 160]) {
            const controller = new AbortController()
            let at = 0
            setTimeout(() => {
              at = performance.now()
              controller.abort()
            }, after)
            const failed = await code(siyu.read(file, { roles, signal: controller.signal }))
            times.push(failed === 'cancelled' ? performance.now() - at : failed)
          }
          const { tables } = await siyu.memory()
          const works = (await siyu.read('buyer,at,paid\na,2025-01-01,1\n', { roles })).rows
          siyu.close()
          return { times, tables, works }
        })
        console.log(`# ${engine}: cancelled within ${times.map((ms) => Number(ms).toFixed(0)).join(', ')} ms`)
        assert.ok(times.toSorted((a, b) => a - b)[2] < 100, `median of ${times}`)
        assert.deepEqual([tables, works], [0, 1])
      }, inPage)

      claim('after a trap pending calls say so, and files are read again', async (page, allowed) => {
        allowed.push('unreachable')
        const answer = await page.evaluate(async () => {
          let started = 0
          const worker = () => workerOf(started++ === 0 ? './trapping-worker.js' : './dist/worker.js')
          const siyu = await lib.open({ worker })
          const loaded = await siyu.read(orders(1000), { roles })
          const source = await siyu.read(orders(1000), { roles, keep: 'source' })
          const text = await siyu.read('buyer,at,paid\na,2025-01-01,1\n', { roles })
          const codes = await Promise.all([code(siyu.rfm(loaded, AT)), code(siyu.rfm(loaded, AT)), code(siyu.read(orders(300_000), { roles }))])
          const after = [(await siyu.rfm(loaded, AT)).totals.customers, (await siyu.rfm(source, AT)).totals.customers, await code(siyu.rfm(text, AT))]
          siyu.close()
          return { codes, after, started }
        })
        assert.deepEqual(answer, { codes: Array(3).fill('engine-restarted'), after: [200, 200, 'closed'], started: 2 })
      }, inPage)

      test('the entry with the module inside works where nothing may be fetched, the other says what is wrong', async () => {
        const closed = await packagePage(NO_FETCH)
        const page = await browser.page()
        try {
          await page.goto(`${closed.url}?entry=inline`)
          await page.waitFor('[data-ready]')
          const read = () => page.evaluate(async () => {
            const siyu = await lib.open()
            const { customers } = await siyu.read(orders(100), { roles })
            siyu.close()
            return customers
          })
          assert.equal(await read(), 20)
          assert.deepEqual(await page.noted(), [])
          await page.goto(closed.url)
          await page.waitFor('[data-ready]')
          assert.equal(await page.evaluate(() => code(lib.open())), 'engine-load')
        } finally {
          await page.close()
          await closed.close()
        }
      })

      claim('needs no shared memory, no cross-origin isolation, and lets no string become code', async (page, allowed) => {
        assert.equal(await page.evaluate(() => globalThis.crossOriginIsolated), false)
        assert.equal(await page.evaluate(() => evaluated()), 'EvalError')
        allowed.push('policy: ')
      }, inPage)

      claim('ten broken and hostile files behave as their manifest says', async (page) => {
        for (const name of TEN) {
          const one = files.find((each) => each.file === name)
          const found = await page.evaluate(async (path, request) => {
            const response = await fetch(path)
            const siyu = await lib.open()
            try {
              const table = await siyu.read(await response.blob(), request)
              return { rows: table.rows, customers: table.customers, codes: table.quality.issues.filter(({ severity }) => severity !== 'note').map((issue) => issue.code) }
            } catch (error) {
              return { error: error.code ?? String(error) }
            } finally {
              siyu.close()
            }
          }, `bad_inputs/${name}`, requestOf(one))
          const codes = found.error ? [found.error] : found.codes
          const outcome = outcomeOf(found.error ? null : found, codes)
          assert.ok(one.accept.includes(outcome) || codes[0] === 'unsupported', `${name}: ${outcome} ${codes}, wanted ${one.accept}`)
          const families = one.codes ?? (one.code ? [one.code] : [])
          if (outcome !== 'ok' && codes[0] !== 'unsupported' && families.length > 0) {
            assert.ok(codes.some((code) => families.some((family) => belongs(code, family))), `${name}: ${codes}, wanted ${families}`)
          }
          if (!found.error && (one.counts_when !== 'ok' || outcome === 'ok')) {
            if (one.rows !== undefined) assert.equal(found.rows, one.rows, name)
            if (one.customers !== undefined) assert.equal(found.customers, one.customers, name)
          }
          assert.equal(await page.evaluate(() => ({}).polluted), null)
        }
      }, inPage)
    })

    describe('trouble', () => {
      /** Something that must work after every trouble. */
      const works = (page) => page.evaluate(async () => {
        const siyu = await lib.open()
        const table = await siyu.read(orders(1000), { roles })
        const { customers } = (await siyu.rfm(table, AT)).totals
        table.close()
        const { tables } = await siyu.memory()
        siyu.close()
        return [customers, tables]
      })

      claim('what the platform lacks is named when the engine is opened, in the page and in the worker', async (page) => {
        for (const name of ['WebAssembly', 'TextDecoder', 'MessageChannel', 'BigInt', 'Intl']) {
          const there = await page.evaluate(async (missing) => {
            const real = Object.getOwnPropertyDescriptor(globalThis, missing)
            delete globalThis[missing]
            const error = await lib.open().then(() => null, (thrown) => ({ code: thrown.code, path: thrown.path }))
            Object.defineProperty(globalThis, missing, real)
            return error
          }, name)
          assert.deepEqual(there, { code: 'unsupported', path: name }, 'page')
        }
        assert.equal(await page.evaluate(async () => {
          const { Worker } = globalThis
          delete globalThis.Worker
          const found = await code(lib.open())
          globalThis.Worker = Worker
          return found
        }), 'unsupported')
        for (const name of ['TextDecoder', 'MessageChannel', 'BigInt']) {
          const there = await page.evaluate((missing) => lib.open({ worker: () => workerOf(`./lacking-worker.js?lacks=${missing}`) }).then(() => null, (thrown) => ({ code: thrown.code, path: thrown.path })), name)
          assert.deepEqual(there, { code: 'unsupported', path: name }, 'worker')
        }
      }, inPage)

      claim('a table over memoryLimit is refused by name, and the next call works', async (page) => {
        const found = await page.evaluate(async () => {
          const siyu = await lib.open({ memoryLimit: 1_000_000 })
          const refused = await code(siyu.read(orders(200_000), { roles, keep: 'loaded' }))
          const { rows } = await siyu.read(orders(1000), { roles })
          siyu.close()
          return [refused, rows]
        })
        assert.deepEqual(found, ['limit-memory', 1000])
        assert.deepEqual(await works(page), [200, 0])
      }, inPage)

      claim('a file that is changed on the disk while it is read is refused', async (page) => {
        const path = file('changing.csv', `buyer,at,paid\n${'C1,2024-01-01,1.00\n'.repeat(1_500_000)}`)
        await page.upload('#file', path)
        await page.evaluate(() => new Promise((begun, failed) => {
          globalThis.reading = lib.open().then(async (siyu) => {
            globalThis.opened = siyu
            return siyu.read(document.querySelector('#file').files[0], { roles, onProgress: begun })
          })
          globalThis.reading.catch(failed)
        }))
        // Changed in its middle and longer than before: never half of one and half of the other.
        writeFileSync(path, `buyer,at,paid\n${'C2,2024-01-01,2.00\n'.repeat(1_600_000)}`)
        const found = await page.evaluate(() => globalThis.reading.then(({ rows, customers, quality }) => ({ rows, customers, sum: quality.amount.sum }), (error) => ({ code: error.code, hint: error.hint })))
        assert.equal(found.code, 'closed')
        assert.match(found.hint, /changed/)
        await page.upload('#file', path)
        const again = await page.evaluate(async () => {
          const table = await opened.read(document.querySelector('#file').files[0], { roles })
          const { tables } = await opened.memory()
          opened.close()
          return [table.rows, table.customers, tables]
        })
        assert.deepEqual(again, [1_600_000, 1, 1])
      }, inPage)

      claim('a worker that is killed in the middle of a reading is replaced', async (page, _, t) => {
        const { found, seconds, after } = await page.evaluate(async () => {
          let last
          const siyu = await lib.open({ worker: () => (last = workerOf('./dist/worker.js')) })
          const table = await siyu.read(orders(1000), { roles })
          let killed
          const found = await code(siyu.read(orders(1_000_000), {
            roles, onProgress() {
              killed ??= performance.now()
              last.terminate()
            },
          }))
          const seconds = (performance.now() - killed) / 1000
          const after = (await siyu.rfm(table, AT)).totals.customers
          siyu.close()
          return { found, seconds, after }
        })
        t.diagnostic(`${engine}: told after ${seconds.toFixed(1)} s`)
        assert.deepEqual([found, after], ['engine-restarted', 200])
      }, inPage)

      claim('a page that is busy for seconds in the middle of a reading loses nothing', async (page) => {
        const rows = await page.evaluate(async () => {
          const siyu = await lib.open()
          let stalled = false
          const table = await siyu.read(orders(300_000), {
            roles, onProgress() {
              if (stalled) return
              stalled = true
              for (const until = performance.now() + 3000; performance.now() < until;);
            },
          })
          siyu.close()
          return table.rows
        })
        assert.equal(rows, 300_000)
      }, inPage)

      claim('a tab that is put to sleep in the middle of a reading goes on when it wakes', async (page) => {
        if (!page.freeze) throw new Limit('sleep', 'the driver has no command that freezes a page')
        await page.evaluate(() => new Promise((begun, failed) => {
          globalThis.reading = lib.open().then((siyu) => siyu.read(orders(1_000_000), { roles, onProgress: begun }))
          globalThis.reading.catch(failed)
        }))
        await page.freeze()
        await page.thaw()
        assert.equal(await page.evaluate(() => globalThis.reading.then(({ rows }) => rows)), 1_000_000)
        assert.deepEqual(await works(page), [200, 1])
      }, inPage)

      claim('closing while reading ends the reading, and it can be opened again', async (page) => {
        const found = await page.evaluate(async () => {
          const siyu = await lib.open()
          return code(siyu.read(orders(500_000), { roles, onProgress: () => siyu.close() }))
        })
        assert.equal(found, 'closed')
        assert.deepEqual(await works(page), [200, 0])
      }, inPage)

      claim('one file read twice at the same time gives one answer twice', async (page) => {
        const prints = await page.evaluate(async () => {
          const siyu = await lib.open()
          const file = orders(100_000)
          const tables = await Promise.all([siyu.read(file, { roles }), siyu.read(file, { roles, keep: 'source' }), siyu.read(file, { roles })])
          siyu.close()
          return tables.map(({ fingerprint }) => fingerprint)
        })
        assert.equal(new Set(prints).size, 1)
      }, inPage)

      claim('stopped at twenty points, the next call gives the same answer and the memory is back', async (page) => {
        const { answers, tables, before, now, stopped } = await page.evaluate(async () => {
          const siyu = await lib.open()
          const file = orders(100_000)
          const whole = async (call = {}) => {
            const table = await siyu.read(file, { roles, ...call })
            try {
              return JSON.stringify((await siyu.rfm(table, AT, call)).groups)
            } finally {
              table.close()
            }
          }
          const answers = [await whole()]
          const began = performance.now()
          answers.push(await whole())
          let took = performance.now() - began
          const before = (await siyu.memory()).wasmBytes
          let stopped = 0
          for (let point = 0; point < 20; point += 1) {
            const controller = new AbortController()
            setTimeout(() => controller.abort(), took * ((point * 0.618) % 1))
            // One that came through was faster than thought: the next are stopped earlier.
            await whole({ signal: controller.signal }).then(() => (took *= 0.7), (error) => {
              if (error.code !== 'cancelled') throw error
              stopped += 1
            })
          }
          answers.push(await whole())
          const { tables, wasmBytes: now } = await siyu.memory()
          siyu.close()
          return { answers, tables, before, now, stopped }
        })
        assert.equal(new Set(answers).size, 1)
        assert.equal(tables, 0)
        assert.ok(stopped > 3, `${stopped} of 20 were stopped on their way`)
        assert.ok(now <= before * 1.25, `${before} bytes, then ${now}`)
      }, inPage)

      claim('two tabs at once do not know of each other', async (page) => {
        const other = await browser.page()
        try {
          await other.goto(pages.url)
          await other.waitFor('[data-ready]')
          for (const [tab, rows] of [[page, 400_000], [other, 200_000]]) {
            await tab.evaluate((count) => void (globalThis.reading = lib.open().then(async (siyu) => (await siyu.rfm(await siyu.read(orders(count), { roles }), AT)).totals.customers)), rows)
          }
          assert.equal(await other.evaluate(() => globalThis.reading), 40_000)
          assert.equal(await page.evaluate(() => globalThis.reading), 80_000)
        } finally {
          await other.close()
        }
      }, inPage)

      claim('a list that cannot be saved is told in the dashboard, and the next one is saved', async (page, allowed) => {
        await page.click('[data-sample=cdnow]')
        await page.waitFor('[data-action=confirm]')
        await page.click('[data-action=confirm]')
        await page.waitFor('[data-drawn=true]')
        await page.evaluate(() => {
          const { createObjectURL } = URL
          URL.createObjectURL = () => {
            URL.createObjectURL = createObjectURL
            throw new DOMException('no space left', 'QuotaExceededError')
          }
        })
        await page.click('[data-action=save]')
        await page.waitFor('[data-problem]')
        const { text } = await page.save('[data-action=save]')
        assert.equal(text.trimEnd().split('\r\n').length, 23_571)
      })
    })

    describe('dashboard', () => {
      const openSample = async (page, name) => {
        await page.click(`[data-sample=${name}]`)
        await page.waitFor('[data-action=confirm]')
      }
      const confirm = async (page) => {
        await page.click('[data-action=confirm]')
        await page.waitFor('[data-drawn=true]')
        await page.waitFor('.customers [aria-busy=false]')
      }
      const figures = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('.figures .figure')].map((each) => [each.querySelector('.name').textContent, each.querySelector('.value').textContent])))

      claim('from the sample over mapping and quality to segments and a saved list', async (page) => {
        await openSample(page, 'cdnow')
        assert.deepEqual((await page.values('.line select')).slice(0, 4), ['id', 'date', 'amount', ''], 'the guess')
        await confirm(page)
        const numbers = await figures(page)
        assert.deepEqual([numbers['Rows read'], numbers.Customers, numbers.Spend], ['69,659', '23,570', '$2,500,316'])
        await page.waitFor('.report')
        const size = (await page.text('.groups tbody tr:not(:has(.empty)) td .value span')).replaceAll(',', '')
        await page.click('.groups tbody tr:not(:has(.empty)) button')
        await page.waitFor(`[data-shown="${size}"]`)
        const saved = await page.save('[data-action=save]')
        assert.match(saved.name, /^siyu-[\w-]+-1998-07-01\.csv$/)
        const lines = saved.text.trimEnd().split('\r\n')
        assert.equal(lines[0], '\ufeffCustomer')
        assert.equal(lines.length - 1, Number(size))
        assert.ok(lines.slice(1).every((line) => /^\d{5}$/.test(line)), 'ids keep their zeros')
        assert.equal(await page.attribute('[data-foreign]', 'data-foreign'), '0')
        await page.shot(join(shots, `${engine}-segments.png`))
      })

      claim('who is leaving, whom to contact and what customers will bring', async (page) => {
        await openSample(page, 'shop')
        await confirm(page)
        await page.click('[data-view=churn-risk]')
        await page.waitFor('[data-alive]')
        assert.match(await page.text('#leave-title'), /^About 2,128 of 3,489 customers/)
        const best = Number(await page.attribute('[data-targets]', 'data-best'))
        const saved = await page.save('[data-save=leaving-targets]')
        assert.equal(saved.text.trimEnd().split('\r\n').length, best + 1)
        await page.shot(join(shots, `${engine}-leaving.png`))
        await page.click('[data-view=value-score]')
        await page.waitFor('[data-check]')
        assert.equal(await page.count('[data-decile]'), 10)
      })

      claim('a GBK export with a title above its header is read as it stands', async (page) => {
        const lines = ['店铺订单报表', '订单编号,买家会员名,付款时间,实付金额']
        for (let i = 0; i < 300; i += 1) lines.push(`A${1000 + i},会员${i % 40},2025/3/${1 + (i % 28)} 10:2${i % 10},"1,${100 + i}.50"`)
        await page.upload('input[type=file]', file('export.csv', gbk(lines.join('\r\n'))))
        await page.waitFor('[data-action=confirm]')
        assert.deepEqual(await page.values('#map-customer'), ['买家会员名'])
        await confirm(page)
        assert.equal((await figures(page)).Customers, '40')
        assert.match(await page.text('.report'), /GB18030/)
      })

      claim('a hostile file is only ever text', async (page) => {
        const ids = ['__proto__', 'constructor', '<img src=x onerror=alert(1)>', '=1+1', '"quoted, id"']
        const rows = ids.flatMap((id, i) => [1, 2].map((k) => `"${id.replaceAll('"', '""')}",2025-0${k}-1${i},${10 * (i + k)}.50`))
        await page.upload('input[type=file]', file('hostile.csv', `"__proto__",time,"<script>alert(2)</script>"\n${rows.join('\n')}\n`))
        await page.waitFor('[data-action=confirm]')
        await page.choose('#map-customer', '__proto__')
        await page.choose('#map-time', 'time')
        await page.choose('#map-amount', '<script>alert(2)</script>')
        await confirm(page)
        const shown = await page.evaluate(() => [...document.querySelectorAll('.customers .row .id')].map((each) => each.textContent))
        assert.deepEqual(shown.sort(), [...ids].sort())
        assert.equal(await page.count('.customers img, .steps b'), 0)
        assert.doesNotMatch((await page.save('[data-action=save]')).text, /^=/m, 'no cell starts a formula')
      })

      claim('errors are told, and the next file is read', async (page) => {
        await page.upload('input[type=file]', file('nothing.csv', ''))
        assert.match(await page.text('[data-problem=empty]'), /The file is empty/)
        await openSample(page, 'cdnow')
        await confirm(page)
        assert.equal(await page.count('[data-problem]'), 0)
      })

      claim('the whole way by keyboard', async (page) => {
        const focused = () => page.evaluate(() => document.activeElement?.dataset.sample ?? document.activeElement?.dataset.action ?? '')
        const tabTo = async (wanted) => {
          for (let i = 0; i < 60; i += 1) {
            await page.press('Tab')
            if ((await focused()) === wanted) return
          }
          assert.fail(`${wanted} is not reached by Tab`)
        }
        await tabTo('cdnow')
        await page.press('Enter')
        await page.waitFor('[data-action=confirm]')
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'step-2-title', 'focus follows the way')
        await tabTo('confirm')
        await page.press('Enter')
        await page.waitFor('[data-drawn=true]')
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'step-4-title')
      })

      claim('the language can be switched and is remembered', async (page) => {
        await page.click('[data-switch=language]')
        await page.waitFor('html[lang=zh-CN]')
        await page.goto(site.url)
        await page.waitFor('h1')
        assert.equal(await page.text('h1'), '看清你的客户是谁')
      })

      claim('nothing is serious to axe, nothing is wider than the screen', async (page) => {
        const check = async (step) => {
          await page.run(`(async () => { ${readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')} })()`)
          const bad = await page.evaluate(async () => {
            const { violations } = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
            return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].html}`)
          })
          assert.deepEqual(bad, [], step)
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, step)
        }
        await check('start')
        await openSample(page, 'cdnow')
        await confirm(page)
        await check('segments')
      })

      claim('nothing is wider than the screen of a telephone', async (page) => {
        await page.size(390, 800)
        await openSample(page, 'cdnow')
        await confirm(page)
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0)
        await page.shot(join(shots, `${engine}-narrow.png`))
      })
    })
  })
}

test('docs/engines.md names every limit of a driver', () => {
  const text = readFileSync(place('../../docs/engines.md'), 'utf8')
  for (const [engine, all] of Object.entries(limits)) for (const name of Object.keys(all)) assert.ok(text.includes(`| ${engine} | \`${name}\` |`), `${engine} ${name}`)
})
