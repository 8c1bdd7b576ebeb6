// The two catalogues of the dashboard: the same keys, the same placeholders, and no key that nothing uses.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../www/src/', import.meta.url))

/** Key → sentence of a language: the first page's, those of what comes out, those of privacy, those of who comes back, those of tests. */
const catalogue = name => new Map(['', 'answer/', 'privacy/', 'return/', 'test/'].flatMap(part => sentences(part + name)))

/** The entries of a file, one per line. */
function sentences(name) {
  const text = readFileSync(join(source, 'text', `${name}.ts`), 'utf8')
  const entries = [...text.matchAll(/^ {2}'([^']+)': '(.*)',$/gm)].map(([, key, sentence]) => [key, sentence])
  assert.equal(entries.length, text.split('\n').filter(line => line.startsWith("  '")).length, `${name}: every line of the catalogue is understood`)
  return entries
}

const en = catalogue('en')
const zh = catalogue('zh')
const placeholders = sentence => [...new Set([...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort()

test('both languages have the same keys', () => {
  assert.ok(en.size > 200)
  assert.deepEqual([...zh.keys()].sort(), [...en.keys()].sort())
})

test('both languages fill in the same values', () => {
  for (const [key, sentence] of en) assert.deepEqual(placeholders(zh.get(key)), placeholders(sentence), key)
})

test('no sentence is empty, and no English one was left in the Chinese catalogue', () => {
  // Names that are the same in both languages.
  const same = new Set(['sample.cdnow', 'list.of', 'map.summary', 'options.scoring.ntile', 'view.comma'])
  for (const [key, sentence] of zh) {
    assert.ok(sentence.trim() !== '' && en.get(key).trim() !== '', key)
    if (!same.has(key) && key !== 'page.language') assert.match(sentence, /\p{Script=Han}/u, key)
  }
  for (const [key, sentence] of en) if (key !== 'page.language' && key !== 'page.title') assert.doesNotMatch(sentence.replace(/小店|会员店|万|亿/g, ''), /\p{Script=Han}/u, key)
})

test('Chinese sentences use full-width punctuation', () => {
  for (const [key, sentence] of zh) assert.doesNotMatch(sentence, /\p{Script=Han}[,:;?!]|[,;?!]\p{Script=Han}/u, key)
})

test('every key is used', () => {
  const files = readdirSync(source, { recursive: true }).filter(name => /\.(ts|svelte)$/.test(name) && !/text[\\/]((answer|privacy|return|test)[\\/])?(en|zh)\.ts$/.test(name))
  const code = files.map(name => readFileSync(join(source, name), 'utf8')).join('\n')
  const literal = new Set([...code.matchAll(/['"`]([a-z][\w-]*(?:\.[\w-]+)+)['"`]/gi)].map(([, key]) => key))
  // A key made of parts, such as `role.${role}.about`, uses every key of that shape.
  const shapes = [...code.matchAll(/`((?:[a-z][\w.-]*)?(?:\$\{[^}]+\}[\w.-]*)+)`/gi)]
    .map(([, shape]) => shape)
    .filter(shape => /^[a-z]\w*\./.test(shape))
    .map(shape => new RegExp(`^${shape.replace(/\$\{[^}]+\}/g, '\u0000').replace(/[.]/g, '\\.').replace(/\u0000/g, '[\\w-]+')}$`))
  // Families that `keyOf` chooses from by a code that comes from the package.
  const families = [...code.matchAll(/(?:keyOf|choiceText)\('(\w+)'/g)].map(([, family]) => new RegExp(`^${family}\\.`))
  const unused = [...en.keys()].filter(key => !literal.has(key) && ![...shapes, ...families].some(shape => shape.test(key)))
  assert.deepEqual(unused, [])
})
