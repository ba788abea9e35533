/** Rows under a head, in columns as wide as their widest cell; columns of numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const columns = head.map((name, column) => {
    const cells = rows.map((row) => row[column] ?? '')
    const isNumeric = cells.length > 0 && cells.every((cell) => typeof cell === 'number')
    const texts = [name, ...cells.map(String)]
    const width = texts.reduce((most, { length }) => Math.max(most, length), 0)
    return texts.map((text) => (isNumeric ? text.padStart(width) : text.padEnd(width)))
  })
  const lines = Array.from({ length: rows.length + 1 }, (_, line) =>
    columns.map((texts) => texts[line] ?? ''),
  )
  return lines.map((cells) => `${cells.join('  ').trimEnd()}\n`).join('')
}
