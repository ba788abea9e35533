// Fields that are told on, but for some of them.
import { FIELD_INTS, Fields } from './fields.ts'

const CRLF = Buffer.from('\r\n')

/** What is left of these without those of the names, in lower case; null: nothing. */
export function withoutFields(fields: Fields, names: ReadonlySet<string>): Fields | null {
  const lines: Buffer[] = []
  for (let f = 0; f < fields.count; f++)
    if (!names.has(fields.name(f).toLowerCase()))
      lines.push(fields.bytes.subarray(fields.at[f * FIELD_INTS], fields.lineEnd(f)))
  if (lines.length === fields.count) return fields
  if (lines.length === 0) return null
  const bytes = Buffer.concat([...lines, CRLF])
  const left = new Fields()
  left.scan(bytes, 0, bytes.length, lines.length)
  return left
}
