// A classic worker, the only kind that has importScripts.
addEventListener('message', ({ data }) => {
  const tried = data.wheres.map(({ http }) => {
    try {
      importScripts(http)
      return 'tried'
    } catch (error) {
      return error.name
    }
  })
  postMessage({ tried })
})
