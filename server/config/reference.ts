// Tables of options for docs/, made from the one schema: what each is called, what it takes, what holds where
// it is left out, and what it means.
import { mustBeWritten, type SchemaNode } from './schema-node.ts'
import { kindOf } from './spoken.ts'

/** What is told once, and pointed at from wherever it may stand. */
export interface Chapter {
  /** Its heading, which is its anchor as well. */
  readonly title: string
  readonly schema: SchemaNode
  /** Others that are told by it, too. */
  readonly same?: readonly SchemaNode[]
  /** Keys that are told in chapters of their own, or nowhere. */
  readonly without?: readonly string[]
}

/** What is told on another page: its chapter there, as a link. */
export interface Elsewhere {
  readonly schema: SchemaNode
  readonly link: string
}

/** Chapters of a page, each with its table. */
export function chaptersText(chapters: readonly Chapter[], elsewhere: readonly Elsewhere[] = []): string {
  const places = new Map([
    ...elsewhere.map(({ schema, link }) => [within(schema), link] as const),
    ...chapters.flatMap(({ title, schema, same = [] }) =>
      [schema, ...same].map((one) => [within(one), `[${title}](#${anchorOf(title)})`] as const),
    ),
  ])
  return chapters.map((chapter) => chapterText(chapter, places)).join('\n\n')
}

/** A table in Markdown. */
export function tableText(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Text as a cell shows it: nothing in it is taken for Markdown, but for what stands in backticks. */
export const cellText = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part, at) => (at % 2 === 0 ? part.replace(/[*<[\]]/g, String.raw`\$&`) : part))
    .join('')
    .replaceAll('|', String.raw`\|`)

/** Links. */
type Places = ReadonlyMap<unknown, string>

/** One that may be left out, or has a description of its own, is a copy around the same. */
const within = ({ anyOf, properties }: SchemaNode): unknown => properties ?? anyOf

function chapterText({ title, schema, without = [] }: Chapter, places: Places): string {
  const isShort = schema.format === 'value-or-map' || schema.format === 'or-word'
  const map = isShort ? (schema.anyOf?.[1] ?? {}) : schema
  const short = isShort ? `In short: ${cellText(takes(schema.anyOf?.[0] ?? {}))}. As a map:\n\n` : ''
  const rows = keysOf(map, '', places, without)
  const said = cellText(schema.description ?? '')
  return `## ${title}\n\n${said}\n\n${short}${tableText(['option', 'takes', 'default', 'is'], rows)}`
}

/** A row for each key of a map, with those of the maps in it. */
function keysOf(map: SchemaNode, above: string, places: Places, without: readonly string[] = []): string[][] {
  return Object.entries(map.properties ?? {})
    .filter(([key]) => !without.includes(key))
    .flatMap(([key, schema]) => {
      const isNeeded = map.required?.includes(key) === true && mustBeWritten(schema)
      return rowsOf(`${above}${key}`, schema, { isNeeded, places })
    })
}

interface RowGround {
  readonly isNeeded: boolean
  readonly places: Places
}

function rowsOf(name: string, schema: SchemaNode, { isNeeded, places }: RowGround): string[][] {
  const inner = itemOf(schema)
  const place = places.get(within(inner)) ?? places.get(within(schema))
  const more = inner.format === undefined ? inner : (inner.anyOf?.[1] ?? {})
  const nested = place === undefined && more.properties !== undefined
  const own = [
    `\`${name}\``,
    place === undefined ? cellText(takes(schema)) : `${aroundOf(schema)}${place}`,
    isNeeded ? 'must be written' : defaultText(schema),
    cellText(schema.description ?? ''),
  ]
  return nested ? [own, ...keysOf(more, `${name}${suffixOf(schema)}.`, places)] : [own]
}

/** What a list or a map with any keys holds. */
function itemOf(schema: SchemaNode): SchemaNode {
  if (schema.format === 'one-or-more') return itemOf(schema.anyOf?.[0] ?? {})
  if (schema.type === 'array') return itemOf(schema.items ?? {})
  return schema.additionalProperties ? itemOf(schema.additionalProperties) : schema
}

function suffixOf(schema: SchemaNode): string {
  if (schema.type === 'array' || schema.format === 'one-or-more') return '[]'
  return schema.additionalProperties ? '.NAME' : ''
}

function aroundOf(schema: SchemaNode): string {
  if (schema.type === 'array') return 'a list of '
  if (schema.format === 'one-or-more') return 'one or a list of '
  return schema.additionalProperties ? 'a map, by name, of ' : ''
}

/** Headings as GitHub makes anchors of them. */
const anchorOf = (title: string): string => title.toLowerCase().replaceAll(' ', '-')

/** What may be written, bounds included. */
function takes(schema: SchemaNode): string {
  const { type, minimum, maximum, minItems = 0, maxItems } = schema
  if (schema.format === 'or-word') return `\`${String(schema.anyOf?.[0]?.const)}\`, or a map`
  if (schema.format === 'value-or-map') return `${takes(schema.anyOf?.[0] ?? {})}; or a map`
  if (schema.format === 'one-or-more') return `${takes(schema.anyOf?.[0] ?? {})}; or a list of such`
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(', ')
  if (schema.additionalProperties) return `a map, by name: ${takes(schema.additionalProperties)}`
  if (type === 'array') {
    const count =
      maxItems === undefined ? (minItems > 0 ? `${minItems} or more` : '') : `${minItems} to ${maxItems}`
    return `a list${count === '' ? '' : ` of ${count}`}: ${takes(schema.items ?? {})}`
  }
  if ((type === 'integer' || type === 'number') && (minimum === undefined) !== (maximum === undefined))
    return `${kindOf({ type })} of at ${minimum === undefined ? `most ${maximum}` : `least ${minimum}`}`
  return PLAIN[schema.format ?? ''] ?? kindOf(schema).replace(/, such as .*$/, '')
}

/** Where what is allowed says less, or more, than what it is. */
const PLAIN: Readonly<Record<string, string>> = {
  name: 'a name',
  regex: 'a regular expression',
  'safe-regex': 'a regular expression',
}

function defaultText(schema: SchemaNode): string {
  const { default: value } = schema
  if (Array.isArray(value)) return value.map((one) => `\`${String(one)}\``).join(', ')
  if (value === undefined || (typeof value === 'object' && value !== null)) return ''
  return cellText(value === '' ? '`""`' : `\`${String(value)}\``)
}
