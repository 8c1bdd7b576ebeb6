// Shapes of the package's answers that the page reads with care: every field that an answer may lack has an empty value here.
import type { Guess, Quality } from 'siyu'
import { choicesOf, type Choice, type Option } from './reading'

export type Issue = Quality['issues'][number]

/** A choice that would make cells readable that were left out. */
export interface Remedy {
  choices: Choice[]
  /** How many of the rows left out it would bring back. */
  rows: number
}

/** A choice that the values suggest. */
export interface Proposal {
  choices: Choice[]
  /** Another that fits them as well; empty if there is none. */
  rival: Choice[]
  confidence: number
}

/** What the page does not know how to show is not offered. */
const known = (one: { choices: Choice[] }) => one.choices.length > 0

export const remediesOf = (issue: Issue): Remedy[] => issue.remedies.map(({ option, value, rows }) => ({ choices: choicesOf(option, value), rows })).filter(known)

export const proposalsOf = (guess: Guess | null): Proposal[] =>
  (guess?.proposals ?? [])
    .map(({ option, value, rival, confidence }) => ({ choices: choicesOf(option, value), rival: rival === null ? [] : choicesOf(option, rival), confidence }))
    .filter(known)

/** The sheet of a workbook that was read; empty for other files. */
export const sheetOf = (quality: Quality | null): string => quality?.sheet ?? ''

export interface PlacedRow {
  file: number
  row: number
  cells: string[]
}

/** What the package at hand takes; the page offers nothing else. */
export const ENGINE = {
  formats: ['csv', 'tsv', 'json', 'ndjson', 'xlsx'] as readonly string[],
  options: ['format', 'sheet', 'encoding', 'delimiter', 'decimal', 'units', 'accounting', 'dates.order', 'dates.serial', 'dates.epoch', 'dates.pivot', 'duplicates'] as readonly Option[],
}
