// Fields of a backend in panels: what belongs together stands together, each with its words from the schema.
import type { ComponentChildren } from 'preact'
import { at, type JsonMap } from '../../data/merge.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { useConfigSchema } from '../../data/use-config-schema.ts'
import { Button } from '../../parts/button.tsx'
import { SwitchField } from '../../parts/controls.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import type { Fields, Schema } from '../../parts/schema-fields.ts'
import { SchemaForm } from '../../parts/schema-form.tsx'
import { Tag } from '../../parts/status.tsx'
import css from './config-panels.module.css'
import type { BackendResource } from './backend-fields.ts'
import { errorsBelow, wrongWords } from './tried-words.ts'
import type { DraftOf } from './use-draft-of.ts'

export interface PanelRow {
  readonly title: string
  /** A switch before its fields, by which the map is there or not: what it does when on. */
  readonly turns?: string
  /** What stands in place of the map where it is off; left out: nothing does. */
  readonly off?: false
  /** Where the map is that the fields are in; left out: the backend itself. */
  readonly under?: readonly string[]
  readonly only: readonly string[]
  readonly about?: ComponentChildren
}

export interface ConfigTabProps {
  readonly resource: BackendResource
  readonly draft: DraftOf
  readonly children: ComponentChildren
}

/** A tab of fields: what is in the draft is told above them. */
export function ConfigTab({ resource, draft, children }: ConfigTabProps) {
  return (
    <div class={css.tab}>
      <Drafted backend={resource.id} draft={draft} />
      {children}
    </div>
  )
}

export interface ConfigPanelsProps {
  readonly draft: DraftOf
  readonly panels: readonly PanelRow[]
  /** Panels made by hand, before the others. */
  readonly children?: ComponentChildren
}

export function ConfigPanels({ draft, panels, children }: ConfigPanelsProps) {
  const schema = useConfigSchema('backend').value
  if (schema === null) return <Loading lines={8} />
  return (
    <div class={css.panels}>
      {children}
      {panels.map((panel) => (
        <FieldsPanel key={panel.title} {...{ schema, panel, draft }} />
      ))}
    </div>
  )
}

interface FieldsPanelProps {
  readonly schema: Schema
  readonly panel: PanelRow
  readonly draft: DraftOf
}

function FieldsPanel({ schema, panel, draft }: FieldsPanelProps) {
  const { under = [], only, about, title, turns, off = null } = panel
  const inner = under.reduce<Schema>((now, name) => oneOf(now.properties?.[name] ?? {}), schema)
  const of = (value: JsonMap): Fields => fieldsAt(at(value, under))
  const written = at(draft.value, under)
  const isOn = turns === undefined || (off === false ? written !== false : written !== undefined)
  const patch = (value: unknown): JsonMap =>
    under.reduceRight<unknown>((inside, name) => ({ [name]: inside }), value) as JsonMap
  return (
    <Panel title={title}>
      {turns !== undefined && (
        <div class={css.turns}>
          <SwitchField
            value={isOn}
            words={turns}
            isDisabled={!can('edit')}
            onInput={(next) => draft.put(patch(next ? {} : off))}
          />
        </div>
      )}
      {about !== undefined && <p class={css.about}>{about}</p>}
      {isOn && <FieldsOf {...{ inner, only, of, draft, under, patch }} />}
    </Panel>
  )
}

interface FieldsOfProps {
  readonly inner: Schema
  readonly only: readonly string[]
  readonly of: (value: JsonMap) => Fields
  readonly draft: DraftOf
  readonly under: readonly string[]
  readonly patch: (value: unknown) => JsonMap
}

function FieldsOf({ inner, only, of, draft, under, patch }: FieldsOfProps) {
  return (
    <SchemaForm
      schema={inner}
      only={only}
      value={of(draft.value)}
      was={of(draft.configured)}
      errors={errorsBelow(draft.tried.errors, under)}
      isDisabled={!can('edit')}
      onPatch={(fields) => draft.put(patch(fields))}
    />
  )
}

/** What is written in short (true, false) has no fields. */
const fieldsAt = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}

/** Of one or several: one of them; of a word or a map: the map. */
const oneOf = (schema: Schema): Schema =>
  schema.type === 'array'
    ? (schema.items ?? {})
    : (schema.anyOf?.find(({ type }) => type === 'object') ?? schema)

/** Says that fields of this backend are in the draft, and that nothing of it runs. */
function Drafted({ backend, draft }: { readonly backend: string; readonly draft: DraftOf }) {
  if (!can('edit'))
    return (
      <p class={css.right}>
        <Tag>read only</Tag> Changing {backend} needs the role editor.
      </p>
    )
  if (!draft.isChanged) return null
  const wrong = wrongWords(draft.tried)
  return (
    <Note
      state={wrong === null ? 'draft' : 'down'}
      title={`Changes of ${backend} are in the draft`}
      actions={
        <>
          <Button size="sm" href={to('/review')}>
            Review
          </Button>
          <Button size="sm" kind="quiet" icon="undo" onPress={() => draft.discard()}>
            Take out
          </Button>
        </>
      }
    >
      {wrong ?? 'Nothing of it runs before it was reviewed and applied.'}
    </Note>
  )
}
