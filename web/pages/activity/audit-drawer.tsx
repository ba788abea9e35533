// One entry of the audit: who did it, and what was before and is after.
import type { AuditEntry } from '../../data/api-types.ts'
import { exactClock, whole } from '../../data/say.ts'
import { queryOf, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Diff } from '../../parts/diff.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Tag } from '../../parts/status.tsx'
import { Copy } from '../../parts/words.tsx'
import css from './drawers.module.css'
import { actionWords, differenceOf, pageOfResource, revisionIn } from './audit-words.ts'
import type { Filters } from './tokens.ts'

interface AuditDrawerProps {
  readonly id: string
  /** Null: it is not among those that are shown. */
  readonly entry: AuditEntry | null
  readonly onClose: () => void
  readonly onFilter: (filters: Filters) => void
}

export function AuditDrawer({ id, entry, onClose, onFilter }: AuditDrawerProps) {
  if (entry === null)
    return (
      <Drawer title={`Entry ${id}`} onClose={onClose}>
        <Note title="This entry is not among those that are shown">
          It may be older, or the filter leaves it out: show older ones, or take words out of the filter.
        </Note>
      </Drawer>
    )
  const { who, from, action, resource, before, after, result, message } = entry
  const page = pageOfResource(resource)
  const actor = who?.name
  return (
    <Drawer
      title={actionWords(action)}
      tag={result === 'refused' ? <Tag state="down">refused</Tag> : undefined}
      onClose={onClose}
      actions={
        <>
          <Button onPress={() => onFilter({ resource })}>All of this resource</Button>
          {actor !== undefined && <Button onPress={() => onFilter({ actor })}>{`All by ${actor}`}</Button>}
        </>
      }
    >
      <dl class={css.facts}>
        <dt>Time</dt>
        <dd class="mono">
          <time dateTime={entry.time} title={whole(entry.time)}>
            {whole(entry.time).slice(0, 10)} {exactClock(entry.time)}
          </time>
        </dd>
        <dt>Who</dt>
        <dd>
          {who === null ? 'nobody who is known' : `${who.name}, ${who.role}, by ${kindWords(who.kind)}`}
        </dd>
        <dt>From</dt>
        <dd class="mono">{from === 'unix' ? 'the socket on this machine' : from}</dd>
        <dt>Action</dt>
        <dd class="mono">{action}</dd>
        <dt>Resource</dt>
        <dd class="mono">
          {page === null ? (
            resource
          ) : (
            <a class="link" href={page}>
              {resource}
            </a>
          )}
        </dd>
        {entry.request_id !== '' && (
          <>
            <dt>Request</dt>
            <dd class="mono">
              <Copy text={entry.request_id} label="the request’s id" isShown />
            </dd>
          </>
        )}
        {message !== null && (
          <>
            <dt>Message</dt>
            <dd>{message}</dd>
          </>
        )}
      </dl>
      <Revisions before={revisionIn(before)} after={revisionIn(after)} />
      <Change before={before} after={after} />
    </Drawer>
  )
}

const KINDS: Readonly<Record<string, string>> = {
  user: 'sign-in',
  token: 'token',
  local: 'the command line of this machine',
  file: 'the config file',
}
const kindWords = (kind: string): string => KINDS[kind] ?? kind

function Revisions({ before, after }: { readonly before: number | null; readonly after: number | null }) {
  if (after === null) return null
  return (
    <p>
      It made <a href={to(`/config/history${queryOf({ of: after, with: before ?? after })}`)}>r{after}</a>
      {before !== null && before !== after && ` of r${before}`}.
    </p>
  )
}

function Change({ before, after }: { readonly before: unknown; readonly after: unknown }) {
  const text = differenceOf(before, after)
  if (text === '') return <p class="quiet">It has no before and after that differ.</p>
  return (
    <section class={css.part}>
      <h3>What it changed</h3>
      <Diff text={text} label="Before and after" />
    </section>
  )
}
