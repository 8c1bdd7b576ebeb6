// Text that is not UTF-8: told from the bytes, decoded strictly, errors placed to the byte.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AT, entries, inside, rejected, root } from './given.mjs'

const { open } = entries['siyu/sync']
const { utf8: opened } = await inside('encoding')
/** Without the wasm module. */
const utf8 = (bytes, declared) => opened(bytes, { plausibility: () => 0, inflated: (cursor) => cursor }, declared)

/** Words in GB18030, from which other bytes are built. */
const GB = { 客户: [0xbf, 0xcd, 0xbb, 0xa7], 时间: [0xca, 0xb1, 0xbc, 0xe4], 金额: [0xbd, 0xf0, 0xb6, 0xee], 张三: [0xd5, 0xc5, 0xc8, 0xfd], '𠮷': [0x95, 0x34, 0xb2, 0x35] }
const ROLES = { customer: '客户', time: '时间', amount: '金额' }

/** Texts and words of GB18030 as one file. */
function gb(...parts) {
  return Uint8Array.from(parts.flatMap((part) => GB[part] ?? [...new TextEncoder().encode(part)]))
}

const small = gb('客户', ',', '时间', ',', '金额', '\n', '张三', ',2025-01-01,1.5\n', '𠮷', ',2025-01-02,2\n')

/** A cursor that gives bytes in pieces of a size. */
function cursor(bytes, size) {
  let at = 0
  return { next: async () => (at < bytes.length ? bytes.subarray(at, (at += size)) : null), close() {} }
}

async function all(text) {
  const parts = []
  for (let part = await text.next(); part; part = await text.next()) parts.push(...part)
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(parts))
}

test('GB18030 is told from the bytes, and the quality report says so', async () => {
  const siyu = await open()
  const table = await siyu.read(small, { roles: ROLES })
  assert.equal(table.quality.encoding, 'gb18030')
  assert.deepEqual(table.quality.issues.map(({ code, rows }) => [code, rows]), [['encoding', [1]]])
  assert.deepEqual((await siyu.rfm(table, AT)).customers.column('customer'), ['张三', '𠮷'])
  const declared = await siyu.read(small, { roles: ROLES, encoding: 'gbk' })
  assert.deepEqual([declared.quality.encoding, declared.quality.issues.length, declared.fingerprint], ['gb18030', 0, table.fingerprint])
  const source = await siyu.read(new Blob([small]), { roles: ROLES, keep: 'source' })
  assert.equal((await siyu.rfm(source, AT)).totals.customers, 2)
  siyu.close()
})

test('any cut into pieces gives the same text', async () => {
  const words = ['客户', ',a\n', '𠮷', '\r\n', '张三', 'x'.repeat(9), '时间']
  const bytes = gb(...words)
  for (let size = 1; size <= bytes.length; size += 1) {
    const text = await utf8(cursor(bytes, size))
    assert.equal(await all(text), words.join(''), `pieces of ${size}`)
    assert.equal(text.encoding.label, 'gb18030')
    assert.equal(text.done, bytes.length)
  }
})

test('a long file that is ASCII at first is told where it stops to be', async () => {
  const siyu = await open()
  const rows = 'a1,2025-01-01,3\n'.repeat(200_000)
  const table = await siyu.read(new Blob(['id,at,paid\n', rows, gb('张三', ',2025-01-02,4\n')]), { roles: { customer: 'id', time: 'at', amount: 'paid' } })
  assert.equal(table.quality.encoding, 'gb18030')
  assert.deepEqual(table.quality.issues[0].rows, [200_002])
  assert.equal(table.customers, 2)
  siyu.close()
})

test('a bad byte is placed in the file, whatever pieces it comes in', async () => {
  const good = gb('客户', ',', '时间', '\r\n', '张三', ',2025\r\n', '𠮷')
  const bytes = Uint8Array.from([...good, 0xff, ...gb(',x\n', '张三')])
  for (const size of [1, 2, 3, 5, 7, 1000]) {
    const text = await utf8(cursor(bytes, size), 'gb18030')
    const error = await rejected(all(text))
    assert.deepEqual([error.code, error.byte, error.row], ['encoding', good.length, 3], `pieces of ${size}`)
  }
  const cut = bytes.subarray(0, good.length - 1)
  const error = await rejected(all(await utf8(cursor(cut, 4), 'gb18030')))
  assert.deepEqual([error.code, error.byte, error.row], ['encoding', good.length - 4, 3])
})

