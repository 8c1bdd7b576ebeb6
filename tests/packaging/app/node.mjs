// A Node program that uses each entry of the installed package.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as inline from 'siyu/inline'
import * as worker from 'siyu'
import * as sync from 'siyu/sync'
import { answer } from './answer.js'

const wasm = existsSync(fileURLToPath(import.meta.resolve('siyu/siyu.wasm')))
console.log(JSON.stringify({ siyu: await answer(worker), 'siyu/inline': await answer(inline), 'siyu/sync': await answer(sync), wasm }))
