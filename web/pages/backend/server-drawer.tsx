// One server: the three states, its fields, and what was found of it lately.
import { useEffect, useState } from 'preact/hooks'
import { change, changeOf, discard, draftedOf, remove } from '../../data/draft.ts'
import type { JsonMap } from '../../data/merge.ts'
import { can } from '../../data/session.ts'
import { number } from '../../data/say.ts'
import { type ServerFields, shownAdmin, shownOperation } from '../../data/servers.ts'
import { to } from '../../data/urls.ts'
import { useTriedChange } from '../../data/use-tried-change.ts'
import { Button } from '../../parts/button.tsx'
import { Guarded } from '../../parts/empty.tsx'
import { NumberField, SwitchField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Status, Tag } from '../../parts/status.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { Copy } from '../../parts/words.tsx'
import { type BackendResource, checksIn } from './backend-fields.ts'
import { GuardStates } from './guards.tsx'
import { HealthSaid } from './health-said.tsx'
import { OrderPopover } from './order-popover.tsx'
import { consequenceOf, type Scene } from './order-words.ts'
import { PersistWeight } from './persist-weight.tsx'
import { ObservedWords, OrderWords } from './server-columns.tsx'
import { ServerChecks } from './server-checks.tsx'
import css from './server-drawer.module.css'
import { resourceOf, type ServerRow } from './server-rows.ts'

/** What an address may ask to be ordered. */
const ORDERED = ['drain', 'maintenance', 'ready'] as const

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
      {live !== null && <States scene={scene} row={row} />}
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

/** What the palette leads here to order: asked about once, and then gone from the address. */
function useWanted() {
  const { query, put } = useAddress()
  const order = ORDERED.find((one) => one === query['order'])
  const [now, setNow] = useState({ wanted: order, times: 0 })
  useEffect(() => {
    if (order === undefined) return
    setNow(({ times }) => ({ wanted: order, times: times + 1 }))
    put({ order: undefined }, 'replace')
  }, [order])
  return now
}

function States({ scene, row }: { readonly scene: Scene; readonly row: ServerRow }) {
  const { live } = row
  const { wanted, times } = useWanted()
  if (live === null) return null
  const [admin, seen] = [shownAdmin(live.admin), shownOperation(live)]
  const weightOrder = live.orders?.find(({ kind }) => kind === 'weight')
  return (
    <dl class={css.states}>
      <dt>Address</dt>
      <dd>
        <Copy text={row.fields.url} label="address" isShown />
      </dd>
      <dt>Ordered</dt>
      <dd>
        <Status state={admin.look} word={admin.word} isQuiet={live.admin === 'ready'} />
        {(live.orders ?? []).map((order) => (
          <small key={order.kind}>
            {order.kind === 'admin' ? '' : `${order.kind} ${order.value}: `}
            <OrderWords order={order} />
          </small>
        ))}
        <span class={css.acts}>
          <OrderPopover
            key={times}
            scene={scene}
            servers={[row.id]}
            choice={wanted ?? (live.admin === 'ready' ? 'drain' : 'ready')}
            isOpenAtFirst={wanted !== undefined}
            button={{ words: live.admin === 'ready' ? 'Drain' : 'Ready' }}
          />
          <OrderPopover scene={scene} servers={[row.id]} choice="weight" button={{ words: 'Weight' }} />
          {weightOrder !== undefined && (
            <PersistWeight backend={scene.backend} server={row.id} order={weightOrder} />
          )}
        </span>
      </dd>
      <dt>Observed</dt>
      <dd>
        <Status state={seen.look} word={seen.word} isQuiet={seen.look === 'up' || seen.look === 'unk'} />
        <small>
          <ObservedWords live={live} />
        </small>
        <HealthSaid backend={scene.backend} server={row.id} live={live} />
      </dd>
      <GuardStates scene={scene} server={row.id} live={live} />
      <dt>In flight</dt>
      <dd>
        <span>
          {number(live.active_connections)}
          {row.max !== null && <span class="quiet"> of {number(row.max)}</span>}
        </span>
        {live.admin !== 'ready' && (
          <small>
            {live.active_connections === 0
              ? 'Nothing is left: it can be stopped.'
              : 'It falls as they finish.'}
          </small>
        )}
      </dd>
      <dt>Since the start</dt>
      <dd>
        {number(live.total_requests)} requests, {number(live.failed_requests)} failed
        <a
          class="link small"
          href={to(
            `/activity/requests?backend=${encodeURIComponent(scene.backend)}&server=${encodeURIComponent(row.id)}`,
          )}
        >
          Look at its requests
        </a>
      </dd>
    </dl>
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
