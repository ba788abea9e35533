// What admin.* of the config says and what of it takes effect, a row each.

export interface AccessRow {
  readonly name: string
  readonly help: string
  /** Null: the file does not say; the default holds. */
  readonly written: string | null
  readonly effective: string
}

/** It has no default that would hold. */
export const NOT_USED = 'not used'

interface FieldSchema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, FieldSchema>>
  readonly anyOf?: readonly FieldSchema[]
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `schema`: of the whole config. */
export function accessRows(schema: unknown, written: unknown, effective: unknown): readonly AccessRow[] {
  const fields = fieldsOf(schema as Schema)
  const [said, holds] = [isFields(written) ? written : {}, isFields(effective) ? effective : {}]
  const names = new Set([...Object.keys(fields), ...Object.keys(said), ...Object.keys(holds)])
  return [...names].map((name) => ({
    name,
    help: fields[name]?.description ?? '',
    written: name in said ? shown(said[name]) : null,
    effective: name in holds ? shown(holds[name]) : NOT_USED,
  }))
}

/** Of the long form of configs. */
interface Schema {
  readonly definitions?: { readonly long?: FieldSchema }
}

/** `admin` may also be false: of its shapes the one that has fields. */
function fieldsOf({ definitions }: Schema): Readonly<Record<string, FieldSchema>> {
  const admin = definitions?.long?.properties?.['admin']
  const shapes = admin === undefined ? [] : [admin, ...(admin.anyOf ?? [])]
  return shapes.find(({ properties }) => properties !== undefined)?.properties ?? {}
}

export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'not set'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(shown).join(', ')
  return isFields(value)
    ? Object.entries(value)
        .map(([name, one]) => `${name}: ${shown(one)}`)
        .join(', ')
    : String(value)
}

/** The line of `admin:` in a text of YAML or TOML; 0: it is not there. */
export const adminLine = (text: string): number =>
  text.split('\n').findIndex((line) => /^(?:["']?admin["']?\s*[:=]|\[admin\b)/.test(line)) + 1
