// What every fixture computes: orders in, the same numbers out, over any entry of the package.

const CSV = 'buyer,paid_at,paid\nA1,2025-01-05,10.50\nB2,2025-05-29,120.00\nA1,2025-05-28,4.00\n'

export const EXPECTED = { customers: ['A1', 'B2'], revenue: '134.50', rows: 3 }

export async function answer({ open }, options) {
  const siyu = await open(options)
  try {
    const roles = { customer: 'buyer', time: 'paid_at', amount: 'paid' }
    const table = await siyu.read(new Blob([CSV]), { roles })
    const { totals, customers } = await siyu.rfm(table, { at: '2025-06-01' })
    return { customers: customers.column('customer'), revenue: totals.revenueText, rows: table.rows }
  } finally {
    siyu.close()
  }
}
