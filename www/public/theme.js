// Runs before the first paint, so that a chosen theme does not flash. The only thing stored is this choice
// and the language; neither says anything about a customer.
try {
  const theme = localStorage.getItem('siyu.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage may be forbidden: then the system's preference holds.
}
