// Takes what is shown away, as a file.
import { gatewayNow } from '../../data/clock.ts'
import { Button } from '../../parts/button.tsx'
import { Menu } from '../../parts/popover.tsx'
import { csvOf, ndjsonOf } from './export-text.ts'

export interface ExportMenuProps<Row> {
  /** `requests`: the begin of the file's name. */
  readonly name: string
  readonly rows: readonly Row[]
  /** Columns of the CSV. */
  readonly fields: readonly (readonly [name: string, value: (row: Row) => unknown])[]
}

export function ExportMenu<Row>({ name, rows, fields }: ExportMenuProps<Row>) {
  const why = rows.length === 0 ? 'nothing is shown' : null
  return (
    <Menu
      label="Export what is shown"
      anchor={(opener) => <Button kind="quiet" icon="download" label="Export NDJSON or CSV" {...opener} />}
      items={[
        {
          label: `NDJSON, ${rows.length} with all fields`,
          disabledWhy: why,
          onPress: () => save(`${name}.ndjson`, 'application/x-ndjson', ndjsonOf(rows)),
        },
        {
          label: `CSV, ${rows.length}`,
          disabledWhy: why,
          onPress: () => save(`${name}.csv`, 'text/csv', csvOf(rows, fields)),
        },
      ]}
    />
  )
}

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  const [stem, kind] = [name.replace(/\.\w+$/, ''), name.split('.').at(-1)]
  link.download = `${stem}-${new Date(gatewayNow()).toISOString().slice(0, 19).replaceAll(':', '')}.${kind}`
  link.href = url
  link.click()
  // Browsers read it after the click; a minute is long enough for any of them.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
