// One job: divide a wasm module into two files over the same memory, so that a page fetches the code of
// most analyses only when it asks for one of them.
//
// What is later is told by names: a function of a room that is named so belongs to the second file, and
// with it everything that nothing else reaches. The first file holds the memory with all its data, the
// table and the globals, and exports them and the functions that the second calls; a call from the first
// into the second goes through a slot of the table, which the second fills when it starts. Until then such
// a call is a trap, so the caller must know what is later (`is_later` of the crate), and a test of the
// package runs everything else without the second file.

import { execFileSync } from 'node:child_process'
import binaryen from 'binaryen'
import { leb } from './imports.mjs'

/** A function this small is copied rather than called across files, with what it calls. */
const COPIED = 600

/** Where the second file finds what the first one exports. */
const FIRST = 'first'

/** The module in `path` as two; `isLater` says of a function's name whether it is of a later room. */
export function split(wasm, path, wasmOpt, features, isLater) {
  const first = binaryen.readBinary(wasm)
  const functions = functionsOf(first, bodySizes(wasm))
  const calls = callGraph(path, wasmOpt, features)
  for (const name of calls.keys()) if (!functions.has(name)) throw new Error(`the call graph names ${name}, which the module does not have`)
  const { table, slots, at } = tableOf(first)
  const { initial } = binaryen.getTableInfo(first.getTable(table))
  if (initial !== at + slots.length) throw new Error('the table is longer than what is in it')

  const reach = (roots, enters) => {
    const seen = new Set()
    const open = [...roots]
    while (open.length > 0) {
      const name = open.pop()
      if (seen.has(name) || !enters(name)) continue
      seen.add(name)
      open.push(...(calls.get(name) ?? []))
    }
    return seen
  }
  const closed = new Map()
  /** What a function needs beside itself, and whether that is little. */
  const isSmall = (name) => {
    if (!closed.has(name)) {
      const all = reach([name], () => true)
      const size = [...all].reduce((sum, one) => sum + (functions.get(one).imported ? Infinity : functions.get(one).size), 0)
      closed.set(name, size <= COPIED ? all : null)
    }
    return closed.get(name)
  }

  const exported = exportsOf(first).filter(({ kind }) => kind === binaryen.ExternalFunction).map(({ value }) => value)
  const enters = (name) => !isLater(name) || isSmall(name) !== null
  const near = reach([...exported, ...slots.filter((name) => name !== null && !isLater(name))], enters)
  const far = new Set([...functions.keys()].filter((name) => !near.has(name) && !functions.get(name).imported))

  // Where the first file calls into the second: one slot each.
  const joints = [...new Set([...near].flatMap((name) => [...(calls.get(name) ?? [])]).filter((name) => far.has(name)))].sort()
  const all = [...slots, ...joints]

  const second = binaryen.readBinary(wasm)
  for (const name of exportsOf(second).map(({ name }) => name)) second.removeExport(name)

  // The second file: what it needs of the first is copied where it is small, else imported.
  const copied = new Set()
  const imported = new Set()
  for (const name of far) {
    for (const callee of calls.get(name) ?? []) {
      if (far.has(callee)) continue
      const small = functions.get(callee).imported ? null : isSmall(callee)
      if (small) for (const one of small) copied.add(one)
      else imported.add(callee)
    }
  }
  let names = 0
  const share = (name, add) => {
    const as = `+${(names++).toString(36)}`
    add(as)
    return [name, FIRST, as]
  }
  for (const [name, { params, results, imported: outside }] of functions) {
    if (far.has(name) || (copied.has(name) && !imported.has(name))) continue
    if (imported.has(name)) {
      const from = share(name, (as) => first.addFunctionExport(name, as))
      // One that the module imports already only changes its place.
      if (!outside) second.removeFunction(name)
      second.addFunctionImport(...from, params, results)
    } else {
      second.removeFunction(name)
    }
  }
  for (let index = 0; index < second.getNumGlobals(); index += 1) {
    const { name, type, mutable } = binaryen.getGlobalInfo(second.getGlobalByIndex(index))
    second.addGlobalImport(...share(name, (as) => first.addGlobalExport(name, as)), type, mutable)
  }
  for (let index = 0; index < second.getNumTables(); index += 1) {
    const { name } = binaryen.getTableInfo(second.getTableByIndex(index))
    second.addTableImport(...share(name, (as) => first.addTableExport(name, as)))
  }
  second.addMemoryImport('0', FIRST, share('0', (as) => first.addMemoryExport('0', as))[2])
  enlarge(second, table, at + all.length)
  fill(second, table, at, all.map((name) => (far.has(name) ? name : null)))

  // The first file: a call into the second goes through its slot.
  enlarge(first, table, at + all.length)
  fill(first, table, at, slots.map((name) => (near.has(name) ? name : null)))
  for (const name of far) {
    const { params, results } = functions.get(name)
    first.removeFunction(name)
    const slot = joints.indexOf(name)
    if (slot < 0) continue
    const passed = binaryen.expandType(params).map((type, place) => first.local.get(place, type))
    const call = first.call_indirect(table, first.i32.const(at + slots.length + slot), passed, params, results)
    first.addFunction(name, params, results, [], call)
  }
  return { first: first.emitBinary(), second: withoutData(second.emitBinary()), joints, far: far.size, copied: copied.size, imported: imported.size }
}

