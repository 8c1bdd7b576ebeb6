// Workbooks made from rows, part by part: a zip archive and a little XML.

import { crc32, deflateRawSync } from 'node:zlib'

const relations = (list) => `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${list.map(([id, kind, target]) => `<Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${kind}" Target="${target}"/>`).join('')}</Relationships>`

/** A workbook of `{ name: rows }`: texts are shared strings, numbers numbers, dates serial numbers that show a moment. */
export function workbook(sheets) {
  const known = new Map()
  const shared = (text) => {
    if (!known.has(text)) known.set(text, known.size)
    return known.get(text)
  }
  const names = Object.keys(sheets)
  const parts = names.map((name, at) => {
    const rows = sheets[name].map((row, number) => `<row r="${number + 1}">${row.map((cell, column) => xml(cell, `${letters(column)}${number + 1}`, shared)).join('')}</row>`)
    return [`xl/worksheets/sheet${at + 1}.xml`, `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows.join('')}</sheetData></worksheet>`]
  })
  return zip([
    ['_rels/.rels', relations([['rId1', 'officeDocument', 'xl/workbook.xml']])],
    ['xl/workbook.xml', `<workbook xmlns:r="r"><sheets>${names.map((name, at) => `<sheet name="${escaped(name)}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`).join('')}</sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', relations([...names.map((_, at) => [`rId${at + 1}`, 'worksheet', `worksheets/sheet${at + 1}.xml`]), ['rIdS', 'sharedStrings', 'sharedStrings.xml'], ['rIdF', 'styles', 'styles.xml']])],
    ['xl/styles.xml', '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>'],
    ...parts,
    ['xl/sharedStrings.xml', `<sst>${[...known.keys()].map((text) => `<si><t xml:space="preserve">${escaped(text)}</t></si>`).join('')}</sst>`],
  ])
}

/** So many orders, without a random source. */
export function orderRows(rows, customers = Math.ceil(rows / 5)) {
  const out = [['buyer', 'paid_at', 'paid', 'order', 'channel', 'city']]
  const start = Date.UTC(2024, 0, 1)
  for (let row = 0; row < rows; row += 1) {
    out.push([`C${(row * 7919) % customers}`, new Date(start + ((row * 104_729) % 31_000_000) * 1000), (row % 9973) / 4, `o${row}`, ['web', 'app', '门店'][row % 3], ['上海', '北京', '成都', '深圳'][row % 4]])
  }
  return out
}

function xml(cell, place, shared) {
  if (cell === null || cell === '') return ''
  if (cell instanceof Date) return `<c r="${place}" s="1"><v>${cell.getTime() / 86_400_000 + 25_569}</v></c>`
  if (typeof cell === 'number') return `<c r="${place}"><v>${cell}</v></c>`
  return `<c r="${place}" t="s"><v>${shared(cell)}</v></c>`
}

function letters(column) {
  return column < 26 ? String.fromCharCode(65 + column) : letters(Math.floor(column / 26) - 1) + letters(column % 26)
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** A zip archive of `[name, text]`. */
export function zip(parts) {
  const local = []
  const directory = []
  let offset = 0
  for (const [name, text] of parts) {
    const bytes = Buffer.from(text)
    const packed = deflateRawSync(bytes)
    const label = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x800, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(label.length, 22)
    local.push(Buffer.from('PK\x03\x04'), common, label, packed)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), common.subarray(0, 26), place, label)
    offset += 30 + label.length + packed.length
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(parts.length, 4)
  end.writeUInt16LE(parts.length, 6)
  end.writeUInt32LE(size, 8)
  end.writeUInt32LE(offset, 12)
  return new Uint8Array(Buffer.concat([...local, ...directory, Buffer.from('PK\x05\x06'), end]))
}
