// A form made of a JSON Schema, for what has no form of its own. It tells only of what was changed.
import type { ComponentChildren } from 'preact'
import { AmountInput, JsonInput, ObjectsInput, PairsInput } from './schema-inputs.tsx'
import { ListField, NumberField, SelectField, SwitchField, TextField } from './controls.tsx'
import { Field } from './field.tsx'
import css from './schema-form.module.css'
import {
  beginningOf,
  type Fields,
  isSame,
  type Kind,
  kindOf,
  labelOf,
  patchOf,
  pointerOf,
  type Schema,
  shownAs,
  variantNames,
  variantOf,
} from './schema-fields.ts'

export interface SchemaFormProps {
  /** Of an object. */
  readonly schema: Schema
  readonly value: Fields
  /** What is configured, where the value is a draft: fields that differ say what they were. */
  readonly was?: Fields | undefined
  /** By JSON pointer from the value: `/health_check/interval`. */
  readonly errors?: Readonly<Record<string, string>> | undefined
  /** Given a merge patch (RFC 7396) of what was changed, and nothing else; null takes a field away. */
  readonly onPatch: (patch: Fields) => void
  /** Only these fields, in this order. */
  readonly only?: readonly string[] | undefined
  /** All but these. */
  readonly except?: readonly string[] | undefined
  readonly isDisabled?: boolean | undefined
}

export function SchemaForm(props: SchemaFormProps) {
  const { schema, only, except = [] } = props
  const names = (only ?? Object.keys(schema.properties ?? {})).filter((name) => !except.includes(name))
  return (
    <div class={css.form}>
      {names.map((name) => (
        <Part key={name} form={props} path={[name]} schema={schema.properties?.[name] ?? {}} />
      ))}
    </div>
  )
}

interface PartProps {
  readonly form: SchemaFormProps
  readonly path: readonly string[]
  readonly schema: Schema
}

/** What stands at a path below an object; undefined where nothing does. */
const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => (inner as Fields | null | undefined)?.[name], value)

function Part({ form, path, schema }: PartProps) {
  const value = at(form.value, path)
  const kind = kindOf(schema, value)
  if (kind.is === 'object') return <Group form={form} path={path} schema={kind.schema} described={schema} />
  if (kind.is === 'variants')
    return <Variants form={form} path={path} schema={schema} variants={kind.schemas} />
  return <One form={form} path={path} schema={schema} kind={kind} />
}

function Group({ form, path, schema, described }: PartProps & { readonly described: Schema }) {
  const error = form.errors?.[pointerOf(path)]
  return (
    <fieldset class={css.group}>
      <legend>{labelOf(path.at(-1) ?? '', described)}</legend>
      {described.description !== undefined && <p class={css.about}>{described.description}</p>}
      {error !== undefined && <p class={css.error}>{error}</p>}
      <div class={css.form}>
        {Object.entries(schema.properties ?? {}).map(([name, inner]) => (
          <Part key={name} form={form} path={[...path, name]} schema={inner} />
        ))}
      </div>
    </fieldset>
  )
}

/** One of several shapes: which, and then its fields. */
function Variants({ form, path, schema, variants }: PartProps & { readonly variants: readonly Schema[] }) {
  const value = at(form.value, path)
  const chosen = variantOf(variants, value)
  const inner = variants[chosen] ?? {}
  // By the name of the field: which shape it has is said just above.
  const about = { description: schema.description, default: schema.default }
  const described = { ...about, ...inner, title: schema.title }
  const names = variantNames(variants)
  const label = labelOf(path.at(-1) ?? '', schema)
  // A field of its own follows for a text or a number: two of one name nobody tells apart.
  const isAlone = variants.every(({ const: word, type }) => word !== undefined || type === 'object')
  const pick = (name: string): void => {
    const next = variants[names.indexOf(name)] ?? {}
    form.onPatch(patchOf(path, beginningOf(next)))
  }
  return (
    <div class={css.variants}>
      <Field label={isAlone ? label : `${label}: written as`} help={isAlone ? schema.description : undefined}>
        <SelectField
          options={names}
          value={value === undefined ? '' : (names[chosen] ?? '')}
          placeholder="not set"
          isDisabled={form.isDisabled}
          onInput={pick}
        />
      </Field>
      {value !== undefined && inner.const === undefined && (
        <Part form={form} path={path} schema={described} />
      )}
    </div>
  )
}

