/** The worker of a page whose policy forbids fetching: the wasm module is part of the script. */
import base64 from '#bytes'
import makeGlue from '#glue'
import { serve } from './host.js'
import { portOf } from './ports.js'

const bytes = (text: string): BufferSource => Uint8Array.from(atob(text), letter => letter.charCodeAt(0))

serve(portOf(self as never), makeGlue, {
  builtin: () => bytes(base64),
  load: async address => bytes(((await import(address)) as { default: string }).default),
})
