// One server: the three states, its fields, and what was found of it lately.
import { change, changeOf, discard, draftedOf, remove } from '../../data/draft.ts'
import type { JsonMap } from '../../data/merge.ts'
import { can } from '../../data/session.ts'
import { type ServerFields, shownAdmin, shownOperation } from '../../data/servers.ts'
import { to } from '../../data/urls.ts'
import { useTriedChange } from '../../data/use-tried-change.ts'
import { Button } from '../../parts/button.tsx'
import { Guarded } from '../../parts/empty.tsx'
import { NumberField, SwitchField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Tag } from '../../parts/status.tsx'
import { type BackendResource, checksIn } from './backend-fields.ts'
import { consequenceOf, type Scene } from './order-words.ts'
import { ServerChecks } from './server-checks.tsx'
import css from './server-drawer.module.css'
import { resourceOf, type ServerRow } from './server-rows.ts'
import { ServerStates } from './server-states.tsx'

export interface ServerDrawerProps {
  readonly scene: Scene
  readonly row: ServerRow
  readonly resource: BackendResource
  readonly onClose: () => void
}

export function ServerDrawer({ scene, row, resource, onClose }: ServerDrawerProps) {
  const { live } = row
  const shown = live === null ? null : live.admin === 'ready' ? shownOperation(live) : shownAdmin(live.admin)
  return (
    <Drawer
      title={row.id}
      tag={shown !== null && <Tag state={shown.look}>{shown.word}</Tag>}
      onClose={onClose}
      actions={row.resource !== null && <Removal scene={scene} row={row} />}
    >
      {live !== null && <ServerStates scene={scene} row={row} />}
      {row.resource !== null && <Fields scene={scene} row={row} />}
      <Guarded label="The checks">
        <ServerChecks
          backend={scene.backend}
          server={row.id}
          checks={checksIn(resource.effective.health_check)}
        />
      </Guarded>
    </Drawer>
  )
}

/** The fields that are edited: each goes into the draft, and says what it was. */
function Fields({ scene, row }: { readonly scene: Scene; readonly row: ServerRow }) {
  const own = resourceOf(scene.backend, row.id)
  const one = changeOf(own)
  const { errors } = useTriedChange(one?.op === 'update' ? one : null)
  const { resource } = row
  if (resource === null) return null
  const configured = resource.configured as unknown as JsonMap
  const value = (draftedOf(own, configured) ?? configured) as unknown as ServerFields
  const put = (patch: JsonMap): void => change(own, { etag: resource.etag, configured }, patch)
  const was = (name: keyof ServerFields, shown: string): string | undefined =>
    value[name] === resource.configured[name] ? undefined : shown
  const { place } = resource
  const isDisabled = !can('edit')
  return (
    <section class={css.fields} aria-label="In the file">
      <header class={css.head}>
        <h3>In the file</h3>
        <a class={css.place} href={to(`/config?line=${place.line}`)}>
          {place.file.split('/').at(-1)}:{place.line}
        </a>
      </header>
      <div class={css.pair}>
        <Field
          label="Weight"
          right="default 1"
          error={errors['/weight']}
          was={was('weight', String(resource.configured.weight ?? 'not set'))}
        >
          <NumberField
            isDisabled={isDisabled}
            value={value.weight ?? null}
            placeholder="1"
            least={0}
            most={1000}
            onInput={(next) => put({ weight: next })}
          />
        </Field>
        <Field
          label="Max. connections"
          right="no limit"
          error={errors['/max_connections']}
          was={was('max_connections', String(resource.configured.max_connections ?? 'not set'))}
        >
          <NumberField
            isDisabled={isDisabled}
            value={value.max_connections ?? null}
            least={1}
            most={1_000_000}
            onInput={(next) => put({ max_connections: next })}
          />
        </Field>
      </div>
      <Field label="URL" error={errors['/url']} was={was('url', resource.configured.url)}>
        <TextField
          isDisabled={isDisabled}
          isMono
          value={value.url}
          onInput={(next) => put({ url: next.trim() })}
        />
      </Field>
      <Field
        label="Name"
        right="its URL"
        error={errors['/name']}
        was={was('name', resource.configured.name ?? '')}
      >
        <TextField
          isDisabled={isDisabled}
          value={value.name ?? ''}
          onInput={(next) => put({ name: next === '' ? null : next })}
        />
      </Field>
      <Standing
        {...{ value, isDisabled, put, was }}
        error={errors['/group']}
        configured={resource.configured}
      />
      {one?.op === 'update' && <InDraft resource={own} />}
    </section>
  )
}

interface StandingProps {
  readonly value: ServerFields
  readonly configured: ServerFields
  readonly error: string | undefined
  readonly isDisabled: boolean
  readonly put: (patch: JsonMap) => void
  readonly was: (name: keyof ServerFields, shown: string) => string | undefined
}

/** When it is used beside the others. */
function Standing({ value, configured, error, isDisabled, put, was }: StandingProps) {
  return (
    <>
      <Field
        label="Priority group"
        right="default 1"
        help="Those of group 1 are used first; the next group carries what they do not."
        error={error}
        was={was('group', String(configured.group ?? 'not set'))}
      >
        <NumberField
          isDisabled={isDisabled}
          value={value.group ?? null}
          placeholder="1"
          least={1}
          most={100}
          onInput={(next) => put({ group: next })}
        />
      </Field>
      <Field label="Backup" was={was('backup', configured.backup === true ? 'on' : 'off')}>
        <SwitchField
          isDisabled={isDisabled}
          value={value.backup === true}
          words="Only while no other server is usable"
          onInput={(next) => put({ backup: next ? true : null })}
        />
      </Field>
    </>
  )
}

function InDraft({ resource }: { readonly resource: string }) {
  return (
    <div class="row">
      <Button href={to('/review')}>Review</Button>
      <Button kind="quiet" icon="undo" onPress={() => discard(resource)}>
        Take out of the draft
      </Button>
    </div>
  )
}

/** It leaves the file with the draft; what would come of that stands beside. */
function Removal({ scene, row }: { readonly scene: Scene; readonly row: ServerRow }) {
  const own = resourceOf(scene.backend, row.id)
  const { resource } = row
  if (resource === null) return null
  if (row.draft === 'goes')
    return (
      <Note
        state="draft"
        title={`${row.id} goes with the draft`}
        actions={<Button onPress={() => discard(own)}>Keep it</Button>}
      />
    )
  const told = consequenceOf(scene, new Set([row.id]), { admin: 'maintenance', endsConnections: false })
  const isLast = scene.rows.filter(({ draft }) => draft !== 'goes').length === 1
  return (
    <>
      <Button
        kind="danger"
        icon="trash"
        needs="editor"
        disabledWhy={isLast ? 'A backend has at least one server' : null}
        onPress={() =>
          remove(own, { etag: resource.etag, configured: resource.configured as unknown as JsonMap })
        }
      >
        Remove {row.id}
      </Button>
      <span class="small quiet">Goes into the draft. {told.words}</span>
    </>
  )
}
