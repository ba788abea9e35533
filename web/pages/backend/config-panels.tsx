// Fields of a backend in panels: what belongs together stands together, each with its words from the schema.
import type { ComponentChildren } from 'preact'
import { at, type JsonMap } from '../../data/merge.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { useConfigSchema } from '../../data/use-config-schema.ts'
import { Button } from '../../parts/button.tsx'
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
  const { under = [], only, about, title } = panel
  const inner = under.reduce<Schema>((now, name) => oneOf(now.properties?.[name] ?? {}), schema)
  const of = (value: JsonMap): Fields => (at(value, under) ?? {}) as Fields
  return (
    <Panel title={title}>
      {about !== undefined && <p class={css.about}>{about}</p>}
      <SchemaForm
        schema={inner}
        only={only}
        value={of(draft.value)}
        was={of(draft.configured)}
        errors={errorsBelow(draft.tried.errors, under)}
        isDisabled={!can('edit')}
        onPatch={(patch) =>
          draft.put(under.reduceRight<JsonMap>((inside, name) => ({ [name]: inside }), patch))
        }
      />
    </Panel>
  )
}

/** Of one or several: one of them. */
const oneOf = (schema: Schema): Schema => (schema.type === 'array' ? (schema.items ?? {}) : schema)

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
