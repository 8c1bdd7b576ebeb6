/** The worker of a page whose policy forbids fetching: the wasm module is part of the script. */
import base64 from '#bytes'
import makeGlue from '#glue'
import { serve } from './host.js'
import { portOf } from './ports.js'

serve(portOf(self as never), makeGlue, () => Uint8Array.from(atob(base64), letter => letter.charCodeAt(0)))
