// One job: give the imports of a wasm module short names. Those that wasm-bindgen writes carry a hash
// each, which does not compress and weighs as much as a tenth of the JavaScript.

/** The names of the functions that a module imports, in order. */
export function importNames(wasm) {
  const names = []
  rewriteImports(wasm, (name) => (names.push(name), name))
  return names
}

/** The module with each imported function renamed. */
export function rewriteImports(wasm, rename) {
  const parts = [wasm.subarray(0, 8)]
  for (let at = 8; at < wasm.length;) {
    const id = wasm[at]
    const [size, start] = leb(wasm, at + 1)
    const section = wasm.subarray(start, start + size)
    parts.push(id === 2 ? joined([Uint8Array.of(id), sized(renamed(section, rename))]) : wasm.subarray(at, start + size))
    at = start + size
  }
  return joined(parts)
}

function renamed(section, rename) {
  let [count, at] = leb(section, 0)
  const parts = [unsigned(count)]
  const text = () => {
    const [length, start] = leb(section, at)
    at = start + length
    return section.subarray(start, at)
  }
  for (; count > 0; count -= 1) {
    const module = text()
    const name = new TextDecoder().decode(text())
    if (section[at] !== 0) throw new Error(`the import ${name} is no function`)
    const kind = at
    at = leb(section, at + 1)[1]
    parts.push(sized(module), sized(new TextEncoder().encode(rename(name))), section.subarray(kind, at))
  }
  return joined(parts)
}

/** An unsigned number in LEB128 and where it ends. */
export function leb(bytes, at) {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]
    value += (byte & 127) * 2 ** shift
    if (byte < 128) return [value, at]
  }
}

function unsigned(value) {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value & 127) | 128)
  return Uint8Array.from([...bytes, value])
}

function sized(bytes) {
  return joined([unsigned(bytes.length), bytes])
}

function joined(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