test('lines are counted right in any mixture of line ends, pieces and positions in memory', async () => {
  const words = ['\n', '\r', '\r\n', 'a', '\x0f\x0e\t', 'bcdefgh', '\n\r', '\x7f']
  let state = 1
  const draw = (below) => (state = (state * 48271) % 2147483647) % below
  for (let round = 0; round < 300; round += 1) {
    const before = Array.from({ length: draw(40) }, () => words[draw(words.length)]).join('')
    const row = before.split(/\r\n|\r|\n/).length
    const good = gb('x', '张三')
    const bytes = Uint8Array.from([...gb('y'.repeat(draw(5))), ...gb(before), ...good, 10])
    const shift = draw(4)
    const moved = new Uint8Array(bytes.length + shift).subarray(shift)
    moved.set(bytes)
    const text = await utf8(cursor(moved, 1 + draw(30)))
    await all(text)
    assert.equal(text.encoding.notUtf8.row, row, JSON.stringify(before))
  }
})

test('UTF-16 is read with a byte order mark, and without one if it is declared', async () => {
  const text = 'id,at,paid\nü1,2025-01-01,3\n𠮷,2025-01-02,4\n'
  const siyu = await open()
  const roles = { customer: 'id', time: 'at', amount: 'paid' }
  const seen = new Set()
  for (const little of [true, false]) {
    for (const mark of ['\ufeff', '']) {
      const view = new DataView(new ArrayBuffer((mark + text).length * 2))
      ;[...(mark + text)].join('').split('').forEach((unit, at) => view.setUint16(at * 2, unit.charCodeAt(0), little))
      const encoding = little ? 'utf-16le' : 'utf-16be'
      const table = await siyu.read(view.buffer, { roles, ...(mark ? {} : { encoding }) })
      assert.equal(table.quality.encoding, encoding)
      seen.add(table.fingerprint)
    }
  }
  seen.add((await siyu.read(text, { roles })).fingerprint)
  assert.equal(seen.size, 1)
  siyu.close()
})

test('UTF-8 with GB18030 after it is an error where it stops to be UTF-8', async () => {
  const siyu = await open()
  const bytes = new Blob(['客户,时间,金额\nA,2025-01-01,1\n', gb('张三', ',2025-01-02,2\n')])
  const error = await rejected(siyu.read(bytes, { roles: ROLES }))
  assert.deepEqual([error.code, error.row], ['encoding', 3])
  siyu.close()
})

test('a byte order mark wins over what was declared', async () => {
  const siyu = await open()
  const table = await siyu.read('\ufeffid,at\nü,2025-01-01\n', { roles: { customer: 'id', time: 'at' }, encoding: 'gbk' })
  assert.equal(table.quality.encoding, 'utf-8')
  siyu.close()
})

for (const [entry, { open }] of Object.entries(entries)) {
  test(`files in many encodings, compressed or not, are read as natively: ${entry}`, async (t) => {
    const { files } = JSON.parse(readFileSync(join(root, 'tests', 'encodings.json'), 'utf8'))
    const siyu = await open()
    t.after(() => siyu.close())
    for (const { name, bytes, roles, options, ...wanted } of files) {
      const source = new Blob([Buffer.from(bytes, 'base64')])
      try {
        const { quality, customers } = await siyu.read(source, { roles, ...options })
        const issues = quality.issues.map(({ code, rows }) => [code, rows])
        assert.deepEqual([customers, quality.encoding, issues], [wanted.ids?.length, wanted.encoding, wanted.issues], name)
        const streamed = await siyu.read(source, { roles, ...options, keep: 'source' })
        const { customers: found } = await siyu.rfm(streamed, AT)
        assert.deepEqual(found.column('customer').sort(), wanted.ids.sort(), name)
        await siyu.guess(source, options)
      } catch (error) {
        assert.equal(error.name, 'SiyuError', `${name}: ${error.stack}`)
        assert.equal(error.code, wanted.code, `${name}: ${error}`)
        if (wanted.row != null) assert.equal(error.row, wanted.row, `${name}: ${error}`)
        if (wanted.byte != null) assert.equal(error.byte, wanted.byte, `${name}: ${error}`)
      }
    }
  })
}

test('progress counts the bytes of the compressed file', async () => {
  const siyu = await open()
  const { gzipSync } = await import('node:zlib')
  const lines = Array.from({ length: 300_000 }, (_, row) => `c${(row * 7919) % 10007},2025-01-${10 + (row % 20)},${row % 977}\n`)
  const file = new Blob([gzipSync(`id,at,paid\n${lines.join('')}`)])
  const told = []
  const table = await siyu.read(file, { roles: { customer: 'id', time: 'at', amount: 'paid' }, onProgress: (progress) => told.push(progress) })
  assert.equal(table.rows, 300_000)
  assert.ok(told.length > 0)
  for (const { done, total } of told) assert.ok(done <= file.size && total === file.size)
  siyu.close()
})
