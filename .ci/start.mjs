// One job: from a fresh clone to the dashboard in the browser. Installs what is missing, builds what
// changed, serves the result and prints its address. Arguments go to the server (`--port 8080`).

import { duration, main, run } from './steps.mjs'
import { buildDashboard, buildPackage, prepare } from './build.mjs'

await main(async () => {
  const started = Date.now()
  console.log('Siyu: installing what is missing, building what changed, then serving the dashboard.')
  await prepare()
  await buildPackage()
  await buildDashboard()
  console.log(`\nReady after ${duration(Date.now() - started)}. Stop the server with Ctrl+C.`)
  await run(process.execPath, ['www/serve.mjs', ...process.argv.slice(2)])
})
