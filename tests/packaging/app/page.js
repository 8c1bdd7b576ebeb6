// The page of every fixture: says in the document what each entry of the package answered.

import * as inline from 'siyu/inline'
import * as worker from 'siyu'
import * as sync from 'siyu/sync'
import { answer } from './answer.js'

const entries = { siyu: worker, 'siyu/inline': inline, 'siyu/sync': sync }
const out = {}
for (const name of new URL(location.href).searchParams.get('entries').split(',')) {
  out[name] = await (entries[name] ? answer(entries[name]) : refusal()).catch((error) => ({ error: String(error) }))
}
document.documentElement.dataset.answers = JSON.stringify({ out })

/** What is said when a server answers with a page where the module should be. */
function refusal() {
  return worker.open({ wasm: '/index.html' }).then(() => 'opened', ({ code, hint }) => `${code}: ${hint}`)
}
