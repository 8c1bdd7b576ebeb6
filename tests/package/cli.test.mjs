// The command line, as a program.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CSV, dist } from './given.mjs'

const folder = mkdtempSync(join(tmpdir(), 'siyu-'))
test.after(() => rmSync(folder, { recursive: true }))

/** Writes a file into the folder that commands run in. */
function file(name, content) {
  writeFileSync(join(folder, name), content)
  return name
}

/** Runs a command there. */
function siyu(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dist, 'cli.js'), ...args], { cwd: folder, encoding: 'utf8' })
  return { status, stdout, stderr }
}

file('orders.csv', '客户编号,下单时间,订单金额,订单号\nA1,2025-01-05 09:30:00,10.50,o1\nB2,2025-05-29 00:10:00,120.00,o2\nA1,2025-05-28 21:00:00,4.00,o3\n')
file('plain.csv', CSV.replace('buyer,paid_at,paid,order', 'a,b,c,d'))

test('guess prints which column means what', () => {
  const { status, stdout } = siyu('guess', 'orders.csv')
  assert.equal(status, 0)
  assert.match(stdout, /^customer +客户编号 \(\d+ %/m)
  assert.match(stdout, /^time +下单时间/m)
  assert.match(stdout, /^channel +-$/m)
})

test('rfm prints the groups, and says which columns it guessed', () => {
  const { status, stdout, stderr } = siyu('rfm', 'orders.csv', '--at', '2025-06-01', '--zone', 'Asia/Shanghai')
  assert.equal(status, 0, stderr)
  assert.match(stderr, /customer = 客户编号 \(guessed, \d+ %/)
  assert.match(stderr, /3 of 3 rows used, 2 customers/)
  assert.match(stdout, /^all +2 .*134\.50/m)
})

test('rfm writes the report and the customers into files, customers only into the second', () => {
  const flags = ['--customer', 'a', '--time', 'b', '--amount', 'c', '--order', 'd']
  const more = ['--bins', '3', '--scheme', 'eleven', '--refunds', 'keep', '--out', 'report.json', '--csv', 'customers.csv']
  const { status, stdout, stderr } = siyu('rfm', 'plain.csv', '--at', '2025-06-01', ...flags, ...more)
  assert.equal(status, 0, stderr)
  assert.equal(stdout, '')
  const text = readFileSync(join(folder, 'report.json'), 'utf8')
  const report = JSON.parse(text)
  assert.equal(report.about.options.scoring.bins, 3)
  assert.equal(report.about.options.groups.scheme, 'eleven')
  assert.equal(report.about.options.refunds, 'keep')
  assert.equal(report.customers.length, 3)
  assert.doesNotMatch(text, /"A1"/)
  const csv = readFileSync(join(folder, 'customers.csv'), 'utf8')
  assert.equal(csv.split('\r\n').length, 5)
  assert.match(csv, /^A1,/m)
})

test('run takes a recipe and tables by name, with a column for one of them', () => {
  file('recipe.json', JSON.stringify({ analysis: 'rfm', inputs: { log: 'shop' }, options: { at: '2025-06-01' } }))
  const { status, stdout, stderr } = siyu('run', 'recipe.json', '--table', 'shop=plain.csv', '--customer', 'shop.a', '--time', 'b', '--amount', 'c')
  assert.equal(status, 0, stderr)
  const report = JSON.parse(stdout)
  assert.equal(report.totals.customers, 3)
  assert.deepEqual(report.about.inputs.map(({ table }) => table), ['shop'])
})

test('several files form one table, guessed each, or with named columns', () => {
  file('june.csv', `order_date;customer_id;amount;order_id\n2025-06-01;A1;5;n1\n2025-06-02;D4;x;n2\n${[3, 4, 5, 6, 7, 8, 9].map((day) => `2025-06-0${day};D4;1;n${day}\n`).join('')}`)
  const both = siyu('rfm', 'orders.csv', 'june.csv', '--at', '2025-07-01')
  assert.equal(both.status, 0, both.stderr)
  assert.match(both.stderr, /11 of 12 rows used, 3 customers/)
  assert.match(both.stderr, /amount in amount: 1 rows rejected, lines june\.csv:3/)
  file('more.csv', 'a,b,c,d\nA1,2025-06-01,5,o9\n')
  const tables = ['--table', 'shop=plain.csv', '--table', 'shop=more.csv']
  const { status, stdout, stderr } = siyu('run', 'recipe.json', ...tables, '--customer', 'a', '--time', 'b', '--amount', 'c')
  assert.equal(status, 0, stderr)
  assert.equal(JSON.parse(stdout).about.inputs[0].rows, 6)
})

test('a profile says how exports of its kind are read', () => {
  file('profile.json', JSON.stringify({ version: 1, kind: '', name: 'our shop', options: { roles: { customer: 'a', time: 'b', amount: 'c' }, zone: 'Asia/Shanghai' } }))
  const { status, stderr } = siyu('rfm', 'plain.csv', '--at', '2025-06-01', '--profile', 'profile.json')
  assert.equal(status, 0, stderr)
  assert.match(stderr, /read as our shop \(the mapped columns are there\)/)
  assert.match(siyu('rfm', 'orders.csv', '--at', '2025-06-01', '--profile', 'profile.json').stderr, /no profile fits/)
  assert.equal(siyu('guess', 'orders.csv', '--profile', 'none.json').status, 2)
})

test('an error of data or request ends with 1, its code and help', () => {
  const cases = [
    [['rfm', 'plain.csv', '--at', '2025-06-01', '--time', 'b'], /^siyu: missing-role .*customer/m],
    [['rfm', 'plain.csv', '--at', '2025-06-01', '--customer', 'x', '--time', 'b'], /^siyu: missing-column .*column x/m],
    [['rfm', 'orders.csv', '--at', 'yesterday'], /^siyu: date at options\.at/m],
    [['rfm', 'orders.csv', '--at', '2025-06-01', '--scheme', 'twelve'], /^siyu: invalid-option at options\.groups\.scheme/m],
    [['run', file('typo.json', '{"analysis":"rmf"}'), '--table', 'a=orders.csv'], /^siyu: unknown-analysis .*rfm/m],
  ]
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = siyu(...args)
    assert.equal(status, 1, `${args}: ${stderr}`)
    assert.match(stderr, message)
    assert.equal(stdout, '')
  }
})

test('a command that is not understood ends with 2 and the help', () => {
  const cases = [
    [[], /say what to do/], [['rfmm', 'x'], /no command rfmm/], [['rfm', 'orders.csv'], /--at/], [['rfm', '--at', '2025-06-01'], /takes a file/],
    [['guess', 'none.csv'], /cannot be read/], [['rfm', 'orders.csv', '--colour', 'red'], /colour/], [['run', 'orders.csv', '--table', 'a=b'], /no recipe/],
    [['run', 'recipe.json'], /--table/], [['run', 'recipe.json', '--table', 'orders'], /name=file/],
  ]
  for (const [args, message] of cases) {
    const { status, stderr } = siyu(...args)
    assert.equal(status, 2, `${args}: ${stderr}`)
    assert.match(stderr, message)
    assert.match(stderr, /siyu guess orders\.csv/)
  }
  const { status, stdout } = siyu('--help')
  assert.equal(status, 0)
  assert.match(stdout, /--at/)
  assert.match(siyu('--version').stdout, /^\d+\.\d+\.\d+\n$/)
})

test('ledger verify says whether a log was changed, and ends with 1 if it was', async () => {
  const { open } = await import('siyu/sync')
  const engine = await open()
  let ledger
  for (const op of ['run', 'release']) ledger = await engine.privacy('ledgerAppend', { ...(ledger && { ledger }), entry: { op } })
  engine.close()
  const [first, last] = ledger.hashes
  const good = siyu('ledger', 'verify', file('ledger.json', JSON.stringify(ledger)), '--head', last)
  assert.deepEqual([good.status, good.stdout], [0, `intact: 2 entries, last hash ${last}\n`])
  const cut = file('cut.json', JSON.stringify({ entries: ledger.entries.slice(0, 1), hashes: [first] }))
  assert.equal(siyu('ledger', 'verify', cut).status, 0)
  assert.deepEqual([siyu('ledger', 'verify', cut, '--head', last).status, siyu('ledger', 'verify', cut, '--head', last).stdout], [1, 'changed: the last hash is another\n'])
  ledger.entries[1].op = 'erase'
  const edited = siyu('ledger', 'verify', file('edited.json', JSON.stringify(ledger)))
  assert.deepEqual([edited.status, edited.stdout], [1, 'changed: from entry 2 on\n'])
  for (const args of [['check'], ['verify'], ['verify', 'plain.csv'], ['verify', 'absent.json']]) assert.equal(siyu('ledger', ...args).status, 2)
  const other = siyu('ledger', 'verify', file('other.json', '{"entries":1}'))
  assert.equal(other.status, 1)
  assert.match(other.stderr, /ledger/)
})
