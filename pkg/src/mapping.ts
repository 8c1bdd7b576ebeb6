/** A guess → the mapping that is used without asking, if it is sure enough. */
import { fail } from './errors.js'
import type { Guess, GuessRole, Role, Roles } from './generated.js'

/** From this confidence on, a guessed column is used. */
export const SURE = 0.8

const REQUIRED: Role[] = ['customer', 'time']

/** The mapping as a header has it. */
export function rolesOf(columns: { name: string; role: string | null }[]): Roles {
  return Object.fromEntries(columns.flatMap(({ name, role }) => (role === null ? [] : [[role, name]])))
}

/**
 * The columns that the guess is sure of. Throws `missing-role` with the whole guess in the hint if
 * customer or time are not among them.
 */
export function mappingOf(guess: Guess): Roles {
  const found = Object.entries(guess.roles as Record<Role, GuessRole | null>).flatMap(([role, one]) => (one ? [{ role: role as Role, ...one }] : []))
  const sure = found.filter(({ confidence }) => confidence >= SURE)
  const missing = REQUIRED.filter(role => !sure.some(one => one.role === role))
  if (missing.length > 0) {
    const list = found.map(({ role, column, confidence }) => `${role} = ${column} (${Math.round(confidence * 100)} %)`).join(', ')
    throw fail('missing-role', `Say which column is ${missing.join(' and ')} with roles. ${list ? `The guess is ${list}` : 'No column could be guessed'}; the columns are ${guess.columns.map(({ name }) => name).join(', ')}.`, { path: 'roles' })
  }
  return Object.fromEntries(sure.map(({ role, column }) => [role, column]))
}
