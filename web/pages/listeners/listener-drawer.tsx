// One listener: how it fares, its fields, and what else takes effect. What is changed goes into the draft.
import { useSignal } from '@preact/signals'
import { change, changeOf, changes, discard, draft, draftedOf } from '../../data/draft.ts'
import type { JsonMap } from '../../data/merge.ts'
import { can } from '../../data/session.ts'
import { list } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Tag } from '../../parts/status.tsx'
import { effectiveRows } from './effective.ts'
import type { ListenerFields } from './listener-fields.ts'
import { Facts } from './listener-figures.tsx'
import { ListenerForm } from './listener-form.tsx'
import { isOwnDoor, type ListenerResource, type ListenerRow, resourceOf } from './listener-rows.ts'
import css from './listeners.module.css'
import { RemoveListener } from './remove-listener.tsx'
import { useTrial } from './trial.ts'
import { TrialResult } from './trial-result.tsx'

export interface ListenerDrawerProps {
  /** Null: only the draft has it. */
  readonly resource: ListenerResource | null
  readonly row: ListenerRow
  readonly isLast: boolean
  readonly onClose: () => void
}

export function ListenerDrawer({ resource, row, isLast, onClose }: ListenerDrawerProps) {
  const isRemoving = useSignal(false)
  const of = resourceOf(row.name)
  const change = changeOf(of)
  const configured = resource?.configured ?? {}
  const value = (draftedOf(of, configured) ?? configured) as ListenerFields
  const trial = useTrial(row.name, change === null ? null : changes.value)
  const isOwn = isOwnDoor(row.addresses, location)
  const isGone = row.draft === 'removed'
  return (
    <Drawer
      title={row.name}
      tag={<DraftTag row={row} fallback={<Tag>{row.protocol}</Tag>} />}
      onClose={onClose}
      actions={
        <>
          <TrialResult trial={trial.value} />
          {change !== null && (
            <Button kind="ink" href={to('/review')}>
              Review
            </Button>
          )}
          {change !== null && (
            <Button onPress={() => discard(of)}>
              {isGone ? 'Keep the listener' : 'Discard these changes'}
            </Button>
          )}
          {!isGone && resource !== null && (
            <Button kind="danger" needs="editor" onPress={() => (isRemoving.value = true)}>
              Remove…
            </Button>
          )}
        </>
      }
    >
      {row.problem !== null && (
        <Note state="down" title={row.problem.title}>
          {row.problem.cause} {row.problem.remedy}
        </Note>
      )}
      {isOwn && (
        <Note state="warn" title="This page comes through this listener">
          Closing or moving it may end your own way in: apply it with a time to confirm, so that it takes
          itself back.
        </Note>
      )}
      {resource !== null && <Facts row={row} limit={limitOf(resource.effective)} />}
      {isGone ? (
        <Note state="draft" title="The draft removes it">
          {list(row.addresses)} closes once that is applied.
        </Note>
      ) : (
        <Form resource={resource} of={of} value={value} errors={trial.value.errors} />
      )}
      {resource !== null && !isGone && <Effective resource={resource} />}
      {resource !== null && isRemoving.value && (
        <RemoveListener
          resource={resource}
          row={row}
          isGrave={isOwn || isLast}
          onClose={() => (isRemoving.value = false)}
        />
      )}
    </Drawer>
  )
}

export function DraftTag({
  row,
  fallback,
}: {
  readonly row: ListenerRow
  readonly fallback?: preact.ComponentChildren
}) {
  if (row.draft === null) return <>{fallback}</>
  const words = { new: 'not running yet', changed: 'changed in the draft', removed: 'removed in the draft' }
  return <Tag state="draft">{words[row.draft]}</Tag>
}

/** Most of what may be open on it, of each worker. */
function limitOf(effective: ListenerFields): number | null {
  const { connections, flows } = (effective['limits'] ?? {}) as { connections?: number; flows?: number }
  return connections ?? flows ?? null
}

interface FormProps {
  readonly resource: ListenerResource | null
  readonly of: string
  readonly value: ListenerFields
  readonly errors: Readonly<Record<string, string>>
}

function Form({ resource, of, value, errors }: FormProps) {
  const isText = draft.value.kind === 'text'
  const configured = resource?.configured ?? {}
  const etag = resource?.etag ?? ''
  return (
    <section class={css.section}>
      <div class={css.sectionHead}>
        <h3>In the file</h3>
        {resource !== null && (
          <a class="link small" href={to(`/config?line=${resource.place.line}`)}>
            line {resource.place.line}
          </a>
        )}
      </div>
      {!can('edit') && <p class="small quiet">To change it, the role editor is needed.</p>}
      {isText && (
        <Note state="draft" title="The draft is a text">
          Review or discard it first: a form's change would take its place.
        </Note>
      )}
      <ListenerForm
        value={value}
        was={resource === null ? undefined : configured}
        errors={errors}
        isDisabled={!can('edit') || isText}
        onPatch={(patch: JsonMap) => change(of, { etag, configured }, patch)}
      />
    </section>
  )
}

function Effective({ resource }: { readonly resource: ListenerResource }) {
  const rows = effectiveRows(resource.effective, resource.configured)
  return (
    <details class={css.others}>
      <summary>
        What takes effect
        <span class="quiet">with every default</span>
      </summary>
      <dl class={css.effective}>
        {rows.map(({ path, value, isWritten }) => (
          <div key={path} class={isWritten ? css.written : undefined}>
            <dt>{path}</dt>
            <dd title={isWritten ? 'written in the file' : 'by default'}>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
