// Who comes back, who begins, who needs something again: the view in a real Chromium, against numbers counted here out of
// the same files.
//
// Screenshots go to the folder SIYU_SHOTS if it is given.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NARROW, WIDE, missing, violations, visits } from './visits.mjs'

const place = path => fileURLToPath(new URL(path, import.meta.url))
const shots = process.env.SIYU_SHOTS
if (shots !== undefined) mkdirSync(shots, { recursive: true })
const DAY = 86_400_000
const count = text => Number(text.replaceAll(/[^\d.-]/g, ''))

describe('who comes back', { skip: missing ?? false, timeout: 600_000 }, () => {
  const temporary = mkdtempSync(join(tmpdir(), 'siyu-return-'))
  let visit
  let close

  before(async () => {
    ;({ visit, close } = await visits())
  })
  after(async () => {
    await close?.()
    rmSync(temporary, { recursive: true, force: true })
  })

  const file = (name, content) => {
    const path = join(temporary, name)
    writeFileSync(path, content)
    return path
  }
  const confirm = async page => {
    await page.click('[data-action=confirm]')
    await page.waitForSelector('.customers [aria-busy=false]')
  }
  const drawn = page => page.waitForFunction(() => [...document.querySelectorAll('#view .plot')].every(plot => plot.dataset.drawn === 'true'))
  const openSample = async (page, name) => {
    await page.click(`[data-sample=${name}]`)
    await page.waitForSelector('[data-action=confirm]')
  }
  const saved = async (page, name) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`[data-save=${name}]`)])
    const [header, ...rows] = readFileSync(await download.path(), 'utf8').trim().split(/\r?\n/).map(line => line.split(','))
    return { header, rows }
  }

  test('shares of a cohort that was seen for long enough are those that can be counted, and a young one is not known yet', async () => {
    const { page, end } = await visit()
    await openSample(page, 'cdnow')
    await confirm(page)
    await page.click('[data-view=return]')
    await page.waitForSelector('[data-answer=repeat-purchase]')
    await drawn(page)
    const cohort = name => page.$eval(`[data-answer=repeat-purchase] [data-cohort="${name}"]`, row => [...row.querySelectorAll('td')].map(cell => cell.innerText.split('\n')))
    // Days of purchase of each customer, out of the file itself.
    const days = new Map()
    for (const row of readFileSync(place('../data/cdnow_master.csv'), 'utf8').trim().split('\n').slice(1)) {
      const [id, date] = row.split(',')
      if (!days.has(id)) days.set(id, new Set())
      days.get(id).add(Date.parse(date) / DAY)
    }
    const january = [...days.values()].map(each => [...each].sort((a, b) => a - b)).filter(([first]) => first < Date.parse('1997-02-01') / DAY)
    const backWithin = most => (100 * january.filter(([first, second]) => second !== undefined && second - first <= most).length) / january.length
    const all = await cohort('all')
    assert.equal(count(all[0][0]), 23_570, 'everybody of the sample')
    const [customers, ...rates] = await cohort('1997-01')
    assert.equal(count(customers[0]), january.length)
    for (const [at, most] of [30, 60, 120].entries()) assert.equal(rates[at][0], `${backWithin(most).toFixed(1)}%`, `within ${most} days`)
    for (const [share, interval] of rates.slice(0, 3)) {
      const [low, high] = interval.split('–').map(count)
      assert.ok(low <= count(share) && count(share) <= high && high - low < 5, `${share} in ${interval}`)
    }
    assert.ok(count(rates[0][0]) < count(rates[1][0]) && count(rates[1][0]) < count(rates[2][0]))
    assert.match(await page.textContent('#back-title'), /^\s*[\d.]+% of customers buy again within 60 days\s*$/)
    // By the quarter there are two, and the same customers; from a later day only those who began then.
    await page.selectOption('[data-field=back-period]', 'quarter')
    await page.waitForFunction(() => document.querySelector('[data-cohorts]')?.dataset.cohorts === '1')
    await page.fill('[data-field=back-from]', '1997-02-01')
    await page.locator('[data-field=back-from]').blur()
    await page.waitForFunction(n => document.querySelector('[data-answer=repeat-purchase] [data-cohort=all] td')?.textContent.replace(',', '') === n, String(23_570 - january.length))
    assert.match(await page.textContent('[data-answer=repeat-purchase]'), new RegExp(`${january.length.toLocaleString('en')} customers bought before`))
    // No product was mapped: what is needed is said.
    assert.match(await page.textContent('[data-refused=refill]'), /which product was bought/)
    await end()
  })

  test('what is due again is told by customer and product, and both lists are saved', async () => {
    const { page, end } = await visit({ locale: 'zh-CN' })
    await openSample(page, 'shop')
    await page.click('details:has(#map-product) summary')
    await page.selectOption('#map-product', '商品')
    await confirm(page)
    await page.click('[data-view=return]')
    await page.waitForSelector('[data-answer=replenishment]')
    const [, due, late, notYet] = (await page.$$eval('[data-answer=replenishment] .figure .value', all => all.map(each => each.textContent))).map(count)
    // Pairs of a customer and a product that were bought at all.
    const pairs = new Set()
    const header = readFileSync(place('../data/shop/orders.csv'), 'utf8').replace('\ufeff', '').split('\n')[0].trim().split(',')
    assert.deepEqual(header, ['订单编号', '买家会员名', '付款时间', '实付金额', '渠道', '商品'])
    for (const row of readFileSync(place('../data/shop/orders.csv'), 'utf8').trim().split(/\r?\n/).slice(1)) {
      const cells = row.match(/("[^"]*"|[^,]*)(,|$)/g).map(cell => cell.replace(/,$/, '').replaceAll('"', ''))
      if (cells[1] !== '' && Number(cells[3]) >= 0 && cells[5] !== '') pairs.add(`${cells[1].trim()}\t${cells[5].trim()}`)
    }
    assert.ok(Math.abs(due + late + notYet - pairs.size) <= 0.005 * pairs.size, `${due} + ${late} + ${notYet} of ${pairs.size}`)
    assert.ok(due > 100 && late > 100)
    for (const [name, n] of [['due', due], ['late', late]]) {
      const { header, rows } = await saved(page, `refill-${name}`)
      assert.deepEqual([header.length, rows.length], [4, n])
      const shown = await page.$$eval(`[data-refill=${name}] tbody tr`, all => all.map(row => [row.querySelector('th').textContent, Number(row.querySelectorAll('td')[1].textContent)]))
      assert.deepEqual(shown, rows.slice(0, shown.length).map(cells => [cells[0], Number(cells.at(-2))]))
    }
    // The expected day is as many days after the reference date as the list says.
    const { rows } = await saved(page, 'refill-due')
    const at = await page.inputValue('[data-field=at]')
    const expected = new Date(Date.parse(at) + Math.round(Number(rows[0].at(-1))) * DAY)
    assert.equal(await page.textContent('[data-refill=due] tbody tr td:nth-of-type(3)'), new Intl.DateTimeFormat('zh-CN', { timeZone: 'UTC', dateStyle: 'medium' }).format(expected))
    for (const text of await page.$$eval('[data-products] tbody tr td:nth-of-type(2)', all => all.map(each => each.innerText))) {
      const [share, low, high] = text.match(/[\d.]+(?=%)/g).map(Number)
      assert.ok(low <= share && share <= high, text)
    }
    await end()
  })

  /** 80 who joined on ten days; of each eight the first five bought: two at once, two after two days, one after nine. */
  const JOINED = Array.from({ length: 80 }, (_, at) => ({ id: `n${String(at).padStart(2, '0')}`, day: Date.parse('2025-03-01') + Math.floor(at / 8) * DAY, after: [0, 0, 2, 2, 9][at % 8] }))
  const iso = ms => new Date(ms).toISOString().slice(0, 10)
  const openJoined = async page => {
    // Old customers buy up to the last day, so that the reference date is 12 March.
    const old = Array.from({ length: 60 }, (_, at) => `o${at % 20},${iso(Date.parse('2025-01-10') + at * DAY)},20`)
    const bought = JOINED.filter(one => one.after !== undefined && one.day + one.after * DAY <= Date.parse('2025-03-11')).map(one => `${one.id},${iso(one.day + one.after * DAY)},30`)
    await page.setInputFiles('input[data-files=open]', file('orders.csv', ['customer,time,amount', ...old, ...bought, 'o1,2025-03-11,20'].join('\n')))
    await page.waitForSelector('[data-action=confirm]')
    await confirm(page)
    await page.click('[data-view=return]')
    await page.waitForSelector('[data-answer=repeat-purchase]')
    await page.setInputFiles('input[data-files=beside-joined]', file('joined.csv', ['member,joined on', ...JOINED.map(one => `${one.id},${iso(one.day)}`)].join('\n')))
    await page.waitForSelector('[data-beside-read=joined]')
    await page.selectOption('[data-beside-role=joined-customer]', 'member')
    await page.selectOption('[data-beside-role=joined-time]', 'joined on')
    await page.click('[data-beside-read=joined]')
    await page.waitForSelector('[data-answer=activation]')
    await drawn(page)
  }

  test('who joined and has done nothing is counted, listed and saved, and who joined lately is not blamed', async () => {
    const { page, end } = await visit()
    await openJoined(page)
    const at = Date.parse(await page.inputValue('[data-field=at]'))
    const silent = JOINED.filter(one => one.after === undefined || one.day + one.after * DAY > Date.parse('2025-03-11'))
    const late = days => silent.filter(one => at - one.day >= days * DAY)
    const waiting = async () => Number(await page.getAttribute('[data-waiting]', 'data-waiting'))
    assert.equal(await waiting(), late(3).length)
    const figures = await page.$$eval('[data-answer=activation] .figures .figure', all => all.map(each => [each.querySelector('.value').textContent, each.querySelector('.caption').textContent]))
    assert.deepEqual(figures.slice(1).map(([value]) => Number(value)), [late(3).length, silent.length - late(3).length])
    // Within three days four of eight bought; everybody was seen for as long or the answer is known.
    const [share, low, high] = [figures[0][0], ...figures[0][1].split(';')[0].split('–')].map(count)
    assert.ok(Math.abs(share - 50) < 3 && low < 50 && 50 < high, figures[0].join(' '))
    const { header, rows } = await saved(page, 'not-begun')
    assert.equal(header.length, 2)
    assert.deepEqual(rows.map(([id]) => id).sort(), late(3).map(one => one.id).sort())
    assert.ok(rows.every(([, days], place) => place === 0 || Number(days) >= Number(rows[place - 1][1])), 'the latest first')
    // Later alert, fewer on the list; a number that is none is not taken.
    await page.fill('[data-field=begin-days]', '8')
    await page.locator('[data-field=begin-days]').blur()
    await page.waitForFunction(n => document.querySelector('[data-waiting]')?.dataset.waiting === n, String(late(8).length))
    await page.fill('[data-field=begin-days]', '0')
    await page.locator('[data-field=begin-days]').blur()
    assert.equal(await page.inputValue('[data-field=begin-days]'), '8')
    await end()
  })

  test('nothing is wider than the screen, nothing is serious to axe, in either language and theme', async () => {
    for (const [viewport, colorScheme, locale] of shots === undefined
      ? [[WIDE, 'dark', 'zh-CN'], [NARROW, 'light', 'en-US']]
      : [WIDE, NARROW].flatMap(viewport => ['light', 'dark'].flatMap(scheme => ['en-US', 'zh-CN'].map(locale => [viewport, scheme, locale])))) {
      const { page, end } = await visit({ viewport, colorScheme, locale })
      const check = async step => {
        const name = `${viewport.width}-${colorScheme}-${locale.slice(0, 2)}-${step}`
        if (shots !== undefined) await page.locator('#view').screenshot({ path: join(shots, `${name}.png`) })
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, name)
        const found = await violations(page, '#view')
        assert.deepEqual(found.filter(each => ['serious', 'critical'].includes(each.impact)).map(each => each.told), [], name)
      }
      await openSample(page, 'shop')
      await page.click('details:has(#map-product) summary')
      await page.selectOption('#map-product', '商品')
      await confirm(page)
      await page.click('[data-view=return]')
      await page.waitForSelector('[data-answer=replenishment]')
      await drawn(page)
      await check('return')
      await page.click('[data-action=another]')
      await openJoined(page)
      await check('return-joined')
      await end()
    }
  })
})