function One({ form, path, schema, kind }: PartProps & { readonly kind: Kind }) {
  const value = at(form.value, path)
  const before = at(form.was, path)
  const isChanged = form.was !== undefined && !isSame(value, before)
  const isGroup = kind.is === 'texts' || kind.is === 'pairs' || kind.is === 'objects'
  return (
    <Field
      label={labelOf(path.at(-1) ?? '', schema)}
      right={defaultWords(schema.default)}
      help={schema.description}
      error={errorAt(form.errors, path)}
      unit={kind.is === 'number' ? schema.unit : undefined}
      was={isChanged ? shownAs(before) : undefined}
      isGroup={isGroup}
    >
      <Input
        kind={kind}
        schema={schema}
        value={value}
        isDisabled={form.isDisabled === true || schema.readOnly === true}
        onInput={(next) => form.onPatch(patchOf(path, next))}
      />
    </Field>
  )
}

/** What stands beside a label has little room. */
const DEFAULT_MAX = 40

/** “default 30s”, “default none”; of a long list how long it is: its beginning is in the field. */
function defaultWords(value: unknown): string | undefined {
  if (value === undefined) return undefined
  const said = shownAs(value)
  if (said === 'default') return said
  if (said === '') return Array.isArray(value) ? 'default none' : 'default'
  return Array.isArray(value) && said.length > DEFAULT_MAX
    ? `default ${value.length} of them`
    : `default ${said}`
}

/** The error of this field, or of what is in it where it has no fields of its own. */
function errorAt(errors: SchemaFormProps['errors'], path: readonly string[]): string | undefined {
  const pointer = pointerOf(path)
  const found = Object.entries(errors ?? {}).find(([at]) => at === pointer || at.startsWith(`${pointer}/`))
  return found?.[1]
}

interface InputProps {
  readonly kind: Kind
  readonly schema: Schema
  readonly value: unknown
  readonly isDisabled: boolean
  /** Undefined: not set any more. */
  readonly onInput: (value: unknown) => void
}

function Input({ kind, schema, value, isDisabled, onInput }: InputProps): ComponentChildren {
  const text = typeof value === 'string' ? value : ''
  const placeholder = schema.default === undefined ? undefined : shownAs(schema.default)
  const shared = { isDisabled, placeholder }
  const put = (next: string): void => onInput(next === '' ? undefined : next)
  switch (kind.is) {
    case 'switch':
      return (
        <SwitchField
          {...shared}
          value={value === undefined ? schema.default === true : value === true}
          onInput={onInput}
        />
      )
    case 'choice':
      return <SelectField {...shared} options={choicesOf(kind.words, schema)} value={text} onInput={put} />
    case 'number':
      return (
        <NumberField
          {...shared}
          least={schema.minimum}
          most={schema.maximum}
          step={schema.multipleOf ?? (kind.isInteger ? 1 : 'any')}
          value={typeof value === 'number' ? value : null}
          onInput={(next) => onInput(next ?? undefined)}
        />
      )
    case 'amount':
      return <AmountInput {...shared} of={kind.of} schema={schema} value={value} onInput={onInput} />
    case 'text':
      return <TextField {...shared} isMono={schema.format !== undefined} value={text} onInput={put} />
    case 'texts':
      return (
        <ListField
          {...shared}
          value={value === undefined ? [] : [value].flat().map(String)}
          onInput={(next) => onInput(next.length === 0 ? undefined : next)}
        />
      )
    case 'pairs':
      return (
        <PairsInput {...shared} value={(value ?? {}) as Readonly<Record<string, string>>} onInput={onInput} />
      )
    case 'objects':
      return (
        <ObjectsInput
          {...shared}
          form={(item, onPatch) => (
            <SchemaForm schema={kind.item} value={item} isDisabled={isDisabled} onPatch={onPatch} />
          )}
          value={(value ?? []) as readonly Fields[]}
          onInput={onInput}
        />
      )
    default:
      return <JsonInput {...shared} value={value} onInput={onInput} />
  }
}

const choicesOf = (words: readonly string[], schema: Schema) => [
  // Taken away again: what is not set is the default.
  { value: '', label: schema.default === undefined ? 'not set' : `default (${shownAs(schema.default)})` },
  ...words.map((value) => ({ value })),
]
