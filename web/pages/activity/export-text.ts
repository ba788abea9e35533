// What is shown, as a text to take away: a line of JSON for each, or CSV (RFC 4180).

export const ndjsonOf = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('')

type Fields<Row> = readonly (readonly [name: string, value: (row: Row) => unknown])[]

export function csvOf<Row>(rows: readonly Row[], fields: Fields<Row>): string {
  const lines = [fields.map(([name]) => name), ...rows.map((row) => fields.map(([, value]) => value(row)))]
  return lines.map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('')
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  // A spreadsheet would take these for formulas, and what clients send is theirs.
  const plain = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
