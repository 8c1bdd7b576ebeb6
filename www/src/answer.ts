// The parts that show what was read and what came out, as one piece that is fetched with the first file.
export { default as QualityReport } from './parts/QualityReport.svelte'
export { default as Refused } from './parts/Refused.svelte'
export { default as Segments } from './parts/Segments.svelte'
export { default as Take } from './parts/Take.svelte'
