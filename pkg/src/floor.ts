/** What the package needs of its platform: looked at when it is opened, so that an old one is told, not met by a crash. */
import { fail } from './errors.js'

/** Globals that every part uses, and those that came after them. What only some sources need is asked for where it is used. */
const NAMES = ['WebAssembly', 'BigInt', 'Intl', 'MessageChannel', 'TextDecoder']

/** (func (param externref)): reference types are the youngest of the features that the module is compiled for. */
const MODULE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 1, 111, 0]

/** Throws `unsupported`, naming what is missing. */
export function stand(): void {
  const missing = NAMES.find(name => !(name in globalThis))
    ?? (WebAssembly.validate(Uint8Array.from(MODULE)) ? null : 'WebAssembly with reference types')
  if (missing) throw fail('unsupported', `No ${missing} here: use a newer platform.`, { path: missing })
}
