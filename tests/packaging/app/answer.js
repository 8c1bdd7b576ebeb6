// What every fixture computes: orders in, the same numbers out, over any entry of the package.

const CSV = 'buyer,paid_at,paid\nA1,2025-01-05,10.50\nB2,2025-05-29,120.00\nA1,2025-05-28,4.00\n'

/** The same with a customer in GB18030, whose decoding is loaded when it is needed. */
const GBK = Uint8Array.from([...new TextEncoder().encode(CSV), 0xd5, 0xc5, 0xc8, 0xfd, ...new TextEncoder().encode(',2025-05-30,1\n')])
/** Columns in memory, whose reading is loaded too. */
const COLUMNS = { columns: { customer: ['A1', 'A1', 'B2'], time: Float64Array.of(0, 1, 2) } }

export const EXPECTED = { customers: ['A1', 'B2'], revenue: '134.50', rows: 3, parts: ['gb18030', 3, 2] }

export async function answer({ open }, options) {
  const siyu = await open(options)
  try {
    const roles = { customer: 'buyer', time: 'paid_at', amount: 'paid' }
    const table = await siyu.read(new Blob([CSV]), { roles })
    const { totals, customers } = await siyu.rfm(table, { at: '2025-06-01' })
    const { quality } = await siyu.read(GBK, { roles })
    const parts = [quality.encoding, quality.customers, (await siyu.read(COLUMNS)).customers]
    return { customers: customers.column('customer'), revenue: totals.revenueText, rows: table.rows, parts }
  } finally {
    siyu.close()
  }
}
