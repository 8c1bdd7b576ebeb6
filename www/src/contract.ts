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
  confidence: number
  reason: string
}

/** What the page does not know how to show is not offered. */
const known = (one: { choices: Choice[] }) => one.choices.length > 0

export const remediesOf = (issue: Issue): Remedy[] => issue.remedies.map(({ option, value, rows }) => ({ choices: choicesOf(option, value), rows })).filter(known)

export const proposalsOf = (guess: Guess | null): Proposal[] =>
  ((guess as { proposals?: { option: string; value: unknown; confidence: number; reason: string }[] } | null)?.proposals ?? [])
    .map(({ option, value, confidence, reason }) => ({ choices: choicesOf(option, value), confidence, reason }))
    .filter(known)

/** The sheet of a workbook that was read; empty for other files. */
export const sheetOf = (quality: Quality | null): string => (quality as { sheet?: string | null } | null)?.sheet ?? ''

export interface PlacedRow {
  file: number
  row: number
  cells: string[]
}

/** What the package at hand takes; the page offers nothing else. */
export const ENGINE = {
  formats: ['csv', 'tsv', 'json', 'ndjson'] as readonly string[],
  options: ['format', 'encoding', 'delimiter', 'decimal', 'units', 'accounting', 'dates.order', 'dates.serial', 'dates.epoch', 'dates.pivot'] as readonly Option[],
}
