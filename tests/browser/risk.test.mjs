// Whether the model of who is leaving treats groups alike, and whether another model should take its place: in a real
// Chromium, on Telco.
//
// Screenshots go to the folder SIYU_SHOTS if it is given.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NARROW, WIDE, missing, violations, visits } from './visits.mjs'

const shots = process.env.SIYU_SHOTS
if (shots !== undefined) mkdirSync(shots, { recursive: true })
const [header, ...telco] = readFileSync(fileURLToPath(new URL('../data/telco_churn.csv', import.meta.url)), 'utf8').trim().split('\n')

describe('the model of who is leaving', { skip: missing ?? false, timeout: 900_000 }, () => {
  const temporary = mkdtempSync(join(tmpdir(), 'siyu-risk-'))
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
  /** Every second customer of Telco, from the first or the second on; `region` is of twelve of them a small town. */
  const half = from => [`customer,region,${header.trim()}`, ...telco.filter((_, at) => at % 2 === from).map((row, at) => `t${from}-${String(at).padStart(4, '0')},${at < 12 ? 'town' : at % 3 === 0 ? 'north' : 'south'},${row.trim()}`)].join('\n')

  const openShop = async page => {
    await page.click('[data-sample=social]')
    await page.waitForSelector('[data-action=confirm]')
    await page.click('[data-action=confirm]')
    await page.waitForSelector('.customers [aria-busy=false]')
    await page.click('[data-view=churn-risk]')
    await page.selectOption('[data-field=leave-from]', 'table')
  }
  /** Reads a table of customers; only these columns may be used, all if there are none. */
  const openTable = async (page, path, only = []) => {
    await page.setInputFiles('input[data-files=beside-leavers]', path)
    await page.waitForSelector('[data-beside-read=leavers]')
    if (only.length > 0) for (const each of await page.locator('[data-attribute]').all()) await each.setChecked(only.includes(await each.getAttribute('data-attribute')))
    await page.click('[data-beside-read=leavers]')
    await page.waitForSelector('[data-answer=churn-risk][data-from=table]', { timeout: 120_000 })
    await page.waitForFunction(() => [...document.querySelectorAll('#view .plot')].every(plot => plot.dataset.drawn === 'true'))
  }
  const saveModel = async (page, name) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-action=save-model]')])
    assert.match(download.suggestedFilename(), /^siyu-model-(trees|logistic)\.json$/)
    const path = join(temporary, name)
    await download.saveAs(path)
    return path
  }
  const looked = async (page, name) => {
    if (shots !== undefined) await page.locator('#view').screenshot({ path: join(shots, `${name}.png`) })
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, name)
    const found = await violations(page, '#view')
    assert.deepEqual(found.filter(each => ['serious', 'critical'].includes(each.impact)).map(each => each.told), [], name)
  }

  test('each group is told how far what came is from what was foretold, and small ones are called too small', async () => {
    const { page, end } = await visit()
    await openShop(page)
    await openTable(page, file('first.csv', half(0)), ['tenure', 'monthly_charges', 'region'])
    await page.selectOption('[data-field=leave-groups]', 'region')
    await page.waitForSelector('[data-fair]', { timeout: 120_000 })
    const rows = Object.fromEntries(await page.$$eval('[data-fair] tbody tr', all => all.map(row => [row.querySelector('bdi').textContent, { said: row.dataset.said, cells: [...row.querySelectorAll('td')].map(cell => cell.innerText) }])))
    assert.deepEqual(Object.keys(rows).sort(), ['north', 'south', 'town'])
    assert.equal(rows.town.said, 'small')
    assert.match(await page.textContent('[data-small="1"]'), /town/)
    for (const [name, { said, cells }] of Object.entries(rows)) {
      const [foretold, left] = [cells[1], cells[2]].map(text => Number(/[\d.]+/.exec(text)[0]))
      const [gap, low, high] = cells[3].match(/[+-]?[\d.]+(?=%)/g).map(Number)
      assert.ok(Math.abs(gap - (left - foretold)) < 0.11, `${name}: ${cells}`)
      assert.ok(low <= gap && gap <= high)
      if (name !== 'town') assert.equal(said, low > 0 ? 'more' : high < 0 ? 'fewer' : 'fits')
    }
    // Regions were given by the number of the row: nothing is to be found between them.
    assert.equal(await page.locator('[data-off]').count(), Object.values(rows).filter(row => ['more', 'fewer'].includes(row.said)).length)
    await end()
  })

  test('two saved models are held against each other on customers that neither has learned from', async () => {
    for (const [viewport, colorScheme, locale] of [[WIDE, 'light', 'en-US'], [NARROW, 'dark', 'zh-CN']]) {
      const { page, end } = await visit({ viewport, colorScheme, locale })
      await openShop(page)
      const first = file('first.csv', half(0))
      await openTable(page, first, ['female', 'partner'])
      const poor = await saveModel(page, 'poor.json')
      await page.click('[data-beside=leavers] button')
      await page.waitForSelector('[data-answer=churn-risk]', { state: 'detached' })
      await openTable(page, first)
      const rich = await saveModel(page, 'rich.json')
      assert.ok(!/t0-\d{4}/.test(readFileSync(rich, 'utf8')), 'a model names nobody')
      await page.click('[data-beside=leavers] button')
      await page.waitForSelector('[data-answer=churn-risk]', { state: 'detached' })
      await openTable(page, file('second.csv', half(1)))
      // What is no model is told, and nothing is compared.
      await page.setInputFiles('input[data-files=model-champion]', file('none.json', '{"format":"other"}'))
      await page.waitForSelector('[data-refused=model]')
      await page.setInputFiles('input[data-files=model-champion]', poor)
      await page.setInputFiles('input[data-files=model-challenger]', rich)
      await page.waitForSelector('[data-contest=better]', { timeout: 60_000 })
      const area = (await page.$$eval('[data-contest-measure=area] td', all => all.slice(0, 3).map(cell => cell.innerText))).map(text => text.match(/-?\d\.\d{3}/g).map(Number))
      assert.ok(area[0][0] < 0.62 && area[1][0] > 0.81, `${area[0][0]} and ${area[1][0]}`)
      assert.ok(Math.abs(area[2][0] - (area[1][0] - area[0][0])) < 0.0016 && area[2][1] > 0, `${area[2]}`)
      await looked(page, `${viewport.width}-${colorScheme}-${locale.slice(0, 2)}-contest`)
      // The other way round, and against itself.
      await page.setInputFiles('input[data-files=model-challenger]', poor)
      await page.waitForSelector('[data-contest=no-difference]', { timeout: 60_000 })
      await page.setInputFiles('input[data-files=model-champion]', rich)
      await page.waitForSelector('[data-contest=worse]', { timeout: 60_000 })
      await page.selectOption('[data-field=leave-groups]', 'region')
      await page.waitForSelector('[data-fair]', { timeout: 120_000 })
      await looked(page, `${viewport.width}-${colorScheme}-${locale.slice(0, 2)}-groups`)
      await end()
    }
  })
})
