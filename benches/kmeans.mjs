// One job: k-means against scikit-learn, natively and on one thread: 1 M rows of 8 columns, 8 clusters, the
// same start and the same number of passes. Each side is a process of its own, in turn, and times its fit in
// CPU time after a warm-up.
//
//   SIYU_PYTHON=/path/to/python node benches/kmeans.mjs     a Python with scikit-learn; default python3
//
// Without scikit-learn our own time is told, and no ratio.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { environment, root } from '../.ci/steps.mjs'
import { SEED } from './data.mjs'
import { median, report } from './measure.mjs'

const [ROWS, COLUMNS, CLUSTERS, PASSES, ROUNDS] = [1_000_000, 8, 8, 20, 5]

const cargo = ['build', '--locked', '--quiet', '--release', '--example', 'kmeans_speed']
execFileSync('cargo', cargo, { cwd: root, env: environment(), stdio: 'inherit' })
const program = join(resolve(root, process.env.CARGO_TARGET_DIR ?? 'target'), 'release', 'examples', 'kmeans_speed')
const python = process.env.SIYU_PYTHON ?? 'python3'
// One thread for whatever the linear algebra is built with.
const alone = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }

const folder = mkdtempSync(join(tmpdir(), 'siyu-bench-'))
try {
  const file = join(folder, 'rows.f64')
  execFileSync(program, ['data', file, ROWS, COLUMNS, SEED].map(String))
  const shape = [file, COLUMNS, CLUSTERS, PASSES].map(String)
  const sides = {
    siyu: () => execFileSync(program, ['run', ...shape], { encoding: 'utf8' }),
    'scikit-learn': () => execFileSync(python, [join(root, 'benches', 'kmeans.py'), ...shape], { encoding: 'utf8', env: alone }),
  }
  let version = null
  try {
    version = execFileSync(python, ['-c', 'import sklearn; print(sklearn.__version__)'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    delete sides['scikit-learn']
  }
  const names = Object.keys(sides)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  const found = {}
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of round % 2 ? names.toReversed() : names) {
      found[name] = JSON.parse(sides[name]())
      times[name].push(found[name].ms)
    }
  }
  if (version) {
    const [own, peer] = names.map((name) => found[name])
    if (Math.abs(own.inertia / peer.inertia - 1) > 1e-6 || own.passes !== peer.passes) {
      throw new Error(`not the same work: ${JSON.stringify(found)}`)
    }
  }
  const value = version ? median(times.siyu) / median(times['scikit-learn']) : null
  report({
    title: 'k-means: 1 M rows × 8, 8 clusters, 20 passes, one thread',
    rows: names.map((name) => ({ name: name === 'siyu' ? 'Siyu, native' : `scikit-learn ${version}`, ms: times[name] })),
    ratios: value === null ? [] : [{ name: 'Siyu / scikit-learn, time', value, most: 1.5 }],
    notes: value === null ? ['scikit-learn is not installed here: no ratio'] : [],
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
