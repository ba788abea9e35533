// The part of JSON Schema (draft-07) that config/schema.json uses, so that tests can hold files against it.

type Schema = { readonly [key: string]: unknown }

/** Whether a value fits a schema; `root` holds the definitions. */
export function fits(value: unknown, schema: Schema, root: Schema = schema): boolean {
  for (const [key, rule] of Object.entries(schema)) {
    const check = KEYWORDS[key]
    if (check === undefined && !SILENT.has(key)) throw new Error(`unknown keyword ${key}`)
    if (check && !check(value, rule, root, schema)) return false
  }
  return true
}

const SILENT = new Set([
  '$schema',
  'title',
  'description',
  'default',
  'examples',
  'definitions',
  'then',
  'else',
])

type Check = (value: unknown, rule: unknown, root: Schema, schema: Schema) => boolean

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const sub = (schema: unknown): Schema => schema as Schema
const whenText =
  (check: (text: string, rule: string | number) => boolean): Check =>
  (value, rule) =>
    typeof value !== 'string' || check(value, rule as string | number)
const whenNumber =
  (check: (number: number, rule: number) => boolean): Check =>
  (value, rule) =>
    typeof value !== 'number' || check(value, rule as number)

function isOfType(value: unknown, type: unknown): boolean {
  if (type === 'object') return isMap(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

const KEYWORDS: Readonly<Record<string, Check>> = {
  $ref: (value, rule, root) => {
    let target: unknown = root
    for (const step of String(rule).slice(2).split('/')) target = isMap(target) ? target[step] : undefined
    if (!isMap(target)) throw new Error(`nothing at ${String(rule)}`)
    return fits(value, target, root)
  },
  if: (value, rule, root, schema) =>
    fits(value, sub(rule), root)
      ? fits(value, sub(schema['then'] ?? {}), root)
      : fits(value, sub(schema['else'] ?? {}), root),
  allOf: (value, rule, root) => (rule as Schema[]).every((one) => fits(value, one, root)),
  anyOf: (value, rule, root) => (rule as Schema[]).some((one) => fits(value, one, root)),
  type: (value, rule) => (Array.isArray(rule) ? rule : [rule]).some((type) => isOfType(value, type)),
  const: (value, rule) => value === rule,
  enum: (value, rule) => (rule as unknown[]).includes(value),
  pattern: whenText((text, rule) => new RegExp(String(rule)).test(text)),
  minLength: whenText((text, rule) => text.length >= Number(rule)),
  maxLength: whenText((text, rule) => text.length <= Number(rule)),
  minimum: whenNumber((number, rule) => number >= rule),
  maximum: whenNumber((number, rule) => number <= rule),
  minItems: (value, rule) => !Array.isArray(value) || value.length >= Number(rule),
  maxItems: (value, rule) => !Array.isArray(value) || value.length <= Number(rule),
  uniqueItems: (value, rule) =>
    !Array.isArray(value) || rule !== true || new Set(value).size === value.length,
  minProperties: (value, rule) => !isMap(value) || Object.keys(value).length >= Number(rule),
  maxProperties: (value, rule) => !isMap(value) || Object.keys(value).length <= Number(rule),
  items: (value, rule, root) => !Array.isArray(value) || value.every((item) => fits(item, sub(rule), root)),
  required: (value, rule) => !isMap(value) || (rule as string[]).every((key) => Object.hasOwn(value, key)),
  propertyNames: (value, rule, root) =>
    !isMap(value) || Object.keys(value).every((key) => fits(key, sub(rule), root)),
  properties: (value, rule, root) =>
    !isMap(value) ||
    Object.entries(sub(rule)).every(
      ([key, one]) => !Object.hasOwn(value, key) || fits(value[key], sub(one), root),
    ),
  patternProperties: (value, rule, root) =>
    !isMap(value) ||
    Object.entries(sub(rule)).every(([pattern, one]) =>
      Object.keys(value).every((key) => !new RegExp(pattern).test(key) || fits(value[key], sub(one), root)),
    ),
  additionalProperties: (value, rule, root, schema) => {
    if (!isMap(value)) return true
    const known = sub(schema['properties'] ?? {})
    const patterns = Object.keys(sub(schema['patternProperties'] ?? {})).map((pattern) => new RegExp(pattern))
    const isKnown = (key: string): boolean =>
      Object.hasOwn(known, key) || patterns.some((one) => one.test(key))
    const others = Object.keys(value).filter((key) => !isKnown(key))
    return rule === false ? others.length === 0 : others.every((key) => fits(value[key], sub(rule), root))
  },
}