function functionsOf(module, sizes) {
  const functions = new Map()
  let body = 0
  for (let index = 0; index < module.getNumFunctions(); index += 1) {
    const { name, module: from, params, results } = binaryen.getFunctionInfo(module.getFunctionByIndex(index))
    const imported = from !== ''
    functions.set(name, { imported, params, results, size: imported ? 0 : sizes[body++] })
  }
  if (body !== sizes.length) throw new Error(`${body} functions have ${sizes.length} bodies`)
  return functions
}

function exportsOf(module) {
  return Array.from({ length: module.getNumExports() }, (_, index) => binaryen.getExportInfo(module.getExportByIndex(index)))
}

/** Which functions each function calls by name. */
function callGraph(path, wasmOpt, features) {
  const graph = execFileSync(wasmOpt, [path, ...features, '--print-call-graph', '-o', '/dev/null'], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  const calls = new Map()
  for (const [, from, to] of graph.matchAll(/^ {2}"(.*)" -> "(.*)"; \/\/ call$/gm)) {
    if (!calls.has(from)) calls.set(from, new Set())
    calls.get(from).add(to)
  }
  return calls
}

/** The table of functions: its name, what stands in each slot, and where the slots begin. */
function tableOf(module) {
  const segments = Array.from({ length: module.getNumElementSegments() }, (_, index) => binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(index)))
  const [segment] = segments
  if (segments.length !== 1) throw new Error(`${segments.length} segments of elements: one was expected`)
  return { table: segment.table, slots: segment.data, at: binaryen.getExpressionInfo(segment.offset).value }
}

/** Puts functions into the slots of a table; null leaves one as it is. */
function fill(module, table, at, names) {
  module.removeElementSegment('0')
  for (let from = 0; from < names.length;) {
    let until = from
    while (until < names.length && names[until] !== null) until += 1
    if (until > from) module.addActiveElementSegment(table, `slots ${from}`, names.slice(from, until), module.i32.const(at + from))
    from = until + 1
  }
}

function enlarge(module, table, length) {
  const { module: from, base } = binaryen.getTableInfo(module.getTable(table))
  module.removeTable(table)
  module.addTable(table, length, length)
  if (from) module.addTableImport(table, from, base)
}

/** The sections of a module: what each is and where it is, with its head and without. */
function* sections(wasm) {
  for (let at = 8; at < wasm.length;) {
    const [size, start] = leb(wasm, at + 1)
    yield { id: wasm[at], whole: wasm.subarray(at, start + size), inside: wasm.subarray(start, start + size) }
    at = start + size
  }
}

/** The size of each function's body, in order. */
function bodySizes(wasm) {
  const [{ inside }] = [...sections(wasm)].filter(({ id }) => id === 10)
  const sizes = []
  for (let at = leb(inside, 0)[1]; at < inside.length;) {
    const [size, start] = leb(inside, at)
    sizes.push(size)
    at = start + size
  }
  return sizes
}

/** The same without its data and their count: the memory has them already. */
function withoutData(wasm) {
  return Buffer.concat([wasm.subarray(0, 8), ...[...sections(wasm)].filter(({ id }) => id !== 11 && id !== 12).map(({ whole }) => whole)])
}
