// One job: prove that everything Siyu is built from or ships may be used under a licence of a short
// list. Rust: every crate of the locked graph, tests included. npm: what the package or the dashboard
// needs at run time.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { environment, root } from '../../.ci/steps.mjs'

const ALLOWED = new Set([
  'MIT',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'Zlib',
  'Unicode-3.0',
  'Unlicense',
  '0BSD',
  'BSL-1.0',
  'CC0-1.0',
])

/**
 * Whether an SPDX expression can be met from the list: one side of OR, both of AND; an exception
 * (WITH) only adds permissions. `/` is an old way to write OR.
 */
function allowed(expression) {
  const words = expression.replaceAll('/', ' OR ').match(/[()]|[^\s()]+/g) ?? []
  const atom = () => {
    const word = words.shift()
    if (word === '(') {
      const inner = either()
      return words.shift() === ')' && inner
    }
    if (words[0] === 'WITH') words.splice(0, 2)
    return ALLOWED.has(word)
  }
  const both = () => {
    let result = atom()
    while (words[0] === 'AND') {
      words.shift()
      const next = atom()
      result = result && next
    }
    return result
  }
  const either = () => {
    let result = both()
    while (words[0] === 'OR') {
      words.shift()
      const next = both()
      result = result || next
    }
    return result
  }
  return either() && words.length === 0
}

test('licence expressions are read as SPDX means them', () => {
  for (const good of ['MIT', 'MIT OR GPL-3.0', 'GPL-3.0/MIT', '(MIT OR GPL-3.0) AND Zlib', 'Apache-2.0 WITH LLVM-exception']) {
    assert.ok(allowed(good), good)
  }
  for (const bad of ['', 'GPL-3.0', 'MIT AND GPL-3.0', '(MIT OR Zlib) AND GPL-3.0', 'MIT Zlib', 'SEE LICENSE IN x', 'mit']) {
    assert.ok(!allowed(bad), bad)
  }
})

test('every crate has an allowed licence', () => {
  const args = ['metadata', '--locked', '--all-features', '--format-version', '1']
  const told = spawnSync('cargo', args, { cwd: root, env: environment(), encoding: 'utf8', maxBuffer: 1 << 28 })
  assert.equal(told.status, 0, told.stderr)
  const crates = JSON.parse(told.stdout).packages
  assert.ok(crates.length > 1)
  const bad = crates.filter(({ license }) => !allowed(license ?? ''))
  assert.deepEqual(bad.map(({ name, version, license }) => `${name} ${version}: ${license}`), [])
})

test('every npm package needed at run time has an allowed licence', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const shipped = Object.entries(packages).filter(
    ([path, { dev, devOptional, link }]) => path.includes('node_modules/') && !dev && !devOptional && !link,
  )
  const licence = (path, { license }) => {
    const manifest = join(root, path, 'package.json')
    return license ?? (existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).license : undefined)
  }
  const bad = shipped.filter(([path, entry]) => !allowed(String(licence(path, entry) ?? '')))
  assert.deepEqual(bad.map(([path, entry]) => `${path}: ${licence(path, entry)}`), [])
})
