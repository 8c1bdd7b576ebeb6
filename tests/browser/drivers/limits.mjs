// One job: name what a driver cannot do, with what it says. A test that meets one of these is skipped and
// says so; with CI=true any other skip is a failure. docs/engines.md lists them (a test compares).

export const limits = {
  firefox: {
    sleep: 'WebDriver BiDi has no command that freezes a page',
  },
  webkit: {
    narrow: 'MiniBrowser keeps its window at least 447 px wide',
    sleep: 'WebDriver has no command that freezes a page',
  },
}
