// What every fixture computes: orders in, the same numbers out, over any entry of the package.

const CSV = 'buyer,paid_at,paid\nA1,2025-01-05,10.50\nB2,2025-05-29,120.00\nA1,2025-05-28,4.00\n'

/** The same with a customer in GB18030, whose decoding is loaded when it is needed. */
const GBK = Uint8Array.from([...new TextEncoder().encode(CSV), 0xd5, 0xc5, 0xc8, 0xfd, ...new TextEncoder().encode(',2025-05-30,1\n')])
/** Columns in memory, whose reading is loaded too. */
const COLUMNS = { columns: { customer: ['A1', 'A1', 'B2'], time: Float64Array.of(0, 1, 2) } }

/** A workbook, whose module is fetched (or imported) when it is needed. */
const WORKBOOK = 'UEsDBBQAAAgIAAAAAAD+W4ZyigAAAPAAAAALAAAAX3JlbHMvLnJlbHONz0EOwiAQheGrkDlAp7pwYaArN92aXgDpFJoCQ4BGvL3baly4f/lefnknr+vKsbg1FdGCj0WBqzVdEYtxFHTpOFFswS+cg66l42wxabNpS3ju+wvmowGDPJpinBXkcT6BmF6J/rF5WVZDNzZ7oFh/XHwtQEw6W6oKmscn5+3BvHUteMBB4kfg8AZQSwMEFAAACAgAAAAAAHvHOPhIAAAAWwAAAA8AAAB4bC93b3JrYm9vay54bWyzKc8vyk7Kz89WqMjNySu2KrJVKlKysynOSE0tKYbSCnmJuam2SsFKCmCuZ4qtkqGSQpFVZoqtUpFniqGSvp2NPkyHPsxAOwBQSwMEFAAACAgAAAAAALFxid+uAAAA/QEAABoAAAB4bC9fcmVscy93b3JrYm9vay54bWwucmVsc62RPQqDQBCFryJ7AEdTpAhqFQK20QssOrri/rEzIXr7gJBEQUIKq+G94nsfTHZHLXlwltTgKZqMtpQLxewvANQoNJJi59FORncuGMkUu9CDl80oe4RTkpwhrBmiyNbMqGxzEco2FVE9e/yH7bpuaPDqmodByzsT8HRhJIXIIqpl6JFz8akIlpPGk9EC9mWqI2VIyYBtxWGwPX2FNvUvmduhMjxrXFss+T0Pm28XL1BLAwQUAAAICAAAAAAA/alSSDQAAABRAAAADQAAAHhsL3N0eWxlcy54bWyzKS6pzEkNzkhNLbGzSU7NyYlIK7azqUhTyCvNdcst8UyxVTJQ0kcTMTICCenDlesjGQIAUEsDBBQAAAgIAAAAAADJjnYDuwAAAKwBAAAYAAAAeGwvd29ya3NoZWV0cy9zaGVldDEueG1sbdF9CoMgHIDhq4QH6GdaFsOEfVxEmltjmaFSHX+shpjMv8RXeUT5Yuzb9Ur5bNXD6FrUez+dAFzXKy1dbiY1rnp4GKuld7mxT3CTVfK+HdIDEIwZaPkakeDb2k16Kbg1S2ZbVCDBu+/kXKDMt8ghwWeBOcyCQ/drl7gVx3aNGwkNrFkCQgJCos00QQjK3H6hWZQVYySByM7jvPqv0KDQSCkThR6UBrOc1jVu6DYSke4iwQkI0TtC+CDxAVBLAwQUAAAICAAAAAAAHHeS/E4AAADcAAAAFAAAAHhsL3NoYXJlZFN0cmluZ3MueG1ssykuLrGzKc60sylRqMjNsSouSExOtVUqKEotTi0qS1WySyqtTC2y0S+xs9EHqcKjsiAxMyU+sYRotUQpdDQkStnTPQue7OhEKNUHeQsAUEsBAhQAFAAACAgAAAAAAP5bhnKKAAAA8AAAAAsAAAAAAAAAAAAAAAAAAAAAAF9yZWxzLy5yZWxzUEsBAhQAFAAACAgAAAAAAHvHOPhIAAAAWwAAAA8AAAAAAAAAAAAAAAAAswAAAHhsL3dvcmtib29rLnhtbFBLAQIUABQAAAgIAAAAAACxcYnfrgAAAP0BAAAaAAAAAAAAAAAAAAAAACgBAAB4bC9fcmVscy93b3JrYm9vay54bWwucmVsc1BLAQIUABQAAAgIAAAAAAD9qVJINAAAAFEAAAANAAAAAAAAAAAAAAAAAA4CAAB4bC9zdHlsZXMueG1sUEsBAhQAFAAACAgAAAAAAMmOdgO7AAAArAEAABgAAAAAAAAAAAAAAAAAbQIAAHhsL3dvcmtzaGVldHMvc2hlZXQxLnhtbFBLAQIUABQAAAgIAAAAAAAcd5L8TgAAANwAAAAUAAAAAAAAAAAAAAAAAF4DAAB4bC9zaGFyZWRTdHJpbmdzLnhtbFBLBQYAAAAABgAGAIEBAADeAwAAAAA='

export const EXPECTED = { customers: ['A1', 'B2'], revenue: '134.50', rows: 3, parts: ['gb18030', 3, 2, 'xlsx', '130.5'] }

export async function answer({ open }, options) {
  const siyu = await open(options)
  try {
    const roles = { customer: 'buyer', time: 'paid_at', amount: 'paid' }
    const table = await siyu.read(new Blob([CSV]), { roles })
    const { totals, customers } = await siyu.rfm(table, { at: '2025-06-01' })
    const { quality } = await siyu.read(GBK, { roles })
    const workbook = await siyu.read(Uint8Array.from(atob(WORKBOOK), (letter) => letter.charCodeAt(0)), { roles })
    const parts = [quality.encoding, quality.customers, (await siyu.read(COLUMNS)).customers, workbook.quality.format, workbook.quality.amount.sum]
    return { customers: customers.column('customer'), revenue: totals.revenueText, rows: table.rows, parts }
  } finally {
    siyu.close()
  }
}
