// One job: write pkg/src/generated.ts from the JSON Schema of the Rust types. With --check it writes
// nothing and fails if the file is not what it would write.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Stop, environment, main, root } from '../../.ci/steps.mjs'

const file = join(root, 'pkg', 'src', 'generated.ts')

const BANNER = `/**
 * Options and results of the analyses and of reading, as the Rust crate has them.
 *
 * Written by \`npm run types --workspace pkg\` from the JSON Schema of the Rust types. Not edited by hand.
 */
`

/** What the crate says about its own types. */
function schema() {
  const args = ['run', '--locked', '--quiet', '--features', 'schema', '--bin', 'schema']
  const { status, stdout } = spawnSync('cargo', args, { cwd: root, env: environment(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 })
  if (status !== 0) throw new Stop('cargo run --bin schema failed')
  return JSON.parse(stdout)
}

/** A comment of Rust as one of TypeScript: links to Rust items become names. */
function comment(text, indent) {
  if (!text) return ''
  const lines = text.replace(/\[(`[^`]+`)\](?:\([^)]*\))?/g, '$1').replaceAll('*/', '*\\/').split('\n')
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`
}

/** The type of a value. What this does not know is an error, never `any`. */
function typeOf(schema, place) {
  if (schema === true) return 'unknown'
  if (schema.$ref) return schema.$ref.split('/').at(-1)
  if ('const' in schema) return literal(schema.const)
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return choices.map((choice) => typeOf(choice, place)).join(' | ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type }, place)).join(' | ')
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'array':
      return listOf(schema, place)
    case 'object':
      if (schema.properties) return `{ ${Object.keys(schema.properties).map((name) => field(schema, name, place)).join('; ')} }`
      if (schema.additionalProperties === true) return 'Record<string, unknown>'
      if (schema.additionalProperties === false) return 'Record<string, never>'
      if (typeof schema.additionalProperties === 'object') return `Record<string, ${typeOf(schema.additionalProperties, place)}>`
  }
  throw new Stop(`${place}: no type is known for ${JSON.stringify(schema)}`)
}

function listOf({ prefixItems, items, minItems, maxItems }, place) {
  if (prefixItems) return `[${prefixItems.map((item) => typeOf(item, place)).join(', ')}]`
  const item = typeOf(items ?? true, place)
  if (minItems > 0 && minItems === maxItems && minItems < 5) return `[${Array(minItems).fill(item).join(', ')}]`
  return item.includes(' ') ? `(${item})[]` : `${item}[]`
}

function literal(value) {
  return typeof value === 'string' ? `'${value}'` : String(value)
}

function field(schema, name, place) {
  const optional = schema.required?.includes(name) ? '' : '?'
  return `${name}${optional}: ${typeOf(schema.properties[name], `${place}.${name}`)}`
}

/** One exported type. */
function declaration(name, schema) {
  const head = comment(schema.description, '')
  if (schema.type === 'object' && schema.properties) {
    const fields = Object.entries(schema.properties).map(([key, inner]) => `${comment(inner.description, '  ')}  ${field(schema, key, name)}\n`)
    return `${head}export interface ${name} {\n${fields.join('')}}\n`
  }
  if (schema.oneOf?.every((choice) => 'const' in choice)) {
    const choices = schema.oneOf.map((choice) => `${comment(choice.description, '  ')}  | ${literal(choice.const)}\n`)
    return `${head}export type ${name} =\n${choices.join('')}`
  }
  return `${head}export type ${name} = ${typeOf(schema, name)}\n`
}

function written() {
  const { analyses, tasks, errorCodes, options, results } = schema()
  for (const name of Object.keys(results)) {
    if (name in options && JSON.stringify(options[name]) !== JSON.stringify(results[name])) {
      throw new Stop(`${name} is one type as an option and another as a result: give one of them another name`)
    }
  }
  const all = Object.entries({ ...results, ...options }).sort(([a], [b]) => (a < b ? -1 : 1))
  const name = (ref) => ref.$ref.split('/').at(-1)
  const entries = analyses.map((one) => {
    const inputs = [...one.inputs, ...one.optional].map((input) => `'${input}'`).join(' | ') || 'never'
    const key = /^\w+$/.test(one.name) ? one.name : `'${one.name}'`
    return `  ${key}: { version: ${one.version}; inputs: ${inputs}; options: ${name(one.options)}; result: ${name(one.result)} }\n`
  })
  const parts = [
    BANNER,
    ...all.map(([type, schema]) => declaration(type, schema)),
    `/** Every analysis: its version, its inputs, its options and its result. */\nexport interface Analyses {\n${entries.join('')}}\n`,
    `/** What \`privacy\` does: options and answer of each task. */\nexport interface PrivacyTasks {\n${tasks.map((one) => `${comment(one.about, '  ')}  ${one.name}: { options: ${name(one.options)}; result: ${name(one.result)} }\n`).join('')}}\n`,
    `/** The codes of the errors that the crate raises. */\nexport type ErrorCode =\n${errorCodes.map((code) => `  | '${code}'\n`).join('')}`,
  ]
  return parts.join('\n')
}

await main(async () => {
  const text = written()
  const now = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (text === now) return console.log('pkg/src/generated.ts is what the Rust types say')
  if (process.argv.includes('--check')) throw new Stop('pkg/src/generated.ts is not what the Rust types say: run npm run types --workspace pkg')
  writeFileSync(file, text)
  console.log('wrote pkg/src/generated.ts')
})
