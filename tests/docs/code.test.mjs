// One job: run the code that the README and the docs show. Every fenced block marked `js` is one
// module; it runs in Node in the project's folder, as its README is read, and must end without an
// error. Blocks marked otherwise (`ts`, `html`, …) are not run.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { root } from '../../.ci/steps.mjs'

const pages = ['README.md', 'pkg/README.md', 'CONTRIBUTING.md'].map((name) => join(root, name)).filter(existsSync)
const docs = join(root, 'docs')
if (existsSync(docs)) {
  const found = readdirSync(docs, { recursive: true }).filter((name) => name.endsWith('.md'))
  pages.push(...found.sort().map((name) => join(docs, name)))
}

// Inside the project, so that `siyu` is found as an installed package is.
const folder = join(root, 'tests/.tmp/docs')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

for (const page of pages) {
  const name = relative(root, page)
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code)
  blocks.forEach((code, index) => {
    test(`${name}, example ${index + 1} runs`, () => {
      const file = join(folder, `${name.replace(/\W/g, '_')}_${index + 1}.mjs`)
      writeFileSync(file, code)
      const { status, stdout, stderr, error } = spawnSync(process.execPath, [file], {
        cwd: root,
        encoding: 'utf8',
        timeout: 120_000,
      })
      assert.equal(status, 0, error?.message ?? `${stdout}${stderr}`)
    })
  })
}

test('the README shows an example', () => {
  assert.match(readFileSync(join(root, 'README.md'), 'utf8'), /^```js\n/m)
})
